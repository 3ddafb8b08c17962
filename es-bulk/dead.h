/* SPDX-License-Identifier: ISC */
/* The dead-letter file: `{"error":{…},"event":{…}}`, one a line, of documents that the engine refuses. */
#ifndef ES_BULK_DEAD_H
#define ES_BULK_DEAD_H

#include <sys/types.h>

#include "es-bulk/batch.h"

struct dead {
	const char *file;	/* NULL: there is none, the first refusal is the end */
	int fd;
	uint64_t count, max;	/* lines in the file, as last seen; more than max are not written */
	off_t end;		/* behind them */
	uint64_t queued;	/* lines not written yet */
	uint64_t written;	/* by this process */
	struct buf lines;	/* not written yet */
};

/* Opens or makes the file and counts its lines; a last line that was cut off is taken away (it was never acknowledged).
 * Others may append, or put another file in its place, under its flock(2). -1: RC_USAGE. */
int	 dead_open(struct dead *, const char *file, uint64_t max, struct error *);
void	 dead_close(struct dead *);
/* Queues one. -1: RC_FAIL: no file, or it would hold more than max. */
int	 dead_add(struct dead *, const struct batch *, const struct item *, struct error *);
/* Writes what is queued and syncs it: before any later control line. -1: RC_FAIL. */
int	 dead_sync(struct dead *, struct error *);

#endif
