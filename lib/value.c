/* SPDX-License-Identifier: ISC */
/* The one encoder of values. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base64.h"
#include "lib/binary_json.h"
#include "lib/cursor.h"
#include "lib/geometry.h"
#include "lib/json.h"
#include "lib/number.h"
#include "lib/put.h"
#include "lib/utf8.h"
#include "lib/value.h"

#define SHORT_TEXT 64	/* bytes that whole numbers, dates, times and octets fit in, with their quotes */

static int
failed(struct error *e, const struct column *c)
{
	return error_set(e, errno == ENOMEM ? RC_TEMP : RC_FAIL, "column %s: %s", c->name,
	    errno == EMSGSIZE ? "the row is longer than a line may be" : strerror(errno));
}

static int
misfit(struct error *e, const struct column *c, const char *what)
{
	return error_set(e, RC_FAIL, "column %s (%s): %s", c->name, c->type, what);
}

/* The column's temporal text; between date and time stands `middle`. */
static size_t
put_temporal(char *to, const struct column *c, const struct value_time *t, char middle)
{
	size_t n;

	if (c->kind == COLUMN_TIME)
		return temporal_time(to, t, c->fraction);
	n = temporal_date(to, t);
	if (c->kind == COLUMN_DATE)
		return n;
	to[n++] = middle;
	return n + temporal_clock(to + n, t, c->fraction);
}

static char *
put_time_json(char *to, const struct column *c, const struct value_time *t, const struct value_options *o)
{
	if (c->kind != COLUMN_TIME && (t->month == 0 || t->day == 0) && !o->keep_zero_dates)
		return put_const(to, "null");
	*to++ = '"';
	to += put_temporal(to, c, t, 'T');
	if (c->kind == COLUMN_TIMESTAMP && t->month != 0)
		*to++ = 'Z';
	*to++ = '"';
	return to;
}

static int
put_float(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	int rc = v->type == VALUE_FLOAT ? number_put_float(b, v->f) : number_put_double(b, v->d);

	return rc == -1 && errno == EDOM ? misfit(e, c, "not a finite number") : rc;
}

/* padding: zero bytes behind them */
static int
put_base64(struct buf *b, const char *bytes, size_t n, size_t padding)
{
	if (buf_putc(b, '"') == -1 || base64_put(b, bytes, n, padding) == -1)
		return -1;
	return buf_putc(b, '"');
}

static size_t
padding_of(const struct column *c, size_t n)
{
	return c->fixed && c->length > n ? c->length - n : 0;
}

static int
put_hex(struct buf *b, const char *bytes, size_t n, size_t padding)
{
	static const char hex[] = "0123456789abcdef";
	char *to = buf_room(b, 2 * (n + padding) + 2);
	size_t i;

	if (to == NULL)
		return -1;
	*to++ = '"';
	for (i = 0; i < n + padding; i++) {
		*to++ = hex[i < n ? (uint8_t)bytes[i] >> 4 : 0];
		*to++ = hex[i < n ? (uint8_t)bytes[i] & 15 : 0];
	}
	*to++ = '"';
	b->len = (size_t)(to - b->data);
	return 0;
}

static bool
is_ascii(const char *p, size_t n)
{
	uint64_t x[4], all = 0;
	uint8_t rest = 0;

	for (; n >= sizeof(x); n -= sizeof(x), p += sizeof(x)) {
		memcpy(x, p, sizeof(x));
		all |= x[0] | x[1] | x[2] | x[3];
	}
	for (; n > 0; n--, p++)
		rest |= (uint8_t)*p;
	return ((all & 0x8080808080808080) | (rest & 0x80)) == 0;
}

/* Text in another character set: piece by piece, so that it takes no memory of its own. */
static int
put_converted(struct buf *b, const struct charset *c, const char *p, size_t n, uint64_t *bad)
{
	char utf8[CHARSET_PIECE];
	const char *end = p + n;

	if (buf_putc(b, '"') == -1)
		return -1;
	while (p < end)
		if (json_put_piece(b, utf8, charset_piece(c, &p, end, utf8, bad), NULL) == -1)
			return -1;
	return buf_putc(b, '"');
}

/* Text in the column's character set as a JSON string. */
static int
put_text(struct buf *b, const struct column *c, const struct value *v, uint64_t *bad)
{
	if (!c->converts || v->type == VALUE_UTF8 || (c->keeps_ascii && is_ascii(v->bytes.p, v->bytes.n)))
		return json_put_string(b, v->bytes.p, v->bytes.n, bad);
	return put_converted(b, c->charset, v->bytes.p, v->bytes.n, bad);
}

static int
put_set_text(struct buf *b, const char *p, size_t n, uint64_t *bad)
{
	const char *comma, *end = p + n;

	if (buf_putc(b, '[') == -1)
		return -1;
	while (n > 0) {
		comma = memchr(p, ',', (size_t)(end - p));
		if (json_put_string(b, p, (size_t)((comma == NULL ? end : comma) - p), bad) == -1)
			return -1;
		if (comma == NULL)
			break;
		p = comma + 1;
		if (buf_putc(b, ',') == -1)
			return -1;
	}
	return buf_putc(b, ']');
}

static int
put_set_bits(struct buf *b, const struct column *c, uint64_t bits, uint64_t *bad)
{
	size_t i, written = 0;

	if (buf_putc(b, '[') == -1)
		return -1;
	for (i = 0; i < c->members_count; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if ((written++ > 0 && buf_putc(b, ',') == -1) ||
		    json_put_string(b, c->members[i].text, c->members[i].len, bad) == -1)
			return -1;
	}
	return buf_putc(b, ']');
}

/* --numbers=safe writes it as a string. */
static bool
is_big(const struct column *c, const struct value_options *o)
{
	return o->safe_numbers && c->kind == COLUMN_INT && c->bytes == 8;
}

static char *
put_quote(char *to, bool quoted)
{
	*to = '"';
	return to + quoted;
}

static char *
put_int(char *to, const struct value *v, bool quoted)
{
	to = put_quote(to, quoted);
	return put_quote(v->type == VALUE_INT ? put_i(to, v->i) : put_u(to, v->u), quoted);
}

static char *
put_octets(char *to, const struct column *c, const struct value *v)
{
	to = put_quote(to, true);
	return put_quote(to + octets_text(c->kind, v->octets, to), true);
}

/* ENUM's index, SET's bits. */
static int
put_members(struct buf *b, const struct column *c, uint64_t u, uint64_t *bad, struct error *e)
{
	if (c->kind == COLUMN_ENUM) {
		if (u > c->members_count)
			return misfit(e, c, "an ENUM index beyond its members");
		return u == 0 ? buf_puts(b, "\"\"") :
		    json_put_string(b, c->members[u - 1].text, c->members[u - 1].len, bad);
	}
	if (c->members_count < 64 && u >> c->members_count != 0)
		return misfit(e, c, "a SET bit beyond its members");
	return put_set_bits(b, c, u, bad);
}

static int
put_quoted(struct buf *b, const char *p, size_t n, bool quoted)
{
	if ((quoted && buf_putc(b, '"') == -1) || buf_add(b, p, n) == -1)
		return -1;
	return quoted ? buf_putc(b, '"') : 0;
}

/* Every digit that is declared. */
static int
put_decimal(struct buf *b, const struct column *c, const struct value *v, bool quoted)
{
	const char *p = v->bytes.p, *end = p + v->bytes.n, *dot = memchr(p, '.', v->bytes.n);
	size_t have = dot == NULL ? 0 : (size_t)(end - dot) - 1, zeros = c->scale > have ? c->scale - have : 0;
	bool bare = dot == p || (dot == p + 1 && *p == '-');	/* .5 */

	if (zeros == 0 && !bare)
		return put_quoted(b, p, v->bytes.n, quoted);
	if ((quoted && buf_putc(b, '"') == -1) || (bare && *p == '-' && buf_putc(b, *p++) == -1) ||
	    (bare && buf_putc(b, '0') == -1) || buf_add(b, p, (size_t)(end - p)) == -1 ||
	    (dot == NULL && buf_putc(b, '.') == -1))
		return -1;
	for (; zeros > 0; zeros--)
		if (buf_putc(b, '0') == -1)
			return -1;
	return quoted ? buf_putc(b, '"') : 0;
}

/* Little-endian floats (both servers). */
static int
put_vector(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	struct cursor cur = cur_of(v->bytes.p, v->bytes.n);
	struct value element = { .type = VALUE_FLOAT };
	char mark = '[';
	uint32_t bits;

	if (v->bytes.n % sizeof(bits) != 0)
		return misfit(e, c, "not a whole number of floats");
	for (; cur_left(&cur) > 0; mark = ',') {
		bits = cur_u32(&cur);
		memcpy(&element.f, &bits, sizeof(bits));
		if (buf_putc(b, mark) == -1 || put_float(b, c, &element, e) == -1)
			return -1;
	}
	return buf_puts(b, mark == '[' ? "[]" : "]");
}

static int
put_bytes(struct buf *b, const struct column *c, const struct value *v, const struct value_options *o, struct error *e)
{
	switch (c->kind) {
	case COLUMN_BINARY:
		return (o->hex_binary ? put_hex : put_base64)(b, v->bytes.p, v->bytes.n, padding_of(c, v->bytes.n));
	case COLUMN_JSON:
		if (json_put_minified(b, v->bytes.p, v->bytes.n, e) == -1)
			return error_at(e, "column %s", c->name);
		return 0;
	case COLUMN_SET:
		return put_set_text(b, v->bytes.p, v->bytes.n, o->bad_bytes);
	case COLUMN_TEXT:
	case COLUMN_ENUM:
		return put_text(b, c, v, o->bad_bytes);
	case COLUMN_VECTOR:
		return put_vector(b, c, v, e);
	case COLUMN_GEOMETRY:
		if (geometry_put_json(b, v->bytes.p, v->bytes.n) == -1)
			return errno == EBADMSG ? misfit(e, c, "not a geometry") : -1;
		return 0;
	default:
		return misfit(e, c, "not a value of its type");
	}
}

/* What takes at most SHORT_TEXT bytes; NULL: it is something else. */
static char *
put_short(char *to, const struct column *c, const struct value *v, const struct value_options *o)
{
	switch (v->type) {
	case VALUE_NULL: return put_const(to, "null");
	case VALUE_INT: return put_int(to, v, is_big(c, o));
	case VALUE_UINT:
		if (c->kind == COLUMN_BIT && c->length == 1)
			return v->u != 0 ? put_const(to, "true") : put_const(to, "false");
		return c->kind == COLUMN_ENUM || c->kind == COLUMN_SET ? NULL : put_int(to, v, is_big(c, o));
	case VALUE_TIME: return put_time_json(to, c, &v->time, o);
	case VALUE_OCTETS: return put_octets(to, c, v);
	default: return NULL;
	}
}

static __attribute__((noinline)) int
put_long(struct buf *b, const struct column *c, const struct value *v, const struct value_options *o, struct error *e)
{
	int rc;

	switch (v->type) {
	case VALUE_UINT: return put_members(b, c, v->u, o->bad_bytes, e);
	case VALUE_DIGITS: return put_decimal(b, c, v, o->safe_numbers);
	case VALUE_FLOAT:
	case VALUE_DOUBLE: return put_float(b, c, v, e);
	case VALUE_BYTES:
	case VALUE_UTF8: return put_bytes(b, c, v, o, e);
	case VALUE_BINARY_JSON:
		if ((rc = binary_json_put(b, v->bytes.p, v->bytes.n, o->bad_bytes)) == -1 && errno == EBADMSG)
			misfit(e, c, "not a value of binary JSON");
		return rc;
	case VALUE_JSON: return buf_add(b, v->bytes.p, v->bytes.n);
	default: return misfit(e, c, "no value");
	}
}

int
value_put_json(struct buf *b, const struct column *c, const struct value *v, const struct value_options *o,
    struct error *e)
{
	char *to = buf_room(b, SHORT_TEXT), *end;
	int rc;

	if (to != NULL && (end = put_short(to, c, v, o)) != NULL) {
		b->len = (size_t)(end - b->data);
		return 0;
	}
	e->rc = RC_OK;
	rc = to == NULL ? -1 : put_long(b, c, v, o, e);
	return rc == -1 && e->rc == RC_OK ? failed(e, c) : rc;
}

/* Text in a key: hex as soon as one byte of it is not valid, or else two keys could become one. */
static int
put_key_text(struct buf *b, const struct column *c, const struct value *v)
{
	uint64_t bad = 0;
	size_t was = b->len;

	if (put_text(b, c, v, &bad) == -1)
		return -1;
	if (bad == 0)
		return 0;
	b->len = was;
	return put_hex(b, v->bytes.p, v->bytes.n, 0);
}

static int
put_key_set(struct buf *b, const struct column *c, uint64_t bits)
{
	size_t i, written = 0;
	struct buf text;
	int rc = 0;

	if (buf_init(&text, 1 << 20) == -1)
		return -1;
	for (i = 0; i < c->members_count && rc == 0; i++) {
		if ((bits >> i & 1) == 0)
			continue;
		if (written++ > 0)
			rc = buf_putc(&text, ',');
		if (rc == 0)
			rc = buf_add(&text, c->members[i].text, c->members[i].len);
	}
	if (rc == 0)
		rc = json_put_string(b, text.data, text.len, NULL);
	buf_free(&text);
	return rc;
}

static int
put_key_members(struct buf *b, const struct column *c, uint64_t u, struct error *e)
{
	return c->kind == COLUMN_SET ? put_key_set(b, c, u) : put_members(b, c, u, NULL, e);
}

/* Years have two or four digits, whole numbers as many as they need. */
static char *
put_key_int(char *to, const struct column *c, const struct value *v)
{
	unsigned digits = c->length == 2 ? 2 : 4;

	if (c->kind != COLUMN_YEAR)
		return put_int(to, v, true);
	return put_quote(put_digits(put_quote(to, true), (uint32_t)v->u, digits), true);
}

static char *
put_key_time(char *to, const struct column *c, const struct value_time *t)
{
	to = put_quote(to, true);
	return put_quote(to + put_temporal(to, c, t, ' '), true);
}

/* As put_short. */
static char *
put_short_key(char *to, const struct column *c, const struct value *v)
{
	switch (v->type) {
	case VALUE_INT: return put_key_int(to, c, v);
	case VALUE_UINT: return c->kind == COLUMN_ENUM || c->kind == COLUMN_SET ? NULL : put_key_int(to, c, v);
	case VALUE_TIME: return put_key_time(to, c, &v->time);
	case VALUE_OCTETS: return put_octets(to, c, v);
	default: return NULL;
	}
}

static int
put_long_key(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	switch (v->type) {
	case VALUE_UINT: return put_key_members(b, c, v->u, e);
	case VALUE_DIGITS: return put_decimal(b, c, v, true);
	case VALUE_BYTES:
	case VALUE_UTF8:
		if (c->kind == COLUMN_GEOMETRY || c->kind == COLUMN_VECTOR)
			return misfit(e, c, "not a key's value");
		return c->kind == COLUMN_BINARY ? put_hex(b, v->bytes.p, v->bytes.n, padding_of(c, v->bytes.n)) :
		    put_key_text(b, c, v);
	case VALUE_NULL: return misfit(e, c, "NULL in a key");
	default: return misfit(e, c, "not a key's value");
	}
}

int
value_put_key(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	char *to = buf_room(b, SHORT_TEXT), *end;
	int rc;

	if (to != NULL && (end = put_short_key(to, c, v)) != NULL) {
		b->len = (size_t)(end - b->data);
		return 0;
	}
	e->rc = RC_OK;
	rc = to == NULL ? -1 : put_long_key(b, c, v, e);
	return rc == -1 && e->rc == RC_OK ? failed(e, c) : rc;
}

bool
value_is_forever(const struct value *v)
{
	if (v->type != VALUE_TIME)
		return v->type == VALUE_UINT && v->u == UINT64_MAX;
	return (v->time.year == 2038 || v->time.year == 2106) && v->time.micro == 999999;
}
