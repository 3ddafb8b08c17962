/* SPDX-License-Identifier: ISC */
/* Rows under a rule. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/docid.h"
#include "es-bulk/shape.h"
#include "es-bulk/when.h"

#define MAX_VALUES ((size_t)64 << 20)	/* bytes of what an id, a routing or a name is made of */

static const char routing_between[] = ",\"routing\":";	/* struct located's */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "row: %s", strerror(errno));
}

int
shape_init(struct shape *s, struct error *e)
{
	memset(s, 0, sizeof(*s));
	return buf_init(&s->text, MAX_VALUES) == -1 || buf_init(&s->values, MAX_VALUES) == -1 ? no_memory(e) : 0;
}

void
shape_free(struct shape *s)
{
	json_free(&s->row);
	json_free(&s->old);
	json_free(&s->key);
	json_free(&s->old_key);
	json_free(&s->names);
	buf_free(&s->text);
	buf_free(&s->values);
}

int
shape_read(struct shape *s, struct target *t, const struct change *c, struct error *e)
{
	const struct {
		struct slice from;
		struct json *to;
	} parts[] = { { c->row, &s->row }, { c->old, &s->old }, { c->key, &s->key }, { c->old_key, &s->old_key },
		{ t->key, &s->names } };
	size_t i;

	s->target = t;
	s->change = c;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (json_parse_checked(parts[i].to, parts[i].from.p == NULL ? "{}" : parts[i].from.p,
		    parts[i].from.p == NULL ? 2 : parts[i].from.n, e) == -1)
			return -1;
	return 0;
}

/* The value that the key has for the column, token *at of the JSON returned; NULL: it is no column of the key. */
static const struct json *
key_value(const struct shape *s, const char *column, bool before, int *at)
{
	const struct json *j = before && s->change->old_key.p != NULL ? &s->old_key : &s->key;
	int name;

	for (name = json_first(&s->names, 0), *at = json_first(j, 0); name != -1 && *at != -1;
	    name = json_next(&s->names, name), *at = json_next(j, *at))
		if (json_is(&s->names, name, column))
			return j;
	return NULL;
}

/* The column's value on that side. NULL: RC_FAIL, it is not said. */
static const struct json *
find_value(const struct shape *s, const char *column, enum side side, int *at, struct error *e)
{
	bool before = side == BEFORE && s->change->op == OP_UPDATE;
	const struct json *j = key_value(s, column, before, at);

	if (j != NULL)
		return j;
	if (before && (s->change->old.p == NULL || s->change->partial)) {
		error_set(e, RC_FAIL, "line %" PRIu64 ": where a document of %s is depends on column %s, which is not in its "
		    "key: an update must say in old what it was (no --no-old; binlog_row_image=FULL; a schema line that "
		    "names the key)", s->change->number, s->target->table, column);
		return NULL;
	}
	if (before && (*at = json_member(&s->old, 0, column)) != -1)
		return &s->old;
	if ((*at = json_member(&s->row, 0, column)) != -1)
		return &s->row;
	error_set(e, RC_FAIL, "line %" PRIu64 ": the row has no column %s, on which it depends where a document of %s is",
	    s->change->number, column, s->target->table);
	return NULL;
}

/* Appends the text of the column's value. 1; 0: it is null; -1. */
static int
put_value(const struct shape *s, const char *column, enum side side, struct buf *to, struct error *e)
{
	const struct json *j;
	const char *raw;
	size_t n;
	int at;

	if ((j = find_value(s, column, side, &at, e)) == NULL)
		return -1;
	raw = json_raw(j, at, &n);
	if ((json_type(j, at) == JSON_STRING ? json_text(j, at, to) : buf_add(to, raw, n)) == -1)
		return no_memory(e);
	return json_type(j, at) != JSON_NULL;
}

/* Makes s->values an array of strings: first (NULL: none), then the columns listed at token t of the rule. 1; 0: one of them
 * is null; -1. */
static int
put_values(struct shape *s, const char *first, int t, enum side side, struct error *e)
{
	const struct rule *r = s->target->rule;
	int at, rc = 1, known;
	char *column;

	s->values.len = 0;
	if (first != NULL && (buf_putc(&s->values, '[') == -1 || json_put_str(&s->values, first) == -1))
		return no_memory(e);
	for (at = json_first(r->json, t); at != -1; at = json_next(r->json, at)) {
		if ((column = rule_text(r, at)) == NULL)
			return no_memory(e);
		s->text.len = 0;
		known = put_value(s, column, side, &s->text, e);
		free(column);
		if (known == -1)
			return -1;
		rc &= known;
		if (buf_putc(&s->values, s->values.len == 0 ? '[' : ',') == -1 ||
		    json_put_string(&s->values, s->text.data, s->text.len, NULL) == -1)
			return no_memory(e);
	}
	return (s->values.len == 0 && buf_putc(&s->values, '[') == -1) || buf_putc(&s->values, ']') == -1 ?
	    no_memory(e) : rc;
}

static int
locate_id(struct shape *s, struct change_reader *reader, enum side side, struct located *l, struct error *e)
{
	const struct change *c = s->change;
	const struct rule *r = s->target->rule;
	struct slice key = side == BEFORE && c->old_key.p != NULL ? c->old_key : c->key;
	int rc;

	if (r != NULL && r->id != -1) {
		if ((rc = put_values(s, r->join.name, r->id, side, e)) == -1)
			return -1;
		if (rc == 0) {
			snprintf(s->why, sizeof(s->why), "a column of the id is null");
			return 0;
		}
		key = (struct slice){ s->values.data, s->values.len };
	} else if (r != NULL && r->join.name != NULL) {
		/* ids of several tables: the name goes first */
		s->values.len = 0;
		if (buf_putc(&s->values, '[') == -1 || json_put_str(&s->values, r->join.name) == -1 ||
		    buf_putc(&s->values, ',') == -1 || buf_add(&s->values, key.p + 1, key.n - 1) == -1)
			return no_memory(e);
		key = (struct slice){ s->values.data, s->values.len };
	}
	l->name.len = 0;
	if (docid_put(reader, &l->name, key, e) == -1)
		return -1;
	l->id_n = l->name.len;
	return 1;
}

static int
locate_routing(struct shape *s, struct change_reader *reader, enum side side, struct located *l, struct error *e)
{
	const struct rule *r = s->target->rule;
	int rc;

	if (r == NULL || (r->routing == -1 && r->join.of == NULL))
		return 1;
	if ((rc = put_values(s, r->join.of, r->join.of != NULL ? r->join.parent : r->routing, side, e)) == -1)
		return -1;
	if (rc == 0 && r->join.of != NULL) {
		snprintf(s->why, sizeof(s->why), "a column that holds the parent's key is null");
		return 0;
	}
	if (buf_puts(&l->name, routing_between) == -1)
		return no_memory(e);
	return docid_put(reader, &l->name, (struct slice){ s->values.data, s->values.len }, e) == -1 ? -1 : 1;
}

/* Appends a piece of the alias to s->values. 1, 0, -1 as shape_locate. */
static int
put_piece(struct shape *s, const struct piece *p, enum side side, struct error *e)
{
	const struct target *t = s->target;
	int known;

	switch (p->kind) {
	case PIECE_TEXT:
		return buf_puts(&s->values, p->text) == -1 ? no_memory(e) : 1;
	case PIECE_DB:
		return buf_add(&s->values, t->table, t->db_len) == -1 ? no_memory(e) : 1;
	case PIECE_TABLE:
		return buf_puts(&s->values, t->table + t->db_len + 1) == -1 ? no_memory(e) : 1;
	default:
		break;
	}
	s->text.len = 0;
	if ((known = put_value(s, p->text, side, &s->text, e)) == -1)
		return -1;
	if (buf_str(&s->text) == NULL)
		return no_memory(e);
	if (p->format == NULL || known == 0)
		return buf_puts(&s->values, s->text.data) == -1 ? no_memory(e) : 1;
	if (template_put_date(&s->values, s->text.data, p->format) == 0)
		return 1;
	if (errno != EINVAL)
		return no_memory(e);
	snprintf(s->why, sizeof(s->why), "column %.60s, which is to name the index, holds no date: %.40s", p->text,
	    s->text.data);
	return 0;
}

static int
locate_place(struct shape *s, struct target_list *list, enum side side, struct located *l, struct error *e)
{
	struct target *t = s->target;
	size_t i;
	int rc;

	if (!target_by_row(t)) {
		l->place = t->places;
		return 1;
	}
	s->values.len = 0;
	for (i = 0; i < t->index->count; i++)
		if ((rc = put_piece(s, &t->index->pieces[i], side, e)) != 1)
			return rc;
	if (buf_str(&s->values) == NULL)
		return no_memory(e);
	if ((l->place = place_find(list, t, s->values.data, e)) != NULL)
		return 1;
	if (e->rc != RC_FAIL)
		return -1;
	snprintf(s->why, sizeof(s->why), "%.250s", e->text);
	return 0;
}

int
shape_locate(struct shape *s, struct target_list *list, struct change_reader *reader, enum side side, struct located *l,
    struct error *e)
{
	int rc;

	if ((rc = locate_place(s, list, side, l, e)) != 1 || (rc = locate_id(s, reader, side, l, e)) != 1)
		return rc;
	return locate_routing(s, reader, side, l, e);
}

int
shape_passes(const struct shape *s, struct error *e)
{
	const struct rule *r = s->target->when;
	int rc, column;
	char *name;

	if (r == NULL || r->when == -1)
		return 1;
	if ((rc = when_holds(r->json, r->when, &s->row, 0, &column)) != -1)
		return rc;
	name = rule_text(r, column);
	error_set(e, RC_FAIL, "line %" PRIu64 ": the row has no column %s, on which it depends whether table %s has a document "
	    "for it (binlog_row_image=FULL gives whole rows)", s->change->number, name == NULL ? "?" : name,
	    s->target->table);
	free(name);
	return -1;
}

/* false for 0 and its like, true for other numbers, all else as it stands. */
static int
put_boolean(struct buf *to, const struct json *j, int value)
{
	const char *raw;
	size_t n, i;

	raw = json_raw(j, value, &n);
	if (json_type(j, value) != JSON_NUMBER && json_type(j, value) != JSON_STRING) {
		raw = json_slice(j, value, &n);
		return buf_add(to, raw, n);
	}
	for (i = 0; i < n && strchr("-0.", raw[i]) != NULL; i++)
		;
	return buf_puts(to, i == n ? "false" : "true");
}

static int
put_member(struct buf *to, const struct rule *r, const struct json *j, int name)
{
	char *column = json_strdup(j, name), *field;
	const char *raw;
	bool skip = false;
	size_t n;
	int rc;

	if (column == NULL)
		return errno == EINVAL ? 0 : -1;	/* no column has a NUL in its name */
	field = rule_field(r, column, &skip);
	if (field == NULL) {
		free(column);
		return skip ? 0 : -1;
	}
	rc = (to->data[to->len - 1] != '{' && buf_putc(to, ',') == -1) || json_put_str(to, field) == -1 ||
	    buf_putc(to, ':') == -1 ? -1 : 0;
	if (rc == 0 && rule_lists(r, r->booleans, j, name)) {
		rc = put_boolean(to, j, name + 1);
	} else if (rc == 0) {
		raw = json_slice(j, name + 1, &n);
		rc = buf_add(to, raw, n);
	}
	free(column);
	free(field);
	return rc;
}

/* `"FIELD":"NAME"` of a parent, `"FIELD":{"name":"NAME","parent":"ID"}` of a child, whose routing is that id. */
static int
put_join(struct buf *to, const struct join *j, const struct located *l)
{
	size_t at = l->id_n + sizeof(routing_between) - 1;

	if ((to->data[to->len - 1] != '{' && buf_putc(to, ',') == -1) || json_put_str(to, j->field) == -1 ||
	    buf_putc(to, ':') == -1)
		return -1;
	if (j->of == NULL)
		return json_put_str(to, j->name);
	return buf_puts(to, "{\"name\":") == -1 || json_put_str(to, j->name) == -1 || buf_puts(to, ",\"parent\":") == -1 ||
	    buf_add(to, l->name.data + at, l->name.len - at) == -1 ? -1 : buf_putc(to, '}');
}

int
shape_put(const struct shape *s, const struct located *l, bool deleted, struct buf *to, struct error *e)
{
	const struct rule *r = s->target->rule;
	char *mark;
	int at, rc = 0;

	if (r == NULL)
		return buf_add(to, s->change->row.p, s->change->row.n) == -1 ? no_memory(e) : 0;
	if (buf_putc(to, '{') == -1)
		return no_memory(e);
	for (at = json_first(&s->row, 0); at != -1; at = json_next(&s->row, at))
		if (put_member(to, r, &s->row, at) == -1)
			return no_memory(e);
	if (r->soft_delete != -1) {
		if ((mark = rule_text(r, r->soft_delete)) == NULL)
			return no_memory(e);
		rc = (to->data[to->len - 1] != '{' && buf_putc(to, ',') == -1) || json_put_str(to, mark) == -1 ||
		    buf_puts(to, deleted ? ":true" : ":false") == -1 ? -1 : 0;
		free(mark);
	}
	if (rc == 0 && r->join.field != NULL)
		rc = put_join(to, &r->join, l);
	return rc == -1 || buf_putc(to, '}') == -1 ? no_memory(e) : 0;
}
