/* SPDX-License-Identifier: ISC */
/* Row events. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/output.h"

#include "es-bulk/definition.h"
#include "es-bulk/docid.h"
#include "es-bulk/load.h"
#include "es-bulk/partial.h"
#include "es-bulk/row.h"

static const struct slice none = { NULL, 0 };

/* An index that was made for a load has the settings of one while it lasts. When anything else than its rows comes, it was
 * broken off: then they are put back. */
static int
check_load(struct stream *s, struct place *p, const struct change *c, struct error *e)
{
	bool of_load = p->born != NULL && c->op == OP_SNAPSHOT && c->pos.p != NULL && strlen(p->born) == c->pos.n &&
	    memcmp(p->born, c->pos.p, c->pos.n) == 0;

	if (of_load == p->loading || s->o.bulk.mode != BULK_WRITE)
		return 0;
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	return of_load ? load_begin(&s->bulk, p, e) : load_end(&s->bulk, p, e);
}

/* The row is a dead letter, without that the engine was asked; or the table's rebuild is to bring it. */
static int
refuse(struct stream *s, struct target *t, const struct change *c, const char *type, const char *reason, struct error *e)
{
	struct batch one;
	struct buf why;
	int rc = -1;

	if (t->places != NULL && t->places->stale && c->op != OP_SNAPSHOT) {
		bulk_leave(&s->bulk, t->places, c->number, reason);
		return 0;
	}
	if (batch_init(&one, s->o.bulk.max_line + 1024, e) == -1)
		return -1;
	if (buf_init(&why, 8192) == -1) {
		batch_free(&one);
		return error_set(e, RC_TEMP, "dead letter: %s", strerror(errno));
	}
	if (buf_putf(&why, "{\"type\":\"%s\",\"reason\":", type) == -1 || json_put_str(&why, reason) == -1 ||
	    buf_putc(&why, '}') == -1) {
		error_set(e, RC_TEMP, "dead letter: %s", strerror(errno));
	} else if (batch_add(&one, c, 0, 0, 0, none, e) == 0) {
		one.items[0].status = 404;
		one.items[0].error = (struct slice){ why.data, why.len };
		rc = dead_add(&s->bulk.dead, &one, &one.items[0], e);
	}
	buf_free(&why);
	batch_free(&one);
	return rc;
}

/* The document that the partial row is to be merged into may, after a change of key, stand where it was still, or, when
 * this is a replay, where it is to be. */
static enum merge
find_merge(struct stream *s, const struct change *c, bool moved, struct slice row, struct error *e)
{
	enum merge m = partial_merge(&s->bulk, moved ? &s->from : &s->to, c->version, row, &s->merged, e);

	if (moved && (m == MERGE_MISSING || m == MERGE_NEWER))
		m = partial_merge(&s->bulk, &s->to, c->version, row, &s->merged, e);
	return m;
}

/* Makes *row, which is in the form of documents, the whole document. 1: it is; 0: nothing is to be written. */
static int
merge_row(struct stream *s, const struct change *c, bool moved, struct slice *row, struct error *e)
{
	bool deleted;

	if (!s->o.merge_partial)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": a partial row of %s (--partial=stop); "
		    "binlog_row_image=FULL gives whole ones", c->number, s->to.place->target->table);
	if (s->o.bulk.mode != BULK_WRITE)
		return 1;
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	switch (find_merge(s, c, moved, *row, e)) {
	case MERGE_DONE:
		*row = (struct slice){ s->merged.data, s->merged.len };
		return 1;
	case MERGE_NEWER:
		s->bulk.count.stale++;
		return 0;
	case MERGE_MISSING:
		if (c->op == OP_DELETE)
			return 0;	/* nothing to mark as deleted */
		if (partial_was_deleted(&s->bulk, &s->to, c->version, &deleted, e) == -1)
			return -1;
		s->bulk.count.stale += deleted;
		return deleted ? 0 : refuse(s, s->to.place->target, c, "no_document", "a partial row, and no document to merge it into", e);
	default:
		return -1;
	}
}

/* The index is there, and has the settings that are due. */
static int
check_place(struct stream *s, const struct change *c, struct place *p, struct error *e)
{
	if (!p->checked && stream_check_index(s, p, c->op == OP_SNAPSHOT ? c->pos : none, e) == -1)
		return -1;
	return (p->loading || (p->born != NULL && c->op == OP_SNAPSHOT)) && check_load(s, p, c, e) == -1 ? -1 : 0;
}

static bool
differ(const struct located *a, const struct located *b)
{
	return a->place != b->place || a->name.len != b->name.len || memcmp(a->name.data, b->name.data, a->name.len) != 0;
}

/* A table without rule: the document is the row, its place the table's, its id the key. */
static int
take_plain(struct stream *s, struct target *t, const struct change *c, struct error *e)
{
	struct slice row = c->op == OP_DELETE ? none : c->row;
	bool moved = false;
	int rc = 1;

	s->to.place = s->from.place = t->places;
	if (check_place(s, c, t->places, e) == -1)
		return -1;
	s->to.name.len = s->from.name.len = 0;
	if (docid_put(&s->reader, &s->to.name, c->key, e) == -1)
		return -1;
	s->to.id_n = s->to.name.len;
	if (c->op == OP_UPDATE && c->old_key.p != NULL) {
		if (docid_put(&s->reader, &s->from.name, c->old_key, e) == -1)
			return -1;
		s->from.id_n = s->from.name.len;
		moved = differ(&s->to, &s->from);
	}
	if (c->partial && c->op != OP_DELETE && (rc = merge_row(s, c, moved, &row, e)) == -1)
		return -1;
	if (moved && bulk_put(&s->bulk, c, &s->from, none, e) == -1)
		return -1;
	return rc == 1 ? bulk_put(&s->bulk, c, &s->to, row, e) : 0;
}

/* Is the row of the load for which the index was made, so that nothing of it can be there? */
static bool
is_first_load(const struct place *p, const struct change *c)
{
	return c->op == OP_SNAPSHOT && p->loading && p->born != NULL;
}

/* The row is not for the table's documents, or no longer: none of it stays. */
static int
leave_out(struct stream *s, const struct change *c, bool moved, struct error *e)
{
	const struct located *l = moved ? &s->from : &s->to;

	return c->op == OP_INSERT || is_first_load(l->place, c) ? 0 : bulk_put(&s->bulk, c, l, none, e);
}

/* A delete that leaves the document, marked. */
static bool
is_soft(const struct target *t, const struct change *c)
{
	return c->op == OP_DELETE && t->rule != NULL && t->rule->soft_delete != -1;
}

/* Writes the document. */
static int
write_row(struct stream *s, struct target *t, const struct change *c, bool moved, struct error *e)
{
	bool soft = is_soft(t, c);
	struct slice row;
	int rc = 1;

	if (c->op == OP_DELETE && !soft)
		return bulk_put(&s->bulk, c, &s->to, none, e);
	s->shaped.len = 0;
	if (shape_put(&s->shape, &s->to, soft, &s->shaped, e) == -1)
		return -1;
	row = (struct slice){ s->shaped.data, s->shaped.len };
	if (c->partial && (rc = merge_row(s, c, moved, &row, e)) == -1)
		return -1;
	if (moved && bulk_put(&s->bulk, c, &s->from, none, e) == -1)
		return -1;
	return rc == 1 ? bulk_put(&s->bulk, c, &s->to, row, e) : 0;
}

/* A table with a rule, or whose place depends on the row. */
static int
take_ruled(struct stream *s, struct target *t, const struct change *c, struct error *e)
{
	bool moved = false;
	int rc;

	if (shape_read(&s->shape, t, c, e) == -1)
		return -1;
	if ((rc = shape_locate(&s->shape, &s->targets, &s->reader, AFTER, &s->to, e)) == 1 && c->op == OP_UPDATE) {
		rc = shape_locate(&s->shape, &s->targets, &s->reader, BEFORE, &s->from, e);
		moved = rc == 1 && differ(&s->to, &s->from);
	}
	if (rc != 1)
		return rc == 0 ? refuse(s, t, c, "place", s->shape.why, e) : -1;
	if (check_place(s, c, s->to.place, e) == -1 || (moved && check_place(s, c, s->from.place, e) == -1))
		return -1;
	if (c->op != OP_DELETE && (rc = shape_passes(&s->shape, e)) != 1)
		return rc == 0 ? leave_out(s, c, moved, e) : -1;
	return write_row(s, t, c, moved, e);
}

static int
take(struct stream *s, struct target *t, const struct change *c, struct error *e)
{
	if (t->unfit && c->op == OP_SNAPSHOT)
		return definition_no_load(t, c, e);
	if (t->unfit) {
		bulk_leave(&s->bulk, t->places, c->number, "the table cannot be kept in step as it is defined now");
		return 0;
	}
	if (c->key.p == NULL)
		return error_set(e, RC_USAGE, "line %" PRIu64 ": table %s has no key: it cannot be kept in step; give it a "
		    "primary key, or a unique one of NOT NULL columns", c->number, t->table);
	return t->is_plain ? take_plain(s, t, c, e) : take_ruled(s, t, c, e);
}

int
row_take(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	if (t == NULL || take(s, t, c, e) == -1)
		return -1;
	s->bulk.rows++;
	if (s->quiet_rows++ == 0)
		s->quiet_ms = now_ms() - s->bulk.blocked_ms;
	return 0;
}
