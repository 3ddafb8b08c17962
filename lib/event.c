/* SPDX-License-Identifier: ISC */
/* The stream's lines. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/event.h"

static int
put_key(struct buf *b, const char *member, const struct table *t, const struct value *values, struct error *e)
{
	size_t i;

	if (buf_puts(b, member) == -1)
		return -1;
	for (i = 0; i < t->key_count; i++) {
		if (buf_putc(b, i == 0 ? '[' : ',') == -1)
			return -1;
		if (value_put_key(b, &t->columns[t->key[i]], &values[t->key[i]], e) == -1)
			return -1;
	}
	return buf_putc(b, ']');
}

/* {"name":value,…} of the values that are there. */
static int
put_values(struct buf *b, const struct table *t, const struct value *values, const struct value_options *o,
    struct error *e)
{
	const struct column *c;
	size_t i;
	char *to;
	bool first = true;

	for (i = 0; i < t->count; i++) {
		c = &t->columns[i];
		if (values[i].type == VALUE_ABSENT || c->hidden || c->version != VERSION_NONE)
			continue;
		if ((to = buf_room(b, c->label_len + 1)) == NULL)
			return -1;
		*to = first ? '{' : ',';
		memcpy(to + 1, c->label, c->label_len);
		b->len += c->label_len + 1;
		first = false;
		if (value_put_json(b, c, &values[i], o, e) == -1)
			return -1;
	}
	return buf_puts(b, first ? "{}" : "}");
}

static bool
is_partial(const struct row_event *r)
{
	const struct column *c = r->table->columns;
	size_t i;

	for (i = 0; i < r->table->count; i++, c++)
		if (r->row[i].type == VALUE_ABSENT && !(r->generated_absent && c->generated) && !c->hidden &&
		    c->version == VERSION_NONE)
			return true;
	return r->partial;
}

static bool
has_values(const struct row_event *r)
{
	size_t i;

	for (i = 0; r->old != NULL && i < r->table->count; i++)
		if (r->old[i].type != VALUE_ABSENT && !r->table->columns[i].hidden &&
		    r->table->columns[i].version == VERSION_NONE)
			return true;
	return false;
}

static int
put_head(struct buf *b, const struct row_event *r, struct error *e)
{
	const struct table *t = r->table;

	if (buf_puts(b, "{\"op\":\"") == -1 || buf_puts(b, r->op) == -1 || buf_puts(b, "\",") == -1 ||
	    buf_add(b, t->label, t->label_len) == -1)
		return -1;
	if (t->key_count > 0 && r->key != NULL && put_key(b, ",\"key\":", t, r->key, e) == -1)
		return -1;
	if (t->key_count > 0 && r->old_key != NULL && put_key(b, ",\"old_key\":", t, r->old_key, e) == -1)
		return -1;
	if (r->pos != NULL && pos_is_set(r->pos) &&
	    (buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, r->pos) == -1 || buf_putc(b, '"') == -1))
		return -1;
	if (r->ts != NULL && (buf_puts(b, ",\"ts\":") == -1 || buf_puts(b, r->ts) == -1))
		return -1;
	if (is_partial(r) && buf_puts(b, ",\"partial\":true") == -1)
		return -1;
	if (r->query == NULL)
		return 0;
	return buf_puts(b, ",\"query\":") == -1 ? -1 : json_put_string(b, r->query->data, r->query->len, NULL);
}

static int
put_row(struct buf *b, const struct row_event *r, const struct value_options *o, struct error *e)
{
	if (put_head(b, r, e) == -1)
		return -1;
	if (has_values(r) && (buf_puts(b, ",\"old\":") == -1 || put_values(b, r->table, r->old, o, e) == -1))
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
