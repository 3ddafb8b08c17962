/* SPDX-License-Identifier: ISC */
/* Rules for tables. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rule.h"

#include "es-bulk/rule.h"

#define MAX_FILE (1 << 24)	/* bytes; a mapping of 4096 columns takes some 500 KB */

static int
read_rule(struct rule *r, const struct json *j, int t)
{
	int at = t + 1;

	r->json = j;
	r->exact = strpbrk(r->pattern, "*?") == NULL;
	r->types = json_member(j, at, "types");
	r->settings = json_member(j, at, "settings");
	r->mappings = json_member(j, at, "mappings");
	r->load = json_member(j, at, "load");
	return 0;
}

/* list->json is there: its members one by one. */
static int
read_rules(struct rule_list *list, struct error *e)
{
	const struct json *j = &list->json;
	size_t i = 0;
	char *name;
	int t, rc = 0;

	if ((list->items = calloc((size_t)json_size(j, 0) + 1, sizeof(*list->items))) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	for (t = json_first(j, 0); t != -1 && rc == 0; t = json_next(j, t), i++) {
		name = json_strdup(j, t);
		rc = name == NULL ? error_set(e, RC_TEMP, "tables: %s", strerror(errno)) :
		    glob_add(&list->patterns, name, NULL, e);
		free(name);
		if (rc == -1)
			return -1;
		list->items[i].pattern = list->patterns.items[i].pattern;
		rc = read_rule(&list->items[i], j, t);
	}
	return rc;
}

int
rules_init(struct rule_list *list, const char *text, struct error *e)
{
	memset(list, 0, sizeof(*list));
	if (text == NULL)
		return 0;
	if ((list->text = strdup(text)) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	if (json_parse(&list->json, list->text, strlen(list->text), e) == -1)
		return -1;
	return read_rules(list, e);
}

/* The file's text, NUL-terminated, malloc'ed. */
static char *
read_text(const char *file, size_t *n, struct error *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t got = -1;
	char *to, *text = NULL;
	struct buf b;

	if (fd != -1 && buf_init(&b, MAX_FILE) == 0) {
		while ((to = buf_room(&b, 65536)) != NULL && (got = read(fd, to, 65536)) > 0)
			b.len += (size_t)got;
		*n = b.len;
		if (to != NULL && got == 0 && buf_str(&b) != NULL)
			text = strdup(b.data);
		buf_free(&b);
	}
	if (text == NULL)
		error_set(e, RC_USAGE, "%s: %s", file, strerror(errno));
	if (fd != -1)
		close(fd);
	return text;
}

static int
check_file(const struct rule_list *list, const char *file, struct error *e)
{
	const struct json *j = &list->json;
	int t, at;

	if (json_type(j, 0) != JSON_OBJECT)
		return error_set(e, RC_USAGE, "%s: must be one JSON object", file);
	if (rules_check(j, 0, file, "mapping", e) == -1)
		return -1;
	for (t = json_first(j, 0); t != -1; t = json_next(j, t))
		for (at = json_first(j, t + 1); at != -1; at = json_next(j, at))
			if (!json_is(j, at, "types") && !json_is(j, at, "settings") && !json_is(j, at, "mappings"))
				return error_set(e, RC_USAGE, "%s:%u: only types, settings and mappings may stand here",
				    file, json_line(j, at));
	return 0;
}

int
rules_read(struct rule_list *list, const char *file, struct error *e)
{
	size_t n;

	memset(list, 0, sizeof(*list));
	if (file == NULL)
		return 0;
	if ((list->text = read_text(file, &n, e)) == NULL)
		return -1;
	if (json_parse(&list->json, list->text, n, e) == -1) {
		e->rc = RC_USAGE;
		return error_at(e, "%s", file);
	}
	return check_file(list, file, e) == -1 ? -1 : read_rules(list, e);
}

void
rules_free(struct rule_list *list)
{
	glob_free(&list->patterns);
	free(list->items);
	json_free(&list->json);
	free(list->text);
}

const struct rule *
rule_find(const struct rule_list *list, const char *db, const char *table)
{
	const struct glob *found = glob_find(&list->patterns, db, table);

	return found == NULL ? NULL : &list->items[found - list->patterns.items];
}

static bool
has_column(const struct json *columns, const char *name)
{
	int at;

	for (at = json_first(columns, 0); at != -1; at = json_next(columns, at))
		if (json_is(columns, json_member(columns, at, "name"), name))
			return true;
	return false;
}

/* The names that stand at t: an object's, an array's elements. */
static int
check_names(const struct rule *r, int t, const char *table, const struct json *columns, struct error *e)
{
	int at, rc = 0;
	char *name;

	for (at = t == -1 ? -1 : json_first(r->json, t); at != -1 && rc == 0; at = json_next(r->json, at)) {
		if ((name = json_strdup(r->json, at)) == NULL)
			return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
		if (!has_column(columns, name))
			rc = error_set(e, RC_USAGE, "%s: table %s has no column %s, which its settings name",
			    r->pattern, table, name);
		free(name);
	}
	return rc;
}

int
rule_check(const struct rule *r, const char *table, const char *columns, size_t n, struct error *e)
{
	struct json j = { 0 };
	int rc;

	if (r == NULL || !r->exact || columns == NULL)
		return 0;
	if (json_parse_checked(&j, columns, n, e) == -1)
		return -1;
	rc = check_names(r, r->types, table, &j, e);
	json_free(&j);
	return rc;
}
