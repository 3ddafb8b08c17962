/* SPDX-License-Identifier: ISC */
/* Query events (MySQL internals manual: QUERY_EVENT). */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "collation.h"
#include "event.h"
#include "query.h"
#include "tail.h"

#define SHOWN_SQL 200	/* bytes of a statement in a message */

/* Status variables up to those that matter (MySQL source, Query_event::Query_event_post_header_offsets); servers write
 * them in the order of these numbers, but MariaDB from 11 on its default collations, pairs of numbers, before the client's
 * character set (MariaDB source, Q_CHARACTER_SET_COLLATIONS). */
enum { Q_FLAGS2 = 0, Q_SQL_MODE = 1, Q_CATALOG = 2, Q_AUTO_INCREMENT = 3, Q_CHARSET = 4, Q_CATALOG_NZ = 6,
	Q_COLLATIONS = 131 };

#define MODE_NO_BACKSLASH_ESCAPES (UINT64_C(1) << 20)

static void
parse_status(struct query *q, struct cursor c)
{
	while (cur_left(&c) > 0 && !c.bad) {
		switch (cur_u8(&c)) {
		case Q_FLAGS2: cur_u32(&c); break;
		case Q_SQL_MODE: q->sql_mode = cur_u64(&c); break;
		case Q_CATALOG: cur_take(&c, cur_u8(&c)); cur_u8(&c); break;
		case Q_AUTO_INCREMENT: cur_u32(&c); break;
		case Q_CATALOG_NZ: cur_take(&c, cur_u8(&c)); break;
		case Q_COLLATIONS: cur_take(&c, 4U * cur_u8(&c)); break;
		case Q_CHARSET: q->charset = cur_u16(&c); return;
		default: return;
		}
	}
}

int
query_parse(struct query *q, const struct place *at, struct packed *packed, struct cursor *c, struct error *e)
{
	struct cursor head = cur_sub(c, at->format.post_header[at->header.type]);
	uint8_t db_len;
	size_t status;

	memset(q, 0, sizeof(*q));
	cur_u32(&head);		/* thread */
	cur_u32(&head);		/* seconds that it took */
	db_len = cur_u8(&head);
	cur_u16(&head);		/* error code */
	status = cur_u16(&head);
	parse_status(q, cur_sub(c, status));
	q->db = (const char *)cur_take(c, db_len);
	if (cur_u8(c) != 0 || head.bad || c->bad)
		return -1;
	if (at->header.type == EV_QUERY_COMPRESSED && packed_body(packed, c, e) == -1)
		return -1;
	q->len = cur_left(c);
	q->sql = (const char *)cur_take(c, q->len);
	return 0;
}

int
query_statement(struct statement *st, const struct query *q, struct error *e)
{
	/* BEGIN is every second one */
	if (q->len == 5 && memcmp(q->sql, "BEGIN", 5) == 0) {
		*st = (struct statement){ .kind = STATEMENT_BEGIN };
		return 0;
	}
	if (statement_read(st, q->sql, q->len, q->db, e) == -1)
		return -1;
	/* a backslash may end a string there that goes on for our reader: what the clauses are is not certain */
	if ((q->sql_mode & MODE_NO_BACKSLASH_ESCAPES) && memchr(q->sql, '\\', q->len) != NULL) {
		size_t i;

		for (i = 0; i < st->count; i++)
			if (st->tables[i].touch >= TOUCH_OPTIONS && st->tables[i].touch < TOUCH_ALTER)
				st->tables[i].touch = TOUCH_ALTER;
	}
	return 0;
}

/* The statement in UTF-8, in place of q's; *utf8 then owns it. */
static int
to_utf8(struct query *q, struct buf *utf8)
{
	const struct charset *c = collation_charset(q->charset);
	uint64_t bad = 0;
	size_t i;

	for (i = 0; i < q->len && (uint8_t)q->sql[i] < 0x80; i++)
		;
	if (i == q->len || c == NULL || charset_is_utf8(c) || charset_is_binary(c))
		return 0;
	if (buf_init(utf8, MAX_EVENT_LINE) == -1 || charset_put_utf8(c, utf8, q->sql, q->len, &bad) == -1)
		return -1;
	q->sql = utf8->data;
	q->len = utf8->len;
	return 0;
}

/* The names as table maps have them. */
static void
fold_names(struct statement *st)
{
	size_t i;
	char *p;

	for (p = st->database; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	for (i = 0; i < st->count; i++) {
		for (p = st->tables[i].db; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		for (p = st->tables[i].table; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
	}
}

static int
refuse(struct tail *t, const struct query *q, const char *why)
{
	return event_error(t, "%s: %.*s", why, error_shown(q->len, SHOWN_SQL), q->sql);
}

/* {"op":OP,"db":…,"table":… up to where its own members come */
static int
put_head(struct buf *b, const char *op, const char *db, const char *table)
{
	if (buf_putf(b, "{\"op\":\"%s\",\"db\":", op) == -1 || json_put_str(b, db) == -1)
		return -1;
	if (table != NULL && (buf_puts(b, ",\"table\":") == -1 || json_put_str(b, table) == -1))
		return -1;
	return 0;
}

static int
put_names(struct buf *b, const struct statement *st)
{
	size_t i;

	if (st->kind == STATEMENT_DROP_DATABASE)
		return buf_puts(b, ",\"tables\":[[") == -1 || json_put_str(b, st->database) == -1 ||
		    buf_puts(b, ",null]]") == -1 ? -1 : 0;
	if (st->count == 0)
		return 0;
	for (i = 0; i < st->count; i++)
		if (buf_puts(b, i == 0 ? ",\"tables\":[[" : ",[") == -1 || json_put_str(b, st->tables[i].db) == -1 ||
		    buf_putc(b, ',') == -1 || json_put_str(b, st->tables[i].table) == -1 || buf_putc(b, ']') == -1)
			return -1;
	return buf_putc(b, ']');
}

static int
put_ddl(struct tail *t, const struct query *q, const struct statement *st)
{
	struct buf *b = &t->out.buf;
	size_t was = b->len;
	int rc;

	rc = put_head(b, "ddl", q->db, NULL) == -1 || buf_puts(b, ",\"sql\":") == -1 ||
	    json_put_string(b, q->sql, q->len, NULL) == -1 || put_names(b, st) == -1 ||
	    tail_put_where(t, &t->at.pos) == -1 || buf_puts(b, "}\n") == -1 ? -1 : 0;
	return tail_line(t, was, rc);
}

/* truncate, drop, rename */
static int
put_touch(struct tail *t, const char *op, const struct touched *x, const struct touched *to)
{
	struct buf *b = &t->out.buf;
	size_t was = b->len;
	int rc;

	rc = put_head(b, op, x->db, x->table) == -1 ||
	    (to != NULL && (buf_puts(b, ",\"to_db\":") == -1 || json_put_str(b, to->db) == -1 ||
	    buf_puts(b, ",\"to_table\":") == -1 || json_put_str(b, to->table) == -1)) ||
	    tail_put_where(t, &t->at.pos) == -1 || buf_puts(b, "}\n") == -1 ? -1 : 0;
	return tail_line(t, was, rc);
}

int
query_put_stale(struct tail *t, const char *db, const char *table, const char *why, const struct pos *pos)
{
	struct buf *b = &t->out.buf;
	size_t was = b->len;
	int rc;

	rc = put_head(b, "stale", db, table) == -1 || buf_puts(b, ",\"why\":") == -1 || json_put_str(b, why) == -1 ||
	    buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, pos) == -1 || buf_puts(b, "\"}\n") == -1 ? -1 : 0;
	return tail_line(t, was, rc);
}

/* What each touch says of a chosen table: a line of its own, and why its rows may now be others. */
static const struct touch_says {
	const char *op, *stale;
} touch_says[] = {
	[TOUCH_CREATE] = { NULL, NULL },
	[TOUCH_REPLACE] = { NULL, "CREATE OR REPLACE TABLE" },
	[TOUCH_ALTER] = { NULL, "ALTER TABLE" },
	[TOUCH_OPTIONS] = { NULL, NULL },
	[TOUCH_HARMLESS] = { NULL, NULL },
	[TOUCH_KEY] = { NULL, NULL },
	[TOUCH_DROP] = { "drop", "DROP TABLE" },
	[TOUCH_TRUNCATE] = { "truncate", NULL },
	[TOUCH_RENAME] = { "rename", "renamed to another name" },
	[TOUCH_RENAMED] = { NULL, "another table was renamed to its name" },
	[TOUCH_SEQUENCE] = { NULL, NULL },
};

/* Is the table chosen, and does what happens here count? */
static bool
counts(const struct tail *t, const struct touched *x)
{
	struct pos from;

	return tail_chooses(t, x->db, x->table, &from) && (!pos_is_set(&from) || pos_cmp(&t->at.pos, &from) >= 0);
}

static int
say_touches(struct tail *t, const struct statement *st)
{
	const struct touched *x;
	const char *op, *stale;
	size_t i;

	for (i = 0; i < st->count; i++) {
		x = &st->tables[i];
		op = touch_says[x->touch].op;
		if (op != NULL && counts(t, x) && put_touch(t, op, x, x->touch == TOUCH_RENAME ? x + 1 : NULL) == -1)
			return -1;
	}
	for (i = 0; i < st->count; i++) {
		x = &st->tables[i];
		stale = touch_says[x->touch].stale;
		if (x->touch == TOUCH_KEY && names_watch_key(t, x->db, x->table) == 0)
			stale = "a key was added or dropped, and it is not known which one the table had";
		if (stale != NULL && counts(t, x) && query_put_stale(t, x->db, x->table, stale, &t->at.pos) == -1)
			return -1;
	}
	return 0;
}

static int
on_ddl(struct tail *t, const struct query *q, const struct statement *st)
{
	size_t i;

	t->group.lines = true;
	if (!tail_is_written(t) && (put_ddl(t, q, st) == -1 || say_touches(t, st) == -1))
		return -1;
	for (i = 0; i < st->count; i++)
		if (names_forget(t, st->tables[i].db, st->tables[i].table) == -1)
			return -1;
	return 0;
}

/* Of the chosen tables in it, those that are known: from the stream, or by a name without wildcards. */
static int
drop_tables_of(struct tail *t, const char *db)
{
	const struct glob_list *l = &t->o->tables;
	const struct definition *d;
	struct touched x = { .touch = TOUCH_DROP };
	struct statement st = { .tables = &x, .count = 1 };
	size_t i, n = strlen(db);
	const char *name;

	strlcpy(x.db, db, sizeof(x.db));
	for (d = t->names.list; d != NULL; d = d->next) {
		strlcpy(x.table, d->table->name, sizeof(x.table));
		if (strcmp(d->table->db, db) == 0 && say_touches(t, &st) == -1)
			return -1;
	}
	for (i = 0; i < l->count; i++) {
		if (strncmp(l->items[i].pattern, db, n) != 0 || l->items[i].pattern[n] != '.')
			continue;
		name = l->items[i].pattern + n + 1;
		strlcpy(x.table, name, sizeof(x.table));
		if (strpbrk(name, "*?[\\") == NULL && names_find(&t->names, db, name) == NULL &&
		    say_touches(t, &st) == -1)
			return -1;
	}
	return 0;
}

static int
on_drop_database(struct tail *t, const struct query *q, const struct statement *st)
{
	t->group.lines = true;
	if (!tail_is_written(t) && (put_ddl(t, q, st) == -1 || drop_tables_of(t, st->database) == -1))
		return -1;
	return names_forget(t, st->database, NULL);
}

/* CREATE TABLE … SELECT touches what it creates alone. */
static int
on_rows(struct tail *t, const struct query *q, const struct statement *st)
{
	if (st->count == 1 && (st->tables[0].touch == TOUCH_CREATE || st->tables[0].touch == TOUCH_REPLACE) &&
	    !counts(t, &st->tables[0]))
		return on_ddl(t, q, st);
	return refuse(t, q, "a statement that changes rows was logged as such, and not the rows (binlog_format STATEMENT or "
	    "MIXED; binlog_format=ROW is needed)");
}

/* Rows of transactional tables in it did not happen, others did: the log does not tell which. */
static int
on_rollback(struct tail *t)
{
	struct table_map *m;
	size_t i;

	if (tail_is_written(t))
		return 0;
	for (i = 0; i < t->maps.cap; i++) {
		m = t->maps.slots[i];
		if (m == NULL || !m->chosen || m->group != t->group.serial || m->rowed != t->group.serial)
			continue;
		if (query_put_stale(t, m->db, m->name, "rows of it were logged in a transaction that was rolled back",
		    &t->at.pos) == -1)
			return -1;
	}
	return 0;
}

int
query_commit_xa(struct tail *t, const struct xid *xid)
{
	uint64_t end = t->at.pos.offset + t->at.header.size;
	char text[XID_TEXT];

	group_open(t, GROUP_BEGUN);
	if (xa_replay(&t->xa, xid)) {
		if (!t->group.skipped && event_replay(t) == -1)
			return -1;
		t->xa.replaying = false;
	} else if (t->xa.blind) {
		log_warn("an XA transaction is committed that was prepared before the stream began: its rows are not in it xid=%s "
		    "file=%s offset=%" PRIu64, xid_text(xid, text), t->at.pos.file, t->at.pos.offset);
	}
	xa_forget(&t->xa, xid);
	return group_end(t, end);
}

static int
roll_xa_back(struct tail *t, const struct xid *xid)
{
	bool open = t->group.xa && t->group.state == GROUP_BEGUN;

	if (open && on_rollback(t) == -1)
		return -1;
	xa_forget(&t->xa, open ? NULL : xid);
	return group_end(t, t->at.pos.offset + t->at.header.size);
}

/* Of a transaction that was sent before only the end counts. */
static int
skip(struct tail *t, const struct statement *st)
{
	uint64_t end = t->at.pos.offset + t->at.header.size;

	if (st->kind == STATEMENT_BEGIN || st->kind == STATEMENT_XA_START)
		group_open(t, GROUP_BEGUN);
	else if (t->group.state == GROUP_OPEN || st->kind == STATEMENT_COMMIT || st->kind == STATEMENT_ROLLBACK ||
	    st->kind == STATEMENT_XA_COMMIT || st->kind == STATEMENT_XA_ROLLBACK)
		return group_end(t, end);
	return 0;
}

static int
act(struct tail *t, const struct query *q, const struct statement *st)
{
	uint64_t end = t->at.pos.offset + t->at.header.size;

	if (t->group.skipped)
		return skip(t, st);
	switch (st->kind) {
	case STATEMENT_BEGIN:
		group_open(t, GROUP_BEGUN);
		return 0;
	case STATEMENT_XA_START:
		group_open(t, GROUP_BEGUN);
		t->group.xa = true;
		return 0;
	case STATEMENT_XA_COMMIT:
		return query_commit_xa(t, t->group.xa && t->group.state == GROUP_BEGUN ? NULL : &st->xid);
	case STATEMENT_XA_ROLLBACK:
		return roll_xa_back(t, &st->xid);
	case STATEMENT_COMMIT:
		return group_end(t, end);
	case STATEMENT_ROLLBACK:
		return on_rollback(t) == -1 ? -1 : group_end(t, end);
	case STATEMENT_ROLLBACK_TO:
		if (on_rollback(t) == -1)
			return -1;
		break;
	case STATEMENT_DDL:
		if (on_ddl(t, q, st) == -1)
			return -1;
		break;
	case STATEMENT_DROP_DATABASE:
		if (on_drop_database(t, q, st) == -1)
			return -1;
		break;
	case STATEMENT_ROWS:
		if (on_rows(t, q, st) == -1)
			return -1;
		break;
	case STATEMENT_UNKNOWN:
		return refuse(t, q, "a statement that is on none of the lists of binlog-tail(1)");
	case STATEMENT_HARMLESS:
		if (st->count == 1 && st->tables[0].touch == TOUCH_SEQUENCE &&
		    names_sequence(t, st->tables[0].db, st->tables[0].table) == -1)
			return -1;
		break;
	case STATEMENT_SAVEPOINT:
	case STATEMENT_XA:
		break;
	}
	return t->group.state == GROUP_BEGUN ? 0 : group_end(t, end);
}

int
query_on_event(struct tail *t, struct cursor *c)
{
	struct statement st = { 0 };
	struct buf utf8 = { 0 };
	struct query q;
	int rc;

	if (query_parse(&q, &t->at, &t->packed, c, t->e) == -1)
		return t->e->rc == RC_OK ? -1 : event_at(t);
	if (to_utf8(&q, &utf8) == -1) {
		rc = tail_memory(t);
	} else if (query_statement(&st, &q, t->e) == -1) {
		rc = event_at(t);
	} else {
		if (t->folds_names)
			fold_names(&st);
		rc = act(t, &q, &st);
	}
	statement_free(&st);
	buf_free(&utf8);
	return rc;
}
