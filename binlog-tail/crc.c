/* SPDX-License-Identifier: ISC */
/* CRC32 by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction", Intel 2009), where the processor has it: checksums are a third of the time that zlib's leave to rows. */
#include <string.h>

#include <zlib.h>

#include "crc.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define BLOCK sizeof(__m128i)

__attribute__((target("pclmul,sse4.1"))) static inline __m128i
block(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* x, moved on by as much as the constants say, and the block that is there. */
__attribute__((target("pclmul,sse4.1"))) static inline __m128i
fold(__m128i x, __m128i by, __m128i next)
{
	return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x, by, 0x00), _mm_clmulepi64_si128(x, by, 0x11)), next);
}

/* 128 bits to 32. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t
reduce(__m128i x)
{
	const __m128i fold1 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0), half = _mm_set_epi64x(0, 0x0163cd6124);
	const __m128i poly = _mm_set_epi64x(0x01f7011641, 0x01db710641), low32 = _mm_setr_epi32(~0, 0, ~0, 0);
	__m128i y = _mm_clmulepi64_si128(x, fold1, 0x10);

	x = _mm_xor_si128(_mm_srli_si128(x, 8), y);
	y = _mm_srli_si128(x, 4);
	x = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(x, low32), half, 0x00), y);
	y = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(x, low32), poly, 0x10), low32);
	x = _mm_xor_si128(x, _mm_clmulepi64_si128(y, poly, 0x00));
	return (uint32_t)_mm_extract_epi32(x, 1);
}

/* x, moved up by n bytes, or down where n is below zero. */
__attribute__((target("pclmul,sse4.1"))) static inline __m128i
shift(__m128i x, int n)
{
	static const uint8_t places[3 * BLOCK] = {
		[0 ... 15] = 0x80, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, [32 ... 47] = 0x80,
	};

	return _mm_shuffle_epi8(x, block(places + (int)BLOCK - n));
}

/* n: at least a block. crc: not inverted at the ends. Zero bytes before the first one that counts change nothing: they fill the
 * first block, so that what follows is a whole number of them. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t
crc_fold(uint32_t crc, const uint8_t *p, size_t n)
{
	const __m128i fold4 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), fold1 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
	__m128i first = _mm_cvtsi32_si128((int)crc), x[4];
	size_t pad = -n % BLOCK, i;

	x[0] = shift(_mm_xor_si128(block(p), first), (int)pad);
	p += BLOCK - pad;
	n -= BLOCK - pad;
	if (n == 0)
		return reduce(x[0]);
	x[0] = fold(x[0], fold1, _mm_xor_si128(block(p), shift(first, (int)pad - (int)BLOCK)));
	p += BLOCK;
	n -= BLOCK;
	if (n >= 7 * BLOCK) {
		for (i = 1; i < 4; i++, p += BLOCK, n -= BLOCK)
			x[i] = block(p);
		for (; n >= 4 * BLOCK; p += 4 * BLOCK, n -= 4 * BLOCK)
			for (i = 0; i < 4; i++)
				x[i] = fold(x[i], fold4, block(p + i * BLOCK));
		for (i = 1; i < 4; i++)
			x[0] = fold(x[0], fold1, x[i]);
	}
	for (; n > 0; p += BLOCK, n -= BLOCK)
		x[0] = fold(x[0], fold1, block(p));
	return reduce(x[0]);
}

uint32_t
crc_add(uint32_t crc, const uint8_t *bytes, size_t n)
{
	if (n < BLOCK || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
		return (uint32_t)crc32_z(crc, bytes, n);
	return ~crc_fold(~crc, bytes, n);
}
#else
uint32_t
crc_add(uint32_t crc, const uint8_t *bytes, size_t n)
{
	return (uint32_t)crc32_z(crc, bytes, n);
}
#endif
