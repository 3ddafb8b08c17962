/* SPDX-License-Identifier: ISC */
/* Proof of visibility. A server moves its binlog position before the engine commits, so a position that was read
 * first and a SELECT behind it prove nothing: each way here was tried against 16 writers (tests/dump-reader-proof.t). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/retry.h"

#include "snapshot.h"
#include "xa.h"

#define WAIT_MS 60000	/* for transactions that are on their way: longer with semi-sync and no replica that answers */

/* MariaDB keeps the position that belongs to the snapshot. */
static int
mariadb_begin(MYSQL *my, struct pos *s0, struct error *e)
{
	struct db_row r;

	if (db_run(my, e, "ROLLBACK") == -1 ||
	    db_run(my, e, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ") == -1 ||
	    db_run(my, e, "START TRANSACTION WITH CONSISTENT SNAPSHOT") == -1)
		return -1;
	memset(s0, 0, sizeof(*s0));
	if (db_row(my, &r, e, "SHOW STATUS LIKE 'binlog_snapshot_file'") == -1)
		return -1;
	if (r.found && r.cells[1] != NULL)
		strlcpy(s0->file, r.cells[1], sizeof(s0->file));
	db_row_free(&r);
	if (db_row(my, &r, e, "SHOW STATUS LIKE 'binlog_snapshot_position'") == -1)
		return -1;
	if (r.found && r.cells[1] != NULL)
		s0->offset = strtoull(r.cells[1], NULL, 10);
	db_row_free(&r);
	return pos_is_set(s0) ? 0 : error_set(e, RC_FAIL, "the server tells no position of a snapshot "
	    "(binlog_snapshot_file): does it write a binary log?");
}

void
snapshot_strip_owners(char *set)
{
	char *to = set;

	while (*set != '\0') {
		if (*set == '#')
			set += 1 + strspn(set + 1, "0123456789");
		else if (*set == '\n')
			set++;
		else
			*to++ = *set++;
	}
	*to = '\0';
}

/* Until the GTIDs that were logged and not committed yet are committed. */
static int
wait_for(MYSQL *my, const char *set, const struct stop *stop, struct error *e)
{
	uint64_t until = now_ms() + WAIT_MS;
	struct db_row r;
	bool done = false;

	while (!done && now_ms() < until) {
		/* a second at a time, so that a signal is heard */
		if (stop_asked(stop, e) == -1 || db_row(my, &r, e, "SELECT WAIT_FOR_EXECUTED_GTID_SET('%s', 1)", set) == -1)
			return -1;
		done = r.found && r.cells[0] != NULL && strcmp(r.cells[0], "0") == 0;
		db_row_free(&r);
	}
	return done ? 0 : error_set(e, RC_TEMP, "transactions that are in the binary log did not become visible in %d s "
	    "(semi-sync without a replica?): %.200s", WAIT_MS / 1000, set);
}

static int
gtid_begin(MYSQL *my, const struct db_server *server, const struct stop *stop, struct pos *s0, struct error *e)
{
	struct db_row r;
	char *owned;
	int rc;

	/* in this order: what is logged before the position is read is either committed or owned afterwards */
	if (db_position(my, server, s0, NULL, e) == -1 || db_row(my, &r, e, "SELECT @@global.gtid_owned") == -1)
		return -1;
	owned = strdup(r.found && r.cells[0] != NULL ? r.cells[0] : "");
	db_row_free(&r);
	if (owned == NULL)
		return error_set(e, RC_TEMP, "gtid_owned: %s", strerror(errno));
	snapshot_strip_owners(owned);
	rc = *owned == '\0' ? 0 : wait_for(my, owned, stop, e);
	free(owned);
	return rc;
}

static int
read_log_status(const char *text, struct pos *s0, struct error *e)
{
	struct json j = { 0 };
	char *file = NULL;
	int rc = json_parse(&j, text, strlen(text), e);

	if (rc == 0) {
		memset(s0, 0, sizeof(*s0));
		if (json_member(&j, 0, "binary_log_file") != -1)
			file = json_strdup(&j, json_member(&j, 0, "binary_log_file"));
		if (file == NULL || strlcpy(s0->file, file, sizeof(s0->file)) >= sizeof(s0->file) ||
		    json_u64(&j, json_member(&j, 0, "binary_log_position"), &s0->offset) == -1)
			rc = error_set(e, RC_FAIL, "performance_schema.log_status tells no position: %.200s", text);
	}
	free(file);
	json_free(&j);
	return rc;
}

/* It is taken under the locks that a commit needs. */
static int
log_status_begin(MYSQL *my, struct pos *s0, struct error *e)
{
	struct db_row r;
	int rc;

	if (db_row(my, &r, e, "SELECT LOCAL FROM performance_schema.log_status") == -1)
		return error_at(e, "without GTIDs (gtid_mode=ON) a position is proven by performance_schema.log_status "
		    "only (MySQL 8, GRANT BACKUP_ADMIN and SELECT on it)");
	rc = r.found && r.cells[0] != NULL ? read_log_status(r.cells[0], s0, e) :
	    error_set(e, RC_FAIL, "performance_schema.log_status is empty");
	db_row_free(&r);
	return rc;
}

static int
mysql_begin(MYSQL *my, const struct db_server *server, const struct stop *stop, struct pos *s0, struct error *e)
{
	struct db_row r;
	bool gtids;

	if (server->version < 50705)
		return error_set(e, RC_FAIL, "this server (%s) has no way to prove what a SELECT sees", server->version_text);
	if (db_row(my, &r, e, "SELECT @@global.gtid_mode") == -1)
		return -1;
	gtids = r.found && r.cells[0] != NULL && strcmp(r.cells[0], "ON") == 0;
	db_row_free(&r);
	return gtids ? gtid_begin(my, server, stop, s0, e) : log_status_begin(my, s0, e);
}

int
snapshot_begin(MYSQL *my, const struct db_server *server, const struct stop *stop, struct pos *s0, struct error *e)
{
	/* looked for on both sides: one prepared before the position and finished behind it is missed by neither */
	if (xa_refuse(my, server, e) == -1)
		return -1;
	if ((server->mariadb ? mariadb_begin(my, s0, e) : mysql_begin(my, server, stop, s0, e)) == -1)
		return -1;
	return xa_refuse(my, server, e);
}
