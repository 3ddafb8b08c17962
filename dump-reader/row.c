/* SPDX-License-Identifier: ISC */
/* Rows of an INSERT. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "row.h"

int
row_init(struct row *r, size_t max_bytes, struct error *e)
{
	memset(r, 0, sizeof(*r));
	r->literals = reallocarray(NULL, MAX_COLUMNS, sizeof(*r->literals));
	r->values = reallocarray(NULL, MAX_COLUMNS, sizeof(*r->values));
	if (r->literals == NULL || r->values == NULL || buf_init(&r->converted, 4 * max_bytes + 64) == -1)
		return error_set(e, RC_TEMP, "row: %s", strerror(errno));
	return 0;
}

void
row_free(struct row *r)
{
	free(r->literals);
	free(r->values);
	buf_free(&r->converted);
}

enum { SPACE = 1, NUMBER = 2, WORD = 4, HEX = 8 };
static const unsigned char classes[256] = {
	[' '] = SPACE, ['\t'] = SPACE, ['\n'] = SPACE, ['\r'] = SPACE,
	['0' ... '9'] = NUMBER | WORD | HEX, ['+'] = NUMBER, ['-'] = NUMBER, ['.'] = NUMBER,
	['a' ... 'd'] = WORD | HEX, ['e'] = NUMBER | WORD | HEX, ['f'] = WORD | HEX, ['g' ... 'z'] = WORD,
	['A' ... 'D'] = WORD | HEX, ['E'] = NUMBER | WORD | HEX, ['F'] = WORD | HEX, ['G' ... 'Z'] = WORD,
	['_'] = WORD, ['$'] = WORD,
};

static const char *
skip(const char *p, unsigned char class)
{
	while (classes[(unsigned char)*p] & class)
		p++;
	return p;
}

static int
unknown(struct row *r, const char *at, const char **next, const char *why)
{
	r->why = why;
	*next = at;
	return -1;
}

/* From behind the opening quote. Most strings have no backslash, so the closing quote is looked for first. */
static int
scan_string(const struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	const char *quote, *escape;

	l->p = p;
	l->escaped = false;
	for (;;) {
		if ((quote = memchr(p, l->quote, (size_t)(end - p))) == NULL)
			return 0;
		if (!r->no_escapes && (escape = memchr(p, '\\', (size_t)(quote - p))) != NULL) {
			l->escaped = true;
			/* many escapes (JSON in a string) must not cost two calls each */
			for (p = escape; *p != l->quote; p++)
				if (*p == '\\' && ++p == end)
					return 0;
				else if (p == end)
					return 0;
			quote = p;
		}
		if (quote + 1 == end)
			return 0;
		if (quote[1] != l->quote)
			break;
		l->escaped = true;
		p = quote + 2;
	}
	l->n = (size_t)(quote - l->p);
	*next = quote + 1;
	return 1;
}

/* x'…', b'…': digits between quotes. */
static int
scan_digits(struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	const char *to = skip(p, HEX);

	if (to == end)
		return 0;
	if (*to != '\'')
		return unknown(r, to, next, "a digit was expected");
	l->p = p;
	l->n = (size_t)(to - p);
	*next = to + 1;
	return 1;
}

static bool
is_word(const char *p, size_t n, const char *word)
{
	return strncasecmp(p, word, n) == 0 && word[n] == '\0';
}

static int	 scan_literal(struct row *, struct literal *, const char *, const char *, const char **);

/* CONVERT(… USING utf8mb4), mydumper's way to write JSON: the literal in it. p: behind the bracket. */
static int
scan_convert(struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	const char *to;
	int rc;

	l->wrapped = true;
	if ((rc = scan_literal(r, l, skip(p, SPACE), end, &p)) != 1) {
		*next = p;
		return rc;
	}
	p = skip(p, SPACE);
	to = skip(p, WORD);
	if (to != end && !is_word(p, (size_t)(to - p), "USING"))
		return unknown(r, p, next, "USING was expected");
	p = skip(to, SPACE);
	to = skip(p, WORD);
	if (to != end && !is_word(p, (size_t)(to - p), "utf8mb4"))
		return unknown(r, p, next, "utf8mb4 was expected");
	p = skip(to, SPACE);
	if (p == end)
		return 0;
	if (*p != ')')
		return unknown(r, p, next, ") was expected");
	*next = p + 1;
	return 1;
}

/* NULL, DEFAULT, CONVERT, or what opens a literal: x b _charset. */
static int
scan_word(struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	const char *to = skip(p, WORD);
	size_t n = (size_t)(to - p);

	if (to == end)
		return 0;
	*next = to;
	if (is_word(p, n, "NULL")) {
		l->form = LITERAL_NULL;
		return 1;
	}
	if (is_word(p, n, "DEFAULT")) {
		l->form = LITERAL_DEFAULT;
		return 1;
	}
	if (*to == '\'' && (is_word(p, n, "x") || is_word(p, n, "b"))) {
		l->form = (*p | 0x20) == 'x' ? LITERAL_HEX : LITERAL_BITS;
		return scan_digits(r, l, to + 1, end, next);
	}
	if (*to == '(' && is_word(p, n, "CONVERT") && !l->wrapped)
		return scan_convert(r, l, to + 1, end, next);
	if (*p == '_' && n > 1 && l->charset == NULL) {
		l->charset = p + 1;
		l->charset_len = n - 1;
		return scan_literal(r, l, skip(to, SPACE), end, next);
	}
	return unknown(r, p, next, "a literal was expected");
}

static int
scan_number(struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	bool prefixed = *p == '0' && (p[1] == 'x' || p[1] == 'b');
	const char *to = skip(prefixed ? p + 2 : p, prefixed ? HEX : NUMBER);

	if (to == end)
		return 0;
	if (classes[(unsigned char)*to] & WORD)
		return unknown(r, p, next, "a number was expected");
	l->form = !prefixed ? LITERAL_NUMBER : p[1] == 'x' ? LITERAL_HEX : LITERAL_BITS;
	l->p = prefixed ? p + 2 : p;
	l->n = (size_t)(to - l->p);
	*next = to;
	return 1;
}

static int
scan_literal(struct row *r, struct literal *l, const char *p, const char *end, const char **next)
{
	if (p == end)
		return 0;
	if (*p == '\'' || *p == '"') {
		l->form = LITERAL_STRING;
		l->quote = *p;
		return scan_string(r, l, p + 1, end, next);
	}
	if (classes[(unsigned char)*p] & NUMBER && (*p | 0x20) != 'e')
		return scan_number(r, l, p, end, next);
	if (classes[(unsigned char)*p] & WORD)
		return scan_word(r, l, p, end, next);
	return unknown(r, p, next, "a literal was expected");
}

int
row_literal(struct row *r, const char *p, const char *end, const char **next)
{
	struct literal *l;

	if (r->count == MAX_COLUMNS)
		return unknown(r, p, next, "a row with more values than a table may have columns");
	l = &r->literals[r->count++];
	l->charset = NULL;
	l->wrapped = false;
	return scan_literal(r, l, skip(p, SPACE), end, next);
}

int
row_scan(struct row *r, const char *p, const char *end, const char **next)
{
	const char *start = p;
	int rc;

	r->count = 0;
	if (p == end)
		return 0;
	if (*p != '(')
		return unknown(r, p, next, "( was expected");
	if (*skip(p + 1, SPACE) == ')') {	/* of a table with generated columns only */
		*next = skip(p + 1, SPACE) + 1;
		r->bytes = (size_t)(*next - start);
		return 1;
	}
	for (;;) {
		if ((rc = row_literal(r, p + 1, end, &p)) != 1) {
			*next = p;
			return rc;
		}
		p = skip(p, SPACE);
		if (p == end)
			return 0;
		if (*p == ')')
			break;
		if (*p != ',')
			return unknown(r, p, next, ", or ) was expected");
	}
	*next = p + 1;
	r->bytes = (size_t)(*next - start);
	return 1;
}

/* MySQL manual, "String Literals": the escapes; a backslash before any other byte is dropped. */
static const char escapes[256] = { ['0'] = 1, ['b'] = '\b', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['Z'] = 0x1a };

static void
unescape(struct literal *l, bool no_escapes)
{
	char *to = (char *)l->p, *p = to, *end = p + l->n, *from;

	while (p < end) {
		for (from = p; p < end && (*p != '\\' || no_escapes) && *p != l->quote; p++)
			;
		memmove(to, from, (size_t)(p - from));
		to += p - from;
		if (p == end)
			break;
		if (*p++ == l->quote) {
			*to++ = l->quote;
		} else if (escapes[(unsigned char)*p] != 0) {
			*to++ = *p == '0' ? '\0' : escapes[(unsigned char)*p];
		} else {
			if (*p == '%' || *p == '_')	/* these keep it, outside of patterns */
				*to++ = '\\';
			*to++ = *p;
		}
		p++;
	}
	l->n = (size_t)(to - l->p);
}

static unsigned
hex_digit(char c)
{
	return (unsigned)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* Digits become bytes; an odd number of them has a zero in front. Always shorter than the digits. */
static int
decode(struct literal *l)
{
	const bool bits = l->form == LITERAL_BITS;
	const unsigned a_byte = bits ? 8 : 2, shift = bits ? 1 : 4;
	size_t i, lead = (a_byte - l->n % a_byte) % a_byte;
	char *to = (char *)l->p;
	unsigned v = 0;

	for (i = 0; i < l->n; i++) {
		v = v << shift | hex_digit(l->p[i]);
		if (bits && (l->p[i] | 1) != '1')
			return -1;
		if ((i + 1 + lead) % a_byte == 0) {
			*to++ = (char)v;
			v = 0;
		}
	}
	l->n = (size_t)(to - l->p);
	return 0;
}

/* The literal's text becomes UTF-8. */
static int
to_utf8(struct row *r, struct literal *l, const struct charset *from, const struct value_options *o, struct error *e)
{
	size_t was = r->converted.len;
	uint64_t bad = 0;

	/* values point into it, so it must not move before the row is written: no character needs more than 4 bytes */
	if (was == 0 && buf_room(&r->converted, 4 * r->bytes + 64) == NULL)
		return error_set(e, RC_TEMP, "converting from %s: %s", charset_name(from), strerror(errno));
	if (charset_put_utf8(from, &r->converted, l->p, l->n, &bad) == -1)
		return error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "converting from %s: %s",
		    charset_name(from), strerror(errno));
	if (o->bad_bytes != NULL)
		*o->bad_bytes += bad;
	l->n = r->converted.len - was;
	l->p = r->converted.data + was;
	return 0;
}

/* Of the introducer, which is not a C string; NULL: not known. */
static const struct charset *
introduced(const struct literal *l)
{
	char name[64];

	if (l->charset_len >= sizeof(name))
		return NULL;
	memcpy(name, l->charset, l->charset_len);
	name[l->charset_len] = '\0';
	return charset_find(name);
}

static bool
holds_text(const struct column *c)
{
	return c->charset != NULL || c->kind == COLUMN_JSON;
}

/* Text is in the dump's character set, in its introducer's, or, in hex and in a dump made with SET NAMES binary, in the
 * column's own. *form: what the literal is afterwards. */
static int
text_literal(struct row *r, const struct column *c, struct literal *l, const struct charset *dump, enum text_form *form,
    const struct value_options *o, struct error *e)
{
	const struct charset *from = l->charset != NULL ? introduced(l) : *form == TEXT_HEX ? NULL : dump;

	if (from == NULL && l->charset != NULL)
		return error_set(e, RC_FAIL, "column %s: unknown character set %.*s", c->name,
		    (int)(l->charset_len < 60 ? l->charset_len : 60), l->charset);
	if (from == NULL || charset_is_binary(from)) {
		*form = TEXT_HEX;
		if (c->kind == COLUMN_TEXT)
			return 0;	/* stays as it is, as from a binary log */
		from = c->charset;
	}
	*form = TEXT_STRING;
	return from == NULL || charset_is_utf8(from) ? 0 : to_utf8(r, l, from, o, e);
}

static int
literal_value(struct row *r, struct value *v, const struct column *c, struct literal *l, const struct charset *charset,
    const struct value_options *o, struct error *e)
{
	static const enum text_form forms[] = { [LITERAL_NULL] = TEXT_NULL, [LITERAL_NUMBER] = TEXT_NUMBER,
	    [LITERAL_STRING] = TEXT_STRING, [LITERAL_HEX] = TEXT_HEX, [LITERAL_BITS] = TEXT_HEX };
	enum text_form form;

	if (c->hidden) {
		v->type = VALUE_ABSENT;
		return 0;
	}
	if (l->form == LITERAL_DEFAULT) {
		v->type = VALUE_ABSENT;
		return c->generated ? 0 :
		    error_set(e, RC_FAIL, "column %s: DEFAULT, which only the server knows", c->name);
	}
	form = forms[l->form];
	if (l->form == LITERAL_STRING && l->escaped)
		unescape(l, r->no_escapes);
	if (form == TEXT_HEX && decode(l) == -1)
		return error_set(e, RC_FAIL, "column %s: not a bit literal", c->name);
	if ((form == TEXT_STRING || form == TEXT_HEX) && holds_text(c) &&
	    text_literal(r, c, l, charset, &form, o, e) == -1)
		return -1;
	return value_from_text(v, c, form, l->p, l->n, o, e);
}

int
row_values(struct row *r, const struct table *t, const size_t *columns, const struct charset *charset,
    const struct value_options *o, struct error *e)
{
	size_t i;

	if (r->count < t->count)
		for (i = 0; i < t->count; i++)
			r->values[i].type = VALUE_ABSENT;
	buf_clear(&r->converted);
	for (i = 0; i < r->count; i++)
		if (literal_value(r, &r->values[columns[i]], &t->columns[columns[i]], &r->literals[i], charset, o,
		    e) == -1)
			return -1;
	return 0;
}
