/* SPDX-License-Identifier: ISC */
/* What each line asks for. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "es-bulk/definition.h"
#include "es-bulk/load.h"
#include "es-bulk/row.h"
#include "es-bulk/stream.h"
#include "es-bulk/sweep.h"

#define QUIET_MS 60000		/* m2e-events.5: a control line comes at least once a second */
#define TELL_MS 60000
#define MAX_SHAPED 2		/* how much larger than its line a document may be, which has longer names */
#define MAX_KEY ((size_t)64 << 20)	/* bytes of a document id in the making; a long one is hashed */

int
stream_init(struct stream *s, const struct stream_options *o, struct error *e)
{
	memset(s, 0, sizeof(*s));
	s->o = *o;
	if (bulk_init(&s->bulk, &o->bulk, e) == -1 || line_init(&s->lines, STDIN_FILENO, o->bulk.max_line, e) == -1 ||
	    change_reader_init(&s->reader, e) == -1 || target_list_init(&s->targets, &o->tables, e) == -1)
		return -1;
	if (shape_init(&s->shape, e) == -1)
		return -1;
	if (buf_init(&s->to.name, MAX_KEY) == -1 || buf_init(&s->from.name, MAX_KEY) == -1 ||
	    buf_init(&s->merged, MAX_ANSWER + o->bulk.max_line) == -1 ||
	    buf_init(&s->shaped, MAX_SHAPED * o->bulk.max_line) == -1)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	s->told_ms = now_ms();
	stats_init(&s->stats, o->stats);
	return 0;
}

void
stream_free(struct stream *s)
{
	bulk_free(&s->bulk);
	line_free(&s->lines);
	change_reader_free(&s->reader);
	target_list_free(&s->targets);
	free(s->source.server);
	shape_free(&s->shape);
	buf_free(&s->to.name);
	buf_free(&s->from.name);
	buf_free(&s->merged);
	buf_free(&s->shaped);
}

int
stream_check_index(struct stream *s, struct place *p, struct slice pos, struct error *e)
{
	if (p->checked)
		return 0;
	if (s->o.bulk.mode != BULK_WRITE) {
		p->checked = true;
		return 0;
	}
	return bulk_drain(&s->bulk, e) == -1 ? -1 : index_prepare(&s->bulk, p, &s->source, pos, e);
}

/* All loads that are under way, because the input ends. */
static int
end_loads(struct stream *s, struct error *e)
{
	struct place *p;
	size_t i;

	for (i = 0; i <= s->targets.mask; i++)
		for (p = s->targets.slots[i] == NULL ? NULL : s->targets.slots[i]->places; p != NULL; p = p->next)
			if (p->loading && load_end(&s->bulk, p, e) == -1)
				return -1;
	return 0;
}

static int
on_source(struct stream *s, const struct change *c, struct error *e)
{
	struct slice name = c->server;
	char *server = NULL, *was = s->source.server;

	if (name.p != NULL && *name.p == '"')
		name = (struct slice){ name.p + 1, name.n - 2 };
	if (name.p != NULL && name.n > 0 && (server = strndup(name.p, name.n)) == NULL)
		return error_set(e, RC_TEMP, "source: %s", strerror(errno));
	if ((server == NULL) != (was == NULL) || (server != NULL && strcmp(server, was) != 0) ||
	    c->epoch != s->source.epoch)
		target_uncheck_all(&s->targets);
	s->source.server = server;
	s->source.epoch = c->epoch;
	free(was);
	return 0;
}

/* Does each with every place that the table has, known so far or not, once it is checked. */
static int
each_place(struct stream *s, struct target *t, int (*each)(struct stream *, struct place *, const struct change *,
    struct error *), const struct change *c, struct error *e)
{
	static const struct slice none = { NULL, 0 };
	struct place *p;

	if (bulk_drain(&s->bulk, e) == -1 || index_find_places(&s->bulk, &s->targets, t, e) == -1)
		return -1;
	for (p = t->places; p != NULL; p = p->next)
		if (stream_check_index(s, p, none, e) == -1 || each(s, p, c, e) == -1)
			return -1;
	return 0;
}

/* What the options say of such a statement. 1: apply it; 0: ignore it; -1: stop. */
static int
ask_policy(enum policy policy, const struct change *c, const char *table, struct error *e)
{
	switch (policy) {
	case POLICY_APPLY:
		return 1;
	case POLICY_IGNORE:
		log_warn("%s of a table is ignored, its documents stay table=%s line=%" PRIu64, op_name(c->op), table,
		    c->number);
		return 0;
	default:
		return error_set(e, RC_FAIL, "line %" PRIu64 ": %s of table %s: what is to be done with its index is for a "
		    "person to say (--%s=ignore goes on and leaves it as it is)", c->number, op_name(c->op), table,
		    op_name(c->op));
	}
}

static int
truncate_place(struct stream *s, struct place *p, const struct change *c, struct error *e)
{
	return sweep(&s->bulk, p, c, c->version, e);
}

static int
on_truncate(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	int rc = t == NULL ? -1 : ask_policy(s->o.truncate, c, t->table, e);

	if (rc != 1 || s->o.bulk.mode != BULK_WRITE)
		return rc;
	return each_place(s, t, truncate_place, c, e);
}

static int
on_drop(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	int rc = t == NULL ? -1 : ask_policy(s->o.drop, c, t->table, e);
	struct place *p;

	if (rc != 1 || s->o.bulk.mode != BULK_WRITE)
		return rc;
	if (target_is_joined(t))
		return each_place(s, t, truncate_place, c, e);	/* the index is others' too */
	if (bulk_drain(&s->bulk, e) == -1 || index_find_places(&s->bulk, &s->targets, t, e) == -1)
		return -1;
	for (p = t->places; p != NULL; p = p->next)
		if (index_drop(&s->bulk, p, e) == -1)
			return -1;
	target_uncheck(t);
	return 0;
}

static int
on_rename(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	return t == NULL || ask_policy(s->o.rename, c, t->table, e) == -1 ? -1 : 0;
}

/* A load is complete: what it did not write, and nothing newer did, is gone from the index. */
static int
end_load(struct stream *s, struct place *p, const struct change *c, struct error *e)
{
	bool born;

	if (index_was_born_for(&s->bulk, p, c->pos, &born, e) == -1)
		return -1;
	if (!born && sweep(&s->bulk, p, c, c->version - 1, e) == -1)
		return -1;
	if (p->loading && load_end(&s->bulk, p, e) == -1)
		return -1;
	free(p->born);
	p->born = NULL;
	return index_loaded(&s->bulk, p, c->pos, e);
}

static int
on_done(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	if (t == NULL)
		return -1;
	if (s->o.bulk.mode != BULK_WRITE)
		return 0;
	if (t->unfit)
		return definition_no_load(t, c, e);
	if (c->pos.p == NULL) {
		log_warn("a load without position: documents that were there before stay table=%s", t->table);
		return bulk_drain(&s->bulk, e);
	}
	return each_place(s, t, end_load, c, e);
}

/* What each control line asks for before it goes on. */
static int (*const on_control[])(struct stream *, const struct change *, struct error *) = {
	[OP_SOURCE] = on_source,
	[OP_SCHEMA] = definition_take,
	[OP_TRUNCATE] = on_truncate,
	[OP_DROP] = on_drop,
	[OP_RENAME] = on_rename,
	[OP_DONE] = on_done,
	[OP_STALE] = definition_stale,
	[OP_DDL] = NULL, [OP_COMMIT] = NULL, [OP_HEARTBEAT] = NULL, [OP_PROGRESS] = NULL,
};

static int
take_line(struct stream *s, const char *line, size_t n, struct error *e)
{
	struct change c;

	if (n > s->o.bulk.max_line)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": longer than %zu bytes", s->lines.number, s->o.bulk.max_line);
	if (change_read(&s->reader, line, n, s->lines.number, &c, e) == -1)
		return -1;
	if (s->o.print_mapping && c.op != OP_SCHEMA)
		return 0;
	if (change_is_row(&c))
		return row_take(s, &c, e);
	s->quiet_rows = 0;
	s->quiet_told = false;
	if (on_control[c.op] != NULL && on_control[c.op](s, &c, e) == -1)
		return -1;
	return bulk_control(&s->bulk, &c, e);
}

/* A filter in the middle that drops control lines works, and nothing is ever saved. */
static int
check_quiet(struct stream *s, uint64_t now, struct error *e)
{
	static const char what[] = "rows for 60 s without a control line: does a filter before es-bulk drop them? "
	    "(select(.row == null or …) passes them, jq --unbuffered passes them in time)";

	if (s->quiet_rows == 0 || s->quiet_told || s->o.bulk.mode != BULK_WRITE || now - s->bulk.blocked_ms - s->quiet_ms < QUIET_MS)
		return 0;
	if (s->o.require_acks)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": %s", s->lines.number, what);
	s->quiet_told = true;
	log_warn("%s line=%" PRIu64, what, s->lines.number);
	return 0;
}

static void
tell(const struct stream *s, const char *what)
{
	const struct bulk *b = &s->bulk;

	log_info("%s rows=%" PRIu64 " written=%" PRIu64 " stale=%" PRIu64 " left=%" PRIu64 " dead=%" PRIu64 " retried=%" PRIu64
	    " folded=%" PRIu64 " requests=%" PRIu64 " bytes=%" PRIu64, what, b->rows, b->count.items, b->count.stale,
	    b->count.left, b->dead.written, b->count.retried, b->count.folded, b->count.requests, b->count.bytes);
}

/* One turn of the loop: what is at hand of the input, then what the engine has to say. */
static int
turn(struct stream *s, struct error *e)
{
	bool readable;
	uint64_t now;
	size_t n;
	char *line;

	while (s->bulk.stop_ms == 0 && line_next(&s->lines, &line, &n) == 1)
		if (take_line(s, line, n, e) == -1)
			return -1;
	if (bulk_step(&s->bulk, false, 0, &readable, e) == -1)
		return -1;
	if (!readable && bulk_step(&s->bulk, true, 1000, &readable, e) == -1)
		return -1;
	now = now_ms();
	if (check_quiet(s, now, e) == -1)
		return -1;
	if (s->stats.on && s->targets.last != NULL)
		stats_count(&s->stats, s->targets.last->table, NULL, s->bulk.rows - s->stats.rows,
		    s->bulk.count.bytes - s->stats.bytes);
	if (now - s->told_ms >= TELL_MS) {
		s->told_ms = now;
		tell(s, "on the way");
	}
	return readable ? line_fill(&s->lines, e) : 1;
}

int
stream_run(struct stream *s, struct error *e)
{
	int rc;

	while ((rc = turn(s, e)) == 1 && s->bulk.stop_ms == 0)
		;
	if (rc == -1 || bulk_drain(&s->bulk, e) == -1 || end_loads(s, e) == -1 || output_flush(&s->bulk.ack.out, e) == -1)
		return -1;
	if (s->o.print_mapping && write_all(STDOUT_FILENO, s->printed == 0 ? "{}\n" : "\n}\n", 3) == -1)
		return error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
	stats_end(&s->stats);
	tell(s, "finished");
	if (s->bulk.count.differences > 0)
		return error_set(e, RC_FAIL, "rows and documents differ differences=%" PRIu64 " rows=%" PRIu64,
		    s->bulk.count.differences, s->bulk.rows);
	if (s->bulk.stop_ms != 0)
		return RC_TEMP;
	if (line_was_cut(&s->lines)) {
		log_warn("the input ends within a line, whose writer was stopped: it is left out, all before it is done "
		    "line=%" PRIu64, s->lines.number + 1);
		return RC_TEMP;
	}
	return s->bulk.dead.written > 0 ? RC_DEAD : RC_OK;
}
