/* SPDX-License-Identifier: ISC */
/* An index that takes another's place (es-bulk.1, REBUILDING), and indices that go: --swap, --abandon, --drop-index,
 * --drop-indices. Each may be repeated after a crash, and is then as if it had been done once. */
#ifndef ES_BULK_REBUILD_H
#define ES_BULK_REBUILD_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Each prints a line of JSON for what it did with each of the tables, or of the indices that are named. The lists of swap and
 * abandon have the suffix of a rebuild. RC_OK; -1: RC_FAIL, RC_TEMP. */
int	 rebuild_swap(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);
int	 rebuild_abandon(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);
int	 drop_indices(struct bulk *, struct target_list *, char *const *indices, size_t count, struct error *);
int	 drop_tables(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);

#endif
