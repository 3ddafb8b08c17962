/* SPDX-License-Identifier: ISC */
/* Whole numbers, two digits at a time. */
#include "lib/put.h"

const char put_pairs[200] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
    "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
    "8081828384858687888990919293949596979899";

/* From the bits (1233 / 4096 is log10 of 2), one too few where v is a power of ten or more. */
static unsigned
digits_of(uint64_t v)
{
	static const uint64_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
	    100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000, 10000000000000000,
	    100000000000000000, 1000000000000000000, 10000000000000000000U };
	unsigned n = (64U - (unsigned)__builtin_clzll(v | 1)) * 1233 >> 12;

	return n + ((v | 1) >= tens[n]);
}

char *
put_u(char *to, uint64_t v)
{
	char *end = to + digits_of(v), *p = end;

	for (; v > UINT32_MAX; v /= 100)
		put_two(p -= 2, (unsigned)(v % 100));
	put_digits(to, (uint32_t)v, (unsigned)(p - to));
	return end;
}

char *
put_i(char *to, int64_t v)
{
	if (v >= 0)
		return put_u(to, (uint64_t)v);
	*to = '-';
	return put_u(to + 1, 0 - (uint64_t)v);
}
