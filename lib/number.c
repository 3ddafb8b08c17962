/* SPDX-License-Identifier: ISC */
/* Floating point numbers to text. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"

/* Exact as doubles. */
static const double tens[] = { 1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };

/* whole / 10^places */
static int
put_decimal(struct buf *b, bool negative, unsigned long long whole, unsigned places)
{
	char text[32], *p = text + sizeof(text);
	unsigned i;

	for (i = 0; i < places; i++, whole /= 10)
		*--p = (char)('0' + whole % 10);
	if (places > 0)
		*--p = '.';
	do
		*--p = (char)('0' + whole % 10);
	while ((whole /= 10) != 0);
	if (negative)
		*--p = '-';
	return buf_add(b, p, (size_t)(text + sizeof(text) - p));
}

/* What %g writes without an exponent. */
static bool
is_common(double positive, int kept)
{
	return positive == 0 || (positive >= 1e-4 && positive < tens[kept]);
}

/* Prices, measurements and the like: a decimal below `limit` in all its digits that, divided by an exact power of ten,
 * gives the number again. 0: it is none. */
static int
put_common(struct buf *b, double v, bool single, double limit, unsigned most_places)
{
	double positive = fabs(v), whole;
	unsigned places;

	for (places = 0; places <= most_places; places++) {
		whole = rint(positive * tens[places]);
		if (whole >= limit)
			return 0;
		if (single ? (float)(whole / tens[places]) == (float)positive : whole / tens[places] == positive)
			return put_decimal(b, signbit(v), (unsigned long long)whole, places) == -1 ? -1 : 1;
	}
	return 0;
}

/* Every decimal of `digits` digits is kept by the type; `most` are enough for each of its numbers. */
static int
put_any(struct buf *b, double v, bool single, int digits, int most)
{
	char text[40];
	int n;

	do
		n = snprintf(text, sizeof(text), "%.*g", digits, v);
	while (digits++ < most && (single ? strtof(text, NULL) != (float)v : strtod(text, NULL) != v));
	return buf_add(b, text, (size_t)n);
}

/* Of up to 15 digits at most one decimal reads as v. From 0.1 on all of them were tried when none was found. */
int
number_put_double(struct buf *b, double v)
{
	double positive = fabs(v);
	int rc;

	if (!isfinite(v)) {
		errno = EDOM;
		return -1;
	}
	if (!is_common(positive, DBL_DIG))
		return put_any(b, v, false, positive < DBL_MIN ? 1 : DBL_DIG, DBL_DECIMAL_DIG);
	if ((rc = put_common(b, v, false, tens[DBL_DIG], DBL_DIG)) != 0)
		return rc == 1 ? 0 : -1;
	return put_any(b, v, false, positive < 0.1 ? DBL_DIG : DBL_DIG + 1, DBL_DECIMAL_DIG);
}

/* 24 bits by eight places are exact in a double, so whole is the decimal that printf would choose; and no quotient is so
 * near the middle of two floats that it is rounded twice. */
int
number_put_float(struct buf *b, float v)
{
	double positive = fabs((double)v);
	int rc;

	if (!isfinite(v)) {
		errno = EDOM;
		return -1;
	}
	if (!is_common(positive, FLT_DIG))
		return put_any(b, (double)v, true, positive < (double)FLT_MIN ? 1 : FLT_DIG, FLT_DECIMAL_DIG);
	if ((rc = put_common(b, (double)v, true, tens[FLT_DECIMAL_DIG], 8)) != 0)
		return rc == 1 ? 0 : -1;
	return put_any(b, (double)v, true, FLT_DIG, FLT_DECIMAL_DIG);
}

/* The digits of the shortest decimal that reads as v, without zeros at the end; how many. Times 10^*point they are
 * below 1. */
static size_t
shortest(double v, char digits[DBL_DECIMAL_DIG], int *point)
{
	int most = fabs(v) < DBL_MIN ? 1 : DBL_DIG;
	char text[40];
	size_t n = 0, i;

	do
		snprintf(text, sizeof(text), "%.*e", most - 1, fabs(v));
	while (most++ < DBL_DECIMAL_DIG && strtod(text, NULL) != fabs(v));
	for (i = 0; text[i] != 'e'; i++)
		if (text[i] != '.')
			digits[n++] = text[i];
	*point = atoi(text + i + 1) + 1;
	while (n > 1 && digits[n - 1] == '0')
		n--;
	return n;
}

/* n digits with a point behind the first `point` of them, zeros where there are none. */
static int
put_fixed(struct buf *b, const char *digits, size_t n, int point)
{
	static const char zeros[] = "0.000000000000000";
	size_t before = point > 0 ? (size_t)point : 0;

	if (before == 0)
		return buf_add(b, zeros, 2 + (size_t)-point) == -1 ? -1 : buf_add(b, digits, n);
	if (n <= before)
		return buf_add(b, digits, n) == -1 || buf_add(b, zeros + 2, before - n) == -1 ? -1 : buf_puts(b, ".0");
	return buf_add(b, digits, before) == -1 || buf_putc(b, '.') == -1 ? -1 : buf_add(b, digits + before, n - before);
}

int
number_put_mysql_double(struct buf *b, double v)
{
	size_t was = b->len, n;
	char digits[DBL_DECIMAL_DIG];
	int rc = 0, point;

	if (!isfinite(v)) {
		errno = EDOM;
		return -1;
	}
	if (is_common(fabs(v), DBL_DIG) && (rc = put_common(b, v, false, tens[DBL_DIG], DBL_DIG)) != 0)
		return rc == -1 ? -1 : memchr(b->data + was, '.', b->len - was) != NULL ? 0 : buf_puts(b, ".0");
	n = shortest(v, digits, &point);
	if (signbit(v) && buf_putc(b, '-') == -1)
		return -1;
	if (point >= -14 && (point <= 15 || n > (size_t)point))
		return put_fixed(b, digits, n, point);
	if (buf_putc(b, *digits) == -1 || (n > 1 && (buf_putc(b, '.') == -1 || buf_add(b, digits + 1, n - 1) == -1)))
		return -1;
	return buf_putf(b, "e%d", point - 1);
}
