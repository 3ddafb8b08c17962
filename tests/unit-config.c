/* SPDX-License-Identifier: ISC */
/* m2e-config.5 says of every key what the table in lib/config.c has: its variable, type, range, default. */
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/config.h"
#include "lib/rule.h"

#include "tests/tap.h"

#define PAGE "man/m2e-config.5"

/* How the page puts the type. */
static void
type_line(const struct config_key *k, struct buf *b)
{
	const char *p;

	switch (k->type) {
	case CONFIG_STRING: buf_puts(b, "A string.\n"); return;
	case CONFIG_SECRET: buf_puts(b, "A secret.\n"); return;
	case CONFIG_LIST: buf_puts(b, k->lone ? "A string or an array of strings.\n" : "An array of strings.\n"); return;
	case CONFIG_TABLES: buf_puts(b, "An object of tables.\n"); return;
	case CONFIG_BOOL: buf_puts(b, "true or false.\n"); return;
	case CONFIG_NUMBER:
		buf_putf(b, "A number from %lld to %lld.\n", (long long)k->min, (long long)k->max);
		return;
	case CONFIG_CHOICE: break;
	}
	buf_puts(b, "One of ");
	for (p = k->choices; *p != '\0'; p++)
		if (*p == '|')
			buf_puts(b, ", ");
		else
			buf_putc(b, *p);
	buf_puts(b, ".\n");
}

/* The entry's first lines, up to its default's value where it has one. */
static void
check_key(const char *page, const struct config_key *k)
{
	char variable[128], name[160];
	struct buf b;

	config_variable(k->path, variable, sizeof(variable));
	buf_init(&b, 4096);
	buf_putf(&b, "\n.It Cm %s\n.Ev %s .\n", k->path, variable);
	type_line(k, &b);
	buf_puts(&b, "Default: ");
	if (k->preset != NULL)
		buf_putf(&b, "%s.\n", k->preset);
	snprintf(name, sizeof(name), PAGE ": %s", k->path);
	if (!ok(strstr(page, buf_str(&b)) != NULL, "%s", name))
		fprintf(stderr, "# wanted:%s\n", buf_str(&b));
	buf_free(&b);
}

/* A table's key: its name and shape. */
static void
check_rule(const char *page, const struct rule_key *k)
{
	char want[256];

	snprintf(want, sizeof(want), "\n.It Cm %s\nIs %s.\n", k->name, rule_shape_name(k->shape));
	if (!ok(strstr(page, want) != NULL, PAGE ": a table's %s", k->name))
		fprintf(stderr, "# wanted:%s\n", want);
}

static char *
read_page(void)
{
	static char page[1 << 20];
	FILE *f = fopen(PAGE, "r");

	if (f == NULL)
		return NULL;
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	return page;
}

int
main(void)
{
	char *page = read_page(), *at, *end;
	size_t i, entries = 0, rules = 0;

	if (page == NULL) {
		puts("1..0 # SKIP no " PAGE " here");
		return 0;
	}
	for (i = 0; i < config_keys_count; i++)
		check_key(page, &config_keys[i]);
	for (i = 0; i < rule_keys_count; i++)
		check_rule(page, &rule_keys[i]);
	for (at = page; (at = strstr(at, "\nIs a")) != NULL; at++)
		rules++;
	is_number((long long)rules, (long long)rule_keys_count, PAGE ": no key of a table that does not exist");
	for (at = page; (at = strstr(at, "\n.It Cm ")) != NULL; at++) {
		end = strchr(at + 1, '\n');
		entries += end != NULL && strncmp(end, "\n.Ev M2E_", 9) == 0;
	}
	is_number((long long)entries, (long long)config_keys_count, PAGE ": no key that does not exist");
	return done_testing();
}
