/* SPDX-License-Identifier: ISC */
/* The stream's lines. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/event.h"
#include "lib/put.h"

static bool
is_shown(const struct column *c)
{
	return !c->hidden && c->version == VERSION_NONE;
}

/* ["key's","values"] */
static int
put_key(struct buf *b, const struct table *t, const struct value *values, struct error *e)
{
	size_t i;

	for (i = 0; i < t->key_count; i++) {
		if (buf_putc(b, i == 0 ? '[' : ',') == -1 ||
		    value_put_key(b, &t->columns[t->key[i]], &values[t->key[i]], e) == -1)
			return -1;
	}
	return buf_putc(b, ']');
}

/* {"name":value,…} of the values that are there. */
static int
put_values(struct buf *b, const struct table *t, const struct value *v, const struct value_options *o, struct error *e)
{
	const struct column *c = t->columns, *end = c + t->count;
	char mark = '{', *to;
	size_t n;

	for (; c < end; c++, v++) {
		if (v->type == VALUE_ABSENT || !is_shown(c))
			continue;
		n = c->label_len;
		if ((to = buf_room(b, 1 + n + PUT_BLOCK)) == NULL)
			return -1;
		b->len += 1 + n;
		*to = mark;
		put_blocks(to + 1, c->label, n);
		if (value_put_json(b, c, v, o, e) == -1)
			return -1;
		mark = ',';
	}
	return buf_puts(b, mark == '{' ? "{}" : "}");
}

static bool
is_partial(const struct row_event *r)
{
	const struct column *c = r->table->columns;
	size_t i;

	if (r->whole)
		return false;
	for (i = 0; i < r->table->count; i++, c++)
		if (r->row[i].type == VALUE_ABSENT && !(r->generated_absent && c->generated) && is_shown(c))
			return true;
	return r->partial;
}

static bool
has_values(const struct table *t, const struct value *values)
{
	size_t i;

	for (i = 0; values != NULL && i < t->count; i++)
		if (values[i].type != VALUE_ABSENT && is_shown(&t->columns[i]))
			return true;
	return false;
}

/* Up to the keys. */
static int
put_head(struct buf *b, const struct row_event *r, struct error *e)
{
	const struct table *t = r->table;
	size_t op_len = strlen(r->op);
	char *to = buf_room(b, op_len + t->label_len + 32);

	if (to == NULL)
		return -1;
	to = put_raw(put_const(to, "{\"op\":\""), r->op, op_len);
	to = put_raw(put_const(to, "\","), t->label, t->label_len);
	if (t->key_count > 0 && r->key != NULL)
		to = put_const(to, ",\"key\":");
	b->len = (size_t)(to - b->data);
	if (t->key_count > 0 && r->key != NULL && put_key(b, t, r->key, e) == -1)
		return -1;
	if (t->key_count == 0 || r->old_key == NULL)
		return 0;
	return buf_puts(b, ",\"old_key\":") == -1 ? -1 : put_key(b, t, r->old_key, e);
}

/* When it was changed, and how. */
static int
put_change(struct buf *b, const struct row_event *r)
{
	char *to = buf_room(b, POS_TEXT + EVENT_TS + 24);

	if (to == NULL)
		return -1;
	if (r->pos != NULL && pos_is_set(r->pos)) {
		to = pos_write(put_const(to, ",\"pos\":\""), r->pos);
		*to++ = '"';
	}
	if (r->ts != NULL)
		to = put_raw(put_const(to, ",\"ts\":"), r->ts, strnlen(r->ts, EVENT_TS));
	b->len = (size_t)(to - b->data);
	if (is_partial(r) && buf_puts(b, ",\"partial\":true") == -1)
		return -1;
	if (r->query == NULL)
		return 0;
	return buf_puts(b, ",\"query\":") == -1 ? -1 : json_put_string(b, r->query->data, r->query->len, NULL);
}

static int
put_row(struct buf *b, const struct row_event *r, const struct value_options *o, struct error *e)
{
	if (put_head(b, r, e) == -1 || put_change(b, r) == -1)
		return -1;
	if (has_values(r->table, r->old) &&
	    (buf_puts(b, ",\"old\":") == -1 || put_values(b, r->table, r->old, o, e) == -1))
		return -1;
	if (buf_puts(b, ",\"row\":") == -1 || put_values(b, r->table, r->row, o, e) == -1)
		return -1;
	return buf_add(b, "}\n", 2);
}

int
event_put_row(struct buf *b, const struct row_event *r, const struct value_options *o, struct error *e)
{
	size_t was = b->len;

	if (o->columns != NULL && !r->table->shaped)
		return error_set(e, RC_FAIL, "table %s.%s: which of its columns are shown was not decided", r->table->db,
		    r->table->name);
	e->rc = RC_OK;
	if (put_row(b, r, o, e) == 0)
		return 0;
	b->len = was;
	if (e->rc == RC_OK)
		error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "%s",
		    errno == EMSGSIZE ? "a row longer than a line may be" : strerror(errno));
	return error_at(e, "table %s.%s", r->table->db, r->table->name);
}

int
event_put_source(struct buf *b, const struct source *s)
{
	if (buf_puts(b, "{\"op\":\"source\"") == -1)
		return -1;
	if (s->server[0] != '\0' && (buf_puts(b, ",\"server\":") == -1 || json_put_str(b, s->server) == -1))
		return -1;
	if (buf_putf(b, ",\"epoch\":%" PRIu32, s->epoch) == -1)
		return -1;
	if (s->version[0] != '\0' && (buf_puts(b, ",\"version\":") == -1 || json_put_str(b, s->version) == -1))
		return -1;
	if (s->created != 0 && buf_putf(b, ",\"created\":%" PRId64, s->created) == -1)
		return -1;
	return buf_puts(b, "}\n");
}
