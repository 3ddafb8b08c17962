/* SPDX-License-Identifier: ISC */
/* Bulk requests in the making. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/batch.h"

#define FIRST_ITEMS 256

int
batch_init(struct batch *b, size_t max, struct error *e)
{
	memset(b, 0, sizeof(*b));
	if (buf_init(&b->body, max) == -1 || buf_init(&b->events, max) == -1)
		return error_set(e, RC_TEMP, "batch: %s", strerror(errno));
	return 0;
}

void
batch_free(struct batch *b)
{
	buf_free(&b->body);
	buf_free(&b->events);
	free(b->items);
	free(b->places);
	free(b->tags);
	memset(b, 0, sizeof(*b));
}

static uint8_t
tag_of(uint64_t hash)
{
	return (uint8_t)(hash | 1);
}

/* Where in the table the document's last item is, or the free slot where it goes. */
static size_t
slot_of(const struct batch *b, uint64_t hash)
{
	size_t i, mask = 2 * b->cap - 1;
	uint8_t tag = tag_of(hash);

	for (i = hash >> 8 & mask; b->tags[i] != 0; i = (i + 1) & mask)
		if (b->tags[i] == tag && b->items[b->places[i]].hash == hash)
			break;
	return i;
}

static void
set_slot(struct batch *b, size_t i, size_t item)
{
	b->tags[i] = tag_of(b->items[item].hash);
	b->places[i] = (uint32_t)item;
}

static int
grow(struct batch *b)
{
	size_t cap = b->cap == 0 ? FIRST_ITEMS : b->cap * 2, i;
	struct item *grown = reallocarray(b->items, cap, sizeof(*grown));
	uint32_t *places;
	uint8_t *tags;

	if (grown == NULL)
		return -1;
	b->items = grown;
	if ((places = reallocarray(b->places, 2 * cap, sizeof(*places))) == NULL)
		return -1;
	b->places = places;
	if ((tags = realloc(b->tags, 2 * cap)) == NULL)
		return -1;
	b->tags = tags;
	b->cap = cap;
	memset(tags, 0, 2 * cap);
	for (i = 0; i < b->count; i++)
		set_slot(b, slot_of(b, b->items[i].hash), i);
	return 0;
}

int
batch_add(struct batch *b, const struct change *c, uint64_t seq, uint64_t hash, size_t at, struct slice row,
    struct error *e)
{
	struct slice before = { c->line, c->len }, after = { c->line + c->len, 0 };
	struct item *item;

	if (b->count == b->cap && grow(b) == -1)
		goto fail;
	item = &b->items[b->count];
	*item = (struct item){
		.seq = seq, .hash = hash, .number = c->number, .version = c->version, .at = at,
		.action = (uint32_t)(b->body.len - at), .event = b->events.len, .whole = row.p == NULL || row.p != c->row.p,
	};
	if (row.p != NULL) {
		item->row = (uint32_t)row.n + 1;
		if (buf_add(&b->body, row.p, row.n) == -1 || buf_putc(&b->body, '\n') == -1)
			goto fail;
	}
	if (!item->whole) {
		before.n = (size_t)(row.p - c->line);
		after.p = row.p + row.n;
		after.n = c->len - before.n - row.n;
	}
	item->before = (uint32_t)before.n;
	item->after = (uint32_t)after.n;
	if (buf_add(&b->events, before.p, before.n) == -1 || buf_add(&b->events, after.p, after.n) == -1)
		goto fail;
	if (b->count++ == 0)
		b->oldest = seq;
	return 0;
fail:
	return error_set(e, RC_TEMP, "batch: %s", strerror(errno));
}

/* Is the item of this document? Equal hashes are nearly always, which is not enough. */
static bool
is_of(const struct batch *b, const struct item *item, struct slice start, struct slice id)
{
	const char *action = b->body.data + item->at;
	const char *x = memchr(action + 1, '{', item->id - 1U), *y = memchr(start.p + 1, '{', start.n - 1);
	const char *p, *q;

	if (x == NULL || y == NULL || item->id_n != id.n || memcmp(action + item->id, id.p, id.n) != 0)
		return false;
	/* "_index":"…", and no index has a comma in its name */
	p = memchr(x, ',', (size_t)(action + item->id - x));
	q = memchr(y, ',', (size_t)(start.p + start.n - y));
	return p != NULL && q != NULL && p - x == q - y && memcmp(x, y, (size_t)(p - x)) == 0;
}

void
batch_fold(struct batch *b, struct slice start, struct slice id)
{
	struct item *item = &b->items[b->count - 1], *before;
	size_t slot = slot_of(b, item->hash);

	item->id = (uint32_t)start.n;
	item->id_n = (uint32_t)id.n;
	if (b->tags[slot] != 0) {
		before = &b->items[b->places[slot]];
		if (before->version > item->version || !is_of(b, before, start, id))
			return;	/* that one stays the last */
		before->folded = b->folded = true;
	}
	set_slot(b, slot, b->count - 1);
}

uint64_t
batch_oldest(const struct batch *b)
{
	/* rows that were folded are done only when what they were folded into is */
	return b->count == 0 ? UINT64_MAX : b->folded ? b->oldest : b->items[0].seq;
}

size_t
batch_bytes(const struct batch *b, size_t n)
{
	return n == 0 ? 0 : b->items[n - 1].at + b->items[n - 1].action + b->items[n - 1].row;
}

int
batch_put_event(const struct batch *b, const struct item *item, struct buf *to)
{
	const char *event = b->events.data + item->event;
	size_t row = item->whole ? 0 : item->row - 1;

	if (buf_add(to, event, item->before) == -1 ||
	    buf_add(to, b->body.data + item->at + item->action, row) == -1)
		return -1;
	return buf_add(to, event + item->before, item->after);
}

/* A set of document hashes, open addressing, at most half full. Two documents with one hash do no harm: one of them
 * is written again, in its order. */
struct hash_set {
	uint64_t *slots;
	size_t mask;
};

static uint64_t *
hash_slot(const struct hash_set *s, uint64_t hash)
{
	size_t i;

	hash |= 1;	/* 0 is free */
	for (i = hash >> 1 & s->mask; s->slots[i] != 0 && s->slots[i] != hash; i = (i + 1) & s->mask)
		;
	return &s->slots[i];
}

/* Moves the item's bytes to the front, behind what is kept already. */
static void
move_item(struct batch *b, size_t to, size_t from, size_t *body, size_t *events)
{
	struct item item = b->items[from];

	memmove(b->body.data + *body, b->body.data + item.at, item.action + item.row);
	memmove(b->events.data + *events, b->events.data + item.event, item.before + item.after);
	item.at = *body;
	item.event = *events;
	*body += item.action + item.row;
	*events += item.before + item.after;
	b->items[to] = item;
}

void
batch_close(struct batch *b)
{
	size_t i, kept = 0, body = 0, events = 0;

	for (i = 0; b->folded && i < b->count; i++)
		if (!b->items[i].folded)
			move_item(b, kept++, i, &body, &events);
	if (!b->folded)
		return;
	b->count = kept;
	b->body.len = body;
	b->events.len = events;
}

void
batch_drop(struct batch *b, size_t n)
{
	size_t i, body = 0, events = 0;

	for (i = n; i < b->count; i++)
		move_item(b, i - n, i, &body, &events);
	b->count -= n;
	b->body.len = body;
	b->events.len = events;
}

int
batch_keep_retries(struct batch *b, size_t n, struct error *e)
{
	struct hash_set stuck = { .mask = 15 };
	size_t i, kept = 0, sent = 0, body = 0, events = 0;

	while (stuck.mask < 2 * n)
		stuck.mask = stuck.mask * 2 + 1;
	if ((stuck.slots = calloc(stuck.mask + 1, sizeof(*stuck.slots))) == NULL)
		return error_set(e, RC_TEMP, "batch: %s", strerror(errno));
	for (i = 0; i < b->count; i++) {
		const struct item *item = &b->items[i];

		if (i < n) {
			if (item->verdict == VERDICT_RETRY)
				*hash_slot(&stuck, item->hash) = item->hash | 1;
			else if (item->verdict == VERDICT_DEAD || *hash_slot(&stuck, item->hash) == 0)
				continue;
			sent++;
		}
		move_item(b, kept++, i, &body, &events);
	}
	b->count = kept;
	b->body.len = body;
	b->events.len = events;
	free(stuck.slots);
	return (int)sent;
}

static void
shrink(struct buf *b, size_t keep_bytes)
{
	char *less;

	b->len = 0;
	if (b->cap > keep_bytes && (less = realloc(b->data, keep_bytes)) != NULL) {
		b->data = less;
		b->cap = keep_bytes;
	}
}

void
batch_clear(struct batch *b, size_t keep_bytes)
{
	if (b->tags != NULL)
		memset(b->tags, 0, 2 * b->cap);
	b->count = 0;
	b->folded = false;
	shrink(&b->body, keep_bytes);
	shrink(&b->events, keep_bytes);
}
