/* SPDX-License-Identifier: ISC */
/* The items of a bulk request, ready to be sent, and what is needed to give an event back as a dead letter. */
#ifndef ES_BULK_BATCH_H
#define ES_BULK_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "es-bulk/change.h"

struct place;		/* target.h */

/* What is to be done with an item, once its answer is known. */
enum verdict { VERDICT_DONE, VERDICT_STALE, VERDICT_RETRY, VERDICT_DEAD, VERDICT_STOP };

struct item {
	uint64_t seq;		/* of its row: rows are counted from 0 */
	uint64_t hash;		/* of index and id: equal for one document */
	uint64_t number;	/* of its line */
	uint64_t version;
	size_t at;		/* in body: its action line, then its row */
	size_t event;		/* in events: its line, without the row where whole is false */
	uint32_t action, row;	/* bytes with their LF; row 0: a delete */
	uint32_t id, id_n;	/* in the action line: the document's id, and routing where it has one */
	uint32_t before, after;	/* bytes of the line before and behind the row; whole: all of it, and 0 */
	bool whole;
	bool folded;		/* a later one of the same document stands for it */
	enum verdict verdict;
	uint16_t status;	/* the answer's; error: what it says, borrowed from it */
	struct slice error;
	struct place *rebuilt;	/* where its refusal is left to the rebuild of a stale table; NULL: a dead letter it is */
};

struct batch {
	struct buf body, events;
	struct item *items;
	size_t count, cap;
	uint32_t *places;	/* hash table of cap * 2: a document's last item */
	uint8_t *tags;		/* the same table: 0, or bits of that document's hash. Small enough to stay in the cache */
	bool folded;		/* some items are, or were */
	uint64_t oldest;	/* seq of the first item that was ever in it */
	uint64_t since_ms;	/* when its first item came, where somebody wants to know */
};

/* max: bytes that one item may take. */
int	 batch_init(struct batch *, size_t max, struct error *);
void	 batch_free(struct batch *);
/* Adds an item whose action line the caller has appended to body from `at` on. row: the document; p NULL: a delete.
 * -1: RC_TEMP. */
int	 batch_add(struct batch *, const struct change *, uint64_t seq, uint64_t hash, size_t at, struct slice row,
	    struct error *);
/* The last item added is of this document (start: its action line up to the id). Where the batch holds an earlier one
 * of no later version, that is folded into it: it need not be sent. */
void	 batch_fold(struct batch *, struct slice start, struct slice id);
/* Takes out what is folded, before it is sent. */
void	 batch_close(struct batch *);
/* The oldest row that is not done while the batch is not. */
uint64_t batch_oldest(const struct batch *);
/* Bytes of the first n items' part of the body. */
size_t	 batch_bytes(const struct batch *, size_t n);
/* Appends the item's line as it was read. -1: as buf_add. */
int	 batch_put_event(const struct batch *, const struct item *, struct buf *);
/* The first n items are done with. */
void	 batch_drop(struct batch *, size_t n);
/* Of the first n items keeps those to be retried, together with the later ones of the same documents among them
 * (not the refused ones), in their order; everything behind n stays. Returns how many of the n are kept, or -1: RC_TEMP. */
int	 batch_keep_retries(struct batch *, size_t n, struct error *);
/* Empties it; memory that only a rare huge document needed is given back. */
void	 batch_clear(struct batch *, size_t keep_bytes);

#endif
