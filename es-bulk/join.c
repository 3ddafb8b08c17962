/* SPDX-License-Identifier: ISC */
/* Joins (Elasticsearch manual: join field type; parents and children must be in one shard, which the routing sees to). */
#include <string.h>

#include "lib/json.h"

#include "es-bulk/join.h"

static int
wrong(const struct rule *r, const char *what, struct error *e)
{
	return error_set(e, RC_USAGE, "%s: join: %s", r->pattern, what);
}

/* Is the index one and the same text for all rows of all tables? */
static bool
is_text(const struct template *t)
{
	return t->count == 1 && t->pieces[0].kind == PIECE_TEXT;
}

/* Is the other one of the same field and index? */
static bool
is_beside(const struct rule *r, const struct rule *other)
{
	return other->join.field != NULL && strcmp(other->join.field, r->join.field) == 0 &&
	    strcmp(other->index.pieces[0].text, r->index.pieces[0].text) == 0;
}

static int
check_one(const struct rule *r, struct error *e)
{
	if (r->join.name == NULL)
		return wrong(r, "it needs field and name", e);
	if ((r->join.of == NULL) != (r->join.parent == -1))
		return wrong(r, "parent, the columns of the parent's key, and of, the parents' name, go together", e);
	if (r->routing != -1)
		return wrong(r, "the parent makes the routing, there can be no other", e);
	if (!is_text(&r->index))
		return wrong(r, "index must be given, the same for parents and children, without braces", e);
	return 0;
}

/* Are there parents for the children, and children for the parents? */
static int
check_relation(const struct rule_list *l, const struct rule *r, struct error *e)
{
	bool found = false;
	size_t i;

	for (i = 0; i < l->count; i++) {
		const struct rule *other = &l->items[i];

		if (other == r || other->join.field == NULL || !is_beside(r, other))
			continue;
		if (strcmp(other->join.name, r->join.name) == 0)
			return wrong(r, "two tables have this name", e);
		found |= r->join.of == NULL ? other->join.of != NULL && strcmp(other->join.of, r->join.name) == 0 :
		    other->join.of == NULL && strcmp(other->join.name, r->join.of) == 0;
	}
	if (!found)
		return wrong(r, r->join.of == NULL ? "no table in this index has it as parent" :
		    "no table in this index that has no parent itself is called as of says", e);
	return 0;
}

int
join_check(const struct rule_list *l, struct error *e)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (l->items[i].join.field != NULL && check_one(&l->items[i], e) == -1)
			return -1;
	for (i = 0; i < l->count; i++)
		if (l->items[i].join.field != NULL && check_relation(l, &l->items[i], e) == -1)
			return -1;
	return 0;
}

/* `"PARENT":["CHILD",…]` */
static int
put_children(struct buf *b, const struct rule *parent)
{
	const struct rule_list *l = parent->list;
	size_t i, many = 0;

	if (json_put_str(b, parent->join.name) == -1 || buf_putc(b, ':') == -1)
		return -1;
	for (i = 0; i < l->count; i++) {
		const struct rule *r = &l->items[i];

		if (!is_beside(parent, r) || r->join.of == NULL || strcmp(r->join.of, parent->join.name) != 0)
			continue;
		if (buf_putc(b, many++ == 0 ? '[' : ',') == -1 || json_put_str(b, r->join.name) == -1)
			return -1;
	}
	return buf_putc(b, ']');
}

int
join_put_mapping(struct buf *b, const struct rule *r)
{
	const struct rule_list *l = r->list;
	size_t i, many = 0;

	if (buf_puts(b, "{\"type\":\"join\",\"relations\":{") == -1)
		return -1;
	for (i = 0; i < l->count; i++)
		if (is_beside(r, &l->items[i]) && l->items[i].join.of == NULL &&
		    ((many++ > 0 && buf_putc(b, ',') == -1) || put_children(b, &l->items[i]) == -1))
			return -1;
	return buf_puts(b, "}}");
}

int
join_put_query(struct buf *b, const struct rule *r)
{
	if (r == NULL || r->join.field == NULL)
		return 0;
	return buf_puts(b, "\"query\":{\"term\":{") == -1 || json_put_str(b, r->join.field) == -1 || buf_putc(b, ':') == -1 ||
	    json_put_str(b, r->join.name) == -1 ? -1 : buf_puts(b, "}},");
}
