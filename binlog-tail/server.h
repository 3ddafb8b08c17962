/* SPDX-License-Identifier: ISC */
/* Asks the server for definitions, and proves from where in the log they hold. */
#ifndef SERVER_H
#define SERVER_H

#include <stdbool.h>

#include "lib/db.h"
#include "lib/error.h"
#include "lib/pos.h"
#include "lib/table.h"

struct server;

/* Connects when it is asked first. dialog: borrowed. NULL: no memory. */
struct server *server_new(const struct db_options *, const struct db_server *);
void	 server_free(struct server *);
/* The table's definition as it holds for rows at `at`, which the caller has already read. 1: nobody knows it any more, as a
 * statement since then may have changed it (the message then says why the event was not enough: lack), or there is no such
 * table now; RC_FAIL and the message are set as with -1. -1: RC_FAIL, RC_TEMP. A sequence is a table without columns. */
int	 server_define(struct server *, const char *db, const char *table, const struct pos *at, const char *lack,
	    struct table **, struct error *);

#endif
