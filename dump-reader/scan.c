/* SPDX-License-Identifier: ISC */
/* The end of statements. */
#include <ctype.h>
#include <string.h>

#include "scan.h"

#define LOOKAHEAD 4	/* bytes that the longest opening takes: a comment's, executable, MariaDB's */

static bool
begins(const char *p, const char *end, const char *what)
{
	size_t n = strlen(what);

	return (size_t)(end - p) >= n && memcmp(p, what, n) == 0;
}

bool
scan_is_executable(const char *p, const char *end)
{
	return begins(p, end, "/*!") || begins(p, end, "/*M!");
}

bool
scan_is_comment(const char *p, const char *end)
{
	if (begins(p, end, "/*"))
		return !scan_is_executable(p, end);
	if (begins(p, end, "--"))
		return end - p == 2 || isspace((unsigned char)p[2]);
	return begins(p, end, "#");
}

/* In a string or name: behind its closing quote, or where to go on (a doubled quote is two strings side by side). */
static const char *
skip_quoted(struct scan *s, const char *p, const char *end)
{
	const char *quote, *escape;

	while (p < end) {
		quote = memchr(p, s->quote, (size_t)(end - p));
		escape = s->quote == '`' || s->no_escapes ? NULL : memchr(p, '\\', (size_t)((quote == NULL ? end : quote) - p));
		if (escape != NULL) {
			if (end - escape < 2)
				return escape;
			p = escape + 2;
		} else if (quote != NULL) {
			s->state = SCAN_TEXT;
			return quote + 1;
		} else {
			return end;
		}
	}
	return p;
}

/* In a comment up to `close`: behind it, or where to go on. */
static const char *
skip_comment(struct scan *s, const char *p, const char *end, const char *close)
{
	size_t n = strlen(close);
	const char *at = memmem(p, (size_t)(end - p), close, n);

	if (at != NULL) {
		s->state = SCAN_TEXT;
		return at + n;
	}
	return (size_t)(end - p) < n ? p : end - (n - 1);
}

/* In text: the next byte that opens something or could be the delimiter's. */
static const char *
skip_text(const char *p, const char *end, char delimiter)
{
	static const bool opens[256] = { ['\''] = true, ['"'] = true, ['`'] = true, ['-'] = true, ['#'] = true,
	    ['/'] = true };

	while (p < end && !opens[(unsigned char)*p] && *p != delimiter)
		p++;
	return p;
}

/* At something that may open a quote or a comment: moves past its opening. */
static const char *
open_at(struct scan *s, const char *p, const char *end)
{
	if (*p == '\'' || *p == '"' || *p == '`') {
		s->state = SCAN_QUOTED;
		s->quote = *p;
	} else if (scan_is_comment(p, end)) {
		s->state = *p == '/' ? SCAN_COMMENT : SCAN_LINE;
		return p + (*p == '/' ? 2 : 1);
	} else if (scan_is_executable(p, end)) {
		return p + 3;
	}
	return p + 1;
}

bool
scan_statement(struct scan *s, const char *p, const char *end, bool last, const char *delimiter, const char **at)
{
	const char *from;

	do {
		from = p;
		if (s->state == SCAN_QUOTED) {
			p = skip_quoted(s, p, end);
		} else if (s->state == SCAN_LINE) {
			p = skip_comment(s, p, end, "\n");
		} else if (s->state == SCAN_COMMENT) {
			p = skip_comment(s, p, end, "*/");
		} else {
			*at = p = skip_text(p, end, *delimiter);
			if (begins(p, end, delimiter))
				return true;
			if (p < end && (last || end - p >= MAX_DELIMITER))
				p = open_at(s, p, end);
		}
	} while (p > from);
	*at = p;
	return false;
}
