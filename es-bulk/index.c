/* SPDX-License-Identifier: ISC */
/* Indices and aliases. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/fields.h"
#include "es-bulk/index.h"
#include "es-bulk/mapping.h"
#include "es-bulk/settings.h"

#define MAX_REQUEST ((size_t)16 << 20)	/* bytes: a mapping of 4096 columns takes some 500 KB */
#define MAX_ROUNDS 10		/* between looking and making, others may make and drop; not for ever */

void
index_free(struct index *x)
{
	json_free(&x->json);
	free(x->name);
	free(x->source);
	free(x->s0);
	free(x->born);
	free(x->load);
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

/* `"m2e":{…}`, or what it is called, as it is to be. */
static int
put_m2e(struct buf *b, const struct target *t, const struct index *x)
{
	const struct {
		const char *name, *text;
	} texts[] = { { "source", x->source }, { "born", x->born }, { "s0", x->s0 } };
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

static int
put_mappings(struct buf *b, const struct target *t, uint32_t lacks, struct error *e)
{
	const struct rule *r = t->mapping;

	if (r != NULL && members_put(b, r->json, r->mappings, "properties", "_meta") == -1)
		return -1;
	return buf_puts(b, "\"properties\":{") == -1 || fields_put(b, t, lacks, NULL, e) == -1 ? -1 : buf_putc(b, '}');
}

int
index_put_body(struct buf *b, const struct target *t, uint32_t lacks, struct error *e)
{
	const struct rule *r = t->mapping;

	if (buf_puts(b, "{\"settings\":{") == -1 || (r != NULL && members_put(b, r->json, r->settings, "", "") == -1))
		return no_memory(e);
	comma_drop(b);
	return buf_puts(b, "},\"mappings\":{") == -1 || put_mappings(b, t, lacks, e) == -1 || buf_puts(b, "}}") == -1 ?
	    no_memory(e) : 0;
}

/* The body of the request that makes an index: as index_put_body has it, and whose documents these are. */
static int
put_creation(struct buf *b, const struct place *p, const struct index_source *source, char *pos, const struct bulk *k,
    struct error *e)
{
	const struct index x = { .source = source->server, .epoch = source->epoch, .born = pos };
	const struct target *t = p->target;
	const struct rule *r = t->mapping;
	int meta = r == NULL ? -1 : json_member(r->json, r->mappings, "_meta");

	return buf_puts(b, "{\"settings\":{") == -1 || settings_put(b, t, k, e) == -1 ||
	    buf_puts(b, "},\"mappings\":{\"_meta\":{") == -1 ||
	    (r != NULL && members_put(b, r->json, meta, t->meta, "") == -1) ||
	    put_m2e(b, t, &x) == -1 || buf_puts(b, "},") == -1 ||
	    put_mappings(b, t, k->lacks, e) == -1 || buf_puts(b, "},\"aliases\":{") == -1 ||
	    json_put_str(b, p->alias) == -1 || buf_puts(b, ":{}}}") == -1 ? -1 : 0;
}

static bool
refusal_names(const struct bulk *b, const char *words)
{
	return memmem(b->call.answer.data, b->call.answer.len, words, strlen(words)) != NULL;
}

/* Does the refusal say that the engine has not a type that was asked for? Then it is not asked for again. */
static bool
lacks_type(struct bulk *b)
{
	const char *type, *instead;

	if (b->call.status != 400 || !mapping_refused(b->call.answer.data, b->call.answer.len, &b->lacks, &type, &instead))
		return false;
	if (strcmp(type, instead) != 0)
		log_warn("the engine has no field type %s: %s takes its place", type, instead);
	return true;
}

/* A managed engine may keep the time for which it remembers deletes to itself. */
static bool
lacks_gc_deletes(struct bulk *b)
{
	if (b->no_gc_deletes || b->call.status != 400 || !refusal_names(b, "[index.gc_deletes]"))
		return false;
	b->no_gc_deletes = true;
	log_warn("the engine refuses index.gc_deletes: it remembers deletes for a minute as a rule, which is how long a request "
	    "may last here at most (--request-timeout)");
	return true;
}

/* round: how many names before this one were taken. */
static int
create(struct bulk *b, struct place *p, const struct index_source *source, char *pos, int round, char name[MAX_ALIAS + 1],
    struct error *e)
{
	time_t now = time(NULL) + round;
	struct buf body;
	struct tm tm;
	size_t n;
	int rc;

	n = (size_t)snprintf(name, MAX_ALIAS + 1, "%s@", p->name);
	strftime(name + n, MAX_ALIAS + 1 - n, "%Y%m%d%H%M%S", gmtime_r(&now, &tm));
	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	do {
		body.len = 0;
		rc = put_creation(&body, p, source, pos, b, e) == -1 ? no_memory(e) : index_ask(b, "PUT", name, "", &body, e);
	} while (rc == 0 && b->call.status != 200 && (lacks_type(b) || lacks_gc_deletes(b)));
	buf_free(&body);
	return rc;
}

/* Is the stream one that may write here? */
static int
check_source(const struct target *t, const struct index *x, const struct index_source *source, struct error *e)
{
	if (source->server == NULL && x->source != NULL)
		return error_set(e, RC_FAIL, "index %s holds changes of server %s, but this stream names no source: its "
		    "rows could not be told older from newer (dump-reader --source %s --epoch %" PRIu64 ")",
		    x->name, x->source, x->source, x->epoch);
	if (source->server != NULL && x->source != NULL && strcmp(source->server, x->source) != 0 &&
	    source->epoch <= x->epoch)
		return error_set(e, RC_FAIL, "index %s holds changes of server %s, not of %s: positions of two servers "
		    "cannot be compared; after a failover the epoch must grow, for another server load table %s into a "
		    "new index", x->name, x->source, source->server, t->table);
	if (source->epoch < x->epoch)
		return error_set(e, RC_FAIL, "index %s holds changes of epoch %" PRIu64 ", this stream is of epoch %" PRIu64
		    ": each of its writes would be refused as stale; give the stream the epoch, or load table %s into "
		    "a new index", x->name, x->epoch, source->epoch, t->table);
	return 0;
}

int
index_put_meta(struct bulk *b, const struct place *p, const struct index *x, struct error *e)
{
	struct buf body;
	int rc;

	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"_meta\":{") == -1 || members_put(&body, &x->json, x->meta, p->target->meta, "") == -1 ||
	    put_m2e(&body, p->target, x) == -1 || buf_puts(&body, "}}") == -1)
		rc = no_memory(e);
	else
		rc = index_ask(b, "PUT", x->name, "/_mapping", &body, e);
	buf_free(&body);
	return rc == 0 && b->call.status != 200 ? bulk_refused(b, x->name, e) : rc;
}

/* Fields for columns that have none yet. One that the engine refuses is told: its documents will show. */
static int
add_fields(struct bulk *b, struct place *p, const struct index *x, struct error *e)
{
	struct known_fields known = { x->name, &x->json, x->properties };
	struct buf body;
	char why[512];
	int many = 0, rc;

	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"properties\":{") == -1 ||
	    (many = fields_put(&body, p->target, b->lacks, &known, e)) == -1 || buf_puts(&body, "}}") == -1)
		rc = no_memory(e);
	else
		rc = many == 0 ? 0 : index_ask(b, "PUT", x->name, "/_mapping", &body, e);
	buf_free(&body);
	if (rc == -1 || many == 0 || b->call.status == 200)
		return rc;
	if (lacks_type(b))
		return 1;
	if (b->call.status != 400 || refusal_names(b, "Limit of ") || refusal_names(b, "index_closed"))
		return bulk_refused(b, x->name, e);
	log_warn("the engine refuses to map new columns index=%s table=%s error=\"%s\"", x->name, p->target->table,
	    http_reason(&b->call, why, sizeof(why)));
	return 0;
}

static int
adopt(struct bulk *b, const struct index *x, struct error *e)
{
	struct buf body = { .data = (char[]){ "{\"index\":{\"gc_deletes\":\"1h\"}}" } };

	body.len = strlen(body.data);
	log_info("taking over an index that was there before index=%s", x->name);
	if (index_ask(b, "PUT", x->name, "/_settings", &body, e) == -1)
		return -1;
	return b->call.status == 200 || lacks_gc_deletes(b) ? 0 : bulk_refused(b, x->name, e);
}

/* The index is there: is it ours, and does it know of this source? */
static int
use(struct bulk *b, struct place *p, struct index *x, const struct index_source *source, struct error *e)
{
	bool adopted = !x->ours, named = source->server != NULL && (x->source == NULL || strcmp(x->source, source->server) != 0);
	bool renew = adopted || named || x->epoch < source->epoch;
	struct index again;
	int rc;

	if (check_source(p->target, x, source, e) == -1)
		return -1;
	if (named) {	/* at first, or another server's in its epoch */
		free(x->source);
		if ((x->source = strdup(source->server)) == NULL)
			return no_memory(e);
	}
	x->epoch = source->epoch;
	if (renew && index_put_meta(b, p, x, e) == -1)
		return -1;
	if (adopted && adopt(b, x, e) == -1)
		return -1;
	rc = p->target->columns.p == NULL ? 0 : renew ? 1 : add_fields(b, p, x, e);
	if (rc != -1 && x->load == NULL && settings_tell(b, p, x->name, e) == -1)
		rc = -1;
	while (rc == 1) {	/* x is outdated, or another mapping must be tried */
		if ((rc = index_look(b, p, &again, e)) == 1)
			rc = add_fields(b, p, &again, e);
		index_free(&again);
	}
	return rc;
}

static int
text_from(struct slice s, char *to, size_t size)
{
	if (s.n >= size)
		return -1;
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return 0;
}

/* Two that made an index for the alias at once: the later name gives way, nothing was written to it. 0: look again. */
static int
give_way(struct bulk *b, struct place *p, const struct index *x, const char *made, struct error *e)
{
	if (*made == '\0' || strcmp(made, strcmp(x->name, x->spare) < 0 ? x->spare : x->name) != 0)
		return error_set(e, RC_FAIL, "alias %s stands for several indices (%s, %s): leave it one", p->alias, x->name,
		    x->spare);
	return index_ask(b, "DELETE", made, "", NULL, e);
}

/* An index that is to take another's place: can it? */
static int
check_name(struct bulk *b, const struct place *p, struct error *e)
{
	struct index x;
	int rc;

	if (strcmp(p->name, p->alias) == 0)
		return 0;
	rc = index_look_at(b, p, p->name, &x, e);
	index_free(&x);
	return rc == -1 ? -1 : 0;
}

int
index_prepare(struct bulk *b, struct place *p, const struct index_source *source, struct slice pos, struct error *e)
{
	char made[MAX_ALIAS + 1] = "", born[512] = "";
	struct index x;
	int rc, round;

	if (pos.p != NULL && text_from(pos, born, sizeof(born)) == -1)
		return error_set(e, RC_FAIL, "table %s: position too long", p->target->table);
	for (round = 0; round < MAX_ROUNDS; round++) {
		rc = index_look(b, p, &x, e);
		if (rc == 1 && x.spare != NULL) {
			rc = give_way(b, p, &x, made, e);
		} else if (rc == 1) {
			rc = use(b, p, &x, source, e);
			free(p->born);
			p->born = x.s0 == NULL ? x.born : NULL;
			if (x.s0 == NULL)
				x.born = NULL;	/* taken over */
			p->loading = x.load != NULL;
			if (rc == 0)
				log_info("writing table=%s alias=%s index=%s%s", p->target->table, p->alias, x.name,
				    *made != '\0' ? " (new)" : "");
			index_free(&x);
			p->checked = rc == 0;
			return rc;
		} else if (rc == 0) {
			rc = check_name(b, p, e) == -1 ? -1 : create(b, p, source, born, round, made, e);
			if (rc == 0 && b->call.status != 200 &&
			    !refusal_names(b, "resource_already_exists_exception"))
				rc = bulk_refused(b, made, e);
		}
		index_free(&x);
		if (rc == -1)
			return -1;
	}
	return error_set(e, RC_TEMP, "index of %s: it changes while it is looked at", p->alias);
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

int
index_loaded(struct bulk *b, struct place *p, struct slice pos, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", p->alias);
	if (rc == 1) {
		free(x.s0);
		if ((x.s0 = strndup(pos.p, pos.n)) == NULL)
			rc = no_memory(e);
		else
			rc = index_put_meta(b, p, &x, e);
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
