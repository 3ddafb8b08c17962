/* SPDX-License-Identifier: ISC */
/* Rows that lack columns: merged into the document that is there. */
#ifndef ES_BULK_PARTIAL_H
#define ES_BULK_PARTIAL_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

enum merge {
	MERGE_FAILED = -1,
	MERGE_DONE,		/* *row holds the merged document */
	MERGE_NEWER,		/* the document there is newer: nothing to do */
	MERGE_MISSING,		/* there is none to merge into */
};

/* Reads document `id` (a JSON string) in real time and merges c's row into it. Everything is drained. An update by
 * script or doc would know no external version: this writes the whole document, with the row's. */
enum merge partial_merge(struct bulk *, struct place *, const struct change *c, struct slice id, struct buf *row,
    struct error *);
/* Was the missing document deleted by a change later than c, so that this is a replay? Asked by deleting what is not
 * there with c's version, which a later delete refuses. */
int	 partial_was_deleted(struct bulk *, struct place *, const struct change *c, struct slice id, bool *deleted,
	    struct error *);

#endif
