/* SPDX-License-Identifier: ISC */
/* The byte buffer. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"

#define START_BYTES 256

int
buf_init(struct buf *b, size_t max)
{
	b->len = 0;
	b->max = max < START_BYTES ? START_BYTES : max;
	b->cap = START_BYTES;
	return (b->data = malloc(b->cap)) == NULL ? -1 : 0;
}

void
buf_free(struct buf *b)
{
	free(b->data);
	memset(b, 0, sizeof(*b));
}

char *
buf_grow(struct buf *b, size_t n)
{
	size_t cap = b->cap;
	char *grown;

	if (n > b->max - b->len) {
		errno = EMSGSIZE;
		return NULL;
	}
	while (cap < b->len + n)
		cap = cap > b->max / 2 ? b->max : cap * 2;
	if (cap > b->cap) {
		if ((grown = realloc(b->data, cap)) == NULL)
			return NULL;
		b->data = grown;
		b->cap = cap;
	}
	return b->data + b->len;
}

int
buf_putf(struct buf *b, const char *fmt, ...)
{
	va_list ap, again;
	char *to;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || (to = buf_room(b, (size_t)n + 1)) == NULL) {
		va_end(again);
		return -1;
	}
	vsnprintf(to, (size_t)n + 1, fmt, again);
	va_end(again);
	b->len += (size_t)n;
	return 0;
}

int
buf_putu(struct buf *b, unsigned long long v)
{
	static const char pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546"
	    "474849505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
	    "9899";
	char digits[20], *p = digits + sizeof(digits);

	for (; v >= 100; v /= 100)
		memcpy(p -= 2, pairs + 2 * (v % 100), 2);
	if (v >= 10)
		memcpy(p -= 2, pairs + 2 * v, 2);
	else
		*--p = (char)('0' + v);
	return buf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

int
buf_puti(struct buf *b, long long v)
{
	if (v >= 0)
		return buf_putu(b, (unsigned long long)v);
	if (buf_putc(b, '-') == -1)
		return -1;
	return buf_putu(b, 0 - (unsigned long long)v);
}

const char *
buf_str(struct buf *b)
{
	char *end = buf_room(b, 1);

	if (end == NULL)
		return NULL;
	*end = '\0';
	return b->data;
}
