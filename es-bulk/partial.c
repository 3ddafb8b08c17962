/* SPDX-License-Identifier: ISC */
/* Partial rows. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/answer.h"
#include "es-bulk/index.h"
#include "es-bulk/partial.h"

/* Appends the text of a JSON string as part of a path. */
static int
put_text(struct buf *path, const char *string, size_t n)
{
	struct json j = { 0 };
	struct error ignored;
	struct buf text;
	int rc;

	if (buf_init(&text, 4096) == -1)
		return -1;
	rc = json_parse_checked(&j, string, n, &ignored) == -1 || json_text(&j, 0, &text) == -1 ||
	    path_put(path, text.data, text.len) == -1 ? -1 : 0;
	json_free(&j);
	buf_free(&text);
	return rc;
}

/* METHOD /ALIAS/_doc/ID?query&routing=R */
static int
ask_document(struct bulk *b, const char *method, const struct located *l, const char *query, struct error *e)
{
	static const char between[] = ",\"routing\":";
	size_t routing = l->id_n + sizeof(between) - 1;
	struct buf path;
	int rc = -1;

	if (buf_init(&path, 16384) == -1)
		return error_set(e, RC_TEMP, "document: %s", strerror(errno));
	if (buf_putc(&path, '/') == -1 || path_put(&path, l->place->alias, strlen(l->place->alias)) == -1 ||
	    buf_puts(&path, "/_doc/") == -1 || put_text(&path, l->name.data, l->id_n) == -1 ||
	    buf_puts(&path, query) == -1 || (l->name.len > routing && (buf_puts(&path, "&routing=") == -1 ||
	    put_text(&path, l->name.data + routing, l->name.len - routing) == -1)) || buf_str(&path) == NULL)
		error_set(e, RC_TEMP, "document: %s", strerror(errno));
	else
		rc = bulk_ask(b, method, path.data, NULL, e);
	buf_free(&path);
	return rc;
}

/* Elasticsearch 9.2 leaves vectors out of what it gives, unless asked for them in a way that older ones refuse. */
static int
get_document(struct bulk *b, const struct located *l, struct error *e)
{
	const struct slice columns = l->place->target->columns;

	if (columns.p != NULL && memmem(columns.p, columns.n, "\"vector", 7) != NULL) {
		if (ask_document(b, "GET", l, "?realtime=true&_source_exclude_vectors=false", e) == -1)
			return -1;
		if (b->call.status != 400)
			return 0;
	}
	return ask_document(b, "GET", l, "?realtime=true", e);
}

static int
put_member(struct buf *to, const struct json *name_of, int name, const struct json *value_of, int value)
{
	const char *raw;
	size_t n;

	if (to->len > 1 && buf_putc(to, ',') == -1)
		return -1;
	raw = json_slice(name_of, name, &n);
	if (buf_add(to, raw, n) == -1 || buf_putc(to, ':') == -1)
		return -1;
	raw = json_slice(value_of, value, &n);
	return buf_add(to, raw, n);
}

/* The value that the object at `object` has for the name; -1: none. */
static int
value_for(const struct json *j, int object, const struct json *name_of, int name)
{
	char *text = json_strdup(name_of, name);
	int at = text == NULL ? -1 : json_member(j, object, text);

	free(text);
	return at;
}

static int
merge(struct buf *to, const struct json *doc, int source, const struct json *row)
{
	int at, value;

	to->len = 0;
	if (buf_putc(to, '{') == -1)
		return -1;
	for (at = json_first(doc, source); at != -1; at = json_next(doc, at)) {
		value = value_for(row, 0, doc, at);
		if ((value == -1 ? put_member(to, doc, at, doc, at + 1) : put_member(to, doc, at, row, value)) == -1)
			return -1;
	}
	for (at = json_first(row, 0); at != -1; at = json_next(row, at))
		if (value_for(doc, source, row, at) == -1 && put_member(to, row, at, row, at + 1) == -1)
			return -1;
	return buf_putc(to, '}');
}

enum merge
partial_merge(struct bulk *b, const struct located *l, uint64_t version, struct slice row, struct buf *merged,
    struct error *e)
{
	const char *alias = l->place->alias;
	struct json doc = { 0 }, own = { 0 };
	enum merge rc = MERGE_FAILED;
	uint64_t there;
	int source;

	if (get_document(b, l, e) == -1)
		return MERGE_FAILED;
	if (b->call.status != 200 && (b->call.status != 404 || answer_error(b->call.answer.data, b->call.answer.len).p != NULL)) {
		bulk_refused(b, alias, e);
		return MERGE_FAILED;
	}
	if (json_parse(&doc, b->call.answer.data, b->call.answer.len, e) == -1 ||
	    json_parse_checked(&own, row.p, row.n, e) == -1)
		goto out;
	source = json_member(&doc, 0, "_source");
	if (b->call.status == 404)
		rc = MERGE_MISSING;
	else if (source == -1 || json_type(&doc, source) != JSON_OBJECT ||
	    json_u64(&doc, json_member(&doc, 0, "_version"), &there) == -1)
		error_set(e, RC_FAIL, "%s: the engine gives documents without _source or _version: partial rows cannot be "
		    "merged (--partial)", alias);
	else if (there > version)
		rc = MERGE_NEWER;
	else if (merge(merged, &doc, source, &own) == -1)
		error_set(e, RC_TEMP, "merged document: %s", strerror(errno));
	else
		rc = MERGE_DONE;
out:
	json_free(&doc);
	json_free(&own);
	return rc;
}

int
partial_was_deleted(struct bulk *b, const struct located *l, uint64_t version, bool *deleted, struct error *e)
{
	char query[96];

	snprintf(query, sizeof(query), "?version=%" PRIu64 "&version_type=external_gte", version);
	if (ask_document(b, "DELETE", l, query, e) == -1)
		return -1;
	*deleted = b->call.status == 409;
	if (*deleted || b->call.status == 200 ||
	    (b->call.status == 404 && answer_error(b->call.answer.data, b->call.answer.len).p == NULL))
		return 0;
	return bulk_refused(b, l->place->alias, e);
}
