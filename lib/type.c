/* SPDX-License-Identifier: ISC */
/* SQL types: from CREATE TABLE's text to what is known of a column, and to the form of schema lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/list.h"
#include "lib/sql.h"
#include "lib/type.h"

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
no_memory(struct error *e, const struct column *c)
{
	return error_set(e, errno == ENOMEM ? RC_TEMP : RC_FAIL, "column %s: %s", c->name, strerror(errno));
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
		grown = list_grow(c->members, c->members_count, sizeof(*grown));
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
	} else if (n->kind == COLUMN_YEAR && a == 2) {
		c->length = 2;
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
	if ((n->flags & LEN || c->length > 0) && buf_putf(b, "(%u)", c->length) == -1)
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

/* The attributes behind it, and nothing else; false: there is more. */
static bool
read_signs(struct sql *s, struct column *c, struct sql_token *rest)
{
	for (;;) {
		if (sql_take(s, "unsigned") || sql_take(s, "zerofill"))
			c->is_unsigned = true;	/* zerofill implies it */
		else if (!sql_take(s, "signed"))
			break;
	}
	*rest = sql_next(s);
	return rest->type == SQL_END;
}

int
type_read(struct column *c, const char *text, bool binary, struct error *e)
{
	struct sql_token word, rest;
	const struct type_name *n;
	struct sql s;
	struct buf b;

	sql_init(&s, text, strlen(text));
	word = sql_next(&s);
	n = type_find(&word);
	if (sql_is(&word, "double"))
		sql_take(&s, "precision");
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
	if (read_arguments(&s, n, c) == -1 || check_ranges(c) == -1)
		return error_set(e, RC_FAIL, "column %s: malformed type %.*s", c->name, (int)word.len, word.text);
	if (!read_signs(&s, c, &rest))
		return error_set(e, RC_FAIL, "column %s: %.*s behind type %.*s", c->name, (int)rest.len, rest.text,
		    (int)word.len, word.text);
	if (buf_init(&b, MAX_TYPE_BYTES) == -1)
		return no_memory(e, c);
	if (put_type(&b, n, c) == -1 || (c->type = strndup(b.data, b.len)) == NULL)
		no_memory(e, c);
	buf_free(&b);
	return c->type == NULL ? -1 : 0;
}
