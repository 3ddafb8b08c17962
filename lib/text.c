/* SPDX-License-Identifier: ISC */
/* Values from SQL text: a dump's literals, SELECT's results. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/value.h"

static int
misfit(struct error *e, const struct column *c, const char *text, size_t n)
{
	return error_set(e, RC_FAIL, "column %s (%s): not a value of its type: %.*s", c->name, c->type,
	    error_shown(n, 60), text);
}

/* Digits at *p up to n of them; moves *p. -1: none. */
static int
digits(const char **p, const char *end, unsigned most, unsigned *v)
{
	const char *from = *p;

	for (*v = 0; *p < end && **p >= '0' && **p <= '9' && *p - from < (int)most; ++*p)
		*v = *v * 10 + (unsigned)(**p - '0');
	return *p == from ? -1 : 0;
}

static bool
take(const char **p, const char *end, char c)
{
	if (*p == end || **p != c)
		return false;
	++*p;
	return true;
}

/* hh:mm:ss[.ffffff] to the end of the text. */
static int
clock_from(struct value_time *t, const char *p, const char *end)
{
	unsigned hour, minute, second, i;

	if (digits(&p, end, 3, &hour) == -1 || !take(&p, end, ':') || digits(&p, end, 2, &minute) == -1 ||
	    !take(&p, end, ':') || digits(&p, end, 2, &second) == -1 || minute > 59 || second > 59 || hour > 838)
		return -1;
	t->hour = (uint16_t)hour;
	t->minute = (uint8_t)minute;
	t->second = (uint8_t)second;
	if (take(&p, end, '.')) {
		if (p == end)
			return -1;
		for (i = 0; i < 6; i++) {
			t->micro *= 10;
			if (p < end && *p >= '0' && *p <= '9')
				t->micro += (uint32_t)(*p++ - '0');
		}
	}
	return p == end ? 0 : -1;
}

/* YYYY-MM-DD[ hh:mm:ss[.ffffff]]; a year of two digits would be another one */
static int
date_from(struct value_time *t, const struct column *c, const char *p, const char *end)
{
	unsigned year, month, day;

	if (end - p < 5 || p[4] != '-' || digits(&p, end, 4, &year) == -1 || !take(&p, end, '-') || digits(&p, end, 2, &month) == -1 ||
	    !take(&p, end, '-') || digits(&p, end, 2, &day) == -1 || month > 12 || day > 31)
		return -1;
	t->year = (uint16_t)year;
	t->month = (uint8_t)month;
	t->day = (uint8_t)day;
	if (c->kind == COLUMN_DATE)
		return p == end ? 0 : -1;
	if (p == end)
		return 0;	/* midnight */
	return take(&p, end, ' ') && clock_from(t, p, end) == 0 && t->hour < 24 ? 0 : -1;
}

static int
temporal_from(struct value *v, const struct column *c, const char *p, size_t n, const struct value_options *o)
{
	struct value_time *t = &v->time;
	const char *end = p + n;
	int64_t seconds;

	v->type = VALUE_TIME;
	memset(t, 0, sizeof(*t));
	if (c->kind == COLUMN_TIME) {
		t->negative = take(&p, end, '-');
		return clock_from(t, p, end);
	}
	if (date_from(t, c, p, end) == -1)
		return -1;
	if (c->kind == COLUMN_TIMESTAMP && o->utc_offset_s != 0 && t->month != 0) {
		seconds = temporal_days(t) * 86400 + t->hour * 3600 + t->minute * 60 + t->second - o->utc_offset_s;
		if (seconds < 0)
			return -1;	/* TIMESTAMP begins in 1970 */
		value_time_from_unix(t, seconds, t->micro);
	}
	return 0;
}

/* The digits of a whole number up to max. */
static int
whole_from(uint64_t *u, const char *p, size_t n, uint64_t max)
{
	uint64_t digit;

	if (n == 0)
		return -1;
	for (*u = 0; n > 0; n--, p++) {
		digit = (uint64_t)(*p - '0');
		if (*p < '0' || *p > '9' || digit > max || *u > (max - digit) / 10)
			return -1;
		*u = *u * 10 + digit;
	}
	return 0;
}

/* Also zerofill's leading zeros. */
static int
int_from(struct value *v, const struct column *c, const char *p, size_t n)
{
	uint64_t most = UINT64_MAX >> (64 - 8 * c->bytes), u;
	bool negative = n > 0 && *p == '-';

	if (c->is_unsigned) {
		v->type = VALUE_UINT;
		return whole_from(&v->u, p, n, most);
	}
	if (whole_from(&u, p + negative, n - negative, most / 2 + negative) == -1)
		return -1;
	v->type = VALUE_INT;
	v->i = negative ? (int64_t)(0 - u) : (int64_t)u;
	return 0;
}

static int
uint_from(struct value *v, const char *p, size_t n, uint64_t max)
{
	v->type = VALUE_UINT;
	return whole_from(&v->u, p, n, max);
}

/* The same digits that a binlog's decimal gives: no leading zeros (zerofill), no sign of a zero; value_put_… adds the
 * zeros that a person left out before the point and behind it. */
static int
decimal_from(struct value *v, const struct column *c, const char *p, size_t n)
{
	bool plus = n > 0 && *p == '+', negative = n > 0 && *p == '-', zero = true;
	size_t first = plus || negative, i, dot = n;

	while (first + 1 < n && p[first] == '0' && p[first + 1] != '.')
		first++;
	for (i = first; i < n; i++) {
		if (p[i] == '.' && dot == n)
			dot = i;
		else if (p[i] < '0' || p[i] > '9')
			return -1;
		zero = zero && (p[i] == '0' || p[i] == '.');
	}
	if (first == n || (first == dot && dot + 1 == n) || (dot < n && n - dot - 1 > c->scale))
		return -1;
	if (dot + 1 == n)
		n = dot;
	if (dot - first > (size_t)(c->precision - c->scale) && (p[first] != '0' || dot - first > 1))
		return -1;
	if (negative && !zero && first-- > 1)
		return -1;	/* zeros between: no server prints them, and the sign must stand before the digits */
	v->type = VALUE_DIGITS;
	v->bytes.p = p + first;
	v->bytes.n = n - first;
	return 0;
}

static int
float_from(struct value *v, const struct column *c, const char *p, size_t n)
{
	char text[400], *end;	/* DOUBLE(255,30) prints up to 309 digits and its fraction */

	if (n == 0 || n >= sizeof(text))
		return -1;
	memcpy(text, p, n);
	text[n] = '\0';
	if (c->kind == COLUMN_FLOAT) {
		v->type = VALUE_FLOAT;
		v->f = strtof(text, &end);
	} else {
		v->type = VALUE_DOUBLE;
		v->d = strtod(text, &end);
	}
	if (end != text + n || strspn(text, "0123456789+-.eE") != n)
		return -1;
	return isfinite(v->type == VALUE_FLOAT ? (double)v->f : v->d) ? 0 : -1;
}

/* BIT comes as raw big-endian bytes, or as a number. */
static int
bit_from(struct value *v, const struct column *c, enum text_form form, const char *p, size_t n)
{
	uint64_t most = UINT64_MAX >> (64 - c->length);
	size_t i;

	if (form == TEXT_NUMBER)
		return uint_from(v, p, n, most);
	v->type = VALUE_UINT;
	for (v->u = 0, i = 0; i < n; i++) {
		if (v->u > most >> 8)
			return -1;
		v->u = v->u << 8 | (uint8_t)p[i];
	}
	return v->u > most ? -1 : 0;
}

/* Members by name, or as a number: their index, their bits. */
static int
members_from(struct value *v, const struct column *c, enum text_form form, const char *p, size_t n)
{
	if (form == TEXT_NUMBER)
		return uint_from(v, p, n, c->kind == COLUMN_ENUM ? c->members_count :
		    c->members_count == 0 ? 0 : UINT64_MAX >> (64 - c->members_count));
	v->type = VALUE_UTF8;
	v->bytes.p = p;
	v->bytes.n = n;
	return 0;
}

/* As text, or as the octets themselves. */
static int
octets_from(struct value *v, const struct column *c, enum text_form form, const char *p, size_t n)
{
	v->type = VALUE_OCTETS;
	if (form != TEXT_HEX || n != octets_count(c->kind))
		return octets_read(c->kind, p, n, v->octets);
	memcpy(v->octets, p, n);
	return 0;
}

int
value_from_text(struct value *v, const struct column *c, enum text_form form, const char *text, size_t len,
    const struct value_options *o, struct error *e)
{
	int rc = 0;

	if (form == TEXT_NULL) {
		v->type = VALUE_NULL;
		return 0;
	}
	switch (c->kind) {
	case COLUMN_INT: rc = int_from(v, c, text, len); break;
	case COLUMN_YEAR: rc = uint_from(v, text, len, c->length == 2 ? 99 : 9999); break;
	case COLUMN_DECIMAL: rc = decimal_from(v, c, text, len); break;
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE: rc = float_from(v, c, text, len); break;
	case COLUMN_BIT: rc = bit_from(v, c, form, text, len); break;
	case COLUMN_DATE:
	case COLUMN_TIME:
	case COLUMN_DATETIME:
	case COLUMN_TIMESTAMP: rc = temporal_from(v, c, text, len, o); break;
	case COLUMN_UUID:
	case COLUMN_INET4:
	case COLUMN_INET6: rc = octets_from(v, c, form, text, len); break;
	case COLUMN_ENUM:
	case COLUMN_SET: rc = members_from(v, c, form, text, len); break;
	default:	/* bytes in hex are the column's own, whatever its character set */
		v->type = c->kind == COLUMN_BINARY || c->kind == COLUMN_VECTOR || c->kind == COLUMN_GEOMETRY ||
		    (c->kind == COLUMN_TEXT && form == TEXT_HEX) ? VALUE_BYTES : VALUE_UTF8;
		v->bytes.p = text;
		v->bytes.n = len;
	}
	return rc == -1 ? misfit(e, c, text, len) : 0;
}
