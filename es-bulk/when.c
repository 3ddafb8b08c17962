/* SPDX-License-Identifier: ISC */
/* Row filters. */
#include <stdlib.h>
#include <string.h>

#include "lib/number.h"

#include "es-bulk/when.h"

static int
compare_texts(const struct json *a, int x, const struct json *b, int y)
{
	char *s = json_strdup(a, x), *t = json_strdup(b, y);
	int c = s == NULL || t == NULL ? 2 : strcmp(s, t);

	free(s);
	free(t);
	return c == 2 ? 2 : (c > 0) - (c < 0);
}

/* Below 0, 0, above 0; 2: they are of kinds that have no order between them, and are not equal. true and false are 1 and
 * 0; a string of digits, as --numbers=safe has it, is the number beside a number. */
static int
compare(const struct json *a, int x, const struct json *b, int y)
{
	enum json_type s = json_type(a, x), t = json_type(b, y);
	const char *p, *q;
	size_t n, m;
	int c;

	if (s == JSON_NULL || t == JSON_NULL)
		return s == t ? 0 : 2;
	if (s == JSON_STRING && t == JSON_STRING)
		return compare_texts(a, x, b, y);
	p = json_raw(a, x, &n);
	q = json_raw(b, y, &m);
	if (s == JSON_TRUE || s == JSON_FALSE) {
		p = s == JSON_TRUE ? "1" : "0";
		n = 1;
	}
	if (t == JSON_TRUE || t == JSON_FALSE) {
		q = t == JSON_TRUE ? "1" : "0";
		m = 1;
	}
	if (s <= JSON_ARRAY || t <= JSON_ARRAY || (s == JSON_STRING && !number_is_plain(p, n)) ||
	    (t == JSON_STRING && !number_is_plain(q, m)))
		return 2;
	c = number_compare(p, n, q, m);
	return (c > 0) - (c < 0);
}

/* Is it the value, or one of the array's? */
static bool
is_among(const struct json *row, int value, const struct json *w, int want)
{
	int at;

	if (json_type(w, want) != JSON_ARRAY)
		return compare(row, value, w, want) == 0;
	for (at = json_first(w, want); at != -1; at = json_next(w, at))
		if (compare(row, value, w, at) == 0)
			return true;
	return false;
}

/* {"not": …, "gt": …, "gte": …, "lt": …, "lte": …}: all of them */
static bool
holds_all(const struct json *row, int value, const struct json *w, int tests)
{
	bool ok = true;
	int at, c;

	for (at = json_first(w, tests); at != -1 && ok; at = json_next(w, at)) {
		if (json_is(w, at, "not")) {
			ok = !is_among(row, value, w, at + 1);
			continue;
		}
		c = compare(row, value, w, at + 1);
		if (json_is(w, at, "gt"))
			ok = c == 1;
		else if (json_is(w, at, "gte"))
			ok = c == 0 || c == 1;
		else if (json_is(w, at, "lt"))
			ok = c == -1;
		else
			ok = c == 0 || c == -1;
	}
	return ok;
}

int
when_holds(const struct json *w, int when, const struct json *row, int object, int *column)
{
	int at, value;
	char *name;

	for (at = json_first(w, when); at != -1; at = json_next(w, at)) {
		*column = at;
		name = json_strdup(w, at);
		value = name == NULL ? -1 : json_member(row, object, name);
		free(name);
		if (value == -1)
			return -1;
		if (json_type(w, at + 1) == JSON_OBJECT ? !holds_all(row, value, w, at + 1) :
		    !is_among(row, value, w, at + 1))
			return 0;
	}
	return 1;
}
