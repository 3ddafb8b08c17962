/* SPDX-License-Identifier: ISC */
/* Questions about the engine: --check and --count. */
#ifndef ES_BULK_CHECK_H
#define ES_BULK_CHECK_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Prints what matters about the engine, one JSON object a line: {"check":"elastic","level":"ok|warning|failure",
 * "text":…,"advice":…}. tables: DB.TABLE, those with * or ? are passed over. Returns RC_OK, or RC_FAIL where any is a
 * failure; -1: RC_TEMP. */
int	 check_engine(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);
/* Prints {"table":"DB.TABLE","docs":N} of each, N null where there is no index. Returns RC_OK; -1. */
int	 count_documents(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);

#endif
