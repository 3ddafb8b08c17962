/* SPDX-License-Identifier: ISC */
/* Indices and aliases. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/mapping.h"

#define MAX_REQUEST ((size_t)16 << 20)	/* bytes: a mapping of 4096 columns takes some 500 KB */
#define MAX_ROUNDS 10		/* between looking and making, others may make and drop; not for ever */
#define FIELD_LIMIT 1000	/* both engines' default */

/* What stands behind an alias. */
struct index {
	struct json json;	/* of the answer in b->call; valid until the next request */
	char *name;		/* of the index itself */
	char *source;		/* _meta.m2e: NULL where it names none */
	char *s0, *born;
	uint64_t epoch;
	int meta, m2e, properties;	/* tokens; -1: absent */
	char *spare;		/* a second index that the alias has */
	bool ours;		/* _meta.m2e names the table */
};

static void
index_free(struct index *x)
{
	json_free(&x->json);
	free(x->name);
	free(x->source);
	free(x->s0);
	free(x->born);
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

/* METHOD /NAME/rest; 0: there is an answer. */
static int
ask(struct bulk *b, const char *method, const char *name, const char *rest, const struct buf *body, struct error *e)
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

static int
read_meta(struct target *t, struct index *x, struct error *e)
{
	const struct json *j = &x->json;
	char *table;

	x->m2e = json_member(j, x->meta, "m2e");
	if (x->m2e == -1)
		return 0;
	if ((table = text_of(j, json_member(j, x->m2e, "table"))) == NULL || strcmp(table, t->table) != 0) {
		error_set(e, RC_FAIL, "index %s behind alias %s holds table %s, not %s: index names have no upper case, "
		    "so the two cannot both be kept", x->name, t->alias, table == NULL ? "?" : table, t->table);
		free(table);
		return -1;
	}
	free(table);
	x->ours = true;
	x->source = text_of(j, json_member(j, x->m2e, "source"));
	x->s0 = text_of(j, json_member(j, x->m2e, "s0"));
	x->born = text_of(j, json_member(j, x->m2e, "born"));
	if (json_u64(j, json_member(j, x->m2e, "epoch"), &x->epoch) == -1)
		x->epoch = 0;
	return 0;
}

/* Reads what the alias stands for. 1: read; 0: there is no such alias nor index; -1. The caller frees x. */
static int
look(struct bulk *b, struct target *t, struct index *x, struct error *e)
{
	int first, mappings;

	memset(x, 0, sizeof(*x));
	x->meta = x->m2e = x->properties = -1;
	if (ask(b, "GET", t->alias, "/_mapping", NULL, e) == -1)
		return -1;
	if (b->call.status == 404)
		return 0;
	if (b->call.status != 200)
		return bulk_refused(b, t->alias, e);
	if (json_parse(&x->json, b->call.answer.data, b->call.answer.len, e) == -1)
		return error_at(e, "the engine's answer on %s", t->alias);
	if ((first = json_first(&x->json, 0)) == -1)
		return 0;
	if ((x->name = json_strdup(&x->json, first)) == NULL)
		return no_memory(e);
	if (json_next(&x->json, first) != -1 && (x->spare = json_strdup(&x->json, json_next(&x->json, first))) == NULL)
		return no_memory(e);
	if (strcmp(x->name, t->alias) == 0)
		return error_set(e, RC_FAIL, "index %s stands where an alias of that name must: give it another name "
		    "(or delete it, and load the table again)", t->alias);
	mappings = json_member(&x->json, first + 1, "mappings");
	x->meta = json_member(&x->json, mappings, "_meta");
	x->properties = json_member(&x->json, mappings, "properties");
	return read_meta(t, x, e) == -1 ? -1 : 1;
}

/* `"m2e":{…}` as it is to be. */
static int
put_m2e(struct buf *b, const struct target *t, const char *source, uint64_t epoch, const char *s0, const char *born)
{
	if (buf_puts(b, "\"m2e\":{\"table\":") == -1 || json_put_str(b, t->table) == -1)
		return -1;
	if (source != NULL && (buf_puts(b, ",\"source\":") == -1 || json_put_str(b, source) == -1))
		return -1;
	if (buf_putf(b, ",\"epoch\":%" PRIu64, epoch) == -1)
		return -1;
	if (born != NULL && *born != '\0' && (buf_puts(b, ",\"born\":") == -1 || json_put_str(b, born) == -1))
		return -1;
	if (s0 != NULL && *s0 != '\0' && (buf_puts(b, ",\"s0\":") == -1 || json_put_str(b, s0) == -1))
		return -1;
	return buf_putc(b, '}');
}

/* The field of a column in the mapping: names with dots are objects there. -1: none. */
static int
field_token(const struct index *x, const char *name)
{
	const char *dot;
	char *part;
	int at = x->properties;

	for (; at != -1; name = dot + 1) {
		if ((part = strndup(name, strcspn(name, "."))) == NULL)
			return -1;
		at = json_member(&x->json, at, part);
		free(part);
		if ((dot = strchr(name, '.')) == NULL || at == -1)
			return at;
		at = json_member(&x->json, at, "properties");
	}
	return -1;
}

/* A field stays what it was first mapped as: the engine would refuse the change. */
static void
tell_difference(const struct target *t, const struct index *x, int field, const char *name, const struct field *want)
{
	char *has = text_of(&x->json, json_member(&x->json, field, "type"));

	if (strcmp(has == NULL ? "object" : has, want->type) != 0 &&
	    !(strcmp(want->type, "unsigned_long") == 0 && has != NULL && strcmp(has, "keyword") == 0))
		log_warn("field has another type than its column asks for; to change it, load the table into a new "
		    "index index=%s table=%s field=%s has=%s wants=%s", x->name, t->table, name,
		    has == NULL ? "object" : has, want->type);
	free(has);
}

static int
put_property(struct buf *to, const struct bulk *b, const struct json *j, int column, const struct index *known,
    const struct target *t, int many)
{
	char *name = text_of(j, json_member(j, column, "name")), *type = text_of(j, json_member(j, column, "type"));
	const struct field *want;
	int field, rc = 0;

	if (name == NULL || type == NULL)
		goto out;
	want = mapping_of(type, !b->no_unsigned_long);
	if (known != NULL && (field = field_token(known, name)) != -1) {
		tell_difference(t, known, field, name, want);
		goto out;
	}
	rc = (many > 0 && buf_putc(to, ',') == -1) || json_put_str(to, name) == -1 || buf_putc(to, ':') == -1 ||
	    buf_puts(to, want->json) == -1 ? -1 : 1;
out:
	free(name);
	free(type);
	return rc;
}

/* `"NAME":MAPPING` of each column; known (may be NULL): only of those without a field there. Returns how many. */
static int
put_properties(struct buf *to, const struct bulk *b, struct slice columns, const struct index *known,
    const struct target *t, struct error *e)
{
	struct json j = { 0 };
	int at, added, many = 0;

	if (columns.p == NULL)
		return 0;
	if (json_parse_checked(&j, columns.p, columns.n, e) == -1)
		return -1;
	for (at = json_first(&j, 0); at != -1 && many != -1; at = json_next(&j, at)) {
		added = json_type(&j, at) != JSON_OBJECT ? 0 : put_property(to, b, &j, at, known, t, many);
		many = added == -1 ? -1 : many + added;
	}
	json_free(&j);
	return many;
}

static int
create(struct bulk *b, struct target *t, const struct index_source *source, struct slice columns, const char *pos,
    char name[MAX_ALIAS + 1], struct error *e)
{
	time_t now = time(NULL);
	struct buf body;
	struct tm tm;
	size_t n, i, many = 0;
	int rc = -1;

	n = (size_t)snprintf(name, MAX_ALIAS + 1, "%s@", t->alias);
	strftime(name + n, MAX_ALIAS + 1 - n, "%Y%m%d%H%M%S", gmtime_r(&now, &tm));
	for (i = 0; i < columns.n; i++)
		many += columns.p[i] == '{';
	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"settings\":{\"index\":{\"gc_deletes\":\"1h\"") == -1 ||
	    /* text has two fields a column; leave room for columns to come */
	    (2 * many > FIELD_LIMIT - 100 && buf_putf(&body, ",\"mapping\":{\"total_fields\":{\"limit\":%zu}}",
	    2 * many + FIELD_LIMIT) == -1) ||
	    buf_puts(&body, "}},\"mappings\":{\"_meta\":{") == -1 ||
	    put_m2e(&body, t, source->server, source->epoch, NULL, pos) == -1 ||
	    buf_puts(&body, "},\"properties\":{") == -1 || put_properties(&body, b, columns, NULL, t, e) == -1 ||
	    buf_puts(&body, "}},\"aliases\":{") == -1 || json_put_str(&body, t->alias) == -1 ||
	    buf_puts(&body, ":{}}}") == -1)
		no_memory(e);
	else
		rc = ask(b, "PUT", name, "", &body, e);
	buf_free(&body);
	return rc;
}

static bool
refusal_names(const struct bulk *b, const char *words)
{
	return memmem(b->call.answer.data, b->call.answer.len, words, strlen(words)) != NULL;
}

/* Does the refusal say that the engine has no unsigned_long? Then it is not asked for again. */
static bool
lacks_unsigned_long(struct bulk *b)
{
	if (b->no_unsigned_long || b->call.status != 400 || !refusal_names(b, "[unsigned_long]"))
		return false;
	b->no_unsigned_long = true;
	log_warn("the engine has no type unsigned_long: BIGINT UNSIGNED columns become keyword");
	return true;
}

/* Is the stream one that may write here? */
static int
check_source(const struct target *t, const struct index *x, const struct index_source *source, struct error *e)
{
	if (source->server == NULL && x->source != NULL)
		return error_set(e, RC_FAIL, "index %s holds changes of server %s, but this stream names no source: its "
		    "rows could not be told older from newer (dump-reader --source %s --epoch %" PRIu64 ")",
		    x->name, x->source, x->source, x->epoch);
	if (source->server != NULL && x->source != NULL && strcmp(source->server, x->source) != 0)
		return error_set(e, RC_FAIL, "index %s holds changes of server %s, not of %s: positions of two servers "
		    "cannot be compared; after a failover the epoch must grow, for another server load table %s into a "
		    "new index", x->name, x->source, source->server, t->table);
	if (source->epoch < x->epoch)
		return error_set(e, RC_FAIL, "index %s holds changes of epoch %" PRIu64 ", this stream is of epoch %" PRIu64
		    ": each of its writes would be refused as stale; give the stream the epoch, or load table %s into "
		    "a new index", x->name, x->epoch, source->epoch, t->table);
	return 0;
}

/* Puts _meta anew: what others keep there stays. */
static int
put_meta(struct bulk *b, struct target *t, struct index *x, const char *source, uint64_t epoch, const char *s0,
    struct error *e)
{
	const struct json *j = &x->json;
	struct buf body;
	const char *raw;
	size_t n;
	int at, rc = -1;

	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"_meta\":{") == -1)
		goto out;
	for (at = x->meta == -1 ? -1 : json_first(j, x->meta); at != -1; at = json_next(j, at)) {
		if (json_is(j, at, "m2e"))
			continue;
		raw = json_slice(j, at, &n);
		if (buf_add(&body, raw, n) == -1 || buf_putc(&body, ':') == -1)
			goto out;
		raw = json_slice(j, at + 1, &n);
		if (buf_add(&body, raw, n) == -1 || buf_putc(&body, ',') == -1)
			goto out;
	}
	if (put_m2e(&body, t, source, epoch, s0, x->born) == -1 || buf_puts(&body, "}}") == -1)
		goto out;
	rc = ask(b, "PUT", x->name, "/_mapping", &body, e);
	if (rc == 0 && b->call.status != 200)
		rc = bulk_refused(b, x->name, e);
	buf_free(&body);
	return rc;
out:
	buf_free(&body);
	return no_memory(e);
}

/* Fields for columns that have none yet. A field that the engine refuses is told: its documents will show.
 * 1: another mapping must be tried; x is outdated. */
static int
add_fields(struct bulk *b, struct target *t, const struct index *x, struct slice columns, struct error *e)
{
	struct buf body;
	char why[512];
	int many = 0, rc;

	if (buf_init(&body, MAX_REQUEST) == -1)
		return no_memory(e);
	if (buf_puts(&body, "{\"properties\":{") == -1 ||
	    (many = put_properties(&body, b, columns, x, t, e)) == -1 || buf_puts(&body, "}}") == -1)
		rc = no_memory(e);
	else
		rc = many == 0 ? 0 : ask(b, "PUT", x->name, "/_mapping", &body, e);
	buf_free(&body);
	if (rc == -1 || many == 0 || b->call.status == 200)
		return rc;
	if (lacks_unsigned_long(b))
		return 1;
	if (b->call.status != 400 || refusal_names(b, "Limit of ") || refusal_names(b, "index_closed"))
		return bulk_refused(b, x->name, e);
	log_warn("the engine refuses to map new columns index=%s table=%s error=\"%s\"", x->name, t->table,
	    http_reason(&b->call, why, sizeof(why)));
	return 0;
}

static int
adopt(struct bulk *b, const struct index *x, struct error *e)
{
	struct buf body = { .data = (char[]){ "{\"index\":{\"gc_deletes\":\"1h\"}}" } };

	body.len = strlen(body.data);
	log_info("taking over an index that was there before index=%s", x->name);
	if (ask(b, "PUT", x->name, "/_settings", &body, e) == -1)
		return -1;
	return b->call.status == 200 ? 0 : bulk_refused(b, x->name, e);
}

/* The index is there: is it ours, and does it know of this source? */
static int
use(struct bulk *b, struct target *t, struct index *x, const struct index_source *source, struct slice columns,
    struct error *e)
{
	const char *server = source->server != NULL ? source->server : x->source;
	/* copied now: the next request takes the answer's bytes */
	bool adopted = !x->ours, renew = adopted || (x->source == NULL && server != NULL) || x->epoch < source->epoch;
	struct index again;
	int rc;

	if (check_source(t, x, source, e) == -1)
		return -1;
	if (renew && put_meta(b, t, x, server, source->epoch, x->s0, e) == -1)
		return -1;
	if (adopted && adopt(b, x, e) == -1)
		return -1;
	rc = columns.p == NULL ? 0 : renew ? 1 : add_fields(b, t, x, columns, e);
	while (rc == 1) {
		if ((rc = look(b, t, &again, e)) == 1)
			rc = add_fields(b, t, &again, columns, e);
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
give_way(struct bulk *b, struct target *t, const struct index *x, const char *made, struct error *e)
{
	if (*made == '\0' || strcmp(made, strcmp(x->name, x->spare) < 0 ? x->spare : x->name) != 0)
		return error_set(e, RC_FAIL, "alias %s stands for several indices (%s, %s): leave it one", t->alias, x->name,
		    x->spare);
	return ask(b, "DELETE", made, "", NULL, e);
}

int
index_prepare(struct bulk *b, struct target *t, const struct index_source *source, struct slice columns,
    struct slice pos, struct error *e)
{
	char made[MAX_ALIAS + 1] = "", born[512] = "";
	struct index x;
	int rc, round;

	if (pos.p != NULL && text_from(pos, born, sizeof(born)) == -1)
		return error_set(e, RC_FAIL, "table %s: position too long", t->table);
	for (round = 0; round < MAX_ROUNDS; round++) {
		rc = look(b, t, &x, e);
		if (rc == 1 && x.spare != NULL) {
			rc = give_way(b, t, &x, made, e);
		} else if (rc == 1) {
			rc = use(b, t, &x, source, columns, e);
			if (rc == 0)
				log_info("writing table=%s alias=%s index=%s%s", t->table, t->alias, x.name,
				    *made != '\0' ? " (new)" : "");
			index_free(&x);
			t->checked = rc == 0;
			return rc;
		} else if (rc == 0) {
			rc = create(b, t, source, columns, born, made, e);
			if (rc == 0 && b->call.status != 200 && !lacks_unsigned_long(b) &&
			    !refusal_names(b, "resource_already_exists_exception"))
				rc = bulk_refused(b, made, e);
		}
		index_free(&x);
		if (rc == -1)
			return -1;
	}
	return error_set(e, RC_TEMP, "index of %s: it changes while it is looked at", t->alias);
}

int
index_was_born_for(struct bulk *b, struct target *t, struct slice pos, bool *born, struct error *e)
{
	struct index x;
	int rc = look(b, t, &x, e);

	*born = rc == 1 && x.born != NULL && strlen(x.born) == pos.n && memcmp(x.born, pos.p, pos.n) == 0;
	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", t->alias);
	index_free(&x);
	return rc == -1 ? -1 : 0;
}

int
index_loaded(struct bulk *b, struct target *t, struct slice pos, struct error *e)
{
	char s0[512];
	struct index x;
	int rc;

	if (text_from(pos, s0, sizeof(s0)) == -1)
		return error_set(e, RC_FAIL, "table %s: position too long", t->table);
	rc = look(b, t, &x, e);
	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", t->alias);
	if (rc == 1)
		rc = put_meta(b, t, &x, x.source, x.epoch, s0, e);
	index_free(&x);
	return rc;
}

int
index_drop(struct bulk *b, struct target *t, struct error *e)
{
	struct index x;
	int rc = look(b, t, &x, e);

	if (rc == 1 && x.spare != NULL)
		rc = error_set(e, RC_FAIL, "alias %s stands for several indices (%s, %s): leave it one", t->alias, x.name,
		    x.spare);
	if (rc == 1) {
		rc = ask(b, "DELETE", x.name, "", NULL, e);
		if (rc == 0 && b->call.status != 200 && b->call.status != 404)
			rc = bulk_refused(b, x.name, e);
		if (rc == 0)
			log_info("index deleted, as its table was dropped table=%s index=%s", t->table, x.name);
	}
	index_free(&x);
	return rc;
}

int
index_refresh(struct bulk *b, struct target *t, struct error *e)
{
	if (ask(b, "POST", t->alias, "/_refresh", NULL, e) == -1)
		return -1;
	return b->call.status == 200 ? 0 : bulk_refused(b, t->alias, e);
}
