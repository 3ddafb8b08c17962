/* SPDX-License-Identifier: ISC */
/* Templates. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "es-bulk/template.h"

#define MAX_DATE_TEXT 256	/* bytes of a date in a name; a whole name has no more */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "template: %s", strerror(errno));
}

void
template_free(struct template *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		free(t->pieces[i].text);
		free(t->pieces[i].format);
	}
	free(t->pieces);
	memset(t, 0, sizeof(*t));
}

static struct piece *
add_piece(struct template *t, const char *text, size_t n)
{
	struct piece *grown = reallocarray(t->pieces, t->count + 1, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	t->pieces = grown;
	grown += t->count;
	memset(grown, 0, sizeof(*grown));
	if ((grown->text = strndup(text, n)) == NULL)
		return NULL;
	t->count++;
	return grown;
}

/* What stands between braces. */
static int
add_name(struct template *t, const char *name, size_t n, const char *whole, struct error *e)
{
	static const char row[] = "row.";
	const char *colon = memchr(name, ':', n);
	size_t column = (colon == NULL ? n : (size_t)(colon - name));
	struct piece *p;

	if ((n == 2 && memcmp(name, "db", 2) == 0) || (n == 5 && memcmp(name, "table", 5) == 0)) {
		if ((p = add_piece(t, "", 0)) == NULL)
			return no_memory(e);
		p->kind = n == 2 ? PIECE_DB : PIECE_TABLE;
		return 0;
	}
	if (column <= sizeof(row) - 1 || memcmp(name, row, sizeof(row) - 1) != 0)
		return error_set(e, RC_USAGE, "%s: {%.*s} is none of {db}, {table}, {row.COLUMN}, {row.COLUMN:FORMAT}",
		    whole, (int)n, name);
	if ((p = add_piece(t, name + sizeof(row) - 1, column - (sizeof(row) - 1))) == NULL)
		return no_memory(e);
	p->kind = PIECE_COLUMN;
	t->by_row = true;
	if (colon != NULL && (p->format = strndup(colon + 1, n - column - 1)) == NULL)
		return no_memory(e);
	return 0;
}

int
template_parse(struct template *t, const char *text, struct error *e)
{
	const char *p = text, *end;
	size_t n;

	memset(t, 0, sizeof(*t));
	while (*p != '\0') {
		n = strcspn(p, "{}");
		if (n > 0 && add_piece(t, p, n) == NULL)
			return no_memory(e);
		p += n;
		if (*p == '\0')
			break;
		if (*p == '}' || (end = strpbrk(p + 1, "{}")) == NULL || *end == '{')
			return error_set(e, RC_USAGE, "%s: a brace without its other one", text);
		if (add_name(t, p + 1, (size_t)(end - p) - 1, text, e) == -1)
			return -1;
		p = end + 1;
	}
	return 0;
}

int
template_put_date(struct buf *b, const char *date, const char *format)
{
	struct tm tm = { 0 };
	char text[MAX_DATE_TEXT], sign;
	int n = 0;

	if (sscanf(date, "%4d-%2d-%2d%n%c%2d:%2d:%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &n, &sign, &tm.tm_hour,
	    &tm.tm_min, &tm.tm_sec) < 3 || n != 10 || tm.tm_year < 1 || tm.tm_mon < 1 || tm.tm_mon > 12 ||
	    tm.tm_mday < 1 || tm.tm_mday > 31) {
		errno = EINVAL;
		return -1;
	}
	tm.tm_year -= 1900;
	tm.tm_mon--;
	timegm(&tm);	/* the days of week and year */
	if (*format != '\0' && strftime(text, sizeof(text), format, &tm) == 0) {
		errno = EINVAL;
		return -1;
	}
	return *format == '\0' ? 0 : buf_puts(b, text);
}
