/* SPDX-License-Identifier: ISC */
/* The JSON reader: jsmn finds tokens, this file checks what jsmn lets pass. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

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

/* What is left to check. */
struct check {
	const uint8_t *p, *end;
};

static bool check_value(struct check *, int depth);

static void
skip_space(struct check *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\n' || *c->p == '\r'))
		c->p++;
}

static bool
check_word(struct check *c, const char *word)
{
	for (; *word != '\0'; word++, c->p++)
		if (c->p == c->end || *c->p != (uint8_t)*word)
			return false;
	return true;
}

static bool
check_digits(struct check *c)
{
	const uint8_t *from = c->p;

	while (c->p < c->end && *c->p >= '0' && *c->p <= '9')
		c->p++;
	return c->p > from;
}

static bool
check_number(struct check *c)
{
	if (*c->p == '-')
		c->p++;
	if (c->p < c->end && *c->p == '0')
		c->p++;
	else if (!check_digits(c))
		return false;
	if (c->p < c->end && *c->p == '.') {
		c->p++;
		if (!check_digits(c))
			return false;
	}
	if (c->p < c->end && (*c->p == 'e' || *c->p == 'E')) {
		c->p++;
		if (c->p < c->end && (*c->p == '+' || *c->p == '-'))
			c->p++;
		return check_digits(c);
	}
	return true;
}

static bool
check_escape(struct check *c)
{
	int i;

	if (++c->p == c->end)
		return false;
	if (*c->p != 'u')
		return strchr("\"\\/bfnrt", *c->p) != NULL && *c->p++ != '\0';
	for (i = 0, c->p++; i < 4; i++, c->p++)
		if (c->p == c->end || strchr("0123456789abcdefABCDEF", *c->p) == NULL || *c->p == '\0')
			return false;
	return true;
}

/* Bytes that stand for themselves in a string: ASCII but for controls, the quote and the backslash. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7f] = true,
};

#if defined(__SSE2__)
/* As skip_plain, sixteen bytes at a time, while there are so many. Bytes above ASCII are negative, and so below a space. */
static const uint8_t *
skip_blocks(const uint8_t *p, const uint8_t *end)
{
	const __m128i space = _mm_set1_epi8(' '), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	__m128i x;
	int found;

	for (; end - p >= 16; p += 16) {
		x = _mm_loadu_si128((const __m128i *)(const void *)p);
		found = _mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(x, space),
		    _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash))));
		if (found != 0)
			return p + __builtin_ctz((unsigned)found);
	}
	return p;
}
#else
static const uint8_t *
skip_blocks(const uint8_t *p, const uint8_t *end)
{
	(void)end;
	return p;
}
#endif

/* The first byte from p on that is not plain. Eight bytes at a time: of x, the high bit is set in each byte that is
 * not (a borrow may set more of them, behind the first; Warren, Hacker's Delight, "Find First 0-Byte"). */
static const uint8_t *
skip_plain(const uint8_t *p, const uint8_t *end)
{
	static const uint64_t ones = 0x0101010101010101;
	uint64_t x, quote, backslash;

	for (p = skip_blocks(p, end); end - p >= 8; p += 8) {
		memcpy(&x, p, sizeof(x));
		quote = x ^ ones * '"';
		backslash = x ^ ones * '\\';
		if (((x | (x - ones * ' ') | (quote - ones) | (backslash - ones)) & ones * 0x80) != 0)
			break;
	}
	while (p < end && plain[*p])
		p++;
	return p;
}

static bool
check_string(struct check *c)
{
	size_t n;

	for (c->p++; (c->p = skip_plain(c->p, c->end)) < c->end;) {
		if (*c->p == '"') {
			c->p++;
			return true;
		} else if (*c->p == '\\') {
			if (!check_escape(c))
				return false;
		} else {
			if (*c->p < 0x20 || (n = utf8_length(c->p, (size_t)(c->end - c->p))) == 0)
				return false;
			c->p += n;
		}
	}
	return false;
}

static bool
check_members(struct check *c, int depth, bool object)
{
	const uint8_t close = object ? '}' : ']';

	c->p++;
	skip_space(c);
	if (c->p < c->end && *c->p == close) {
		c->p++;
		return true;
	}
	for (;;) {
		if (object) {
			skip_space(c);
			if (c->p == c->end || *c->p != '"' || !check_string(c))
				return false;
			skip_space(c);
			if (c->p == c->end || *c->p != ':')
				return false;
			c->p++;
		}
		if (!check_value(c, depth + 1))
			return false;
		if (c->p == c->end || (*c->p != ',' && *c->p != close))
			return false;
		if (*c->p++ == close)
			return true;
	}
}

static bool
check_bare(struct check *c, int depth)
{
	if (c->p == c->end || depth > MAX_JSON_DEPTH)
		return false;
	switch (*c->p) {
	case '{': return check_members(c, depth, true);
	case '[': return check_members(c, depth, false);
	case '"': return check_string(c);
	case 't': return check_word(c, "true");
	case 'f': return check_word(c, "false");
	case 'n': return check_word(c, "null");
	default:  return check_number(c);
	}
}

/* One value and the white space on both sides. */
static bool
check_value(struct check *c, int depth)
{
	bool ok;

	skip_space(c);
	ok = check_bare(c, depth);
	skip_space(c);
	return ok;
}

const char *
json_skip(const char *p, const char *end, const char **at)
{
	struct check c = { .p = (const uint8_t *)p, .end = (const uint8_t *)end };

	if (check_bare(&c, 0))
		return (const char *)c.p;
	*at = (const char *)c.p;
	return NULL;
}

int
json_check(const char *text, size_t len, size_t *at)
{
	struct check c = { .p = (const uint8_t *)text, .end = (const uint8_t *)text + len };
	bool ok = check_value(&c, 0);

	*at = (size_t)(c.p - (const uint8_t *)text);
	return ok && c.p == c.end ? 0 : -1;
}

void
json_free(struct json *j)
{
	free(j->tokens);
	memset(j, 0, sizeof(*j));
}

/* jsmn in strict mode wants a delimiter behind a number or word, which a value alone has not. */
static void
single_token(struct json *j)
{
	struct check c = { .p = (const uint8_t *)j->text, .end = (const uint8_t *)j->text + j->len };
	jsmntok_t *t = j->tokens;

	skip_space(&c);
	t->type = JSMN_PRIMITIVE;
	t->size = 0;
	t->parent = -1;
	t->start = (int)(c.p - (const uint8_t *)j->text);
	while (c.p < c.end && strchr(" \t\r\n", *c.p) == NULL)
		c.p++;
	t->end = (int)(c.p - (const uint8_t *)j->text);
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

/* The escape of a byte that needs one; how many bytes it has. */
static size_t
put_escape(char to[6], uint8_t c)
{
	static const char hex[] = "0123456789abcdef";

	to[0] = '\\';
	switch (c) {
	case '\n': to[1] = 'n'; return 2;
	case '\r': to[1] = 'r'; return 2;
	case '\t': to[1] = 't'; return 2;
	case '"':
	case '\\': to[1] = (char)c; return 2;
	default: break;
	}
	memcpy(to + 1, "u00", 3);
	to[4] = hex[c >> 4];
	to[5] = hex[c & 15];
	return 6;
}

/* Past all bytes that can be copied: plain ones and valid UTF-8. */
static const uint8_t *
skip_clean(const uint8_t *p, const uint8_t *end)
{
	size_t n;

	for (;;) {
		p = skip_plain(p, end);
		for (; p < end && *p >= 0x80; p += n)
			if ((n = utf8_length(p, (size_t)(end - p))) == 0)
				return p;
		if (p == end || !plain[*p])
			return p;
	}
}

int
json_put_string(struct buf *b, const char *s, size_t len, uint64_t *bad)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + len, *from;
	char *to;

	if (buf_putc(b, '"') == -1)
		return -1;
	for (;;) {
		from = p;
		p = skip_clean(p, end);
		if (buf_add(b, from, (size_t)(p - from)) == -1)
			return -1;
		if (p == end)
			return buf_putc(b, '"');
		if ((to = buf_room(b, 6)) == NULL)
			return -1;
		if (*p < 0x80) {
			b->len += put_escape(to, *p);
		} else {
			memcpy(to, "\xef\xbf\xbd", 3);
			b->len += 3;
			if (bad != NULL)
				++*bad;
		}
		p++;
	}
}
