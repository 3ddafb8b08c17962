/* SPDX-License-Identifier: ISC */
/* The SQL tokenizer. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/sql.h"

void
sql_init(struct sql *s, const char *text, size_t len)
{
	*s = (struct sql){ .p = text, .start = text, .end = text + len };
}

static bool
at(const struct sql *s, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, what, n) == 0;
}

/* After the opening of an executable comment: MariaDB's letter and the version are not text. */
static void
open_executable(struct sql *s)
{
	s->p += s->p[2] == 'M' ? 4 : 3;
	while (s->p < s->end && isdigit((unsigned char)*s->p))
		s->p++;
	s->executable++;
}

/* False: a comment that does not end. */
static bool
skip_space(struct sql *s)
{
	for (;;) {
		while (s->p < s->end && (isspace((unsigned char)*s->p) || *s->p == '\0'))
			s->p++;
		if (at(s, "/*!") || at(s, "/*M!")) {
			open_executable(s);
		} else if (s->executable > 0 && at(s, "*/")) {
			s->executable--;
			s->p += 2;
		} else if (at(s, "/*")) {
			const char *close = memmem(s->p + 2, (size_t)(s->end - s->p) - 2, "*/", 2);

			if (close == NULL)
				return false;
			s->p = close + 2;
		} else if (at(s, "#") || (at(s, "--") && (s->end - s->p == 2 || isspace((unsigned char)s->p[2])))) {
			const char *lf = memchr(s->p, '\n', (size_t)(s->end - s->p));

			s->p = lf == NULL ? s->end : lf + 1;
		} else {
			return true;
		}
	}
}

/* Past the closing quote; false: there is none. A doubled quote stands for itself; so does an escaped one, but in names. */
static bool
skip_quoted(struct sql *s, bool escapes)
{
	char quote = *s->p++;

	for (; s->p < s->end; s->p++) {
		if (*s->p == '\\' && escapes) {
			if (++s->p == s->end)
				return false;
		} else if (*s->p == quote) {
			if (s->p + 1 == s->end || s->p[1] != quote) {
				s->p++;
				return true;
			}
			s->p++;
		}
	}
	return false;
}

static bool
is_word_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 0x80;
}

struct sql_token
sql_next(struct sql *s)
{
	struct sql_token t = { .type = SQL_BAD };
	bool ok = skip_space(s), digits = true;

	t.text = s->p;
	if (!ok)
		return t;
	if (s->p == s->end) {
		t.type = s->executable > 0 ? SQL_BAD : SQL_END;
		return t;
	}
	if (*s->p == '`' || *s->p == '\'' || *s->p == '"') {
		t.type = *s->p == '`' || (s->ansi_quotes && *s->p == '"') ? SQL_NAME : SQL_STRING;
		if (!skip_quoted(s, t.type == SQL_STRING))
			t.type = SQL_BAD;
	} else if (is_word_byte(*s->p)) {
		for (; s->p < s->end && is_word_byte(*s->p); s->p++)
			digits = digits && isdigit((unsigned char)*s->p);
		t.type = digits ? SQL_NUMBER : SQL_WORD;
	} else {
		t.type = SQL_MARK;
		s->p++;
	}
	t.len = (size_t)(s->p - t.text);
	return t;
}

struct sql_token
sql_peek(struct sql *s)
{
	struct sql copy = *s;

	return sql_next(&copy);
}

bool
sql_is(const struct sql_token *t, const char *keyword)
{
	return t->type == SQL_WORD && strncasecmp(t->text, keyword, t->len) == 0 && keyword[t->len] == '\0';
}

bool
sql_is_mark(const struct sql_token *t, char mark)
{
	return t->type == SQL_MARK && *t->text == mark;
}

bool
sql_take(struct sql *s, const char *keyword)
{
	struct sql_token t = sql_peek(s);

	if (!sql_is(&t, keyword))
		return false;
	sql_next(s);
	return true;
}

bool
sql_take_mark(struct sql *s, char mark)
{
	struct sql_token t = sql_peek(s);

	if (!sql_is_mark(&t, mark))
		return false;
	sql_next(s);
	return true;
}

bool
sql_is_name(const struct sql_token *t)
{
	return t->type == SQL_WORD || t->type == SQL_NAME || (t->type == SQL_STRING && *t->text == '"');
}

/* MySQL manual, "String Literals": the escapes; a backslash before any other byte is dropped. */
static char
unescape(char c)
{
	switch (c) {
	case '0': return '\0';
	case 'b': return '\b';
	case 'n': return '\n';
	case 'r': return '\r';
	case 't': return '\t';
	case 'Z': return 0x1a;
	default:  return c;
	}
}

int
sql_put_text(const struct sql_token *t, struct buf *b)
{
	const char *p = t->text, *end = p + t->len;
	char quote, *to;

	if (t->type != SQL_NAME && t->type != SQL_STRING)
		return buf_add(b, p, t->len);
	if ((to = buf_room(b, t->len)) == NULL)
		return -1;
	quote = *p++;
	for (end--; p < end; p++) {
		if (*p == '\\' && t->type == SQL_STRING)
			*to++ = unescape(*++p);
		else if ((*to++ = *p) == quote)
			p++;
	}
	b->len = (size_t)(to - b->data);
	return 0;
}

char *
sql_strdup(const struct sql_token *t)
{
	char *copy = NULL;
	struct buf b;

	if (buf_init(&b, t->len + 1) == -1)
		return NULL;
	if (sql_put_text(t, &b) == 0) {
		if (memchr(b.data, '\0', b.len) != NULL)
			errno = EINVAL;
		else
			copy = strndup(b.data, b.len);
	}
	buf_free(&b);
	return copy;
}
