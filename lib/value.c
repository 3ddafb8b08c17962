/* SPDX-License-Identifier: ISC */
/* The one encoder of values. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/utf8.h"
#include "lib/value.h"

#define MAX_SCRATCH ((size_t)2 << 30)	/* a LONGTEXT in another character set */

static int
failed(struct error *e, const struct column *c)
{
	return error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "column %s: %s", c->name,
	    errno == EMSGSIZE ? "the row is longer than a line may be" : strerror(errno));
}

static int
misfit(struct error *e, const struct column *c, const char *what)
{
	return error_set(e, RC_FAIL, "column %s (%s): %s", c->name, c->type, what);
}

static void
put_two(char *to, unsigned v)
{
	to[0] = (char)('0' + v / 10 % 10);
	to[1] = (char)('0' + v % 10);
}

static size_t
put_fraction(char *to, unsigned digits, uint32_t micro)
{
	unsigned i, div = 100000;

	if (digits == 0)
		return 0;
	to[0] = '.';
	for (i = 1; i <= digits; i++, div /= 10)
		to[i] = (char)('0' + micro / div % 10);
	return digits + 1;
}

/* YYYY-MM-DD */
static size_t
put_date(char *to, const struct value_time *t)
{
	put_two(to, t->year / 100U);
	put_two(to + 2, t->year % 100U);
	to[4] = '-';
	put_two(to + 5, t->month);
	to[7] = '-';
	put_two(to + 8, t->day);
	return 10;
}

static size_t
put_clock(char *to, const struct value_time *t, unsigned fraction)
{
	put_two(to, t->hour);
	to[2] = ':';
	put_two(to + 3, t->minute);
	to[5] = ':';
	put_two(to + 6, t->second);
	return 8 + put_fraction(to + 8, fraction, t->micro);
}

static size_t
put_time(char *to, const struct value_time *t, unsigned fraction)
{
	size_t n = 0;

	if (t->negative)
		to[n++] = '-';
	if (t->hour > 99)
		to[n++] = (char)('0' + t->hour / 100);
	return n + put_clock(to + n, t, fraction);
}

/* The column's temporal text; between date and time stands `middle`. */
static size_t
put_temporal(char *to, const struct column *c, const struct value_time *t, char middle)
{
	size_t n;

	if (c->kind == COLUMN_TIME)
		return put_time(to, t, c->fraction);
	n = put_date(to, t);
	if (c->kind == COLUMN_DATE)
		return n;
	to[n++] = middle;
	return n + put_clock(to + n, t, c->fraction);
}

static int
put_time_json(struct buf *b, const struct column *c, const struct value_time *t, const struct value_options *o)
{
	char text[48], *p = text;

	if (c->kind != COLUMN_TIME && (t->month == 0 || t->day == 0) && !o->keep_zero_dates)
		return buf_add(b, "null", 4);
	*p++ = '"';
	p += put_temporal(p, c, t, 'T');
	if (c->kind == COLUMN_TIMESTAMP && t->month != 0)
		*p++ = 'Z';
	*p++ = '"';
	return buf_add(b, text, (size_t)(p - text));
}

/* The shortest digits that read back as the same number. */
static int
put_float(struct buf *b, const struct value *v)
{
	char text[40];
	int digits, n = 0;

	if (v->type == VALUE_FLOAT) {
		for (digits = 6; digits <= 9; digits++) {
			n = snprintf(text, sizeof(text), "%.*g", digits, (double)v->f);
			if (strtof(text, NULL) == v->f)
				break;
		}
	} else {
		for (digits = 15; digits <= 17; digits++) {
			n = snprintf(text, sizeof(text), "%.*g", digits, v->d);
			if (strtod(text, NULL) == v->d)
				break;
		}
	}
	return buf_add(b, text, (size_t)n);
}

static int
put_base64(struct buf *b, const char *bytes, size_t n, size_t padding)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = (const uint8_t *)bytes;
	size_t total = n + padding, i, k;
	uint32_t bits;
	char *to = buf_room(b, (total + 2) / 3 * 4 + 2);

	if (to == NULL)
		return -1;
	*to++ = '"';
	for (i = 0; i < total; i += 3) {
		for (bits = 0, k = i; k < i + 3; k++)
			bits = bits << 8 | (k < n ? p[k] : 0);
		to[0] = alphabet[bits >> 18];
		to[1] = alphabet[bits >> 12 & 63];
		to[2] = i + 1 < total ? alphabet[bits >> 6 & 63] : '=';
		to[3] = i + 2 < total ? alphabet[bits & 63] : '=';
		to += 4;
	}
	*to++ = '"';
	b->len = (size_t)(to - b->data);
	return 0;
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

/* Text in the column's character set as a JSON string. */
static int
put_text(struct buf *b, const struct column *c, const struct value *v, uint64_t *bad)
{
	uint64_t none = 0;
	struct buf utf8;
	int rc;

	if (v->type == VALUE_UTF8 || c->charset == NULL || charset_is_utf8(c->charset))
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

/* VALUE_UINT by the column's kind. */
static int
put_uint(struct buf *b, const struct column *c, uint64_t u, const struct value_options *o, struct error *e)
{
	bool quoted = o->safe_numbers && c->kind == COLUMN_INT && c->bytes == 8;

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
	if ((quoted && buf_putc(b, '"') == -1) || buf_putu(b, u) == -1)
		return -1;
	return quoted ? buf_putc(b, '"') : 0;
}

static int
put_quoted(struct buf *b, const char *p, size_t n, bool quoted)
{
	if ((quoted && buf_putc(b, '"') == -1) || buf_add(b, p, n) == -1)
		return -1;
	return quoted ? buf_putc(b, '"') : 0;
}

static int
put_bytes(struct buf *b, const struct column *c, const struct value *v, const struct value_options *o, struct error *e)
{
	switch (c->kind) {
	case COLUMN_BINARY:
		return put_base64(b, v->bytes.p, v->bytes.n, padding_of(c, v->bytes.n));
	case COLUMN_JSON:
		if (json_put_minified(b, v->bytes.p, v->bytes.n, e) == -1)
			return error_at(e, "column %s", c->name);
		return 0;
	case COLUMN_SET:
		return put_set_text(b, v->bytes.p, v->bytes.n, o->bad_bytes);
	case COLUMN_TEXT:
	case COLUMN_ENUM:
	case COLUMN_UUID:
	case COLUMN_INET4:
	case COLUMN_INET6:
		return put_text(b, c, v, o->bad_bytes);
	default:
		return misfit(e, c, "values of this type are not read yet");
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
	case VALUE_INT:
		if (o->safe_numbers && c->bytes == 8)
			rc = buf_putf(b, "\"%" PRId64 "\"", v->i);
		else
			rc = buf_puti(b, v->i);
		break;
	case VALUE_UINT: rc = put_uint(b, c, v->u, o, e); break;
	case VALUE_DIGITS: rc = put_quoted(b, v->bytes.p, v->bytes.n, o->safe_numbers); break;
	case VALUE_FLOAT:
	case VALUE_DOUBLE: rc = put_float(b, v); break;
	case VALUE_TIME: rc = put_time_json(b, c, &v->time, o); break;
	case VALUE_BYTES:
	case VALUE_UTF8: rc = put_bytes(b, c, v, o, e); break;
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
		return buf_putf(b, "\"%04" PRIu64 "\"", u);
	return buf_putf(b, "\"%" PRIu64 "\"", u);
}

int
value_put_key(struct buf *b, const struct column *c, const struct value *v, struct error *e)
{
	char text[48];
	int rc;

	e->rc = RC_OK;
	switch (v->type) {
	case VALUE_INT: rc = buf_putf(b, "\"%" PRId64 "\"", v->i); break;
	case VALUE_UINT: rc = put_key_uint(b, c, v->u, e); break;
	case VALUE_DIGITS: rc = put_quoted(b, v->bytes.p, v->bytes.n, true); break;
	case VALUE_TIME: rc = put_quoted(b, text, put_temporal(text, c, &v->time, ' '), true); break;
	case VALUE_BYTES:
	case VALUE_UTF8:
		rc = c->kind == COLUMN_BINARY ? put_hex(b, v->bytes.p, v->bytes.n, padding_of(c, v->bytes.n)) :
		    put_key_text(b, c, v);
		break;
	case VALUE_NULL: return misfit(e, c, "NULL in a key");
	default: return misfit(e, c, "not a key's value");
	}
	return rc == -1 && e->rc == RC_OK ? failed(e, c) : rc;
}
