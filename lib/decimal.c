/* SPDX-License-Identifier: ISC */
/* DECIMAL as it is stored (MySQL source, strings/decimal.cc, decimal2bin): groups of nine digits in four bytes,
 * big-endian, the first and the last group shorter; the first bit inverted; all bits inverted when it is negative. */
#include <stdbool.h>

#include "lib/decimal.h"

static const uint8_t group_bytes[] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };	/* by its digits */

size_t
decimal_bytes(unsigned precision, unsigned scale)
{
	unsigned before = precision - scale;

	if (scale > precision)
		return 0;
	return before / 9 * 4 + group_bytes[before % 9] + scale / 9 * 4 + group_bytes[scale % 9];
}

/* The group's digits at *p; false: a value that has more. */
static bool
put_group(const uint8_t **p, uint8_t mask, unsigned digits, char *to)
{
	static const uint32_t limit[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
	uint32_t v = 0;
	unsigned i;

	for (i = 0; i < group_bytes[digits]; i++)
		v = v << 8 | (uint8_t)(*(*p)++ ^ mask);
	if (v >= limit[digits])
		return false;
	for (i = digits; i-- > 0; v /= 10)
		to[i] = (char)('0' + v % 10);
	return true;
}

size_t
decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *to)
{
	unsigned before = precision - scale, n, groups, zeros = 0;
	char digits[96] = { 0 }, *d = digits, *out = to;
	size_t size = decimal_bytes(precision, scale);
	uint8_t copy[40], mask;
	const uint8_t *p = copy;
	bool negative;

	if (size == 0 || size > sizeof(copy))
		return 0;
	for (n = 0; n < size; n++)
		copy[n] = bytes[n];
	copy[0] ^= 0x80;
	negative = (copy[0] & 0x80) != 0;
	mask = negative ? 0xff : 0;
	for (groups = before / 9 + (before % 9 > 0); groups > 0; groups--) {
		n = groups == before / 9 + 1 ? before % 9 : 9;
		if (!put_group(&p, mask, n, d))
			return 0;
		d += n;
	}
	for (n = scale; n > 0; n -= n > 9 ? 9 : n) {
		if (!put_group(&p, mask, n > 9 ? 9 : n, d))
			return 0;
		d += n > 9 ? 9 : n;
	}
	while (zeros < precision && digits[zeros] == '0')
		zeros++;
	if (negative && zeros < precision)
		*out++ = '-';
	if (zeros >= before) {
		*out++ = '0';
		zeros = before;
	}
	for (n = zeros; n < before; n++)
		*out++ = digits[n];
	if (scale > 0)
		*out++ = '.';
	for (n = before; n < precision; n++)
		*out++ = digits[n];
	return (size_t)(out - to);
}
