/* SPDX-License-Identifier: ISC */
/* JSON without white space and equal names, checked and written in one pass. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/put.h"

#define FEW_MEMBERS 8	/* of so few, each pair is compared */
#define MEMBERS 32	/* so many take no memory of their own */

struct member {			/* of an object that is being read; offsets */
	size_t name, name_len;	/* in the output; in minify.names, where it has escapes, which are resolved there */
	size_t at, value, end;	/* in the output: the name as written, the value, behind it */
	bool escapes;
};

struct minify {
	const char *p, *end, *bad;
	char *out, *to;		/* where it is written: as much room as the text has, and PUT_BLOCK */
	size_t names_max;
	struct buf names;	/* made when it is needed, which is rare */
	struct member *members;	/* of all objects that are open, the innermost one's last */
	size_t count, cap;
	struct member few[MEMBERS];
};

static int put_value(struct minify *, int depth);

static void
skip_space(struct minify *m)
{
	while (m->p < m->end && (*m->p == ' ' || *m->p == '\t' || *m->p == '\n' || *m->p == '\r'))
		m->p++;
}

static int
refuse(struct minify *m)
{
	m->bad = m->p;
	return -1;
}

static int
take(struct minify *m, char c)
{
	if (m->p == m->end || *m->p != c)
		return refuse(m);
	m->p++;
	*m->to++ = c;
	return 0;
}

/* A string, number or word, as it stands. Of strings most have neither escapes nor characters above ASCII. */
static int
put_scalar(struct minify *m)
{
	const char *end;
	size_t n;

	if (m->p < m->end && *m->p == '"' && (n = json_copy_plain(m->to, m->p, m->end)) > 0) {
		m->p += n;
		m->to += n;
		return 0;
	}
	if ((end = json_skip(m->p, m->end, &m->bad)) == NULL)
		return -1;
	m->to = put_raw(m->to, m->p, (size_t)(end - m->p));
	m->p = end;
	return 0;
}

static size_t
written(const struct minify *m)
{
	return (size_t)(m->to - m->out);
}

static int
need_names(struct minify *m)
{
	return m->names.data == NULL ? buf_init(&m->names, m->names_max) : 0;
}

/* The name as it was just written, n bytes with its quotes, at its place in the output. */
static int
set_name(struct minify *m, struct member *x, const char *p, size_t n)
{
	struct json j = { 0 };
	struct error e;
	int rc;

	*x = (struct member){ .name = written(m) - n + 1, .name_len = n - 2, .at = written(m) - n,
	    .escapes = memchr(p, '\\', n) != NULL };
	if (!x->escapes)
		return 0;
	if (need_names(m) == -1)
		return -1;
	x->name = m->names.len;
	rc = json_parse_checked(&j, p, n, &e) == -1 ? -1 : json_text(&j, 0, &m->names);
	x->name_len = m->names.len - x->name;
	json_free(&j);
	return rc;
}

static const char *
name_of(const struct minify *m, const struct member *x)
{
	return (x->escapes ? m->names.data : m->out) + x->name;
}

static struct member *
new_member(struct minify *m)
{
	struct member *grown;

	if (m->count == m->cap) {
		if ((grown = reallocarray(m->members == m->few ? NULL : m->members, m->cap * 2, sizeof(*grown))) == NULL)
			return NULL;
		if (m->members == m->few)
			memcpy(grown, m->few, sizeof(m->few));
		m->members = grown;
		m->cap *= 2;
	}
	return &m->members[m->count++];
}

static int
put_member(struct minify *m, int depth)
{
	size_t index = m->count;
	const char *from = m->p;
	struct member *new;

	if (m->p == m->end || *m->p != '"')
		return refuse(m);
	if (put_scalar(m) == -1 || (new = new_member(m)) == NULL || set_name(m, new, from, (size_t)(m->p - from)) == -1)
		return -1;
	skip_space(m);
	if (take(m, ':') == -1)
		return -1;
	new->value = written(m);
	skip_space(m);
	if (put_value(m, depth + 1) == -1)
		return -1;
	m->members[index].end = written(m);	/* `new` may have moved */
	return 0;
}

static int
compare_names(const struct minify *m, const struct member *a, const struct member *b)
{
	if (a->name_len != b->name_len)
		return a->name_len < b->name_len ? -1 : 1;
	return memcmp(name_of(m, a), name_of(m, b), a->name_len);
}

static int
by_name(const void *a, const void *b, void *m)
{
	const struct member *x = a, *y = b;
	int order = compare_names(m, x, y);

	return order != 0 ? order : x->at < y->at ? -1 : x->at > y->at;
}

static int
by_place(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* MySQL writes objects with their names in this order. */
static bool
ascend(const struct minify *m, size_t first)
{
	for (first++; first < m->count; first++)
		if (compare_names(m, &m->members[first - 1], &m->members[first]) >= 0)
			return false;
	return true;
}

static bool
few_and_different(const struct minify *m, size_t first)
{
	size_t i, k;

	if (m->count - first > FEW_MEMBERS)
		return false;
	for (i = first; i < m->count; i++)
		for (k = first; k < i; k++)
			if (compare_names(m, &m->members[i], &m->members[k]) == 0)
				return false;
	return true;
}

/* Of equal names the first one's place, the last one's value; how many members are left, in their order. */
static size_t
drop_equal(struct minify *m, size_t first)
{
	struct member *list = &m->members[first];
	size_t n = m->count - first, kept = 0, i;

	qsort_r(list, n, sizeof(*list), by_name, m);
	for (i = 0; i < n; i++) {
		if (kept > 0 && compare_names(m, &list[kept - 1], &list[i]) == 0) {
			list[kept - 1].value = list[i].value;
			list[kept - 1].end = list[i].end;
		} else {
			list[kept++] = list[i];
		}
	}
	if (kept < n)
		qsort(list, kept, sizeof(*list), by_place);
	return kept;
}

/* Writes the object that begins at `at` again, of those members alone. `names` is as good a place as any for a copy. */
static int
rewrite(struct minify *m, size_t at, size_t first, size_t kept)
{
	size_t copy = m->names.len, i;
	const struct member *e;
	const char *was, *colon;

	if (need_names(m) == -1 || buf_add(&m->names, m->out + at, written(m) - at) == -1)
		return -1;
	was = m->names.data + copy;
	m->to = m->out + at + 1;
	for (i = 0; i < kept; i++) {
		e = &m->members[first + i];
		if ((colon = json_skip(was + (e->at - at), m->names.data + m->names.len, &m->bad)) == NULL)
			return -1;
		if (i > 0)
			*m->to++ = ',';
		m->to = put_raw(m->to, was + (e->at - at), (size_t)(colon + 1 - (was + (e->at - at))));
		m->to = put_raw(m->to, was + (e->value - at), e->end - e->value);
	}
	*m->to++ = '}';
	return 0;
}

static int
put_object(struct minify *m, int depth)
{
	size_t first = m->count, names = m->names.len, at = written(m), kept;
	int rc = 0;

	if (take(m, '{') == -1)
		return -1;
	skip_space(m);
	if (m->p < m->end && *m->p == '}')
		return take(m, '}');
	for (;;) {
		if (put_member(m, depth) == -1)
			return -1;
		skip_space(m);
		if (m->p < m->end && *m->p == '}')
			break;
		if (take(m, ',') == -1)
			return -1;
		skip_space(m);
	}
	if (take(m, '}') == -1)
		return -1;
	if (!few_and_different(m, first) && !ascend(m, first) && (kept = drop_equal(m, first)) < m->count - first)
		rc = rewrite(m, at, first, kept);
	m->count = first;
	m->names.len = names;
	return rc;
}

static int
put_array(struct minify *m, int depth)
{
	if (take(m, '[') == -1)
		return -1;
	skip_space(m);
	if (m->p < m->end && *m->p == ']')
		return take(m, ']');
	for (;;) {
		if (put_value(m, depth + 1) == -1)
			return -1;
		skip_space(m);
		if (m->p < m->end && *m->p == ']')
			return take(m, ']');
		if (take(m, ',') == -1)
			return -1;
		skip_space(m);
	}
}

static int
put_value(struct minify *m, int depth)
{
	if (depth > MAX_JSON_DEPTH)
		return refuse(m);
	if (m->p < m->end && *m->p == '{')
		return put_object(m, depth);
	if (m->p < m->end && *m->p == '[')
		return put_array(m, depth);
	return put_scalar(m);
}

int
json_put_minified(struct buf *b, const char *text, size_t len, struct error *e)
{
	struct minify m;
	size_t at;
	int rc;

	memset(&m, 0, offsetof(struct minify, few));
	m.p = text;
	m.end = text + len;
	m.out = m.to = buf_room(b, len + PUT_BLOCK);
	m.names_max = 2 * len + 256;
	m.members = m.few;
	m.cap = MEMBERS;
	skip_space(&m);
	rc = m.out == NULL ? -1 : put_value(&m, 0);
	skip_space(&m);
	if (rc == 0 && m.p < m.end)
		rc = refuse(&m);
	if (m.members != m.few)
		free(m.members);
	buf_free(&m.names);
	if (rc == 0) {
		b->len += written(&m);
		return 0;
	}
	if (m.bad == NULL)
		return error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "JSON value: %s", strerror(errno));
	at = (size_t)(m.bad - text);
	return error_set(e, RC_FAIL, "not JSON at byte %zu: %.*s", at + 1, error_shown(len - at, 40), m.bad);
}
