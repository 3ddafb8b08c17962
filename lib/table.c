/* SPDX-License-Identifier: ISC */
/* Table definitions, and their schema lines. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/list.h"
#include "lib/put.h"
#include "lib/table.h"
#include "lib/type.h"

#define MAX_LABEL_BYTES 16384	/* the servers' names have up to 64 characters */

static int
no_memory(struct error *e, const char *name)
{
	return error_set(e, errno == ENOMEM ? RC_TEMP : RC_FAIL, "table %s: %s", name, strerror(errno));
}

struct table *
table_new(const char *db, const char *name, struct error *e)
{
	struct table *t = calloc(1, sizeof(*t));
	struct buf b = { 0 };

	if (t == NULL || (t->db = strdup(db)) == NULL || (t->name = strdup(name)) == NULL ||
	    buf_init(&b, MAX_LABEL_BYTES) == -1 || buf_puts(&b, "\"db\":") == -1 || json_put_str(&b, db) == -1 ||
	    buf_puts(&b, ",\"table\":") == -1 || json_put_str(&b, name) == -1 ||
	    (t->label = strndup(b.data, b.len)) == NULL) {
		no_memory(e, name);
		buf_free(&b);
		table_free(t);
		return NULL;
	}
	t->label_len = b.len;
	buf_free(&b);
	return t;
}

static void
column_free(struct column *c)
{
	while (c->members_count > 0)
		free(c->members[--c->members_count].text);
	free(c->members);
	free(c->name);
	free(c->label);
	free(c->type);
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	while (t->count > 0)
		column_free(&t->columns[--t->count]);
	free(t->columns);
	free(t->key);
	free(t->label);
	free(t->db);
	free(t->name);
	free(t);
}

static int
set_charset(struct column *c, const char *charset, struct error *e)
{
	if (c->kind != COLUMN_TEXT && c->kind != COLUMN_ENUM && c->kind != COLUMN_SET)
		return 0;
	if (charset == NULL)
		return error_set(e, RC_FAIL, "column %s (%s): its character set is not known", c->name, c->type);
	if ((c->charset = charset_find(charset)) == NULL)
		return error_set(e, RC_FAIL, "column %s: character set %s is not known", c->name, charset);
	c->converts = !charset_is_utf8(c->charset);
	c->keeps_ascii = charset_keeps_ascii(c->charset) != 0;
	return 0;
}

static int
set_label(struct column *c)
{
	struct buf b;

	if (buf_init(&b, MAX_LABEL_BYTES) == -1)
		return -1;
	if (json_put_str(&b, c->name) == 0 && buf_putc(&b, ':') == 0 && (c->label = calloc(1, b.len + PUT_BLOCK)) != NULL)
		memcpy(c->label, b.data, b.len);
	c->label_len = b.len;
	buf_free(&b);
	return c->label == NULL ? -1 : 0;
}

int
table_add_column(struct table *t, const char *name, const char *type, const char *charset, bool nullable,
    bool generated, bool invisible, struct error *e)
{
	struct column *grown, c = { .srid = -1, .nullable = nullable, .generated = generated, .invisible = invisible };
	bool binary = charset != NULL && strcasecmp(charset, "binary") == 0;

	if (t->count == MAX_COLUMNS)
		return error_set(e, RC_FAIL, "table %s.%s: more than %d columns", t->db, t->name, MAX_COLUMNS);
	if ((grown = list_grow(t->columns, t->count, sizeof(*grown))) == NULL)
		return no_memory(e, t->name);
	t->columns = grown;
	if ((c.name = strdup(name)) == NULL || set_label(&c) == -1) {
		column_free(&c);
		return no_memory(e, t->name);
	}
	if (type_read(&c, type, binary, e) == -1 || set_charset(&c, charset, e) == -1) {
		column_free(&c);
		return error_at(e, "table %s.%s", t->db, t->name);
	}
	t->columns[t->count++] = c;
	return 0;
}

int
table_set_key(struct table *t, const size_t *columns, size_t count, struct error *e)
{
	size_t i;

	free(t->key);
	t->key = NULL;
	t->key_count = 0;
	for (i = 0; i < count; i++)
		if (columns[i] >= t->count)
			return error_set(e, RC_FAIL, "table %s.%s: key column %zu does not exist", t->db, t->name,
			    columns[i] + 1);
	for (i = 0; i < count; i++)
		if (t->columns[columns[i]].kind == COLUMN_FLOAT || t->columns[columns[i]].kind == COLUMN_DOUBLE)
			return 0;
	if (count > 0 && (t->key = reallocarray(NULL, count, sizeof(*t->key))) == NULL)
		return no_memory(e, t->name);
	if (count > 0)
		memcpy(t->key, columns, count * sizeof(*columns));
	t->key_count = count;
	return 0;
}

int
table_column(const struct table *t, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (strncasecmp(t->columns[i].name, name, len) == 0 && t->columns[i].name[len] == '\0')
			return (int)i;
	return -1;
}

int
table_row_end(const struct table *t)
{
	size_t i;

	for (i = t->count; i-- > 0;)
		if (t->columns[i].version == VERSION_END)
			return (int)i;
	return -1;
}

static bool
column_equal(const struct column *a, const struct column *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0 && a->kind == b->kind &&
	    a->charset == b->charset && a->nullable == b->nullable && a->generated == b->generated &&
	    a->invisible == b->invisible && a->version == b->version && a->srid == b->srid;
}

bool
table_equal(const struct table *a, const struct table *b)
{
	size_t i;

	if (a->count != b->count || a->key_count != b->key_count || strcmp(a->db, b->db) != 0 ||
	    strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->key_count; i++)
		if (a->key[i] != b->key[i])
			return false;
	for (i = 0; i < a->count; i++)
		if (!column_equal(&a->columns[i], &b->columns[i]))
			return false;
	return true;
}

static const char *const version_names[] = { [VERSION_START] = "start", [VERSION_END] = "end" };

/* at: its index, said of those that no row has */
static int
put_column(struct buf *b, const struct column *c, size_t at)
{
	if (buf_puts(b, "{\"name\":") == -1 || json_put_str(b, c->name) == -1 ||
	    buf_puts(b, ",\"type\":") == -1 || json_put_str(b, c->type) == -1)
		return -1;
	if (c->charset != NULL &&
	    (buf_puts(b, ",\"charset\":") == -1 || json_put_str(b, charset_name(c->charset)) == -1))
		return -1;
	if ((c->nullable && buf_puts(b, ",\"nullable\":true") == -1) ||
	    (c->generated && buf_puts(b, ",\"generated\":true") == -1) ||
	    (c->invisible && buf_puts(b, ",\"invisible\":true") == -1) ||
	    (c->hidden && buf_puts(b, ",\"excluded\":true") == -1) ||
	    (c->srid != -1 && buf_putf(b, ",\"srid\":%" PRId64, c->srid) == -1) ||
	    (c->version != VERSION_NONE &&
	    buf_putf(b, ",\"version\":\"%s\",\"at\":%zu", version_names[c->version], at) == -1))
		return -1;
	return buf_putc(b, '}');
}

/* The columns that rows have, or those that they leave out. */
static int
put_columns(struct buf *b, const struct table *t, bool in_rows)
{
	bool first = true;
	size_t i;

	if (buf_puts(b, in_rows ? ",\"columns\":[" : ",\"period\":[") == -1)
		return -1;
	for (i = 0; i < t->count; i++) {
		if ((t->columns[i].version == VERSION_NONE) != in_rows)
			continue;
		if ((!first && buf_putc(b, ',') == -1) || put_column(b, &t->columns[i], i) == -1)
			return -1;
		first = false;
	}
	return buf_putc(b, ']');
}

int
table_put_schema(struct buf *b, const struct table *t, const char *from, const struct pos *pos)
{
	size_t i;

	if (buf_puts(b, "{\"op\":\"schema\",") == -1 || buf_add(b, t->label, t->label_len) == -1)
		return -1;
	for (i = 0; i < t->key_count; i++)
		if (buf_puts(b, i == 0 ? ",\"key\":[" : ",") == -1 ||
		    json_put_str(b, t->columns[t->key[i]].name) == -1)
			return -1;
	if ((t->key_count > 0 && buf_putc(b, ']') == -1) || put_columns(b, t, true) == -1 ||
	    (table_row_end(t) != -1 && put_columns(b, t, false) == -1))
		return -1;
	if (buf_puts(b, ",\"from\":") == -1 || json_put_str(b, from) == -1)
		return -1;
	if (pos_is_set(pos) && (buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, pos) == -1 || buf_putc(b, '"') == -1))
		return -1;
	return buf_puts(b, "}\n");
}

static int
schema_column(struct table *t, const struct json *j, int object, struct error *e)
{
	int charset_token = json_member(j, object, "charset"), nullable = json_member(j, object, "nullable");
	int generated = json_member(j, object, "generated"), invisible = json_member(j, object, "invisible");
	int name_token = json_member(j, object, "name"), type_token = json_member(j, object, "type"), rc = -1;
	int version = json_member(j, object, "version"), srid = json_member(j, object, "srid");
	char *name = NULL, *type = NULL, *charset = NULL;

	if (name_token == -1 || type_token == -1 || (name = json_strdup(j, name_token)) == NULL ||
	    (type = json_strdup(j, type_token)) == NULL)
		error_set(e, RC_FAIL, "schema line of %s.%s: a column without name or type", t->db, t->name);
	else if (charset_token != -1 && (charset = json_strdup(j, charset_token)) == NULL)
		error_set(e, RC_FAIL, "schema line of %s.%s: column %s: charset", t->db, t->name, name);
	else
		rc = table_add_column(t, name, type, charset,
		    nullable != -1 && json_type(j, nullable) == JSON_TRUE,
		    generated != -1 && json_type(j, generated) == JSON_TRUE,
		    invisible != -1 && json_type(j, invisible) == JSON_TRUE, e);
	if (rc == 0 && srid != -1 && json_i64(j, srid, &t->columns[t->count - 1].srid) == -1)
		rc = error_set(e, RC_FAIL, "schema line of %s.%s: column %s: srid", t->db, t->name, name);
	if (rc == 0 && version != -1)
		t->columns[t->count - 1].version = json_is(j, version, "end") ? VERSION_END : VERSION_START;
	free(name);
	free(type);
	free(charset);
	return rc;
}

static int
schema_key(struct table *t, const struct json *j, int array, struct error *e)
{
	size_t columns[64], n = 0;	/* the servers allow 16, MariaDB 32 */
	char *name;
	int at, i;

	for (at = array == -1 ? -1 : json_first(j, array); at != -1; at = json_next(j, at)) {
		if (n == 64 || (name = json_strdup(j, at)) == NULL)
			return error_set(e, RC_FAIL, "schema line of %s.%s: key", t->db, t->name);
		i = table_column(t, name, strlen(name));
		free(name);
		if (i == -1)
			return error_set(e, RC_FAIL, "schema line of %s.%s: key names no column", t->db, t->name);
		columns[n++] = (size_t)i;
	}
	return table_set_key(t, columns, n, e);
}

/* The column of that index, if rows leave it out; else -1. */
static int
period_column(const struct json *j, int period, size_t index)
{
	uint64_t at;
	int i;

	for (i = period == -1 ? -1 : json_first(j, period); i != -1; i = json_next(j, i))
		if (json_u64(j, json_member(j, i, "at"), &at) == 0 && at == index)
			return i;
	return -1;
}

static int
schema_columns(struct table *t, const struct json *j, int columns, struct error *e)
{
	int period = json_member(j, 0, "period"), at = json_first(j, columns), i;

	for (;;) {
		if ((i = period_column(j, period, t->count)) == -1 && (i = at) != -1)
			at = json_next(j, at);
		if (i == -1)
			return 0;
		if (schema_column(t, j, i, e) == -1)
			return -1;
	}
}

struct table *
table_from_schema(const struct json *j, struct error *e)
{
	int db_token = json_member(j, 0, "db"), name_token = json_member(j, 0, "table");
	int columns = json_member(j, 0, "columns");
	char *db = db_token == -1 ? NULL : json_strdup(j, db_token);
	char *name = name_token == -1 ? NULL : json_strdup(j, name_token);
	struct table *t = NULL;

	if (db == NULL || name == NULL || columns == -1 || json_type(j, columns) != JSON_ARRAY)
		error_set(e, RC_FAIL, "a schema line needs db, table and columns");
	else
		t = table_new(db, name, e);
	free(db);
	free(name);
	if (t == NULL)
		return NULL;
	if (schema_columns(t, j, columns, e) == 0 && schema_key(t, j, json_member(j, 0, "key"), e) == 0)
		return t;
	table_free(t);
	return NULL;
}
