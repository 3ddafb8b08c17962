/* SPDX-License-Identifier: ISC */
/* Sweeps. Listed by scroll, which every version of both engines has: a sort by _id is switched off by default. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/sweep.h"

#define PAGE 2000		/* ids at a time: some 200 KB */
#define MAX_ROUNDS 20		/* a page that is lost means to begin again */

struct sweep {
	struct bulk *bulk;
	struct target *target;
	const struct change *change;
	uint64_t last, as;
	uint64_t listed, deleted;
	struct json json;	/* of the page */
	struct buf request, scroll;	/* scroll: the next page's name, as JSON string */
};

static int
page_fault(struct error *e)
{
	return error_set(e, RC_FAIL, "the engine's list of ids cannot be read");
}

static int
delete_one(struct sweep *w, int hit, struct error *e)
{
	const struct json *j = &w->json;
	int id = json_member(j, hit, "_id");
	struct slice text;
	uint64_t version, hash;
	size_t i;

	if (id == -1 || json_type(j, id) != JSON_STRING || json_u64(j, json_member(j, hit, "_version"), &version) == -1)
		return page_fault(e);
	w->listed++;
	if (version > w->last)
		return 0;
	w->deleted++;
	text.p = json_slice(j, id, &text.n);
	for (hash = w->target->hash, i = 0; i < text.n; i++)
		hash = (hash ^ (uint8_t)text.p[i]) * 1099511628211ULL;
	return bulk_put(w->bulk, w->change, w->target->delete_start, w->target->delete_start_len, text, w->as,
	    hash ^ hash >> 32, (struct slice){ NULL, 0 }, e);
}

/* The answer in bulk->call is a page. 1: there may be more; 0: it was empty; -1. */
static int
read_page(struct sweep *w, struct error *e)
{
	const struct json *j = &w->json;
	int hits, hit, scroll, shards, rc = 0;
	uint64_t failed = 0;
	const char *raw;
	size_t n;

	if (json_parse(&w->json, w->bulk->call.answer.data, w->bulk->call.answer.len, e) == -1)
		return -1;
	hits = json_member(j, json_member(j, 0, "hits"), "hits");
	scroll = json_member(j, 0, "_scroll_id");
	shards = json_member(j, 0, "_shards");
	if (hits == -1 || scroll == -1 || json_u64(j, json_member(j, shards, "failed"), &failed) == -1)
		return page_fault(e);
	if (failed != 0)
		return 2;	/* a shard is missing from the list */
	w->scroll.len = 0;
	raw = json_slice(j, scroll, &n);
	if (buf_add(&w->scroll, raw, n) == -1)
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	for (hit = json_first(j, hits); hit != -1; hit = json_next(j, hit), rc = 1)
		if (delete_one(w, hit, e) == -1)
			return -1;
	return rc;
}

static int
first_page(struct sweep *w, struct error *e)
{
	struct buf path;
	int rc;

	if (buf_init(&path, 4096) == -1)
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	w->request.len = 0;
	if (buf_putc(&path, '/') == -1 || path_put(&path, w->target->alias, strlen(w->target->alias)) == -1 ||
	    buf_puts(&path, "/_search?scroll=5m&allow_partial_search_results=false"
	    "&filter_path=_scroll_id,_shards.failed,hits.hits._id,hits.hits._version,hits.total") == -1 ||
	    buf_str(&path) == NULL ||
	    buf_putf(&w->request, "{\"size\":%d,\"sort\":[\"_doc\"],\"version\":true,\"_source\":false}", PAGE) == -1)
		rc = error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	else
		rc = bulk_ask(w->bulk, "POST", path.data, &w->request, e);
	buf_free(&path);
	return rc;
}

static int
next_page(struct sweep *w, struct error *e)
{
	w->request.len = 0;
	if (buf_puts(&w->request, "{\"scroll\":\"5m\",\"scroll_id\":") == -1 ||
	    buf_add(&w->request, w->scroll.data, w->scroll.len) == -1 || buf_putc(&w->request, '}') == -1)
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	return bulk_ask(w->bulk, "POST", "/_search/scroll", &w->request, e);
}

/* An idle scroll costs the engine memory; that this fails means nothing. */
static void
end_scroll(struct sweep *w)
{
	struct error ignored;

	w->request.len = 0;
	if (w->scroll.len > 0 && buf_puts(&w->request, "{\"scroll_id\":") == 0 &&
	    buf_add(&w->request, w->scroll.data, w->scroll.len) == 0 && buf_putc(&w->request, '}') == 0)
		bulk_ask(w->bulk, "DELETE", "/_search/scroll", &w->request, &ignored);
}

/* 1: swept; 0: a page was lost (an answer that did not arrive, a node that forgot the scroll): begin again; -1. */
static int
sweep_once(struct sweep *w, struct error *e)
{
	int rc;

	w->listed = w->deleted = 0;
	w->scroll.len = 0;
	if (first_page(w, e) == -1)
		return -1;
	for (;;) {
		if (w->bulk->call.status == 404 && w->scroll.len > 0)
			return 0;
		if (w->bulk->call.status != 200)
			return bulk_refused(w->bulk, w->target->alias, e);
		if ((rc = read_page(w, e)) != 1)
			break;
		if (next_page(w, e) == -1)
			return -1;
		if (w->bulk->asked_again)	/* the scroll may have moved on for an answer that was lost */
			return 0;
	}
	if (rc == -1)
		return -1;
	if (bulk_drain(w->bulk, e) == -1)
		return -1;
	end_scroll(w);
	return rc == 0;
}

int
sweep(struct bulk *b, struct target *t, const struct change *c, uint64_t last, uint64_t as, struct error *e)
{
	struct sweep w = { .bulk = b, .target = t, .change = c, .last = last, .as = as };
	int rc = 0, round;

	if (bulk_drain(b, e) == -1 || index_refresh(b, t, e) == -1)
		return -1;
	if (buf_init(&w.request, 1 << 20) == -1 || buf_init(&w.scroll, 1 << 20) == -1)
		rc = error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	for (round = 0; rc == 0 && round < MAX_ROUNDS; round++)
		rc = sweep_once(&w, e);
	if (rc == 0)
		rc = error_set(e, RC_TEMP, "%s: its ids cannot be listed to the end", t->alias);
	if (rc == 1)
		log_info("%s: older documents deleted table=%s listed=%" PRIu64 " deleted=%" PRIu64, op_name(c->op),
		    t->table, w.listed, w.deleted);
	json_free(&w.json);
	buf_free(&w.request);
	buf_free(&w.scroll);
	return rc == 1 ? 0 : -1;
}
