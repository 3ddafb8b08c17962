/* SPDX-License-Identifier: ISC */
/* Reading pages. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"
#include "lib/shape.h"

#include "definition.h"
#include "reader.h"
#include "select.h"
#include "snapshot.h"

#define FIRST_ROWS 200		/* of the first page */
#define PAGE_BYTES (1 << 20)	/* of a page's lines, more or less */
#define PAGE_MS 250
#define HOLD_BYTES (2 << 20)	/* of lines before they are written while the page is still coming */
#define PASS_BYTES (256 << 10)	/* the same of a table read in one pass */
#define SPLIT_PAGES 16		/* that a reader keeps when it leaves the rest to others */
#define DEFINITION_TRIES 10	/* a table that is altered all the time is not read */
#define MAX_SQL ((size_t)64 << 20)

/* What became of a range. LEFT: it is read, or it is another reader's affair, and no longer this one's. */
enum outcome { FAILED = -1, LEFT, GOES_ON };

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "reader: %s", strerror(errno));
}

int
reader_init(struct reader *r, MYSQL *my, const struct db_server *server, const struct live_options *o, struct ledger *w,
    struct pace *pace, const struct stop *stop, struct error *e)
{
	*r = (struct reader){ .o = o, .ledger = w, .pace = pace, .stop = stop, .my = my, .server = *server,
	    .page_rows = FIRST_ROWS < o->page_rows ? FIRST_ROWS : o->page_rows, .values = o->values };
	r->values.bad_bytes = &r->bad_bytes;
	if (buf_init(&r->sql, MAX_SQL) == -1 || buf_init(&r->lines, MAX_EVENT_LINE) == -1 ||
	    buf_init(&r->last, MAX_SQL) == -1 || buf_init(&r->scratch, MAX_SQL) == -1)
		return no_memory(e);
	return 0;
}

void
reader_free(struct reader *r)
{
	select_free(&r->select);
	buf_free(&r->sql);
	buf_free(&r->lines);
	buf_free(&r->last);
	buf_free(&r->scratch);
	mysql_close(r->my);
}

/* ---- opening a table ---- */

/* A position for a table whose definition is not the one that it had at its position. */
static int
prove_anew(struct reader *r, struct range *range, uint64_t definition, struct error *e)
{
	const struct live_table *t = range->table;
	const char *locks = NULL;
	struct pos s0;

	if (r->o->gtids != NULL)
		return error_set(e, RC_FAIL, "table %s.%s was altered behind --pos: it wants a newer one, with its --gtids",
		    t->db, t->name);
	buf_clear(&r->sql);
	if (db_put_name(&r->sql, t->db) == -1 || buf_putc(&r->sql, '.') == -1 || db_put_name(&r->sql, t->name) == -1 ||
	    buf_puts(&r->sql, " READ") == -1 || (locks = buf_str(&r->sql)) == NULL)
		return no_memory(e);
	if (snapshot_begin(r->my, &r->server, locks, r->stop, &s0, e) == -1 || db_run(r->my, e, "ROLLBACK") == -1)
		return -1;
	s0.epoch = r->o->source.epoch;
	ledger_restart(r->ledger, range, &s0, definition);
	return 0;
}

/* The definition, which is proven to be that of the table's position. */
static int
read_definition(struct reader *r, struct range *range, struct table **table, struct error *e)
{
	const struct live_table *t = range->table;
	uint64_t hash;
	int i, rc;

	for (i = 0; i < DEFINITION_TRIES; i++) {
		if ((rc = definition_read(r->my, t->db, t->name, table, &hash, e)) == -1)
			return -1;
		if (rc == 0)
			return error_set(e, RC_FAIL, "table %s.%s is gone, which was to be read", t->db, t->name);
		if (t->proven && hash == t->definition)
			return 0;
		table_free(*table);
		*table = NULL;
		if (prove_anew(r, range, hash, e) == -1)
			return -1;
	}
	return error_set(e, RC_FAIL, "table %s.%s is altered all the time", t->db, t->name);
}

static int
open_table(struct reader *r, struct range *range, struct error *e)
{
	struct layout *s = calloc(1, sizeof(*s));
	int rc;

	if (s == NULL)
		return no_memory(e);
	if (read_definition(r, range, &s->table, e) == -1 || shape_table(s->table, &r->values, e) == -1 ||
	    (rc = keyset_find(&s->keyset, r->my, &r->server, s->table, e)) == -1) {
		table_free(s->table);
		free(s);
		return -1;
	}
	s->paged = rc == 1 && !range->table->one_pass;
	if (!s->paged)
		log_info("no pages follow the table's key: it is read in one pass table=%s.%s", s->table->db, s->table->name);
	return ledger_open(r->ledger, range, s, e);
}

/* ---- pages ---- */

static int
put_row(struct reader *r, const struct layout *s, struct error *e)
{
	const struct value *values = r->select.values;
	const struct row_event event = { .op = "snapshot", .table = s->table, .row = values, .key = values, .pos = &s->s0 };

	return event_put_row(&r->lines, &event, &r->values, e);
}

/* Writes what is held of a range: lines of so many rows, up to the key last (NULL: no place to go on from). */
static enum outcome
hand_over(struct reader *r, struct range *range, const struct layout *s, uint64_t rows, const char *last, bool end,
    struct error *e)
{
	int rc;

	r->bytes += r->lines.len;
	rc = ledger_commit(r->ledger, range, s, &r->lines, rows, last, end, e);
	if (rc == 0)
		ledger_drop(r->ledger, range);
	return rc == -1 ? FAILED : rc == 0 || end ? LEFT : GOES_ON;
}

/* A rare huge row does not keep its memory. */
static int
shrink(struct buf *b, struct error *e)
{
	if (b->cap <= 2 * HOLD_BYTES)
		return 0;
	buf_free(b);
	return buf_init(b, MAX_EVENT_LINE) == -1 ? no_memory(e) : 0;
}

/* Next time as many rows as would have taken the bytes and the time. */
static void
adapt(struct reader *r, uint64_t rows, uint64_t bytes, uint64_t ms)
{
	double by_bytes = (double)PAGE_BYTES / (double)(bytes + 1), by_time = (double)PAGE_MS / (double)(ms + 1);
	double factor = by_bytes < by_time ? by_bytes : by_time;
	uint64_t most = r->o->page_rows;

	if (r->o->rate > 0 && r->o->rate / 4 < most)	/* a quarter of a second's */
		most = r->o->rate / 4 + 1;
	if (rows > 0)
		r->page_rows = (uint64_t)((double)rows * (factor > 2 ? 2 : factor)) + 1;
	if (r->page_rows > most)
		r->page_rows = most;
}

/* SELECT … LIMIT ? of what p says; OFFSET: of the one key behind so many. */
static int
prepare_page(struct reader *r, struct select *select, const struct layout *s, const struct keyset_page *p,
    const char *limit, struct error *e)
{
	buf_clear(&r->sql);
	if (select_put(&r->sql, select) == -1 || keyset_put_page(&r->sql, &s->keyset, p) == -1 ||
	    buf_puts(&r->sql, limit) == -1)
		return no_memory(e);
	return select_prepare(select, &r->sql, e);
}

/* Not faster than is wanted; and not longer than until it is time to end. */
static int
keep_pace(struct reader *r, struct error *e)
{
	uint64_t rows = r->unpaced;

	r->unpaced = 0;
	return stop_asked(r->stop, e) == -1 ? -1 : pace_wait(r->pace, rows, e);
}

/* The rows that select gives, as lines; held: of how many rows there are lines now. More than limit bytes of them are
 * not held. */
static enum outcome
take_rows(struct reader *r, struct range *range, const struct layout *s, size_t limit, uint64_t *rows, uint64_t *held,
    struct error *e)
{
	enum outcome outcome;
	int rc;

	*rows = *held = 0;
	while ((rc = select_row(&r->select, e)) == 1) {
		if (put_row(r, s, e) == -1)
			return FAILED;
		++*rows;
		++*held;
		if (r->lines.len < limit)
			continue;
		if ((outcome = hand_over(r, range, s, *held, NULL, false, e)) != GOES_ON)
			return outcome;
		r->unpaced += s->paged ? 0 : *held;	/* a page counts at its end */
		*held = 0;
		if (!s->paged && keep_pace(r, e) == -1)
			return FAILED;
	}
	return rc == -1 ? FAILED : GOES_ON;
}

/* The rows of one page, and its last key. */
static enum outcome
take_page(struct reader *r, struct range *range, const struct layout *s, uint64_t *rows, uint64_t *held, struct error *e)
{
	uint64_t began = now_ms(), before = r->bytes;
	enum outcome outcome;
	int rc;

	if (select_run(&r->select, e) == -1)
		return FAILED;
	if ((outcome = take_rows(r, range, s, HOLD_BYTES, rows, held, e)) != GOES_ON)
		return outcome;
	adapt(r, *rows, r->bytes - before + r->lines.len, now_ms() - began);
	buf_clear(&r->last);
	if (*rows == 0)
		return GOES_ON;
	if ((rc = keyset_put_bound(&r->last, &s->keyset, r->select.values, e)) == -1)
		return FAILED;
	if (rc == 1)
		return buf_str(&r->last) == NULL ? (enum outcome)no_memory(e) : GOES_ON;
	/* no parameter says what that key is */
	log_warn("a key has invalid bytes: the table is read in one pass table=%s.%s", s->table->db, s->table->name);
	select_end(&r->select);
	return ledger_again(r->ledger, range, s, true, true, e) == -1 ? FAILED : LEFT;
}

/* Has the table still the definition by which it was read? If not, it is to be opened again. */
static enum outcome
check_definition(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	uint64_t hash = 0;
	int rc = definition_read(r->my, s->table->db, s->table->name, NULL, &hash, e);

	if (rc == -1)
		return FAILED;
	if (rc == 1 && hash == s->definition)
		return GOES_ON;
	return ledger_again(r->ledger, range, s, false, false, e) == -1 ? FAILED : LEFT;
}

static int
check_advance(struct reader *r, const struct range *range, const struct layout *s, struct error *e)
{
	int rc = range->from == NULL ? 1 : strcmp(range->from, r->last.data) == 0 ? 0 :
	    keyset_advances(&s->keyset, r->my, range->from, r->last.data, e);

	if (rc == 0)
		return error_set(e, RC_FAIL, "table %s.%s: a page does not advance, from %.200s to %.200s", s->table->db,
		    s->table->name, range->from, r->last.data);
	return rc == -1 ? -1 : 0;
}

static enum outcome
read_page(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	const struct keyset_page p = { .from = range->from, .to = range->to, .where = r->o->where };
	uint64_t limit = r->page_rows, rows, held;
	enum outcome outcome;

	if (keyset_add_page(&s->keyset, &p, &r->select, &r->scratch, e) == -1 ||
	    select_add_number(&r->select, limit, e) == -1)
		return FAILED;
	if ((outcome = take_page(r, range, s, &rows, &held, e)) != GOES_ON)
		return outcome;
	select_end(&r->select);
	if ((outcome = check_definition(r, range, s, e)) != GOES_ON)
		return outcome;
	if (rows > 0 && check_advance(r, range, s, e) == -1)
		return FAILED;
	r->unpaced += rows;
	return hand_over(r, range, s, held, rows > 0 ? r->last.data : NULL, rows < limit, e);
}

/* Finds the key that is some more pages away: 1; 0: what is left is less; -1. */
static int
find_split(struct reader *r, struct select *keys, struct range *range, const struct layout *s, struct error *e)
{
	const struct keyset_page p = { .from = range->from, .to = range->to };
	int rc;

	if (select_init(keys, r->my, s->table, s->table->key, s->table->key_count, e) == -1 ||
	    prepare_page(r, keys, s, &p, " LIMIT 1 OFFSET ?", e) == -1 ||
	    keyset_add_page(&s->keyset, &p, keys, &r->scratch, e) == -1 ||
	    select_add_number(keys, SPLIT_PAGES * r->page_rows, e) == -1 || select_run(keys, e) == -1 ||
	    (rc = select_row(keys, e)) == -1)
		return -1;
	buf_clear(&r->last);
	if (rc == 1 && (rc = keyset_put_bound(&r->last, &s->keyset, keys->values, e)) == 1 && buf_str(&r->last) == NULL)
		return no_memory(e);
	return rc;
}

/* Leaves the rest to others who have nothing to do. 1: it did, or nobody wants it; 0: there is too little. */
static int
share(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	struct select keys = { 0 };
	int rc = 1;

	if (!ledger_is_hungry(r->ledger))
		return 1;
	select_end(&r->select);
	if ((rc = find_split(r, &keys, range, s, e)) == 1 && ledger_split(r->ledger, range, r->last.data, e) == -1)
		rc = -1;
	select_free(&keys);
	return rc;
}

static enum outcome
read_pages(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	enum outcome outcome = GOES_ON;
	bool from = false, to = false, prepared = false;
	int more = r->o->jobs > 1;

	while (outcome == GOES_ON) {
		const struct keyset_page p = { .from = range->from, .to = range->to, .where = r->o->where };

		if (keep_pace(r, e) == -1)
			return FAILED;
		if ((!prepared || from != (p.from != NULL) || to != (p.to != NULL)) &&
		    prepare_page(r, &r->select, s, &p, " LIMIT ?", e) == -1)
			return FAILED;
		prepared = true;
		from = p.from != NULL;
		to = p.to != NULL;
		outcome = read_page(r, range, s, e);
		if (outcome == GOES_ON && more == 1 && (more = share(r, range, s, e)) == -1)
			return FAILED;
		if (shrink(&r->lines, e) == -1)
			return FAILED;
	}
	return outcome;
}

/* Without pages: the whole table in one statement, which is one snapshot. */
static enum outcome
read_pass(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	enum outcome outcome;
	uint64_t rows, held;

	buf_clear(&r->sql);
	if (select_put(&r->sql, &r->select) == -1 || (r->o->where != NULL && (buf_puts(&r->sql, " WHERE (") == -1 ||
	    buf_puts(&r->sql, r->o->where) == -1 || buf_puts(&r->sql, "\n)") == -1)))
		return (enum outcome)no_memory(e);
	if (keep_pace(r, e) == -1 || select_prepare(&r->select, &r->sql, e) == -1 || select_run(&r->select, e) == -1)
		return FAILED;
	if ((outcome = take_rows(r, range, s, PASS_BYTES, &rows, &held, e)) != GOES_ON)
		return outcome;
	select_end(&r->select);
	if ((outcome = check_definition(r, range, s, e)) != GOES_ON)
		return outcome;
	return hand_over(r, range, s, held, NULL, true, e);
}

/* ---- ranges ---- */

/* A table that cannot be read is no reason not to read the others; and it may have been altered, or be gone. */
static int
mend(struct reader *r, struct range *range, const struct layout *s, struct error *e)
{
	struct error why = *e;
	enum outcome outcome;

	select_end(&r->select);
	buf_clear(&r->lines);
	if (why.rc != RC_FAIL || ledger_is_stopped(r->ledger))
		return -1;
	outcome = s == NULL ? GOES_ON : check_definition(r, range, s, e);
	if (outcome == GOES_ON)
		ledger_give_up(r->ledger, range, &why);
	return outcome == FAILED ? -1 : 0;
}

static int
read_range(struct reader *r, struct range *range, struct error *e)
{
	enum outcome outcome = FAILED;
	struct layout *s;
	int rc;

	if (range->table->opening && open_table(r, range, e) == -1)
		return mend(r, range, NULL, e);
	if ((s = ledger_layout(r->ledger, range)) == NULL) {
		ledger_drop(r->ledger, range);
		return 0;
	}
	buf_clear(&r->lines);
	if (select_init(&r->select, r->my, s->table, NULL, 0, e) == 0)
		outcome = s->paged ? read_pages(r, range, s, e) : read_pass(r, range, s, e);
	rc = outcome == FAILED ? mend(r, range, s, e) : 0;
	select_free(&r->select);
	ledger_release(r->ledger, s);
	return rc;
}

int
reader_run(struct reader *r, struct error *e)
{
	struct range *range;
	int rc;

	while ((rc = ledger_take(r->ledger, &range, e)) == 1)
		if (stop_asked(r->stop, e) == -1 || read_range(r, range, e) == -1) {
			rc = -1;
			break;
		}
	if (rc == -1)
		ledger_stop(r->ledger, e);
	return rc;
}
