/* SPDX-License-Identifier: ISC */
/* Settings of an index. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "es-bulk/fields.h"
#include "es-bulk/index.h"
#include "es-bulk/settings.h"

#define FIELD_LIMIT 1000	/* both engines' default */
#define MAX_DEPTH 20		/* of settings */

/* Appends the members of an object that are not called skip or skip2, each with a comma behind it. */
int
members_put(struct buf *b, const struct json *j, int object, const char *skip, const char *skip2)
{
	const char *raw;
	size_t n;
	int at;

	for (at = object == -1 ? -1 : json_first(j, object); at != -1; at = json_next(j, at)) {
		if (json_is(j, at, skip) || json_is(j, at, skip2))
			continue;
		raw = json_slice(j, at, &n);
		if (buf_add(b, raw, n) == -1 || buf_putc(b, ':') == -1)
			return -1;
		raw = json_slice(j, at + 1, &n);
		if (buf_add(b, raw, n) == -1 || buf_putc(b, ',') == -1)
			return -1;
	}
	return 0;
}

void
comma_drop(struct buf *b)
{
	b->len -= b->len > 0 && b->data[b->len - 1] == ',';
}

/* Does the rule speak of that setting, in whatever form? */
static bool
rule_sets(const struct rule *r, const char *setting)
{
	const char *raw;
	size_t n;

	if (r == NULL || r->settings == -1)
		return false;
	raw = json_slice(r->json, r->settings, &n);
	return memmem(raw, n, setting, strlen(setting)) != NULL;
}

/* text has two fields a column; room is left for columns to come */
static size_t
field_limit(const struct target *t)
{
	size_t i, many = 0;

	for (i = 0; i < t->columns.n; i++)
		many += t->columns.p[i] == '{';
	return 2 * many > FIELD_LIMIT - 100 ? 2 * many + FIELD_LIMIT : FIELD_LIMIT;
}

/* Ours first, in names with dots, so that the rule's stand beside them as they are. */
int
settings_put(struct buf *b, const struct target *t, const struct bulk *k, struct error *e)
{
	const struct rule *r = t->mapping;
	size_t limit = field_limit(t);

	if (!k->no_gc_deletes && !rule_sets(r, "gc_deletes") && buf_puts(b, "\"index.gc_deletes\":\"1h\",") == -1)
		return -1;
	if (limit != FIELD_LIMIT && !rule_sets(r, "total_fields") &&
	    buf_putf(b, "\"index.mapping.total_fields.limit\":%zu,", limit) == -1)
		return -1;
	if (r != NULL && members_put(b, r->json, r->settings, "", "") == -1)
		return -1;
	if (!rule_sets(r, "knn") && !rule_sets(r, "exclude_source_vectors") && fields_put_settings(b, t, k->lacks, e) == -1)
		return -1;
	comma_drop(b);
	return 0;
}

/* What the index has, beside what the rule asks for. */
struct compare {
	const struct rule *rule;
	const struct json *has;		/* an answer of /INDEX/_settings?flat_settings=true */
	int settings;			/* in it */
	const struct place *place;
	const char *index;
};

/* Values come back as text. 1: equal; 0; -1: no memory. */
static int
is_same(const struct compare *c, int wanted, int there)
{
	const struct json *j = c->rule->json;
	const char *a, *b;
	size_t n, m;
	int rc;

	if (there != -1 && json_type(j, wanted) == JSON_ARRAY && json_type(c->has, there) == JSON_ARRAY) {
		for (wanted = json_first(j, wanted), there = json_first(c->has, there); wanted != -1 && there != -1;
		    wanted = json_next(j, wanted), there = json_next(c->has, there))
			if ((rc = is_same(c, wanted, there)) != 1)
				return rc;
		return wanted == there;	/* both have ended */
	}
	if (there == -1)
		return json_type(j, wanted) == JSON_NULL;
	if (json_type(j, wanted) == JSON_STRING)
		return json_equal(j, wanted, c->has, there);
	a = json_raw(j, wanted, &n);
	b = json_raw(c->has, there, &m);
	return n == m && memcmp(a, b, n) == 0;
}

static int
tell(const struct compare *c, const char *name, int wanted, int there)
{
	const struct json *j = c->rule->json;
	const char *wants, *has = "(default)";
	size_t n, m = strlen(has);

	wants = json_raw(j, wanted, &n);
	if (there != -1)
		has = json_raw(c->has, there, &m);
	log_warn("index has another setting than the configuration asks for, and keeps it. To change it: m2e resync %s "
	    "index=%s setting=%s has=%.*s wants=%.*s", c->place->target->table, c->index, name, (int)m, has, (int)n, wants);
	return 0;
}

/* The settings in the object at t of the rule, whose names stand behind prefix. -1: no memory. */
static int
compare_all(const struct compare *c, int t, const char *prefix, int depth)
{
	const struct json *j = c->rule->json;
	int at, there, rc = 0;
	char *part, *name;

	for (at = json_first(j, t); at != -1 && rc == 0; at = json_next(j, at)) {
		if ((part = json_strdup(j, at)) == NULL)
			return -1;
		rc = asprintf(&name, "%s%s", strncmp(part, "index.", 6) == 0 && depth == 0 ? "" : prefix, part);
		free(part);
		if (rc == -1)
			return -1;
		rc = 0;
		if (depth == 0 && strcmp(name, "index.index") == 0) {
			rc = compare_all(c, at + 1, prefix, 1);
		} else if (json_type(j, at + 1) == JSON_OBJECT && depth < MAX_DEPTH) {
			char *under;

			rc = asprintf(&under, "%s.", name) == -1 ? -1 : compare_all(c, at + 1, under, depth + 1);
			if (rc != -1)
				free(under);
		} else {
			there = json_member(c->has, c->settings, name);
			rc = is_same(c, at + 1, there);
			rc = rc == 0 ? tell(c, name, at + 1, there) : rc == -1 ? -1 : 0;
		}
		free(name);
	}
	return rc;
}

int
settings_tell(struct bulk *b, const struct place *p, const char *index, struct error *e)
{
	struct compare c = { .rule = p->target->mapping, .place = p, .index = index };
	struct json j = { 0 };
	int first, rc = 0;

	if (c.rule == NULL || c.rule->settings == -1)
		return 0;
	if (index_ask(b, "GET", index, "/_settings?flat_settings=true", NULL, e) == -1)
		return -1;
	if (b->call.status != 200 || json_parse(&j, b->call.answer.data, b->call.answer.len, e) == -1) {
		json_free(&j);
		return 0;	/* who may not see them is not told */
	}
	c.has = &j;
	first = json_first(&j, 0);
	c.settings = first == -1 ? -1 : json_member(&j, first + 1, "settings");
	if (c.settings != -1 && compare_all(&c, c.rule->settings, "index.", 0) == -1)
		rc = error_set(e, RC_TEMP, "settings: no memory");
	json_free(&j);
	return rc;
}
