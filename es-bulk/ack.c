/* SPDX-License-Identifier: ISC */
/* The acknowledgements. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/ack.h"

#define FULL_BYTES (4 << 20)	/* beside the batches, the only thing that grows with what is read */

int
ack_init(struct ack *a, int fd, size_t max_line, struct error *e)
{
	memset(a, 0, sizeof(*a));
	if (buf_init(&a->lines, max_line + FULL_BYTES + 2) == -1)
		return error_set(e, RC_TEMP, "control lines: %s", strerror(errno));
	return output_init(&a->out, fd, max_line, e);
}

void
ack_free(struct ack *a)
{
	buf_free(&a->lines);
	output_free(&a->out);
	free(a->queue);
}

static struct ack_line *
new_line(struct ack *a)
{
	size_t cap = a->cap == 0 ? 64 : a->cap * 2;
	struct ack_line *grown;

	if (a->head + a->count == a->cap && a->head > 0) {
		memmove(a->queue, a->queue + a->head, a->count * sizeof(*a->queue));
		a->head = 0;
	}
	if (a->head + a->count == a->cap) {
		if ((grown = reallocarray(a->queue, cap, sizeof(*grown))) == NULL)
			return NULL;
		a->queue = grown;
		a->cap = cap;
	}
	return &a->queue[a->head + a->count++];
}

int
ack_add(struct ack *a, const struct change *c, uint64_t rows, struct error *e)
{
	bool position = c->op == OP_COMMIT || c->op == OP_HEARTBEAT;
	struct ack_line *last = a->count == 0 ? NULL : &a->queue[a->head + a->count - 1];

	if (last != NULL && last->position && position && last->rows == rows) {
		a->lines.len -= last->n;
	} else {
		if (a->first > FULL_BYTES / 2) {
			memmove(a->lines.data, a->lines.data + a->first, a->lines.len - a->first);
			a->lines.len -= a->first;
			a->first = 0;
		}
		if ((last = new_line(a)) == NULL)
			goto fail;
	}
	last->rows = rows;
	last->position = position;
	last->n = c->len + 1;
	if (buf_add(&a->lines, c->line, c->len) == 0 && buf_putc(&a->lines, '\n') == 0)
		return 0;
fail:
	return error_set(e, RC_TEMP, "control lines: %s", strerror(errno));
}

int
ack_advance(struct ack *a, uint64_t done, struct error *e)
{
	const struct ack_line *l;

	for (; a->count > 0; a->head++, a->count--) {
		l = &a->queue[a->head];
		if (l->rows > done)
			return 0;
		if (buf_add(&a->out.buf, a->lines.data + a->first, l->n) == -1)
			return error_set(e, RC_TEMP, "control lines: %s", strerror(errno));
		a->first += l->n;
		a->written++;
		if (output_line_end(&a->out, e) == -1)
			return -1;
	}
	a->first = a->lines.len = a->head = 0;
	return 0;
}

uint64_t
ack_next(const struct ack *a)
{
	return a->count == 0 ? UINT64_MAX : a->queue[a->head].rows;
}

bool
ack_full(const struct ack *a)
{
	return a->lines.len - a->first > FULL_BYTES;
}
