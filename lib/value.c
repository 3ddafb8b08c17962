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
#include "lib/utf8.h"
#include "lib/value.h"

#define MAX_SCRATCH ((size_t)2 << 30)	/* a LONGTEXT in another character set */

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

static int
put_time_json(struct buf *b, const struct column *c, const struct value_time *t, const struct value_options *o)
{
	char text[TEMPORAL_TEXT + 3], *p = text;

	if (c->kind != COLUMN_TIME && (t->month == 0 || t->day == 0) && !o->keep_zero_dates)
		return buf_add(b, "null", 4);
	*p++ = '"';
	p += put_temporal(p, c, t, 'T');
	if (c->kind == COLUMN_TIMESTAMP && t->month != 0)
		*p++ = 'Z';
	*p++ = '"';
	return buf_add(b, text, (size_t)(p - text));
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
	uint64_t x, all = 0;
	uint8_t rest = 0;

	for (; n >= sizeof(x); n -= sizeof(x), p += sizeof(x)) {
		memcpy(&x, p, sizeof(x));
		all |= x;
	}
	for (; n > 0; n--, p++)
		rest |= (uint8_t)*p;
	return ((all & 0x8080808080808080) | (rest & 0x80)) == 0;
}

/* Text in the column's character set as a JSON string. */
static int
put_text(struct buf *b, const struct column *c, const struct value *v, uint64_t *bad)
{
	uint64_t none = 0;
	struct buf utf8;
	int rc;

	if (v->type == VALUE_UTF8 || c->charset == NULL || charset_is_utf8(c->charset) ||
	    (charset_keeps_ascii(c->charset) && is_ascii(v->bytes.p, v->bytes.n)))
		return json_put_string(b, v->bytes.p, v->bytes.n, bad);
	if (buf_init(&utf8, MAX_SCRATCH) == -1)
		return -1;
	rc = charset_put_utf8(c->charset, &utf8, v->bytes.p, v->bytes.n, bad != NULL ? bad : &none);
	if (rc == 0)
		rc = json_put_string(b, utf8.data, utf8.len, bad);
	buf_free(&utf8);
	return rc;
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

static int
put_quoted_u(struct buf *b, uint64_t u)
{
	return buf_putc(b, '"') == -1 || buf_putu(b, u) == -1 ? -1 : buf_putc(b, '"');
}

static int
put_quoted_i(struct buf *b, int64_t i)
{
	return buf_putc(b, '"') == -1 || buf_puti(b, i) == -1 ? -1 : buf_putc(b, '"');
}

/* VALUE_UINT by the column's kind. */
static int
put_uint(struct buf *b, const struct column *c, uint64_t u, const struct value_options *o, struct error *e)
{
	switch (c->kind) {
	case COLUMN_BIT:
		if (c->length == 1)
			return buf_puts(b, u != 0 ? "true" : "false");
		return buf_putu(b, u);
	case COLUMN_ENUM:
		if (u > c->members_count)
			return misfit(e, c, "an ENUM index beyond its members");
		return u == 0 ? buf_puts(b, "\"\"") :
		    json_put_string(b, c->members[u - 1].text, c->members[u - 1].len, o->bad_bytes);
	case COLUMN_SET:
		if (c->members_count < 64 && u >> c->members_count != 0)
			return misfit(e, c, "a SET bit beyond its members");
		return put_set_bits(b, c, u, o->bad_bytes);
	default:
		break;
	}
	return is_big(c, o) ? put_quoted_u(b, u) : buf_putu(b, u);
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
put_digits(struct buf *b, const struct column *c, const struct value *v, bool quoted)
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
put_octets(struct buf *b, const struct column *c, const struct value *v)
{
	char text[OCTETS_TEXT];

	return put_quoted(b, text, octets_text(c->kind, v->octets, text), true);
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

int
value_put_json(struct buf *b, const struct column *c, const struct value *v, const struct value_options *o,
    struct error *e)
{
	int rc;

	e->rc = RC_OK;
	switch (v->type) {
	case VALUE_NULL: rc = buf_add(b, "null", 4); break;
	case VALUE_INT: rc = is_big(c, o) ? put_quoted_i(b, v->i) : buf_puti(b, v->i); break;
	case VALUE_UINT: rc = put_uint(b, c, v->u, o, e); break;
	case VALUE_DIGITS: rc = put_digits(b, c, v, o->safe_numbers); break;
	case VALUE_FLOAT:
	case VALUE_DOUBLE: rc = put_float(b, c, v, e); break;
	case VALUE_TIME: rc = put_time_json(b, c, &v->time, o); break;
	case VALUE_OCTETS: rc = put_octets(b, c, v); break;
	case VALUE_BYTES:
	case VALUE_UTF8: rc = put_bytes(b, c, v, o, e); break;
	case VALUE_BINARY_JSON:
		if ((rc = binary_json_put(b, v->bytes.p, v->bytes.n, o->bad_bytes)) == -1 && errno == EBADMSG)
			misfit(e, c, "not a value of binary JSON");
		break;
	case VALUE_JSON: rc = buf_add(b, v->bytes.p, v->bytes.n); break;
	default: rc = misfit(e, c, "no value");
	}
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
put_key_uint(struct buf *b, const struct column *c, uint64_t u, struct error *e)
{
	static const struct value_options plain_numbers;

	if (c->kind == COLUMN_SET)
		return put_key_set(b, c, u);
	if (c->kind == COLUMN_ENUM)
		return put_uint(b, c, u, &plain_numbers, e);
	if (c->kind == COLUMN_YEAR)
		return buf_putf(b, "\"%0*" PRIu64 "\"", c->length == 2 ? 2 : 4, u);
	return put_quoted_u(b, u);
}

int
value_put_key(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	char text[TEMPORAL_TEXT];
	int rc;

	e->rc = RC_OK;
	switch (v->type) {
	case VALUE_INT: rc = put_quoted_i(b, v->i); break;
	case VALUE_UINT: rc = put_key_uint(b, c, v->u, e); break;
	case VALUE_DIGITS: rc = put_digits(b, c, v, true); break;
	case VALUE_TIME: rc = put_quoted(b, text, put_temporal(text, c, &v->time, ' '), true); break;
	case VALUE_OCTETS: rc = put_octets(b, c, v); break;
	case VALUE_BYTES:
	case VALUE_UTF8:
		if (c->kind == COLUMN_GEOMETRY || c->kind == COLUMN_VECTOR)
			return misfit(e, c, "not a key's value");
		rc = c->kind == COLUMN_BINARY ? put_hex(b, v->bytes.p, v->bytes.n, padding_of(c, v->bytes.n)) :
		    put_key_text(b, c, v);
		break;
	case VALUE_NULL: return misfit(e, c, "NULL in a key");
	default: return misfit(e, c, "not a key's value");
	}
	return rc == -1 && e->rc == RC_OK ? failed(e, c) : rc;
}

bool
value_is_forever(const struct value *v)
{
	if (v->type != VALUE_TIME)
		return v->type == VALUE_UINT && v->u == UINT64_MAX;
	return (v->time.year == 2038 || v->time.year == 2106) && v->time.micro == 999999;
}
