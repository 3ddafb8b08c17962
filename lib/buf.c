/* SPDX-License-Identifier: ISC */
/* The byte buffer. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/put.h"

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
	char *to = buf_room(b, PUT_NUMBER);

	if (to == NULL)
		return -1;
	b->len = (size_t)(put_u(to, v) - b->data);
	return 0;
}

int
buf_puti(struct buf *b, long long v)
{
	char *to = buf_room(b, PUT_NUMBER);

	if (to == NULL)
		return -1;
	b->len = (size_t)(put_i(to, v) - b->data);
	return 0;
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
