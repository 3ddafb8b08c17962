/* SPDX-License-Identifier: ISC */
/* What a table map's optional metadata tells of its columns (MySQL source, Table_map_event::Optional_metadata_fields). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collation.h"
#include "described.h"

/* Has a bit in the list of signs: on both servers YEAR has one too. */
static bool
is_numeric(uint8_t code)
{
	switch (code) {
	case TYPE_YEAR:
	case TYPE_TINY:
	case TYPE_SHORT:
	case TYPE_INT24:
	case TYPE_LONG:
	case TYPE_LONGLONG:
	case TYPE_FLOAT:
	case TYPE_DOUBLE:
	case TYPE_NEWDECIMAL: return true;
	default: return false;
	}
}

/* CHAR, VARCHAR, TEXT and their binary kin */
static bool
is_string(uint8_t code)
{
	switch (code) {
	case TYPE_STRING:
	case TYPE_VAR_STRING:
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED:
	case TYPE_BLOB:
	case TYPE_BLOB_COMPRESSED: return true;
	default: return false;
	}
}

static bool
has(const struct table_map *m, enum map_field f)
{
	return m->fields[f].p != NULL;
}

/* The columns' metadata are in several lists, each for some of the columns only: readers that go on with each column. */
struct describer {
	const struct table_map *m;
	struct cursor names, sets, enums, geometries, dimensions;
	struct charsets {
		struct cursor list;	/* one a column, or (index, number) of those that have not the default */
		bool each;
		unsigned standard;
		uint64_t index, next;	/* of the column at hand among those with a character set; of the list's */
	} text, members;
	size_t numeric;
	bool mariadb;
	bool anonymous;		/* what is not told is made up: see described_anonymous */
};

static void
charsets_init(struct charsets *c, const struct table_map *m, enum map_field standard, enum map_field each)
{
	c->each = has(m, each);
	c->list = m->fields[c->each ? each : standard];
	c->next = UINT64_MAX;
	if (c->each || c->list.p == NULL)
		return;
	c->standard = (unsigned)cur_lenenc(&c->list);
	if (cur_left(&c->list) > 0)
		c->next = cur_lenenc(&c->list);
}

/* Of the next column that has one; NULL: not told, or not known. */
static const struct charset *
charsets_next(struct charsets *c)
{
	unsigned number = c->standard;

	if (c->list.p == NULL || c->list.bad)
		return NULL;
	if (c->each) {
		number = (unsigned)cur_lenenc(&c->list);
	} else if (c->index == c->next) {
		number = (unsigned)cur_lenenc(&c->list);
		c->next = cur_left(&c->list) > 0 ? cur_lenenc(&c->list) : UINT64_MAX;
	}
	c->index++;
	return c->list.bad ? NULL : collation_charset(number);
}

static bool
is_unsigned(const struct table_map *m, size_t numeric)
{
	const struct cursor *bits = &m->fields[MAP_SIGNEDNESS];

	return numeric / 8 < cur_left(bits) && (bits->p[numeric / 8] >> (7 - numeric % 8) & 1) != 0;
}

/* ENUM's and SET's members, each in the column's character set, as they stand in a type. */
static int
put_members(struct buf *b, struct cursor *list, const struct charset *charset)
{
	uint64_t n = cur_lenenc(list), bad = 0;
	const uint8_t *text;
	size_t len, i;
	struct buf utf8;
	int rc = 0;

	if (buf_init(&utf8, 1 << 20) == -1)
		return -1;
	for (rc = buf_putc(b, '('); n > 0 && rc == 0 && !list->bad; n--) {
		len = (size_t)cur_lenenc(list);
		text = cur_take(list, len);
		buf_clear(&utf8);
		if (text == NULL || charset_put_utf8(charset, &utf8, (const char *)text, len, &bad) == -1 ||
		    buf_putc(b, '\'') == -1)
			rc = -1;
		for (i = 0; i < utf8.len && rc == 0; i++)
			rc = ((utf8.data[i] == '\'' || utf8.data[i] == '\\') && buf_putc(b, utf8.data[i]) == -1) ||
			    buf_putc(b, utf8.data[i]) == -1 ? -1 : 0;
		if (rc == 0)
			rc = buf_puts(b, n > 1 ? "'," : "')");
	}
	buf_free(&utf8);
	return rc == -1 || list->bad ? -1 : 0;
}

static int
put_string_type(struct buf *b, const struct cell *c, const struct charset *charset)
{
	static const char *const texts[] = { "", "tinytext", "text", "mediumtext", "longtext" };
	static const char *const blobs[] = { "", "tinyblob", "blob", "mediumblob", "longblob" };
	bool binary = charset_is_binary(charset), fixed = c->code == TYPE_STRING || c->code == TYPE_VAR_STRING;
	uint32_t size = c->code == TYPE_VARCHAR_COMPRESSED && c->size > 0 ? c->size - 1 : c->size;	/* its head */

	if (c->code == TYPE_BLOB || c->code == TYPE_BLOB_COMPRESSED)
		return buf_puts(b, (binary ? blobs : texts)[c->prefix]);
	return buf_putf(b, "%s(%u)", binary ? (fixed ? "binary" : "varbinary") : fixed ? "char" : "varchar",
	    size / charset_max_bytes(charset));
}

static int
put_number_type(struct buf *b, const struct cell *c, bool without_sign)
{
	static const struct { uint8_t code; const char *name; } names[] = {
		{ TYPE_TINY, "tinyint" }, { TYPE_SHORT, "smallint" }, { TYPE_INT24, "mediumint" }, { TYPE_LONG, "int" },
		{ TYPE_LONGLONG, "bigint" }, { TYPE_FLOAT, "float" }, { TYPE_DOUBLE, "double" },
		{ TYPE_NEWDECIMAL, "decimal" },
	};
	size_t i;

	for (i = 0; names[i].code != c->code; i++)
		;
	if (buf_puts(b, names[i].name) == -1 ||
	    (c->code == TYPE_NEWDECIMAL && buf_putf(b, "(%u,%u)", c->meta & 0xffU, c->meta >> 8U) == -1))
		return -1;
	return without_sign ? buf_puts(b, " unsigned") : 0;
}

static int
put_temporal_type(struct buf *b, const char *name, unsigned fraction)
{
	return fraction == 0 ? buf_puts(b, name) : buf_putf(b, "%s(%u)", name, fraction);
}

static int
put_geometry_type(struct buf *b, struct cursor *kinds)
{
	static const char *const names[] = { "geometry", "point", "linestring", "polygon", "multipoint",
	    "multilinestring", "multipolygon", "geometrycollection" };
	uint64_t kind = kinds->p == NULL ? 0 : cur_lenenc(kinds);

	return kinds->bad || kind > 7 ? -1 : buf_puts(b, names[kind]);
}

/* Appends the column's type. *charset: its character set, where it has one. -1 with errno 0: not told. */
static int
put_type(struct describer *d, struct buf *b, const struct cell *c, const struct charset **charset)
{
	*charset = NULL;
	errno = 0;
	if (is_numeric(c->code) && c->code != TYPE_YEAR)
		return put_number_type(b, c, is_unsigned(d->m, d->numeric++));
	if (is_string(c->code)) {
		*charset = charsets_next(&d->text);
		return *charset == NULL ? -1 : put_string_type(b, c, *charset);
	}
	if (c->code == (d->mariadb ? TYPE_GEOMETRY : TYPE_VECTOR))
		charsets_next(&d->text);	/* counts as one, though it is none */
	switch (c->code) {
	case TYPE_YEAR:
		d->numeric++;
		return buf_puts(b, "year");
	case TYPE_ENUM:
	case TYPE_SET:
		if ((*charset = charsets_next(&d->members)) == NULL)
			return -1;
		return buf_puts(b, c->code == TYPE_ENUM ? "enum" : "set") == -1 ? -1 :
		    put_members(b, c->code == TYPE_ENUM ? &d->enums : &d->sets, *charset);
	case TYPE_BIT: return buf_putf(b, "bit(%u)", (c->meta & 0xffU) + (c->meta >> 8U) * 8);
	case TYPE_DATE:
	case TYPE_NEWDATE: return buf_puts(b, "date");
	case TYPE_TIME2: return put_temporal_type(b, "time", c->meta);
	case TYPE_DATETIME2: return put_temporal_type(b, "datetime", c->meta);
	case TYPE_TIMESTAMP2: return put_temporal_type(b, "timestamp", c->meta);
	case TYPE_JSON: return buf_puts(b, "json");
	case TYPE_GEOMETRY: return put_geometry_type(b, &d->geometries);
	case TYPE_VECTOR:
		return d->dimensions.p == NULL ? -1 :
		    buf_putf(b, "vector(%llu)", (unsigned long long)cur_lenenc(&d->dimensions));
	default: return -1;
	}
}

/* A type whose values are what is stored, for a column of which more is not told. */
static int
put_stored_type(struct buf *b, const struct cell *c)
{
	static const char *const blobs[] = { "", "tinyblob", "blob", "mediumblob", "longblob" };
	static const char *const indexes[] = { "tinyint", "tinyint", "smallint", "mediumint", "int", "bigint", "bigint",
	    "bigint", "bigint" };

	switch (c->code) {
	case TYPE_STRING:	/* BINARY would be padded to its length, which CHAR must not be */
	case TYPE_VAR_STRING:
	case TYPE_VARCHAR:
	case TYPE_VARCHAR_COMPRESSED: return buf_putf(b, "varbinary(%u)", c->size);
	case TYPE_BLOB:
	case TYPE_BLOB_COMPRESSED: return buf_puts(b, blobs[c->prefix]);
	case TYPE_ENUM:
	case TYPE_SET: return buf_putf(b, "%s unsigned", indexes[c->size]);
	case TYPE_TIME: return buf_puts(b, "time");
	case TYPE_DATETIME: return buf_puts(b, "datetime");
	case TYPE_TIMESTAMP: return buf_puts(b, "timestamp");
	case TYPE_VECTOR: return buf_puts(b, "vector");
	case TYPE_DECIMAL: return buf_puts(b, "decimal");
	default: return -1;
	}
}

/* The column's name and its NUL. -1 with errno 0: not told. */
static int
put_name(struct describer *d, struct buf *b, size_t i)
{
	const uint8_t *name;
	size_t n;

	errno = 0;
	if (d->anonymous && !has(d->m, MAP_COLUMN_NAME))
		return buf_putf(b, "@%zu", i + 1) == -1 ? -1 : buf_putc(b, '\0');
	n = (size_t)cur_lenenc(&d->names);
	name = cur_take(&d->names, n);
	if (name == NULL || memchr(name, '\0', n) != NULL)
		return -1;
	return buf_add(b, name, n) == -1 ? -1 : buf_putc(b, '\0');
}

/* 0; -1 with e->rc == RC_OK: not told. */
static int
add_column(struct describer *d, struct table *t, size_t i, struct buf *b, struct error *e)
{
	const struct cell *c = &d->m->cells[i];
	const struct cursor *visible = &d->m->fields[MAP_VISIBILITY];
	const struct charset *charset;
	bool invisible = i / 8 < cur_left(visible) && (visible->p[i / 8] >> (7 - i % 8) & 1) == 0;
	size_t type;
	int rc;

	buf_clear(b);
	if (put_name(d, b, i) == -1)
		return errno == 0 ? -1 : error_set(e, RC_TEMP, "%s", strerror(errno));
	type = b->len;
	if ((rc = put_type(d, b, c, &charset)) == -1 && errno == 0 && d->anonymous) {
		b->len = type;
		charset = NULL;
		rc = put_stored_type(b, c);
	}
	if (rc == -1 || buf_putc(b, '\0') == -1)
		return errno == 0 ? -1 : error_set(e, RC_TEMP, "%s", strerror(errno));
	return table_add_column(t, b->data, b->data + type,
	    charset == NULL || charset_is_binary(charset) ? NULL : charset_name(charset), c->nullable, false,
	    invisible, e);
}

/* The primary key, or what stands for one to the server: the first UNIQUE key whose columns are whole and NOT NULL. Without
 * either there is no key that identifies rows. */
static int
set_key(struct table *t, const struct table_map *m, bool anonymous, struct error *e)
{
	bool prefixes = !has(m, MAP_PRIMARY_KEY);
	struct cursor c = m->fields[prefixes ? MAP_PRIMARY_KEY_PREFIX : MAP_PRIMARY_KEY];
	size_t columns[64], n = 0;

	while (cur_left(&c) > 0 && n < 64) {
		columns[n++] = (size_t)cur_lenenc(&c);
		if (prefixes)
			cur_lenenc(&c);	/* bytes of the prefix; the value as a whole is what we take */
	}
	if (c.bad || cur_left(&c) > 0)
		return -1;
	if (table_set_key(t, columns, n, e) == -1)
		return -1;
	return n == t->key_count || anonymous ? 0 : -1;	/* it holds a FLOAT: another one may do, and is not told */
}

static int
fill(struct table *t, const struct table_map *m, bool mariadb, bool anonymous, struct error *e)
{
	struct describer d = { .m = m, .mariadb = mariadb, .anonymous = anonymous,
	    .names = m->fields[MAP_COLUMN_NAME], .sets = m->fields[MAP_SET_MEMBERS], .enums = m->fields[MAP_ENUM_MEMBERS], .geometries = m->fields[MAP_GEOMETRY_TYPE],
	    .dimensions = m->fields[MAP_VECTOR_DIMENSION] };
	struct buf b;
	size_t i;
	int rc = 0;

	charsets_init(&d.text, m, MAP_DEFAULT_CHARSET, MAP_COLUMN_CHARSET);
	charsets_init(&d.members, m, MAP_MEMBERS_DEFAULT_CHARSET, MAP_MEMBERS_CHARSET);
	if (buf_init(&b, 1 << 24) == -1)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	for (i = 0; i < m->count && rc == 0; i++)
		rc = add_column(&d, t, i, &b, e);
	buf_free(&b);
	if (rc == 0 && has(m, MAP_SIGNEDNESS) && cur_left(&m->fields[MAP_SIGNEDNESS]) < (d.numeric + 7) / 8)
		return error_set(e, RC_FAIL, "table %s.%s: metadata with signs for fewer columns than there are", m->db, m->name);
	return rc == 0 ? set_key(t, m, anonymous, e) : -1;
}

static struct table *
describe(const struct table_map *m, bool mariadb, bool anonymous, struct error *e)
{
	struct table *t = table_new(m->db, m->name, e);

	if (t != NULL && fill(t, m, mariadb, anonymous, e) == -1) {
		table_free(t);
		return NULL;
	}
	return t;
}

struct table *
described_table(const struct table_map *m, bool mariadb, struct error *e)
{
	e->rc = RC_OK;
	return has(m, MAP_COLUMN_NAME) ? describe(m, mariadb, false, e) : NULL;
}

struct table *
described_anonymous(const struct table_map *m, bool mariadb, struct error *e)
{
	struct table *t;

	e->rc = RC_OK;
	if ((t = describe(m, mariadb, true, e)) == NULL && e->rc == RC_OK)
		error_set(e, RC_FAIL, "table %s.%s: malformed metadata", m->db, m->name);
	return t;
}

const char *
described_misfit(const struct table_map *m, const struct table *t, size_t *column)
{
	struct cursor names = m->fields[MAP_COLUMN_NAME];
	size_t i, n, numeric = 0;
	const uint8_t *name;

	for (i = 0; i < m->count; i++) {
		*column = i;
		if (has(m, MAP_SIGNEDNESS) && is_numeric(m->cells[i].code) &&
		    is_unsigned(m, numeric++) != t->columns[i].is_unsigned && m->cells[i].code != TYPE_YEAR)
			return t->columns[i].is_unsigned ? "signed" : "unsigned";
		if (!has(m, MAP_COLUMN_NAME))
			continue;
		n = (size_t)cur_lenenc(&names);
		name = cur_take(&names, n);
		if (name == NULL || strlen(t->columns[i].name) != n || memcmp(t->columns[i].name, name, n) != 0)
			return "another name";
	}
	return NULL;
}
