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
#include "lib/put.h"
#include "lib/utf8.h"

/* Each of these reads from p on what its name says and gives what is behind it; NULL: *bad is the byte that does not fit. */
static const uint8_t *past_members(const uint8_t *p, const uint8_t *end, int depth, const uint8_t **bad);

static inline const uint8_t *
fault(const uint8_t *at, const uint8_t **bad)
{
	*bad = at;
	return NULL;
}

static inline const uint8_t *
past_space(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p <= ' ' && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r'))
		p++;
	return p;
}

static const uint8_t *
past_word(const uint8_t *p, const uint8_t *end, const char *word, const uint8_t **bad)
{
	for (; *word != '\0'; word++, p++)
		if (p == end || *p != (uint8_t)*word)
			return fault(p, bad);
	return p;
}

static inline const uint8_t *
past_digits(const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

static const uint8_t *
past_number(const uint8_t *p, const uint8_t *end, const uint8_t **bad)
{
	const uint8_t *from;

	p += *p == '-';
	from = p;
	p = p < end && *p == '0' ? p + 1 : past_digits(p, end);
	if (p == from)
		return fault(p, bad);
	if (p < end && *p == '.') {
		from = p + 1;
		if ((p = past_digits(from, end)) == from)
			return fault(p, bad);
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		p += p < end && (*p == '+' || *p == '-');
		from = p;
		if ((p = past_digits(from, end)) == from)
			return fault(p, bad);
	}
	return p;
}

static const uint8_t *
past_escape(const uint8_t *p, const uint8_t *end, const uint8_t **bad)
{
	int i;

	if (++p == end)
		return fault(p, bad);
	if (*p != 'u')
		return *p != '\0' && strchr("\"\\/bfnrt", *p) != NULL ? p + 1 : fault(p, bad);
	for (i = 0, p++; i < 4; i++, p++)
		if (p == end || *p == '\0' || strchr("0123456789abcdefABCDEF", *p) == NULL)
			return fault(p, bad);
	return p;
}

/* Bytes that stand for themselves in a string: ASCII but for controls, the quote and the backslash. */
static const bool plain[256] = {
	[0x20 ... 0x21] = true, [0x23 ... 0x5b] = true, [0x5d ... 0x7f] = true,
};

/* The first byte from p on that is not plain. Eight bytes at a time: of x, the high bit is set in each byte that is
 * not (a borrow may set more of them, behind the first; Warren, Hacker's Delight, "Find First 0-Byte"). */
static const uint8_t *
skip_words(const uint8_t *p, const uint8_t *end)
{
	static const uint64_t ones = 0x0101010101010101;
	uint64_t x, quote, backslash;

	for (; end - p >= 8; p += 8) {
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

#define BLOCK 16

#if defined(__SSE2__)
/* A bit for each byte that is not plain. Those above ASCII are negative, and so below a space. */
static inline unsigned
special_bits(const uint8_t *p)
{
	const __m128i space = _mm_set1_epi8(' '), quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
	__m128i x = _mm_loadu_si128((const __m128i *)(const void *)p);

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_cmplt_epi8(x, space),
	    _mm_or_si128(_mm_cmpeq_epi8(x, quote), _mm_cmpeq_epi8(x, backslash))));
}
#else
static inline unsigned
special_bits(const uint8_t *p)
{
	unsigned bits = 0, i;

	for (i = 0; i < BLOCK; i++)
		bits |= (unsigned)!plain[p[i]] << i;
	return bits;
}
#endif

/* How many bytes of a block are plain before the first that is not. */
static inline size_t
plain_block(const uint8_t *p)
{
	return (size_t)__builtin_ctz(special_bits(p) | 1U << BLOCK);
}

/* As skip_words. */
static inline const uint8_t *
skip_plain(const uint8_t *p, const uint8_t *end)
{
	size_t n;

	for (; end - p >= BLOCK; p += BLOCK)	/* which n is, too, but only when it is known */
		if ((n = plain_block(p)) < BLOCK)
			return p + n;
	return skip_words(p, end);
}

/* Copies the plain bytes that p begins with; how many. What is left behind the last whole block is read in a block that
 * overlaps it. */
static inline size_t
copy_plain(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	for (; n - i >= BLOCK; i += BLOCK) {
		memcpy(to + i, p + i, BLOCK);
		if ((k = plain_block(p + i)) < BLOCK)
			return i + k;
	}
	if (n >= BLOCK && special_bits(p + n - BLOCK) == 0) {
		memcpy(to + n - BLOCK, p + n - BLOCK, BLOCK);
		return n;
	}
	for (; i < n && plain[p[i]]; i++)
		to[i] = (char)p[i];
	return i;
}

/* What is left of a string from a byte on that does not stand for itself. */
static const uint8_t *
past_rest(const uint8_t *p, const uint8_t *end, const uint8_t **bad)
{
	size_t n;

	for (; p < end; p = skip_plain(p, end)) {
		if (*p == '"')
			return p + 1;
		if (*p == '\\') {
			if ((p = past_escape(p, end, bad)) == NULL)
				return NULL;
			continue;
		}
		if (*p < 0x20)
			return fault(p, bad);
		do {	/* few letters beyond ASCII stand alone */
			if ((n = utf8_length(p, (size_t)(end - p))) == 0)
				return fault(p, bad);
			p += n;
		} while (p < end && *p >= 0x80);
	}
	return fault(p, bad);
}

static inline const uint8_t *
past_string(const uint8_t *p, const uint8_t *end, const uint8_t **bad)
{
	p = skip_plain(p + 1, end);
	return p < end && *p == '"' ? p + 1 : past_rest(p, end, bad);
}

/* Inline where it stands, so that only what holds values costs a call. */
static inline __attribute__((always_inline)) const uint8_t *
past_value(const uint8_t *p, const uint8_t *end, int depth, const uint8_t **bad)
{
	if (p == end || depth > MAX_JSON_DEPTH)
		return fault(p, bad);
	switch (*p) {
	case '"': return past_string(p, end, bad);
	case '{':
	case '[': return past_members(p, end, depth, bad);
	case 't': return past_word(p, end, "true", bad);
	case 'f': return past_word(p, end, "false", bad);
	case 'n': return past_word(p, end, "null", bad);
	default:  return past_number(p, end, bad);
	}
}

/* The name of a member and its colon. */
static inline const uint8_t *
past_name(const uint8_t *p, const uint8_t *end, const uint8_t **bad)
{
	p = past_space(p, end);
	if (p == end || *p != '"')
		return fault(p, bad);
	if ((p = past_string(p, end, bad)) == NULL)
		return NULL;
	p = past_space(p, end);
	return p == end || *p != ':' ? fault(p, bad) : p + 1;
}

static __attribute__((noinline)) const uint8_t *
past_members(const uint8_t *p, const uint8_t *end, int depth, const uint8_t **bad)
{
	const bool object = *p == '{';
	const uint8_t close = object ? '}' : ']';

	p = past_space(p + 1, end);
	if (p < end && *p == close)
		return p + 1;
	for (;;) {
		if (object && (p = past_name(p, end, bad)) == NULL)
			return NULL;
		if ((p = past_value(past_space(p, end), end, depth + 1, bad)) == NULL)
			return NULL;
		p = past_space(p, end);
		if (p == end || (*p != ',' && *p != close))
			return fault(p, bad);
		if (*p++ == close)
			return p;
	}
}

const char *
json_skip(const char *p, const char *end, const char **at)
{
	const uint8_t *bad = NULL, *past = past_value((const uint8_t *)p, (const uint8_t *)end, 0, &bad);

	if (past == NULL)
		*at = (const char *)bad;
	return (const char *)past;
}

int
json_check(const char *text, size_t len, size_t *at)
{
	const uint8_t *begin = (const uint8_t *)text, *end = begin + len, *bad = NULL;
	const uint8_t *p = past_value(past_space(begin, end), end, 0, &bad);

	if (p != NULL)
		bad = past_space(p, end);
	*at = (size_t)(bad - begin);
	return p != NULL && bad == end ? 0 : -1;
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
	const uint8_t *begin = (const uint8_t *)j->text, *end = begin + j->len, *p = past_space(begin, end);
	jsmntok_t *t = j->tokens;

	t->type = JSMN_PRIMITIVE;
	t->size = 0;
	t->parent = -1;
	t->start = (int)(p - begin);
	while (p < end && strchr(" \t\r\n", *p) == NULL)
		p++;
	t->end = (int)(p - begin);
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

/* Copies the valid characters above ASCII that p begins with; how many bytes. */
static size_t
copy_high(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	while (i < n && p[i] >= 0x80 && (k = utf8_length(p + i, n - i)) > 0)
		for (; k > 0; k--, i++)
			to[i] = (char)p[i];
	return i;
}

/* All that can stand as it is: plain bytes and valid UTF-8. */
static size_t
copy_clean(char *to, const uint8_t *p, size_t n)
{
	size_t i = 0, k;

	do {
		i += copy_plain(to + i, p + i, n - i);
		k = copy_high(to + i, p + i, n - i);
		i += k;
	} while (k > 0);
	return i;
}

int
json_put_piece(struct buf *b, const char *s, size_t len, uint64_t *bad)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + len;
	char *to = buf_room(b, len);
	size_t n;

	for (; to != NULL; p++) {
		n = copy_clean(to, p, (size_t)(end - p));
		b->len += n;
		if ((p += n) == end)
			return 0;
		/* what is written in its place is longer */
		if ((to = buf_room(b, (size_t)(end - p) + 5)) == NULL)
			break;
		n = *p < 0x80 ? put_escape(to, *p) : (size_t)(put_const(to, "\xef\xbf\xbd") - to);
		b->len += n;
		to += n;
		if (*p >= 0x80 && bad != NULL)
			++*bad;
	}
	return -1;
}

int
json_put_string(struct buf *b, const char *s, size_t len, uint64_t *bad)
{
	char *to = buf_room(b, len + 2);
	size_t n;

	if (to == NULL)
		return -1;
	*to = '"';
	n = copy_plain(to + 1, (const uint8_t *)s, len);
	b->len += 1 + n;
	if (n < len && json_put_piece(b, s + n, len - n, bad) == -1)
		return -1;
	return buf_putc(b, '"');
}

size_t
json_copy_plain(char *to, const char *p, const char *end)
{
	const char *from = p;
	size_t n;

	for (*to++ = *p++; end - p >= BLOCK; p += n, to += n) {
		memcpy(to, p, BLOCK);
		if ((n = plain_block((const uint8_t *)p)) < BLOCK)
			return p[n] == '"' ? (size_t)(p + n + 1 - from) : 0;
	}
	return 0;
}
