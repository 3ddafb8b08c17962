/* SPDX-License-Identifier: ISC */
/* Row events. */
#ifndef ROWS_H
#define ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/cursor.h"
#include "lib/value.h"

/* What a row image holds of one column. */
struct spot {
	enum { SPOT_ABSENT, SPOT_NULL, SPOT_HERE, SPOT_DIFF } is;	/* DIFF: what changed in a JSON document */
	const uint8_t *p;	/* borrowed from the event */
	size_t n;
};

/* For JSON documents on their way. */
struct documents {
	bool ready;
	struct buf before, after, scratch;
};

/* Of the widest table yet, used again for each row. */
struct rows_buffers {
	size_t cap;		/* columns */
	struct spot *before, *after;
	struct value *row, *old_key, *old;
	struct arena arena;	/* what the values of the row at hand borrow */
	struct documents documents;
};

struct tail;

void	 rows_free(struct rows_buffers *);
/* The event at hand (t->header says which). -1 with t->e, or a bad cursor for a malformed one. */
int	 rows_on_event(struct tail *, struct cursor *);

#endif
