/* SPDX-License-Identifier: ISC */
/* The stream from a running server: connects, resumes, reads, and connects again. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"
#include "lib/stop.h"

#include "dump.h"
#include "event.h"
#include "live.h"
#include "server.h"

#define FIRST_RETRY_MS 100
#define LAST_RETRY_MS 5000

struct live {
	struct tail *t;
	const struct live_options *o;
	struct dump dump;
	struct db_server server;
	struct retry retry;
	uint64_t failing_since_ms;	/* 0: all is well */
	struct pos reached;		/* when it began to fail */
	unsigned long old_thread;	/* the server's, of the connection that was lost; 0: none */
	bool begun;			/* where to begin is known */
};

/* Our own state's server, or the one that we were connected to. */
static int
check_identity(struct live *l)
{
	const char *expected = l->begun ? l->server.id : l->o->state != NULL ? l->o->state->server : "";
	struct tail *t = l->t;

	if (expected[0] == '\0' || strcmp(expected, l->dump.server.id) == 0)
		return 0;
	return error_set(t->e, RC_POSITION, "the server's id is %s, the position is that of %s: it means nothing here",
	    l->dump.server.id, expected);
}

static int
first_file(struct live *l, struct pos *p)
{
	struct db_row r;
	int rc = 0;

	memset(p, 0, sizeof(*p));
	if (db_row(l->dump.my, &r, l->t->e, "SHOW BINARY LOGS") == -1)
		return -1;
	if (r.found && r.cells[0] != NULL && strlcpy(p->file, r.cells[0], sizeof(p->file)) < sizeof(p->file))
		p->offset = 4;
	else
		rc = error_set(l->t->e, RC_FAIL, "the server writes no binary log (log_bin is off)");
	db_row_free(&r);
	return rc;
}

/* What was executed up to where the stream begins. MySQL tells that at a file's start only. */
static int
begin_gtids(struct live *l, const struct pos *from)
{
	const struct state *s = l->o->state;
	struct tail *t = l->t;
	struct error unread;
	struct db_row r;
	int rc = 0;

	t->gtids.mariadb = l->server.mariadb;
	if (s != NULL && s->gtids != NULL && pos_cmp(&s->pos, from) == 0) {
		if (gtids_parse(&t->gtids, s->gtids, &unread) == -1)
			log_warn("the stored GTID set is not used: %s", unread.text);
		return 0;
	}
	if (!l->server.mariadb || from->offset > UINT32_MAX)
		return 0;
	if (db_row(l->dump.my, &r, t->e, "SELECT BINLOG_GTID_POS('%s', %" PRIu64 ")", from->file, from->offset) == -1)
		return -1;
	if (r.found && r.cells[0] != NULL)
		rc = gtids_parse(&t->gtids, r.cells[0], t->e);
	db_row_free(&r);
	return rc;
}

static int
read_name_case(struct live *l)
{
	struct db_row r;

	if (db_row(l->dump.my, &r, l->t->e, "SELECT @@global.lower_case_table_names") == -1)
		return -1;
	l->t->folds_names = r.found && r.cells[0] != NULL && strcmp(r.cells[0], "1") == 0;
	db_row_free(&r);
	return 0;
}

/* --query: sessions may log their statements all the same. */
static int
look_for_queries(struct live *l)
{
	const char *name = l->server.mariadb ? "binlog_annotate_row_events" : "binlog_rows_query_log_events";
	struct db_row r;

	if (!l->t->o->query)
		return 0;
	if (db_row(l->dump.my, &r, l->t->e, "SELECT @@global.%s", name) == -1)
		return -1;
	if (!r.found || r.cells[0] == NULL || strcmp(r.cells[0], "0") == 0)
		log_warn("--query: the server does not log the statements of rows: %s is OFF", name);
	db_row_free(&r);
	return 0;
}

static int
find_from(struct live *l, struct pos *from)
{
	uint32_t epoch = l->t->source.epoch;

	switch (l->o->from) {
	case FROM_POS: *from = l->o->from_pos; break;
	case FROM_START:
		if (first_file(l, from) == -1)
			return -1;
		break;
	case FROM_NOW:
		if (db_position(l->dump.my, &l->server, from, NULL, l->t->e) == -1)
			return -1;
	}
	from->epoch = epoch;
	return 0;
}

/* Once: where the stream begins and ends. */
static int
begin(struct live *l)
{
	const struct state *s = l->o->state;
	struct tail *t = l->t;
	struct pos from;

	l->server = l->dump.server;
	t->mariadb = l->server.mariadb;
	strlcpy(t->source.server, l->server.id, sizeof(t->source.server));
	strlcpy(t->source.version, l->server.version_text, sizeof(t->source.version));
	if (read_name_case(l) == -1 || look_for_queries(l) == -1 || find_from(l, &from) == -1 || begin_gtids(l, &from) == -1)
		return -1;
	if (l->o->until_now) {
		if (db_position(l->dump.my, &l->server, &t->until, NULL, t->e) == -1)
			return -1;
		t->until.epoch = from.epoch;
	}
	t->boundary = from;
	if (s != NULL && pos_is_set(&s->pos) && strcmp(s->pos.file, from.file) == 0)
		t->expect_created = s->created;
	if ((t->names.server = server_new(&l->o->db, &l->server)) == NULL)
		return tail_memory(t);
	l->begun = true;
	return 0;
}

/* From the last transaction's end on. A dump cannot begin beyond 4 GiB: then the file is read from its start. */
static int
resume(struct live *l)
{
	struct tail *t = l->t;
	struct pos from = t->boundary;
	char text[POS_TEXT];

	if (t->source.created != 0)
		t->expect_created = t->source.created;
	tail_restart(t);
	t->skip_to = 0;
	if (from.offset > UINT32_MAX) {
		t->skip_to = from.offset;
		from.offset = 4;
	}
	t->at.pos = from;
	log_info("reading the binary log server=%s version=%s pos=%s server_id=%" PRIu32, l->server.id,
	    l->server.version_text, pos_text(&t->boundary, text), l->o->server_id);
	return dump_start(&l->dump, &from, l->o->server_id, true, t->e);
}

/* The server may go on writing to a connection that fell silent, for as long as we told it to (net_write_timeout), and
 * MariaDB lets no other one with our server id begin meanwhile. */
static void
end_old_dump(struct live *l)
{
	struct error ignored;
	struct db_row r;

	if (l->old_thread != 0 && db_row(l->dump.my, &r, &ignored, "SELECT id FROM information_schema.processlist "
	    "WHERE id = %lu AND command LIKE 'Binlog Dump%%' AND user = SUBSTRING_INDEX(USER(), '@', 1)",
	    l->old_thread) == 0) {
		if (r.found)
			db_run(l->dump.my, &ignored, "KILL %lu", l->old_thread);
		db_row_free(&r);
	}
	l->old_thread = mysql_thread_id(l->dump.my);
}

static int
connect_to(struct live *l)
{
	if (dump_open(&l->dump, &l->o->db, l->t->e) == -1)
		return -1;
	if (check_identity(l) == -1 || (!l->begun && begin(l) == -1))
		return -1;
	end_old_dump(l);
	return resume(l);
}

/* The next event; while we wait at a transaction's end, a signal ends that. 1; 0: it did; -1. */
static int
next(struct live *l, const uint8_t **event, size_t *n)
{
	struct tail *t = l->t;
	int rc;

	if (!dump_pending(&l->dump) && (tail_heartbeat_due(t) == -1 || tail_flush(t) == -1))
		return -1;
	if (tail_at_boundary(t)) {
		stop_idle(dump_fd(&l->dump));
		if (stop_requested()) {
			stop_idle(-1);
			return 0;
		}
	}
	rc = dump_read(&l->dump, event, n, t->e);
	stop_idle(-1);
	if (rc == -1 && tail_at_boundary(t) && stop_requested())
		return 0;
	if (rc == 0)
		return error_set(t->e, RC_TEMP, "the server ended the stream");
	return rc;
}

/* A connection that only fails at the same place again is none. */
static bool
is_well_again(const struct live *l)
{
	const struct place *at = &l->t->at;

	return l->t->source_said && (at->header.type == EV_HEARTBEAT || pos_cmp(&at->pos, &l->reached) > 0);
}

/* Until the end: 0; else -1. */
static int
stream(struct live *l)
{
	struct tail *t = l->t;
	const uint8_t *event;
	size_t n;
	int rc;

	while (!tail_done(t) || !t->source_said) {
		if ((rc = next(l, &event, &n)) <= 0)
			return rc;
		if (event_take(t, event, n) == -1)
			return -1;
		if (l->failing_since_ms != 0 && is_well_again(l)) {
			l->failing_since_ms = 0;
			retry_reset(&l->retry);
		}
	}
	return 0;
}

/* Waits before the next try; -1: it was tried for long enough. */
static int
wait_to_retry(struct live *l)
{
	struct tail *t = l->t;
	uint32_t ms;

	if (tail_flush(t) == -1)
		return -1;
	if (l->failing_since_ms == 0) {
		l->failing_since_ms = now_ms();
		l->reached = t->at.pos;
	}
	if (now_ms() - l->failing_since_ms >= (uint64_t)l->o->retry_for_s * 1000)
		return -1;
	ms = retry_wait_ms(&l->retry);
	log_warn("%s: trying again in %" PRIu32 " ms", t->e->text, ms);
	retry_sleep(ms);
	return 0;
}

/* The position goes out once more, so that it is stored. */
static int
finish(struct tail *t)
{
	if (!tail_at_boundary(t))
		return tail_flush(t) == -1 ? -1 :
		    error_set(t->e, RC_TEMP, "stopped inside a transaction, as the connection was lost");
	if (t->source_said && tail_put_heartbeat(t) == -1)
		return -1;
	return tail_flush(t);
}

int
live_run(struct tail *t, const struct live_options *o)
{
	struct error first;
	struct live l = { .t = t, .o = o, .retry = { .first_ms = FIRST_RETRY_MS, .ceiling_ms = LAST_RETRY_MS } };
	int rc;

	for (;;) {
		if ((rc = connect_to(&l)) == 0)
			rc = stream(&l);
		dump_close(&l.dump);
		if (rc == 0)
			return finish(t);
		if (t->broken)
			return -1;
		if (t->e->rc != RC_TEMP) {
			/* what was understood is not held back by what was not */
			first = *t->e;
			tail_flush(t);
			*t->e = first;
			return -1;
		}
		if (stop_requested() || wait_to_retry(&l) == -1)
			return stop_requested() ? finish(t) : -1;
	}
}
