/* SPDX-License-Identifier: ISC */
/* Equality of JSON values. */
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/number.h"

static int
texts_equal(const struct json *a, int s, const struct json *b, int t)
{
	struct buf x = { 0 }, y = { 0 };
	const char *p, *q;
	size_t n, m;
	int rc = -1;

	p = json_raw(a, s, &n);
	q = json_raw(b, t, &m);
	if (n == m && memcmp(p, q, n) == 0)
		return 1;
	if (memchr(p, '\\', n) == NULL && memchr(q, '\\', m) == NULL)
		return 0;
	if (buf_init(&x, n + 1) == 0 && buf_init(&y, m + 1) == 0 && json_text(a, s, &x) == 0 && json_text(b, t, &y) == 0)
		rc = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	buf_free(&x);
	buf_free(&y);
	return rc;
}

/* The value of the member of b's object o that has the name of a's token. -1: none; -2: no memory. */
static int
member_like(const struct json *a, int name, const struct json *b, int o)
{
	int at, rc;

	for (at = json_first(b, o); at != -1; at = json_next(b, at))
		if ((rc = texts_equal(a, name, b, at)) != 0)
			return rc == 1 ? at + 1 : -2;
	return -1;
}

static int
objects_equal(const struct json *a, int s, const struct json *b, int t)
{
	int at, other, rc;

	if (json_size(a, s) != json_size(b, t))
		return 0;
	for (at = json_first(a, s); at != -1; at = json_next(a, at)) {
		if ((other = member_like(a, at, b, t)) < 0)
			return other == -1 ? 0 : -1;
		if ((rc = json_equal(a, at + 1, b, other)) != 1)
			return rc;
	}
	return 1;
}

static int
arrays_equal(const struct json *a, int s, const struct json *b, int t)
{
	int x, y, rc;

	if (json_size(a, s) != json_size(b, t))
		return 0;
	for (x = json_first(a, s), y = json_first(b, t); x != -1; x = json_next(a, x), y = json_next(b, y))
		if ((rc = json_equal(a, x, b, y)) != 1)
			return rc;
	return 1;
}

int
json_equal(const struct json *a, int s, const struct json *b, int t)
{
	enum json_type type = json_type(a, s);
	const char *p, *q;
	size_t n, m;

	if (type != json_type(b, t))
		return 0;
	switch (type) {
	case JSON_OBJECT: return objects_equal(a, s, b, t);
	case JSON_ARRAY: return arrays_equal(a, s, b, t);
	case JSON_STRING: return texts_equal(a, s, b, t);
	case JSON_NUMBER:
		p = json_raw(a, s, &n);
		q = json_raw(b, t, &m);
		return (n == m && memcmp(p, q, n) == 0) || number_compare(p, n, q, m) == 0;
	default: return 1;
	}
}
