/* SPDX-License-Identifier: ISC */
/* Tables and their aliases. */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "es-bulk/target.h"
#include "lib/utf8.h"

#define MAX_NAME 2048		/* bytes: a name has at most 64 characters, a dot between two */
#define FIRST_SLOTS 64

int
target_list_init(struct target_list *l, const struct target_options *o, struct error *e)
{
	memset(l, 0, sizeof(*l));
	l->o = *o;
	l->utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	l->mask = FIRST_SLOTS - 1;
	if ((l->slots = calloc(FIRST_SLOTS, sizeof(*l->slots))) == NULL || buf_init(&l->raw, 2 * MAX_NAME) == -1 ||
	    buf_init(&l->name, 2 * MAX_NAME) == -1)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	return 0;
}

static void
place_free(struct place *p)
{
	if (p == NULL)
		return;
	free(p->name);
	free(p->alias);
	free((char *)(uintptr_t)p->index_start.p);
	free((char *)(uintptr_t)p->delete_start.p);
	free(p->born);
	free(p);
}

static void
target_free(struct target *t)
{
	struct place *p;

	if (t == NULL)
		return;
	while ((p = t->places) != NULL) {
		t->places = p->next;
		place_free(p);
	}
	free(t->table);
	free(t->pattern);
	free(t->meta);
	free(t->definition);
	free(t);
}

void
target_list_free(struct target_list *l)
{
	size_t i;

	for (i = 0; l->slots != NULL && i <= l->mask; i++)
		target_free(l->slots[i]);
	free(l->slots);
	buf_free(&l->raw);
	buf_free(&l->name);
	if (l->utf8 != (locale_t)0)
		freelocale(l->utf8);
}

void
target_uncheck(struct target *t)
{
	struct place *p;

	for (p = t->places; p != NULL; p = p->next)
		p->checked = false;
}

void
target_uncheck_all(struct target_list *l)
{
	size_t i;

	for (i = 0; i <= l->mask; i++)
		if (l->slots[i] != NULL)
			target_uncheck(l->slots[i]);
}

bool
target_is_checked(const struct target *t)
{
	const struct place *p;

	for (p = t->places; p != NULL && p->checked; p = p->next)
		;
	return p == NULL;
}

bool
target_is_defined(const struct target *t, struct slice key, struct slice columns)
{
	return t->definition != NULL && t->definition_len == key.n + columns.n &&
	    memcmp(t->definition, key.p, key.n) == 0 &&
	    (columns.n == 0 || memcmp(t->definition + key.n, columns.p, columns.n) == 0);
}

int
target_define(struct target *t, struct slice key, struct slice columns, struct error *e)
{
	size_t n = key.n + columns.n;
	char *definition = malloc(n + 1);

	if (definition == NULL)
		return error_set(e, RC_TEMP, "definition: %s", strerror(errno));
	memcpy(definition, key.p, key.n);
	if (columns.n > 0)
		memcpy(definition + key.n, columns.p, columns.n);
	free(t->definition);
	t->definition = definition;
	t->definition_len = n;
	t->key = (struct slice){ definition, key.n };
	t->columns = (struct slice){ columns.p == NULL ? NULL : definition + key.n, columns.n };
	return 0;
}

static uint64_t
hash_name(const char *s)
{
	uint64_t h = 14695981039346656037ULL;	/* FNV-1a */

	for (; *s != '\0'; s++)
		h = (h ^ (unsigned char)*s) * 1099511628211ULL;
	return h;
}

static size_t
slot_of(const struct target_list *l, const char *name)
{
	size_t i = hash_name(name) & l->mask;

	while (l->slots[i] != NULL && strcmp(l->slots[i]->table, name) != 0)
		i = (i + 1) & l->mask;
	return i;
}

static int
grow(struct target_list *l)
{
	struct target **old = l->slots;
	size_t i, mask = l->mask;

	if (l->count * 2 <= l->mask)
		return 0;
	if ((l->slots = calloc(2 * (mask + 1), sizeof(*l->slots))) == NULL) {
		l->slots = old;
		return -1;
	}
	l->mask = 2 * mask + 1;
	for (i = 0; i <= mask; i++)
		if (old[i] != NULL)
			l->slots[slot_of(l, old[i]->table)] = old[i];
	free(old);
	return 0;
}

static uint32_t
code_point(const char *p, size_t n)
{
	static const uint8_t first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t)p[0] & first[n];
	size_t i;

	for (i = 1; i < n; i++)
		c = c << 6 | ((uint8_t)p[i] & 0x3f);
	return c;
}

/* Letters beyond ASCII too: the engines refuse any in upper case. */
static int
lower(struct buf *b, const char *s, locale_t utf8)
{
	size_t n, left = strlen(s);
	wint_t c;
	char bytes[4];
	int rc = 0;

	for (; left > 0 && rc == 0; s += n, left -= n) {
		if ((n = utf8_length((const uint8_t *)s, left)) == 0)
			n = 1;
		c = code_point(s, n);
		c = utf8 == (locale_t)0 ? (c < 0x80 && c >= 'A' && c <= 'Z' ? c | 0x20 : c) : towlower_l(c, utf8);
		rc = buf_add(b, bytes, utf8_put(bytes, (uint32_t)c));
	}
	return rc;
}

/* What both engines ask of the name of an index, our suffix included. */
static int
check_alias(const char *table, const char *alias, struct error *e)
{
	static const char advice[] = "give it another index by elastic.tables, or leave it out";

	if (*alias == '\0' || strlen(alias) > MAX_ALIAS - MAX_INDEX_SUFFIX)
		return error_set(e, RC_FAIL, "table %s: no index can have a name of %zu bytes: %s", table, strlen(alias),
		    advice);
	if (strpbrk(alias, "\\/*?\"<>| ,#:") != NULL || strchr("-_+.", *alias) != NULL)
		return error_set(e, RC_FAIL, "table %s: no index can have this name: %s (none of \\ / * ? \" < > | , # : "
		    "or space in it; not - _ + . first): %s", table, alias, advice);
	return 0;
}

static int
action_start(struct slice *start, const char *action, const char *alias, const char *pipeline)
{
	struct buf b;

	if (buf_init(&b, 8 * MAX_NAME) == -1)
		return -1;
	if (buf_putf(&b, "{\"%s\":{\"_index\":", action) == 0 && json_put_str(&b, alias) == 0 &&
	    (pipeline == NULL || (buf_puts(&b, ",\"pipeline\":") == 0 && json_put_str(&b, pipeline) == 0)) &&
	    buf_puts(&b, ",\"_id\":") == 0)
		*start = (struct slice){ strndup(b.data, b.len), b.len };
	buf_free(&b);
	return start->p == NULL ? -1 : 0;
}

static char *
concat(const char *a, const char *b)
{
	char *both;

	return asprintf(&both, "%s%s", a, b == NULL ? "" : b) == -1 ? NULL : both;
}

static struct place *
new_place(struct target *t, const char *name, const char *suffix)
{
	struct place *p = calloc(1, sizeof(*p));
	char *pipeline = t->rule == NULL ? NULL : rule_text(t->rule, t->rule->pipeline);

	if (p == NULL || (p->name = strdup(name)) == NULL || (p->alias = concat(name, suffix)) == NULL ||
	    action_start(&p->index_start, "index", p->alias, pipeline) == -1 ||
	    action_start(&p->delete_start, "delete", p->alias, NULL) == -1) {
		place_free(p);
		free(pipeline);
		return NULL;
	}
	free(pipeline);
	p->hash = hash_name(p->alias);
	p->target = t;
	p->next = t->places;
	t->places = p;
	return p;
}

struct place *
place_find(struct target_list *l, struct target *t, const char *name, struct error *e)
{
	struct place **at, *p = NULL;

	l->name.len = 0;
	if (lower(&l->name, name, l->utf8) == -1 || buf_str(&l->name) == NULL) {
		error_set(e, RC_TEMP, "table %s: %s", t->table, strerror(errno));
		return NULL;
	}
	for (at = &t->places; (p = *at) != NULL; at = &p->next)
		if (strcmp(p->name, l->name.data) == 0) {
			*at = p->next;
			p->next = t->places;
			return t->places = p;
		}
	if (check_alias(t->table, l->name.data, e) == -1)
		return NULL;
	if ((p = new_place(t, l->name.data, l->o.suffix)) == NULL)
		error_set(e, RC_TEMP, "table %s: %s", t->table, strerror(errno));
	return p;
}

static const struct rule *
find_rule(const struct rule_list *rules, const struct target *t)
{
	char *db = strndup(t->table, t->db_len);
	const struct rule *r = db == NULL ? NULL : rule_find(rules, db, t->table + t->db_len + 1);

	free(db);
	return r;
}

/* The alias as the template has it, with * for what rows say. */
static int
put_pattern(struct buf *b, const struct target *t)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < t->index->count && rc == 0; i++) {
		const struct piece *p = &t->index->pieces[i];

		switch (p->kind) {
		case PIECE_TEXT: rc = buf_puts(b, p->text); break;
		case PIECE_DB: rc = buf_add(b, t->table, t->db_len); break;
		case PIECE_TABLE: rc = buf_puts(b, t->table + t->db_len + 1); break;
		case PIECE_COLUMN: rc = buf_putc(b, '*'); break;
		}
	}
	return rc == -1 || buf_str(b) == NULL ? -1 : 0;
}

static void
read_rules(const struct target_list *l, struct target *t)
{
	const struct rule *r;

	t->rule = find_rule(&l->o.rules, t);
	t->mapping = (r = find_rule(&l->o.mappings, t)) != NULL ? r : t->rule;
	t->when = (r = find_rule(&l->o.whens, t)) != NULL ? r : t->rule;
	t->index = t->rule != NULL && t->rule->index.count > 0 ? &t->rule->index : &l->o.index;
	t->is_plain = !rule_shapes(t->rule) && (t->when == NULL || t->when->when == -1) && !target_by_row(t);
}

/* Its pattern, and its place where there is but one. -1: e, or errno where e->rc is RC_OK. */
static int
read_index(struct target_list *l, struct target *t, struct error *e)
{
	struct buf b;
	int rc;

	e->rc = RC_OK;
	if (buf_init(&b, 8 * MAX_NAME) == -1)
		return -1;
	if (asprintf(&t->meta, target_is_joined(t) ? "m2e:%s" : "m2e", t->table) == -1)
		t->meta = NULL;
	rc = t->meta == NULL ? -1 : put_pattern(&b, t);
	l->name.len = 0;
	if (rc == 0)
		rc = lower(&l->name, b.data, l->utf8) == -1 || buf_str(&l->name) == NULL ||
		    (t->pattern = strdup(l->name.data)) == NULL ? -1 : 0;
	if (rc == 0 && target_by_row(t) && l->o.suffix != NULL)
		rc = error_set(e, RC_FAIL, "table %s: its index depends on its rows (%s): it has no single one that another "
		    "could take the place of; load it under another elastic.index", t->table, t->pattern);
	if (rc == 0 && target_is_joined(t) && l->o.suffix != NULL)
		rc = error_set(e, RC_FAIL, "table %s: other tables' documents are in its index (join): another index could not "
		    "take its place", t->table);
	if (rc == 0 && !target_by_row(t))
		rc = place_find(l, t, b.data, e) == NULL ? -1 : 0;
	buf_free(&b);
	return rc;
}

static struct target *
new_target(struct target_list *l, const char *name, size_t db_len, struct error *e)
{
	struct target *t = calloc(1, sizeof(*t));

	e->rc = RC_OK;
	if (t == NULL || (t->table = strdup(name)) == NULL)
		goto fail;
	t->db_len = db_len;
	read_rules(l, t);
	if (read_index(l, t, e) == -1 || grow(l) == -1)
		goto fail;
	l->slots[slot_of(l, t->table)] = t;
	l->count++;
	return t;
fail:
	if (e->rc == RC_OK)
		error_set(e, RC_TEMP, "table %s: %s", name, strerror(errno));
	target_free(t);
	return NULL;
}

static bool
same(struct slice a, struct slice b)
{
	return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

struct target *
target_find(struct target_list *l, struct change_reader *r, const struct change *c, struct error *e)
{
	struct target *t;
	size_t slot, db_len;

	if (l->last != NULL && same(c->db, l->last_db) && same(c->table, l->last_table))
		return l->last;
	l->name.len = l->raw.len = 0;
	if (change_text(r, c->db, &l->name, e) == -1)
		return NULL;
	db_len = l->name.len;
	if (buf_putc(&l->name, '.') == -1 || change_text(r, c->table, &l->name, e) == -1 || buf_str(&l->name) == NULL ||
	    memchr(l->name.data, '\0', l->name.len) != NULL) {
		error_set(e, RC_FAIL, "line %" PRIu64 ": no table can have this name", c->number);
		return NULL;
	}
	slot = slot_of(l, l->name.data);
	if ((t = l->slots[slot]) == NULL) {
		char *name = strdup(l->name.data);

		t = name == NULL ? NULL : new_target(l, name, db_len, e);
		free(name);
		if (t == NULL)
			return NULL;
	} else if (t->db_len != db_len) {
		error_set(e, RC_FAIL, "line %" PRIu64 ": two tables are called %s, for one has a dot in its name",
		    c->number, t->table);
		return NULL;
	}
	l->last = NULL;
	if (buf_add(&l->raw, c->db.p, c->db.n) == 0 && buf_add(&l->raw, c->table.p, c->table.n) == 0) {
		l->last = t;
		l->last_db = (struct slice){ l->raw.data, c->db.n };
		l->last_table = (struct slice){ l->raw.data + c->db.n, c->table.n };
	}
	return t;
}

struct target *
target_named(struct target_list *l, const char *name, struct error *e)
{
	struct target *t = l->slots[slot_of(l, name)];

	if (t != NULL)
		return t;
	if (strchr(name, '.') == NULL) {
		error_set(e, RC_USAGE, "table %s: must be DB.TABLE", name);
		return NULL;
	}
	return new_target(l, name, strcspn(name, "."), e);
}
