/* SPDX-License-Identifier: ISC */
/* What a table map's optional metadata tells of its columns. */
#ifndef DESCRIBED_H
#define DESCRIBED_H

#include "lib/error.h"
#include "lib/table.h"

#include "tablemap.h"

/* The whole definition, from binlog_row_metadata=FULL. NULL with e->rc == RC_OK when something is missing: names, character
 * sets. MariaDB's may be another one: see doubt_find. */
struct table *described_table(const struct table_map *, bool mariadb, struct error *);
/* What the table map tells, and for the rest what is stored: columns @1, @2, …; integers signed; text of an unknown
 * character set binary; ENUM and SET their number. Without a key unless it is told. NULL: RC_FAIL, RC_TEMP. */
struct table *described_anonymous(const struct table_map *, bool mariadb, struct error *);
/* Do names and signs, as far as the table map tells them, agree with the definition? NULL, or what does not; column: which
 * one. */
const char *described_misfit(const struct table_map *, const struct table *, size_t *column);

#endif
