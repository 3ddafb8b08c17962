/* SPDX-License-Identifier: ISC */
/* Events that hold neither rows nor statements. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "event.h"
#include "frame.h"
#include "query.h"

void
frame_tell_source(struct tail *t)
{
	t->mariadb = strstr(t->at.format.version, "MariaDB") != NULL;
	executed_kind(&t->executed, t->mariadb);
	strlcpy(t->source.version, t->at.format.version, sizeof(t->source.version));
	if (t->mariadb)
		snprintf(t->source.server, sizeof(t->source.server), "%" PRIu32, t->at.header.server_id);
}

/* The file's beginning, or its repetition where a dump starts inside. */
int
frame_on_format(struct tail *t, struct cursor *c)
{
	(void)c;
	if (t->expect_created != 0 && t->expect_created != t->at.format.created) {
		error_set(t->e, RC_POSITION, "%s was created at %" PRIu32 ", the one that the stored position is about "
		    "at %" PRId64 ": it is another file (RESET MASTER, a restored volume, another server)",
		    t->at.pos.file, t->at.format.created, t->expect_created);
		return -1;
	}
	t->expect_created = 0;
	if (t->offline) {
		frame_tell_source(t);
		if (executed_fits(t) == -1)
			return -1;
	}
	if (t->executed.unproven || (t->source_said && t->source.created == t->at.format.created))
		return 0;
	t->source.created = t->at.format.created;
	return tail_put_source(t);
}

/* Fields of the second kind: kind, length, value. */
static int
read_heartbeat(struct tail *t, struct cursor *c, struct cursor *file, uint64_t *offset)
{
	enum { END, FILE_NAME, OFFSET };
	struct cursor field;
	uint64_t kind;

	*file = *c;
	*offset = t->at.header.log_pos;
	if (t->at.header.type == EV_HEARTBEAT)
		return 0;
	*offset = 0;
	while ((kind = cur_lenenc(c)) != END && !c->bad) {
		field = cur_sub(c, (size_t)cur_lenenc(c));
		if (kind == FILE_NAME)
			*file = field;
		else if (kind == OFFSET)
			*offset = cur_lenenc(&field);
	}
	return c->bad ? -1 : 0;
}

/* The server has nothing more to send. Should it stand further on, it left events out at the end. */
int
frame_on_heartbeat(struct tail *t, struct cursor *c)
{
	size_t n = strlen(t->at.pos.file);
	struct cursor file;
	uint64_t offset;
	uint32_t ahead;

	if (read_heartbeat(t, c, &file, &offset) == -1)
		return -1;
	if (t->group.state != GROUP_NONE || t->offline)
		return 0;
	ahead = (uint32_t)(offset - t->at.pos.offset);
	if (offset != 0 && ahead < UINT32_MAX / 2 && cur_left(&file) == n && memcmp(file.p, t->at.pos.file, n) == 0) {
		t->at.pos.offset += ahead;
		if (t->at.pos.offset < t->skip_to)
			return event_beyond(t, t->at.pos.file, t->at.pos.offset);
		t->boundary = t->at.pos;
	}
	/* idle: all that was logged until now is here */
	t->ts_seconds = (uint32_t)time(NULL);
	snprintf(t->ts, sizeof(t->ts), "%" PRIu32, t->ts_seconds);
	return 0;
}

int
frame_on_incident(struct tail *t, struct cursor *c)
{
	uint16_t number = cur_u16(c);
	uint8_t n = cur_u8(c);
	const uint8_t *text = cur_take(c, n);

	return event_error(t, "the server lost events (incident %u: %.*s): load the tables again from behind this place",
	    number, text == NULL ? 0 : (int)n, text == NULL ? "" : (const char *)text);
}

/* A transaction. Before the place to begin at it is only noted that there is one. */
static int
begin(struct tail *t, enum group_state state, const struct gtid *id)
{
	int sent;

	if (t->skipping)
		return executed_end(t, id);
	if ((sent = executed_begin(t, id)) == -1)
		return -1;
	group_open(t, state);
	t->group.id = *id;
	t->group.skipped = sent == 1;
	return 0;
}

int
frame_on_gtid(struct tail *t, struct cursor *c)
{
	uint8_t type = t->at.header.type;
	struct gtid_event g;

	if ((type == EV_GTID_TAGGED ? gtid_read_tagged(&g, c) : gtid_read(&g, c)) == -1)
		return -1;
	if (type == EV_ANONYMOUS_GTID)
		g.id.kind = GTID_NONE;
	if (begin(t, GROUP_OPEN, &g.id) == -1)
		return -1;
	if (g.micro != 0 && t->group.state != GROUP_NONE)
		snprintf(t->group.ts, sizeof(t->group.ts), "%" PRIu64 ".%06" PRIu64, g.micro / 1000000, g.micro % 1000000);
	return 0;
}

/* MariaDB's: it stands in BEGIN's place, unless a single statement follows. */
int
frame_on_maria_gtid(struct tail *t, struct cursor *c)
{
	enum { STANDALONE = 1, PREPARED_XA = 64 };
	uint64_t n = cur_u64(c);
	uint32_t domain = cur_u32(c);
	uint8_t flags = cur_u8(c);
	struct gtid id;

	if (c->bad)
		return -1;
	id = (struct gtid){ .kind = GTID_MARIADB, .domain = domain, .server = t->at.header.server_id, .n = n };
	if (begin(t, flags & STANDALONE ? GROUP_OPEN : GROUP_BEGUN, &id) == -1)
		return -1;
	t->group.xa = t->group.state != GROUP_NONE && (flags & PREPARED_XA) != 0;
	return 0;
}

/* There was no BEGIN before the rows of tables without transactions: each statement is one. */
static bool
opens_group(struct tail *t)
{
	if (t->at.format.server == 0 || t->at.format.server >= 50500)
		return false;
	group_open(t, GROUP_OPEN);
	return true;
}

/* What rows of an XA transaction need when they are looked at, at last. */
static int
keep_for_xa(struct tail *t, const struct cursor *c)
{
	if (!t->group.xa || t->xa.replaying || !t->xa.hold || t->group.skipped)
		return 0;
	return xa_keep(&t->xa, t->event, c->end, t->e);
}

int
frame_on_table_map(struct tail *t, struct cursor *c)
{
	uint64_t id = cur_le(c, t->at.format.post_header[EV_TABLE_MAP] == 6 ? 4 : 6);
	struct table_map *m;
	bool fresh;

	cur_u16(c);
	if (c->bad)
		return -1;
	if (t->group.state == GROUP_NONE && !opens_group(t))
		return event_out_of_place(t);
	if ((m = maps_read(&t->maps, id, c->p, cur_left(c), &fresh, t->e)) == NULL)
		return event_at(t);
	m->group = t->group.serial;
	m->pos = t->at.pos.offset;
	if (fresh)
		m->chosen = tail_chooses(t, m->db, m->name, &m->from);
	return m->chosen ? keep_for_xa(t, c) : 0;
}

int
frame_on_xid(struct tail *t, struct cursor *c)
{
	(void)c;
	if (t->group.state == GROUP_NONE)
		return event_out_of_place(t);
	return group_end(t, t->at.pos.offset + t->at.header.size);
}

/* MariaDB's event 38, too. In one phase it is committed at once. */
int
frame_on_xa_prepare(struct tail *t, struct cursor *c)
{
	uint8_t one_phase = cur_u8(c);
	struct xid xid;

	if (t->group.state == GROUP_NONE)
		return event_out_of_place(t);
	if (xid_read(&xid, c) == -1)
		return -1;
	if (one_phase != 0)
		return query_commit_xa(t, NULL);
	if (!t->group.skipped && xa_prepare(&t->xa, &xid, &t->boundary, &t->executed.set, t->e) == -1)
		return event_at(t);
	return group_end(t, t->at.pos.offset + t->at.header.size);
}

/* The statement whose rows follow. MySQL has its length in a byte first, whether it fits or not. */
int
frame_on_rows_query(struct tail *t, struct cursor *c)
{
	if (t->at.header.type == EV_ROWS_QUERY)
		cur_u8(c);
	buf_clear(&t->query);
	if (t->o->query && !c->bad && buf_add(&t->query, c->p, cur_left(c)) == -1)
		return tail_memory(t);
	return t->o->query ? keep_for_xa(t, c) : 0;
}

/* It belongs to the statement that follows. */
int
frame_on_companion(struct tail *t, struct cursor *c)
{
	(void)c;
	if (t->group.state == GROUP_NONE)
		group_open(t, GROUP_OPEN);
	if (t->at.header.type == EV_VIEW_CHANGE && t->group.state == GROUP_OPEN)
		return group_end(t, t->at.pos.offset + t->at.header.size);
	return 0;
}

/* A server decrypts what it sends: the event itself stays in, as a file's offsets count it. */
int
frame_on_start_encryption(struct tail *t, struct cursor *c)
{
	(void)c;
	return !t->offline ? 0 : event_error(t, "all that follows is encrypted, and the keys are the server's: read it from there");
}
