/* SPDX-License-Identifier: ISC */
/* Pages of a table in the order of its key, which is the server's: nothing is compared here. */
#ifndef DUMP_READER_KEYSET_H
#define DUMP_READER_KEYSET_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/db.h"
#include "lib/json.h"

#include "select.h"

#define MAX_KEYSET_COLUMNS 32	/* MariaDB's limit; MySQL's is 16 */

struct keyset {
	const struct table *table;
	char *index;		/* whose order the pages follow */
	bool descends[MAX_KEYSET_COLUMNS];	/* by the key's columns */
};

/* Looks for an index of just the key's columns. 1: pages can follow it; 0: they cannot (there is no key, its index holds
 * prefixes or is not ordered, or it begins with an ENUM or SET, which order by number but have no ranges of numbers); -1. */
int	 keyset_find(struct keyset *, MYSQL *, const struct db_server *, const struct table *, struct error *);
void	 keyset_free(struct keyset *);

/* A bound is a key as a JSON array of strings, like an event's key, but ENUM and SET are their numbers. Appends that of
 * a row. 0: text in it has invalid bytes, so that no parameter says the same; 1; -1. */
int	 keyset_put_bound(struct buf *, const struct keyset *, const struct value *values, struct error *);

/* What a page is to have: keys behind from, up to and with to, each NULL: unbounded. */
struct keyset_page {
	const char *from, *to;
	const char *where;	/* SQL that rows must fulfil besides; or NULL */
};
/* Appends ` FORCE INDEX … WHERE … ORDER BY …`. -1: as buf_add. */
int	 keyset_put_page(struct buf *, const struct keyset *, const struct keyset_page *);
/* Gives its bounds to the statement as parameters; scratch: what they borrow from. */
int	 keyset_add_page(const struct keyset *, const struct keyset_page *, struct select *, struct buf *scratch,
	    struct error *);
/* Has the server the key `at` behind the key `from`? 1: yes; 0: no; 2: there is no such row (any more); -1. */
int	 keyset_advances(const struct keyset *, MYSQL *, const char *from, const char *at, struct error *);

#endif
