/* SPDX-License-Identifier: ISC */
/* What MariaDB's events leave open although they name the columns. */
#ifndef DOUBT_H
#define DOUBT_H

#include <stdbool.h>

#include "lib/table.h"

struct doubt {
	const char *column;	/* the table's; NULL: the table as a whole */
	const char *may_be;
};

/* Is the table that an event described (see described_table) perhaps another one than it seems, as some types are stored as
 * others are, and system-versioned tables as plain ones? version: of the server that logged it. */
bool	 doubt_find(const struct table *, const char *version, struct doubt *);

#endif
