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

#define LOCK_S 5		/* that a lock may let writers wait */
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
wait_for(MYSQL *my, const char *function, const char *set, const struct stop *stop, struct error *e)
{
	uint64_t until = now_ms() + WAIT_MS;
	struct db_row r;
	bool done = false;

	while (!done && now_ms() < until) {
		/* a second at a time, so that a signal is heard */
		if (stop_asked(stop, e) == -1 || db_row(my, &r, e, "SELECT %s('%s', 1)", function, set) == -1)
			return -1;
		done = r.found && r.cells[0] != NULL && strcmp(r.cells[0], "0") == 0;
		db_row_free(&r);
	}
	return done ? 0 : error_set(e, RC_TEMP, "transactions did not become visible in %d s (semi-sync without a replica? "
	    "a replica behind?): %.200s", WAIT_MS / 1000, set);
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
	rc = *owned == '\0' ? 0 : wait_for(my, "WAIT_FOR_EXECUTED_GTID_SET", owned, stop, e);
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

/* A write that is in the log and not committed yet holds its table. With autocommit MySQL 5.6 lets go of it too early. */
static int
locked_begin(MYSQL *my, const struct db_server *server, const char *tables, struct pos *s0, struct error *e)
{
	struct error ignored;
	int rc;

	/* who waits for a lock is in the way of those behind him */
	if (db_run(my, e, "SET SESSION autocommit=0, lock_wait_timeout=%d", LOCK_S) == -1 ||
	    db_run(my, e, "LOCK TABLES %s", tables) == -1)
		rc = error_at(e, "without GTIDs and performance_schema.log_status a position is proven by a lock");
	else
		rc = db_position(my, server, s0, NULL, e);
	db_run(my, &ignored, "UNLOCK TABLES");
	if (db_run(my, rc == 0 ? e : &ignored, "SET SESSION autocommit=1, lock_wait_timeout=DEFAULT") == -1)
		rc = -1;
	return rc;
}

static int
mysql_begin(MYSQL *my, const struct db_server *server, const char *tables, const struct stop *stop, struct pos *s0,
    struct error *e)
{
	bool gtids = false;
	struct db_row r;

	if (server->version >= 50705) {
		if (db_row(my, &r, e, "SELECT @@global.gtid_mode") == -1)
			return -1;
		gtids = r.found && r.cells[0] != NULL && strcmp(r.cells[0], "ON") == 0;
		db_row_free(&r);
	}
	if (gtids)
		return gtid_begin(my, server, stop, s0, e);
	if (tables == NULL && server->version < 80000)
		return error_set(e, RC_FAIL, "this server (%s) has no way to prove what a SELECT sees", server->version_text);
	if (server->version >= 80000 && (log_status_begin(my, s0, e) == 0 || e->rc != RC_FAIL || tables == NULL))
		return e->rc == RC_OK ? 0 : -1;
	return locked_begin(my, server, tables, s0, e);
}

int
snapshot_begin(MYSQL *my, const struct db_server *server, const char *tables, const struct stop *stop, struct pos *s0,
    struct error *e)
{
	e->rc = RC_OK;
	if ((server->mariadb ? mariadb_begin(my, s0, e) : mysql_begin(my, server, tables, stop, s0, e)) == -1)
		return -1;
	/* rows of an XA transaction that are logged before the position and committed behind it are not in the stream; they
	 * are visible to what is read next, if it is either finished by now or listed, and waited for */
	return xa_finish(my, server, stop, e);
}

/* What replicas are given is text, which becomes a part of a statement. */
static bool
is_gtid_set(const char *set)
{
	return *set != '\0' && set[strspn(set, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:-, ")] == '\0';
}

int
snapshot_reach(MYSQL *my, const struct db_server *server, const char *gtids, const struct stop *stop, struct error *e)
{
	if (!is_gtid_set(gtids))
		return error_set(e, RC_USAGE, "--gtids %.100s: not a set of GTIDs", gtids);
	if (wait_for(my, server->mariadb ? "MASTER_GTID_WAIT" : "WAIT_FOR_EXECUTED_GTID_SET", gtids, stop, e) == -1)
		return -1;
	return xa_finish(my, server, stop, e);
}
