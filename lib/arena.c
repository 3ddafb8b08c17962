/* SPDX-License-Identifier: ISC */
/* Blocks of memory, each at least twice as large as the one before. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/arena.h"

#define FIRST_BYTES ((size_t)4096)

struct arena_block {
	struct arena_block *older;
	char bytes[];
};

static void
free_blocks(struct arena_block *b)
{
	struct arena_block *older;

	for (; b != NULL; b = older) {
		older = b->older;
		free(b);
	}
}

void
arena_free(struct arena *a)
{
	free_blocks(a->block);
	memset(a, 0, sizeof(*a));
}

void
arena_reset(struct arena *a)
{
	a->len = 0;
	if (a->block == NULL || a->block->older == NULL)
		return;
	free_blocks(a->block->older);
	a->block->older = NULL;
}

char *
arena_grow(struct arena *a, size_t n)
{
	size_t cap = a->cap < FIRST_BYTES / 2 ? FIRST_BYTES : 2 * a->cap;
	struct arena_block *b;

	if (cap < n)
		cap = n;
	if (cap > PTRDIFF_MAX - sizeof(*b)) {
		errno = ENOMEM;
		return NULL;
	}
	if ((b = malloc(sizeof(*b) + cap)) == NULL)
		return NULL;
	b->older = a->block;
	a->block = b;
	a->data = b->bytes;
	a->cap = cap;
	a->len = n;
	return a->data;
}
