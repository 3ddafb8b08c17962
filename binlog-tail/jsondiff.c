/* SPDX-License-Identifier: ISC */
/* Partial updates of JSON: as the document goes out as text, they are applied to the text. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/binary_json.h"
#include "lib/cursor.h"
#include "lib/json.h"

#include "jsondiff.h"

enum operation { REPLACE, INSERT, REMOVE };

/* One step of a path: a member's name, or an element's number. */
struct leg {
	bool named, from_end;
	size_t at, len;		/* of the name in the scratch buffer, quoted and escaped as in a document */
	uint64_t index;		/* from_end: 0 is the last one */
};

/* Where in a document something is: its bytes, a member's name and colon among them, and the value's alone. */
struct place {
	size_t from, value, to;	/* offsets; value == to: it is not there, but would go to `from` */
	size_t count;		/* members or elements before it */
};

struct patch {
	struct buf *doc, *scratch;
	uint64_t *bad;
};

static int
malformed(void)
{
	errno = EBADMSG;
	return -1;
}

/* ---- paths: $ and then .name, ."name", [number], [last] or [last-number] ---- */

/* A name in quotes is escaped as in JSON, but perhaps not in our way. */
static int
put_quoted_name(struct patch *p, const char *text, size_t n)
{
	struct json j = { 0 };
	struct error e;
	struct buf name;
	int rc;

	if (json_parse(&j, text, n, &e) == -1)
		return malformed();
	if (buf_init(&name, n + 1) == -1) {
		json_free(&j);
		return -1;
	}
	rc = json_text(&j, 0, &name);
	if (rc == 0)
		rc = json_put_string(p->scratch, name.data, name.len, p->bad);
	buf_free(&name);
	json_free(&j);
	return rc;
}

static int
take_name(struct patch *p, struct cursor *path, struct leg *leg)
{
	const char *text = (const char *)path->p, *end = (const char *)path->end, *to, *at;

	leg->named = true;
	leg->at = p->scratch->len;
	if (text < end && *text == '"') {
		if ((to = json_skip(text, end, &at)) == NULL)
			return malformed();
		if (put_quoted_name(p, text, (size_t)(to - text)) == -1)
			return -1;
	} else {
		for (to = text; to < end && *to != '.' && *to != '['; to++)
			;
		if (json_put_string(p->scratch, text, (size_t)(to - text), p->bad) == -1)
			return -1;
	}
	leg->len = p->scratch->len - leg->at;
	path->p = (const uint8_t *)to;
	return 0;
}

static int
take_number(struct cursor *path, uint64_t *n)
{
	const uint8_t *from = path->p;

	for (*n = 0; path->p < path->end && *path->p >= '0' && *path->p <= '9'; path->p++) {
		*n = *n * 10 + (uint64_t)(*path->p - '0');
		if (*n > UINT32_MAX)
			return malformed();
	}
	return path->p == from ? malformed() : 0;
}

static int
take_index(struct cursor *path, struct leg *leg)
{
	leg->named = false;
	leg->index = 0;
	leg->from_end = cur_left(path) >= 4 && memcmp(path->p, "last", 4) == 0;
	if (leg->from_end)
		cur_take(path, 4);
	if (!leg->from_end || (cur_left(path) > 0 && *path->p == '-' && cur_u8(path) == '-'))
		if (take_number(path, &leg->index) == -1)
			return -1;
	return cur_u8(path) != ']' ? malformed() : 0;
}

/* 1; 0: the path ends. */
static int
take_leg(struct patch *p, struct cursor *path, struct leg *leg)
{
	if (cur_left(path) == 0)
		return 0;
	switch (cur_u8(path)) {
	case '.': return take_name(p, path, leg) == -1 ? -1 : 1;
	case '[': return take_index(path, leg) == -1 ? -1 : 1;
	default: return malformed();
	}
}

/* ---- documents ---- */

/* Behind the value at offset `at`. */
static int
skip_value(const struct patch *p, size_t at, size_t *to)
{
	const char *bad, *end = json_skip(p->doc->data + at, p->doc->data + p->doc->len, &bad);

	if (end == NULL)
		return malformed();
	*to = (size_t)(end - p->doc->data);
	return 0;
}

/* The next byte that a name means; names are escaped in one way only. */
static unsigned
name_byte(const char **p)
{
	static const char plain[] = "\b\f\n\r\t", letters[] = "bfnrt";
	const char *at;
	char c = *(*p)++;

	if (c != '\\')
		return (unsigned char)c;
	c = *(*p)++;
	if (c == 'u') {
		*p += 4;
		return (unsigned)strtoul((char[]){ (*p)[-2], (*p)[-1], '\0' }, NULL, 16);
	}
	at = strchr(letters, c);
	return (unsigned char)(at == NULL ? c : plain[at - letters]);
}

static size_t
name_length(const char *p, const char *end)
{
	size_t n;

	for (n = 0; p < end; n++)
		name_byte(&p);
	return n;
}

/* Names in quotes in the order that MySQL keeps: shorter ones first, then by their bytes. */
static int
compare_names(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const char *a_end = a + a_len - 1, *b_end = b + b_len - 1;
	size_t a_bytes, b_bytes;
	unsigned x, y;

	if (a_len == b_len && memcmp(a, b, a_len) == 0)
		return 0;
	a_bytes = name_length(++a, a_end);
	b_bytes = name_length(++b, b_end);
	if (a_bytes != b_bytes)
		return a_bytes < b_bytes ? -1 : 1;
	while (a < a_end && b < b_end)
		if ((x = name_byte(&a)) != (y = name_byte(&b)))
			return x < y ? -1 : 1;
	return 0;
}

/* How many elements the array at that offset has. */
static int
count_elements(const struct patch *p, size_t at, uint64_t *count)
{
	const char *doc = p->doc->data;

	*count = 0;
	for (at++; doc[at] != ']'; at += doc[at] == ',') {
		if (skip_value(p, at, &at) == -1)
			return -1;
		++*count;
	}
	return 0;
}

/* The number of the leg's element, from the start. Before the first (UINT64_MAX) there is none, and it would go there. */
static int
index_of(const struct patch *p, size_t at, const struct leg *leg, uint64_t *index)
{
	uint64_t count;

	*index = leg->index;
	if (leg->named || !leg->from_end)
		return 0;
	if (count_elements(p, at, &count) == -1)
		return -1;
	*index = leg->index < count ? count - 1 - leg->index : UINT64_MAX;
	return 0;
}

/* Finds the leg's child of the container at offset `at`, or where it would go. */
static int
find_child(const struct patch *p, size_t at, const struct leg *leg, struct place *found)
{
	const char *doc = p->doc->data;
	uint64_t index;
	size_t to, value;
	int order;

	if (doc[at] != (leg->named ? '{' : '['))
		return malformed();
	if (index_of(p, at, leg, &index) == -1)
		return -1;
	*found = (struct place){ .from = at + 1 };
	while (doc[found->from] != '}' && doc[found->from] != ']') {
		value = found->from;
		order = leg->named ? 1 : index == UINT64_MAX ? 1 : found->count == index ? 0 : -1;
		if (leg->named) {
			if (skip_value(p, found->from, &to) == -1)
				return -1;
			order = compare_names(doc + found->from, to - found->from, p->scratch->data + leg->at, leg->len);
			value = to + 1;
		}
		if (order > 0)
			break;
		if (skip_value(p, value, &to) == -1)
			return -1;
		if (order == 0) {
			found->value = value;
			found->to = to;
			return 0;
		}
		found->count++;
		found->from = doc[to] == ',' ? to + 1 : to;
	}
	found->value = found->to = found->from;
	return 0;
}

/* n bytes of text in place of those from `from` to `to`. */
static int
splice(struct buf *doc, size_t from, size_t to, const char *text, size_t n)
{
	if (n > to - from && buf_room(doc, n - (to - from)) == NULL)
		return -1;
	memmove(doc->data + from + n, doc->data + to, doc->len - to);
	if (n > 0)
		memcpy(doc->data + from, text, n);
	doc->len = doc->len - (to - from) + n;
	return 0;
}

/* The text of what is to be inserted is at the end of the scratch buffer, from `text` on. */
static int
insert(struct patch *p, const struct place *at, const struct leg *leg, size_t text)
{
	bool last = p->doc->data[at->from] == '}' || p->doc->data[at->from] == ']';
	size_t from = p->scratch->len;

	if ((last && at->count > 0 && buf_putc(p->scratch, ',') == -1) || buf_room(p->scratch, from + 2) == NULL)
		return -1;
	if (leg->named && (buf_add(p->scratch, p->scratch->data + leg->at, leg->len) == -1 ||
	    buf_putc(p->scratch, ':') == -1))
		return -1;
	if (buf_add(p->scratch, p->scratch->data + text, from - text) == -1 || (!last && buf_putc(p->scratch, ',') == -1))
		return -1;
	return splice(p->doc, at->from, at->from, p->scratch->data + from, p->scratch->len - from);
}

/* With one of the commas around it. */
static int
cut(struct patch *p, struct place at)
{
	if (p->doc->data[at.to] == ',')
		at.to++;
	else if (at.count > 0)
		at.from--;
	return splice(p->doc, at.from, at.to, NULL, 0);
}

static int
change(struct patch *p, enum operation op, const struct place *at, const struct leg *leg, bool root, size_t text)
{
	bool there = at->value < at->to;

	if (op == INSERT) {
		if (root || (there && leg->named))
			return malformed();
		return insert(p, at, leg, text);
	}
	if (!there || (op == REMOVE && root))
		return malformed();
	return op == REMOVE ? cut(p, *at) :
	    splice(p->doc, at->value, at->to, p->scratch->data + text, p->scratch->len - text);
}

/* One difference: what to do, where, and (but for REMOVE) the value. */
static int
apply_one(struct patch *p, struct cursor *c)
{
	uint8_t op = cur_u8(c);
	struct cursor path = cur_sub(c, (size_t)cur_lenenc(c)), value = { .p = NULL };
	struct place at = { .to = p->doc->len };
	struct leg leg = { .named = false };
	bool root = true;
	size_t text;
	int rc;

	if (op != REMOVE)
		value = cur_sub(c, (size_t)cur_lenenc(c));
	if (c->bad || op > REMOVE || cur_u8(&path) != '$')
		return malformed();
	buf_clear(p->scratch);
	while ((rc = take_leg(p, &path, &leg)) == 1) {
		if (at.value == at.to)
			return malformed();	/* a step beyond one that is not there */
		if (find_child(p, at.value, &leg, &at) == -1)
			return -1;
		root = false;
	}
	if (rc == -1)
		return -1;
	text = p->scratch->len;
	if (op != REMOVE && (cur_left(&value) == 0 || binary_json_put(p->scratch, value.p, cur_left(&value), p->bad) == -1))
		return cur_left(&value) == 0 ? malformed() : -1;
	return change(p, (enum operation)op, &at, &leg, root, text);
}

int
jsondiff_apply(struct buf *document, const uint8_t *bytes, size_t n, struct buf *scratch, uint64_t *bad)
{
	struct patch p = { .doc = document, .scratch = scratch, .bad = bad };
	struct cursor c = cur_of(bytes, n);

	while (cur_left(&c) > 0)
		if (apply_one(&p, &c) == -1)
			return -1;
	return 0;
}
