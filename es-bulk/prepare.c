/* SPDX-License-Identifier: ISC */
/* Indices in the making. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"

#include "es-bulk/fields.h"
#include "es-bulk/mapping.h"
#include "es-bulk/prepare.h"
#include "es-bulk/settings.h"

#define MAX_ROUNDS 10		/* between looking and making, others may make and drop; not for ever */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "index: %s", strerror(errno));
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
	    index_put_m2e(b, t, &x) == -1 || buf_puts(b, "},") == -1 ||
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
	if (buf_init(&body, MAX_INDEX_BODY) == -1)
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

/* Fields for columns that have none yet. One that the engine refuses is told: its documents will show. */
static int
add_fields(struct bulk *b, struct place *p, const struct index *x, struct error *e)
{
	struct known_fields known = { x->name, &x->json, x->properties };
	struct buf body;
	char why[512];
	int many = 0, rc;

	if (buf_init(&body, MAX_INDEX_BODY) == -1)
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
			p->stale = b->o.rebuilds && x.stale != NULL;
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
