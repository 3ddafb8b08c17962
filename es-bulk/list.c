/* SPDX-License-Identifier: ISC */
/* Lists of ids (Elasticsearch and OpenSearch manuals: point in time, search_after, scroll). A sort by _id is off by default. */
#include <errno.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/index.h"
#include "es-bulk/join.h"
#include "es-bulk/list.h"

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

struct list {
	struct bulk *bulk;
	struct place *place;
	const struct list_user *user;
	size_t way;
	struct json json;	/* of the page */
	struct buf request, name, after;	/* name: the list's, a JSON string; after: the last hit's sort values */
};

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "list of ids: %s", strerror(errno));
}

static int
page_fault(struct error *e)
{
	return error_set(e, RC_FAIL, "the engine's list of ids cannot be read");
}

static int
give(struct list *l, int hit, struct error *e)
{
	const struct json *j = &l->json;
	int id = json_member(j, hit, "_id"), routing = json_member(j, hit, "_routing");
	struct list_hit h = { .routing = { NULL, 0 } };

	if (id == -1 || json_type(j, id) != JSON_STRING || json_u64(j, json_member(j, hit, "_version"), &h.version) == -1)
		return page_fault(e);
	h.id.p = json_slice(j, id, &h.id.n);
	if (routing != -1)
		h.routing.p = json_slice(j, routing, &h.routing.n);
	return l->user->each(l->user->arg, &h, e);
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
read_page(struct list *l, struct error *e)
{
	const struct json *j = &l->json;
	int hits, hit, shards, last = -1;
	uint64_t failed = 0;

	if (json_parse(&l->json, l->bulk->call.answer.data, l->bulk->call.answer.len, e) == -1)
		return -1;
	hits = json_member(j, json_member(j, 0, "hits"), "hits");
	shards = json_member(j, 0, "_shards");
	if (json_u64(j, json_member(j, shards, "failed"), &failed) == -1)
		return page_fault(e);
	if (failed != 0)
		return 2;
	if (keep(&l->name, j, json_member(j, 0, l->way == SCROLL ? "_scroll_id" : "pit_id")) == -1)
		return no_memory(e);
	for (hit = hits == -1 ? -1 : json_first(j, hits); hit != -1; last = hit, hit = json_next(j, hit))
		if (give(l, hit, e) == -1)
			return -1;
	if (last == -1)
		return 0;
	return keep(&l->after, j, json_member(j, last, "sort")) == -1 ? no_memory(e) : 1;
}

/* POST /ALIAS/rest */
static int
ask_alias(struct list *l, const char *rest, const struct buf *body, struct error *e)
{
	struct buf path;
	int rc;

	if (buf_init(&path, 4096) == -1)
		return no_memory(e);
	if (buf_putc(&path, '/') == -1 || path_put(&path, l->place->alias, strlen(l->place->alias)) == -1 ||
	    buf_puts(&path, rest) == -1 || buf_str(&path) == NULL)
		rc = no_memory(e);
	else
		rc = bulk_ask(l->bulk, "POST", path.data, body, e);
	buf_free(&path);
	return rc;
}

/* Opens the list in the first way that the engine has. 0; -1. */
static int
open_list(struct list *l, struct error *e)
{
	int at;

	l->name.len = l->after.len = 0;
	for (; ways[l->way].open != NULL; l->way++) {
		if (ask_alias(l, ways[l->way].open, NULL, e) == -1)
			return -1;
		if (l->bulk->call.status != 200)
			continue;
		if (json_parse(&l->json, l->bulk->call.answer.data, l->bulk->call.answer.len, e) == -1)
			return -1;
		if ((at = json_member(&l->json, 0, ways[l->way].opened)) == -1)
			return page_fault(e);
		return keep(&l->name, &l->json, at) == -1 ? no_memory(e) : 0;
	}
	return 0;
}

static int
put_name(struct list *l, const char *start, const char *end)
{
	return buf_puts(&l->request, start) == -1 || buf_add(&l->request, l->name.data, l->name.len) == -1 ||
	    buf_puts(&l->request, end) == -1 ? -1 : 0;
}

static int
ask_scroll(struct list *l, struct error *e)
{
	int rc;

	if (put_name(l, "{\"scroll\":\"5m\",\"scroll_id\":", "}") == -1)
		return no_memory(e);
	l->bulk->call.only_once = true;
	rc = bulk_ask(l->bulk, "POST", "/_search/scroll", &l->request, e);
	l->bulk->call.only_once = false;
	return rc;
}

static int
ask_page(struct list *l, struct error *e)
{
	l->request.len = 0;
	if (l->way == SCROLL && l->name.len > 0)
		return ask_scroll(l, e);
	if (buf_putf(&l->request, "{\"size\":%d,\"version\":true,\"_source\":false,", PAGE) == -1 ||
	    join_put_query(&l->request, l->place->target->rule) == -1)
		return no_memory(e);
	if (l->way == SCROLL)
		return buf_puts(&l->request, "\"sort\":[\"_doc\"]}") == -1 ? no_memory(e) :
		    ask_alias(l, "/" SEARCH "&scroll=5m", &l->request, e);
	if (put_name(l, "\"sort\":[{\"_shard_doc\":\"asc\"}],\"pit\":{\"id\":", ",\"keep_alive\":\"5m\"}") == -1 ||
	    (l->after.len > 0 && (buf_puts(&l->request, ",\"search_after\":") == -1 ||
	    buf_add(&l->request, l->after.data, l->after.len) == -1)) || buf_putc(&l->request, '}') == -1)
		return no_memory(e);
	return bulk_ask(l->bulk, "POST", "/" SEARCH, &l->request, e);
}

/* A list left open costs the engine memory; that this fails means nothing. */
static void
close_list(struct list *l)
{
	struct error ignored;

	l->request.len = 0;
	if (l->name.len > 0 && buf_putf(&l->request, "{\"%s\":", ways[l->way].closed) == 0 && put_name(l, "", "}") == 0)
		bulk_ask(l->bulk, "DELETE", ways[l->way].close, &l->request, &ignored);
}

/* 1: listed to its end; 0: it broke off: begin again; -1. */
static int
list_once(struct list *l, struct error *e)
{
	bool more;
	int rc;

	if (open_list(l, e) == -1)
		return -1;
	for (rc = 1; rc == 1;) {
		more = l->name.len > 0;
		if (ask_page(l, e) == -1)
			return -1;
		if (l->bulk->call.status == 400 && l->way < SCROLL && l->after.len == 0) {
			close_list(l);
			l->way++;	/* points in time without _shard_doc */
			return 0;
		}
		if (l->bulk->call.status == 404 && more)
			return 0;	/* the engine has forgotten it */
		if (l->bulk->call.status != 200)
			return bulk_refused(l->bulk, l->place->alias, e);
		if (l->way == SCROLL && more && l->bulk->asked_again)
			return 0;	/* it may have moved on for an answer that was lost */
		rc = read_page(l, e);
	}
	if (rc == -1 || bulk_drain(l->bulk, e) == -1)
		return -1;
	close_list(l);
	return rc == 0;
}

int
list_documents(struct bulk *b, struct place *p, const struct list_user *user, struct error *e)
{
	struct list l = { .bulk = b, .place = p, .user = user };
	int rc = 0, round;

	if (bulk_drain(b, e) == -1 || index_refresh(b, p, e) == -1)
		return -1;
	if (buf_init(&l.request, 2 * MAX_NAME) == -1 || buf_init(&l.name, MAX_NAME) == -1 ||
	    buf_init(&l.after, MAX_NAME) == -1)
		rc = no_memory(e);
	for (round = 0; rc == 0 && round < MAX_ROUNDS; round++) {
		if (round > 0 && user->again != NULL)
			user->again(user->arg);
		rc = list_once(&l, e);
	}
	if (rc == 0)
		rc = error_set(e, RC_TEMP, "%s: its ids cannot be listed to the end", p->alias);
	json_free(&l.json);
	buf_free(&l.request);
	buf_free(&l.name);
	buf_free(&l.after);
	return rc == 1 ? 0 : -1;
}
