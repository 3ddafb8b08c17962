/* SPDX-License-Identifier: ISC */
/* Compressed events (MySQL source, Transaction_payload_event and its codecs; MariaDB source, binlog_buf_compress). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "packed.h"

#define PIECE_BYTES ((size_t)64 << 10)	/* what the buffer grows by at least: a claimed size alone takes no memory */
#define KEEP_BYTES (1 << 20)		/* a rare huge event does not keep its memory */

void
packed_free(struct packed *p)
{
	inflater_free(&p->inflater);
	buf_free(&p->bytes);
}

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "decompress: %s", strerror(errno));
}

/* An empty buffer for the next event. */
static int
empty(struct packed *p, struct error *e)
{
	if (p->bytes.cap > KEEP_BYTES && p->bytes.len <= KEEP_BYTES)
		buf_free(&p->bytes);
	if (p->bytes.data == NULL && buf_init(&p->bytes, MAX_EVENT) == -1)
		return no_memory(e);
	buf_clear(&p->bytes);
	return 0;
}

/* Makes n bytes be there. 1; 0: it ends before; -1. */
static int
fill(struct packed *p, size_t n, struct error *e)
{
	struct buf *b = &p->bytes;
	size_t want;
	ssize_t got;
	char *to;

	while (b->len < n) {
		want = n - b->len < PIECE_BYTES ? n - b->len : PIECE_BYTES;
		if ((to = buf_room(b, want)) == NULL)
			return no_memory(e);
		if ((got = inflater_read(&p->inflater, to, n - b->len < b->cap - b->len ? n - b->len : b->cap - b->len,
		    e)) <= 0)
			return (int)got;
		b->len += (size_t)got;
		p->out += (uint64_t)got;
	}
	return 1;
}

/* Fields: kind, length, value, each number with a length of its own. */
int
packed_open(struct packed *p, struct cursor *body, struct error *e)
{
	enum { HEADER_END, PAYLOAD_SIZE, COMPRESSION_TYPE, UNCOMPRESSED_SIZE };
	enum { TYPE_ZSTD = 0, TYPE_NONE = 255 };
	uint64_t kind, type = UINT64_MAX, size = UINT64_MAX, value;
	struct cursor field;

	p->open = p->sized = false;
	p->out = 0;
	while ((kind = cur_lenenc(body)) != HEADER_END && !body->bad) {
		field = cur_sub(body, (size_t)cur_lenenc(body));
		value = kind <= UNCOMPRESSED_SIZE ? cur_lenenc(&field) : 0;
		body->bad |= field.bad;
		switch (kind) {
		case PAYLOAD_SIZE: size = value; break;
		case COMPRESSION_TYPE: type = value; break;
		case UNCOMPRESSED_SIZE:
			p->size = value;
			p->sized = true;
			break;
		default: break;		/* a later server's */
		}
	}
	if (body->bad)
		return -1;
	if (type != TYPE_ZSTD && type != TYPE_NONE)
		return error_set(e, RC_FAIL, "a payload compressed in a way that is not known (%" PRIu64 ")", type);
	if (size != cur_left(body))
		return error_set(e, RC_FAIL, "a payload of %zu bytes that says it has %" PRIu64, cur_left(body), size);
	p->open = true;
	return inflater_start(&p->inflater, type == TYPE_ZSTD ? COMPRESSION_ZSTD : COMPRESSION_NONE, *body, NULL, NULL, e);
}

int
packed_next(struct packed *p, const uint8_t **event, size_t *n, struct error *e)
{
	struct event_header h;
	int rc;

	if (empty(p, e) == -1 || (rc = fill(p, EVENT_HEADER, e)) == -1)
		return -1;
	if (rc == 0 && p->bytes.len == 0) {
		if (p->sized && p->out != p->size)
			return error_set(e, RC_FAIL, "a payload of %" PRIu64 " bytes once decompressed that says it has "
			    "%" PRIu64, p->out, p->size);
		p->open = false;
		return 0;
	}
	if (rc == 1) {
		header_read(&h, (const uint8_t *)p->bytes.data, p->bytes.len);
		if (h.size < EVENT_HEADER || h.size > MAX_EVENT)
			return error_set(e, RC_FAIL, "an event in it that says it has %" PRIu32 " bytes", h.size);
		if ((rc = fill(p, h.size, e)) == -1)
			return -1;
	}
	if (rc == 0)
		return error_set(e, RC_FAIL, "the payload ends inside an event");
	*event = (const uint8_t *)p->bytes.data;
	*n = p->bytes.len;
	return 1;
}

/* 0x80, three bits for the way, and how many bytes of size, most significant first, follow. */
int
packed_body(struct packed *p, struct cursor *c, struct error *e)
{
	uint8_t head = cur_u8(c), size_bytes = head & 7, extra;
	uint64_t size = size_bytes >= 1 && size_bytes <= 4 ? cur_be(c, size_bytes) : 0;
	ssize_t more;

	if (p->open)	/* rows that an XA transaction kept could come here while it is read */
		return error_set(e, RC_FAIL, "a compressed event inside a payload");
	if (c->bad || (head & 0x80) == 0 || size_bytes == 0 || size_bytes > 4)
		return -1;
	if ((head >> 4 & 7) != 0)
		return error_set(e, RC_FAIL, "compressed in a way that is not known (%u)", head >> 4 & 7);
	if (size > MAX_EVENT)
		return error_set(e, RC_FAIL, "compressed data that says it has %" PRIu64 " bytes", size);
	if (empty(p, e) == -1 || inflater_start(&p->inflater, COMPRESSION_ZLIB, *c, NULL, NULL, e) == -1)
		return -1;
	if (fill(p, (size_t)size, e) == -1 || (more = inflater_read(&p->inflater, &extra, 1, e)) == -1)
		return -1;
	if (p->bytes.len != size || more != 0)
		return error_set(e, RC_FAIL, "compressed data of another size than the %" PRIu64 " bytes that it says", size);
	*c = cur_of(p->bytes.data, p->bytes.len);
	return 0;
}
