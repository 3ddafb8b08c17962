/* SPDX-License-Identifier: ISC */
/* Prepared XA transactions. */
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"

#include "xa.h"

#define WAIT_MS 10000	/* an application finishes in milliseconds what it has prepared */
#define POLL_MS 20
#define SETTLE_MS 1000	/* from a PREPARE's being in the log to its being listed: MariaDB does the engine's part between */

/* NULL with RC_OK: none is prepared. */
static MYSQL_RES *
recover(MYSQL *my, const struct db_server *server, struct error *e)
{
	MYSQL_RES *res = NULL;

	e->rc = RC_OK;
	if (mysql_query(my, "XA RECOVER") != 0 || (res = mysql_store_result(my)) == NULL) {
		db_error(my, e, "XA RECOVER");
		error_at(e, server->mariadb ? "prepared transactions" :
		    "prepared transactions cannot be seen (GRANT XA_RECOVER_ADMIN ON *.* TO this account)");
	} else if (mysql_num_rows(res) == 0) {
		mysql_free_result(res);
		res = NULL;
	}
	return res;
}

int
xa_prepares(MYSQL *my, uint64_t *n, struct error *e)
{
	struct db_row r;

	if (db_row(my, &r, e, "SHOW GLOBAL STATUS LIKE 'Com_xa_prepare'") == -1)
		return -1;
	*n = r.found && r.cells[1] != NULL ? strtoull(r.cells[1], NULL, 10) : 0;
	db_row_free(&r);
	return 0;
}

/* The row's format, and its name's bytes. */
static bool
lists(MYSQL_RES *now, MYSQL_ROW row, const unsigned long *lengths)
{
	unsigned int i, columns = mysql_num_fields(now);
	MYSQL_ROW other;

	mysql_data_seek(now, 0);
	while ((other = mysql_fetch_row(now)) != NULL) {
		const unsigned long *others = mysql_fetch_lengths(now);

		for (i = 0; i < columns && lengths[i] == others[i] && (lengths[i] == 0 ||
		    memcmp(row[i], other[i], lengths[i]) == 0); i++)
			;
		if (i == columns)
			return true;
	}
	return false;
}

static bool
any_left(MYSQL_RES *then, MYSQL_RES *now)
{
	MYSQL_ROW row;

	mysql_data_seek(then, 0);
	while ((row = mysql_fetch_row(then)) != NULL)
		if (lists(now, row, mysql_fetch_lengths(then)))
			return true;
	return false;
}

/* Where XA is in use, those that are in the log by now are listed afterwards, or finished. */
static int
settle(MYSQL *my, const struct stop *stop, struct error *e)
{
	uint64_t prepares = 0;

	if (xa_prepares(my, &prepares, e) == -1)
		return -1;
	return prepares > 0 ? stop_wait(stop, -1, SETTLE_MS, e) : 0;
}

int
xa_finish(MYSQL *my, const struct db_server *server, const struct stop *stop, struct error *e)
{
	MYSQL_RES *then, *now;
	uint64_t until;
	bool left, told = false;

	if (settle(my, stop, e) == -1)
		return -1;
	then = recover(my, server, e);
	left = then != NULL;
	for (until = now_ms() + WAIT_MS; left && now_ms() < until && stop_wait(stop, -1, POLL_MS, e) != -1; ) {
		now = recover(my, server, e);
		left = now != NULL && any_left(then, now);
		if (now != NULL)
			mysql_free_result(now);
		if (left && !told && (told = true))
			log_info("an XA transaction is prepared: waiting until it is finished seconds=%d", WAIT_MS / 1000);
	}
	if (then != NULL)
		mysql_free_result(then);
	if (left && e->rc == RC_OK)
		error_set(e, RC_FAIL, "an XA transaction is prepared: its rows are in the binary log and not yet in "
		    "the tables; commit it or roll it back first (XA RECOVER)");
	return e->rc == RC_OK ? 0 : -1;
}
