/* SPDX-License-Identifier: ISC */
/* Indices that change places, and that go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/rebuild.h"

#define MAX_TEXT (1 << 20)	/* bytes of a request or a line: names of indices */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "index: %s", strerror(errno));
}

/* Does it with each of the names; what they print goes out. */
static int
each(struct bulk *b, struct target_list *l, char *const *names, size_t count, int (*one)(struct bulk *,
    struct target_list *, const char *, struct error *), struct error *e)
{
	size_t i;

	b->impatient = true;
	for (i = 0; i < count; i++)
		if (one(b, l, names[i], e) == -1)
			return -1;
	return RC_OK;
}

/* A line that buf_put… have put together in the output. */
static int
print(struct bulk *b, int put, struct error *e)
{
	if (put == -1)
		return no_memory(e);
	return output_line_end(&b->ack.out, e) == -1 ? -1 : output_flush(&b->ack.out, e);
}

static int
print_swapped(struct bulk *b, const struct place *p, const struct index *x, struct error *e)
{
	struct buf *out = &b->ack.out.buf;

	return print(b, buf_puts(out, "{\"table\":") == -1 || json_put_str(out, p->target->table) == -1 ||
	    buf_puts(out, ",\"old\":") == -1 || buf_puts(out, x->replaces) == -1 || buf_puts(out, ",\"new\":") == -1 ||
	    json_put_str(out, x->name) == -1 || buf_puts(out, "}\n") == -1 ? -1 : 0, e);
}

/* The names of the indices behind the table's alias, a JSON array, malloc'ed; NULL: e. */
static char *
old_indices(struct bulk *b, const struct place *p, struct error *e)
{
	struct index x;
	struct buf list;
	const char *raw;
	char *text = NULL;
	size_t n;
	int rc = index_look_at(b, p, p->name, &x, e), at = rc == 1 ? json_first(&x.json, 0) : -1, put;

	if (rc != -1 && buf_init(&list, MAX_TEXT) == 0) {
		put = buf_putc(&list, '[');
		for (; at != -1 && put == 0; at = json_next(&x.json, at)) {
			raw = json_slice(&x.json, at, &n);
			put = (list.len > 1 && buf_putc(&list, ',') == -1) || buf_add(&list, raw, n) == -1 ? -1 : 0;
		}
		if (put == 0 && buf_putc(&list, ']') == 0)
			text = strndup(list.data, list.len);
		buf_free(&list);
	}
	if (rc != -1 && text == NULL)
		no_memory(e);
	index_free(&x);
	return text;
}

/* The one request in which readers go from the old index to the new. */
static int
put_swap(struct buf *body, const struct place *p, const struct index *x)
{
	if (buf_puts(body, "{\"actions\":[") == -1 ||
	    (strcmp(x->replaces, "[]") != 0 && (buf_puts(body, "{\"remove\":{\"indices\":") == -1 ||
	    buf_puts(body, x->replaces) == -1 || buf_puts(body, ",\"alias\":") == -1 ||
	    json_put_str(body, p->name) == -1 || buf_puts(body, "}},") == -1)) ||
	    buf_puts(body, "{\"add\":{\"index\":") == -1 || json_put_str(body, x->name) == -1 ||
	    buf_puts(body, ",\"alias\":") == -1 || json_put_str(body, p->name) == -1 ||
	    buf_puts(body, "}},{\"remove\":{\"index\":") == -1 || json_put_str(body, x->name) == -1 ||
	    buf_puts(body, ",\"alias\":") == -1 || json_put_str(body, p->alias) == -1)
		return -1;
	return buf_puts(body, "}}]}");
}

/* Does the table's alias stand for the index? */
static bool
is_swapped(struct bulk *b, const struct place *p, const struct index *x)
{
	struct error ignored;
	struct index now;
	bool is = index_look_at(b, p, p->name, &now, &ignored) == 1 && strcmp(now.name, x->name) == 0;

	index_free(&now);
	return is;
}

/* What it takes the place of is in the new index before it does: a second --swap can tell the same. */
static int
swap(struct bulk *b, const struct place *p, struct index *x, struct error *e)
{
	struct buf body;
	int rc;

	if (index_put_meta(b, p, x, e) == -1)
		return -1;
	if (buf_init(&body, MAX_TEXT) == -1)
		return no_memory(e);
	rc = put_swap(&body, p, x) == -1 ? no_memory(e) : bulk_ask(b, "POST", "/_aliases", &body, e);
	buf_free(&body);
	if (rc == 0 && b->call.status != 200) {
		bulk_refused(b, p->alias, e);
		rc = is_swapped(b, p, x) ? 0 : -1;	/* by a request whose answer was lost, which libcurl has sent again */
	}
	if (rc == 0)
		log_info("alias %s is over the new index table=%s index=%s old=%s", p->name, p->target->table, x->name,
		    x->replaces);
	return rc == -1 ? -1 : print_swapped(b, p, x, e);
}

/* Has it been swapped already? */
static int
find_swapped(struct bulk *b, const struct place *p, struct error *e)
{
	struct index x;
	int rc = index_look_at(b, p, p->name, &x, e);

	if (rc == 1 && x.replaces != NULL) {
		log_info("already swapped table=%s index=%s", p->target->table, x.name);
		rc = print_swapped(b, p, &x, e);
	} else if (rc != -1) {
		rc = error_set(e, RC_FAIL, "table %s: there is no index to swap in (no alias %s)", p->target->table, p->alias);
	}
	index_free(&x);
	return rc;
}

/* Is the index one that can take over? */
static int
check_new(const struct place *p, const struct index *x, struct error *e)
{
	if (x->spare != NULL)
		return error_set(e, RC_FAIL, "alias %s stands for several indices (%s, %s): leave it one", p->alias, x->name,
		    x->spare);
	if (!x->ours)
		return error_set(e, RC_FAIL, "index %s behind alias %s was not made by es-bulk", x->name, p->alias);
	if (x->load != NULL || (x->born != NULL && x->s0 == NULL))
		return error_set(e, RC_FAIL, "index %s is not complete: the load of table %s has not come to its end", x->name,
		    p->target->table);
	return 0;
}

static int
swap_table(struct bulk *b, struct target_list *l, const char *name, struct error *e)
{
	struct target *t = target_named(l, name, e);
	struct place *p = t == NULL ? NULL : t->places;
	char *old = p == NULL ? NULL : old_indices(b, p, e);
	struct index x;
	int rc;

	if (old == NULL)
		return -1;
	if ((rc = index_look(b, p, &x, e)) == 1) {
		free(x.replaces);
		x.replaces = old;
		rc = check_new(p, &x, e) == -1 ? -1 : swap(b, p, &x, e);
	} else {
		free(old);
		rc = rc == -1 ? -1 : find_swapped(b, p, e);
	}
	index_free(&x);
	return rc;
}

/* Deletes the index that is called so, if it is there. */
static int
delete(struct bulk *b, const char *index, struct error *e)
{
	struct buf *out = &b->ack.out.buf;

	if (index_ask(b, "DELETE", index, "", NULL, e) == -1)
		return -1;
	if (b->call.status == 404)
		return 0;
	if (b->call.status != 200)
		return bulk_refused(b, index, e);
	log_info("deleted index=%s", index);
	return print(b, buf_puts(out, "{\"dropped\":") == -1 || json_put_str(out, index) == -1 ||
	    buf_puts(out, "}\n") == -1 ? -1 : 0, e);
}

/* Is the index ours, and does no alias but this one (NULL: none at all) stand for it? The answer is that to GET /INDEX. */
static int
check_unused(const struct json *j, const char *index, const char *alias, struct error *e)
{
	int first = json_first(j, 0), value = first == -1 ? -1 : first + 1, at, meta;
	char *other;

	if (!json_is(j, first, index) || json_next(j, first) != -1)
		return error_set(e, RC_FAIL, "%s is not the name of an index", index);
	meta = json_member(j, json_member(j, value, "mappings"), "_meta");
	if (json_member(j, json_member(j, meta, "m2e"), "table") == -1)
		return error_set(e, RC_FAIL, "index %s was not made by es-bulk: it stays", index);
	at = json_member(j, value, "aliases");
	for (at = at == -1 ? -1 : json_first(j, at); at != -1; at = json_next(j, at)) {
		if (alias != NULL && json_is(j, at, alias))
			continue;
		other = json_strdup(j, at);
		error_set(e, RC_FAIL, "index %s is in use, alias %s stands for it: it stays", index, other == NULL ? "?" : other);
		free(other);
		return -1;
	}
	return 0;
}

static int
drop_unused(struct bulk *b, const char *index, const char *alias, struct error *e)
{
	struct json j = { 0 };
	int rc;

	if (index_ask(b, "GET", index, "", NULL, e) == -1)
		return -1;
	if (b->call.status == 404) {
		log_info("there is no such index, or no more index=%s", index);
		return 0;
	}
	if (b->call.status != 200)
		return bulk_refused(b, index, e);
	rc = json_parse(&j, b->call.answer.data, b->call.answer.len, e) == -1 ? -1 : check_unused(&j, index, alias, e);
	json_free(&j);
	return rc == -1 ? -1 : delete(b, index, e);
}

static int
drop_index(struct bulk *b, struct target_list *l, const char *name, struct error *e)
{
	(void)l;
	return drop_unused(b, name, NULL, e);
}

static int
abandon_table(struct bulk *b, struct target_list *l, const char *name, struct error *e)
{
	struct target *t = target_named(l, name, e);
	struct index x;
	int rc;

	if (t == NULL)
		return -1;
	if ((rc = index_look(b, t->places, &x, e)) == 0)
		log_info("there is nothing to abandon table=%s", t->table);
	while (rc == 1) {	/* the alias ends with the last index that it has */
		rc = drop_unused(b, x.name, t->places->alias, e);
		index_free(&x);
		memset(&x, 0, sizeof(x));
		if (rc == 0)
			rc = index_look(b, t->places, &x, e);
	}
	index_free(&x);
	return rc;
}

/* Those of the indices in the answer that hold the table. */
static int
delete_all(struct bulk *b, const struct target *t, const struct json *j, struct error *e)
{
	char *index;
	int at, meta, rc = 0;

	for (at = json_first(j, 0); at != -1 && rc == 0; at = json_next(j, at)) {
		meta = json_member(j, json_member(j, at + 1, "mappings"), "_meta");
		if (!json_is(j, json_member(j, json_member(j, meta, "m2e"), "table"), t->table))
			continue;
		if ((index = json_strdup(j, at)) == NULL)
			return no_memory(e);
		rc = delete(b, index, e);
		free(index);
	}
	return rc;
}

/* Does somebody else's index keep the table's alias? */
static int
check_gone(struct bulk *b, const struct place *p, struct error *e)
{
	struct index x;
	int rc = index_look_at(b, p, p->name, &x, e);

	if (rc == 1)
		rc = error_set(e, RC_FAIL, "index %s behind alias %s was not made by es-bulk: it stays", x.name, p->name);
	index_free(&x);
	return rc;
}

static int
drop_table(struct bulk *b, struct target_list *l, const char *name, struct error *e)
{
	static const char query[] = "?ignore_unavailable=true&expand_wildcards=open,closed&filter_path=*.mappings._meta.m2e.table";
	struct target *t = target_named(l, name, e);
	struct json j = { 0 };
	struct buf names;
	char *text;
	int rc;

	if (t == NULL)
		return -1;
	if (buf_init(&names, MAX_TEXT) == -1)
		return no_memory(e);
	if (buf_putf(&names, "%s,%s@*", t->pattern, t->pattern) == -1 || buf_str(&names) == NULL)
		rc = no_memory(e);
	else
		rc = index_ask(b, "GET", names.data, query, NULL, e);
	buf_free(&names);
	if (rc == 0 && b->call.status != 200 && b->call.status != 404)
		rc = bulk_refused(b, t->pattern, e);
	if (rc == 0 && b->call.status == 200) {
		text = strndup(b->call.answer.data, b->call.answer.len);	/* it is read while more is asked */
		rc = text == NULL ? no_memory(e) : json_parse(&j, text, strlen(text), e);
		if (rc == 0)
			rc = delete_all(b, t, &j, e);
		json_free(&j);
		free(text);
	}
	return rc == 0 && t->places != NULL ? check_gone(b, t->places, e) : rc;
}

int
rebuild_swap(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	return each(b, l, tables, count, swap_table, e);
}

int
rebuild_abandon(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	return each(b, l, tables, count, abandon_table, e);
}

int
drop_indices(struct bulk *b, struct target_list *l, char *const *indices, size_t count, struct error *e)
{
	return each(b, l, indices, count, drop_index, e);
}

int
drop_tables(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	return each(b, l, tables, count, drop_table, e);
}
