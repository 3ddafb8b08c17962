/* SPDX-License-Identifier: ISC */
/* DECIMAL as it is stored (MySQL source, strings/decimal.cc, decimal2bin): groups of nine digits in four bytes,
 * big-endian, the first and the last group shorter; the first bit inverted; all bits inverted when it is negative. */
#include <stdbool.h>
#include <string.h>

#include "lib/decimal.h"
#include "lib/put.h"

static const uint8_t group_bytes[] = { 0, 1, 1, 2, 2, 3, 3, 4, 4, 4 };	/* by its digits */

size_t
decimal_bytes(unsigned precision, unsigned scale)
{
	unsigned before = precision - scale;

	if (scale > precision)
		return 0;
	return before / 9 * 4 + group_bytes[before % 9] + scale / 9 * 4 + group_bytes[scale % 9];
}

/* A group's digits from *p on; NULL: a value that has more. */
static char *
put_group(char *to, const uint8_t **p, uint8_t mask, unsigned digits)
{
	static const uint32_t limit[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000 };
	const uint8_t *end = *p + group_bytes[digits];
	uint32_t v = 0;

	while (*p < end)
		v = v << 8 | (uint8_t)(*(*p)++ ^ mask);
	return v < limit[digits] ? put_digits(to, v, digits) : NULL;
}

/* All digits, those before the point first, both in groups: the first one is the shorter one before it, the last one behind
 * it. */
static bool
read_digits(char *to, const uint8_t *p, uint8_t mask, unsigned before, unsigned behind)
{
	unsigned n;

	for (n = before % 9 == 0 ? 9 : before % 9; before > 0 && to != NULL; before -= n, n = 9)
		to = put_group(to, &p, mask, n);
	for (; behind > 0 && to != NULL; behind -= n) {
		n = behind > 9 ? 9 : behind;
		to = put_group(to, &p, mask, n);
	}
	return to != NULL;
}

size_t
decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *to)
{
	unsigned before = precision - scale, zeros = 0;
	size_t size = decimal_bytes(precision, scale);
	char digits[DECIMAL_DIGITS], *out = to;
	uint8_t copy[40];
	bool negative;

	if (size == 0 || size > sizeof(copy) || precision > DECIMAL_DIGITS)
		return 0;
	memcpy(copy, bytes, size);
	copy[0] ^= 0x80;
	negative = (copy[0] & 0x80) != 0;
	if (!read_digits(digits, copy, negative ? 0xff : 0, before, scale))
		return 0;
	while (zeros < precision && digits[zeros] == '0')
		zeros++;
	if (negative && zeros < precision)
		*out++ = '-';
	if (zeros >= before)
		*out++ = '0';
	else
		out = put_raw(out, digits + zeros, before - zeros);
	if (scale > 0) {
		*out++ = '.';
		out = put_raw(out, digits + before, scale);
	}
	return (size_t)(out - to);
}
