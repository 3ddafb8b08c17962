/* SPDX-License-Identifier: ISC */
/* A byte buffer that doubles up to a named maximum. */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stddef.h>
#include <string.h>

struct buf {
	char *data;		/* never NULL after buf_init; not NUL-terminated unless buf_str is asked */
	size_t len, cap, max;	/* bytes */
};

/* Starts with 256 bytes; -1: ENOMEM. max: what it may never outgrow. */
int	 buf_init(struct buf *, size_t max);
void	 buf_free(struct buf *);
/* Makes room for n more bytes and returns where they go (b->len is not moved); NULL: EMSGSIZE past
 * b->max, or ENOMEM; b is then as before. */
char	*buf_grow(struct buf *, size_t n);
/* -1 as above. */
int	 buf_putf(struct buf *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int	 buf_putu(struct buf *, unsigned long long);
int	 buf_puti(struct buf *, long long);
/* The text as a C string, valid until the next change; NULL: as buf_grow. */
const char *buf_str(struct buf *);

static inline void
buf_clear(struct buf *b)
{
	b->len = 0;
}

static inline char *
buf_room(struct buf *b, size_t n)
{
	return n <= b->cap - b->len ? b->data + b->len : buf_grow(b, n);
}

/* These are small, and what a row is made of: -1 as buf_grow. */
static inline int
buf_add(struct buf *b, const void *src, size_t n)
{
	char *to = buf_room(b, n);

	if (to == NULL)
		return -1;
	if (n > 0)
		memcpy(to, src, n);
	b->len += n;
	return 0;
}

static inline int
buf_puts(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

static inline int
buf_putc(struct buf *b, char c)
{
	char *to = buf_room(b, 1);

	if (to == NULL)
		return -1;
	*to = c;
	b->len++;
	return 0;
}

#endif
