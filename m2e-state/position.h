/* SPDX-License-Identifier: ISC */
/* position.json: where the main stream goes on, and which tables it covers. */
#ifndef POSITION_H
#define POSITION_H

#include <stddef.h>

#include "record.h"
#include "store.h"

#define POSITION_FILE "position.json"

struct position {
	struct record r;
	struct cover {
		char *table;		/* DB.TABLE */
		struct pos from;	/* its rows count from here on */
	} *covers;
	size_t count;
};

/* A place in one source's order, as a control line gave it. NULL: unknown there. */
struct point {
	struct pos pos;
	const char *server, *created, *gtids, *ts;
};

/* 1: there is one; 0: none was stored yet; -1: RC_FAIL: it can't be read or is not whole. position_free after 0 and 1. */
int	 position_load(struct position *, const struct store *, struct error *);
/* The caller holds the lock. */
int	 position_write(const struct position *, const struct store *, struct error *);
void	 position_free(struct position *);

/* Moves a record (position.json's, or a table's) on to a place later in the same source's order. -1: RC_FAIL: it is
 * earlier, or the same epoch of another source. */
int	 point_advance(struct record *, const struct point *, struct error *);
/* The same without looking back. */
int	 point_set(struct record *, const struct point *, struct error *);

struct cover *position_find(const struct position *, const char *table);
/* Covers the table from there on, or later if it stands there with a later place. */
int	 position_cover(struct position *, const char *table, const struct pos *, struct error *);
void	 position_uncover(struct position *, struct cover *);

/* POS [MEMBER=VALUE…]: the person's tool, may go anywhere, says what it did. Takes the lock. */
int	 position_assign(const struct store *, char *const args[], struct error *);

#endif
