/* SPDX-License-Identifier: ISC */
/* JSON documents that an update changed. One document may be stored in several ways, and a partial update has only what
 * changed: both are written as text before they are compared and go out. */
#include <errno.h>
#include <string.h>

#include "lib/binary_json.h"

#include "document.h"
#include "event.h"
#include "jsondiff.h"
#include "query.h"
#include "tail.h"

void
documents_free(struct documents *d)
{
	buf_free(&d->before);
	buf_free(&d->after);
	buf_free(&d->scratch);
	d->ready = false;
}

static int
prepare(struct documents *d)
{
	buf_clear(&d->before);
	buf_clear(&d->after);
	if (d->ready)
		return 0;
	if (buf_init(&d->before, MAX_EVENT_LINE) == -1 || buf_init(&d->after, MAX_EVENT_LINE) == -1 ||
	    buf_init(&d->scratch, MAX_EVENT_LINE) == -1) {
		documents_free(d);
		return -1;
	}
	d->ready = true;
	return 0;
}

/* The documents' text. */
static int
put_documents(struct documents *d, const struct spot *before, const struct spot *after, uint64_t *bad)
{
	if (binary_json_put(&d->before, before->p, before->n, bad) == -1)
		return -1;
	if (after->is != SPOT_DIFF)
		return binary_json_put(&d->after, after->p, after->n, bad);
	if (buf_add(&d->after, d->before.data, d->before.len) == -1)
		return -1;
	return jsondiff_apply(&d->after, after->p, after->n, &d->scratch, bad);
}

/* The buffers are used again for the row's next document. */
static int
keep(struct tail *t, struct value *v, const struct buf *text)
{
	char *to = arena_take(&t->rows.arena, text->len);

	if (to == NULL)
		return tail_memory(t);
	memcpy(to, text->data, text->len);
	v->type = VALUE_JSON;
	v->bytes.p = to;
	v->bytes.n = text->len;
	return 0;
}

/* What is neither in the row nor known otherwise must not be taken for unchanged. */
static int
unknown(struct tail *t, const struct table_map *m)
{
	if (m->definition->unknown == t->announce)
		return 0;
	m->definition->unknown = t->announce;
	return query_put_stale(t, m->db, m->name, "a partial update of JSON without the document before it "
	    "(binlog_row_image is not FULL)", &t->row_pos);
}

int
document_values(struct tail *t, const struct table_map *m, size_t column)
{
	struct rows_buffers *b = &t->rows;
	const struct spot *before = &b->before[column], *after = &b->after[column];
	struct documents *d = &b->documents;
	bool same;

	b->row[column].type = b->old[column].type = VALUE_ABSENT;
	if (m->cells[column].column->hidden)
		return 0;
	if (before->is == SPOT_ABSENT)
		return unknown(t, m);
	if (prepare(d) == -1)
		return tail_memory(t);
	errno = 0;
	if (before->is != SPOT_HERE || put_documents(d, before, after, t->o->values.bad_bytes) == -1)
		return errno == ENOMEM ? tail_memory(t) : event_error(t, "column %s: %s", m->cells[column].column->name,
		    errno == EMSGSIZE ? "a document longer than a line may be" :
		    "no documents, or differences that do not fit the one before");
	same = d->before.len == d->after.len && memcmp(d->before.data, d->after.data, d->after.len) == 0;
	if (!same && !t->o->no_old && keep(t, &b->old[column], &d->before) == -1)
		return -1;
	return keep(t, &b->row[column], &d->after);
}
