/* SPDX-License-Identifier: ISC */
/* Bulk answers. */
#include <stdio.h>
#include <string.h>

#include "es-bulk/answer.h"

/* A walk over JSON text whose values are checked as they are passed. */
struct walk {
	const char *p, *end;
};

static void
skip_space(struct walk *w)
{
	while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
		w->p++;
}

static bool
take(struct walk *w, char c)
{
	skip_space(w);
	if (w->p == w->end || *w->p != c)
		return false;
	w->p++;
	return true;
}

static bool
take_value(struct walk *w, struct slice *v)
{
	const char *at, *end;

	skip_space(w);
	if ((end = json_skip(w->p, w->end, &at)) == NULL)
		return false;
	v->p = w->p;
	v->n = (size_t)(end - w->p);
	w->p = end;
	return true;
}

/* Calls each with every member of the object at w->p; each takes the value. */
static bool
take_object(struct walk *w, bool (*each)(struct walk *, struct slice name, void *), void *arg)
{
	struct slice name;

	if (!take(w, '{'))
		return false;
	if (take(w, '}'))
		return true;
	do {
		skip_space(w);
		if (w->p == w->end || *w->p != '"' || !take_value(w, &name) || !take(w, ':') ||
		    !each(w, name, arg))
			return false;
	} while (take(w, ','));
	return take(w, '}');
}

static bool
is(struct slice s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* One item of the answer. */
struct answer_item {
	struct slice op, index, result, error;
	unsigned int status;
};

static bool
each_of_item(struct walk *w, struct slice name, void *arg)
{
	struct answer_item *a = arg;
	struct slice v;
	size_t i;

	if (!take_value(w, &v))
		return false;
	if (is(name, "\"status\"")) {
		for (i = 0, a->status = 0; i < v.n; i++) {
			if (i == 3 || v.p[i] < '0' || v.p[i] > '9')
				return false;
			a->status = a->status * 10 + (unsigned int)(v.p[i] - '0');
		}
	} else if (is(name, "\"error\"")) {
		a->error = v;
	} else if (is(name, "\"result\"")) {
		a->result = v;
	} else if (is(name, "\"_index\"")) {
		a->index = v;
	}
	return true;
}

static bool
each_op(struct walk *w, struct slice name, void *arg)
{
	struct answer_item *a = arg;

	if (a->op.p != NULL)
		return false;
	a->op = name;
	return take_object(w, each_of_item, a);
}

/* What is known of the request, and which item comes next. */
struct reading {
	struct batch *batch;
	size_t n, next;
	bool seen;
};

/* Did a delete go to the very name that it was sent to? require_alias does not hold for deletes: without the alias the
 * engine makes an index of that name, and says that the document was not there. */
static bool
went_past_alias(const struct batch *b, const struct item *item, struct slice index)
{
	static const char start[] = "{\"delete\":{\"_index\":";
	const char *sent = b->body.data + item->at + sizeof(start) - 1;

	return index.p != NULL && item->action > sizeof(start) + index.n && memcmp(sent, index.p, index.n) == 0;
}

static bool
judge(struct reading *r, const struct answer_item *a)
{
	struct item *item = &r->batch->items[r->next];
	bool is_delete = item->row == 0;

	if (!is(a->op, is_delete ? "\"delete\"" : "\"index\"") || a->status < 100)
		return false;
	item->status = (uint16_t)a->status;
	item->error = a->error;
	if (is_delete && went_past_alias(r->batch, item, a->index)) {
		static const char why[] = "{\"type\":\"not_an_alias\",\"reason\":\"the engine took the delete for an index "
		    "of its own: the alias is gone\"}";

		item->error = (struct slice){ why, sizeof(why) - 1 };
		item->verdict = VERDICT_STOP;
	} else if (is_delete && a->status == 404 && a->error.p == NULL && is(a->result, "\"not_found\"")) {
		item->verdict = VERDICT_DONE;
	} else {
		item->verdict = answer_verdict(a->status, a->error);
	}
	r->next++;
	return true;
}

/* What nearly all items are: {"index":{"status":201}}. */
static bool
take_success(struct walk *w, struct reading *r)
{
	static const char usual[] = "{\"index\":{\"status\":20";
	const size_t n = sizeof(usual) - 1;
	struct item *item = &r->batch->items[r->next];

	if (r->next == r->n || item->row == 0 || (size_t)(w->end - w->p) < n + 3 || memcmp(w->p, usual, n) != 0 ||
	    (w->p[n] != '0' && w->p[n] != '1') || w->p[n + 1] != '}' || w->p[n + 2] != '}')
		return false;
	item->status = (uint16_t)(200 + w->p[n] - '0');
	item->error.p = NULL;
	item->verdict = VERDICT_DONE;
	r->next++;
	w->p += n + 3;
	return true;
}

static bool
take_items(struct walk *w, struct reading *r)
{
	struct answer_item a;

	if (r->seen || !take(w, '['))
		return false;
	r->seen = true;
	if (take(w, ']'))
		return true;
	do {
		if (take_success(w, r))
			continue;
		memset(&a, 0, sizeof(a));
		if (r->next == r->n || !take_object(w, each_op, &a) || !judge(r, &a))
			return false;
	} while (take(w, ','));
	return take(w, ']');
}

static bool
each_of_answer(struct walk *w, struct slice name, void *arg)
{
	struct slice v;

	return is(name, "\"items\"") ? take_items(w, arg) : take_value(w, &v);
}

int
answer_read(struct batch *b, size_t n, const char *text, size_t len)
{
	struct walk w = { text, text + len };
	struct reading r = { .batch = b, .n = n };

	if (!take_object(&w, each_of_answer, &r))
		return -1;
	skip_space(&w);
	return w.p == w.end && r.next == n ? 0 : -1;
}

/* Of the errors below 500: the first rule whose type is the error's and whose words stand in its reason decides. (What
 * caused it is not looked at: values of the document are quoted there.) What is not listed stops the stream: it may be
 * an outage, and an outage must not fill the dead-letter file. */
static const struct rule {
	const char *type, *words;
	enum verdict verdict;
} rules[] = {
	{ "version_conflict_engine_exception", NULL, VERDICT_STALE },
	/* of an index: total fields, nested fields, depth, length of names */
	{ "illegal_argument_exception", "Limit of ", VERDICT_STOP },
	{ "document_parsing_exception", "failed to parse: Limit of ", VERDICT_STOP },
	{ "mapper_parsing_exception", NULL, VERDICT_DEAD },
	{ "document_parsing_exception", NULL, VERDICT_DEAD },
	{ "strict_dynamic_mapping_exception", NULL, VERDICT_DEAD },
	{ "illegal_argument_exception", "defined for alias", VERDICT_STOP },
	{ "illegal_argument_exception", "field", VERDICT_DEAD },
	{ "illegal_argument_exception", "mapper [", VERDICT_DEAD },
	{ "illegal_argument_exception", "object mapping", VERDICT_DEAD },
	{ "action_request_validation_exception", "is too long", VERDICT_DEAD },
	{ "max_bytes_length_exceeded_exception", NULL, VERDICT_DEAD },
	{ "x_content_parse_exception", NULL, VERDICT_DEAD },
	{ "json_parse_exception", NULL, VERDICT_DEAD },
	{ "input_coercion_exception", NULL, VERDICT_DEAD },
	{ "parse_exception", NULL, VERDICT_DEAD },
	{ "shard_not_found_exception", NULL, VERDICT_RETRY },
	{ "no_shard_available_action_exception", NULL, VERDICT_RETRY },
};

struct reason {
	struct slice type, reason;
};

static bool
each_of_error(struct walk *w, struct slice name, void *arg)
{
	struct reason *r = arg;
	struct slice v;

	if (!take_value(w, &v))
		return false;
	if (is(name, "\"type\""))
		r->type = v;
	else if (is(name, "\"reason\""))
		r->reason = v;
	return true;
}

static struct reason
reason_of(struct slice error)
{
	struct walk w = { error.p, error.p + error.n };
	struct reason r = { { NULL, 0 }, { NULL, 0 } };

	if (error.p != NULL)
		take_object(&w, each_of_error, &r);
	return r;
}

static bool
is_type(struct slice quoted, const char *type)
{
	return quoted.n == strlen(type) + 2 && memcmp(quoted.p + 1, type, quoted.n - 2) == 0;
}

enum verdict
answer_verdict(unsigned int status, struct slice error)
{
	struct reason r;
	size_t i;

	if (status >= 200 && status < 300 && error.p == NULL)
		return VERDICT_DONE;
	if (status == 429 || status >= 500)
		return VERDICT_RETRY;
	if (status == 413)
		return VERDICT_DEAD;	/* one document that is too large */
	if (status == 401 || status == 403)
		return VERDICT_STOP;
	r = reason_of(error);
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (r.type.p == NULL || !is_type(r.type, rules[i].type))
			continue;
		if (rules[i].words == NULL || (r.reason.p != NULL &&
		    memmem(r.reason.p, r.reason.n, rules[i].words, strlen(rules[i].words)) != NULL))
			return rules[i].verdict;
	}
	return VERDICT_STOP;
}

static bool
each_for_error(struct walk *w, struct slice name, void *arg)
{
	struct slice v;

	if (!take_value(w, &v))
		return false;
	if (is(name, "\"error\""))
		*(struct slice *)arg = v;
	return true;
}

struct slice
answer_error(const char *text, size_t len)
{
	struct walk w = { text, text + len };
	struct slice error = { NULL, 0 };

	take_object(&w, each_for_error, &error);
	return error;
}

const char *
answer_reason(struct slice error, char *to, size_t size)
{
	struct reason r = reason_of(error);

	if (r.type.p != NULL && r.reason.p != NULL && r.type.n >= 2 && r.reason.n >= 2)
		snprintf(to, size, "%.*s: %.*s", (int)r.type.n - 2, r.type.p + 1, (int)r.reason.n - 2, r.reason.p + 1);
	else
		snprintf(to, size, "%.*s", (int)error.n, error.p == NULL ? "" : error.p);
	return to;
}
