/* SPDX-License-Identifier: ISC */
/* Rules for tables. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/rule.h"

#include "es-bulk/join.h"
#include "es-bulk/rule.h"

#define MAX_FILE (1 << 24)	/* bytes; a mapping of 4096 columns takes some 500 KB */

static int
read_join(struct rule *r, int t, struct error *e)
{
	const struct {
		const char *name;
		char **to;
	} texts[] = { { "field", &r->join.field }, { "name", &r->join.name }, { "of", &r->join.of } };
	size_t i;
	int at;

	r->join.parent = json_member(r->json, t, "parent");
	for (i = 0; t != -1 && i < sizeof(texts) / sizeof(texts[0]); i++)
		if ((at = json_member(r->json, t, texts[i].name)) != -1 && (*texts[i].to = rule_text(r, at)) == NULL)
			return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	return t != -1 && r->join.field == NULL ? error_set(e, RC_USAGE, "%s: join: it needs field and name", r->pattern) : 0;
}

static int
read_rule(struct rule *r, const struct json *j, int t, struct error *e)
{
	const struct {
		const char *name;
		int *to;
	} keys[] = {
		{ "id", &r->id }, { "routing", &r->routing }, { "when", &r->when }, { "include", &r->include },
		{ "exclude", &r->exclude }, { "rename", &r->rename }, { "booleans", &r->booleans },
		{ "soft_delete", &r->soft_delete }, { "pipeline", &r->pipeline }, { "types", &r->types },
		{ "settings", &r->settings }, { "mappings", &r->mappings }, { "load", &r->load },
	};
	char *index;
	size_t i;
	int rc;

	r->json = j;
	r->exact = strpbrk(r->pattern, "*?") == NULL;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		*keys[i].to = json_member(j, t + 1, keys[i].name);
	if (read_join(r, json_member(j, t + 1, "join"), e) == -1)
		return -1;
	if ((index = rule_text(r, json_member(j, t + 1, "index"))) == NULL)
		return 0;
	if ((rc = template_parse(&r->index, index, e)) == -1)
		error_at(e, "%s: index", r->pattern);
	free(index);
	return rc;
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
		list->items[i].list = list;
		list->count++;
		rc = read_rule(&list->items[i], j, t, e);
	}
	return rc == -1 ? -1 : join_check(list, e);
}

int
rules_init(struct rule_list *list, const char *text, const char *where, struct error *e)
{
	memset(list, 0, sizeof(*list));
	if (text == NULL)
		return 0;
	if ((list->text = strdup(text)) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	if (json_parse(&list->json, list->text, strlen(list->text), e) == -1) {
		e->rc = RC_USAGE;
		return error_at(e, "%s", where);
	}
	if (rules_check(&list->json, 0, where, "tables", e) == -1)
		return -1;
	return read_rules(list, e) == -1 ? error_at(e, "%s", where) : 0;
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
	for (; list->count > 0; list->count--) {
		struct rule *r = &list->items[list->count - 1];

		template_free(&r->index);
		free(r->join.field);
		free(r->join.name);
		free(r->join.of);
	}
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

char *
rule_text(const struct rule *r, int t)
{
	return t == -1 ? NULL : json_strdup(r->json, t);
}

bool
rule_shapes(const struct rule *r)
{
	return r != NULL && (r->id != -1 || r->routing != -1 || r->include != -1 || r->exclude != -1 || r->rename != -1 ||
	    r->booleans != -1 || r->soft_delete != -1 || r->join.field != NULL);
}

bool
rule_has(const struct rule *r, int t, const char *name)
{
	int at;

	for (at = t == -1 ? -1 : json_first(r->json, t); at != -1; at = json_next(r->json, at))
		if (json_is(r->json, at, name))
			return true;
	return false;
}

bool
rule_lists(const struct rule *r, int t, const struct json *j, int name)
{
	char *text = t == -1 ? NULL : json_strdup(j, name);
	bool found = text != NULL && rule_has(r, t, text);

	free(text);
	return found;
}

char *
rule_field(const struct rule *r, const char *column, bool *skip)
{
	int at;

	*skip = r != NULL && ((r->include != -1 && !rule_has(r, r->include, column)) || rule_has(r, r->exclude, column));
	if (*skip)
		return NULL;
	at = r == NULL ? -1 : json_member(r->json, r->rename, column);
	return at == -1 ? strdup(column) : rule_text(r, at);
}

static int
find_column(const struct json *columns, const char *name)
{
	int at;

	for (at = json_first(columns, 0); at != -1; at = json_next(columns, at))
		if (json_is(columns, json_member(columns, at, "name"), name))
			return at;
	return -1;
}

static int
no_column(const struct rule *r, const char *table, const char *name, struct error *e)
{
	return error_set(e, RC_USAGE, "%s: table %s has no column %s, which its settings name", r->pattern, table, name);
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
		if (find_column(columns, name) == -1)
			rc = no_column(r, table, name, e);
		free(name);
	}
	return rc;
}

static int
check_exist(const struct rule *r, const char *table, const struct json *columns, struct error *e)
{
	const int lists_of[] = { r->id, r->routing, r->when, r->include, r->exclude, r->rename, r->booleans, r->types,
		r->join.parent };
	size_t i;

	for (i = 0; i < sizeof(lists_of) / sizeof(lists_of[0]); i++)
		if (check_names(r, lists_of[i], table, columns, e) == -1)
			return -1;
	for (i = 0; i < r->index.count; i++)
		if (r->index.pieces[i].kind == PIECE_COLUMN && find_column(columns, r->index.pieces[i].text) == -1)
			return no_column(r, table, r->index.pieces[i].text, e);
	return 0;
}

/* A renamed column, or soft_delete's or join's field, must not take the name that another column's field has. */
static int
check_clash(const struct rule *r, const char *table, const struct json *columns, const char *field, int owner, struct error *e)
{
	bool skip, same;
	int at;

	for (at = json_first(columns, 0); at != -1; at = json_next(columns, at)) {
		int t = json_member(columns, at, "name");
		char *name = t == -1 || at == owner ? NULL : json_strdup(columns, t);
		char *other = name == NULL ? NULL : rule_field(r, name, &skip);

		same = other != NULL && strcmp(other, field) == 0;
		free(name);
		free(other);
		if (same)
			return error_set(e, RC_USAGE, "%s: two fields of table %s would be called %s", r->pattern, table,
			    field);
	}
	return 0;
}

static int
check_clashes(const struct rule *r, const char *table, const struct json *columns, struct error *e)
{
	char *field = rule_text(r, r->soft_delete);
	int at, rc = field == NULL ? 0 : check_clash(r, table, columns, field, -1, e);

	if (rc == 0 && r->join.field != NULL)
		rc = check_clash(r, table, columns, r->join.field, -1, e);

	free(field);
	for (at = r->rename == -1 ? -1 : json_first(r->json, r->rename); at != -1 && rc == 0; at = json_next(r->json, at)) {
		char *column = json_strdup(r->json, at);

		field = rule_text(r, at + 1);
		if (field != NULL && column != NULL)
			rc = check_clash(r, table, columns, field, find_column(columns, column), e);
		else
			rc = error_set(e, RC_TEMP, "tables: %s", strerror(errno));
		free(column);
		free(field);
	}
	return rc;
}

int
rule_check(const struct rule *r, const char *table, const char *columns, size_t n, struct error *e)
{
	struct json j = { 0 };
	int rc = 0;

	if (r == NULL || columns == NULL)
		return 0;
	if (json_parse_checked(&j, columns, n, e) == -1)
		return -1;
	if (r->exact)
		rc = check_exist(r, table, &j, e);
	if (rc == 0)
		rc = check_clashes(r, table, &j, e);
	json_free(&j);
	return rc;
}
