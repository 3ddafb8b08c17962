/* SPDX-License-Identifier: ISC */
/* Prepared XA transactions: logged already, not visible yet. */
#ifndef DUMP_READER_XA_H
#define DUMP_READER_XA_H

#include <mysql.h>

#include "lib/db.h"

/* RC_FAIL while XA RECOVER lists any: their rows would be in neither the snapshot nor the stream after it. */
int	 xa_refuse(MYSQL *, const struct db_server *, struct error *);

#endif
