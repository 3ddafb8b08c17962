/* SPDX-License-Identifier: ISC */
/* Numbers by their digits. */
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"

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
int
number_compare(const char *a, size_t n, const char *b, size_t m)
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

bool
number_is_plain(const char *text, size_t n)
{
	struct decimal d;

	return read_decimal(text, n, &d);
}
