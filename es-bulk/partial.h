/* SPDX-License-Identifier: ISC */
/* Rows that lack columns: merged into the document that is there. */
#ifndef ES_BULK_PARTIAL_H
#define ES_BULK_PARTIAL_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

enum merge {
	MERGE_FAILED = -1,
	MERGE_DONE,		/* *merged holds the merged document */
	MERGE_NEWER,		/* the document there is newer: nothing to do */
	MERGE_MISSING,		/* there is none to merge into */
};

/* Reads the document in real time and merges the row into it, which is in the form of documents. Everything is drained. An update by
 * script or doc would know no external version: this writes the whole document, with the row's. */
enum merge partial_merge(struct bulk *, const struct located *, uint64_t version, struct slice row, struct buf *merged,
    struct error *);
/* Was the missing document deleted by a later change than that of this version, so that this is a replay? Asked by
 * deleting what is not there with the version, which a later delete refuses. */
int	 partial_was_deleted(struct bulk *, const struct located *, uint64_t version, bool *deleted, struct error *);

#endif
