/* SPDX-License-Identifier: ISC */
/* Where a stream of events stands. */
#include <string.h>

#include "place.h"

/* Is there a checksum behind this event? Of what the server makes up for us, no format event tells. */
static bool
has_checksum(const struct place *p, const uint8_t *event, size_t n)
{
	if (p->header.type == EV_FORMAT_DESCRIPTION)
		return false;	/* its body has it; see format_read */
	if (!p->counted && !p->from_file)
		return checksum_holds(event, n);
	return p->format.checksums;
}

static int
read_format(struct place *p, const uint8_t *event, size_t n, struct error *e)
{
	const char *why;

	if (format_read(&p->format, &p->header, event + EVENT_HEADER, n - EVENT_HEADER, &why) == -1)
		return error_set(e, RC_FAIL, "format event: %s", why);
	p->relay |= p->from_file && (p->header.flags & EVF_RELAY) != 0;
	if ((p->format.checksums || (p->from_file && p->format.own_checksum)) && !checksum_holds(event, n))
		return error_set(e, RC_FAIL, "format event: its checksum is wrong");
	/* of another size it may seem to be of a server that writes no checksums */
	if (p->from_file && p->counted && p->header.log_pos != (uint32_t)(p->pos.offset + n))
		return error_set(e, RC_FAIL, "format event: it says that it ends at %u", p->header.log_pos);
	return 0;
}

/* The server left events out before this one, or else something is wrong. */
static int
step_over_gap(struct place *p, size_t n, struct error *e)
{
	uint32_t end = (uint32_t)(p->pos.offset + n), gap = p->header.log_pos - end;

	if (p->header.log_pos == 0 || gap == 0)
		return 0;
	if (gap > UINT32_MAX / 2)
		return error_set(e, RC_FAIL, "the event says that it ends at %u, it ends at %u (modulo 2^32)",
		    p->header.log_pos, end);
	p->pos.offset += gap;
	return 0;
}

int
place_take(struct place *p, const uint8_t *event, size_t n, struct cursor *body, struct error *e)
{
	struct event_header *h = &p->header;
	size_t end = n;

	p->packed = false;
	p->rows = 0;
	if (header_read(h, event, n) == -1 || h->size != n)
		return error_set(e, RC_FAIL, "an event of %zu bytes says that it has %u", n, h->size);
	switch (h->type) {
	case EV_HEARTBEAT:
	case EV_HEARTBEAT_V2:
		p->counted = false;
		break;
	case EV_FORMAT_DESCRIPTION:
		p->counted = p->file_starts && h->log_pos != 0;
		break;
	default:
		p->counted = (h->flags & EVF_ARTIFICIAL) == 0 && (h->type != EV_ROTATE || h->log_pos != 0) &&
		    !(p->relayed && (h->type == EV_STOP || (h->flags & EVF_RELAY) != 0));
	}
	if (h->type == EV_FORMAT_DESCRIPTION) {
		if (read_format(p, event, n, e) == -1)
			return -1;
	} else if (h->type == EV_START_V3) {
		return error_set(e, RC_FAIL, "a log of MySQL before 5.0 (binlog version 1 or 3)");
	} else if (p->counted && !p->format.known) {
		return error_set(e, RC_FAIL, "no format event comes before it");
	} else if (p->counted && p->relay && !p->relayed && (h->flags & EVF_RELAY) == 0) {
		return error_set(e, RC_FAIL, "a relay log that does not tell, before it, of which file its events are");
	}
	if (has_checksum(p, event, n)) {
		if ((p->counted || p->from_file) && !checksum_holds(event, n))
			return error_set(e, RC_FAIL, "its checksum is wrong");
		end = n - CHECKSUM_BYTES;
	}
	*body = cur_of(event + EVENT_HEADER, end - EVENT_HEADER);
	return p->counted ? step_over_gap(p, n, e) : 0;
}

int
place_take_inner(struct place *p, const uint8_t *event, size_t n, struct cursor *body, struct error *e)
{
	struct event_header h;

	if (header_read(&h, event, n) == -1 || h.size != n)
		return error_set(e, RC_FAIL, "an event of %zu bytes in it says that it has %u", n, h.size);
	h.size = p->header.size;
	h.log_pos = p->header.log_pos;
	p->header = h;
	*body = cur_of(event + EVENT_HEADER, n - EVENT_HEADER);
	return 0;
}

uint64_t
place_row(struct place *p, size_t inside)
{
	uint64_t last = p->header.size - 1;

	if (!p->packed)
		return p->pos.offset + inside;
	return p->pos.offset + (p->rows < last ? p->rows++ : last);
}

static int
read_rotate(struct cursor body, char name[MAX_BINLOG_NAME + 1], uint64_t *offset, struct error *e)
{
	size_t n;
	const uint8_t *from;

	*offset = cur_u64(&body);
	n = cur_left(&body);
	from = cur_take(&body, n);
	if (body.bad || n == 0 || n > MAX_BINLOG_NAME || memchr(from, '\0', n) != NULL || *offset < FILE_START)
		return error_set(e, RC_FAIL, "malformed");
	memset(name, 0, MAX_BINLOG_NAME + 1);
	memcpy(name, from, n);
	return 0;
}

/* The place of the next file's first event, or of where a dump begins. */
static int
follow_rotate(struct place *p, struct cursor body, struct error *e)
{
	if (read_rotate(body, p->pos.file, &p->pos.offset, e) == -1)
		return -1;
	p->file_starts = p->pos.offset == FILE_START;
	p->relayed |= p->from_file && !p->counted;
	return 0;
}

/* The replica's own rotate event, in a log whose places are its source's. */
static bool
is_relay_rotate(const struct place *p)
{
	return p->header.type == EV_ROTATE && p->relayed && (p->header.flags & EVF_RELAY) != 0;
}

bool
place_file_ends(const struct place *p)
{
	return p->header.type == EV_STOP || is_relay_rotate(p) || (p->header.type == EV_ROTATE && !p->relayed);
}

bool
place_goes_on(const struct place *p, const char *name)
{
	return p->relayed && strcmp(p->next_relay, name) == 0;
}

int
place_leave(struct place *p, const struct cursor *body, struct error *e)
{
	uint64_t offset;

	if (is_relay_rotate(p))
		return read_rotate(*body, p->next_relay, &offset, e);
	if (p->header.type == EV_ROTATE)
		return follow_rotate(p, *body, e);
	if (p->counted) {
		p->pos.offset += p->header.size;
		p->file_starts = false;
	}
	return 0;
}
