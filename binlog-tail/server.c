/* SPDX-License-Identifier: ISC */
/* Asks the server for definitions, and proves from where in the log they hold. A definition that is read now need not be
 * that of rows read before: only the statements logged between them, none of which may touch the table, make it so. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"

#include "dump.h"
#include "names.h"
#include "place.h"
#include "query.h"
#include "server.h"
#include "statement.h"

struct server {
	const struct db_options *options;
	const struct db_server *kind;
	MYSQL *my;
	/* the part of the log that was looked through, and the DDL statements in it */
	struct pos from, to;
	struct packed packed;
	struct change {
		struct pos pos;
		struct statement st;
	} *changes;
	size_t count, cap;
};

struct server *
server_new(const struct db_options *o, const struct db_server *kind)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->options = o;
		s->kind = kind;
	}
	return s;
}

static void
forget_changes(struct server *s)
{
	while (s->count > 0)
		statement_free(&s->changes[--s->count].st);
	memset(&s->from, 0, sizeof(s->from));
	memset(&s->to, 0, sizeof(s->to));
}

void
server_free(struct server *s)
{
	if (s == NULL)
		return;
	if (s->my != NULL)
		mysql_close(s->my);
	forget_changes(s);
	packed_free(&s->packed);
	free(s->changes);
	free(s);
}

static int
connect_again(struct server *s, struct error *e)
{
	if (s->my != NULL)
		mysql_close(s->my);
	if ((s->my = db_connect(s->options, e)) == NULL)
		return -1;
	if (db_run(s->my, e, "SET SESSION sql_quote_show_create=1") == -1)
		return -1;
	/* a primary key that the server made up is one: only an administrator may have hidden it */
	if (!s->kind->mariadb && s->kind->version >= 80030)
		return db_run(s->my, e, "SET SESSION show_gipk_in_create_table_and_information_schema=ON");
	return 0;
}

/* The statement, unless it touches nothing. */
static int
add_change(struct server *s, const struct pos *p, struct statement *st, struct error *e)
{
	size_t cap = s->cap == 0 ? 16 : s->cap * 2;
	struct change *grown;

	switch (st->kind) {
	case STATEMENT_UNKNOWN:
	case STATEMENT_DDL:
	case STATEMENT_DROP_DATABASE:
		break;
	case STATEMENT_ROWS:
		if (st->count > 0)	/* CREATE TABLE … SELECT */
			break;
		/* FALLTHROUGH */
	default:
		statement_free(st);
		return 0;
	}
	if (s->count == s->cap) {
		if ((grown = reallocarray(s->changes, cap, sizeof(*grown))) == NULL) {
			statement_free(st);
			return error_set(e, RC_TEMP, "%s", strerror(errno));
		}
		s->changes = grown;
		s->cap = cap;
	}
	s->changes[s->count].pos = *p;
	s->changes[s->count++].st = *st;
	return 0;
}

/* The statement in it, if there is one. */
static int
scan_body(struct server *s, struct place *at, struct cursor *body, struct error *e)
{
	struct statement st = { 0 };
	struct query q;

	if (at->header.type != EV_QUERY && at->header.type != EV_QUERY_COMPRESSED)
		return 0;
	e->rc = RC_OK;
	if (query_parse(&q, at, &s->packed, body, e) == -1)
		return e->rc == RC_OK ? error_set(e, RC_FAIL, "a malformed query event") : -1;
	if (query_statement(&st, &q, e) == -1)
		return -1;
	return add_change(s, &at->pos, &st, e);
}

static int
scan_payload(struct server *s, struct place *at, struct cursor *body, struct error *e)
{
	const uint8_t *event;
	struct cursor inner;
	size_t n;
	int rc;

	e->rc = RC_OK;
	if (packed_open(&s->packed, body, e) == -1)
		return e->rc == RC_OK ? error_set(e, RC_FAIL, "a malformed payload event") : -1;
	while ((rc = packed_next(&s->packed, &event, &n, e)) == 1)
		if (place_take_inner(at, event, n, &inner, e) == -1 || scan_body(s, at, &inner, e) == -1)
			return -1;
	return rc;
}

static int
scan_event(struct server *s, struct place *at, const uint8_t *event, size_t n, struct error *e)
{
	struct event_header outer;
	struct cursor body;
	int rc;

	if (place_take(at, event, n, &body, e) == -1)
		return -1;
	outer = at->header;
	rc = outer.type == EV_TRANSACTION_PAYLOAD ? scan_payload(s, at, &body, e) : scan_body(s, at, &body, e);
	at->header = outer;
	return rc == -1 ? -1 : place_leave(at, &body, e);
}

/* Reads the log from `from` up to `to`. */
static int
scan_with(struct server *s, struct dump *d, const struct pos *from, const struct pos *to, struct error *e)
{
	struct place at = { .pos = *from };
	const uint8_t *event;
	size_t n;
	int rc;

	if (dump_start(d, from, arc4random() | 1, false, e) == -1)
		return -1;
	while (pos_cmp(&at.pos, to) < 0) {
		if ((rc = dump_read(d, &event, &n, e)) == -1)
			return -1;
		if (rc == 0)
			return error_set(e, RC_FAIL, "the log ends before %s:%llu", to->file,
			    (unsigned long long)to->offset);
		if (scan_event(s, &at, event, n, e) == -1)
			return -1;
		at.pos.epoch = to->epoch;
	}
	return 0;
}

static int
scan(struct server *s, const struct pos *from, const struct pos *to, struct error *e)
{
	char a[POS_TEXT], b[POS_TEXT];
	struct dump d = { 0 };
	int rc;

	log_debug("looking for statements that change tables from=%s to=%s", pos_text(from, a), pos_text(to, b));
	if (dump_open(&d, s->options, e) == -1)
		return -1;
	rc = scan_with(s, &d, from, to, e);
	dump_close(&d);
	return rc == -1 ? error_at(e, "looking through the log from %s to %s", a, b) : 0;
}

/* All statements from `from` to `to` are in s->changes (those of other parts too). */
static int
scan_missing(struct server *s, const struct pos *from, const struct pos *to, struct error *e)
{
	if (!pos_is_set(&s->from) || pos_cmp(from, &s->from) < 0 || pos_cmp(from, &s->to) > 0) {
		forget_changes(s);
		s->from = s->to = *from;
	}
	if (pos_cmp(&s->to, to) >= 0)
		return 0;
	if (scan(s, &s->to, to, e) == -1) {
		forget_changes(s);
		return -1;
	}
	s->to = *to;
	return 0;
}

/* Names are compared without regard to case, as some servers do: one statement too many does no harm. */
static bool
touches(const struct statement *st, const char *db, const char *table)
{
	size_t i;

	if (st->kind == STATEMENT_UNKNOWN)
		return true;
	if (st->kind == STATEMENT_DROP_DATABASE)
		return strcasecmp(st->database, db) == 0;
	for (i = 0; i < st->count; i++)
		if (st->tables[i].touch != TOUCH_OPTIONS && st->tables[i].touch != TOUCH_TRUNCATE &&
		    strcasecmp(st->tables[i].db, db) == 0 && strcasecmp(st->tables[i].table, table) == 0)
			return true;
	return false;
}

/* SHOW CREATE TABLE under the table's metadata lock, and where the log stands meanwhile: no statement that changes the
 * table is logged between the two, as it would need that lock. */
static char *
show_create(struct server *s, const char *db, const char *table, struct pos *p, struct error *e)
{
	char *text = NULL;
	struct buf name;

	if (buf_init(&name, 4096) == -1 || db_put_name(&name, db) == -1 || buf_putc(&name, '.') == -1 ||
	    db_put_name(&name, table) == -1 || buf_str(&name) == NULL) {
		buf_free(&name);
		error_set(e, RC_TEMP, "%s", strerror(errno));
		return NULL;
	}
	if (db_run(s->my, e, "START TRANSACTION") == 0 &&
	    db_run(s->my, e, "SELECT 1 FROM %s LIMIT 0", buf_str(&name)) == 0 &&
	    (text = db_show_create(s->my, db, table, e)) != NULL &&
	    db_position(s->my, s->kind, p, NULL, e) == -1) {
		free(text);
		text = NULL;
	}
	buf_free(&name);
	if (text != NULL && db_run(s->my, e, "ROLLBACK") == -1) {
		free(text);
		text = NULL;
	}
	return text;
}

/* A connection that the server closed meanwhile is opened again, once. */
static char *
ask(struct server *s, const char *db, const char *table, struct pos *p, struct error *e)
{
	char *text;

	if (s->my != NULL && (text = show_create(s, db, table, p, e)) != NULL)
		return text;
	if (connect_again(s, e) == -1)
		return NULL;
	return show_create(s, db, table, p, e);
}

int
server_define(struct server *s, const char *db, const char *table, const struct pos *at, const char *lack,
    struct table **found, struct error *e)
{
	char text[POS_TEXT], *create;
	struct pos now;
	int rc = -1;
	size_t i;

	if ((create = ask(s, db, table, &now, e)) == NULL) {
		if (e->rc == RC_OK)
			error_set(e, RC_FAIL, "there is no such table now");
		error_at(e, "table %s.%s: its columns must be asked for", db, table);
		return s->my != NULL && db_is_missing(s->my) ? 1 : -1;
	}
	now.epoch = at->epoch;
	*found = names_from_create(create, strlen(create), db, e);
	free(create);
	if (*found == NULL)
		return -1;
	if (scan_missing(s, at, &now, e) == -1)
		goto fail;
	for (i = 0; i < s->count; i++) {
		if (pos_cmp(&s->changes[i].pos, at) <= 0 || !touches(&s->changes[i].st, db, table))
			continue;
		error_set(e, RC_FAIL, "table %s.%s: the names of its columns are not known here, and the server's are later: "
		    "a statement at %s may have changed them, and %s. What helps is to load the table again: "
		    "m2e-state set table %s.%s status=created", db, table, pos_text(&s->changes[i].pos, text), lack,
		    db, table);
		rc = 1;
		goto fail;
	}
	return 0;
fail:
	table_free(*found);
	*found = NULL;
	return rc;
}
