/* SPDX-License-Identifier: ISC */
/* A table's index: an alias over an index of our own, its mapping, and whose changes it holds (es-bulk.1, INDICES). */
#ifndef ES_BULK_INDEX_H
#define ES_BULK_INDEX_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Whose positions follow: the last source line. */
struct index_source {
	char *server;		/* NULL: not named */
	uint64_t epoch;
};

/* Looks at the index behind the table's alias, makes it where there is none, and says in its mapping whose changes it
 * holds. columns: a schema line's, for which fields are mapped; p NULL: none are known. pos: that line's (may be "").
 * Everything is drained. On success t->checked. -1: RC_FAIL for an index that is not the table's or not this
 * source's, or an engine that refuses; else as bulk_step. */
int	 index_prepare(struct bulk *, struct target *, const struct index_source *, struct slice columns,
	    struct slice pos, struct error *);
/* A load up to pos is complete: was the index made for it, so that nothing else can be in it? */
int	 index_was_born_for(struct bulk *, struct target *, struct slice pos, bool *born, struct error *);
/* Keeps that position. */
int	 index_loaded(struct bulk *, struct target *, struct slice pos, struct error *);
/* Removes the index behind the alias, if there is one. */
int	 index_drop(struct bulk *, struct target *, struct error *);
/* Makes all that was written visible to a search. */
int	 index_refresh(struct bulk *, struct target *, struct error *);
/* Appends a segment of a path, percent-encoded. */
int	 path_put(struct buf *, const char *segment, size_t n);

#endif
