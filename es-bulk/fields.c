/* SPDX-License-Identifier: ISC */
/* A table's fields. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "es-bulk/fields.h"
#include "es-bulk/join.h"
#include "es-bulk/mapping.h"

/* One field that is to be there. */
struct want {
	const char *name;
	const char *type;
	struct slice json;		/* what the rule says; p NULL: field */
	struct field field;		/* what it is in this engine */
	struct field best;		/* what it would be in one that lacks nothing; id -1: the rule says all */
};

struct walk {
	struct buf *to;
	const struct target *target;
	uint32_t lacks;
	const struct known_fields *known;
	int many;
};

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "fields: %s", strerror(errno));
}

/* The field's place in the mapping: names with dots are objects there. -1: none. */
static int
known_token(const struct known_fields *k, const char *name)
{
	const char *dot;
	char *part;
	int at = k->properties;

	for (; at != -1; name = dot + 1) {
		if ((part = strndup(name, strcspn(name, "."))) == NULL)
			return -1;
		at = json_member(k->json, at, part);
		free(part);
		if ((dot = strchr(name, '.')) == NULL || at == -1)
			return at;
		at = json_member(k->json, at, "properties");
	}
	return -1;
}

/* A field stays what it was first mapped as: the engine would refuse the change. */
static void
tell_difference(const struct walk *w, const struct want *want, int field)
{
	int at = json_member(w->known->json, field, "type");
	char *has = at == -1 ? strdup("object") : json_strdup(w->known->json, at);

	if (has != NULL && strcmp(has, want->type) != 0 && !mapping_fits(want->best, has) &&
	    !(want->json.p == NULL && strcmp(has, mapping_type(want->field)) == 0))
		log_warn("field has another type than its column asks for, and keeps it; documents that do not fit it will "
		    "be refused. To change it: m2e resync %s index=%s table=%s field=%s has=%s wants=%s", w->target->table,
		    w->known->index, w->target->table, want->name, has, want->type);
	free(has);
}

static int
put_new(struct walk *w, const struct want *want)
{
	if ((w->many++ > 0 && buf_putc(w->to, ',') == -1) || json_put_str(w->to, want->name) == -1 ||
	    buf_putc(w->to, ':') == -1)
		return -1;
	return want->json.p != NULL ? buf_add(w->to, want->json.p, want->json.n) : mapping_put(w->to, want->field);
}

static int
put_field(struct walk *w, const struct want *want)
{
	int at;

	if (w->known == NULL || (at = known_token(w->known, want->name)) == -1)
		return put_new(w, want);
	tell_difference(w, want, at);
	return 0;
}

static char *
text_of(const struct json *j, int t)
{
	return t == -1 ? NULL : json_strdup(j, t);
}

/* A mapping that a rule spells out, unless the engine lacks its type. */
static int
put_given(struct walk *w, const char *name, const struct json *j, int t)
{
	struct want want = { .name = name, .best.id = -1 };
	int at = json_member(j, t, "type"), rc;
	char *type = at == -1 ? strdup("object") : text_of(j, at);
	const char *number = NULL;
	uint64_t n;

	if (type == NULL)
		return -1;
	want.type = type;
	want.field = mapping_instead(type, w->lacks, &number);
	if (want.field.id == -1)
		want.json.p = json_slice(j, t, &want.json.n);
	else if (number != NULL && json_u64(j, json_member(j, t, number), &n) == 0)
		want.field.number = (long)n;
	rc = put_field(w, &want);
	free(type);
	return rc;
}

/* The rule's properties, as they stand. */
static int
put_rule(struct walk *w, const struct rule *r)
{
	int properties = r == NULL || r->mappings == -1 ? -1 : json_member(r->json, r->mappings, "properties"), at, rc = 0;
	char *name;

	for (at = properties == -1 ? -1 : json_first(r->json, properties); at != -1 && rc == 0;
	    at = json_next(r->json, at)) {
		name = json_strdup(r->json, at);
		rc = name == NULL ? -1 : put_given(w, name, r->json, at + 1);
		free(name);
	}
	return rc;
}

static bool
has_property(const struct rule *r, const char *name)
{
	return r != NULL && r->mappings != -1 && json_member(r->json, json_member(r->json, r->mappings, "properties"), name) != -1;
}

/* The field for a column, by the rule's types, else by its SQL type. id -1: token *at of t->mapping says all of it. */
static struct field
field_for(const struct target *t, const char *column, const char *sql, uint32_t lacks, int *at)
{
	const struct rule *r = t->mapping;
	struct field f = { -1, 0 };
	char *name;

	*at = r == NULL ? -1 : json_member(r->json, r->types, column);
	if (*at == -1)
		return t->rule != NULL && rule_has(t->rule, t->rule->booleans, column) ? mapping_named("boolean", lacks) :
		    mapping_of(sql, lacks);
	if (json_type(r->json, *at) == JSON_STRING && (name = json_strdup(r->json, *at)) != NULL) {
		f = mapping_named(name, lacks);
		free(name);
	}
	return f;
}

/* A type that es-bulk does not know: the engine may. */
static int
put_named(struct walk *w, const char *column, const struct json *j, int t)
{
	struct want want = { .name = column, .best.id = -1 };
	char *type = text_of(j, t);
	struct buf b;
	int rc = -1;

	if (type == NULL || buf_init(&b, 6 * strlen(type) + 64) == -1) {
		free(type);
		return -1;
	}
	if (buf_puts(&b, "{\"type\":") == 0 && json_put_str(&b, type) == 0 && buf_putc(&b, '}') == 0) {
		want.type = type;
		want.json = (struct slice){ b.data, b.len };
		rc = put_field(w, &want);
	}
	buf_free(&b);
	free(type);
	return rc;
}

/* column's field, which is called name. */
static int
put_called(struct walk *w, const char *name, const char *column, const char *sql)
{
	const struct rule *r = w->target->mapping;
	struct want want = { .name = name };
	int at;

	if (has_property(r, name))
		return 0;	/* put_rule has put it */
	want.field = field_for(w->target, column, sql, w->lacks, &at);
	if (want.field.id != -1) {
		want.best = field_for(w->target, column, sql, 0, &at);
		want.type = mapping_type(want.field);
		return put_field(w, &want);
	}
	if (json_type(r->json, at) == JSON_OBJECT)
		return put_given(w, name, r->json, at);
	return put_named(w, name, r->json, at);
}

static int
put_column(struct walk *w, const char *column, const char *sql)
{
	bool skip;
	char *name = rule_field(w->target->rule, column, &skip);
	int rc = name == NULL ? (skip ? 0 : -1) : put_called(w, name, column, sql);

	free(name);
	return rc;
}

/* The field that marks deleted rows. */
static int
put_mark(struct walk *w)
{
	const struct rule *r = w->target->rule;
	char *name = r == NULL ? NULL : rule_text(r, r->soft_delete);
	struct want want = { .name = name, .field = mapping_named("boolean", w->lacks) };
	int rc = 0;

	want.best = want.field;
	want.type = mapping_type(want.field);
	if (name != NULL && !has_property(w->target->mapping, name))
		rc = put_field(w, &want);
	free(name);
	return rc;
}

/* Are the relations that it has those that it is to have? */
static bool
same_relations(const struct walk *w, int field, const struct buf *mapping)
{
	struct json j = { 0 };
	struct error ignored;
	int has = json_member(w->known->json, field, "relations"), wants;
	bool same = false;

	if (has != -1 && json_parse(&j, mapping->data, mapping->len, &ignored) == 0 &&
	    (wants = json_member(&j, 0, "relations")) != -1)
		same = json_equal(w->known->json, has, &j, wants) == 1;
	json_free(&j);
	return same;
}

/* The field that joins. Relations may be added to it later. */
static int
put_join(struct walk *w)
{
	const struct rule *r = w->target->rule;
	struct want want = { .type = "join", .best.id = -1 };
	struct buf mapping;
	int rc = -1, at;

	if (r == NULL || r->join.field == NULL || has_property(w->target->mapping, r->join.field))
		return 0;
	if (buf_init(&mapping, 1 << 20) == -1)
		return -1;
	if (join_put_mapping(&mapping, r) == 0) {
		want.name = r->join.field;
		want.json = (struct slice){ mapping.data, mapping.len };
		at = w->known == NULL ? -1 : known_token(w->known, want.name);
		if (at != -1 && json_is(w->known->json, json_member(w->known->json, at, "type"), "join") &&
		    !same_relations(w, at, &mapping))
			rc = put_new(w, &want);
		else
			rc = put_field(w, &want);
	}
	buf_free(&mapping);
	return rc;
}

/* Calls each with name and type of every column of the table's definition. */
static int
each_column(const struct target *t, int (*each)(struct walk *, const char *, const char *), struct walk *w, struct error *e)
{
	struct json j = { 0 };
	int at, rc = 0;

	if (t->columns.p == NULL)
		return 0;
	if (json_parse_checked(&j, t->columns.p, t->columns.n, e) == -1)
		return -1;
	for (at = json_first(&j, 0); at != -1 && rc == 0; at = json_next(&j, at)) {
		char *name = text_of(&j, json_member(&j, at, "name"));
		char *type = text_of(&j, json_member(&j, at, "type"));

		if (name != NULL && type != NULL)
			rc = each(w, name, type);
		free(name);
		free(type);
	}
	json_free(&j);
	return rc == -1 ? no_memory(e) : 0;
}

int
fields_put(struct buf *to, const struct target *t, uint32_t lacks, const struct known_fields *known, struct error *e)
{
	struct walk w = { .to = to, .target = t, .lacks = lacks, .known = known };

	if (put_rule(&w, t->mapping) == -1)
		return no_memory(e);
	if (each_column(t, put_column, &w, e) == -1)
		return -1;
	return put_mark(&w) == -1 || put_join(&w) == -1 ? no_memory(e) : w.many;
}

static int
put_setting(struct walk *w, const char *column, const char *sql)
{
	const char *setting = NULL;
	int at;
	struct field f = has_property(w->target->mapping, column) ? (struct field){ -1, 0 } :
	    field_for(w->target, column, sql, w->lacks, &at);

	if (f.id != -1)
		setting = mapping_setting(f);
	if (setting == NULL || w->many++ > 0)	/* there is but one */
		return 0;
	return buf_puts(w->to, setting) == -1 ? -1 : buf_putc(w->to, ',');
}

int
fields_put_settings(struct buf *to, const struct target *t, uint32_t lacks, struct error *e)
{
	struct walk w = { .to = to, .target = t, .lacks = lacks };

	return each_column(t, put_setting, &w, e);
}
