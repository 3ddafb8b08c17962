/* SPDX-License-Identifier: ISC */
/* --list: a table's documents as keys, for dump-reader --keys to look up. */
#ifndef ES_BULK_IDS_H
#define ES_BULK_IDS_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Prints a delete event without a position for each document of each table. Returns RC_OK; -1: RC_USAGE for a table whose
 * ids are not its key; RC_FAIL where an id is a hash, which tells no key, all others being printed; else as bulk_step. */
int	 ids_print(struct bulk *, struct target_list *, char *const *tables, size_t count, struct error *);

#endif
