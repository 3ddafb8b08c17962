/* SPDX-License-Identifier: ISC */
/* The JSON reader over jsmn's tokens, in text that check.c has passed. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define JSMN_STATIC
#define JSMN_STRICT
#define JSMN_PARENT_LINKS	/* without them nested values take quadratic time */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include <jsmn.h>
#pragma GCC diagnostic pop

#include "lib/json.h"
#include "lib/utf8.h"

void
json_free(struct json *j)
{
	free(j->tokens);
	memset(j, 0, sizeof(*j));
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* jsmn in strict mode wants a delimiter behind a number or word, which a value alone has not. */
static void
single_token(struct json *j)
{
	const char *p = j->text, *end = p + j->len;
	jsmntok_t *t = j->tokens;

	t->type = JSMN_PRIMITIVE;
	t->size = 0;
	t->parent = -1;
	while (p < end && is_space(*p))
		p++;
	t->start = (int)(p - j->text);
	while (p < end && !is_space(*p))
		p++;
	t->end = (int)(p - j->text);
	j->count = 1;
}

int
json_parse_checked(struct json *j, const char *text, size_t len, struct error *e)
{
	unsigned int cap = j->cap == 0 ? 64 : j->cap;
	jsmn_parser parser;
	void *grown;

	j->text = text;
	j->len = len;
	for (;;) {
		if (cap > j->cap) {
			if ((grown = reallocarray(j->tokens, cap, sizeof(jsmntok_t))) == NULL)
				return error_set(e, RC_TEMP, "JSON tokens: %s", strerror(errno));
			j->tokens = grown;
			j->cap = cap;
		}
		jsmn_init(&parser);
		j->count = jsmn_parse(&parser, text, len, j->tokens, j->cap);
		if (j->count > 0)
			return 0;
		if (j->count != JSMN_ERROR_NOMEM)
			break;
		cap = j->cap * 2;
	}
	single_token(j);
	return 0;
}

int
json_parse(struct json *j, const char *text, size_t len, struct error *e)
{
	size_t at = 0;

	if (len > INT32_MAX / 2 || json_check(text, len, &at) == -1)
		return error_set(e, RC_FAIL, "not JSON at byte %zu: %.*s", at + 1,
		    error_shown(len - at, 40), text + at);
	return json_parse_checked(j, text, len, e);
}

static const jsmntok_t *
token(const struct json *j, int t)
{
	return (const jsmntok_t *)j->tokens + t;
}

enum json_type
json_type(const struct json *j, int t)
{
	switch (token(j, t)->type) {
	case JSMN_OBJECT: return JSON_OBJECT;
	case JSMN_ARRAY: return JSON_ARRAY;
	case JSMN_STRING: return JSON_STRING;
	default: break;
	}
	switch (j->text[token(j, t)->start]) {
	case 't': return JSON_TRUE;
	case 'f': return JSON_FALSE;
	case 'n': return JSON_NULL;
	default: return JSON_NUMBER;
	}
}

int
json_size(const struct json *j, int t)
{
	return token(j, t)->size;
}

int
json_first(const struct json *j, int t)
{
	return token(j, t)->size > 0 && token(j, t)->type != JSMN_STRING ? t + 1 : -1;
}

int
json_next(const struct json *j, int t)
{
	int parent = token(j, t)->parent;

	if (parent == -1)
		return -1;
	/* a value's parent is its name, so names alone are the object's children */
	for (t++; t < j->count && token(j, t)->parent != parent; t++)
		if (token(j, t)->start > token(j, parent)->end)
			return -1;
	return t < j->count ? t : -1;
}

int
json_member(const struct json *j, int t, const char *name)
{
	if (t < 0 || token(j, t)->type != JSMN_OBJECT)
		return -1;
	for (t = json_first(j, t); t != -1; t = json_next(j, t))
		if (json_is(j, t, name))
			return t + 1;
	return -1;
}

const char *
json_raw(const struct json *j, int t, size_t *len)
{
	*len = (size_t)(token(j, t)->end - token(j, t)->start);
	return j->text + token(j, t)->start;
}

const char *
json_slice(const struct json *j, int t, size_t *len)
{
	const char *raw = json_raw(j, t, len);

	if (token(j, t)->type != JSMN_STRING)
		return raw;
	*len += 2;
	return raw - 1;
}

static uint32_t
hex4(const char *p)
{
	uint32_t v = 0;
	int i;

	for (i = 0; i < 4; i++)
		v = v << 4 | (uint32_t)(p[i] <= '9' ? p[i] - '0' : (p[i] | 0x20) - 'a' + 10);
	return v;
}

/* The code point of the escape behind the backslash at p; *p moves past it. */
static uint32_t
escaped(const char **p, const char *end)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;

	*p += 2;
	if ((*p)[-1] != 'u')
		return (uint32_t)to[strchr(from, (*p)[-1]) - from];
	c = hex4(*p);
	*p += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if (c < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		low = hex4(*p + 2);
		if (low >= 0xdc00 && low <= 0xdfff) {
			*p += 6;
			return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return 0xfffd;
}

int
json_text(const struct json *j, int t, struct buf *b)
{
	const char *p, *end, *from;
	char utf8[4];
	size_t n;

	if (token(j, t)->type != JSMN_STRING) {
		errno = EINVAL;
		return -1;
	}
	p = json_raw(j, t, &n);
	for (end = p + n; p < end;) {
		for (from = p; p < end && *p != '\\'; p++)
			;
		if (buf_add(b, from, (size_t)(p - from)) == -1)
			return -1;
		if (p < end && buf_add(b, utf8, utf8_put(utf8, escaped(&p, end))) == -1)
			return -1;
	}
	return 0;
}

char *
json_strdup(const struct json *j, int t)
{
	struct buf b;
	char *copy = NULL;

	if (buf_init(&b, j->len + 1) == -1)
		return NULL;
	if (json_text(j, t, &b) == 0) {
		if (memchr(b.data, '\0', b.len) != NULL)
			errno = EINVAL;
		else
			copy = strndup(b.data, b.len);
	}
	buf_free(&b);
	return copy;
}

bool
json_is(const struct json *j, int t, const char *s)
{
	size_t n, want = strlen(s);
	const char *raw;
	char *copy;
	bool same;

	if (t < 0 || token(j, t)->type != JSMN_STRING)
		return false;
	raw = json_raw(j, t, &n);
	if (memchr(raw, '\\', n) == NULL)
		return n == want && memcmp(raw, s, n) == 0;
	if ((copy = json_strdup(j, t)) == NULL)
		return false;
	same = strcmp(copy, s) == 0;
	free(copy);
	return same;
}

int
json_u64(const struct json *j, int t, uint64_t *v)
{
	const char *p;
	size_t n, i;

	if (t < 0 || json_type(j, t) != JSON_NUMBER)
		return -1;
	p = json_raw(j, t, &n);
	for (*v = 0, i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9' || *v > (UINT64_MAX - (uint64_t)(p[i] - '0')) / 10)
			return -1;
		*v = *v * 10 + (uint64_t)(p[i] - '0');
	}
	return 0;
}

int
json_i64(const struct json *j, int t, int64_t *v)
{
	const char *p;
	char digits[24];
	size_t n;

	if (t < 0 || json_type(j, t) != JSON_NUMBER)
		return -1;
	p = json_raw(j, t, &n);
	if (n >= sizeof(digits))
		return -1;
	memcpy(digits, p, n);
	digits[n] = '\0';
	if (strpbrk(digits, ".eE") != NULL)
		return -1;
	errno = 0;
	*v = strtoll(digits, NULL, 10);
	return errno == 0 ? 0 : -1;
}

unsigned int
json_line(const struct json *j, int t)
{
	unsigned int line = 1;
	int i;

	for (i = 0; i < token(j, t)->start; i++)
		line += j->text[i] == '\n';
	return line;
}
