/* SPDX-License-Identifier: ISC */
/* What each line asks for. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "es-bulk/docid.h"
#include "es-bulk/load.h"
#include "es-bulk/partial.h"
#include "es-bulk/stream.h"
#include "es-bulk/sweep.h"

#define QUIET_MS 60000		/* m2e-events.5: a control line comes at least once a second */
#define TELL_MS 60000
#define MAX_MAPPING ((size_t)16 << 20)	/* bytes of one table's */
#define MAX_KEY ((size_t)64 << 20)	/* bytes of a document id in the making; a long one is hashed */

int
stream_init(struct stream *s, const struct stream_options *o, struct error *e)
{
	memset(s, 0, sizeof(*s));
	s->o = *o;
	if (bulk_init(&s->bulk, &o->bulk, e) == -1 || line_init(&s->lines, STDIN_FILENO, o->bulk.max_line, e) == -1 ||
	    change_reader_init(&s->reader, e) == -1 || target_list_init(&s->targets, &o->rules, &o->mappings, e) == -1)
		return -1;
	if (buf_init(&s->id, MAX_KEY) == -1 || buf_init(&s->old_id, MAX_KEY) == -1 ||
	    buf_init(&s->merged, MAX_ANSWER + o->bulk.max_line) == -1)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	s->told_ms = now_ms();
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
	buf_free(&s->id);
	buf_free(&s->old_id);
	buf_free(&s->merged);
}

/* Is the index there and ours? Looked at once, everything before it being done. */
static int
check_index(struct stream *s, struct place *p, struct slice pos, struct error *e)
{
	if (p->checked)
		return 0;
	if (s->o.bulk.dry_run) {
		p->checked = true;
		return 0;
	}
	return bulk_drain(&s->bulk, e) == -1 ? -1 : index_prepare(&s->bulk, p, &s->source, pos, e);
}

/* An index that was made for a load has the settings of one while it lasts. When anything else than its rows comes, it was
 * broken off: then they are put back. */
static int
check_load(struct stream *s, struct place *p, const struct change *c, struct error *e)
{
	bool of_load = p->born != NULL && c->op == OP_SNAPSHOT && c->pos.p != NULL && strlen(p->born) == c->pos.n &&
	    memcmp(p->born, c->pos.p, c->pos.n) == 0;

	if (of_load == p->loading || s->o.bulk.dry_run)
		return 0;
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	return of_load ? load_begin(&s->bulk, p, e) : load_end(&s->bulk, p, e);
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

static uint64_t
hash_id(uint64_t h, const char *p, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	for (; n > 0; p++, n--)
		h = (h ^ (uint8_t)*p) * 1099511628211ULL;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

static int
put(struct stream *s, struct place *p, const struct change *c, const struct buf *id, bool is_delete,
    struct slice row, struct error *e)
{
	return bulk_put(&s->bulk, c, is_delete ? p->delete_start : p->index_start,
	    is_delete ? p->delete_start_len : p->index_start_len, (struct slice){ id->data, id->len }, c->version,
	    hash_id(p->hash, id->data, id->len), row, e);
}

static int
refuse_partial(struct stream *s, const struct change *c, struct error *e)
{
	static const char why[] = "{\"type\":\"no_document\",\"reason\":\"a partial row, and no document to merge it into\"}";
	struct batch one;
	int rc = -1;

	if (batch_init(&one, s->o.bulk.max_line + 1024, e) == -1)
		return -1;
	if (batch_add(&one, c, 0, 0, 0, (struct slice){ NULL, 0 }, e) == 0) {
		one.items[0].status = 404;
		one.items[0].error = (struct slice){ why, sizeof(why) - 1 };
		rc = dead_add(&s->bulk.dead, &one, &one.items[0], e);
	}
	batch_free(&one);
	return rc;
}

/* Makes *row the whole document. 1: it is; 0: nothing is to be written. After a change of key the document may stand
 * under its old id still, or, when this is a replay, under the new one. */
static int
merge_row(struct stream *s, struct place *p, const struct change *c, bool moved, struct slice *row, struct error *e)
{
	const struct buf *id = moved ? &s->old_id : &s->id;
	enum merge m;
	bool deleted;

	if (!s->o.merge_partial)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": a partial row of %s (--partial=stop); "
		    "binlog_row_image=FULL gives whole ones", c->number, p->target->table);
	if (s->o.bulk.dry_run) {
		*row = c->row;
		return 1;
	}
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	m = partial_merge(&s->bulk, p, c, (struct slice){ id->data, id->len }, &s->merged, e);
	if (moved && (m == MERGE_MISSING || m == MERGE_NEWER))
		m = partial_merge(&s->bulk, p, c, (struct slice){ s->id.data, s->id.len }, &s->merged, e);
	*row = (struct slice){ s->merged.data, s->merged.len };
	switch (m) {
	case MERGE_DONE: return 1;
	case MERGE_NEWER: s->bulk.count.stale++; return 0;
	case MERGE_MISSING:
		if (partial_was_deleted(&s->bulk, p, c, (struct slice){ s->id.data, s->id.len }, &deleted, e) == -1)
			return -1;
		s->bulk.count.stale += deleted;
		return deleted ? 0 : refuse_partial(s, c, e);
	default: return -1;
	}
}

static int
on_row(struct stream *s, const struct change *c, struct error *e)
{
	static const struct slice none = { NULL, 0 };
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	struct place *p = t == NULL ? NULL : t->places;
	struct slice row = c->row;
	bool moved = false;
	int rc = 1;

	if (p == NULL || check_index(s, p, c->op == OP_SNAPSHOT ? c->pos : none, e) == -1)
		return -1;
	if ((p->loading || (p->born != NULL && c->op == OP_SNAPSHOT)) && check_load(s, p, c, e) == -1)
		return -1;
	s->id.len = s->old_id.len = 0;
	if (docid_put(&s->reader, &s->id, c->key, e) == -1)
		return -1;
	if (c->op == OP_UPDATE && c->old_key.p != NULL) {
		if (docid_put(&s->reader, &s->old_id, c->old_key, e) == -1)
			return -1;
		moved = s->id.len != s->old_id.len || memcmp(s->id.data, s->old_id.data, s->id.len) != 0;
	}
	if (c->partial && c->op != OP_DELETE && (rc = merge_row(s, p, c, moved, &row, e)) == -1)
		return -1;
	if (moved && put(s, p, c, &s->old_id, true, none, e) == -1)
		return -1;
	if (rc == 1 && put(s, p, c, &s->id, c->op == OP_DELETE, c->op == OP_DELETE ? none : row, e) == -1)
		return -1;
	s->bulk.rows++;
	if (s->quiet_rows++ == 0)
		s->quiet_ms = now_ms() - s->bulk.blocked_ms;
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

/* One member of what --mapping-file reads. */
static int
print_mapping(struct stream *s, const struct target *t, struct error *e)
{
	struct buf b;
	int rc = -1;

	if (buf_init(&b, MAX_MAPPING) == -1)
		return error_set(e, RC_TEMP, "mapping: %s", strerror(errno));
	if (buf_puts(&b, s->printed++ == 0 ? "{\n" : ",\n") == -1 || json_put_str(&b, t->table) == -1 ||
	    buf_putc(&b, ':') == -1)
		error_set(e, RC_TEMP, "mapping: %s", strerror(errno));
	else if (index_put_body(&b, t, s->bulk.lacks, e) == 0 &&
	    (rc = write_all(STDOUT_FILENO, b.data, b.len)) == -1)
		error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
	buf_free(&b);
	return rc;
}

/* A schema line comes again after each start and rotation: only what it changes costs a look at the index. */
static int
on_schema(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	if (t == NULL)
		return -1;
	if (c->key.p == NULL)
		return error_set(e, RC_USAGE, "line %" PRIu64 ": table %s has no key: it cannot be kept in step; give it a "
		    "primary key, or a unique one of NOT NULL columns, or leave it out", c->number, t->table);
	if (t->places->checked && target_is_defined(t, c->key, c->columns))
		return 0;
	if (rule_check(t->mapping, t->table, c->columns.p, c->columns.n, e) == -1 ||
	    target_define(t, c->key, c->columns, e) == -1)
		return -1;
	target_uncheck(t);
	if (s->o.print_mapping && print_mapping(s, t, e) == -1)
		return -1;
	return check_index(s, t->places, c->pos, e);
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
on_truncate(struct stream *s, const struct change *c, struct error *e)
{
	static const struct slice none = { NULL, 0 };
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	int rc = t == NULL ? -1 : ask_policy(s->o.truncate, c, t->table, e);

	if (rc != 1 || s->o.bulk.dry_run)
		return rc;
	if (check_index(s, t->places, none, e) == -1)
		return -1;
	return sweep(&s->bulk, t->places, c, c->version, c->version, e);
}

static int
on_drop(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	int rc = t == NULL ? -1 : ask_policy(s->o.drop, c, t->table, e);

	if (rc != 1 || s->o.bulk.dry_run)
		return rc;
	if (bulk_drain(&s->bulk, e) == -1 || index_drop(&s->bulk, t->places, e) == -1)
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

/* A load is complete: what it did not write, and nothing newer did, is gone from the table. */
static int
on_done(struct stream *s, const struct change *c, struct error *e)
{
	static const struct slice none = { NULL, 0 };
	struct target *t = target_find(&s->targets, &s->reader, c, e);
	bool born;

	if (t == NULL)
		return -1;
	if (s->o.bulk.dry_run)
		return 0;
	if (check_index(s, t->places, none, e) == -1)
		return -1;
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	if (c->pos.p == NULL) {
		log_warn("a load without position: documents that were there before stay table=%s", t->table);
		return 0;
	}
	if (index_was_born_for(&s->bulk, t->places, c->pos, &born, e) == -1)
		return -1;
	if (!born && sweep(&s->bulk, t->places, c, c->version - 1, c->version, e) == -1)
		return -1;
	if (t->places->loading && load_end(&s->bulk, t->places, e) == -1)
		return -1;
	free(t->places->born);
	t->places->born = NULL;
	return index_loaded(&s->bulk, t->places, c->pos, e);
}

/* What each control line asks for before it goes on. */
static int (*const on_control[])(struct stream *, const struct change *, struct error *) = {
	[OP_SOURCE] = on_source,
	[OP_SCHEMA] = on_schema,
	[OP_TRUNCATE] = on_truncate,
	[OP_DROP] = on_drop,
	[OP_RENAME] = on_rename,
	[OP_DONE] = on_done,
	[OP_DDL] = NULL, [OP_STALE] = NULL, [OP_COMMIT] = NULL, [OP_HEARTBEAT] = NULL, [OP_PROGRESS] = NULL,
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
		return on_row(s, &c, e);
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

	if (s->quiet_rows == 0 || s->quiet_told || s->o.bulk.dry_run || now - s->bulk.blocked_ms - s->quiet_ms < QUIET_MS)
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

	log_info("%s rows=%" PRIu64 " written=%" PRIu64 " stale=%" PRIu64 " dead=%" PRIu64 " retried=%" PRIu64
	    " requests=%" PRIu64 " bytes=%" PRIu64, what, b->rows, b->count.items, b->count.stale, b->dead.written,
	    b->count.retried, b->count.requests, b->count.bytes);
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
	tell(s, "finished");
	if (s->bulk.stop_ms != 0)
		return RC_TEMP;
	if (line_was_cut(&s->lines)) {
		log_warn("the input ends within a line, whose writer was stopped: it is left out, all before it is done "
		    "line=%" PRIu64, s->lines.number + 1);
		return RC_TEMP;
	}
	return s->bulk.dead.written > 0 ? RC_DEAD : RC_OK;
}
