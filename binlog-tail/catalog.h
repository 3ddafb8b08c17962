/* SPDX-License-Identifier: ISC */
/* The chosen tables that exist now. */
#ifndef CATALOG_H
#define CATALOG_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/db.h"
#include "lib/error.h"

#include "tail.h"

struct catalog {
	struct buf names;	/* "db" NUL "table" NUL … */
};

struct catalog_table {
	const char *db, *name;	/* both NULL: before the first one */
};

/* Base tables only, by name; the server's own databases only where they are named without a wildcard. -1: as db_row. */
int	 catalog_load(struct catalog *, MYSQL *, const struct tail *, struct error *);
void	 catalog_free(struct catalog *);
/* The next one; false: there is none. */
bool	 catalog_next(const struct catalog *, struct catalog_table *);
/* Prints them, one DB.TABLE a line. */
int	 catalog_print(const struct db_options *, const struct tail *, struct error *);
/* Prints the server's id, as in source lines. */
int	 catalog_identify(const struct db_options *, struct error *);

#endif
