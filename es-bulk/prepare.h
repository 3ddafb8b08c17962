/* SPDX-License-Identifier: ISC */
/* An index made, or made ready, for what a stream is about to write to it (es-bulk.1, INDICES). */
#ifndef ES_BULK_PREPARE_H
#define ES_BULK_PREPARE_H

#include "es-bulk/index.h"

/* Whose positions follow: the last source line. */
struct index_source {
	char *server;		/* NULL: not named */
	uint64_t epoch;
};

/* Looks at the index behind the alias, makes it where there is none, gives it the fields that the table's definition asks
 * for, and says in its mapping whose changes it holds. pos: of the line for which it is made (p may be NULL).
 * Everything is drained. On success p->checked. -1: RC_FAIL for an index that is not the table's or not this
 * source's, or an engine that refuses; else as bulk_step. */
int	 index_prepare(struct bulk *, struct place *, const struct index_source *, struct slice pos, struct error *);
/* Appends what an index for the table is made of, {"settings":…,"mappings":…}, without what es-bulk itself adds. */
int	 index_put_body(struct buf *, const struct target *, uint32_t lacks, struct error *);

#endif
