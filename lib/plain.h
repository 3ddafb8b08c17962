/* SPDX-License-Identifier: ISC */
/* The bytes of a JSON string that stand for themselves, found 16 at a time where the machine can: for check.c and quote.c. */
#ifndef LIB_PLAIN_H
#define LIB_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Bytes that stand for themselves in a string: ASCII but for controls, the quote and the backslash. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7f] = true,
};

/* The first byte from p on that is not plain. Eight bytes at a time: of x, the high bit is set in each byte that is
 * not (a borrow may set more of them, behind the first; Warren, Hacker's Delight, "Find First 0-Byte"). */
static inline const uint8_t *
skip_words(const uint8_t *p, const uint8_t *end)
{
	static const uint64_t ones = 0x0101010101010101;
	uint64_t x, quote, backslash;

	for (; end - p >= 8; p += 8) {
		memcpy(&x, p, sizeof(x));
		quote = x ^ ones * '"';
		backslash = x ^ ones * '\\';
		if (((x | (x - ones * ' ') | (quote - ones) | (backslash - ones)) & ones * 0x80) != 0)
			break;
	}
	while (p < end && plain[*p])
		p++;
	return p;
}

#define PLAIN_BLOCK 16

#if defined(__SSE2__)
/* A bit for each byte that is not plain. Those above ASCII are negative, and so below a space. */
static inline unsigned
special_bits(const uint8_t *p)
{
	const __m128i space = _mm_set1_epi8(' '), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(x, space),
	    _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash))));
}
#else
static inline unsigned
special_bits(const uint8_t *p)
{
	unsigned bits = 0, i;

	for (i = 0; i < PLAIN_BLOCK; i++)
		bits |= (unsigned)!plain[p[i]] << i;
	return bits;
}
#endif

/* How many bytes of a block are plain before the first that is not. */
static inline size_t
plain_block(const uint8_t *p)
{
	return (size_t)__builtin_ctz(special_bits(p) | 1U << PLAIN_BLOCK);
}

/* As skip_words. */
static inline const uint8_t *
skip_plain(const uint8_t *p, const uint8_t *end)
{
	size_t n;

	for (; end - p >= PLAIN_BLOCK; p += PLAIN_BLOCK)	/* which n is, too, but only when it is known */
		if ((n = plain_block(p)) < PLAIN_BLOCK)
			return p + n;
	return skip_words(p, end);
}

/* Copies the plain bytes that p begins with; how many. What is left behind the last whole block is read in a block that
 * overlaps it. */
static inline size_t
copy_plain(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	for (; n - i >= PLAIN_BLOCK; i += PLAIN_BLOCK) {
		memcpy(to + i, p + i, PLAIN_BLOCK);
		if ((k = plain_block(p + i)) < PLAIN_BLOCK)
			return i + k;
	}
	if (n >= PLAIN_BLOCK && special_bits(p + n - PLAIN_BLOCK) == 0) {
		memcpy(to + n - PLAIN_BLOCK, p + n - PLAIN_BLOCK, PLAIN_BLOCK);
		return n;
	}
	for (; i < n && plain[p[i]]; i++)
		to[i] = (char)p[i];
	return i;
}

#endif
