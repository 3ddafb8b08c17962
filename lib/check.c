/* SPDX-License-Identifier: ISC */
/* Is it JSON? What jsmn lets pass is found here. */
#include "lib/json.h"
#include "lib/plain.h"
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
