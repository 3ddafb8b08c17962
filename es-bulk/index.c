/* SPDX-License-Identifier: ISC */
/* Indices and aliases. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/settings.h"


void
index_free(struct index *x)
{
	json_free(&x->json);
	free(x->name);
	free(x->source);
	free(x->s0);
	free(x->born);
	free(x->load);
	free(x->stale);
	free(x->replaces);
	free(x->spare);
}

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "index: %s", strerror(errno));
}

int
path_put(struct buf *b, const char *segment, size_t n)
{
	static const char hex[] = "0123456789ABCDEF", plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-._~";
	size_t i;

	for (i = 0; i < n; i++) {
		uint8_t c = (uint8_t)segment[i];

		if (c != '\0' && strchr(plain, c) != NULL ? buf_putc(b, (char)c) == -1 :
		    buf_putc(b, '%') == -1 || buf_putc(b, hex[c >> 4]) == -1 || buf_putc(b, hex[c & 15]) == -1)
			return -1;
	}
	return 0;
}

int
index_ask(struct bulk *b, const char *method, const char *name, const char *rest, const struct buf *body, struct error *e)
{
	struct buf path;
	int rc;

	if (buf_init(&path, 4096) == -1)
		return no_memory(e);
	if (buf_putc(&path, '/') == -1 || path_put(&path, name, strlen(name)) == -1 || buf_puts(&path, rest) == -1 ||
	    buf_str(&path) == NULL)
		rc = no_memory(e);
	else
		rc = bulk_ask(b, method, path.data, body, e);
	buf_free(&path);
	return rc;
}

static char *
text_of(const struct json *j, int t)
{
	return t == -1 || json_type(j, t) != JSON_STRING ? NULL : json_strdup(j, t);
}

/* As it stands. */
static char *
value_of(const struct json *j, int t)
{
	const char *raw;
	size_t n;

	if (t == -1)
		return NULL;
	raw = json_slice(j, t, &n);
	return strndup(raw, n);
}

/* Does the index hold what cannot be beside the table's documents: another table's, unless both are joined? */
static int
check_strangers(const struct target *t, const struct index *x, const char *alias, struct error *e)
{
	static const char ours[] = "m2e";
	const struct json *j = &x->json;
	const char *name;
	size_t n;
	int at;

	for (at = x->meta == -1 ? -1 : json_first(j, x->meta); at != -1; at = json_next(j, at)) {
		name = json_raw(j, at, &n);
		if (n < sizeof(ours) - 1 || memcmp(name, ours, sizeof(ours) - 1) != 0)
			continue;
		if (target_is_joined(t) ? n == sizeof(ours) - 1 : n > sizeof(ours) - 1)
			return error_set(e, RC_FAIL, "index %s behind alias %s holds %s, and table %s cannot be kept there: "
			    "joined tables have an index of their own", x->name, alias,
			    n > sizeof(ours) - 1 ? "joined tables" : "a table that is not joined", t->table);
	}
	return 0;
}

static int
read_meta(const struct place *p, const char *alias, struct index *x, struct error *e)
{
	const struct json *j = &x->json;
	char *table;

	if (check_strangers(p->target, x, alias, e) == -1)
		return -1;
	x->m2e = json_member(j, x->meta, p->target->meta);
	if (x->m2e == -1)
		return 0;
	if ((table = text_of(j, json_member(j, x->m2e, "table"))) == NULL || strcmp(table, p->target->table) != 0) {
		error_set(e, RC_FAIL, "index %s behind alias %s holds table %s, not %s: the two cannot both be kept there "
		    "(names of indices have no upper case; elastic.tables can give one of them another)", x->name, alias, table == NULL ? "?" : table, p->target->table);
		free(table);
		return -1;
	}
	free(table);
	x->ours = true;
	x->source = text_of(j, json_member(j, x->m2e, "source"));
	x->s0 = text_of(j, json_member(j, x->m2e, "s0"));
	x->born = text_of(j, json_member(j, x->m2e, "born"));
	x->stale = text_of(j, json_member(j, x->m2e, "stale"));
	x->load = value_of(j, json_member(j, x->m2e, "load"));
	x->replaces = value_of(j, json_member(j, x->m2e, "replaces"));
	if (json_u64(j, json_member(j, x->m2e, "epoch"), &x->epoch) == -1)
		x->epoch = 0;
	return 0;
}

int
index_look_at(struct bulk *b, const struct place *p, const char *alias, struct index *x, struct error *e)
{
	int first, mappings;

	memset(x, 0, sizeof(*x));
	x->meta = x->m2e = x->properties = -1;
	if (index_ask(b, "GET", alias, "/_mapping", NULL, e) == -1)
		return -1;
	if (b->call.status == 404)
		return 0;
	if (b->call.status != 200)
		return bulk_refused(b, alias, e);
	if (json_parse(&x->json, b->call.answer.data, b->call.answer.len, e) == -1)
		return error_at(e, "the engine's answer on %s", alias);
	if ((first = json_first(&x->json, 0)) == -1)
		return 0;
	if ((x->name = json_strdup(&x->json, first)) == NULL)
		return no_memory(e);
	if (json_next(&x->json, first) != -1 && (x->spare = json_strdup(&x->json, json_next(&x->json, first))) == NULL)
		return no_memory(e);
	if (strcmp(x->name, alias) == 0)
		return error_set(e, RC_FAIL, "index %s stands where an alias of that name must: give it another name "
		    "(or delete it, and load the table again)", alias);
	mappings = json_member(&x->json, first + 1, "mappings");
	x->meta = json_member(&x->json, mappings, "_meta");
	x->properties = json_member(&x->json, mappings, "properties");
	return read_meta(p, alias, x, e) == -1 ? -1 : 1;
}

int
index_look(struct bulk *b, const struct place *p, struct index *x, struct error *e)
{
	return index_look_at(b, p, p->alias, x, e);
}

int
index_put_m2e(struct buf *b, const struct target *t, const struct index *x)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "source", x->source }, { "born", x->born }, { "s0", x->s0 },
		{ "stale", x->stale } };
	size_t i;

	if (json_put_str(b, t->meta) == -1 || buf_puts(b, ":{\"table\":") == -1 || json_put_str(b, t->table) == -1 ||
	    buf_putf(b, ",\"epoch\":%" PRIu64, x->epoch) == -1)
		return -1;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text != NULL && *texts[i].text != '\0' &&
		    (buf_putf(b, ",\"%s\":", texts[i].name) == -1 || json_put_str(b, texts[i].text) == -1))
			return -1;
	if (x->load != NULL && (buf_puts(b, ",\"load\":") == -1 || buf_puts(b, x->load) == -1))
		return -1;
	if (x->replaces != NULL && (buf_puts(b, ",\"replaces\":") == -1 || buf_puts(b, x->replaces) == -1))
		return -1;
	return buf_putc(b, '}');
}

int
index_put_meta(struct bulk *b, const struct place *p, const struct index *x, struct error *e)
{
	struct buf body;
	int rc;

	if (buf_init(&body, MAX_INDEX_BODY) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"_meta\":{") == -1 || members_put(&body, &x->json, x->meta, p->target->meta, "") == -1 ||
	    index_put_m2e(&body, p->target, x) == -1 || buf_puts(&body, "}}") == -1)
		rc = no_memory(e);
	else
		rc = index_ask(b, "PUT", x->name, "/_mapping", &body, e);
	buf_free(&body);
	return rc == 0 && b->call.status != 200 ? bulk_refused(b, x->name, e) : rc;
}

int
index_was_born_for(struct bulk *b, struct place *p, struct slice pos, bool *born, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	*born = rc == 1 && x.born != NULL && strlen(x.born) == pos.n && memcmp(x.born, pos.p, pos.n) == 0;
	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", p->alias);
	index_free(&x);
	return rc == -1 ? -1 : 0;
}

/* As versions have it; 0: there is none. */
static uint64_t
version_of(const char *position)
{
	struct error ignored;
	struct pos pos;
	uint64_t version;

	return position == NULL || pos_parse(&pos, position, &ignored) == -1 ||
	    pos_version(&pos, &version, &ignored) == -1 ? 0 : version;
}

int
index_stale(struct bulk *b, struct place *p, const struct change *c, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	if (rc == 1 && x.ours && x.stale == NULL && c->pos.p != NULL && version_of(x.s0) < c->version) {
		if ((x.stale = strndup(c->pos.p, c->pos.n)) == NULL)
			rc = no_memory(e);
		else
			rc = index_put_meta(b, p, &x, e);
	}
	if (rc != -1)
		p->stale = x.stale != NULL;
	index_free(&x);
	return rc == -1 ? -1 : 0;
}

int
index_loaded(struct bulk *b, struct place *p, struct slice pos, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", p->alias);
	if (rc == 1) {
		free(x.s0);
		if ((x.s0 = strndup(pos.p, pos.n)) == NULL) {
			rc = no_memory(e);
		} else {
			if (version_of(x.stale) <= version_of(x.s0)) {
				free(x.stale);
				x.stale = NULL;
				p->stale = false;
			}
			rc = index_put_meta(b, p, &x, e);
		}
	}
	index_free(&x);
	return rc;
}

/* The alias under which es-bulk writes to an index: what its name begins with, else the first that it has. */
static char *
writing_alias(const struct json *j, int aliases, const char *index)
{
	const char *at = strrchr(index, '@');
	char *alias = NULL, *found = NULL;
	int t;

	for (t = aliases == -1 ? -1 : json_first(j, aliases); t != -1; t = json_next(j, t)) {
		if ((alias = json_strdup(j, t)) == NULL)
			break;
		if (at != NULL && strlen(alias) == (size_t)(at - index) && strncmp(alias, index, strlen(alias)) == 0) {
			free(found);
			return alias;
		}
		if (found == NULL)
			found = alias;
		else
			free(alias);
	}
	return found;
}

static int
add_places(struct target_list *l, struct target *t, const struct json *j, struct error *e)
{
	char *name, *alias;
	int at, rc = 0;

	for (at = json_first(j, 0); at != -1 && rc == 0; at = json_next(j, at)) {
		int meta = json_member(j, json_member(j, at + 1, "mappings"), "_meta");

		if (!json_is(j, json_member(j, json_member(j, meta, "m2e"), "table"), t->table))
			continue;
		name = json_strdup(j, at);
		alias = name == NULL ? NULL : writing_alias(j, json_member(j, at + 1, "aliases"), name);
		if (alias != NULL)
			rc = place_find(l, t, alias, e) == NULL ? -1 : 0;
		free(name);
		free(alias);
	}
	return rc;
}

int
index_find_places(struct bulk *b, struct target_list *l, struct target *t, struct error *e)
{
	struct json j = { 0 };
	int rc;

	if (!target_by_row(t))
		return 0;
	if (index_ask(b, "GET", t->pattern, "?filter_path=*.aliases,*.mappings._meta.m2e.table", NULL, e) == -1)
		return -1;
	if (b->call.status == 404)
		return 0;
	if (b->call.status != 200)
		return bulk_refused(b, t->pattern, e);
	rc = json_parse(&j, b->call.answer.data, b->call.answer.len, e) == -1 ? -1 : add_places(l, t, &j, e);
	json_free(&j);
	return rc;
}

int
index_drop(struct bulk *b, struct place *p, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	if (rc == 1 && x.spare != NULL)
		rc = error_set(e, RC_FAIL, "alias %s stands for several indices (%s, %s): leave it one", p->alias, x.name,
		    x.spare);
	if (rc == 1) {
		rc = index_ask(b, "DELETE", x.name, "", NULL, e);
		if (rc == 0 && b->call.status != 200 && b->call.status != 404)
			rc = bulk_refused(b, x.name, e);
		if (rc == 0)
			log_info("index deleted, as its table was dropped table=%s index=%s", p->target->table, x.name);
	}
	index_free(&x);
	return rc;
}

int
index_refresh(struct bulk *b, struct place *p, struct error *e)
{
	if (index_ask(b, "POST", p->alias, "/_refresh", NULL, e) == -1)
		return -1;
	return b->call.status == 200 ? 0 : bulk_refused(b, p->alias, e);
}
