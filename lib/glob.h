/* SPDX-License-Identifier: ISC */
/* Which tables: `DB.TABLE` patterns with * and ?, each with the position from which it counts. */
#ifndef LIB_GLOB_H
#define LIB_GLOB_H

#include <stdbool.h>

#include "lib/pos.h"

struct glob_list {
	struct glob {
		char *pattern;		/* "db.table", * and ? match within it; names are compared as the server writes them */
		struct pos from;	/* rows before it do not count; unset: all do */
	} *items;
	size_t count;
};

/* Adds `DB.TABLE` or `DB.TABLE@POS`; a pattern without a dot gets default_db (may be NULL: then RC_USAGE). */
int	 glob_add(struct glob_list *, const char *text, const char *default_db, struct error *);
void	 glob_free(struct glob_list *);
/* * in the pattern is any text, ? one character, all else itself; fold: without regard to ASCII case. */
bool	 glob_fits(const char *pattern, const char *name, bool fold);
/* The first that fits db.table; NULL: none does. */
const struct glob *glob_find(const struct glob_list *, const char *db, const char *table);

#endif
