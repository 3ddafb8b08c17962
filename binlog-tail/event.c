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
#include "frame.h"
#include "query.h"

#define CLOCK_EVENTS 64		/* a look at the clock costs as much as a small event */
#define SHOWN_BYTES 32	/* of an event that is not understood, in the message */

static int	 on_payload(struct tail *, struct cursor *);

/* No name: a type that we do not know. No parse: known, nothing for us in it. */
static const struct event_type {
	const char *name;
	int (*parse)(struct tail *, struct cursor *);
	bool alone;		/* a transaction does not hold it, and so no payload does */
} event_types[256] = {
	[EV_QUERY] = { "query", query_on_event },
	[EV_STOP] = { "stop", NULL, true },
	[EV_ROTATE] = { "rotate", NULL, true },	/* place.c follows it */
	[EV_INTVAR] = { "intvar", frame_on_companion },
	[EV_RAND] = { "rand", frame_on_companion },
	[EV_USER_VAR] = { "user-var", frame_on_companion },
	[EV_FORMAT_DESCRIPTION] = { "format-description", frame_on_format, true },
	[EV_XID] = { "xid", frame_on_xid },
	[EV_BEGIN_LOAD_QUERY] = { "begin-load-query", frame_on_companion },	/* what LOAD DATA loads; it is a statement itself */
	[EV_APPEND_BLOCK] = { "append-block", frame_on_companion },
	[EV_DELETE_FILE] = { "delete-file", frame_on_companion },
	[EV_EXECUTE_LOAD_QUERY] = { "execute-load-query", query_on_event },
	[EV_TABLE_MAP] = { "table-map", frame_on_table_map },
	[EV_WRITE_ROWS_V0] = { "write-rows-v0", rows_on_event },
	[EV_UPDATE_ROWS_V0] = { "update-rows-v0", rows_on_event },
	[EV_DELETE_ROWS_V0] = { "delete-rows-v0", rows_on_event },
	[EV_WRITE_ROWS_V1] = { "write-rows-v1", rows_on_event },
	[EV_UPDATE_ROWS_V1] = { "update-rows-v1", rows_on_event },
	[EV_DELETE_ROWS_V1] = { "delete-rows-v1", rows_on_event },
	[EV_INCIDENT] = { "incident", frame_on_incident },
	[EV_HEARTBEAT] = { "heartbeat", frame_on_heartbeat, true },
	[EV_IGNORABLE] = { "ignorable", NULL },
	[EV_ROWS_QUERY] = { "rows-query", frame_on_rows_query },
	[EV_WRITE_ROWS_V2] = { "write-rows-v2", rows_on_event },
	[EV_UPDATE_ROWS_V2] = { "update-rows-v2", rows_on_event },
	[EV_DELETE_ROWS_V2] = { "delete-rows-v2", rows_on_event },
	[EV_GTID] = { "gtid", frame_on_gtid, true },
	[EV_ANONYMOUS_GTID] = { "anonymous-gtid", frame_on_gtid, true },
	[EV_PREVIOUS_GTIDS] = { "previous-gtids", executed_read_list, true },
	[EV_TRANSACTION_CONTEXT] = { "transaction-context", NULL },	/* group replication's own */
	[EV_VIEW_CHANGE] = { "view-change", frame_on_companion, true },	/* the same; a transaction of its own */
	[EV_XA_PREPARE] = { "xa-prepare", frame_on_xa_prepare },
	[EV_PARTIAL_UPDATE] = { "partial-update-rows", rows_on_event },
	[EV_TRANSACTION_PAYLOAD] = { "transaction-payload", on_payload, true },
	[EV_HEARTBEAT_V2] = { "heartbeat-v2", frame_on_heartbeat, true },
	[EV_GTID_TAGGED] = { "gtid-tagged", frame_on_gtid, true },
	[EV_ANNOTATE_ROWS] = { "annotate-rows", frame_on_rows_query },
	[EV_BINLOG_CHECKPOINT] = { "binlog-checkpoint", NULL, true },
	[EV_MARIA_GTID] = { "mariadb-gtid", frame_on_maria_gtid, true },
	[EV_GTID_LIST] = { "gtid-list", executed_read_list, true },
	[EV_START_ENCRYPTION] = { "start-encryption", frame_on_start_encryption, true },
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

int
event_out_of_place(struct tail *t)
{
	return not_a_place(t, "outside of a transaction: this is no place to begin at");
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
		frame_tell_source(t);
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
		return event_out_of_place(t);
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
