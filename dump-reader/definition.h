/* SPDX-License-Identifier: ISC */
/* A table's definition, and whether it is still the same. */
#ifndef DUMP_READER_DEFINITION_H
#define DUMP_READER_DEFINITION_H

#include <mysql.h>

#include "lib/error.h"
#include "lib/table.h"

/* *hash: of SHOW CREATE TABLE without what rows change in it; *t: NULL, or set to the definition, the caller's to free.
 * 1; 0: there is no such table; -1. */
int	 definition_read(MYSQL *, const char *db, const char *name, struct table **t, uint64_t *hash, struct error *);

#endif
