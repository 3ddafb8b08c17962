/* SPDX-License-Identifier: ISC */
/* A position that what is read next is proven to contain (m2e.7, LOADING). */
#ifndef DUMP_READER_SNAPSHOT_H
#define DUMP_READER_SNAPSHOT_H

#include <mysql.h>

#include "lib/db.h"
#include "lib/pos.h"
#include "lib/stop.h"

/* Every transaction up to *s0 (epoch 0) is visible to what this connection reads from now on, and to every other one
 * whose reading begins after this call; on MariaDB a transaction is left open, in which this connection sees just that.
 * tables: those that will be read, as LOCK TABLES has them, for servers where nothing but a lock proves it; NULL: no
 * lock. RC_FAIL: the server offers no way to prove it, or an XA transaction is prepared; RC_TEMP: a transaction up to
 * there did not become visible in time. */
int	 snapshot_begin(MYSQL *, const struct db_server *, const char *tables, const struct stop *, struct pos *s0,
	    struct error *);
/* Waits until a replica has executed these GTIDs: what is read from now on holds them. Errors as above. */
int	 snapshot_reach(MYSQL *, const struct db_server *, const char *gtids, const struct stop *, struct error *);
/* A set of GTIDs from @@gtid_owned, which names each one's owner: uuid:1#8:2#9; the owners are taken out, in place. */
void	 snapshot_strip_owners(char *set);

#endif
