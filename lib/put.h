/* SPDX-License-Identifier: ISC */
/* Short pieces of text, into room that the caller made sure of. Each gives where the next one goes. */
#ifndef LIB_PUT_H
#define LIB_PUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PUT_NUMBER 20	/* bytes of the longest whole number */
#define PUT_BLOCK 16

/* "00" to "99" */
extern const char put_pairs[200];

/* A string constant */
#define put_const(to, text) put_raw(to, text, sizeof(text) - 1)

static inline char *
put_raw(char *to, const void *p, size_t n)
{
	memcpy(to, p, n);
	return to + n;
}

/* The same in blocks, which is quicker than a call: up to PUT_BLOCK - 1 bytes behind the n are read and written, too. */
static inline char *
put_blocks(char *to, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i += PUT_BLOCK)
		memcpy(to + i, p + i, PUT_BLOCK);
	return to + n;
}

/* The last two digits of v. */
static inline char *
put_two(char *to, unsigned v)
{
	return put_raw(to, put_pairs + 2 * (v % 100), 2);
}

/* The last n digits of v. */
static inline char *
put_digits(char *to, uint32_t v, unsigned n)
{
	char *p = to + n;

	for (; p - to >= 2; v /= 100)
		put_two(p -= 2, v);
	if (p > to)
		*to = (char)('0' + v % 10);
	return to + n;
}

char	*put_u(char *to, uint64_t);
char	*put_i(char *to, int64_t);

#endif
