/* SPDX-License-Identifier: ISC */
/* CRC32 by carry-less multiplication (Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ
 * Instruction", Intel 2009), where the processor has it: checksums are a third of the time that zlib's leave to rows. */
#include <zlib.h>

#include "crc.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define LEAST 128	/* bytes: below that zlib is as fast */

/* Four lanes of 16 bytes, folded into one, then reduced. n: a multiple of 16, at least 64. crc: not inverted at the ends. */
__attribute__((target("pclmul,sse4.1"))) static uint32_t
crc_fold(uint32_t crc, const uint8_t *p, size_t n)
{
	const __m128i fold4 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), fold1 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
	const __m128i half = _mm_set_epi64x(0, 0x0163cd6124), poly = _mm_set_epi64x(0x01f7011641, 0x01db710641);
	const __m128i low32 = _mm_setr_epi32(~0, 0, ~0, 0);
	__m128i x[4], y;
	size_t i;

	for (i = 0; i < 4; i++)
		x[i] = _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i));
	x[0] = _mm_xor_si128(x[0], _mm_cvtsi32_si128((int)crc));
	for (p += 64, n -= 64; n >= 64; p += 64, n -= 64)
		for (i = 0; i < 4; i++) {
			y = _mm_clmulepi64_si128(x[i], fold4, 0x00);
			x[i] = _mm_xor_si128(_mm_clmulepi64_si128(x[i], fold4, 0x11), y);
			x[i] = _mm_xor_si128(x[i], _mm_loadu_si128((const __m128i *)(const void *)(p + 16 * i)));
		}
	for (i = 1; i < 4; i++) {
		y = _mm_clmulepi64_si128(x[0], fold1, 0x00);
		x[0] = _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(x[0], fold1, 0x11), y), x[i]);
	}
	for (; n >= 16; p += 16, n -= 16) {
		y = _mm_clmulepi64_si128(x[0], fold1, 0x00);
		x[0] = _mm_xor_si128(_mm_clmulepi64_si128(x[0], fold1, 0x11), y);
		x[0] = _mm_xor_si128(x[0], _mm_loadu_si128((const __m128i *)(const void *)p));
	}
	y = _mm_clmulepi64_si128(x[0], fold1, 0x10);
	x[0] = _mm_xor_si128(_mm_srli_si128(x[0], 8), y);
	y = _mm_srli_si128(x[0], 4);
	x[0] = _mm_xor_si128(_mm_clmulepi64_si128(_mm_and_si128(x[0], low32), half, 0x00), y);
	y = _mm_and_si128(_mm_clmulepi64_si128(_mm_and_si128(x[0], low32), poly, 0x10), low32);
	x[0] = _mm_xor_si128(x[0], _mm_clmulepi64_si128(y, poly, 0x00));
	return (uint32_t)_mm_extract_epi32(x[0], 1);
}

uint32_t
crc_add(uint32_t crc, const uint8_t *bytes, size_t n)
{
	size_t folded = n & ~(size_t)15;

	if (n < LEAST || !__builtin_cpu_supports("pclmul") || !__builtin_cpu_supports("sse4.1"))
		return (uint32_t)crc32_z(crc, bytes, n);
	crc = ~crc_fold(~crc, bytes, folded);
	return n == folded ? crc : (uint32_t)crc32_z(crc, bytes + folded, n - folded);
}
#else
uint32_t
crc_add(uint32_t crc, const uint8_t *bytes, size_t n)
{
	return (uint32_t)crc32_z(crc, bytes, n);
}
#endif
