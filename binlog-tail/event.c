/* SPDX-License-Identifier: ISC */
/* Takes the stream's events: three lists by type. Decoded; known, with nothing for us; all else is fatal, unless the
 * server marked it ignorable. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"

#include "event.h"
#include "explain.h"
#include "query.h"

#define CLOCK_EVENTS 64		/* a look at the clock costs as much as a small event */
#define SHOWN_BYTES 32	/* of an event that is not understood, in the message */

static int	 on_format(struct tail *, struct cursor *);
static int	 on_heartbeat(struct tail *, struct cursor *);
static int	 on_incident(struct tail *, struct cursor *);
static int	 on_gtid(struct tail *, struct cursor *);
static int	 on_maria_gtid(struct tail *, struct cursor *);
static int	 on_previous_gtids(struct tail *, struct cursor *);
static int	 on_gtid_list(struct tail *, struct cursor *);
static int	 on_table_map(struct tail *, struct cursor *);
static int	 on_xid(struct tail *, struct cursor *);
static int	 on_xa_prepare(struct tail *, struct cursor *);
static int	 on_rows_query(struct tail *, struct cursor *);
static int	 on_companion(struct tail *, struct cursor *);
static int	 on_payload(struct tail *, struct cursor *);
static int	 on_start_encryption(struct tail *, struct cursor *);

/* No name: a type that we do not know. No parse: known, nothing for us in it. */
static const struct event_type {
	const char *name;
	int (*parse)(struct tail *, struct cursor *);
	bool alone;		/* a transaction does not hold it, and so no payload does */
} event_types[256] = {
	[EV_QUERY] = { "query", query_on_event },
	[EV_STOP] = { "stop", NULL, true },
	[EV_ROTATE] = { "rotate", NULL, true },	/* place.c follows it */
	[EV_INTVAR] = { "intvar", on_companion },
	[EV_RAND] = { "rand", on_companion },
	[EV_USER_VAR] = { "user-var", on_companion },
	[EV_FORMAT_DESCRIPTION] = { "format-description", on_format, true },
	[EV_XID] = { "xid", on_xid },
	[EV_BEGIN_LOAD_QUERY] = { "begin-load-query", on_companion },	/* what LOAD DATA loads; it is a statement itself */
	[EV_APPEND_BLOCK] = { "append-block", on_companion },
	[EV_DELETE_FILE] = { "delete-file", on_companion },
	[EV_EXECUTE_LOAD_QUERY] = { "execute-load-query", query_on_event },
	[EV_TABLE_MAP] = { "table-map", on_table_map },
	[EV_WRITE_ROWS_V0] = { "write-rows-v0", rows_on_event },
	[EV_UPDATE_ROWS_V0] = { "update-rows-v0", rows_on_event },
	[EV_DELETE_ROWS_V0] = { "delete-rows-v0", rows_on_event },
	[EV_WRITE_ROWS_V1] = { "write-rows-v1", rows_on_event },
	[EV_UPDATE_ROWS_V1] = { "update-rows-v1", rows_on_event },
	[EV_DELETE_ROWS_V1] = { "delete-rows-v1", rows_on_event },
	[EV_INCIDENT] = { "incident", on_incident },
	[EV_HEARTBEAT] = { "heartbeat", on_heartbeat, true },
	[EV_IGNORABLE] = { "ignorable", NULL },
	[EV_ROWS_QUERY] = { "rows-query", on_rows_query },
	[EV_WRITE_ROWS_V2] = { "write-rows-v2", rows_on_event },
	[EV_UPDATE_ROWS_V2] = { "update-rows-v2", rows_on_event },
	[EV_DELETE_ROWS_V2] = { "delete-rows-v2", rows_on_event },
	[EV_GTID] = { "gtid", on_gtid, true },
	[EV_ANONYMOUS_GTID] = { "anonymous-gtid", on_gtid, true },
	[EV_PREVIOUS_GTIDS] = { "previous-gtids", on_previous_gtids, true },
	[EV_TRANSACTION_CONTEXT] = { "transaction-context", NULL },	/* group replication's own */
	[EV_VIEW_CHANGE] = { "view-change", on_companion, true },	/* the same; a transaction of its own */
	[EV_XA_PREPARE] = { "xa-prepare", on_xa_prepare },
	[EV_PARTIAL_UPDATE] = { "partial-update-rows", rows_on_event },
	[EV_TRANSACTION_PAYLOAD] = { "transaction-payload", on_payload, true },
	[EV_HEARTBEAT_V2] = { "heartbeat-v2", on_heartbeat, true },
	[EV_GTID_TAGGED] = { "gtid-tagged", on_gtid, true },
	[EV_ANNOTATE_ROWS] = { "annotate-rows", on_rows_query },
	[EV_BINLOG_CHECKPOINT] = { "binlog-checkpoint", NULL, true },
	[EV_MARIA_GTID] = { "mariadb-gtid", on_maria_gtid, true },
	[EV_GTID_LIST] = { "gtid-list", on_gtid_list, true },
	[EV_START_ENCRYPTION] = { "start-encryption", on_start_encryption, true },
	[EV_QUERY_COMPRESSED] = { "query-compressed", query_on_event, true },
	[EV_WRITE_ROWS_COMPRESSED_V1] = { "write-rows-compressed-v1", rows_on_event, true },
	[EV_UPDATE_ROWS_COMPRESSED_V1] = { "update-rows-compressed-v1", rows_on_event, true },
	[EV_DELETE_ROWS_COMPRESSED_V1] = { "delete-rows-compressed-v1", rows_on_event, true },
	[EV_WRITE_ROWS_COMPRESSED] = { "write-rows-compressed", rows_on_event, true },
	[EV_UPDATE_ROWS_COMPRESSED] = { "update-rows-compressed", rows_on_event, true },
	[EV_DELETE_ROWS_COMPRESSED] = { "delete-rows-compressed", rows_on_event, true },
};

int
event_at(struct tail *t)
{
	const struct event_header *h = &t->at.header;
	const char *name = event_types[h->type].name;
	char where[POS_TEXT];

	return error_at(t->e, "%s, %s event (type %u)", pos_text(&t->at.pos, where), name == NULL ? "unknown" : name,
	    h->type);
}

int
event_error(struct tail *t, const char *fmt, ...)
{
	char text[sizeof(t->e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(t->e, RC_FAIL, "%s", text);
	return event_at(t);
}

/* The same, with the event's first bytes. */
static int
event_unreadable(struct tail *t, const char *why)
{
	char hex[2 * SHOWN_BYTES + 1] = "";
	size_t i, n = (size_t)error_shown(t->event_bytes, SHOWN_BYTES);

	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", t->event[i]);
	return event_error(t, "%s; %zu bytes, %s%s", why, t->event_bytes, hex, n < t->event_bytes ? "…" : "");
}

int
event_beyond(struct tail *t, const char *file, uint64_t end)
{
	return error_set(t->e, RC_POSITION, "%s:%" PRIu64 ": no place to begin at: the file ends at %" PRIu64, file, t->skip_to,
	    end);
}

static int
not_a_place(struct tail *t, const char *why)
{
	event_error(t, "%s", why);
	t->e->rc = RC_POSITION;
	return -1;
}

/* A position inside a transaction, or garbage. */
static int
out_of_place(struct tail *t)
{
	return not_a_place(t, "outside of a transaction: this is no place to begin at");
}

/* A file tells less of its server than the server itself: MySQL's UUID is not in it. */
static void
tell_source(struct tail *t)
{
	t->mariadb = strstr(t->at.format.version, "MariaDB") != NULL;
	executed_kind(&t->executed, t->mariadb);
	strlcpy(t->source.version, t->at.format.version, sizeof(t->source.version));
	if (t->mariadb)
		snprintf(t->source.server, sizeof(t->source.server), "%" PRIu32, t->at.header.server_id);
}

/* The file's beginning, or its repetition where a dump starts inside. */
static int
on_format(struct tail *t, struct cursor *c)
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
		tell_source(t);
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
static int
on_heartbeat(struct tail *t, struct cursor *c)
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

static int
on_incident(struct tail *t, struct cursor *c)
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

static int
on_gtid(struct tail *t, struct cursor *c)
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
static int
on_maria_gtid(struct tail *t, struct cursor *c)
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

static int
on_previous_gtids(struct tail *t, struct cursor *c)
{
	return executed_read_list(t, c);
}

static int
on_gtid_list(struct tail *t, struct cursor *c)
{
	return executed_read_list(t, c);
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

static int
on_table_map(struct tail *t, struct cursor *c)
{
	uint64_t id = cur_le(c, t->at.format.post_header[EV_TABLE_MAP] == 6 ? 4 : 6);
	struct table_map *m;
	bool fresh;

	cur_u16(c);
	if (c->bad)
		return -1;
	if (t->group.state == GROUP_NONE && !opens_group(t))
		return out_of_place(t);
	if ((m = maps_read(&t->maps, id, c->p, cur_left(c), &fresh, t->e)) == NULL)
		return event_at(t);
	m->group = t->group.serial;
	m->pos = t->at.pos.offset;
	if (fresh)
		m->chosen = tail_chooses(t, m->db, m->name, &m->from);
	return m->chosen ? keep_for_xa(t, c) : 0;
}

static int
on_xid(struct tail *t, struct cursor *c)
{
	(void)c;
	if (t->group.state == GROUP_NONE)
		return out_of_place(t);
	return group_end(t, t->at.pos.offset + t->at.header.size);
}

/* MariaDB's event 38, too. In one phase it is committed at once. */
static int
on_xa_prepare(struct tail *t, struct cursor *c)
{
	uint8_t one_phase = cur_u8(c);
	struct xid xid;

	if (t->group.state == GROUP_NONE)
		return out_of_place(t);
	if (xid_read(&xid, c) == -1)
		return -1;
	if (one_phase != 0)
		return query_commit_xa(t, NULL);
	if (!t->group.skipped && xa_prepare(&t->xa, &xid, &t->boundary, &t->executed.set, t->e) == -1)
		return event_at(t);
	return group_end(t, t->at.pos.offset + t->at.header.size);
}

/* The statement whose rows follow. MySQL has its length in a byte first, whether it fits or not. */
static int
on_rows_query(struct tail *t, struct cursor *c)
{
	if (t->at.header.type == EV_ROWS_QUERY)
		cur_u8(c);
	buf_clear(&t->query);
	if (t->o->query && !c->bad && buf_add(&t->query, c->p, cur_left(c)) == -1)
		return tail_memory(t);
	return t->o->query ? keep_for_xa(t, c) : 0;
}

/* It belongs to the statement that follows. */
static int
on_companion(struct tail *t, struct cursor *c)
{
	(void)c;
	if (t->group.state == GROUP_NONE)
		group_open(t, GROUP_OPEN);
	if (t->at.header.type == EV_VIEW_CHANGE && t->group.state == GROUP_OPEN)
		return group_end(t, t->at.pos.offset + t->at.header.size);
	return 0;
}

/* A server decrypts what it sends: the event itself stays in, as a file's offsets count it. */
static int
on_start_encryption(struct tail *t, struct cursor *c)
{
	(void)c;
	return !t->offline ? 0 : event_error(t, "all that follows is encrypted, and the keys are the server's: read it from there");
}

static void
set_ts(struct tail *t)
{
	if (t->group.ts[0] != '\0') {
		memcpy(t->ts, t->group.ts, sizeof(t->ts));
		t->ts_seconds = 0;
	} else if (t->at.header.ts != t->ts_seconds || t->ts[0] == '\0') {
		t->ts_seconds = t->at.header.ts;
		snprintf(t->ts, sizeof(t->ts), "%" PRIu32, t->ts_seconds);
	}
}

/* What a file has before its first transaction: with its list of GTIDs that proves that none is missing. */
static bool
is_preamble(uint8_t type)
{
	return type == EV_FORMAT_DESCRIPTION || type == EV_PREVIOUS_GTIDS || type == EV_GTID_LIST || type == EV_ROTATE ||
	    type == EV_STOP || type == EV_START_ENCRYPTION || type == EV_BINLOG_CHECKPOINT || type == EV_HEARTBEAT ||
	    type == EV_HEARTBEAT_V2;
}

/* Which transactions there are counts even where they are not looked at. */
static bool
is_noted(uint8_t type)
{
	return type == EV_FORMAT_DESCRIPTION || type == EV_PREVIOUS_GTIDS || type == EV_GTID_LIST || type == EV_GTID ||
	    type == EV_GTID_TAGGED || type == EV_ANONYMOUS_GTID || type == EV_MARIA_GTID;
}

static int
parse(struct tail *t, const struct event_type *type, struct cursor *body)
{
	t->e->rc = RC_OK;
	if (type->parse(t, body) == -1)
		return t->e->rc == RC_OK ? event_unreadable(t, "malformed") : -1;
	return body->bad ? event_unreadable(t, "malformed") : 0;
}

/* --explain: events only tell what the one that is asked for needs. */
static int
explain(struct tail *t, const struct event_type *type, struct cursor *body)
{
	bool inner = t->group.state != GROUP_NONE;
	int rc;

	if (t->at.header.type == EV_FORMAT_DESCRIPTION && t->offline)
		tell_source(t);
	if ((rc = explain_event(t, type->name, *body)) != 1)
		return rc;
	t->group.state = GROUP_BEGUN;
	rc = parse(t, type, body);
	if (!inner)
		t->group.state = GROUP_NONE;
	return rc;
}

static int
dispatch(struct tail *t, const uint8_t *event, size_t n, struct cursor *body)
{
	const struct event_type *type = &event_types[t->at.header.type];

	t->event = event;
	t->event_bytes = n;
	if (pos_is_set(&t->o->explain))
		return explain(t, type, body);
	if (type->name == NULL) {
		if (t->at.header.flags & EVF_IGNORABLE)
			return 0;
		return event_unreadable(t, "an event of a type that is not known");
	}
	if (t->executed.unproven && !is_preamble(t->at.header.type))
		return executed_unproven(t);
	if (type->parse == NULL)
		return 0;
	return parse(t, type, body);
}

static int
count_event(struct tail *t)
{
	return ++t->events < CLOCK_EVENTS ? 0 : tail_heartbeat_due(t);
}

/* One that the event at hand holds, or stands for. */
static int
take_inner(struct tail *t, const uint8_t *event, size_t n)
{
	struct event_header outer = t->at.header;
	struct cursor body;
	int rc;

	if (t->group.state == GROUP_NONE)
		return out_of_place(t);
	if (place_take_inner(&t->at, event, n, &body, t->e) == -1)
		return event_at(t);
	if (!t->xa.replaying && event_types[t->at.header.type].alone)
		return event_error(t, "inside a payload, where it cannot be");
	if (!t->xa.replaying)
		set_ts(t);
	rc = dispatch(t, event, n, &body) == -1 ? -1 : count_event(t);
	t->at.header = outer;
	return rc;
}

/* A transaction's events, each as it comes out. */
static int
on_payload(struct tail *t, struct cursor *c)
{
	const uint8_t *event;
	size_t n;
	int rc;

	if (packed_open(&t->packed, c, t->e) == -1)
		return t->e->rc == RC_OK ? -1 : event_at(t);
	t->at.packed = true;
	while ((rc = packed_next(&t->packed, &event, &n, t->e)) == 1)
		if (take_inner(t, event, n) == -1)
			return -1;
	return rc == -1 ? event_at(t) : 0;
}

int
event_replay(struct tail *t)
{
	const uint8_t *event;
	size_t n;
	int rc;

	t->at.packed = true;
	while ((rc = xa_next(&t->xa, &event, &n, t->e)) == 1)
		if (take_inner(t, event, n) == -1)
			return -1;
	return rc == -1 ? event_at(t) : 0;
}

int
event_next_epoch(struct tail *t)
{
	struct pos *p = &t->at.pos;

	if (p->epoch == MAX_EPOCH)
		return error_set(t->e, RC_FAIL, "%s: positions start again, and there are no epochs left", p->file);
	t->source.epoch = t->row_pos.epoch = t->boundary.epoch = ++p->epoch;
	t->source.created = t->at.format.created;
	log_warn("positions start again file=%s epoch=%u", p->file, (unsigned)p->epoch);
	return tail_put_source(t);
}

/* Another file. When it does not continue the last one, positions start again, if that can be proven to be right. */
static int
follow_file(struct tail *t, const char *last, uint64_t end)
{
	struct pos *p = &t->at.pos;
	bool back = t->at.relayed && pos_is_set(&t->told) && pos_cmp(p, &t->told) < 0;

	if (strcmp(last, p->file) != 0 || back) {
		if (t->skip_to > end)
			return event_beyond(t, last, end);
		if (t->at.relayed) {
			/* what its lists have is what was copied, not what was executed */
			gtids_forget(&t->executed.set);
			t->executed.unproven = back;
		} else if (last[0] != '\0' && (!pos_same_basename(last, p->file) ||
		    pos_file_number(p->file) != pos_file_number(last) + 1)) {
			log_warn("the file does not follow the last one: its GTIDs must tell that nothing is missing "
			    "last=%s next=%s", last, p->file);
			t->executed.unproven = true;
		}
		t->source_said = false;
		t->skip_to = 0;
	}
	t->row_pos = *p;
	return 0;
}

int
event_follow(struct tail *t, const char *name)
{
	char last[sizeof(t->at.pos.file)];

	memcpy(last, t->at.pos.file, sizeof(last));
	strlcpy(t->at.pos.file, name, sizeof(t->at.pos.file));
	t->at.pos.offset = FILE_START;
	t->at.file_starts = true;
	t->at.relay = t->at.relayed = false;
	t->at.next_relay[0] = '\0';
	t->boundary = t->at.pos;
	return follow_file(t, last, UINT64_MAX);
}

int
event_take(struct tail *t, const uint8_t *event, size_t n)
{
	struct place *at = &t->at;
	char last[sizeof(at->pos.file)];
	struct cursor body;
	uint64_t end;

	if (place_take(at, event, n, &body, t->e) == -1)
		return event_at(t);
	t->skipping = at->counted && at->pos.offset < t->skip_to;
	if (!t->skipping && at->counted)
		set_ts(t);
	if ((!t->skipping || is_noted(at->header.type)) && dispatch(t, event, n, &body) == -1)
		return -1;
	end = at->pos.offset + (at->counted ? at->header.size : 0);
	if (t->skipping && end > t->skip_to)
		return not_a_place(t, "no event starts at the place to begin at");
	if (at->header.type == EV_ROTATE)
		memcpy(last, at->pos.file, sizeof(last));
	if (place_leave(at, &body, t->e) == -1)
		return event_at(t);
	if (at->header.type == EV_ROTATE && follow_file(t, last, end) == -1)
		return -1;
	if (t->group.state == GROUP_NONE && (at->counted || at->header.type == EV_ROTATE) &&
	    at->pos.offset >= t->skip_to)
		t->boundary = at->pos;
	return count_event(t);
}
