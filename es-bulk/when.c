/* SPDX-License-Identifier: ISC */
/* Row filters. */
#include <stdlib.h>
#include <string.h>

#include "es-bulk/when.h"

/* A number's digits: sign, before the point without zeros in front, behind it without zeros at the end. */
struct decimal {
	bool negative;
	const char *whole, *part;
	size_t whole_n, part_n;
};

/* false: it has an exponent, or is no number. */
static bool
read_decimal(const char *p, size_t n, struct decimal *d)
{
	const char *end = p + n;

	memset(d, 0, sizeof(*d));
	if (p < end && *p == '-') {
		d->negative = true;
		p++;
	}
	while (p + 1 < end && *p == '0' && p[1] != '.')
		p++;
	d->whole = p;
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	d->whole_n = (size_t)(p - d->whole);
	if (p < end && *p == '.') {
		d->part = ++p;
		while (p < end && *p >= '0' && *p <= '9')
			p++;
		d->part_n = (size_t)(p - d->part);
	}
	while (d->part_n > 0 && d->part[d->part_n - 1] == '0')
		d->part_n--;
	if (d->whole_n == 1 && *d->whole == '0')
		d->whole_n = 0;
	if (d->whole_n == 0 && d->part_n == 0)
		d->negative = false;
	return p == end && n > 0;
}

static int
compare_bytes(const char *a, size_t n, const char *b, size_t m)
{
	size_t least = n < m ? n : m;
	int c = least == 0 ? 0 : memcmp(a, b, least);

	return c != 0 ? c : n < m ? -1 : n > m;
}

/* Exact for what has no exponent: BIGINT and DECIMAL have more digits than a double. */
static int
compare_numbers(const char *a, size_t n, const char *b, size_t m)
{
	struct decimal x, y;
	double p, q;
	int c;

	if (!read_decimal(a, n, &x) || !read_decimal(b, m, &y)) {
		p = strtod(a, NULL);	/* a number ends where its JSON goes on */
		q = strtod(b, NULL);
		return p < q ? -1 : p > q;
	}
	if (x.negative != y.negative)
		return x.negative ? -1 : 1;
	c = x.whole_n != y.whole_n ? (x.whole_n < y.whole_n ? -1 : 1) : compare_bytes(x.whole, x.whole_n, y.whole, y.whole_n);
	if (c == 0)
		c = compare_bytes(x.part, x.part_n, y.part, y.part_n);
	return x.negative ? -c : c;
}

static bool
is_number(const char *text, size_t n)
{
	struct decimal d;

	return read_decimal(text, n, &d);
}

static int
compare_texts(const struct json *a, int x, const struct json *b, int y)
{
	char *s = json_strdup(a, x), *t = json_strdup(b, y);
	int c = s == NULL || t == NULL ? 2 : strcmp(s, t);

	free(s);
	free(t);
	return c == 2 ? 2 : (c > 0) - (c < 0);
}

/* Below 0, 0, above 0; 2: they are of kinds that have no order between them, and are not equal. true and false are 1 and
 * 0; a string of digits, as --numbers=safe has it, is the number beside a number. */
static int
compare(const struct json *a, int x, const struct json *b, int y)
{
	enum json_type s = json_type(a, x), t = json_type(b, y);
	const char *p, *q;
	size_t n, m;
	int c;

	if (s == JSON_NULL || t == JSON_NULL)
		return s == t ? 0 : 2;
	if (s == JSON_STRING && t == JSON_STRING)
		return compare_texts(a, x, b, y);
	p = json_raw(a, x, &n);
	q = json_raw(b, y, &m);
	if (s == JSON_TRUE || s == JSON_FALSE) {
		p = s == JSON_TRUE ? "1" : "0";
		n = 1;
	}
	if (t == JSON_TRUE || t == JSON_FALSE) {
		q = t == JSON_TRUE ? "1" : "0";
		m = 1;
	}
	if (s <= JSON_ARRAY || t <= JSON_ARRAY || (s == JSON_STRING && !is_number(p, n)) ||
	    (t == JSON_STRING && !is_number(q, m)))
		return 2;
	c = compare_numbers(p, n, q, m);
	return (c > 0) - (c < 0);
}

/* Is it the value, or one of the array's? */
static bool
is_among(const struct json *row, int value, const struct json *w, int want)
{
	int at;

	if (json_type(w, want) != JSON_ARRAY)
		return compare(row, value, w, want) == 0;
	for (at = json_first(w, want); at != -1; at = json_next(w, at))
		if (compare(row, value, w, at) == 0)
			return true;
	return false;
}

/* {"not": …, "gt": …, "gte": …, "lt": …, "lte": …}: all of them */
static bool
holds_all(const struct json *row, int value, const struct json *w, int tests)
{
	bool ok = true;
	int at, c;

	for (at = json_first(w, tests); at != -1 && ok; at = json_next(w, at)) {
		if (json_is(w, at, "not")) {
			ok = !is_among(row, value, w, at + 1);
			continue;
		}
		c = compare(row, value, w, at + 1);
		if (json_is(w, at, "gt"))
			ok = c == 1;
		else if (json_is(w, at, "gte"))
			ok = c == 0 || c == 1;
		else if (json_is(w, at, "lt"))
			ok = c == -1;
		else
			ok = c == 0 || c == -1;
	}
	return ok;
}

int
when_holds(const struct json *w, int when, const struct json *row, int object, int *column)
{
	int at, value;
	char *name;

	for (at = json_first(w, when); at != -1; at = json_next(w, at)) {
		*column = at;
		name = json_strdup(w, at);
		value = name == NULL ? -1 : json_member(row, object, name);
		free(name);
		if (value == -1)
			return -1;
		if (json_type(w, at + 1) == JSON_OBJECT ? !holds_all(row, value, w, at + 1) :
		    !is_among(row, value, w, at + 1))
			return 0;
	}
	return 1;
}
