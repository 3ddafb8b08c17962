/* SPDX-License-Identifier: ISC */
/* Binary JSON to text. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/binary_json.h"
#include "lib/cursor.h"
#include "lib/decimal.h"
#include "lib/json.h"
#include "lib/number.h"
#include "lib/temporal.h"

enum {
	SMALL_OBJECT, LARGE_OBJECT, SMALL_ARRAY, LARGE_ARRAY, LITERAL, INT16, UINT16, INT32, UINT32, INT64, UINT64,
	DOUBLE, STRING, OPAQUE = 15
};

/* Column types (MySQL source, field_types.h) of opaque values that have a text of their own. */
enum { OPAQUE_TIMESTAMP = 7, OPAQUE_DATE = 10, OPAQUE_TIME = 11, OPAQUE_DATETIME = 12, OPAQUE_DECIMAL = 246 };

struct reader {
	struct buf *out;
	uint64_t *bad;
	size_t left;		/* bytes that no value has used yet: none is used twice, or small input could grow without end */
};

/* An object or array: all that is in it is found by its offset from the start. */
struct container {
	struct cursor all;	/* its bytes */
	struct cursor keys, values;	/* the entries */
	size_t count, width;	/* width: bytes of an offset */
};

static int	 put_value(struct reader *, uint8_t type, struct cursor, int depth);

static int
malformed(void)
{
	errno = EBADMSG;
	return -1;
}

static int
use(struct reader *r, size_t n)
{
	if (n > r->left)
		return malformed();
	r->left -= n;
	return 0;
}

/* Seven bits a byte, the lowest first, the highest bit of a byte says that more follow. */
static size_t
take_length(struct cursor *c)
{
	uint64_t n = 0;
	unsigned shift;
	uint8_t byte;

	for (shift = 0; shift < 35; shift += 7) {
		byte = cur_u8(c);
		n |= (uint64_t)(byte & 0x7f) << shift;
		if ((byte & 0x80) == 0)
			return (size_t)n;
	}
	c->bad = true;
	return 0;
}

static int
put_string(struct reader *r, struct cursor c)
{
	size_t n = take_length(&c);
	const uint8_t *text = cur_take(&c, n);

	if (text == NULL || c.bad || use(r, n) == -1)
		return malformed();
	return json_put_string(r->out, (const char *)text, n, r->bad);
}

static int
put_text(struct reader *r, const char *text, size_t n)
{
	return buf_putc(r->out, '"') == -1 || buf_add(r->out, text, n) == -1 ? -1 : buf_putc(r->out, '"');
}

/* The digits of a second's fraction are in the lowest three bytes; above them are, from right to left, 6 bits of seconds,
 * 6 of minutes, 5 of hours (times: 10), 5 of days and a number of months. */
static int
put_temporal(struct reader *r, uint8_t type, struct cursor c)
{
	int64_t packed = (int64_t)cur_u64(&c);
	uint64_t u = packed < 0 ? 0 - (uint64_t)packed : (uint64_t)packed, clock = u >> 24, month = clock >> 22;
	struct value_time t = { .negative = packed < 0, .year = (uint16_t)(month / 13), .month = (uint8_t)(month % 13),
	    .day = clock >> 17 & 31, .hour = (uint16_t)(clock >> 12 & (type == OPAQUE_TIME ? 1023 : 31)),
	    .minute = clock >> 6 & 63, .second = clock & 63, .micro = u & 0xffffff };
	char text[TEMPORAL_TEXT];
	size_t n;

	if (c.bad || cur_left(&c) > 0 || t.minute > 59 || t.second > 59 || t.micro > 999999)
		return malformed();
	if (type == OPAQUE_TIME)
		return t.hour > 838 ? malformed() : put_text(r, text, temporal_time(text, &t, 6));
	if (t.negative || month / 13 > 9999 || t.hour > 23)
		return malformed();
	n = temporal_date(text, &t);
	if (type == OPAQUE_DATE)
		return put_text(r, text, n);
	text[n++] = ' ';
	return put_text(r, text, n + temporal_clock(text + n, &t, 6));
}

static int
put_decimal(struct reader *r, struct cursor c)
{
	unsigned precision = cur_u8(&c), scale = cur_u8(&c);
	char text[DECIMAL_TEXT];
	size_t n;

	if (c.bad || precision > DECIMAL_DIGITS || scale > precision || cur_left(&c) != decimal_bytes(precision, scale) ||
	    (n = decimal_text(c.p, precision, scale, text)) == 0)
		return malformed();
	return buf_add(r->out, text, n);
}

#define LINE_BYTES 57		/* the servers break base64 behind 76 letters */

static int
put_base64(struct reader *r, uint8_t type, struct cursor c)
{
	size_t n;

	if (buf_putf(r->out, "\"base64:type%u:", type) == -1)
		return -1;
	while (cur_left(&c) > 0) {
		n = cur_left(&c) < LINE_BYTES ? cur_left(&c) : LINE_BYTES;
		if (base64_put(r->out, cur_take(&c, n), n, 0) == -1 ||
		    (cur_left(&c) > 0 && buf_puts(r->out, "\\n") == -1))
			return -1;
	}
	return buf_putc(r->out, '"');
}

/* A value of any column type. */
static int
put_opaque(struct reader *r, struct cursor c)
{
	uint8_t type = cur_u8(&c);
	size_t n = take_length(&c);

	c = cur_sub(&c, n);
	if (c.bad || use(r, n) == -1)
		return malformed();
	switch (type) {
	case OPAQUE_TIMESTAMP:
	case OPAQUE_DATE:
	case OPAQUE_TIME:
	case OPAQUE_DATETIME: return put_temporal(r, type, c);
	case OPAQUE_DECIMAL: return put_decimal(r, c);
	default: return put_base64(r, type, c);
	}
}

static int
put_literal(struct reader *r, uint64_t v)
{
	static const char *const literals[] = { "null", "true", "false" };

	return v > 2 ? malformed() : buf_puts(r->out, literals[v]);
}

static int
put_double(struct reader *r, uint64_t bits)
{
	double d;

	memcpy(&d, &bits, sizeof(d));
	return number_put_mysql_double(r->out, d) == 0 ? 0 : errno == EDOM ? malformed() : -1;
}

static int
put_signed(struct reader *r, uint64_t v, unsigned bytes)
{
	return buf_puti(r->out, (int64_t)(v << (64 - 8 * bytes)) >> (64 - 8 * bytes));
}

/* Numbers and literals in so many bytes. */
static int
put_fixed(struct reader *r, uint8_t type, struct cursor c)
{
	static const uint8_t sizes[] = { [LITERAL] = 1, [INT16] = 2, [UINT16] = 2, [INT32] = 4, [UINT32] = 4, [INT64] = 8,
	    [UINT64] = 8, [DOUBLE] = 8 };
	uint64_t v = cur_le(&c, sizes[type]);

	if (c.bad)
		return malformed();
	switch (type) {
	case LITERAL: return put_literal(r, v);
	case DOUBLE: return put_double(r, v);
	case UINT16:
	case UINT32:
	case UINT64: return buf_putu(r->out, v);
	default: return put_signed(r, v, sizes[type]);
	}
}

static int
container_open(struct container *k, struct reader *r, struct cursor c, bool large, bool object)
{
	size_t size, key_bytes, value_bytes;

	k->all = c;
	k->width = large ? 4 : 2;
	k->count = (size_t)cur_le(&c, k->width);
	size = (size_t)cur_le(&c, k->width);
	key_bytes = object ? k->count * (k->width + 2) : 0;
	value_bytes = k->count * (1 + k->width);
	k->keys = cur_sub(&c, key_bytes);
	k->values = cur_sub(&c, value_bytes);
	k->all = cur_sub(&k->all, size);
	if (c.bad || k->all.bad || c.p > k->all.end)
		return malformed();
	return use(r, 2 * k->width + key_bytes + value_bytes);
}

/* In the order of their lengths, then of their bytes, as the server finds them, and UTF-8, which it makes sure of: so no
 * two are equal. */
static int
put_key(struct reader *r, struct container *k, struct cursor *last)
{
	struct cursor key = k->all;
	size_t offset = (size_t)cur_le(&k->keys, k->width), n = cur_u16(&k->keys);
	uint64_t bad = 0;

	cur_take(&key, offset);
	key = cur_sub(&key, n);
	if (key.bad || use(r, n) == -1)
		return malformed();
	if (last->p != NULL && (cur_left(last) > n || (cur_left(last) == n && memcmp(last->p, key.p, n) >= 0)))
		return malformed();
	*last = key;
	if (json_put_string(r->out, (const char *)key.p, n, &bad) == -1)
		return -1;
	return bad > 0 ? malformed() : buf_putc(r->out, ':');
}

/* An entry holds the value itself, where that is small enough, or where it is. */
static int
put_entry(struct reader *r, struct container *k, int depth)
{
	uint8_t type = cur_u8(&k->values);
	struct cursor value = cur_sub(&k->values, k->width), at = k->all;

	if (type == LITERAL || type == INT16 || type == UINT16 || (k->width == 4 && (type == INT32 || type == UINT32)))
		return put_value(r, type, value, depth);
	cur_take(&at, (size_t)cur_le(&value, k->width));
	return at.bad ? malformed() : put_value(r, type, at, depth);
}

static int
put_container(struct reader *r, uint8_t type, struct cursor c, int depth)
{
	bool object = type == SMALL_OBJECT || type == LARGE_OBJECT;
	struct cursor last = { .p = NULL };
	struct container k;
	size_t i;

	if (depth > MAX_JSON_DEPTH ||
	    container_open(&k, r, c, type == LARGE_OBJECT || type == LARGE_ARRAY, object) == -1)
		return malformed();
	if (buf_putc(r->out, object ? '{' : '[') == -1)
		return -1;
	for (i = 0; i < k.count; i++) {
		if ((i > 0 && buf_putc(r->out, ',') == -1) || (object && put_key(r, &k, &last) == -1) ||
		    put_entry(r, &k, depth) == -1)
			return -1;
	}
	return buf_putc(r->out, object ? '}' : ']');
}

static int
put_value(struct reader *r, uint8_t type, struct cursor c, int depth)
{
	switch (type) {
	case SMALL_OBJECT:
	case LARGE_OBJECT:
	case SMALL_ARRAY:
	case LARGE_ARRAY: return put_container(r, type, c, depth + 1);
	case STRING: return put_string(r, c);
	case OPAQUE: return put_opaque(r, c);
	default: return type > DOUBLE ? malformed() : put_fixed(r, type, c);
	}
}

int
binary_json_put(struct buf *b, const void *bytes, size_t n, uint64_t *bad)
{
	struct reader r = { .out = b, .bad = bad, .left = n };
	struct cursor c = cur_of(bytes, n);
	uint8_t type;

	if (n == 0)
		return buf_puts(b, "null");
	type = cur_u8(&c);
	return put_value(&r, type, c, 0);
}
