/* SPDX-License-Identifier: ISC */
/* The stream's state, its transactions, and the control lines that tell of them. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/retry.h"

#include "tail.h"

#define MAX_MAPS 8192	/* table maps kept between transactions: more than tables in use, but for ids taken anew */

int
tail_init(struct tail *t, const struct tail_options *o, struct error *e)
{
	memset(t, 0, sizeof(*t));
	t->o = o;
	t->e = e;
	t->announce = 1;
	t->group.serial = 1;
	if (executed_init(&t->executed, e) == -1)
		return -1;
	if (buf_init(&t->query, MAX_EVENT_LINE) == -1)
		return tail_memory(t);
	return output_init(&t->out, 1, MAX_EVENT_LINE, e);
}

void
tail_free(struct tail *t)
{
	output_free(&t->out);
	maps_free(&t->maps);
	names_free(&t->names);
	executed_free(&t->executed);
	xa_free(&t->xa);
	history_free(&t->history);
	rows_free(&t->rows);
	buf_free(&t->query);
	packed_free(&t->packed);
}

void
tail_restart(struct tail *t)
{
	if (t->group.state != GROUP_NONE && t->group.items > t->written)
		t->written = t->group.items;
	t->group = (struct group){ .serial = t->group.serial + 1 };
	maps_clear(&t->maps);
	xa_restart(&t->xa);
	t->announce++;
	t->source_said = false;
	buf_clear(&t->query);
}

bool
tail_at_boundary(const struct tail *t)
{
	return t->group.state == GROUP_NONE;
}

bool
tail_done(const struct tail *t)
{
	if (!tail_at_boundary(t))
		return false;
	if (pos_is_set(&t->until))
		return pos_cmp(&t->boundary, &t->until) >= 0;
	return t->executed.until.known && t->executed.set.known && gtids_contain(&t->executed.set, &t->executed.until);
}

static bool
is_system(const char *db)
{
	return strcmp(db, "mysql") == 0 || strcmp(db, "sys") == 0 || strcmp(db, "performance_schema") == 0 ||
	    strcmp(db, "information_schema") == 0;
}

bool
tail_chooses(const struct tail *t, const char *db, const char *table, struct pos *from)
{
	const struct glob *g = NULL;

	memset(from, 0, sizeof(*from));
	if (glob_find(&t->o->excluded, db, table) != NULL)
		return false;
	if (t->o->tables.count == 0)
		return !is_system(db);
	if ((g = glob_find(&t->o->tables, db, table)) == NULL)
		return false;
	*from = g->from;
	/* a wildcard does not mean the server's own tables */
	return !is_system(db) || strncmp(g->pattern, db, strlen(db)) == 0;
}

int
tail_memory(struct tail *t)
{
	return error_set(t->e, RC_TEMP, "%s", strerror(errno));
}

int
tail_flush(struct tail *t)
{
	if (output_flush(&t->out, t->e) == 0)
		return 0;
	t->broken = true;
	return -1;
}

int
tail_line(struct tail *t, size_t was, int rc)
{
	if (rc == 0 && t->out.buf.len < OUTPUT_CHUNK)
		return 0;
	if (rc == 0)
		return tail_flush(t);
	t->out.buf.len = was;
	if (errno == EMSGSIZE)
		return error_set(t->e, RC_FAIL, "a line over %zu bytes", MAX_EVENT_LINE);
	return tail_memory(t);
}

int
tail_put_where(struct tail *t, const struct pos *p)
{
	struct buf *b = &t->out.buf;

	if (buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, p) == -1 || buf_puts(b, "\",\"ts\":") == -1)
		return -1;
	return buf_puts(b, t->ts);
}

int
tail_put_source(struct tail *t)
{
	size_t was = t->out.buf.len;

	t->source_said = true;
	t->announce++;
	if (!t->offline)
		t->line_ms = t->now_ms = now_ms();
	return tail_line(t, was, event_put_source(&t->out.buf, &t->source));
}

const struct pos *
tail_resume(const struct tail *t)
{
	const struct xa_prepared *held = xa_oldest(&t->xa);

	return held != NULL ? &held->from : &t->boundary;
}

static int
put_gtids(struct tail *t)
{
	const struct xa_prepared *held = xa_oldest(&t->xa);

	if (held == NULL)
		return gtids_put(&t->out.buf, &t->executed.set);
	return held->gtids == NULL ? 0 : buf_putf(&t->out.buf, ",\"gtids\":\"%s\"", held->gtids);
}

static int
put_position(struct tail *t)
{
	struct buf *b = &t->out.buf;

	t->told = *tail_resume(t);
	if (buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, &t->told) == -1 || buf_putc(b, '"') == -1)
		return -1;
	return 0;
}

int
tail_put_heartbeat(struct tail *t)
{
	struct buf *b = &t->out.buf;
	size_t was = b->len;
	int rc;

	if (pos_is_set(&t->o->explain))
		return 0;
	t->line_ms = t->now_ms;
	rc = buf_puts(b, "{\"op\":\"heartbeat\"") == -1 || put_position(t) == -1 || put_gtids(t) == -1 ||
	    (t->ts[0] != '\0' && (buf_puts(b, ",\"ts\":") == -1 || buf_puts(b, t->ts) == -1)) ||
	    buf_puts(b, "}\n") == -1 ? -1 : 0;
	return tail_line(t, was, rc);
}

int
tail_heartbeat_due(struct tail *t)
{
	t->events = 0;
	if (t->offline)
		return 0;
	t->now_ms = now_ms();
	if (!t->source_said || t->now_ms - t->line_ms < HEARTBEAT_LINE_MS)
		return 0;
	return tail_put_heartbeat(t);
}

static int
put_commit(struct tail *t)
{
	struct buf *b = &t->out.buf;
	char gtid[GTID_TEXT];
	size_t was = b->len;
	int rc;

	gtid_text(gtid, &t->group.id);
	rc = buf_puts(b, "{\"op\":\"commit\"") == -1 || put_position(t) == -1 ||
	    (gtid[0] != '\0' && buf_putf(b, ",\"gtid\":\"%s\"", gtid) == -1) ||
	    put_gtids(t) == -1 || buf_puts(b, ",\"ts\":") == -1 || buf_puts(b, t->ts) == -1 ||
	    buf_puts(b, ",\"rows\":") == -1 || buf_putu(b, t->group.rows) == -1 || buf_puts(b, "}\n") == -1 ? -1 : 0;
	t->line_ms = t->now_ms;
	return tail_line(t, was, rc);
}

void
group_open(struct tail *t, enum group_state state)
{
	t->group.state = state;
}

int
group_end(struct tail *t, uint64_t end)
{
	bool lines = t->group.lines;

	t->boundary = t->at.pos;
	t->boundary.offset = end;
	t->written = 0;
	buf_clear(&t->query);
	if (!t->group.skipped && executed_end(t, &t->group.id) == -1)
		return -1;
	if (lines && put_commit(t) == -1)
		return -1;
	t->group = (struct group){ .serial = t->group.serial + 1 };
	if (t->maps.count > MAX_MAPS)
		maps_clear(&t->maps);
	return 0;
}
