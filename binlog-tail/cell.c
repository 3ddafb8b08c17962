/* SPDX-License-Identifier: ISC */
/* Cells of row events (MySQL internals manual: Rows_event, "Binary Protocol Value"; MySQL source, log_event.cc). */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/cursor.h"
#include "lib/decimal.h"

#include "cell.h"
#include "maria.h"

struct cell_type {
	const char *name;
	int meta_bytes;
	uint8_t size, prefix;	/* of cells that are the same whatever the metadata says */
	int (*layout)(struct cell *);	/* sets them, where they depend on it */
	cell_decode *decode;
	const char *unread;
};

static uint64_t
le(const uint8_t *p, size_t n)
{
	struct cursor c = cur_of(p, n);

	switch (n) {
	case 1: return *p;
	case 4: return cur_u32(&c);
	case 8: return cur_u64(&c);
	default: return cur_le(&c, n);
	}
}

static uint64_t
be(const uint8_t *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Numbers */

static int
decode_int(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint64_t u = le(p, n);

	(void)a;
	if (c->column->is_unsigned) {
		v->type = VALUE_UINT;
		v->u = u;
	} else {
		v->type = VALUE_INT;
		v->i = (int64_t)(u << (64 - 8 * n)) >> (64 - 8 * n);
	}
	return 0;
}

static int
decode_year(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	(void)n, (void)a;
	v->type = VALUE_UINT;
	v->u = c->column->length == 2 ? *p % 100U : *p == 0 ? 0 : 1900U + *p;
	return 0;
}

static int
decode_float(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint32_t bits = (uint32_t)le(p, n);

	(void)c, (void)a;
	v->type = VALUE_FLOAT;
	memcpy(&v->f, &bits, sizeof(bits));
	return 0;
}

static int
decode_double(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint64_t bits = le(p, n);

	(void)c, (void)a;
	v->type = VALUE_DOUBLE;
	memcpy(&v->d, &bits, sizeof(bits));
	return 0;
}

static int
layout_float(struct cell *c)
{
	return c->meta == c->size ? 0 : -1;
}

static int
layout_decimal(struct cell *c)
{
	unsigned precision = c->meta & 0xff, scale = c->meta >> 8;

	c->size = (uint32_t)decimal_bytes(precision, scale);
	return precision < 1 || precision > 65 || scale > 38 || scale > precision ? -1 : 0;
}

static int
decode_decimal(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	char *to = arena_take(a, DECIMAL_TEXT);

	(void)n;
	v->type = VALUE_DIGITS;
	v->bytes.p = to;
	return to == NULL || (v->bytes.n = decimal_text(p, c->meta & 0xff, c->meta >> 8, to)) == 0 ? -1 : 0;
}

/* Metadata: bits beyond whole bytes, then whole bytes. */
static int
layout_bit(struct cell *c)
{
	unsigned bits = c->meta & 0xff, bytes = c->meta >> 8;

	c->size = bytes + (bits > 0);
	return bits > 7 || c->size < 1 || c->size > 8 ? -1 : 0;
}

static int
decode_bit(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	(void)c, (void)a;
	v->type = VALUE_UINT;
	v->u = be(p, n);
	return 0;
}

/* ENUM's index, SET's bits */
static int
decode_index(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	(void)c, (void)a;
	v->type = VALUE_UINT;
	v->u = le(p, n);
	return 0;
}

/* Dates and times */

static int
set_time(struct value *v, const struct value_time *t)
{
	v->type = VALUE_TIME;
	v->time = *t;
	return t->month > 12 || t->day > 31 || t->minute > 59 || t->second > 59 || t->hour > 838 || t->micro > 999999 ?
	    -1 : 0;
}

static int
decode_date(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint32_t d = (uint32_t)le(p, n);
	struct value_time t = { .year = (uint16_t)(d >> 9), .month = d >> 5 & 15, .day = d & 31 };

	(void)c, (void)a;
	return set_time(v, &t);
}

/* hhmmss as a decimal number, perhaps negative */
static int
decode_time_old(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	int32_t i = (int32_t)((uint32_t)le(p, n) << 8) >> 8;
	uint32_t u = i < 0 ? (uint32_t)-i : (uint32_t)i;
	struct value_time t = { .negative = i < 0, .hour = (uint16_t)(u / 10000), .minute = (uint8_t)(u / 100 % 100),
	    .second = (uint8_t)(u % 100) };

	(void)c, (void)a;
	return set_time(v, &t);
}

/* YYYYMMDDhhmmss as a decimal number */
static int
decode_datetime_old(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint64_t u = le(p, n), day = u / 1000000;
	struct value_time t = { .year = (uint16_t)(day / 10000), .month = (uint8_t)(day / 100 % 100),
	    .day = (uint8_t)(day % 100), .hour = (uint16_t)(u / 10000 % 100), .minute = (uint8_t)(u / 100 % 100),
	    .second = (uint8_t)(u % 100) };

	(void)c, (void)a;
	return day > 99991231 ? -1 : set_time(v, &t);
}

static int
decode_timestamp_old(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint32_t seconds = (uint32_t)le(p, n);

	(void)c, (void)a;
	v->type = VALUE_TIME;
	if (seconds == 0)
		memset(&v->time, 0, sizeof(v->time));
	else
		value_time_from_unix(&v->time, seconds, 0);
	return 0;
}

static unsigned
fraction_bytes(const struct cell *c)
{
	return (c->meta + 1U) / 2;
}

/* Hundredths, ten-thousandths or millionths of a second, in 1, 2 or 3 bytes. */
static uint32_t
micro_of(const struct cell *c, uint32_t fraction)
{
	static const uint32_t unit[] = { 0, 10000, 100, 1 };

	return fraction * unit[fraction_bytes(c)];
}

static int
layout_fraction(struct cell *c)
{
	if (c->meta > 6)
		return -1;
	c->size += fraction_bytes(c);
	return 0;
}

/* One big-endian number, fraction included, offset so that negative ones sort first. */
static int
decode_time2(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	unsigned bits = 8 * fraction_bytes(c);
	int64_t i = (int64_t)be(p, n) - ((int64_t)0x800000 << bits);
	uint64_t u = i < 0 ? (uint64_t)-i : (uint64_t)i, clock = u >> bits;
	struct value_time t = { .negative = i < 0, .hour = clock >> 12 & 0x3ff, .minute = clock >> 6 & 63,
	    .second = clock & 63, .micro = micro_of(c, (uint32_t)(u & ((1U << bits) - 1))) };

	(void)a;
	return set_time(v, &t);
}

static int
decode_datetime2(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint64_t u = be(p, 5) - 0x8000000000U, month = u >> 22;
	struct value_time t = { .year = (uint16_t)(month / 13), .month = (uint8_t)(month % 13), .day = u >> 17 & 31,
	    .hour = u >> 12 & 31, .minute = u >> 6 & 63, .second = u & 63,
	    .micro = micro_of(c, (uint32_t)be(p + 5, n - 5)) };

	(void)a;
	return p[0] < 0x80 || t.hour > 23 ? -1 : set_time(v, &t);
}

static int
decode_timestamp2(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint32_t seconds = (uint32_t)be(p, 4), micro = micro_of(c, (uint32_t)be(p + 4, n - 4));

	(void)a;
	v->type = VALUE_TIME;
	if (seconds == 0)
		memset(&v->time, 0, sizeof(v->time));
	else
		value_time_from_unix(&v->time, seconds, micro);
	return micro > 999999 ? -1 : 0;
}

/* Strings */

static int
decode_bytes(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	(void)c, (void)a;
	v->type = VALUE_BYTES;
	v->bytes.p = (const char *)p;
	v->bytes.n = n;
	return 0;
}

static int
decode_json(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	decode_bytes(c, p, n, v, a);
	v->type = VALUE_BINARY_JSON;
	return 0;
}

static int
layout_varchar(struct cell *c)
{
	c->size = c->meta;
	c->prefix = c->meta > 255 ? 2 : 1;
	return 0;
}

static int
layout_blob(struct cell *c)
{
	c->prefix = (uint8_t)c->meta;
	c->size = c->meta > 0 && c->meta <= 4 ? (uint32_t)((UINT64_C(1) << (8 * c->meta)) - 1) : 0;
	return c->size == 0 ? -1 : 0;
}

static const struct cell_type cell_types[256];

/* First byte: the real type, in whose bits 4 and 5 hide (inverted) the upper bits of a CHAR's length over 255; second
 * byte: the length, or the bytes of an ENUM or SET. */
static int
layout_string(struct cell *c)
{
	uint8_t real = (uint8_t)c->meta, low = (uint8_t)(c->meta >> 8);

	if (real == TYPE_ENUM || real == TYPE_SET) {
		c->code = real;
		c->type = &cell_types[real];
		c->size = low;
		if (real == TYPE_ENUM)
			return low == 1 || low == 2 ? 0 : -1;
		return (low >= 1 && low <= 4) || low == 8 ? 0 : -1;
	}
	if (c->code == TYPE_ENUM || c->code == TYPE_SET || ((real | 0x30) != TYPE_STRING && real != TYPE_VAR_STRING))
		return -1;
	c->size = low | (real == TYPE_VAR_STRING ? 0U : ((real & 0x30U) ^ 0x30U) << 4);
	c->prefix = c->size > 255 ? 2 : 1;
	return 0;
}

static const struct cell_type cell_types[256] = {
	[TYPE_DECIMAL] = { "DECIMAL of MySQL before 5.0", 0, .unread = "DECIMAL of MySQL before 5.0 is not read" },
	[TYPE_TINY] = { "TINYINT", 0, 1, .decode = decode_int },
	[TYPE_SHORT] = { "SMALLINT", 0, 2, .decode = decode_int },
	[TYPE_INT24] = { "MEDIUMINT", 0, 3, .decode = decode_int },
	[TYPE_LONG] = { "INT", 0, 4, .decode = decode_int },
	[TYPE_LONGLONG] = { "BIGINT", 0, 8, .decode = decode_int },
	[TYPE_FLOAT] = { "FLOAT", 1, 4, 0, layout_float, decode_float },
	[TYPE_DOUBLE] = { "DOUBLE", 1, 8, 0, layout_float, decode_double },
	[TYPE_NEWDECIMAL] = { "DECIMAL", 2, 0, 0, layout_decimal, decode_decimal },
	[TYPE_BIT] = { "BIT", 2, 0, 0, layout_bit, decode_bit },
	[TYPE_YEAR] = { "YEAR", 0, 1, .decode = decode_year },
	[TYPE_DATE] = { "DATE", 0, 3, .decode = decode_date },
	[TYPE_NEWDATE] = { "DATE", 0, 3, .decode = decode_date },
	[TYPE_TIME] = { "TIME (old format)", 0, 3, .decode = decode_time_old },
	[TYPE_DATETIME] = { "DATETIME (old format)", 0, 8, .decode = decode_datetime_old },
	[TYPE_TIMESTAMP] = { "TIMESTAMP (old format)", 0, 4, .decode = decode_timestamp_old },
	[TYPE_TIME2] = { "TIME", 1, 3, 0, layout_fraction, decode_time2 },
	[TYPE_DATETIME2] = { "DATETIME", 1, 5, 0, layout_fraction, decode_datetime2 },
	[TYPE_TIMESTAMP2] = { "TIMESTAMP", 1, 4, 0, layout_fraction, decode_timestamp2 },
	[TYPE_VARCHAR] = { "VARCHAR or VARBINARY", 2, 0, 0, layout_varchar, decode_bytes },
	[TYPE_VAR_STRING] = { "CHAR or BINARY", 2, 0, 0, layout_string, decode_bytes },
	[TYPE_STRING] = { "CHAR or BINARY", 2, 0, 0, layout_string, decode_bytes },
	[TYPE_ENUM] = { "ENUM", 2, .layout = layout_string, .decode = decode_index },
	[TYPE_SET] = { "SET", 2, .layout = layout_string, .decode = decode_index },
	[TYPE_BLOB] = { "BLOB or TEXT", 1, 0, 0, layout_blob, decode_bytes },
	[TYPE_JSON] = { "JSON", 1, 0, 0, layout_blob, decode_json },
	[TYPE_GEOMETRY] = { "GEOMETRY", 1, 0, 0, layout_blob, decode_bytes },
	[TYPE_VECTOR] = { "VECTOR", 1, 0, 0, layout_blob, decode_bytes },
	[TYPE_BLOB_COMPRESSED] = { "compressed BLOB or TEXT", 1, 0, 0, layout_blob, decode_compressed },
	[TYPE_VARCHAR_COMPRESSED] = { "compressed VARCHAR or VARBINARY", 2, 0, 0, layout_varchar, decode_compressed },
};

int
cell_meta_bytes(uint8_t code)
{
	return cell_types[code].name == NULL ? -1 : cell_types[code].meta_bytes;
}

int
cell_init(struct cell *c, uint8_t code, uint16_t meta, bool nullable)
{
	const struct cell_type *t = &cell_types[code];

	*c = (struct cell){ .type = t, .code = code, .meta = meta, .size = t->size, .prefix = t->prefix,
	    .nullable = nullable };
	return t->layout == NULL ? 0 : t->layout(c);
}

const char *
cell_unread(const struct cell *c)
{
	return c->type->unread;
}

/* Types that table maps do not tell from others are the column's to know. */
void
cell_bind(struct cell *c, const struct column *column)
{
	c->column = column;
	c->decode = c->type->decode;
	if (c->type->layout == NULL)
		c->size = c->type->size;
	if (octets_count(column->kind) > 0)
		c->decode = decode_octets;
	else if (column->fraction > 0)
		hires_bind(c);
}

const char *
cell_name(const struct cell *c)
{
	return c->type->name;
}
