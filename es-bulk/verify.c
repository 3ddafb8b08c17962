/* SPDX-License-Identifier: ISC */
/* Rows beside documents. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/answer.h"
#include "es-bulk/verify.h"

#define MGET_PATH "/_mget?filter_path=docs._id,docs.found,docs._version,docs._source,docs.error"

int
verify_ask(struct bulk *b, struct lane *l, struct error *e)
{
	static const char start[] = "{\"delete\":", version[] = ",\"version\":";
	const struct batch *batch = l->sent;
	struct buf *ask = &l->ask;
	const char *action, *end;
	size_t i;

	ask->len = 0;
	for (i = 0; i < l->asked; i++) {
		/* an action line names its document in the words of a multi get, up to the version */
		action = batch->body.data + batch->items[i].at + sizeof(start) - 1;
		end = memrchr(action, ',', batch->items[i].action - sizeof(start));
		end = end == NULL ? NULL : memrchr(action, ',', (size_t)(end - action));
		if (end == NULL || memcmp(end, version, sizeof(version) - 1) != 0)
			return error_set(e, RC_FAIL, "verify: an action line that is none");
		if (buf_puts(ask, i == 0 ? "{\"docs\":[" : ",") == -1 ||
		    buf_add(ask, action, (size_t)(end - action)) == -1 || buf_putc(ask, '}') == -1)
			return error_set(e, RC_TEMP, "verify: %s", strerror(errno));
	}
	if (buf_puts(ask, "]}") == -1)
		return error_set(e, RC_TEMP, "verify: %s", strerror(errno));
	return http_start(&b->http, &l->call, "POST", MGET_PATH, ask->data, ask->len, false, e);
}

/* One row, and what the engine has of it. */
struct pair {
	struct json row, answer;
	int doc;		/* in answer */
	struct buf fields;	/* names of those that differ, a JSON array without its end; len 0: none */
};

/* Puts the fields that the document has otherwise into p->fields; one that it lacks is null, as for a search: a column was
 * added since. -1: no memory. */
static int
compare(struct pair *p, int source)
{
	const struct json *row = &p->row;
	const char *name;
	int at, other, rc;
	char *text;
	size_t n;

	for (at = json_first(row, 0); at != -1; at = json_next(row, at)) {
		if ((text = json_strdup(row, at)) == NULL)
			return -1;
		other = json_member(&p->answer, source, text);
		free(text);
		rc = other == -1 ? json_type(row, at + 1) == JSON_NULL : json_equal(row, at + 1, &p->answer, other);
		if (rc == 1)
			continue;
		name = json_slice(row, at, &n);
		if (rc == -1 || buf_putc(&p->fields, p->fields.len == 0 ? '[' : ',') == -1 ||
		    buf_add(&p->fields, name, n) == -1)
			return -1;
	}
	return 0;
}

/* {"error":{"type":…,"reason":…,"fields":[…]},"event":…}, as a dead letter is */
static int
print(struct bulk *b, const struct lane *l, const struct item *item, const char *type, const char *reason,
    const struct buf *fields, struct error *e)
{
	struct buf *out = &b->ack.out.buf;
	size_t was = out->len;

	b->count.differences++;
	if (buf_putf(out, "{\"error\":{\"type\":\"%s\",\"reason\":\"%s\"", type, reason) == -1 ||
	    (fields != NULL && (buf_puts(out, ",\"fields\":") == -1 || buf_add(out, fields->data, fields->len) == -1 ||
	    buf_putc(out, ']') == -1)) || buf_puts(out, "},\"event\":") == -1 ||
	    batch_put_event(l->sent, item, out) == -1 || buf_puts(out, "}\n") == -1) {
		out->len = was;
		return error_set(e, RC_TEMP, "verify: %s", strerror(errno));
	}
	return output_line_end(&b->ack.out, e);
}

static int
print_difference(struct bulk *b, const struct lane *l, const struct item *item, uint64_t version, const struct pair *p,
    struct error *e)
{
	char reason[128];

	snprintf(reason, sizeof(reason), "the document has version %" PRIu64 ", the row %" PRIu64, version, item->version);
	return print(b, l, item, version > item->version && item->version > 1 ? "newer" :
	    version < item->version ? "stale" : "different", reason, &p->fields, e);
}

static int
look(struct bulk *b, struct lane *l, struct item *item, struct pair *p, struct error *e)
{
	const struct json *j = &p->answer;
	const char *row = l->sent->body.data + item->at + item->action;
	int found = json_member(j, p->doc, "found"), source = json_member(j, p->doc, "_source");
	int error = json_member(j, p->doc, "error");
	uint64_t version = 0;
	char why[512];

	if (error != -1) {
		item->error.p = json_slice(j, error, &item->error.n);
		return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine does not tell of the document: %s", item->number,
		    answer_reason(item->error, why, sizeof(why)));
	}
	if (found != -1 && json_type(j, found) == JSON_FALSE)
		return item->row == 0 ? 0 : print(b, l, item, "missing", "there is no document", NULL, e);
	if (source == -1 || json_type(j, source) != JSON_OBJECT ||
	    json_u64(j, json_member(j, p->doc, "_version"), &version) == -1)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine's answer does not hold the document",
		    item->number);
	if (item->row == 0)
		return print(b, l, item, version > item->version && item->version > 1 ? "newer" : "extra",
		    "there is a document, and no row", NULL, e);
	p->fields.len = 0;
	if (json_parse_checked(&p->row, row, item->row - 1, e) == -1)
		return -1;
	if (compare(p, source) == -1)
		return error_set(e, RC_TEMP, "verify: %s", strerror(errno));
	return p->fields.len == 0 ? 0 : print_difference(b, l, item, version, p, e);
}

static int
look_at_all(struct bulk *b, struct lane *l, struct pair *p, struct error *e)
{
	int docs = json_member(&p->answer, 0, "docs");
	size_t i;

	if (docs == -1 || json_type(&p->answer, docs) != JSON_ARRAY || (size_t)json_size(&p->answer, docs) != l->asked)
		return 0;
	p->doc = json_first(&p->answer, docs);
	for (i = 0; i < l->asked; i++, p->doc = json_next(&p->answer, p->doc)) {
		l->sent->items[i].verdict = VERDICT_DONE;
		if (look(b, l, &l->sent->items[i], p, e) == -1)
			return -1;
	}
	return 1;
}

int
verify_read(struct bulk *b, struct lane *l, struct error *e)
{
	struct pair p = { .doc = -1 };
	struct error broken;
	int rc = 0;

	if (buf_init(&p.fields, (size_t)1 << 20) == -1)
		return error_set(e, RC_TEMP, "verify: %s", strerror(errno));
	if (json_parse(&p.answer, l->call.answer.data, l->call.answer.len, &broken) == 0)
		rc = look_at_all(b, l, &p, e);
	json_free(&p.row);
	json_free(&p.answer);
	buf_free(&p.fields);
	return rc;
}
