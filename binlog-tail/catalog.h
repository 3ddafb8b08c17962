/* SPDX-License-Identifier: ISC */
/* The chosen tables that exist now. */
#ifndef CATALOG_H
#define CATALOG_H

#include <stddef.h>

#include "lib/db.h"
#include "lib/error.h"

#include "tail.h"

struct catalog {
	struct catalog_table {
		char *db, *name;
	} *tables;
	size_t count;
};

/* Base tables only, by name; the server's own databases only where they are named without a wildcard. -1: as db_row. */
int	 catalog_load(struct catalog *, MYSQL *, const struct tail *, struct error *);
void	 catalog_free(struct catalog *);
/* Prints them, one DB.TABLE a line. */
int	 catalog_print(const struct db_options *, const struct tail *, struct error *);
/* Prints the server's id, as in source lines. */
int	 catalog_identify(const struct db_options *, struct error *);

#endif
