/* SPDX-License-Identifier: ISC */
/* Keys in SQL. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "literal.h"

static int
misfit(const struct column *c, const char *text, size_t n, struct error *e)
{
	return error_set(e, RC_FAIL, "not a key of column %s (%s): %.*s", c->name, c->type, (int)(n < 60 ? n : 60), text);
}

/* -?D+ and, for decimals, (.D+)? */
static bool
is_number(const char *p, size_t n, bool sign, bool fraction)
{
	const char *end = p + n;
	size_t digits = 0;

	if (sign && p < end && *p == '-')
		p++;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		digits++;
	if (fraction && digits > 0 && end - p > 1 && *p == '.')
		for (p++; p < end && *p >= '0' && *p <= '9'; p++)
			;
	return digits > 0 && p == end;
}

static bool
is_hex(const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
			return false;
	return n % 2 == 0;
}

static int
put_quoted(struct buf *b, MYSQL *my, const char *text, size_t n)
{
	char *to;

	if (buf_putc(b, '\'') == -1 || (to = buf_room(b, 2 * n + 1)) == NULL)
		return -1;
	b->len += mysql_real_escape_string(my, to, text, n);
	return buf_putc(b, '\'');
}

static int
put(struct buf *b, MYSQL *my, const struct column *c, const char *text, size_t n, struct error *e)
{
	bool ok = true;

	switch (c->kind) {
	case COLUMN_INT:
	case COLUMN_BIT:
		ok = is_number(text, n, c->kind == COLUMN_INT && !c->is_unsigned, false);
		break;
	case COLUMN_DECIMAL:
		ok = is_number(text, n, true, true);
		break;
	case COLUMN_YEAR:	/* quoted: a bare 0 is the year 2000 to MySQL */
		ok = is_number(text, n, false, false);
		return ok ? put_quoted(b, my, text, n) : misfit(c, text, n, e);
	case COLUMN_BINARY:
		if (!is_hex(text, n))
			return misfit(c, text, n, e);
		return buf_puts(b, "x'") == -1 || buf_add(b, text, n) == -1 ? -1 : buf_putc(b, '\'');
	default:
		return put_quoted(b, my, text, n);
	}
	return ok ? buf_add(b, text, n) : misfit(c, text, n, e);
}

int
literal_put(struct buf *b, MYSQL *my, const struct column *c, const char *text, size_t n, struct error *e)
{
	e->rc = RC_OK;
	if (put(b, my, c, text, n, e) == 0)
		return 0;
	return e->rc != RC_OK ? -1 : error_set(e, RC_TEMP, "key: %s", strerror(errno));
}

static char
hex_digit(char c)
{
	return (char)(c <= '9' ? c - '0' : c - 'a' + 10);
}

int
literal_value(struct value *v, const struct column *c, char *text, size_t n, struct error *e)
{
	static const struct value_options none;
	enum text_form form = c->kind == COLUMN_BIT ? TEXT_NUMBER : TEXT_STRING;
	size_t i;

	if (c->kind == COLUMN_BINARY) {
		for (i = 0; i < n / 2; i++)
			text[i] = (char)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
		n /= 2;
		form = TEXT_HEX;
	}
	return value_from_text(v, c, form, text, n, &none, e);
}

static bool
is_valid(const struct charset *c, const char *bytes, size_t n)
{
	uint64_t bad = 0;
	struct buf b;
	int rc;

	if (buf_init(&b, 4 * n + 256) == -1)
		return false;
	rc = charset_put_utf8(c, &b, bytes, n, &bad);
	buf_free(&b);
	return rc == 0 && bad == 0;
}

int
literal_put_bytes(struct buf *b, const struct column *c, const char *text, size_t n, struct error *e)
{
	char *bytes;
	bool valid;
	size_t i;

	if (c->kind != COLUMN_TEXT || charset_is_utf8(c->charset) || n == 0 || !is_hex(text, n))
		return 0;
	if ((bytes = malloc(n / 2)) == NULL)
		return error_set(e, RC_TEMP, "key: %s", strerror(errno));
	for (i = 0; i < n / 2; i++)
		bytes[i] = (char)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
	valid = is_valid(c->charset, bytes, n / 2);
	free(bytes);
	if (valid)
		return 0;
	if (buf_putf(b, "_%s x'", charset_name(c->charset)) == -1 || buf_add(b, text, n) == -1 || buf_putc(b, '\'') == -1)
		return error_set(e, RC_TEMP, "key: %s", strerror(errno));
	return 1;
}
