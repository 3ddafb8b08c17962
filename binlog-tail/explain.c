/* SPDX-License-Identifier: ISC */
/* One event for a person. A line has an offset in the file, the bytes there, and what they mean. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"

#include "event.h"
#include "explain.h"
#include "query.h"

#define LINE_BYTES 8		/* shown in a line */
#define MAX_DUMP 256		/* bytes of what is not decoded */
#define MAX_TEXT 2000		/* bytes of a statement */
#define MAX_VALUE 200		/* bytes of a value as JSON */
#define MAX_MAPS 8192		/* table maps kept */

/* The offset and the bytes; those that came out of a compressed event have no offset. */
static int
put_bytes(struct tail *t, const uint8_t *p, size_t n)
{
	struct buf *b = &t->out.buf;
	size_t i, shown = (size_t)error_shown(n, LINE_BYTES);
	int rc = -1;

	if (p >= t->event && p < t->event + t->event_bytes && !t->at.packed)
		rc = buf_putf(b, "%10" PRIu64 "  ", t->at.pos.offset + (uint64_t)(p - t->event));
	else
		rc = buf_puts(b, "            ");
	for (i = 0; i < LINE_BYTES && rc == 0; i++)
		rc = i < shown ? buf_putf(b, "%02x ", p[i]) : buf_puts(b, "   ");
	return rc == -1 ? -1 : buf_puts(b, shown < n ? "… " : "  ");
}

/* One line; n 0: without bytes. */
static int __attribute__((format(printf, 4, 5)))
put(struct tail *t, const uint8_t *p, size_t n, const char *fmt, ...)
{
	size_t was = t->out.buf.len;
	char text[512];
	va_list ap;
	int rc = 0;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n > 0)
		rc = put_bytes(t, p, n);
	if (rc == 0)
		rc = buf_puts(&t->out.buf, text) == -1 || buf_putc(&t->out.buf, '\n') == -1 ? -1 : 0;
	return tail_line(t, was, rc);
}

/* A line with n bytes at the cursor, which goes on; what: "name", then its value as a number. */
static int
put_number(struct tail *t, struct cursor *c, size_t n, const char *what)
{
	const uint8_t *p = c->p;
	uint64_t v = cur_le(c, n);

	return c->bad ? -1 : put(t, p, n, "%s %" PRIu64, what, v);
}

/* The same with a text, as a JSON string. */
static int
put_text(struct tail *t, struct cursor *c, size_t n, const char *what)
{
	const uint8_t *p = cur_take(c, n);
	size_t was = t->out.buf.len, shown = (size_t)error_shown(n, MAX_TEXT);
	struct buf *b = &t->out.buf;

	if (p == NULL)
		return -1;
	return tail_line(t, was, put_bytes(t, p, n) == -1 || buf_puts(b, what) == -1 || buf_putc(b, ' ') == -1 ||
	    json_put_string(b, (const char *)p, shown, NULL) == -1 ||
	    (shown < n && buf_puts(b, "…") == -1) || buf_putc(b, '\n') == -1 ? -1 : 0);
}

/* What is left and not decoded. */
static int
put_rest(struct tail *t, struct cursor *c)
{
	size_t n = cur_left(c), i, k;

	for (i = 0; i < n && i < MAX_DUMP; i += k) {
		k = n - i < LINE_BYTES ? n - i : LINE_BYTES;
		if (put(t, c->p + i, k, "%s", i == 0 ? "not decoded here" : "") == -1)
			return -1;
	}
	return i < n ? put(t, NULL, 0, "            … %zu bytes more", n - i) : 0;
}

static int
explain_header(struct tail *t, const char *name)
{
	struct cursor c = cur_of(t->event, EVENT_HEADER);
	time_t ts = (time_t)t->at.header.ts;
	char clock[32] = "";
	struct tm tm;

	if (gmtime_r(&ts, &tm) != NULL)
		strftime(clock, sizeof(clock), "%Y-%m-%dT%H:%M:%SZ", &tm);
	if (put(t, c.p, 4, "logged %s", clock) == -1 ||
	    put(t, c.p + 4, 1, "type %u: %s", t->at.header.type, name == NULL ? "unknown" : name) == -1)
		return -1;
	cur_take(&c, 5);
	if (put_number(t, &c, 4, "server id") == -1 || put_number(t, &c, 4, "bytes:") == -1 ||
	    put_number(t, &c, 4, "the next one's offset, modulo 2^32:") == -1)
		return -1;
	return put(t, c.p, 2, "flags%s%s%s", t->at.header.flags & EVF_IN_USE ? " file-in-use" : "",
	    t->at.header.flags & EVF_ARTIFICIAL ? " artificial" : "",
	    t->at.header.flags & EVF_IGNORABLE ? " ignorable" : "");
}

static int
explain_format(struct tail *t, struct cursor *c)
{
	const uint8_t *server, *rest;
	size_t n;

	if (put_number(t, c, 2, "format") == -1 || (server = cur_take(c, 50)) == NULL ||
	    put(t, server, 50, "server %s", t->at.format.version) == -1)
		return -1;
	if (put_number(t, c, 4, "created") == -1 || put_number(t, c, 1, "bytes of a header:") == -1)
		return -1;
	n = cur_left(c);
	rest = cur_take(c, n);
	return put(t, rest, n, "bytes of each type's fixed part; checksums are %s",
	    t->at.format.checksums ? "on" : "off");
}

static int
explain_query(struct tail *t, struct cursor *c)
{
	struct cursor whole = *c;
	uint8_t db_bytes;
	struct query q;

	if (put_number(t, c, 4, "thread") == -1 || put_number(t, c, 4, "seconds that it took:") == -1)
		return -1;
	db_bytes = cur_left(c) > 0 ? *c->p : 0;
	if (put_number(t, c, 1, "bytes of the database's name:") == -1 || put_number(t, c, 2, "error") == -1)
		return -1;
	if (query_parse(&q, &t->at, &t->packed, &whole, t->e) == -1)
		return -1;
	if (db_bytes > 0) {
		struct cursor name = cur_of((const uint8_t *)q.db, db_bytes);

		if (put_text(t, &name, db_bytes, "database") == -1)
			return -1;
	}
	*c = cur_of((const uint8_t *)q.sql, q.len);
	return q.len == 0 ? 0 : put_text(t, c, q.len, "statement");
}

static int
explain_statement_text(struct tail *t, struct cursor *c)
{
	if (t->at.header.type == EV_ROWS_QUERY && put_number(t, c, 1, "bytes, modulo 256:") == -1)
		return -1;
	return cur_left(c) == 0 ? 0 : put_text(t, c, cur_left(c), "statement");
}

static int
explain_rotate(struct tail *t, struct cursor *c)
{
	return put_number(t, c, 8, "offset") == -1 ? -1 : put_text(t, c, cur_left(c), "next file");
}

static int
explain_xid(struct tail *t, struct cursor *c)
{
	return put_number(t, c, 8, "transaction");
}

static int
explain_gtid(struct tail *t, struct cursor *c)
{
	struct cursor body = *c;
	char text[GTID_TEXT];
	struct gtid_event g;

	if ((t->at.header.type == EV_GTID_TAGGED ? gtid_read_tagged(&g, &body) : gtid_read(&g, &body)) == -1)
		return -1;
	gtid_text(text, &g.id);
	if (put(t, c->p, cur_left(c), "gtid %s", t->at.header.type == EV_ANONYMOUS_GTID ? "none" : text) == -1)
		return -1;
	cur_take(c, cur_left(c));
	return g.micro == 0 ? 0 : put(t, NULL, 0, "%38scommitted %" PRIu64 ".%06" PRIu64, "", g.micro / 1000000, g.micro % 1000000);
}

static int
explain_maria_gtid(struct tail *t, struct cursor *c)
{
	if (put_number(t, c, 8, "number") == -1 || put_number(t, c, 4, "domain") == -1)
		return -1;
	return put_number(t, c, 1, "flags");
}

static int
explain_map(struct tail *t, struct cursor *c)
{
	size_t id_bytes = t->at.format.post_header[EV_TABLE_MAP] == 6 ? 4 : 6, i;
	struct cursor id = *c;
	const struct table_map *m = maps_find(&t->maps, cur_le(&id, id_bytes));

	if (put_number(t, c, id_bytes, "table id") == -1 || put_number(t, c, 2, "flags") == -1)
		return -1;
	if (put(t, c->p, cur_left(c), "table %s.%s, %zu columns", m->db, m->name, m->count) == -1)
		return -1;
	for (i = 0; i < m->count && !m->bare; i++)
		if (put(t, NULL, 0, "%38scolumn %zu: %s (type %u, metadata %u)%s", "", i + 1, cell_name(&m->cells[i]),
		    m->cells[i].code, m->cells[i].meta, m->cells[i].nullable ? ", nullable" : "") == -1)
			return -1;
	cur_take(c, cur_left(c));
	return 0;
}

static int (*const explainers[256])(struct tail *, struct cursor *) = {
	[EV_QUERY] = explain_query, [EV_QUERY_COMPRESSED] = explain_query, [EV_ROTATE] = explain_rotate,
	[EV_FORMAT_DESCRIPTION] = explain_format, [EV_XID] = explain_xid, [EV_TABLE_MAP] = explain_map,
	[EV_ROWS_QUERY] = explain_statement_text, [EV_ANNOTATE_ROWS] = explain_statement_text, [EV_GTID] = explain_gtid,
	[EV_ANONYMOUS_GTID] = explain_gtid, [EV_GTID_TAGGED] = explain_gtid, [EV_MARIA_GTID] = explain_maria_gtid,
};

/* What all row events begin with. */
static int
explain_rows(struct tail *t, struct cursor c)
{
	uint8_t fixed = t->at.format.post_header[t->at.header.type];

	if (put_number(t, &c, fixed == 6 ? 4 : 6, "table id") == -1 || put_number(t, &c, 2, "flags") == -1)
		return -1;
	return 0;
}

/* All tables' maps: those of rows that are explained must be known. */
static int
keep_map(struct tail *t, struct cursor c)
{
	uint64_t id = cur_le(&c, t->at.format.post_header[EV_TABLE_MAP] == 6 ? 4 : 6);
	struct table_map *m;
	bool fresh;

	cur_u16(&c);
	if (c.bad)
		return event_error(t, "malformed");
	if ((m = maps_read(&t->maps, id, c.p, cur_left(&c), &fresh, t->e)) == NULL)
		return event_at(t);
	m->group = t->group.serial;
	m->pos = t->at.pos.offset;
	return 0;
}

static bool
is_asked_for(const struct tail *t)
{
	const struct pos *want = &t->o->explain, *at = &t->at.pos;

	return t->at.counted && strcmp(want->file, at->file) == 0 && want->offset >= at->offset &&
	    want->offset - at->offset < t->at.header.size;
}

/* Rows and payloads hold more. */
static bool
is_container(const struct tail *t)
{
	uint8_t type = t->at.header.type;

	return type == EV_TRANSACTION_PAYLOAD || type == EV_PARTIAL_UPDATE || (type >= EV_WRITE_ROWS_V0 && type <= EV_DELETE_ROWS_V1) ||
	    (type >= EV_WRITE_ROWS_V2 && type <= EV_DELETE_ROWS_V2) ||
	    (type >= EV_WRITE_ROWS_COMPRESSED_V1 && type <= EV_DELETE_ROWS_COMPRESSED);
}

/* Unless it is the output that failed. */
static int
malformed(struct tail *t)
{
	return t->broken ? -1 : event_error(t, "malformed");
}

int
explain_event(struct tail *t, const char *name, struct cursor body)
{
	int (*explain)(struct tail *, struct cursor *) = explainers[t->at.header.type];
	char where[POS_TEXT];

	t->source_said = true;	/* the end may come without a line */
	if (t->at.header.type == EV_XID && t->maps.count > MAX_MAPS)
		maps_clear(&t->maps);
	if (t->at.header.type == EV_TABLE_MAP && keep_map(t, body) == -1)
		return -1;
	if (!is_asked_for(t))
		return 0;
	t->until = t->at.pos;	/* the end */
	t->explained = true;
	if (put(t, NULL, 0, "%s%s, %zu bytes%s", t->at.packed ? "\nin it: " : pos_text(&t->at.pos, where),
	    t->at.packed ? (name == NULL ? "an event" : name) : "", t->event_bytes,
	    t->at.format.checksums && !t->at.packed ? ", its checksum is right" : "") == -1 ||
	    explain_header(t, name) == -1)
		return -1;
	if (t->at.header.type == EV_TRANSACTION_PAYLOAD)
		return 1;
	if (is_container(t))
		return explain_rows(t, body) == -1 ? malformed(t) : 1;
	if (explain != NULL && (explain(t, &body) == -1 || body.bad))
		return malformed(t);
	return put_rest(t, &body);
}

int
explain_table(struct tail *t, const struct table_map *m)
{
	const struct table *table = m->definition->table;
	size_t i;

	if (put(t, NULL, 0, "rows of table %s.%s, whose columns this names: %s", m->db, m->name, m->definition->from) == -1)
		return -1;
	for (i = 0; i < table->key_count; i++)
		if (put(t, NULL, 0, "key: %s", table->columns[table->key[i]].name) == -1)
			return -1;
	return 0;
}

static int
put_value(struct tail *t, const struct cell *cell, const struct spot *s)
{
	struct buf *b = &t->out.buf;
	size_t was = b->len;
	struct value v;

	if (cell_value(cell, s->p, s->n, &v, &t->rows.arena) == -1)
		return buf_puts(b, "not a value of the type");
	if (value_put_json(b, cell->column, &v, &t->o->values, t->e) == -1)
		return buf_puts(b, "not a value of the type");
	if (b->len - was <= MAX_VALUE)
		return 0;
	for (b->len = was + MAX_VALUE; ((uint8_t)b->data[b->len] & 0xc0) == 0x80; b->len--)
		;
	return buf_puts(b, "…");
}

static int
explain_image(struct tail *t, const struct table_map *m, const struct spot *spots, const char *which)
{
	struct buf *b = &t->out.buf;
	const struct column *c;
	size_t i, was;
	int rc;

	for (i = 0; i < m->count; i++) {
		c = m->cells[i].column;
		if (spots[i].is == SPOT_ABSENT)
			continue;
		was = b->len;
		rc = spots[i].is == SPOT_NULL || c->hidden || spots[i].n == 0 ? buf_putf(b, "%38s", "") :
		    put_bytes(t, spots[i].p, spots[i].n);
		if (rc == 0)
			rc = buf_putf(b, "%s %s %s = ", which, c->name, c->type);
		if (rc == 0)
			rc = c->hidden ? buf_puts(b, "(left out)") : spots[i].is == SPOT_NULL ? buf_puts(b, "null") :
			    spots[i].is == SPOT_HERE ? put_value(t, &m->cells[i], &spots[i]) :
			    buf_puts(b, "(a difference to the document before)");
		if (tail_line(t, was, rc == 0 ? buf_putc(b, '\n') : -1) == -1)
			return -1;
	}
	return 0;
}

int
explain_row(struct tail *t, const struct table_map *m, bool before, bool after)
{
	char where[POS_TEXT];

	if (put(t, NULL, 0, "%s row %s%s", before && after ? "updated" : after ? "inserted" : "deleted",
	    pos_text(&t->row_pos, where), t->row_pos.offset == t->o->explain.offset ? " (here)" : "") == -1)
		return -1;
	if (before && explain_image(t, m, t->rows.before, "before:") == -1)
		return -1;
	return after ? explain_image(t, m, t->rows.after, "after:") : 0;
}
