/* SPDX-License-Identifier: ISC */
/* Sweeps: every id with its version is listed, over a point in time (a page that is lost is asked for again), or by scroll
 * where an engine has no points in time (a page that is lost means to begin again). A sort by _id is off by default. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/sweep.h"

#define PAGE 2000		/* ids at a time: some 200 KB */
#define MAX_ROUNDS 20		/* how often a list may break off: a node that went, a scroll whose page was lost */
#define MAX_NAME (1 << 20)	/* bytes of a list's name: it grows with the number of shards */
#define SEARCH "_search?allow_partial_search_results=false" \
	"&filter_path=_scroll_id,pit_id,_shards.failed,hits.hits._id,hits.hits._version,hits.hits._routing,hits.hits.sort"

/* The ways to list, the best first. */
static const struct way {
	const char *open;	/* path behind the alias; NULL: the search itself opens it */
	const char *opened;	/* member of the answer that names the list */
	const char *close, *closed;	/* path, and the name's member in the request */
} ways[] = {
	{ "/_pit?keep_alive=5m", "id", "/_pit", "id" },		/* Elasticsearch 7.12 and later */
	{ "/_search/point_in_time?keep_alive=5m", "pit_id", "/_search/point_in_time", "pit_id" },	/* OpenSearch 3.3 */
	{ NULL, "_scroll_id", "/_search/scroll", "scroll_id" },
};
#define SCROLL (sizeof(ways) / sizeof(ways[0]) - 1)

struct sweep {
	struct bulk *bulk;
	struct place *place;
	const struct change *change;
	uint64_t last, as;
	uint64_t listed, deleted;
	size_t way;
	struct json json;	/* of the page */
	struct buf document;	/* the id of one and its routing */
	struct buf request, name, after;	/* name: the list's, a JSON string; after: the last hit's sort values */
};

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
}

static int
page_fault(struct error *e)
{
	return error_set(e, RC_FAIL, "the engine's list of ids cannot be read");
}

static int
delete_one(struct sweep *w, int hit, struct error *e)
{
	const struct json *j = &w->json;
	int id = json_member(j, hit, "_id"), routing;
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
	/* what names it, as its row had it */
	if ((routing = json_member(j, hit, "_routing")) != -1) {
		w->document.len = 0;
		if (buf_add(&w->document, text.p, text.n) == -1 || buf_puts(&w->document, ",\"routing\":") == -1)
			return no_memory(e);
		text.p = json_slice(j, routing, &text.n);
		if (buf_add(&w->document, text.p, text.n) == -1)
			return no_memory(e);
		text = (struct slice){ w->document.data, w->document.len };
	}
	for (hash = w->place->hash, i = 0; i < text.n; i++)
		hash = (hash ^ (uint8_t)text.p[i]) * 1099511628211ULL;
	return bulk_put(w->bulk, w->change, w->place->delete_start, w->place->delete_start_len, text, w->as,
	    hash ^ hash >> 32, (struct slice){ NULL, 0 }, e);
}

/* Copies a value of the page, as it stands. */
static int
keep(struct buf *to, const struct json *j, int value)
{
	const char *raw;
	size_t n;

	if (value == -1)
		return 0;
	to->len = 0;
	raw = json_slice(j, value, &n);
	return buf_add(to, raw, n);
}

/* The answer in bulk->call is a page. 1: there may be more; 0: it was empty; 2: a shard is missing from it; -1. */
static int
read_page(struct sweep *w, struct error *e)
{
	const struct json *j = &w->json;
	int hits, hit, shards, last = -1;
	uint64_t failed = 0;

	if (json_parse(&w->json, w->bulk->call.answer.data, w->bulk->call.answer.len, e) == -1)
		return -1;
	hits = json_member(j, json_member(j, 0, "hits"), "hits");
	shards = json_member(j, 0, "_shards");
	if (json_u64(j, json_member(j, shards, "failed"), &failed) == -1)
		return page_fault(e);
	if (failed != 0)
		return 2;
	if (keep(&w->name, j, json_member(j, 0, w->way == SCROLL ? "_scroll_id" : "pit_id")) == -1)
		return no_memory(e);
	for (hit = hits == -1 ? -1 : json_first(j, hits); hit != -1; last = hit, hit = json_next(j, hit))
		if (delete_one(w, hit, e) == -1)
			return -1;
	if (last == -1)
		return 0;
	return keep(&w->after, j, json_member(j, last, "sort")) == -1 ? no_memory(e) : 1;
}

/* POST /ALIAS/rest */
static int
ask_alias(struct sweep *w, const char *rest, const struct buf *body, struct error *e)
{
	struct buf path;
	int rc;

	if (buf_init(&path, 4096) == -1)
		return no_memory(e);
	if (buf_putc(&path, '/') == -1 || path_put(&path, w->place->alias, strlen(w->place->alias)) == -1 ||
	    buf_puts(&path, rest) == -1 || buf_str(&path) == NULL)
		rc = no_memory(e);
	else
		rc = bulk_ask(w->bulk, "POST", path.data, body, e);
	buf_free(&path);
	return rc;
}

/* Opens the list in the first way that the engine has. 0; -1. */
static int
open_list(struct sweep *w, struct error *e)
{
	int at;

	w->name.len = w->after.len = 0;
	for (; ways[w->way].open != NULL; w->way++) {
		if (ask_alias(w, ways[w->way].open, NULL, e) == -1)
			return -1;
		if (w->bulk->call.status != 200)
			continue;
		if (json_parse(&w->json, w->bulk->call.answer.data, w->bulk->call.answer.len, e) == -1)
			return -1;
		if ((at = json_member(&w->json, 0, ways[w->way].opened)) == -1)
			return page_fault(e);
		return keep(&w->name, &w->json, at) == -1 ? no_memory(e) : 0;
	}
	return 0;
}

static int
put_name(struct sweep *w, const char *start, const char *end)
{
	return buf_puts(&w->request, start) == -1 || buf_add(&w->request, w->name.data, w->name.len) == -1 ||
	    buf_puts(&w->request, end) == -1 ? -1 : 0;
}

static int
ask_page(struct sweep *w, struct error *e)
{
	w->request.len = 0;
	if (w->way == SCROLL && w->name.len > 0)
		return put_name(w, "{\"scroll\":\"5m\",\"scroll_id\":", "}") == -1 ? no_memory(e) :
		    bulk_ask(w->bulk, "POST", "/_search/scroll", &w->request, e);
	if (buf_putf(&w->request, "{\"size\":%d,\"version\":true,\"_source\":false,", PAGE) == -1)
		return no_memory(e);
	if (w->way == SCROLL)
		return buf_puts(&w->request, "\"sort\":[\"_doc\"]}") == -1 ? no_memory(e) :
		    ask_alias(w, "/" SEARCH "&scroll=5m", &w->request, e);
	if (put_name(w, "\"sort\":[{\"_shard_doc\":\"asc\"}],\"pit\":{\"id\":", ",\"keep_alive\":\"5m\"}") == -1 ||
	    (w->after.len > 0 && (buf_puts(&w->request, ",\"search_after\":") == -1 ||
	    buf_add(&w->request, w->after.data, w->after.len) == -1)) || buf_putc(&w->request, '}') == -1)
		return no_memory(e);
	return bulk_ask(w->bulk, "POST", "/" SEARCH, &w->request, e);
}

/* A list left open costs the engine memory; that this fails means nothing. */
static void
close_list(struct sweep *w)
{
	struct error ignored;

	w->request.len = 0;
	if (w->name.len > 0 && buf_putf(&w->request, "{\"%s\":", ways[w->way].closed) == 0 && put_name(w, "", "}") == 0)
		bulk_ask(w->bulk, "DELETE", ways[w->way].close, &w->request, &ignored);
}

/* 1: swept; 0: the list broke off: begin again; -1. */
static int
sweep_once(struct sweep *w, struct error *e)
{
	bool more;
	int rc;

	w->listed = w->deleted = 0;
	if (open_list(w, e) == -1)
		return -1;
	for (rc = 1; rc == 1;) {
		more = w->name.len > 0;
		if (ask_page(w, e) == -1)
			return -1;
		if (w->bulk->call.status == 400 && w->way < SCROLL && w->after.len == 0) {
			close_list(w);
			w->way++;	/* points in time without _shard_doc */
			return 0;
		}
		if (w->bulk->call.status == 404 && more)
			return 0;	/* the engine has forgotten it */
		if (w->bulk->call.status != 200)
			return bulk_refused(w->bulk, w->place->alias, e);
		if (w->way == SCROLL && more && w->bulk->asked_again)
			return 0;	/* it may have moved on for an answer that was lost */
		rc = read_page(w, e);
	}
	if (rc == -1 || bulk_drain(w->bulk, e) == -1)
		return -1;
	close_list(w);
	return rc == 0;
}

int
sweep(struct bulk *b, struct place *p, const struct change *c, uint64_t last, uint64_t as, struct error *e)
{
	struct sweep w = { .bulk = b, .place = p, .change = c, .last = last, .as = as };
	int rc = 0, round;

	if (bulk_drain(b, e) == -1 || index_refresh(b, p, e) == -1)
		return -1;
	if (buf_init(&w.request, 2 * MAX_NAME) == -1 || buf_init(&w.name, MAX_NAME) == -1 ||
	    buf_init(&w.after, MAX_NAME) == -1 || buf_init(&w.document, MAX_NAME) == -1)
		rc = no_memory(e);
	for (round = 0; rc == 0 && round < MAX_ROUNDS; round++)
		rc = sweep_once(&w, e);
	if (rc == 0)
		rc = error_set(e, RC_TEMP, "%s: its ids cannot be listed to the end", p->alias);
	if (rc == 1)
		log_info("%s: older documents deleted table=%s listed=%" PRIu64 " deleted=%" PRIu64, op_name(c->op),
		    p->target->table, w.listed, w.deleted);
	json_free(&w.json);
	buf_free(&w.request);
	buf_free(&w.name);
	buf_free(&w.after);
	buf_free(&w.document);
	return rc == 1 ? 0 : -1;
}
