/* SPDX-License-Identifier: ISC */
/* The end of a pipe: acknowledged control lines become state. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/line.h"
#include "lib/log.h"
#include "lib/retry.h"

#include "history.h"
#include "position.h"
#include "save.h"
#include "table.h"

#define TABLE_WAIT_MS 5000	/* who holds a table longer than for one change is its own pipe */

struct save {
	const struct store *dir, *tables;
	const char *only;		/* DB.TABLE, or NULL: the main stream */
	struct position position;	/* the main stream's */
	struct tabfile table;		/* or only's */
	struct history history;
	struct source {			/* of the positions that follow */
		bool seen;
		uint64_t epoch;
		char *server, *created;
	} source;
	struct json json;		/* the line in hand */
	const char *line;
	size_t line_bytes;
	bool pending;			/* something is to be stored */
	bool failed;			/* storing did: a second fsync would say that all is well */
	uint64_t stored_ms;
};

/* A member's text, malloc'ed in *text (NULL: absent or null); numbers as they stand. -1: of another type. */
static int
member_text(const struct json *j, const char *name, enum json_type type, char **text, struct error *e)
{
	int t = json_member(j, 0, name);
	const char *raw;
	size_t n;

	*text = NULL;
	if (t == -1 || json_type(j, t) == JSON_NULL)
		return 0;
	if (json_type(j, t) == type) {
		raw = json_raw(j, t, &n);
		*text = type == JSON_STRING ? json_strdup(j, t) : strndup(raw, n);
	}
	return *text != NULL ? 0 : error_set(e, RC_FAIL, "%s must be a %s", name,
	    type == JSON_STRING ? "string" : "number");
}

/* The line's pos, checked against its source. 1, 0 it has none, -1. */
static int
line_pos(const struct save *s, struct pos *pos, struct error *e)
{
	char *text;
	int rc;

	if (member_text(&s->json, "pos", JSON_STRING, &text, e) == -1)
		return -1;
	if (text == NULL)
		return 0;
	rc = pos_parse(pos, text, e);
	free(text);
	if (rc == -1)
		return -1;
	if (!s->source.seen)
		return error_set(e, RC_FAIL, "a position before the source line that says whose it is");
	if (pos->epoch != s->source.epoch)
		return error_set(e, RC_FAIL, "a position of epoch %" PRIu32 " after a source line of epoch %" PRIu64,
		    pos->epoch, s->source.epoch);
	return 1;
}

static int
on_source(struct save *s, struct error *e)
{
	int epoch = json_member(&s->json, 0, "epoch");
	struct source now = { .seen = true };

	if (epoch != -1 && json_u64(&s->json, epoch, &now.epoch) == -1)
		return error_set(e, RC_FAIL, "epoch must be a whole number");
	if (member_text(&s->json, "server", JSON_STRING, &now.server, e) == -1)
		return -1;
	if (member_text(&s->json, "created", JSON_NUMBER, &now.created, e) == -1) {
		free(now.server);
		return -1;
	}
	free(s->source.server);
	free(s->source.created);
	s->source = now;
	return 0;
}

/* commit, heartbeat */
static int
on_position(struct save *s, struct error *e)
{
	struct point to = { .server = s->source.server, .created = s->source.created };
	char *gtids = NULL, *ts = NULL;
	int rc = line_pos(s, &to.pos, e);

	if (rc == 0)
		return error_set(e, RC_FAIL, "pos is missing");
	if (rc == 1 && (rc = member_text(&s->json, "gtids", JSON_STRING, &gtids, e)) == 0 &&
	    (rc = member_text(&s->json, "ts", JSON_NUMBER, &ts, e)) == 0) {
		to.gtids = gtids;
		to.ts = ts;
		rc = point_advance(s->only != NULL ? &s->table.r : &s->position.r, &to, e);
		s->pending |= rc == 0;
	}
	free(gtids);
	free(ts);
	return rc;
}

static int
on_definition(struct save *s, struct error *e)
{
	return history_add(&s->history, &s->json, s->line, s->line_bytes, e);
}

static int
set_rows(struct save *s, struct tabfile *t, struct error *e)
{
	char *rows;
	int rc;

	if (member_text(&s->json, "rows", JSON_NUMBER, &rows, e) == -1)
		return -1;
	rc = record_set(&t->r, "rows", rows, e);
	free(rows);
	return rc;
}

static int
progress(struct save *s, struct tabfile *t, struct error *e)
{
	char *resume;
	int rc;

	if (set_rows(s, t, e) == -1 || member_text(&s->json, "resume", JSON_STRING, &resume, e) == -1)
		return -1;
	rc = record_set(&t->r, "resume", resume, e);
	free(resume);
	return rc;
}

static int
done(struct save *s, struct tabfile *t, struct error *e)
{
	struct point at = { .server = s->source.server, .created = s->source.created };
	struct pos since;
	int rc = line_pos(s, &at.pos, e);

	if (rc == -1 || set_rows(s, t, e) == -1 || record_set(&t->r, "resume", NULL, e) == -1)
		return -1;
	if (rc == 0)	/* a dump without a position: such a table can be loaded, but not be joined */
		return record_set(&t->r, "s0", NULL, e) | record_set(&t->r, "pos", NULL, e);
	if (record_set_pos(&t->r, "s0", &at.pos, e) == -1 || point_set(&t->r, &at, e) == -1)
		return -1;
	if (record_pos(&t->r, "since", &since) && pos_cmp(&since, &at.pos) <= 0)
		return record_set(&t->r, "since", NULL, e) | record_set(&t->r, "why", NULL, e);
	return 0;
}

static int
stale(struct save *s, struct tabfile *t, struct error *e)
{
	struct pos pos;
	char *why;
	int rc = line_pos(s, &pos, e);

	if (rc == 0)
		return error_set(e, RC_FAIL, "pos is missing");
	if (rc == -1 || member_text(&s->json, "why", JSON_STRING, &why, e) == -1)
		return -1;
	rc = tabfile_note(t, why != NULL ? why : "?", &pos, e);
	free(why);
	return rc;
}

typedef int (*tabfile_change)(struct save *, struct tabfile *, struct error *);

/* Changes the file of a table that the main stream's line names, at once. */
static int
change_file(struct save *s, const char *db, const char *name, tabfile_change change, struct error *e)
{
	struct tabfile t;
	int lock, rc;

	if (tabfile_load(&t, s->tables, db, name, e) == -1)
		return -1;
	if ((lock = tabfile_lock(&t, TABLE_WAIT_MS, e)) == -1) {
		tabfile_free(&t);
		if (e->rc != RC_TEMP || change != stale)
			return -1;
		/* its load or catch-up reads the same change: it streams everything after its S0 */
		log_info("left to the table's own pipe table=%s.%s: %s", db, name, e->text);
		return 0;
	}
	tabfile_free(&t);
	if ((rc = tabfile_load(&t, s->tables, db, name, e)) != -1) {
		if (rc == 0 && change == stale)	/* streamed, but nobody has told us of it: keep the warning all the same */
			rc = record_set(&t.r, "status", "syncing", e);
		if (rc != -1 && (rc = change(s, &t, e)) == 0)
			rc = tabfile_write(&t, e);
		tabfile_free(&t);
	}
	close(lock);
	return rc;
}

static int
on_table(struct save *s, tabfile_change change, struct error *e)
{
	char *db = NULL, *name = NULL;
	int rc = -1;

	if (member_text(&s->json, "db", JSON_STRING, &db, e) == -1 ||
	    member_text(&s->json, "table", JSON_STRING, &name, e) == -1)
		goto out;
	if (db == NULL || name == NULL)
		rc = error_set(e, RC_FAIL, "db or table is missing");
	else if (s->only == NULL)
		rc = change_file(s, db, name, change, e);
	else if (strcmp(db, record_get(&s->table.r, "db")) != 0 || strcmp(name, record_get(&s->table.r, "table")) != 0)
		rc = error_set(e, RC_FAIL, "about %s.%s, in a pipe that is %s's alone", db, name, s->only);
	else if ((rc = change(s, &s->table, e)) == 0)
		s->pending = true;
out:
	free(db);
	free(name);
	return rc;
}

static int on_progress(struct save *s, struct error *e) { return on_table(s, progress, e); }
static int on_done(struct save *s, struct error *e) { return on_table(s, done, e); }
static int on_stale(struct save *s, struct error *e) { return on_table(s, stale, e); }

/* No function: es-bulk has done all there is to do. */
static const struct op {
	const char *name;
	int (*take)(struct save *, struct error *);
} ops[] = {
	{ "commit", on_position },
	{ "heartbeat", on_position },
	{ "source", on_source },
	{ "schema", on_definition },
	{ "ddl", on_definition },
	{ "stale", on_stale },
	{ "progress", on_progress },
	{ "done", on_done },
	{ "truncate", NULL },
	{ "drop", NULL },
	{ "rename", NULL },
};

static int
take_line(struct save *s, const char *line, size_t n, struct error *e)
{
	int op, rc = -1;
	size_t i;
	char *name;

	s->line = line;
	s->line_bytes = n;
	if (json_parse(&s->json, line, n, e) == -1)
		return -1;
	op = json_member(&s->json, 0, "op");
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (op != -1 && json_is(&s->json, op, ops[i].name))
			break;
	if (i == sizeof(ops) / sizeof(ops[0])) {
		name = op == -1 ? NULL : json_strdup(&s->json, op);
		error_set(e, RC_FAIL, "not an acknowledged control line (op %s): %.*s", name == NULL ? "is missing" : name,
		    (int)(n < 80 ? n : 80), line);
		free(name);
	} else {
		rc = ops[i].take == NULL ? 0 : ops[i].take(s, e);
	}
	if (rc == -1 && e->rc == RC_USAGE)
		e->rc = RC_FAIL;	/* the line's fault, not the command's */
	return rc;
}

/* Definitions first: a position that covers them promises that they are there. */
static int
store(struct save *s, struct error *e)
{
	s->failed = true;
	if (history_sync(&s->history, e) == -1)
		return -1;
	if (s->pending && (s->only != NULL ? tabfile_write(&s->table, e) : position_write(&s->position, s->dir, e)) == -1)
		return -1;
	s->failed = s->pending = false;
	s->stored_ms = now_ms();
	return 0;
}

/* Milliseconds until something is to be stored; -1: nothing is. */
static int
due_ms(const struct save *s, unsigned int every_ms)
{
	uint64_t since = now_ms() - s->stored_ms;

	if (!s->pending)
		return -1;
	return since >= every_ms ? 0 : (int)(every_ms - since);
}

static int
take_all(struct save *s, struct line_reader *r, unsigned int every_ms, struct error *e)
{
	struct pollfd in = { .fd = r->fd, .events = POLLIN };
	char *line;
	size_t n;
	int rc;

	for (;;) {
		if (due_ms(s, every_ms) == 0 && store(s, e) == -1)
			return -1;
		if (line_next(r, &line, &n) == 1) {
			if (take_line(s, line, n, e) == -1)
				return error_at(e, "line %" PRIu64, r->number);
			continue;
		}
		if (r->eof)
			break;
		if ((rc = poll(&in, 1, due_ms(s, every_ms))) == -1 && errno != EINTR)
			return error_set(e, RC_FAIL, "poll: %s", strerror(errno));
		if (rc == 1 && line_fill(r, e) == -1)
			return -1;
	}
	if (line_was_cut(r))
		return error_set(e, RC_TEMP, "the last line is cut off: its writer was killed; it is discarded, "
		    "all before it is stored");
	return 0;
}

/* Our own lock, for life: one pipe a file. */
static int
begin(struct save *s, struct error *e)
{
	int lock;

	if (s->only == NULL) {
		if ((lock = store_lock(s->dir, POSITION_FILE, 0, e)) == -1)
			return -1;
		if (position_load(&s->position, s->dir, e) != -1)
			return lock;
	} else {
		if (tabfile_load_named(&s->table, s->tables, s->only, e) == -1)
			return -1;
		lock = tabfile_lock(&s->table, TABLE_WAIT_MS, e);
		tabfile_free(&s->table);
		if (lock == -1)
			return -1;
		if (tabfile_load_named(&s->table, s->tables, s->only, e) != -1)
			return lock;
	}
	close(lock);
	return -1;
}

int
save_run(const struct store *dir, const struct store *tables, const char *only, unsigned int every_ms, int fd,
    struct error *e)
{
	struct save s = { .dir = dir, .tables = tables, .only = only };
	struct line_reader r;
	struct error last;
	int lock, rc;

	if ((lock = begin(&s, e)) == -1)
		return -1;
	history_init(&s.history, dir);
	if ((rc = line_init(&r, fd, MAX_CONTROL_LINE, e)) == 0) {
		rc = take_all(&s, &r, every_ms, e);
		if (!s.failed && store(&s, rc == 0 ? e : &last) == -1) {
			if (rc == -1)
				log_error("%s", last.text);
			if (rc == -1 && e->rc == RC_TEMP)	/* a cut line heals by itself, this does not */
				*e = last;
			rc = -1;
		}
		line_free(&r);
	}
	history_free(&s.history);
	if (only != NULL)
		tabfile_free(&s.table);
	else
		position_free(&s.position);
	free(s.source.server);
	free(s.source.created);
	json_free(&s.json);
	close(lock);
	return rc;
}
