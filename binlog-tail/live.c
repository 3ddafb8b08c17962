/* SPDX-License-Identifier: ISC */
/* The stream from a running server: connects, resumes, reads, and connects again. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"
#include "lib/stop.h"

#include "check.h"
#include "dump.h"
#include "event.h"
#include "live.h"
#include "server.h"
#include "serverlog.h"

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
	struct pos from;		/* where it began; its file is not set where GTIDs lead there */
	bool begun;			/* where to begin is known */
	bool read_gtids;		/* the file's start tells which GTIDs were executed */
	bool lost;			/* the position means nothing any more */
	bool moved;			/* GTIDs led here, and nothing came yet */
	bool fresh;			/* another server than before: what is known of one is not known of it */
};

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

/* What was executed up to where the stream begins. Of MySQL only a file's start tells that: then it is read from there. */
static int
begin_gtids(struct live *l, const struct pos *from)
{
	const struct state *s = l->o->state;
	struct executed *x = &l->t->executed;
	struct error unread;
	struct db_row r;
	int rc = 0;

	executed_kind(x, l->server.mariadb);
	if (s != NULL && s->gtids != NULL && pos_cmp(&s->pos, from) == 0) {
		if (gtids_parse(&x->set, s->gtids, &unread) == -1)
			log_warn("the stored GTID set is not used: %s", unread.text);
		return 0;
	}
	if (!l->server.mariadb && l->server.version < 50605)
		return 0;
	if (l->server.mariadb && from->offset > UINT32_MAX)
		return 0;
	if ((l->server.mariadb ? db_row(l->dump.my, &r, l->t->e, "SELECT BINLOG_GTID_POS('%s', %" PRIu64 ")", from->file,
	    from->offset) : db_row(l->dump.my, &r, l->t->e, "SELECT @@global.gtid_mode")) == -1)
		return -1;
	if (r.found && r.cells[0] != NULL && l->server.mariadb)
		rc = gtids_parse(&x->set, r.cells[0], l->t->e);
	else if (r.found && r.cells[0] != NULL)
		l->read_gtids = strcmp(r.cells[0], "OFF") != 0 && (l->o->from_state || x->until.known);
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
	case FROM_GTIDS:
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

static int
find_until(struct live *l)
{
	struct tail *t = l->t;

	if (!l->o->until_now)
		return 0;
	if (db_position(l->dump.my, &l->server, &t->until, NULL, t->e) == -1)
		return -1;
	t->until.epoch = t->source.epoch;
	return 0;
}

/* Begins at a GTID set, which this server must have executed. */
static int
begin_by_gtids(struct live *l, const char *gtids)
{
	struct tail *t = l->t;

	if (executed_from(&t->executed, gtids, l->server.mariadb, true, t->e) == -1) {
		t->e->rc = RC_POSITION;
		return -1;
	}
	if (gtids_text(&t->executed.from) == NULL)
		return tail_memory(t);
	if (serverlog_has(l->dump.my, &l->server, gtids_text(&t->executed.from), t->e) == -1)
		return -1;
	memset(&t->boundary, 0, sizeof(t->boundary));
	return 0;
}

static int
other_server(struct live *l, const char *expected, const char *but)
{
	return error_set(l->t->e, RC_POSITION, "the server's id is %s, the position is that of %s: it means nothing here, and %s",
	    l->dump.server.id, expected, but);
}

/* To this server, whose log has other positions, the GTID set leads: in the next epoch, if nothing is missing there. */
static int
move(struct live *l, const char *was, const char *gtids)
{
	char *set = gtids == NULL ? NULL : strdup(gtids);
	struct tail *t = l->t;
	int rc;

	if (set == NULL || set[0] == '\0') {
		free(set);
		return other_server(l, was, "it is not known which GTIDs were executed");
	}
	if (t->source.epoch == MAX_EPOCH) {
		free(set);
		return error_set(t->e, RC_FAIL, "positions start again, and there are no epochs left");
	}
	l->server = l->dump.server;
	t->mariadb = l->server.mariadb;
	tail_restart(t);
	xa_clear(&t->xa);
	t->written = 0;		/* an open transaction is sent again from its start */
	if ((rc = begin_by_gtids(l, set)) == 0) {
		t->source.epoch++;
		log_warn("going on by GTID, positions start again server=%s epoch=%u gtids=%s", l->server.id,
		    (unsigned)t->source.epoch, set);
	}
	free(set);
	return rc;
}

/* What move() needs; NULL: not known. */
static const char *
known_gtids(struct live *l)
{
	const struct xa_prepared *held = xa_oldest(&l->t->xa);

	if (held != NULL)
		return held->gtids;
	return l->t->executed.set.known ? gtids_text(&l->t->executed.set) : NULL;
}

static int
begin_at(struct live *l, const struct pos *from)
{
	const struct state *s = l->o->state;
	struct tail *t = l->t;

	if (begin_gtids(l, from) == -1)
		return -1;
	t->boundary = *from;
	if (s != NULL && pos_is_set(&s->pos) && strcmp(s->pos.file, from->file) == 0)
		t->expect_created = s->created;
	return 0;
}

/* Once: where the stream begins and ends. */
static int
begin(struct live *l)
{
	const struct live_options *o = l->o;
	const char *expected = o->state != NULL ? o->state->server : "";
	bool elsewhere = expected[0] != '\0' && strcmp(expected, l->dump.server.id) != 0;
	struct tail *t = l->t;

	l->server = l->dump.server;
	t->mariadb = l->server.mariadb;
	if (executed_fits(t) == -1 || read_name_case(l) == -1 || find_from(l, &l->from) == -1 ||
	    look_for_queries(l) == -1 || check_warn(l->dump.my, &l->server, t->e) == -1)
		return -1;
	if (o->from == FROM_GTIDS) {
		if (begin_by_gtids(l, o->from_gtids) == -1)
			return -1;
		if (elsewhere && !o->epoch_given)
			t->source.epoch++;
	} else if (!elsewhere) {
		if (begin_at(l, &l->from) == -1)
			return -1;
	} else if (!o->from_state || !o->failover) {
		return other_server(l, expected, o->failover ? "--from is a position, not a GTID set" : "--failover=stop forbids to go on by GTID");
	} else if (move(l, expected, o->state->gtids) == -1) {
		return -1;
	}
	l->begun = l->fresh = true;
	return 0;
}

/* Is it the server that we were connected to? If not, or if its log is another one now, GTIDs may lead on. */
static int
begin_again(struct live *l)
{
	bool elsewhere = strcmp(l->server.id, l->dump.server.id) != 0;
	char was[sizeof(l->server.id)];

	if (!elsewhere && !l->lost)
		return 0;
	if (!l->o->failover)
		return other_server(l, l->server.id, "--failover=stop forbids to go on by GTID");
	if (pos_is_set(&l->t->until) && !l->o->until_now)
		return error_set(l->t->e, RC_POSITION, "--until is a position of another log than that of server %s now",
		    l->dump.server.id);
	strlcpy(was, l->server.id, sizeof(was));
	l->lost = false;
	l->moved = l->fresh = true;
	return move(l, was, known_gtids(l));
}

/* Who asks for definitions, and in which log they are proven. */
static int
new_names(struct live *l)
{
	struct names *n = &l->t->names;

	server_free(n->server);
	strlcpy(l->t->source.server, l->server.id, sizeof(l->t->source.server));
	strlcpy(l->t->source.version, l->server.version_text, sizeof(l->t->source.version));
	l->t->source.created = 0;
	if ((n->server = server_new(&l->o->db, &l->server)) == NULL)
		return tail_memory(l->t);
	if (find_until(l) == -1)
		return -1;
	l->fresh = false;
	return 0;
}

/* From the last transaction's end on. A dump cannot begin beyond 4 GiB: then the file is read from its start. */
static int
resume(struct live *l)
{
	struct tail *t = l->t;
	struct pos from = t->boundary;
	bool by_gtids = !pos_is_set(&from);
	char text[POS_TEXT];

	if (t->source.created != 0)
		t->expect_created = t->source.created;
	tail_restart(t);
	t->skip_to = 0;
	t->executed.from_server = by_gtids;
	if (from.offset > UINT32_MAX || (l->read_gtids && !t->executed.set.known && from.offset > FILE_START)) {
		t->skip_to = from.offset;
		from.offset = FILE_START;
	}
	from.epoch = t->source.epoch;
	t->at.pos = from;
	log_info("reading the binary log server=%s version=%s pos=%s server_id=%" PRIu32, l->server.id,
	    l->server.version_text, by_gtids ? gtids_text(&t->executed.set) : pos_text(&t->boundary, text), l->o->server_id);
	return by_gtids ? dump_start_gtids(&l->dump, &t->executed.set, l->o->server_id, t->e) :
	    dump_start(&l->dump, &from, l->o->server_id, true, t->e);
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
	if ((l->begun ? begin_again(l) : begin(l)) == -1)
		return -1;
	if (l->fresh && new_names(l) == -1)
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
		if (l->moved && tail_at_boundary(t) && t->boundary.offset > FILE_START)
			l->moved = false;
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

/* The position is lost, or never was one: may GTIDs lead on? They do not help one that a person gave and that was wrong. */
static bool
may_move(const struct live *l)
{
	const struct tail *t = l->t;

	return t->e->rc == RC_POSITION && l->o->failover && l->begun && !l->moved && !l->lost &&
	    t->executed.set.known && !gtids_is_empty(&t->executed.set) && pos_is_set(&t->boundary) &&
	    (l->o->from_state || pos_cmp(&t->boundary, &l->from) > 0);
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
		if (may_move(&l)) {
			log_warn("%s", t->e->text);
			l.lost = true;
			if (tail_flush(t) == -1)
				return -1;
			continue;
		}
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
