/* SPDX-License-Identifier: ISC */
/* Memory for what lives as long as one row: taken piece by piece, given back all at once, and used again. */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {			/* zeroed: ready for use, empty */
	struct arena_block *block;	/* the one that pieces come from, the ones that are full behind it */
	char *data;
	size_t len, cap;	/* bytes of the block at hand */
};

void	 arena_free(struct arena *);
/* All pieces end. The largest block stays, so that rows of one size need no memory of their own. */
void	 arena_reset(struct arena *);
/* A new block, and its first n bytes; NULL: ENOMEM. */
char	*arena_grow(struct arena *, size_t n);

/* n bytes that stay where they are until the reset, not aligned; NULL: ENOMEM. */
static inline char *
arena_take(struct arena *a, size_t n)
{
	char *at;

	if (a->data == NULL || n > a->cap - a->len)
		return arena_grow(a, n);
	at = a->data + a->len;
	a->len += n;
	return at;
}

#endif
