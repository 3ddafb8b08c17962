/* SPDX-License-Identifier: ISC */
/* A live load from its start to its end: which tables, which position, how many readers. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "definition.h"
#include "ledger.h"
#include "live.h"
#include "load.h"
#include "pace.h"
#include "reader.h"
#include "snapshot.h"
#include "token.h"

#define READ_TIMEOUT_S 86400	/* a table without pages may be sorted, or waited for, before its first row */
#define DEFINITION_TRIES 10	/* a server on which tables are altered all the time is not read */
#define MAX_LOCKS ((size_t)64 << 20)	/* bytes of LOCK TABLES: 100,000 tables */

MYSQL *
live_connect(const struct live_options *o, struct db_server *server, struct error *e)
{
	struct db_options db = o->db;
	MYSQL *my;

	db.read_timeout_s = READ_TIMEOUT_S;
	if ((my = db_connect(&db, e)) == NULL)
		return NULL;
	if (db_server(my, server, e) == 0 && select_session(my, e) == 0 &&
	    db_run(my, e, "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ") == 0 &&
	    db_run(my, e, "SET SESSION autocommit=1, sql_select_limit=18446744073709551615%s",
	    server->mariadb ? ", max_statement_time=0" : server->version >= 50708 ? ", max_execution_time=0" : "") == 0)
		return my;
	mysql_close(my);
	return NULL;
}

/* ---- the tables ---- */

static int
add_table(struct ledger *w, MYSQL *my, const char *db, const char *name, struct error *e)
{
	uint64_t hash = 0;
	int rc = definition_read(my, db, name, NULL, &hash, e);

	if (rc == -1 && e->rc != RC_FAIL)
		return -1;
	/* one that may not be read fails when its turn comes */
	return rc == 0 ? 0 : ledger_add(w, db, name, hash, e);
}

int
live_tables(struct ledger *w, MYSQL *my, const struct live_options *o, struct error *e)
{
	const struct load chosen = { .tables = o->tables, .exclude = o->exclude };
	MYSQL_RES *res;
	MYSQL_ROW row;
	int rc = 0;

	if (mysql_query(my, "SELECT table_schema, table_name FROM information_schema.tables "
	    "WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')") != 0 || (res = mysql_store_result(my)) == NULL)
		return db_error(my, e, "list the tables");
	while (rc == 0 && (row = mysql_fetch_row(res)) != NULL)
		if (row[0] != NULL && row[1] != NULL && load_wants(&chosen, row[0], row[1]))
			rc = add_table(w, my, row[0], row[1], e);
	mysql_free_result(res);
	if (rc == 0)
		ledger_sort(w);
	return rc;
}

static void
forget_tables(struct ledger *w)
{
	for (; w->count > 0; w->count--) {
		free(w->tables[w->count - 1].db);
		free(w->tables[w->count - 1].name);
	}
	free(w->tables);
	w->tables = NULL;
}

/* A table that was asked for by its name is not to be missed quietly. */
static int
check_found(const struct ledger *w, const struct glob_list *asked, struct error *e)
{
	struct glob_list one = { .count = 1 };
	bool found;
	size_t i, k;

	for (i = 0; i < asked->count; i++) {
		one.items = &asked->items[i];
		for (found = false, k = 0; !found && k < w->count; k++)
			found = glob_find(&one, w->tables[k].db, w->tables[k].name) != NULL;
		if (!found)
			return error_set(e, RC_FAIL, "--table %s: there is no such table, or no privilege to see it",
			    asked->items[i].pattern);
	}
	return w->count > 0 ? 0 : error_set(e, RC_FAIL, "there is no table to read");
}

static int
put_locks(struct buf *b, const struct ledger *w)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if ((i > 0 && buf_putc(b, ',') == -1) || db_put_name(b, w->tables[i].db) == -1 || buf_putc(b, '.') == -1 ||
		    db_put_name(b, w->tables[i].name) == -1 || buf_puts(b, " READ") == -1)
			return -1;
	return buf_str(b) == NULL ? -1 : 0;
}

int
live_put_locks(struct buf *b, const struct ledger *w, struct error *e)
{
	return buf_init(b, MAX_LOCKS) == -1 || put_locks(b, w) == -1 ?
	    error_set(e, RC_TEMP, "tables: %s", strerror(errno)) : 0;
}

/* ---- the position ---- */

static int
prove(struct ledger *w, MYSQL *my, const struct db_server *server, const struct live_options *o, const struct stop *stop,
    struct error *e)
{
	struct buf locks = { 0 };
	int rc = -1;

	if (o->gtids != NULL) {
		w->s0 = o->pos;
		return snapshot_reach(my, server, o->gtids, stop, e);
	}
	if (live_put_locks(&locks, w, e) == 0 && snapshot_begin(my, server, locks.data, stop, &w->s0, e) == 0)
		rc = db_run(my, e, "ROLLBACK");	/* what is read later holds as much, and more */
	buf_free(&locks);
	w->s0.epoch = o->source.epoch;
	return rc;
}

/* A position, and definitions that are those of that position. */
static int
begin(struct ledger *w, MYSQL *my, const struct db_server *server, const struct live_options *o, const struct stop *stop,
    struct error *e)
{
	uint64_t before;
	int i;

	for (i = 0; i < DEFINITION_TRIES; i++) {
		before = w->rest;
		if (prove(w, my, server, o, stop, e) == -1)
			return -1;
		forget_tables(w);
		if (live_tables(w, my, o, e) == -1)
			return -1;
		if (w->rest == before)
			return check_found(w, o->tables, e);
	}
	return error_set(e, RC_FAIL, "tables are altered all the time");
}

/* The server must have got as far as the load had, and not have lost its log since. */
static int
check_reached(const struct ledger *w, MYSQL *my, const struct db_server *server, struct error *e)
{
	char there[POS_TEXT], here[POS_TEXT];
	struct pos now;

	if (db_position(my, server, &now, NULL, e) == -1)
		return -1;
	now.epoch = w->s0.epoch;
	if (pos_cmp(&now, &w->s0) >= 0 && pos_same_basename(now.file, w->s0.file))
		return 0;
	return error_set(e, RC_POSITION, "--resume: the load's position is %s, the server is at %s",
	    pos_text(&w->s0, there), pos_text(&now, here));
}

static int
resume(struct ledger *w, MYSQL *my, const struct db_server *server, const struct live_options *o, const struct stop *stop,
    struct error *e)
{
	struct pos s0;
	bool same;

	if (token_read(w, o->resume, &same, e) == -1)
		return -1;
	if (o->gtids != NULL)
		return snapshot_reach(my, server, o->gtids, stop, e);
	if (check_reached(w, my, server, e) == -1)
		return -1;
	if (same)
		return 0;
	log_warn("tables were made, altered or dropped since the load stopped: those that had not begun get a new position");
	s0 = w->s0;
	if (prove(w, my, server, o, stop, e) == -1)
		return -1;
	return pos_cmp(&w->s0, &s0) >= 0 ? 0 : error_set(e, RC_POSITION, "--resume: positions have begun again");
}

/* Whose rows these are. Another server's only when the position in its own log was given, and reached, by GTID. */
static int
identify(struct ledger *w, const struct db_server *server, const struct live_options *o, struct error *e)
{
	w->source = o->source;
	if (o->source.server[0] == '\0')
		strlcpy(w->source.server, server->id, sizeof(w->source.server));
	else if (strcmp(o->source.server, server->id) != 0 && o->gtids == NULL)
		return error_set(e, RC_POSITION, "this server is %s, not %s: a replica is read with --pos and --gtids, which say "
		    "what it must hold", server->id, o->source.server);
	strlcpy(w->source.version, server->version_text, sizeof(w->source.version));
	return 0;
}

static void
expect_rows(struct ledger *w, MYSQL *my, struct error *e)
{
	const struct live_table *t;
	struct db_row r;
	size_t i;

	for (i = 0; w->stats.on && i < w->count; i++) {
		t = &w->tables[i];
		if (strpbrk(t->db, "'\\") != NULL || strpbrk(t->name, "'\\") != NULL || db_row(my, &r, e, "SELECT table_rows FROM "
		    "information_schema.tables WHERE table_schema='%s' AND table_name='%s'", t->db, t->name) == -1)
			continue;
		if (r.found && r.cells[0] != NULL)
			w->stats.total_rows += strtoull(r.cells[0], NULL, 10);
		db_row_free(&r);
	}
}

static int
start(struct ledger *w, MYSQL *my, const struct db_server *server, const struct live_options *o, const struct stop *stop,
    struct error *e)
{
	char text[POS_TEXT];

	w->filtered = o->where != NULL;
	if (identify(w, server, o, e) == -1 || live_tables(w, my, o, e) == -1)
		return -1;
	if ((o->resume == NULL ? begin(w, my, server, o, stop, e) : resume(w, my, server, o, stop, e)) == -1)
		return -1;
	log_info("reading tables=%zu s0=%s", w->count, pos_text(&w->s0, text));
	stats_init(&w->stats, o->stats);
	expect_rows(w, my, e);
	if (event_put_source(&w->out.buf, &w->source) == -1)
		return error_set(e, RC_TEMP, "output: %s", strerror(errno));
	return output_flush(&w->out, e);
}

/* ---- the readers ---- */

struct job {
	struct reader reader;
	pthread_t thread;
	bool runs, ready;
	struct error error;
};

static void *
run_job(void *arg)
{
	struct job *j = arg;

	mysql_thread_init();
	reader_run(&j->reader, &j->error);
	mysql_thread_end();
	return NULL;
}

/* Another connection to the same server. */
static int
start_job(struct job *j, const struct db_server *first, const struct live_options *o, struct ledger *w, struct pace *pace,
    const struct stop *stop, struct error *e)
{
	struct db_server server;
	MYSQL *my = live_connect(o, &server, e);

	if (my == NULL)
		return -1;
	if (strcmp(server.id, first->id) != 0) {
		mysql_close(my);
		return error_set(e, RC_POSITION, "connections lead to different servers: %s, %s", first->id, server.id);
	}
	j->ready = true;
	if (reader_init(&j->reader, my, &server, o, w, pace, stop, e) == -1)
		return -1;
	if ((errno = pthread_create(&j->thread, NULL, run_job, j)) != 0)
		return error_set(e, RC_TEMP, "thread: %s", strerror(errno));
	j->runs = true;
	return 0;
}

static void
tell_bad_bytes(const struct job *jobs, unsigned n)
{
	uint64_t bad = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		bad += jobs[i].reader.bad_bytes;
	if (bad > 0)
		log_warn("invalid bytes became U+FFFD count=%" PRIu64, bad);
}

/* The first reader is this thread, on the connection that proved the position. */
static int
read_all(struct ledger *w, MYSQL *my, const struct db_server *server, const struct live_options *o, struct pace *pace,
    const struct stop *stop, struct error *e)
{
	struct job jobs[MAX_JOBS] = { 0 };
	unsigned i;

	jobs[0].ready = true;
	if (reader_init(&jobs[0].reader, my, server, o, w, pace, stop, e) == -1)
		ledger_stop(w, e);
	for (i = 1; i < o->jobs && !ledger_is_stopped(w); i++)
		if (start_job(&jobs[i], server, o, w, pace, stop, e) == -1)
			ledger_stop(w, e);
	reader_run(&jobs[0].reader, &jobs[0].error);
	for (i = 1; i < MAX_JOBS; i++)
		if (jobs[i].runs)
			pthread_join(jobs[i].thread, NULL);
	tell_bad_bytes(jobs, MAX_JOBS);
	for (i = 0; i < MAX_JOBS; i++)
		if (jobs[i].ready)
			reader_free(&jobs[i].reader);
	if (w->stopped)
		*e = w->error;
	else if (w->table_failed)
		error_set(e, RC_FAIL, "a table could not be read; the others are complete");
	return w->stopped || w->table_failed ? -1 : 0;
}

int
live_run(const struct live_options *o, const struct stop *stop, struct error *e)
{
	struct db_server server;
	MYSQL *my = NULL;
	struct ledger w;
	struct pace pace;
	int rc = -1;

	if (pace_init(&pace, &o->db, o->rate, o->max_lag_s, stop, e) == 0 && ledger_init(&w, STDOUT_FILENO, e) == 0) {
		if ((my = live_connect(o, &server, e)) != NULL) {
			if (start(&w, my, &server, o, stop, e) == 0)
				rc = read_all(&w, my, &server, o, &pace, stop, e);
			else
				mysql_close(my);
		}
		stats_end(&w.stats);
		ledger_free(&w);
	}
	pace_free(&pace);
	return rc;
}
