/* SPDX-License-Identifier: ISC */
/* The resume token of a live load: what is left to read, as JSON in a string. */
#ifndef DUMP_READER_TOKEN_H
#define DUMP_READER_TOKEN_H

#include "ledger.h"

/* Appends it as a JSON string. The caller holds the lock. -1: as buf_add. */
int	 token_put(struct buf *, const struct ledger *);
/* Takes it up: S0, ranges, what is done. The tables are those of now, added and sorted; w->source says whose they must
 * be. *same: the definitions of the tables that had not begun are still those of S0. -1: RC_USAGE, it is none;
 * RC_POSITION, another source's. */
int	 token_read(struct ledger *, const char *text, bool *same, struct error *);

#endif
