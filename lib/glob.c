/* SPDX-License-Identifier: ISC */
/* Table patterns. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/glob.h"

int
glob_add(struct glob_list *l, const char *text, const char *default_db, struct error *e)
{
	const char *at = strrchr(text, '@');
	struct glob item = { 0 }, *grown;
	size_t n = at != NULL ? (size_t)(at - text) : strlen(text);
	int rc;

	if (at != NULL && pos_parse(&item.from, at + 1, e) == -1)
		return error_at(e, "table %s", text);
	if (n == 0 || (memchr(text, '.', n) == NULL && default_db == NULL))
		return error_set(e, RC_USAGE, "not a table (DB.TABLE): %s", text);
	if (memchr(text, '.', n) != NULL)
		rc = asprintf(&item.pattern, "%.*s", (int)n, text);
	else
		rc = asprintf(&item.pattern, "%s.%.*s", default_db, (int)n, text);
	if (rc == -1)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	if ((grown = reallocarray(l->items, l->count + 1, sizeof(*grown))) == NULL) {
		free(item.pattern);
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	}
	l->items = grown;
	l->items[l->count++] = item;
	return 0;
}

void
glob_free(struct glob_list *l)
{
	while (l->count > 0)
		free(l->items[--l->count].pattern);
	free(l->items);
	l->items = NULL;
}

/* The name behind one character of UTF-8. */
static const char *
next_character(const char *name)
{
	for (name++; ((unsigned char)*name & 0xc0) == 0x80; name++)
		;
	return name;
}

static bool
same(char a, char b, bool fold)
{
	return a == b || (fold && tolower((unsigned char)a) == tolower((unsigned char)b));
}

/* fnmatch has brackets and backslashes, which names may hold too. A star that took too little takes one more; only the
 * last one need ever do so. */
bool
glob_fits(const char *pattern, const char *name, bool fold)
{
	const char *star = NULL, *taken = NULL;

	while (*name != '\0') {
		if (*pattern == '*') {
			star = pattern++;
			taken = name;
		} else if (*pattern == '?') {
			pattern++;
			name = next_character(name);
		} else if (*pattern != '\0' && same(*pattern, *name, fold)) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star + 1;
			name = taken = next_character(taken);
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

const struct glob *
glob_find(const struct glob_list *l, const char *db, const char *table)
{
	char name[2 * 255 + 2];	/* a table map's names have a byte for their length */
	size_t i;

	if (snprintf(name, sizeof(name), "%s.%s", db, table) >= (int)sizeof(name))
		return NULL;
	for (i = 0; i < l->count; i++)
		if (glob_fits(l->items[i].pattern, name, false))
			return &l->items[i];
	return NULL;
}
