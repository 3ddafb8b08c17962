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
	memset(b, 0, sizeof(*b));
}

static struct item *
new_item(struct batch *b)
{
	size_t cap = b->cap == 0 ? FIRST_ITEMS : b->cap * 2;
	struct item *grown;

	if (b->count == b->cap) {
		if ((grown = reallocarray(b->items, cap, sizeof(*grown))) == NULL)
			return NULL;
		b->items = grown;
		b->cap = cap;
	}
	return &b->items[b->count];
}

int
batch_add(struct batch *b, const struct change *c, uint64_t seq, uint64_t hash, size_t at, struct slice row,
    struct error *e)
{
	struct item *item = new_item(b);
	struct slice before = { c->line, c->len }, after = { c->line + c->len, 0 };

	if (item == NULL)
		goto fail;
	memset(item, 0, sizeof(*item));
	item->seq = seq;
	item->hash = hash;
	item->number = c->number;
	item->version = c->version;
	item->at = at;
	item->action = (uint32_t)(b->body.len - at);
	item->event = b->events.len;
	item->whole = row.p == NULL || row.p != c->row.p;
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
	b->count++;
	return 0;
fail:
	return error_set(e, RC_TEMP, "batch: %s", strerror(errno));
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
	b->count = 0;
	shrink(&b->body, keep_bytes);
	shrink(&b->events, keep_bytes);
}
