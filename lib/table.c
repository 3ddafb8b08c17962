/* SPDX-License-Identifier: ISC */
/* Table definitions, and their schema lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/sql.h"
#include "lib/table.h"

#define MAX_LABEL_BYTES 16384	/* the servers' names have up to 64 characters */
#define MAX_TYPE_BYTES ((size_t)1 << 26)	/* an ENUM has up to 65535 members of up to 255 characters */

enum { LEN = 1, UNSIGNED_OK = 2, FRACTION = 4, MEMBERS = 8, PRECISION = 16, FIXED = 32 };

/* SQL types by their first word; aliases as CREATE TABLE takes them. */
static const struct type_name {
	const char *name;
	enum column_kind kind;
	uint8_t bytes;
	uint8_t flags;
	const char *is;		/* the name in schema lines, where it differs */
	const char *binary;	/* what the servers make of it in character set binary */
} type_names[] = {
	{ "tinyint", COLUMN_INT, 1, UNSIGNED_OK },
	{ "smallint", COLUMN_INT, 2, UNSIGNED_OK },
	{ "mediumint", COLUMN_INT, 3, UNSIGNED_OK },
	{ "int", COLUMN_INT, 4, UNSIGNED_OK },
	{ "integer", COLUMN_INT, 4, UNSIGNED_OK, "int" },
	{ "bigint", COLUMN_INT, 8, UNSIGNED_OK },
	{ "int1", COLUMN_INT, 1, UNSIGNED_OK, "tinyint" },
	{ "int2", COLUMN_INT, 2, UNSIGNED_OK, "smallint" },
	{ "int3", COLUMN_INT, 3, UNSIGNED_OK, "mediumint" },
	{ "middleint", COLUMN_INT, 3, UNSIGNED_OK, "mediumint" },
	{ "int4", COLUMN_INT, 4, UNSIGNED_OK, "int" },
	{ "int8", COLUMN_INT, 8, UNSIGNED_OK, "bigint" },
	{ "bool", COLUMN_INT, 1, 0, "tinyint" },
	{ "boolean", COLUMN_INT, 1, 0, "tinyint" },
	{ "decimal", COLUMN_DECIMAL, 0, PRECISION | UNSIGNED_OK },
	{ "numeric", COLUMN_DECIMAL, 0, PRECISION | UNSIGNED_OK, "decimal" },
	{ "dec", COLUMN_DECIMAL, 0, PRECISION | UNSIGNED_OK, "decimal" },
	{ "fixed", COLUMN_DECIMAL, 0, PRECISION | UNSIGNED_OK, "decimal" },
	{ "float4", COLUMN_FLOAT, 4, UNSIGNED_OK, "float" },
	{ "float8", COLUMN_DOUBLE, 8, UNSIGNED_OK, "double" },
	{ "float", COLUMN_FLOAT, 4, UNSIGNED_OK },
	{ "double", COLUMN_DOUBLE, 8, UNSIGNED_OK },
	{ "real", COLUMN_DOUBLE, 8, UNSIGNED_OK, "double" },
	{ "bit", COLUMN_BIT, 0, LEN },
	{ "year", COLUMN_YEAR, 1, 0 },
	{ "date", COLUMN_DATE, 3, 0 },
	{ "time", COLUMN_TIME, 3, FRACTION },
	{ "datetime", COLUMN_DATETIME, 8, FRACTION },
	{ "timestamp", COLUMN_TIMESTAMP, 4, FRACTION },
	{ "char", COLUMN_TEXT, 0, LEN | FIXED, .binary = "binary" },
	{ "character", COLUMN_TEXT, 0, LEN | FIXED, "char", .binary = "binary" },
	{ "varcharacter", COLUMN_TEXT, 0, LEN, "varchar", .binary = "varbinary" },
	{ "varchar", COLUMN_TEXT, 0, LEN, .binary = "varbinary" },
	{ "tinytext", COLUMN_TEXT, 1, 0, .binary = "tinyblob" },
	{ "text", COLUMN_TEXT, 2, 0, .binary = "blob" },
	{ "mediumtext", COLUMN_TEXT, 3, 0, .binary = "mediumblob" },
	{ "longtext", COLUMN_TEXT, 4, 0, .binary = "longblob" },
	{ "binary", COLUMN_BINARY, 0, LEN | FIXED },
	{ "varbinary", COLUMN_BINARY, 0, LEN },
	{ "tinyblob", COLUMN_BINARY, 1, 0 },
	{ "blob", COLUMN_BINARY, 2, 0 },
	{ "mediumblob", COLUMN_BINARY, 3, 0 },
	{ "longblob", COLUMN_BINARY, 4, 0 },
	{ "enum", COLUMN_ENUM, 0, MEMBERS },
	{ "set", COLUMN_SET, 0, MEMBERS },
	{ "json", COLUMN_JSON, 4, 0 },
	{ "geometry", COLUMN_GEOMETRY, 4, 0 },
	{ "point", COLUMN_GEOMETRY, 4, 0 },
	{ "linestring", COLUMN_GEOMETRY, 4, 0 },
	{ "polygon", COLUMN_GEOMETRY, 4, 0 },
	{ "multipoint", COLUMN_GEOMETRY, 4, 0 },
	{ "multilinestring", COLUMN_GEOMETRY, 4, 0 },
	{ "multipolygon", COLUMN_GEOMETRY, 4, 0 },
	{ "geometrycollection", COLUMN_GEOMETRY, 4, 0 },
	{ "geomcollection", COLUMN_GEOMETRY, 4, 0, "geometrycollection" },
	{ "uuid", COLUMN_UUID, 16, 0 },
	{ "inet4", COLUMN_INET4, 4, 0 },
	{ "inet6", COLUMN_INET6, 16, 0 },
	{ "vector", COLUMN_VECTOR, 4, LEN },
};

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

static const struct type_name *
type_find(const struct sql_token *word)
{
	size_t i;

	for (i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++)
		if (sql_is(word, type_names[i].name))
			return &type_names[i];
	return NULL;
}

static const struct type_name *
type_in_binary(const struct type_name *n)
{
	struct sql_token word = { .type = SQL_WORD, .text = n->binary, .len = strlen(n->binary) };

	return type_find(&word);
}

static bool
number(const struct sql_token *t, uint64_t max, uint64_t *v)
{
	size_t i;

	*v = 0;
	if (t->type != SQL_NUMBER)
		return false;
	for (i = 0; i < t->len && *v <= max; i++)
		*v = *v * 10 + (uint64_t)(t->text[i] - '0');
	return *v <= max;
}

/* A member may hold any byte, NUL too. */
static int
read_member(struct member *m, const struct sql_token *t)
{
	struct buf b;
	int rc;

	if (buf_init(&b, t->len + 1) == -1)
		return -1;
	rc = sql_put_text(t, &b) == -1 || buf_str(&b) == NULL ? -1 : 0;
	if (rc == 0 && (m->text = malloc(b.len + 1)) == NULL)
		rc = -1;
	if (rc == 0)
		memcpy(m->text, b.data, b.len + 1);
	m->len = b.len;
	buf_free(&b);
	return rc;
}

/* ('a','b',…) */
static int
read_members(struct sql *s, struct column *c)
{
	struct member *grown;
	struct sql_token t;

	do {
		t = sql_next(s);
		if (t.type != SQL_STRING)
			return -1;
		grown = reallocarray(c->members, c->members_count + 1, sizeof(*grown));
		if (grown == NULL)
			return -1;
		c->members = grown;
		if (read_member(&grown[c->members_count], &t) == -1)
			return -1;
		c->members_count++;
	} while (sql_take_mark(s, ','));
	return 0;
}

/* What stands in brackets behind a type's name. */
static int
read_arguments(struct sql *s, const struct type_name *n, struct column *c)
{
	uint64_t a = 0, b = 0;
	struct sql_token t;
	bool two;

	if (!sql_take_mark(s, '('))
		return (n->flags & MEMBERS) ? -1 : 0;
	if (n->flags & MEMBERS) {
		if (read_members(s, c) == -1)
			return -1;
		return sql_take_mark(s, ')') ? 0 : -1;
	}
	t = sql_next(s);
	if (!number(&t, n->flags & LEN ? UINT32_MAX : UINT8_MAX, &a))
		return -1;
	if ((two = sql_take_mark(s, ','))) {
		t = sql_next(s);
		if (!number(&t, UINT8_MAX, &b))
			return -1;
	}
	if (n->flags & PRECISION) {
		c->precision = a == 0 ? 10 : (uint8_t)a;
		c->scale = (uint8_t)b;
	} else if (n->flags & LEN) {
		c->length = (uint32_t)a;
	} else if (n->flags & FRACTION) {
		c->fraction = (uint8_t)a;
	} else if (n->kind == COLUMN_FLOAT && a > 24 && !two) {
		c->kind = COLUMN_DOUBLE;	/* FLOAT(25…53) is a double (MySQL manual, "Floating-Point Types") */
		c->bytes = 8;
	}
	return sql_take_mark(s, ')') ? 0 : -1;
}

static int
check_ranges(const struct column *c)
{
	if (c->kind == COLUMN_DECIMAL && (c->precision > 65 || c->scale > 38 || c->scale > c->precision))
		return -1;
	if (c->kind == COLUMN_BIT && (c->length < 1 || c->length > 64))
		return -1;
	if (c->kind == COLUMN_SET && c->members_count > 64)
		return -1;
	return c->fraction > 6 ? -1 : 0;
}

/* A member as a string of SQL, quoted for read_members. */
static int
put_member(struct buf *b, const struct member *m)
{
	size_t i;

	for (i = 0; i < m->len; i++) {
		char ch = m->text[i];

		if ((ch == '\'' || ch == '\\') && buf_putc(b, ch) == -1)
			return -1;
		if ((ch == '\0' ? buf_puts(b, "\\0") : buf_putc(b, ch)) == -1)
			return -1;
	}
	return 0;
}

/* The type in the form of schema lines: without display width, zerofill, charset. */
static int
put_type(struct buf *b, const struct type_name *n, const struct column *c)
{
	const char *name = c->kind == COLUMN_DOUBLE ? "double" : n->is != NULL ? n->is : n->name;
	size_t i;

	if (buf_puts(b, name) == -1)
		return -1;
	if (n->flags & PRECISION && buf_putf(b, "(%u,%u)", c->precision, c->scale) == -1)
		return -1;
	if (n->flags & LEN && buf_putf(b, "(%u)", c->length) == -1)
		return -1;
	if (c->fraction > 0 && buf_putf(b, "(%u)", c->fraction) == -1)
		return -1;
	for (i = 0; i < c->members_count; i++) {
		if (buf_puts(b, i == 0 ? "('" : "','") == -1 || put_member(b, &c->members[i]) == -1)
			return -1;
	}
	if (c->members_count > 0 && buf_puts(b, "')") == -1)
		return -1;
	return c->is_unsigned && n->flags & UNSIGNED_OK ? buf_puts(b, " unsigned") : 0;
}

/* Reads a type from s (`decimal(10,2) unsigned zerofill`) into c. */
static int
read_type(struct sql *s, bool binary, struct column *c, struct error *e)
{
	struct sql_token word = sql_next(s), rest;
	const struct type_name *n = type_find(&word);
	struct buf b;

	if (sql_is(&word, "double"))
		sql_take(s, "precision");
	if (n != NULL && binary && n->binary != NULL)
		n = type_in_binary(n);
	if (n == NULL)
		return error_set(e, RC_FAIL, "column %s: unknown type %.*s", c->name, (int)word.len, word.text);
	c->kind = n->kind;
	c->bytes = n->bytes;
	c->fixed = n->flags & FIXED;
	if (n->flags & LEN)
		c->length = 1;
	if (n->flags & PRECISION)
		c->precision = 10;
	if (read_arguments(s, n, c) == -1 || check_ranges(c) == -1)
		return error_set(e, RC_FAIL, "column %s: malformed type %.*s", c->name, (int)word.len, word.text);
	for (;;) {
		if (sql_take(s, "unsigned") || sql_take(s, "zerofill"))
			c->is_unsigned = true;	/* zerofill implies it */
		else if (!sql_take(s, "signed"))
			break;
	}
	rest = sql_next(s);
	if (rest.type != SQL_END)
		return error_set(e, RC_FAIL, "column %s: %.*s behind type %.*s", c->name, (int)rest.len, rest.text,
		    (int)word.len, word.text);
	if (buf_init(&b, MAX_TYPE_BYTES) == -1)
		return no_memory(e, c->name);
	if (put_type(&b, n, c) == -1 || (c->type = strndup(b.data, b.len)) == NULL)
		no_memory(e, c->name);
	buf_free(&b);
	return c->type == NULL ? -1 : 0;
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
	return 0;
}

static int
set_label(struct column *c)
{
	struct buf b;

	if (buf_init(&b, MAX_LABEL_BYTES) == -1)
		return -1;
	if (json_put_str(&b, c->name) == 0 && buf_putc(&b, ':') == 0)
		c->label = strndup(b.data, b.len);
	c->label_len = b.len;
	buf_free(&b);
	return c->label == NULL ? -1 : 0;
}

int
table_add_column(struct table *t, const char *name, const char *type, const char *charset, bool nullable,
    bool generated, bool invisible, struct error *e)
{
	struct column *grown, c = { .nullable = nullable, .generated = generated, .invisible = invisible };
	struct sql s;

	sql_init(&s, type, strlen(type));
	if (t->count == MAX_COLUMNS)
		return error_set(e, RC_FAIL, "table %s.%s: more than %d columns", t->db, t->name, MAX_COLUMNS);
	grown = reallocarray(t->columns, t->count + 1, sizeof(*grown));
	if (grown == NULL)
		return no_memory(e, t->name);
	t->columns = grown;
	if ((c.name = strdup(name)) == NULL || set_label(&c) == -1) {
		column_free(&c);
		return no_memory(e, t->name);
	}
	if (read_type(&s, charset != NULL && strcasecmp(charset, "binary") == 0, &c, e) == -1 || set_charset(&c, charset, e) == -1) {
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

static bool
column_equal(const struct column *a, const struct column *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->type, b->type) == 0 && a->kind == b->kind &&
	    a->charset == b->charset && a->nullable == b->nullable && a->generated == b->generated &&
	    a->invisible == b->invisible;
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

static int
put_column(struct buf *b, const struct column *c)
{
	if (buf_puts(b, "{\"name\":") == -1 || json_put_str(b, c->name) == -1 ||
	    buf_puts(b, ",\"type\":") == -1 || json_put_str(b, c->type) == -1)
		return -1;
	if (c->charset != NULL &&
	    (buf_puts(b, ",\"charset\":") == -1 || json_put_str(b, charset_name(c->charset)) == -1))
		return -1;
	if ((c->nullable && buf_puts(b, ",\"nullable\":true") == -1) ||
	    (c->generated && buf_puts(b, ",\"generated\":true") == -1) ||
	    (c->invisible && buf_puts(b, ",\"invisible\":true") == -1))
		return -1;
	return buf_putc(b, '}');
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
	if (buf_puts(b, t->key_count > 0 ? "],\"columns\":[" : ",\"columns\":[") == -1)
		return -1;
	for (i = 0; i < t->count; i++)
		if ((i > 0 && buf_putc(b, ',') == -1) || put_column(b, &t->columns[i]) == -1)
			return -1;
	if (buf_puts(b, "],\"from\":") == -1 || json_put_str(b, from) == -1)
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

struct table *
table_from_schema(const struct json *j, struct error *e)
{
	int db_token = json_member(j, 0, "db"), name_token = json_member(j, 0, "table"), at;
	int columns = json_member(j, 0, "columns"), rc = 0;
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
	for (at = json_first(j, columns); at != -1 && rc == 0; at = json_next(j, at))
		rc = schema_column(t, j, at, e);
	if (rc == 0)
		rc = schema_key(t, j, json_member(j, 0, "key"), e);
	if (rc == 0)
		return t;
	table_free(t);
	return NULL;
}
