/* SPDX-License-Identifier: ISC */
/* Lines of fields. */
#include <string.h>

#include "fields.h"

void
fields_init(struct fields_format *f)
{
	*f = (struct fields_format){ .terminated = "\t", .terminated_len = 1, .ended = "\n", .ended_len = 1,
	    .escaped = '\\' };
}

int
fields_set(struct fields_format *f, const char *what, const char *text, struct error *e)
{
	const struct { const char *what; char *mark; size_t *len; } marks[] = {
		{ "terminated", f->terminated, &f->terminated_len }, { "starting", f->starting, &f->starting_len },
		{ "ended", f->ended, &f->ended_len },
	};
	size_t n = strlen(text), i;

	for (i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
		if (strcmp(what, marks[i].what) != 0)
			continue;
		if (n >= MAX_FIELD_MARK)
			return error_set(e, RC_USAGE, "%s by: longer than %d bytes: %s", what, MAX_FIELD_MARK - 1, text);
		memcpy(marks[i].mark, text, n + 1);
		*marks[i].len = n;
		return 0;
	}
	if (n > 1)
		return error_set(e, RC_USAGE, "%s by: one byte or none was expected: %s", what, text);
	*(strcmp(what, "enclosed") == 0 ? &f->enclosed : &f->escaped) = *text;
	return 0;
}

int
fields_check(struct fields_format *f, struct error *e)
{
	if (f->terminated_len == 0 || f->ended_len == 0)
		return error_set(e, RC_USAGE, "fields of fixed width are not read: both need a terminator");
	if ((f->escaped != '\0' && f->escaped == f->enclosed) || f->terminated[0] == f->ended[0] ||
	    f->terminated[0] == f->escaped || f->terminated[0] == f->enclosed || f->ended[0] == f->escaped ||
	    f->ended[0] == f->enclosed)
		return error_set(e, RC_USAGE, "fields' and lines' terminators, quote and escape begin alike");
	memset(f->stops, false, sizeof(f->stops));
	f->stops[(unsigned char)f->terminated[0]] = f->stops[(unsigned char)f->ended[0]] = true;
	f->stops[(unsigned char)f->escaped] |= f->escaped != '\0';
	f->stops[(unsigned char)f->enclosed] |= f->enclosed != '\0';
	return 0;
}

enum at { AT_NOTHING, AT_FIELD_END, AT_LINE_END, AT_CUT };

/* What begins at p, where a mark's first byte may stand. */
static enum at
mark_at(const struct fields_format *f, const char *p, const char *end, bool last)
{
	size_t left = (size_t)(end - p);

	if (left >= f->ended_len && memcmp(p, f->ended, f->ended_len) == 0)
		return AT_LINE_END;
	if (left >= f->terminated_len && memcmp(p, f->terminated, f->terminated_len) == 0)
		return AT_FIELD_END;
	if (!last && ((left < f->ended_len && memcmp(p, f->ended, left) == 0) ||
	    (left < f->terminated_len && memcmp(p, f->terminated, left) == 0)))
		return AT_CUT;
	return AT_NOTHING;
}

/* From p, behind an opening quote if l->quote is one: up to the mark that ends the field. */
static enum at
scan_field(struct literal *l, const struct fields_format *f, const char *p, const char *end, bool last, const char **next)
{
	enum at at;

	for (l->p = p; p < end; p++) {
		if (!f->stops[(unsigned char)*p])
			continue;
		if (*p == f->escaped && f->escaped != '\0') {
			l->escaped = true;
			if (++p == end)
				return AT_CUT;
		} else if (l->quote != '\0' && *p == l->quote) {
			if (p + 1 == end && !last)
				return AT_CUT;
			if (p + 1 < end && p[1] == l->quote) {	/* a doubled one stands for itself */
				l->escaped = true;
				p++;
			} else if ((at = mark_at(f, p + 1, end, last)) != AT_NOTHING) {
				l->n = (size_t)(p - l->p);
				*next = p + 1;
				return at;
			}
		} else if (l->quote == '\0' && (at = mark_at(f, p, end, last)) != AT_NOTHING) {
			l->n = (size_t)(p - l->p);
			*next = p;
			return at;
		}
	}
	return AT_CUT;
}

/* \N alone; and where there are quotes, NULL without them. */
static bool
is_null(const struct literal *l, const struct fields_format *f)
{
	if (l->quote != '\0')
		return false;
	return (l->n == 2 && f->escaped != '\0' && l->p[0] == f->escaped && l->p[1] == 'N') ||
	    (l->n == 4 && f->enclosed != '\0' && memcmp(l->p, "NULL", 4) == 0);
}

static int
unknown(struct row *r, const char *at, const char **next, const char *why)
{
	r->why = why;
	*next = at;
	return -1;
}

int
fields_scan(struct row *r, const struct fields_format *f, const char *p, const char *end, bool last, const char **next)
{
	const char *start = p;
	struct literal *l;
	enum at at;

	r->count = 0;
	if ((size_t)(end - p) < f->starting_len)
		return 0;
	if (memcmp(p, f->starting, f->starting_len) != 0)
		return unknown(r, p, next, "a line that does not begin as lines here do");
	p += f->starting_len;
	do {
		if (p == end)
			return 0;
		if (r->count == MAX_COLUMNS)
			return unknown(r, p, next, "a line with more fields than a table may have columns");
		l = &r->literals[r->count++];
		*l = (struct literal){ .form = LITERAL_STRING };
		if (f->enclosed != '\0' && *p == f->enclosed)
			l->quote = *p++;
		if ((at = scan_field(l, f, p, end, last, &p)) == AT_CUT)
			return 0;
		if (is_null(l, f))
			l->form = LITERAL_NULL;
		p += at == AT_FIELD_END ? f->terminated_len : f->ended_len;
	} while (at == AT_FIELD_END);
	*next = p;
	r->bytes = (size_t)(p - start);
	return 1;
}

static void
decode(struct literal *l, char escaped)
{
	static const char escapes[256] = { ['0'] = 1, ['b'] = '\b', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t', ['Z'] = 0x1a };
	char *to = (char *)l->p;
	const char *p = l->p, *end = p + l->n;

	while (p < end) {
		if (*p == escaped && escaped != '\0') {
			p++;
			*to++ = escapes[(unsigned char)*p] == 0 ? *p : *p == '0' ? '\0' : escapes[(unsigned char)*p];
		} else {
			if (l->quote != '\0' && *p == l->quote && p + 1 < end && p[1] == l->quote)
				p++;
			*to++ = *p;
		}
		p++;
	}
	l->n = (size_t)(to - l->p);
	l->escaped = false;
}

void
fields_decode(struct row *r, const struct fields_format *f)
{
	size_t i;

	for (i = 0; i < r->count; i++)
		if (r->literals[i].escaped && r->literals[i].form == LITERAL_STRING)
			decode(&r->literals[i], f->escaped);
}
