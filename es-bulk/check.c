/* SPDX-License-Identifier: ISC */
/* Facts about the engine. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/check.h"
#include "es-bulk/index.h"
#include "es-bulk/join.h"
#include "es-bulk/settings.h"

struct facts {
	struct bulk *bulk;
	struct buf line;
	struct json json;
	bool failed;
};

static int
fact(struct facts *f, const char *level, const char *advice, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int
fact(struct facts *f, const char *level, const char *advice, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->failed |= strcmp(level, "failure") == 0;
	f->line.len = 0;
	if (buf_putf(&f->line, "{\"check\":\"elastic\",\"level\":\"%s\",\"text\":", level) == -1 ||
	    json_put_str(&f->line, text) == -1)
		return -1;
	if (advice != NULL && (buf_puts(&f->line, ",\"advice\":") == -1 || json_put_str(&f->line, advice) == -1))
		return -1;
	if (buf_puts(&f->line, "}\n") == -1)
		return -1;
	return fwrite(f->line.data, 1, f->line.len, stdout) == f->line.len ? 0 : -1;
}

/* GETs the path; 1: status 200 and JSON; 0: another answer, or none. */
static int
get(struct facts *f, const char *method, const char *path, struct error *e)
{
	if (bulk_ask(f->bulk, method, path, NULL, e) == -1 || f->bulk->call.status != 200)
		return 0;
	return json_parse(&f->json, f->bulk->call.answer.data, f->bulk->call.answer.len, e) == 0;
}

static bool
is_loopback(const char *url)
{
	return strstr(url, "//127.") != NULL || strstr(url, "//localhost") != NULL || strstr(url, "//[::1]") != NULL;
}

/* What answers there. es-bulk asks no product for its name, only the oldest one whether it is too old. */
static void
tell_version(struct facts *f, const char *url)
{
	int version = json_member(&f->json, 0, "version"), at, major = 0, minor = 0;
	char *number = (at = json_member(&f->json, version, "number")) == -1 ? NULL : json_strdup(&f->json, at);
	char *distribution = (at = json_member(&f->json, version, "distribution")) == -1 ? NULL :
	    json_strdup(&f->json, at);

	if (distribution == NULL && number != NULL && sscanf(number, "%d.%d", &major, &minor) == 2 &&
	    (major < 7 || (major == 7 && minor < 10)))
		fact(f, "failure", "es-bulk needs Elasticsearch 7.10 or OpenSearch 1.0 at least",
		    "Elasticsearch %s is too old: it knows no require_alias", number);
	else
		fact(f, "ok", NULL, "%s %s answers at %s", distribution == NULL ? "Elasticsearch" : distribution,
		    number == NULL ? "(version not told)" : number, url);
	free(number);
	free(distribution);
}

/* true: it is there. */
static bool
check_node(struct facts *f, size_t i)
{
	struct http *h = &f->bulk->http;
	struct error e = { 0 };
	char why[512];

	h->next = i;
	h->nodes[i].aside_until_ms = 0;
	if (get(f, "GET", "/", &e)) {
		tell_version(f, h->nodes[i].base);
		return true;
	}
	fact(f, "failure", f->bulk->call.status == 401 || f->bulk->call.status == 403 ?
	    "elastic.username and its password, or the key, must be an account's of the search engine" :
	    "is elastic.address right, and does the search engine run?", "%s: %s", h->nodes[i].base,
	    f->bulk->call.done ? http_reason(&f->bulk->call, why, sizeof(why)) : e.text);
	return false;
}

/* Every address. true: one of them at least is there. */
static bool
check_root(struct facts *f)
{
	const struct http_options *o = f->bulk->o.http;
	bool there = false, clear = false;
	size_t i;

	for (i = 0; i < o->urls_count; i++) {
		there |= check_node(f, i);
		clear |= strncmp(o->urls[i], "http://", 7) == 0 && !is_loopback(o->urls[i]);
	}
	if (clear && o->auth.kind != AUTH_NONE && o->auth.kind != AUTH_AWS)
		fact(f, "warning", "use an https:// address", "the password crosses the network in clear text");
	if (o->insecure)
		fact(f, "warning", "name the engine's CA in elastic.ca_file and leave elastic.insecure out",
		    "the engine's certificate is not verified");
	return there;
}

static void
check_health(struct facts *f)
{
	struct error e = { 0 };
	char why[512];
	int status;

	if (!get(f, "GET", "/_cluster/health", &e)) {
		fact(f, "warning", "the account may lack the cluster privilege monitor", "cluster health: %s",
		    http_reason(&f->bulk->call, why, sizeof(why)));
		return;
	}
	status = json_member(&f->json, 0, "status");
	if (json_is(&f->json, status, "red"))
		fact(f, "warning", "look at GET /_cluster/allocation/explain",
		    "the cluster is red: some of its indices cannot be written");
	else
		fact(f, "ok", NULL, "cluster health is %s", json_is(&f->json, status, "green") ? "green" : "yellow");
}

static void
check_request_size(struct facts *f)
{
	static const char name[] = "\"max_content_length_in_bytes\":";
	struct error e = { 0 };
	unsigned long long bytes;
	const char *at;

	if (!get(f, "GET", "/_nodes/http?filter_path=nodes.*.http.max_content_length_in_bytes", &e) ||
	    (at = memmem(f->bulk->call.answer.data, f->bulk->call.answer.len, name, sizeof(name) - 1)) == NULL)
		return;		/* a service that does not tell */
	bytes = strtoull(at + sizeof(name) - 1, NULL, 10);
	if (bytes < f->bulk->o.batch_bytes)
		fact(f, "warning", "set delivery.batch_bytes below it", "the engine takes requests of %llu bytes, batches "
		    "may have %zu", bytes, f->bulk->o.batch_bytes);
}

/* /ALIAS/rest */
static int
alias_path(struct buf *path, const char *alias, const char *rest)
{
	path->len = 0;
	return buf_putc(path, '/') == -1 || path_put(path, alias, strlen(alias)) == -1 || buf_puts(path, rest) == -1 ||
	    buf_str(path) == NULL ? -1 : 0;
}

static void
check_alias(struct facts *f, const char *table, const char *alias, struct buf *path)
{
	struct error e = { 0 };
	char why[512], *index;
	const char *text;
	size_t n;
	int first;

	if (alias_path(path, alias, "/_settings?flat_settings=true") == -1)
		return;
	if (!get(f, "GET", path->data, &e)) {
		if (f->bulk->call.status == 404)
			fact(f, "ok", NULL, "%s: no index yet, it will be made", table);
		else
			fact(f, "failure", "the account needs the index privileges manage, read and write", "%s: %s", table,
			    http_reason(&f->bulk->call, why, sizeof(why)));
		return;
	}
	first = json_first(&f->json, 0);
	index = first == -1 ? NULL : json_strdup(&f->json, first);
	text = f->json.text;
	n = f->json.len;
	if (index == NULL)
		return;
	if (json_next(&f->json, first) != -1)
		fact(f, "failure", "leave the alias one index", "%s: its alias stands for several indices", table);
	else if (strcmp(index, alias) == 0)
		fact(f, "failure", "give the index another name, or delete it and load the table again",
		    "%s: an index stands where an alias of that name must", table);
	else if (memmem(text, n, "\"index.blocks.write\":\"true\"", 27) != NULL ||
	    memmem(text, n, "\"index.blocks.read_only\":\"true\"", 31) != NULL)
		fact(f, "failure", "take the write block away: PUT INDEX/_settings {\"index.blocks.write\":false}",
		    "%s: index %s is blocked for writes", table, index);
	else if (memmem(text, n, "\"index.blocks.read_only_allow_delete\":\"true\"", 44) != NULL)
		fact(f, "warning", "free some disk space", "%s: index %s is read-only, as the disk was full", table, index);
	else
		fact(f, "ok", NULL, "%s: index %s", table, index);
	free(index);
}

/* Each index that the table has, or would have. */
static void
check_table(struct facts *f, struct target_list *l, const char *table, struct buf *path)
{
	struct error e = { 0 };
	struct target *t = target_named(l, table, &e);
	const struct place *p;

	if (t == NULL || index_find_places(f->bulk, l, t, &e) == -1)
		fact(f, "failure", NULL, "%s", e.text);
	else if (t->places == NULL)
		fact(f, "ok", NULL, "%s: no index %s yet, they will be made", table, t->pattern);
	else
		for (p = t->places; p != NULL; p = p->next)
			check_alias(f, table, p->alias, path);
}

int
check_engine(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	struct facts f = { .bulk = b };
	struct buf path;
	size_t i;

	b->impatient = true;
	if (buf_init(&f.line, 1 << 16) == -1 || buf_init(&path, 1 << 16) == -1)
		return error_set(e, RC_TEMP, "check: %s", strerror(errno));
	if (check_root(&f)) {
		check_health(&f);
		check_request_size(&f);
		for (i = 0; i < count; i++)
			if (strpbrk(tables[i], "*?") == NULL && strchr(tables[i], '.') != NULL)
				check_table(&f, l, tables[i], &path);
	}
	json_free(&f.json);
	buf_free(&f.line);
	buf_free(&path);
	if (fflush(stdout) == EOF || ferror(stdout))
		return error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
	return f.failed ? RC_FAIL : RC_OK;
}

/* Adds what the index has. *known: there is one. */
static int
count_place(struct bulk *b, const struct place *p, struct buf *path, uint64_t *docs, bool *known, struct error *e)
{
	struct buf query;
	struct json j = { 0 };
	int rc;
	uint64_t n;

	if (alias_path(path, p->alias, "/_refresh") == -1 || buf_init(&query, 1 << 16) == -1)
		return error_set(e, RC_TEMP, "count: %s", strerror(errno));
	rc = bulk_ask(b, "POST", path->data, NULL, e);
	if (rc == 0 && (alias_path(path, p->alias, "/_count") == -1 || buf_putc(&query, '{') == -1 ||
	    join_put_query(&query, p->target->rule) == -1))
		rc = error_set(e, RC_TEMP, "count: %s", strerror(errno));
	comma_drop(&query);
	if (rc == 0)
		rc = buf_putc(&query, '}') == -1 ? error_set(e, RC_TEMP, "count: %s", strerror(errno)) :
		    bulk_ask(b, "POST", path->data, &query, e);
	buf_free(&query);
	if (rc == -1)
		return -1;
	if (b->call.status == 404)
		return 0;
	if (b->call.status != 200)
		return bulk_refused(b, p->target->table, e);
	if (json_parse(&j, b->call.answer.data, b->call.answer.len, e) == -1)
		return -1;
	if (json_u64(&j, json_member(&j, 0, "count"), &n) == 0) {
		*known = true;
		*docs += n;
	}
	json_free(&j);
	return 0;
}

static int
count_one(struct bulk *b, struct target_list *l, const char *table, struct buf *path, struct buf *line, struct error *e)
{
	struct target *t = target_named(l, table, e);
	const struct place *p;
	uint64_t docs = 0;
	bool known = false;
	int rc = -1;

	if (t == NULL || index_find_places(b, l, t, e) == -1)
		return -1;
	for (p = t->places; p != NULL; p = p->next)
		if (count_place(b, p, path, &docs, &known, e) == -1)
			return -1;
	line->len = 0;
	if (buf_puts(line, "{\"table\":") == 0 && json_put_str(line, table) == 0 && buf_puts(line, ",\"docs\":") == 0 &&
	    (known ? buf_putu(line, docs) : buf_puts(line, "null")) == 0 && buf_puts(line, "}\n") == 0)
		rc = fwrite(line->data, 1, line->len, stdout) == line->len ? 0 : -1;
	return rc == 0 ? 0 : error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
}

int
count_documents(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	struct buf path, line;
	int rc = RC_OK;
	size_t i;

	b->impatient = true;
	if (buf_init(&path, 1 << 16) == -1 || buf_init(&line, 1 << 16) == -1)
		return error_set(e, RC_TEMP, "count: %s", strerror(errno));
	for (i = 0; i < count && rc == RC_OK; i++)
		rc = count_one(b, l, tables[i], &path, &line, e);
	if (fflush(stdout) == EOF && rc == RC_OK)
		rc = error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
	buf_free(&path);
	buf_free(&line);
	return rc;
}
