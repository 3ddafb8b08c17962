/* SPDX-License-Identifier: ISC */
/* GTIDs as text (MySQL manual, "GTID Sets"; MariaDB manual, "Global Transaction ID"). */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtid.h"

/* 01234567-89ab-cdef-0123-456789abcdef */
static bool
take_uuid(const char **p, uint8_t uuid[16])
{
	unsigned byte;
	size_t i;

	for (i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *(*p)++ != '-')
			return false;
		if (!isxdigit((unsigned char)(*p)[0]) || !isxdigit((unsigned char)(*p)[1]) || sscanf(*p, "%2x", &byte) != 1)
			return false;
		uuid[i] = (uint8_t)byte;
		*p += 2;
	}
	return true;
}

static bool
take_number(const char **p, uint64_t *v)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*v = strtoull(*p, &end, 10);
	*p = end;
	return errno == 0;
}

static int
not_a_set(struct error *e)
{
	return error_set(e, RC_FAIL, "not a GTID set");
}

/* A letter or _, then digits, too; the server's are in lower case. */
static bool
take_tag(const char **p, char tag[GTID_TAG])
{
	const char *q = *p;
	size_t n = 0;

	if (*q >= '0' && *q <= '9')
		return false;
	for (; isalnum((unsigned char)*q) || *q == '_'; q++) {
		if (n == GTID_TAG - 1)
			return false;
		tag[n++] = (char)tolower((unsigned char)*q);
	}
	if (n == 0)
		return false;
	tag[n] = '\0';
	*p = q;
	return true;
}

/* uuid:1-5:7:tag:1-3 */
static int
parse_mysql(struct gtids *g, const char **p, struct error *e)
{
	char tag[GTID_TAG] = "";
	struct gtid_source *s;
	uint64_t from, to;
	uint8_t uuid[16];

	if (!take_uuid(p, uuid) || **p != ':')
		return not_a_set(e);
	while (**p == ':') {
		++*p;
		if (take_tag(p, tag)) {
			if (**p != ':')
				return not_a_set(e);
			continue;
		}
		if (!take_number(p, &from))
			return not_a_set(e);
		to = from;
		if (**p == '-' && (++*p, !take_number(p, &to)))
			return not_a_set(e);
		if (from == 0 || to < from || to == UINT64_MAX)
			return not_a_set(e);
		if ((s = gtids_source(g, uuid, tag, e)) == NULL || gtids_add_interval(g, s, from, to, e) == -1)
			return -1;
	}
	return 0;
}

/* 0-1-100 */
static int
parse_mariadb(struct gtids *g, const char **p, struct error *e)
{
	uint64_t domain, server, n;

	if (!take_number(p, &domain) || *(*p)++ != '-' || !take_number(p, &server) || *(*p)++ != '-' ||
	    !take_number(p, &n) || domain > UINT32_MAX || server > UINT32_MAX)
		return not_a_set(e);
	return gtids_set_last(g, (uint32_t)domain, (uint32_t)server, n, e);
}

int
gtids_parse(struct gtids *g, const char *text, struct error *e)
{
	const char *p = text;

	gtids_forget(g);
	g->known = true;
	while (*p != '\0') {
		if ((g->mariadb ? parse_mariadb(g, &p, e) : parse_mysql(g, &p, e)) == -1 ||
		    (*p != ',' && *p != '\0' && error_set(e, RC_FAIL, "not a GTID set") == -1)) {
			gtids_forget(g);
			return error_at(e, "%s", text);
		}
		p += strspn(p, ", \r\n");
	}
	return 0;
}

int
gtids_parse_any(struct gtids *g, const char *text, struct error *e)
{
	g->mariadb = false;
	if (gtids_parse(g, text, e) == 0)
		return 0;
	g->mariadb = true;
	return gtids_parse(g, text, e);
}

static void
uuid_text(char text[37], const uint8_t u[16])
{
	snprintf(text, 37, "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
	    u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

void
gtid_text(char text[GTID_TEXT], const struct gtid *x)
{
	char u[37];

	text[0] = '\0';
	if (x->kind == GTID_MARIADB)
		snprintf(text, GTID_TEXT, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, x->domain, x->server, x->n);
	if (x->kind != GTID_MYSQL)
		return;
	uuid_text(u, x->uuid);
	snprintf(text, GTID_TEXT, "%s%s%s:%" PRIu64, u, x->tag[0] != '\0' ? ":" : "", x->tag, x->n);
}

/* goes_on: the source before it has the same UUID. */
static int
put_source(struct buf *b, const struct gtid_source *s, bool goes_on)
{
	const struct gtid_interval *x;
	char u[37];
	size_t i;

	uuid_text(u, s->uuid);
	if ((!goes_on && buf_puts(b, u) == -1) ||
	    (s->tag[0] != '\0' && (buf_putc(b, ':') == -1 || buf_puts(b, s->tag) == -1)))
		return -1;
	for (i = 0; i < s->count; i++) {
		x = &s->intervals[i];
		if (buf_putc(b, ':') == -1 || buf_putu(b, x->from) == -1 ||
		    (x->to > x->from && (buf_putc(b, '-') == -1 || buf_putu(b, x->to) == -1)))
			return -1;
	}
	return 0;
}

static int
render(struct gtids *g)
{
	const struct gtid_source *s, *last = NULL;
	bool goes_on;

	buf_clear(&g->text);
	for (s = g->sources; g->count > 0 && s < g->sources + g->count; s++) {
		if (g->mariadb ? !s->newest : s->count == 0)
			continue;
		goes_on = !g->mariadb && last != NULL && memcmp(last->uuid, s->uuid, 16) == 0;
		if (last != NULL && !goes_on && buf_putc(&g->text, ',') == -1)
			return -1;
		if ((g->mariadb ? buf_putf(&g->text, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, s->domain, s->server, s->last) :
		    put_source(&g->text, s, goes_on)) == -1)
			return -1;
		last = s;
	}
	g->text_fits = true;
	return 0;
}

const char *
gtids_text(struct gtids *g)
{
	return !g->text_fits && render(g) == -1 ? NULL : buf_str(&g->text);
}

int
gtids_put(struct buf *b, struct gtids *g)
{
	if (!g->known)
		return 0;
	if (!g->text_fits && render(g) == -1)
		return -1;
	if (buf_puts(b, ",\"gtids\":\"") == -1 || buf_add(b, g->text.data, g->text.len) == -1)
		return -1;
	return buf_putc(b, '"');
}
