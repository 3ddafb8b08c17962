/* SPDX-License-Identifier: ISC */
/* Prepared XA transactions: logged already, not visible yet. */
#ifndef DUMP_READER_XA_H
#define DUMP_READER_XA_H

#include <mysql.h>

#include "lib/db.h"
#include "lib/stop.h"

/* Waits until those that are prepared now are finished: what is read from then on holds their rows. RC_FAIL: one is
 * prepared for longer than applications take, or they cannot be seen. */
int	 xa_finish(MYSQL *, const struct db_server *, const struct stop *, struct error *);
/* How many the server has been asked to prepare since its start. */
int	 xa_prepares(MYSQL *, uint64_t *, struct error *);

#endif
