/* SPDX-License-Identifier: ISC */
/* Binlog events: header, checksum, format event (MySQL internals manual: Binlog Event, FORMAT_DESCRIPTION_EVENT). */
#include <stdio.h>
#include <string.h>

#include "crc.h"
#include "format.h"

#define TYPE_OFFSET 4
#define SIZE_OFFSET 9
#define FLAGS_OFFSET 17
#define MOST_TYPES_BEFORE 27	/* event types of servers before there were checksums: MySQL 5.5 */

int
header_read(struct event_header *h, const uint8_t *event, size_t n)
{
	if (n < EVENT_HEADER)
		return -1;
	h->ts = le_32(event);
	h->type = event[TYPE_OFFSET];
	h->server_id = le_32(event + 5);
	h->size = le_32(event + SIZE_OFFSET);
	h->log_pos = le_32(event + 13);
	h->flags = le_16(event + FLAGS_OFFSET);
	return 0;
}

bool
checksum_holds(const uint8_t *event, size_t n)
{
	uint8_t header[EVENT_HEADER];
	struct cursor c;
	uint32_t crc;

	if (n < EVENT_HEADER + CHECKSUM_BYTES)
		return false;
	c = cur_of(event + n - CHECKSUM_BYTES, CHECKSUM_BYTES);
	n -= CHECKSUM_BYTES;
	if (event[TYPE_OFFSET] != EV_FORMAT_DESCRIPTION || (event[FLAGS_OFFSET] & EVF_IN_USE) == 0)
		return crc_add(0, event, n) == cur_u32(&c);
	/* computed with the flag cleared, which the server sets in an open file's format event */
	memcpy(header, event, EVENT_HEADER);
	header[FLAGS_OFFSET] = (uint8_t)(header[FLAGS_OFFSET] & ~EVF_IN_USE);
	crc = crc_add(0, header, EVENT_HEADER);
	return crc_add(crc, event + EVENT_HEADER, n - EVENT_HEADER) == cur_u32(&c);
}

static unsigned
version_number(const char *version)
{
	unsigned a = 0, b = 0, c = 0;

	if (sscanf(version, "%3u.%2u.%2u", &a, &b, &c) != 3)
		return 0;
	return a * 10000 + b * 100 + c;
}

/* Format events end with an algorithm and room for a checksum from MySQL 5.6.1 and MariaDB 5.3 on. */
static bool
knows_checksums(const struct format *f)
{
	return f->server >= (strstr(f->version, "MariaDB") != NULL ? 50300 : 50601);
}

/* Some servers of 2006 and 2007 numbered their events in another way: an XID has no fixed part. */
static bool
numbers_fit(const struct format *f)
{
	uint8_t map = f->post_header[EV_TABLE_MAP];

	return f->post_header[EV_XID] == 0 && (map == 0 || map == 6 || map == 8);
}

int
format_read(struct format *f, const struct event_header *h, const uint8_t *body, size_t n, const char **why)
{
	struct cursor c = cur_of(body, n);
	uint16_t version = cur_u16(&c);
	const uint8_t *server = cur_take(&c, 50);
	uint8_t header_bytes, algorithm = 0;
	size_t types;

	cur_u32(&c);	/* 0 where a dump starts inside the file: the header's time stays */
	header_bytes = cur_u8(&c);
	*why = "cut short";
	if (c.bad)
		return -1;
	*why = "not binlog version 4";
	if (version != 4)
		return -1;
	*why = "event headers of another length than 19 bytes";
	if (header_bytes != EVENT_HEADER)
		return -1;
	memset(f, 0, sizeof(*f));
	memcpy(f->version, server, 50);
	f->server = version_number(f->version);
	f->created = h->ts;
	types = cur_left(&c);
	if (knows_checksums(f)) {
		*why = "cut short";
		if (types < 1 + CHECKSUM_BYTES)
			return -1;
		types -= 1 + CHECKSUM_BYTES;
		algorithm = c.p[types];
		*why = "an unknown checksum algorithm";
		if (algorithm > 1 && algorithm != 255)	/* 255: none, by a server that knows of them */
			return -1;
		f->own_checksum = algorithm == 1 || memcmp(c.p + types + 1, "\0\0\0", CHECKSUM_BYTES) != 0;
	} else if (types > MOST_TYPES_BEFORE) {
		*why = "of a server that knows of no checksums by its version, but not by its event types";
		return -1;
	}
	f->checksums = algorithm == 1;
	memcpy(f->post_header + 1, c.p, types < 255 ? types : 255);
	*why = "the server numbers its events in another way than all others";
	if (!numbers_fit(f))
		return -1;
	f->known = true;
	return 0;
}
