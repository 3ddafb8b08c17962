/* SPDX-License-Identifier: ISC */
/* What schema and stale lines say of a table. */
#ifndef ES_BULK_DEFINITION_H
#define ES_BULK_DEFINITION_H

#include "es-bulk/stream.h"

/* Takes a schema line: the table's index is there, with its fields. One by which the table cannot be kept in step (it has no
 * key, or lacks a column that its rule names) is RC_USAGE, unless the table is stale and is to be rebuilt: t->unfit then. */
int	 definition_take(struct stream *, const struct change *, struct error *);
/* A load of such a table, which would end with an index that lacks its rows. -1: RC_USAGE. */
int	 definition_no_load(const struct target *, const struct change *, struct error *);
/* Takes a stale line: where stale tables are rebuilt, the index says so. -1: as bulk_step. */
int	 definition_stale(struct stream *, const struct change *, struct error *);

#endif
