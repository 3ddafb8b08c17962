/* SPDX-License-Identifier: ISC */
/* Prepared XA transactions. */
#include "xa.h"

int
xa_refuse(MYSQL *my, const struct db_server *server, struct error *e)
{
	struct db_row r;

	if (db_row(my, &r, e, "XA RECOVER") == -1)
		return error_at(e, server->mariadb ? "prepared transactions" :
		    "prepared transactions cannot be seen (GRANT XA_RECOVER_ADMIN ON *.* TO this account)");
	db_row_free(&r);
	if (r.found)
		return error_set(e, RC_FAIL, "an XA transaction is prepared: its rows are in the binary log and not yet in "
		    "the tables; commit it or roll it back first (XA RECOVER)");
	return 0;
}
