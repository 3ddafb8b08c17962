/* SPDX-License-Identifier: ISC */
/* Compressed events: MySQL's payload, which holds a transaction's events; MariaDB's, whose own bodies are compressed. */
#ifndef PACKED_H
#define PACKED_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/inflater.h"

#include "format.h"

/* All zero before the first use. */
struct packed {
	struct inflater inflater;
	struct buf bytes;	/* what came out last; grows as it comes, whatever sizes the event claims */
	bool open;		/* a payload is, whose events borrow the bytes */
	uint64_t size;		/* that all of the payload at hand must have, if it says so */
	bool sized;
	uint64_t out;		/* how much of it came out */
};

void	 packed_free(struct packed *);
/* Begins with the body of a TRANSACTION_PAYLOAD event, which must last as long as its events are read. -1: RC_FAIL, RC_TEMP;
 * a bad cursor for a malformed one. */
int	 packed_open(struct packed *, struct cursor *body, struct error *);
/* The next event of the payload, whole, without a checksum; borrowed until the next call. 1; 0: there are no more; -1. */
int	 packed_next(struct packed *, const uint8_t **event, size_t *n, struct error *);
/* What is left of a MariaDB event's body is compressed: puts the cursor on what it holds, borrowed until the next call. -1
 * as packed_open. */
int	 packed_body(struct packed *, struct cursor *, struct error *);

#endif
