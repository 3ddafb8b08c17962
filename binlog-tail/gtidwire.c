/* SPDX-License-Identifier: ISC */
/* GTIDs as events and commands have them (MySQL internals manual: COM_BINLOG_DUMP_GTID, GTID_EVENT; MySQL source,
 * Gtid_set::encode and mysql::serialization, as MySQL 9.7 writes them; MariaDB manual, GTID_LIST_EVENT). */
#include <string.h>

#include "gtid.h"

#define TAGGED 1	/* the first and the last byte of the number of sources, where these have tags */

/* A number with its length in it: as many bytes follow the first as that has low bits set. */
static uint64_t
take_varlen(struct cursor *c)
{
	uint8_t first = cur_u8(c);
	unsigned more = 0;

	while (more < 8 && (first >> more & 1) != 0)
		more++;
	if (more == 8)
		return cur_u64(c);
	return (uint64_t)first >> (more + 1) | cur_le(c, more) << (7 - more);
}

/* A tag's length and bytes: lower-case letters, _, and digits, but not first. */
static void
take_tag(struct cursor *c, char tag[GTID_TAG])
{
	uint64_t n = take_varlen(c);
	const uint8_t *p = n < GTID_TAG ? cur_take(c, (size_t)n) : NULL;
	size_t i;

	memset(tag, 0, GTID_TAG);
	c->bad = c->bad || p == NULL;
	for (i = 0; !c->bad && i < n; i++) {
		tag[i] = (char)p[i];
		c->bad = !(p[i] == '_' || (p[i] >= 'a' && p[i] <= 'z') || (i > 0 && p[i] >= '0' && p[i] <= '9'));
	}
}

static int
read_source(struct gtids *g, struct cursor *c, bool tagged, struct error *e)
{
	const uint8_t *uuid = cur_take(c, 16);
	char tag[GTID_TAG] = "";
	struct gtid_source *s;
	uint64_t intervals, from, to;

	if (tagged)
		take_tag(c, tag);
	intervals = cur_u64(c);
	if (c->bad)
		return 0;
	if ((s = gtids_source(g, uuid, tag, e)) == NULL)
		return -1;
	for (; intervals > 0 && !c->bad; intervals--) {
		from = cur_u64(c);
		to = cur_u64(c);	/* the first that is not in it */
		if (c->bad || from == 0 || to <= from)
			c->bad = true;
		else if (gtids_add_interval(g, s, from, to - 1, e) == -1)
			return -1;
	}
	return 0;
}

int
gtids_read_previous(struct gtids *g, struct cursor *c, struct error *e)
{
	uint64_t sources = cur_u64(c);
	bool tagged = sources >> 56 == TAGGED;

	gtids_forget(g);
	if (tagged)
		sources = sources << 8 >> 16;
	for (g->known = true; sources > 0 && !c->bad; sources--)
		if (read_source(g, c, tagged, e) == -1)
			return -1;
	g->known = !c->bad;
	return c->bad ? -1 : 0;
}

int
gtids_read_list(struct gtids *g, struct cursor *c, struct error *e)
{
	uint32_t count = cur_u32(c) & 0x0fffffff, domain, server;
	uint64_t n;

	gtids_forget(g);
	for (g->known = true; count > 0 && !c->bad; count--) {
		domain = cur_u32(c);
		server = cur_u32(c);
		n = cur_u64(c);
		if (!c->bad && gtids_set_last(g, domain, server, n, e) == -1)
			return -1;
	}
	g->known = !c->bad;
	return c->bad ? -1 : 0;
}

static int
put_u64(struct buf *b, uint64_t v)
{
	char *to = buf_room(b, 8);
	size_t i;

	if (to == NULL)
		return -1;
	for (i = 0; i < 8; i++)
		to[i] = (char)(v >> 8 * i);
	b->len += 8;
	return 0;
}

static int
put_wire_source(struct buf *b, const struct gtid_source *s, bool tagged)
{
	size_t i, n = strlen(s->tag);

	if (buf_add(b, s->uuid, sizeof(s->uuid)) == -1 ||
	    (tagged && (buf_putc(b, (char)(n << 1)) == -1 || buf_add(b, s->tag, n) == -1)) || put_u64(b, s->count) == -1)
		return -1;
	for (i = 0; i < s->count; i++)
		if (put_u64(b, s->intervals[i].from) == -1 || put_u64(b, s->intervals[i].to + 1) == -1)
			return -1;
	return 0;
}

int
gtids_put_wire(struct buf *b, const struct gtids *g)
{
	bool tagged = false;
	size_t i;

	for (i = 0; i < g->count; i++)
		tagged = tagged || g->sources[i].tag[0] != '\0';
	if (put_u64(b, tagged ? (uint64_t)TAGGED << 56 | g->count << 8 | TAGGED : g->count) == -1)
		return -1;
	for (i = 0; i < g->count; i++)
		if (put_wire_source(b, &g->sources[i], tagged) == -1)
			return -1;
	return 0;
}

/* Flags, UUID, number, logical clock, then 7 bytes of microseconds (from 8.0.1 on). */
int
gtid_read(struct gtid_event *g, struct cursor *c)
{
	const uint8_t *uuid;

	memset(g, 0, sizeof(*g));
	cur_u8(c);
	uuid = cur_take(c, 16);
	g->id.n = cur_u64(c);
	if (c->bad)
		return -1;
	g->id.kind = GTID_MYSQL;
	memcpy(g->id.uuid, uuid, 16);
	if (cur_left(c) < 1 + 16 + 7 || cur_u8(c) != 2)
		return 0;
	cur_take(c, 16);
	g->micro = cur_le(c, 7) & ~(UINT64_C(1) << 55);	/* the bit: the original server's time follows */
	return 0;
}

/* A message of numbered fields, in their order; those that have their default are left out. What is behind the last one that
 * we know can be ignored, unless the message says otherwise. */
int
gtid_read_tagged(struct gtid_event *g, struct cursor *c)
{
	enum { FLAGS, UUID, NUMBER, TAG, LAST_COMMITTED, SEQUENCE, COMMITTED };
	uint64_t version = take_varlen(c), size = take_varlen(c), needed = take_varlen(c), field, n;
	unsigned have = 0;
	size_t i;

	memset(g, 0, sizeof(*g));
	(void)size;
	if (version != 1 || needed > COMMITTED)
		c->bad = true;
	while (cur_left(c) > 0 && !c->bad) {
		if ((field = take_varlen(c)) > COMMITTED)
			break;
		have |= 1U << field;
		switch (field) {
		case UUID:
			for (i = 0; i < sizeof(g->id.uuid); i++) {
				n = take_varlen(c);
				c->bad = c->bad || n > 0xff;
				g->id.uuid[i] = (uint8_t)n;
			}
			break;
		case NUMBER:	/* signed: the sign is the lowest bit */
			n = take_varlen(c);
			c->bad = c->bad || (n & 1) != 0;
			g->id.n = n >> 1;
			break;
		case TAG: take_tag(c, g->id.tag); break;
		case COMMITTED: g->micro = take_varlen(c); break;
		default: take_varlen(c);
		}
	}
	if (c->bad || (have & (1U << UUID)) == 0 || (have & (1U << NUMBER)) == 0 || g->id.n == 0)
		return -1;
	g->id.kind = GTID_MYSQL;
	return 0;
}
