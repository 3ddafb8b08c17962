/* SPDX-License-Identifier: ISC */
/* Row events (MySQL internals manual: ROWS_EVENT; MySQL source, Rows_event). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "event.h"
#include "explain.h"
#include "rows.h"
#include "tail.h"

#define DUMMY_TABLE 0xffffff	/* a row event without rows, which only ends a statement */

enum { STATEMENT_END = 1 };	/* among a row event's flags */
enum { IMAGE_AFTER = 1, IMAGE_BEFORE = 2 };

/* What the event types mean. Versions differ in little: 0 has one bitmap of columns for both images of an update, 2 has extra
 * data; MariaDB compresses what is behind the bitmaps. */
static const struct rows_type {
	const char *op;
	uint8_t images, version;
	bool packed;
	bool partial;		/* after images may have differences in place of JSON documents */
} rows_types[] = {
	[EV_WRITE_ROWS_V0] = { "insert", IMAGE_AFTER, 0, false },
	[EV_UPDATE_ROWS_V0] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 0, false },
	[EV_DELETE_ROWS_V0] = { "delete", IMAGE_BEFORE, 0, false },
	[EV_WRITE_ROWS_V1] = { "insert", IMAGE_AFTER, 1, false },
	[EV_UPDATE_ROWS_V1] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 1, false },
	[EV_DELETE_ROWS_V1] = { "delete", IMAGE_BEFORE, 1, false },
	[EV_WRITE_ROWS_V2] = { "insert", IMAGE_AFTER, 2, false },
	[EV_UPDATE_ROWS_V2] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 2, false },
	[EV_DELETE_ROWS_V2] = { "delete", IMAGE_BEFORE, 2, false },
	[EV_PARTIAL_UPDATE] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 2, false, true },
	[EV_WRITE_ROWS_COMPRESSED_V1] = { "insert", IMAGE_AFTER, 1, true },
	[EV_UPDATE_ROWS_COMPRESSED_V1] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 1, true },
	[EV_DELETE_ROWS_COMPRESSED_V1] = { "delete", IMAGE_BEFORE, 1, true },
	[EV_WRITE_ROWS_COMPRESSED] = { "insert", IMAGE_AFTER, 2, true },
	[EV_UPDATE_ROWS_COMPRESSED] = { "update", IMAGE_BEFORE | IMAGE_AFTER, 2, true },
	[EV_DELETE_ROWS_COMPRESSED] = { "delete", IMAGE_BEFORE, 2, true },
};

/* Which columns an image holds. */
struct present {
	const uint8_t *bits;
	size_t count;
};

struct rows_event {
	const struct rows_type *type;
	struct table_map *map;
	struct present before, after;
	bool wanted;		/* else they are only counted */
	bool ends;		/* the statement */
	bool whole;		/* its rows lack no value that is shown */
	uint64_t skip_to;	/* rows before this offset do not count */
};

void
rows_free(struct rows_buffers *b)
{
	free(b->before);
	free(b->after);
	free(b->row);
	free(b->old_key);
	free(b->old);
	arena_free(&b->arena);
	documents_free(&b->documents);
	memset(b, 0, sizeof(*b));
}

static int
rows_grow(struct rows_buffers *b, size_t columns)
{
	size_t cap = columns < 32 ? 32 : columns;

	if (columns <= b->cap)
		return 0;
	rows_free(b);
	b->before = calloc(cap, sizeof(*b->before));
	b->after = calloc(cap, sizeof(*b->after));
	b->row = calloc(cap, sizeof(*b->row));
	b->old_key = calloc(cap, sizeof(*b->old_key));
	b->old = calloc(cap, sizeof(*b->old));
	if (b->before == NULL || b->after == NULL || b->row == NULL || b->old_key == NULL ||
	    b->old == NULL)
		return -1;
	b->cap = cap;
	return 0;
}

static bool
bit(const uint8_t *bits, size_t i)
{
	return (bits[i / 8] >> i % 8 & 1) != 0;
}

static struct present
take_present(struct cursor *c, size_t columns)
{
	struct present p = { .bits = cur_take(c, (columns + 7) / 8) };
	size_t i;

	for (i = 0; p.bits != NULL && i < columns / 8; i++)
		p.count += (size_t)__builtin_popcount(p.bits[i]);
	if (p.bits != NULL && columns % 8 > 0)
		p.count += (size_t)__builtin_popcount(p.bits[i] & ((1U << columns % 8) - 1));
	return p;
}

/* A bit for each JSON column of the table, whether the image has it or not: are it differences? NULL: nowhere. */
static const uint8_t *
take_partial(struct cursor *c, const struct table_map *m)
{
	uint64_t options = cur_lenenc(c);
	size_t i, documents = 0;

	if (options > 1)
		c->bad = true;
	for (i = 0; i < m->count; i++)
		documents += m->cells[i].code == TYPE_JSON;
	return options == 1 ? cur_take(c, (documents + 7) / 8) : NULL;
}

/* Of the cell behind it. */
static size_t
take_length(struct cursor *c, const struct cell *cell)
{
	switch (cell->prefix) {
	case 0: return cell->size;
	case 1: return cur_u8(c);
	case 2: return cur_u16(c);
	case 3: return cur_u24(c);
	default: return cur_u32(c);
	}
}

/* Where the cells of one image are, which the cursor is at; where it is behind them. */
static struct cursor
take_image(struct cursor c, const struct table_map *m, const struct present *p, struct spot *s, bool may_be_partial)
{
	const uint8_t *partial = may_be_partial ? take_partial(&c, m) : NULL, *nulls = cur_take(&c, (p->count + 7) / 8);
	const struct cell *cell = m->cells, *end = cell + m->count;
	bool whole = p->count == m->count, diff = false;
	size_t k = 0, documents = 0, n;

	for (; cell < end && !c.bad; cell++, s++) {
		if (partial != NULL)
			diff = cell->code == TYPE_JSON && bit(partial, documents++);
		if (!whole && !bit(p->bits, (size_t)(cell - m->cells))) {
			s->is = SPOT_ABSENT;
			continue;
		}
		if (bit(nulls, k++)) {
			s->is = SPOT_NULL;
			s->n = 0;
			continue;
		}
		s->is = diff ? SPOT_DIFF : SPOT_HERE;
		n = take_length(&c, cell);
		s->n = n;
		s->p = cur_take(&c, n);
		if (n > cell->size)
			c.bad = true;
	}
	return c;
}

static bool
spot_equal(const struct spot *a, const struct spot *b)
{
	return a->is == b->is && (a->is != SPOT_HERE || (a->n == b->n && memcmp(a->p, b->p, a->n) == 0));
}

static int
spot_value(struct tail *t, const struct cell *cell, const struct spot *s, struct value *v)
{
	v->type = VALUE_ABSENT;
	if (cell->column->hidden)
		return 0;
	if (s->is == SPOT_NULL)
		v->type = VALUE_NULL;
	if (s->is != SPOT_HERE || cell_value(cell, s->p, s->n, v, &t->rows.arena) == 0)
		return 0;
	return errno == ENOMEM ? tail_memory(t) : event_error(t, "column %s: not a value of type %s",
	    cell->column->name, cell->column->type);
}

/* What was compressed in two ways may be the same. Of geometries the first bytes, their SRID, do not go out. */
static bool
same_bytes(const struct column *c, const struct value *a, const struct value *b)
{
	size_t from = c->kind == COLUMN_GEOMETRY ? 4 : 0, n = b->bytes.n;

	return a->type == VALUE_BYTES && b->type == VALUE_BYTES && a->bytes.n == n && n >= from &&
	    memcmp(a->bytes.p + from, b->bytes.p + from, n - from) == 0;
}

/* The row after an update. What its image leaves out did not change. */
static int
updated_values(struct tail *t, const struct table_map *m)
{
	struct rows_buffers *b = &t->rows;
	const struct spot *s;
	size_t i;

	for (i = 0; i < m->count; i++) {
		s = b->after[i].is == SPOT_ABSENT ? &b->before[i] : &b->after[i];
		if (!m->cells[i].column->hidden && document_changed(&m->cells[i], &b->before[i], &b->after[i])) {
			if (document_values(t, m, i) == -1)
				return -1;
			continue;
		}
		if (spot_value(t, &m->cells[i], s, &b->row[i]) == -1)
			return -1;
		b->old[i].type = VALUE_ABSENT;
		if (t->o->no_old || s == &b->before[i] || b->before[i].is == SPOT_ABSENT ||
		    spot_equal(&b->before[i], &b->after[i]))
			continue;
		if (spot_value(t, &m->cells[i], &b->before[i], &b->old[i]) == -1)
			return -1;
		if (same_bytes(m->cells[i].column, &b->row[i], &b->old[i]))
			b->old[i].type = VALUE_ABSENT;
	}
	return 0;
}

static bool
key_changed(const struct rows_buffers *b, const struct table *table)
{
	size_t i, k;

	for (k = 0; k < table->key_count; k++) {
		i = table->key[k];
		if (b->after[i].is != SPOT_ABSENT && !spot_equal(&b->before[i], &b->after[i]))
			return true;
	}
	return false;
}

/* Fills old_key in when the update changed the key. */
static int
changed_key(struct tail *t, const struct table_map *m, const struct value **old_key)
{
	const struct table *table = m->definition->table;
	struct rows_buffers *b = &t->rows;
	size_t i, k;

	*old_key = NULL;
	if (!key_changed(b, table))
		return 0;
	for (k = 0; k < table->key_count; k++) {
		i = table->key[k];
		if (spot_value(t, &m->cells[i], &b->before[i], &b->old_key[i]) == -1)
			return -1;
	}
	*old_key = b->old_key;
	return 0;
}

/* Is the row with this end a current one? What an image leaves out is as it was: history never changes. -1: no value. */
static int
is_current(struct tail *t, const struct cell *end, const struct spot *s)
{
	struct value v;

	if (s->is != SPOT_HERE)
		return 1;
	if (spot_value(t, end, s, &v) == -1)
		return -1;
	return value_is_forever(&v);
}

/* A system-versioned table's log has its history, too: rows that ended are inserted beside their updates, and deleted
 * ones get an end. *type: what became of the current row; NULL: nothing. */
static int
current_type(struct tail *t, const struct rows_event *r, const struct rows_type **type)
{
	size_t end = (size_t)r->map->definition->row_end;
	int before = 1, after = 1;

	if (r->type->images & IMAGE_BEFORE)
		before = is_current(t, &r->map->cells[end], &t->rows.before[end]);
	if (r->type->images & IMAGE_AFTER)
		after = is_current(t, &r->map->cells[end], &t->rows.after[end]);
	if (before == -1 || after == -1)
		return -1;
	if (before == 0 || (after == 0 && !(r->type->images & IMAGE_BEFORE)))
		*type = NULL;
	else if (after == 0)
		*type = &rows_types[EV_DELETE_ROWS_V1];
	return 0;
}

/* --only: what is left of the row; NULL: nothing. An update to another key takes the row of the old one away. */
static const struct rows_type *
only_type(const struct tail *t, const struct table_map *m, const struct rows_type *type)
{
	if (t->o->only == 0 || (t->o->only & 1U << type->images) != 0)
		return type;
	if ((t->o->only & ONLY_DELETE) != 0 && type->images == (IMAGE_BEFORE | IMAGE_AFTER) &&
	    key_changed(&t->rows, m->definition->table))
		return &rows_types[EV_DELETE_ROWS_V1];
	return NULL;
}

/* One row's line. */
static int
put_row(struct tail *t, const struct rows_event *r, const struct rows_type *type)
{
	struct row_event line = { .op = type->op, .table = r->map->definition->table, .row = t->rows.row,
	    .key = t->rows.row, .pos = &t->row_pos, .ts = t->ts, .query = t->query.len > 0 ? &t->query : NULL,
	    .whole = r->whole };
	const struct spot *spot = type->images & IMAGE_AFTER ? t->rows.after : t->rows.before;
	const struct cell *cell = r->map->cells, *end = cell + r->map->count;
	struct value *v = t->rows.row;
	size_t was = t->out.buf.len;

	if (type->images == (IMAGE_BEFORE | IMAGE_AFTER)) {
		line.old = t->o->no_old ? NULL : t->rows.old;
		if (updated_values(t, r->map) == -1 || changed_key(t, r->map, &line.old_key) == -1)
			return -1;
	} else {
		for (; cell < end; cell++, spot++, v++)
			if (spot_value(t, cell, spot, v) == -1)
				return -1;
	}
	if (event_put_row(&t->out.buf, &line, &t->o->values, t->e) == -1)
		return event_at(t);
	return tail_line(t, was, 0);
}

static int
take_row(struct tail *t, struct cursor *c, const struct rows_event *r)
{
	const struct rows_type *type = r->type;
	const uint8_t *start = c->p;

	arena_reset(&t->rows.arena);
	errno = 0;	/* ENOMEM tells a value that finds no memory from one that is none */
	if (r->type->images & IMAGE_BEFORE)
		*c = take_image(*c, r->map, &r->before, t->rows.before, false);
	if (r->type->images & IMAGE_AFTER)
		*c = take_image(*c, r->map, &r->after, t->rows.after, r->type->partial);
	if (c->bad || c->p == start)	/* an image without columns takes no bytes: it is none */
		return event_error(t, "table %s.%s: a row is cut short", r->map->db, r->map->name);
	t->row_pos.offset = place_row(&t->at, (size_t)(start - t->event));
	if (pos_is_set(&t->o->explain) && r->wanted)
		return explain_row(t, r->map, r->type->images & IMAGE_BEFORE, r->type->images & IMAGE_AFTER);
	if (!r->wanted || t->row_pos.offset < r->skip_to)
		return 0;
	if (r->map->definition->row_end != -1 && current_type(t, r, &type) == -1)
		return -1;
	if (type == NULL || (type = only_type(t, r->map, type)) == NULL)
		return 0;
	t->group.rows++;
	if (!tail_is_written(t) && put_row(t, r, type) == -1)
		return -1;
	buf_clear(&t->query);	/* the statement's first row has told it */
	return 0;
}

/* Where in this file rows begin to count, when those before p do not. */
static uint64_t
offset_from(const struct tail *t, const struct pos *p)
{
	struct pos here;
	int order;

	if (!pos_is_set(p))
		return 0;
	here = t->at.pos;
	here.offset = p->offset;
	order = pos_cmp(&here, p);
	return order == 0 ? p->offset : order < 0 ? UINT64_MAX : 0;
}

/* Rows of an XA transaction: they wait until it is committed. */
static int
hold(struct tail *t, struct table_map *m, const struct cursor *c)
{
	m->rowed = t->group.serial;
	t->xa.rows = true;
	if (t->xa.hold)
		return xa_keep(&t->xa, t->event, c->end, t->e);
	return event_error(t, "table %s.%s: rows of an XA transaction, which are logged before it is committed, if it ever is. "
	    "--xa=hold holds them until then; or leave the table out (--exclude)", m->db, m->name);
}

/* The rows' definition is at hand, and said. */
static int
prepare(struct tail *t, struct table_map *m)
{
	struct definition *d;
	struct pos at;
	size_t was;

	if (names_resolve(t, m) == -1)
		return -1;
	d = m->definition;
	if (d->ignored)
		return 0;
	t->group.lines = true;
	m->rowed = t->group.serial;
	if (d->announced == t->announce)
		return 0;
	d->announced = t->announce;
	at = t->at.pos;
	at.offset = m->pos;
	was = t->out.buf.len;
	return tail_line(t, was, table_put_schema(&t->out.buf, d->table, d->from, &at));
}

/* The map that the table id means, NULL: this transaction has none. */
static struct table_map *
rows_map(struct tail *t, uint64_t id)
{
	struct table_map *m = maps_find(&t->maps, id);

	return m == NULL || m->group != t->group.serial ? NULL : m;
}

static int
take_header(struct tail *t, struct cursor *c, struct rows_event *r)
{
	uint8_t fixed = t->at.format.post_header[t->at.header.type];
	struct cursor head = cur_sub(c, fixed);
	uint64_t id = cur_le(&head, fixed == 6 ? 4 : 6);
	size_t columns, extra;

	r->ends = cur_u16(&head) & STATEMENT_END;
	if (r->type->version == 2) {
		if ((extra = cur_u16(&head)) < 2)	/* it counts its own bytes */
			return -1;
		cur_take(c, extra - 2);
	}
	columns = (size_t)cur_lenenc(c);
	if (head.bad || c->bad)
		return -1;
	if ((r->map = rows_map(t, id)) == NULL)
		return id == DUMMY_TABLE ? 0 : event_error(t, "rows without a table map");
	if (columns != r->map->count)
		return event_error(t, "table %s.%s: rows of %zu columns, the table map has %zu", r->map->db,
		    r->map->name, columns, r->map->count);
	r->before = r->after = take_present(c, columns);
	if (r->type->images == (IMAGE_BEFORE | IMAGE_AFTER) && r->type->version > 0)
		r->after = take_present(c, columns);
	r->whole = r->before.count == columns && r->after.count == columns && !r->type->partial && t->o->values.columns == NULL;
	return c->bad ? -1 : 0;
}

/* Are its rows asked for? Then the definition is at hand. -1 with t->e. */
static int
is_wanted(struct tail *t, struct rows_event *r, const struct cursor *c)
{
	bool explains = pos_is_set(&t->o->explain);

	if ((!r->map->chosen && !explains) || t->group.skipped)
		return 0;
	if (t->group.xa && !t->xa.replaying)
		return hold(t, r->map, c);
	if (r->map->bare)
		return event_error(t, "table %s.%s: rows of MySQL before 5.1.16, whose table maps tell no lengths", r->map->db,
		    r->map->name);
	if (explains && names_resolve(t, r->map) == -1)
		return -1;
	if (explains && r->map->definition->ignored)
		return event_error(t, "sequence %s.%s: its rows are not decoded", r->map->db, r->map->name);
	if (explains)
		return explain_table(t, r->map) == -1 ? -1 : 1;
	r->skip_to = offset_from(t, &r->map->from);
	if (r->skip_to >= t->at.pos.offset && r->skip_to - t->at.pos.offset >= t->at.header.size)
		return 0;
	if (prepare(t, r->map) == -1)
		return -1;
	return !r->map->definition->ignored;
}

static int
take_rows(struct tail *t, struct cursor *c, struct rows_event *r)
{
	int wanted = is_wanted(t, r, c);

	if (wanted == -1)
		return -1;
	t->at.packed |= r->type->packed;
	r->wanted = wanted == 1;
	if (!r->wanted && (!t->at.packed || r->type->packed || r->map->bare))
		return 0;	/* no position depends on how many there are */
	if (r->type->packed && packed_body(&t->packed, c, t->e) == -1)
		return t->e->rc == RC_OK ? -1 : event_at(t);
	if (rows_grow(&t->rows, r->map->count) == -1)
		return tail_memory(t);
	while (cur_left(c) > 0)
		if (take_row(t, c, r) == -1)
			return -1;
	return 0;
}

int
rows_on_event(struct tail *t, struct cursor *c)
{
	struct rows_event r = { .type = &rows_types[t->at.header.type] };

	if (take_header(t, c, &r) == -1 || (r.map != NULL && take_rows(t, c, &r) == -1))
		return -1;
	if (r.ends)
		buf_clear(&t->query);
	return r.ends && t->group.state == GROUP_OPEN ? group_end(t, t->at.pos.offset + t->at.header.size) : 0;
}
