/* SPDX-License-Identifier: ISC */
/* Sets of GTIDs (MySQL manual, "GTID Sets"; MariaDB manual, "Global Transaction ID"). */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gtid.h"

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "GTID set: %s", strerror(errno));
}

int
gtids_init(struct gtids *g, struct error *e)
{
	memset(g, 0, sizeof(*g));
	return buf_init(&g->text, MAX_GTID_SET) == -1 ? no_memory(e) : 0;
}

void
gtids_forget(struct gtids *g)
{
	while (g->count > 0)
		free(g->sources[--g->count].intervals);
	g->known = g->text_fits = false;
}

void
gtids_free(struct gtids *g)
{
	gtids_forget(g);
	free(g->sources);
	buf_free(&g->text);
	g->sources = NULL;
}

static struct gtid_source *
add_source(struct gtids *g, const struct gtid_source *new, struct error *e)
{
	struct gtid_source *grown = reallocarray(g->sources, g->count + 1, sizeof(*grown));

	if (grown == NULL) {
		no_memory(e);
		return NULL;
	}
	g->sources = grown;
	g->sources[g->count] = *new;
	return &g->sources[g->count++];
}

static struct gtid_source *
source_of(struct gtids *g, const uint8_t uuid[16], struct error *e)
{
	struct gtid_source new = { 0 };
	size_t i;

	for (i = 0; i < g->count; i++)
		if (memcmp(g->sources[i].uuid, uuid, 16) == 0)
			return &g->sources[i];
	memcpy(new.uuid, uuid, 16);
	return add_source(g, &new, e);
}

/* Puts an interval in at its place and joins what touches. */
static int
add_interval(struct gtid_source *s, uint64_t from, uint64_t to, struct error *e)
{
	struct gtid_interval *grown, *at;
	size_t i = s->count, last, cap;

	while (i > 0 && s->intervals[i - 1].to >= from - 1)
		i--;
	if (i < s->count && s->intervals[i].from <= to + 1) {
		at = &s->intervals[i];
		for (last = i; last < s->count && s->intervals[last].from <= to + 1; last++)
			if (s->intervals[last].to > to)
				to = s->intervals[last].to;
		if (from < at->from)
			at->from = from;
		at->to = to;
		memmove(at + 1, s->intervals + last, (s->count - last) * sizeof(*at));
		s->count -= last - i - 1;
		return 0;
	}
	if (s->count == s->cap) {
		cap = s->cap == 0 ? 4 : s->cap * 2;
		if ((grown = reallocarray(s->intervals, cap, sizeof(*grown))) == NULL)
			return no_memory(e);
		s->intervals = grown;
		s->cap = cap;
	}
	memmove(s->intervals + i + 1, s->intervals + i, (s->count - i) * sizeof(*s->intervals));
	s->intervals[i] = (struct gtid_interval){ .from = from, .to = to };
	s->count++;
	return 0;
}

static int
set_last(struct gtids *g, uint32_t domain, uint32_t server, uint64_t n, struct error *e)
{
	struct gtid_source new = { .domain = domain, .server = server, .last = n };
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->sources[i].domain == domain) {
			g->sources[i] = new;
			return 0;
		}
	return add_source(g, &new, e) == NULL ? -1 : 0;
}

int
gtids_add(struct gtids *g, const struct gtid *x, struct error *e)
{
	struct gtid_source *s;

	if (!g->known || x->kind == GTID_NONE)
		return 0;
	g->text_fits = false;
	if (x->kind == GTID_MARIADB)
		return set_last(g, x->domain, x->server, x->n, e);
	if (x->n == 0 || x->n == UINT64_MAX)
		return error_set(e, RC_FAIL, "GTID: no such number");
	return (s = source_of(g, x->uuid, e)) == NULL ? -1 : add_interval(s, x->n, x->n, e);
}

/* 01234567-89ab-cdef-0123-456789abcdef */
static bool
take_uuid(const char **p, uint8_t uuid[16])
{
	unsigned byte;
	size_t i;
	int n;

	for (i = 0; i < 16; i++) {
		if ((i == 4 || i == 6 || i == 8 || i == 10) && *(*p)++ != '-')
			return false;
		n = 0;
		if (sscanf(*p, "%2x%n", &byte, &n) != 1 || n != 2)
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

/* uuid:1-5:7 */
static int
parse_mysql(struct gtids *g, const char **p, struct error *e)
{
	struct gtid_source *s;
	uint64_t from, to;
	uint8_t uuid[16];

	if (!take_uuid(p, uuid))
		return error_set(e, RC_FAIL, "not a GTID set");
	if ((s = source_of(g, uuid, e)) == NULL)
		return -1;
	while (**p == ':') {
		++*p;
		if (!take_number(p, &from))
			return error_set(e, RC_FAIL, "a GTID set with tags is not read yet");
		to = from;
		if (**p == '-' && (++*p, !take_number(p, &to)))
			return error_set(e, RC_FAIL, "not a GTID set");
		if (from == 0 || to < from || to == UINT64_MAX)
			return error_set(e, RC_FAIL, "not a GTID set");
		if (add_interval(s, from, to, e) == -1)
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
		return error_set(e, RC_FAIL, "not a GTID set");
	return set_last(g, (uint32_t)domain, (uint32_t)server, n, e);
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
		p += strspn(p, ", \n");
	}
	return 0;
}

int
gtids_read_previous(struct gtids *g, struct cursor *c, struct error *e)
{
	uint64_t sources = cur_u64(c), intervals, from, to;
	struct gtid_source *s;
	const uint8_t *uuid;

	gtids_forget(g);
	if (sources >> 56 != 0)	/* MySQL 8.3 and later: the encoding of tagged GTIDs */
		return 0;
	for (g->known = true; sources > 0 && !c->bad; sources--) {
		if ((uuid = cur_take(c, 16)) == NULL)
			break;
		if ((s = source_of(g, uuid, e)) == NULL)
			return -1;
		for (intervals = cur_u64(c); intervals > 0 && !c->bad; intervals--) {
			from = cur_u64(c);
			to = cur_u64(c);	/* the first that is not in it */
			if (c->bad || from == 0 || to <= from)
				c->bad = true;
			else if (add_interval(s, from, to - 1, e) == -1)
				return -1;
		}
	}
	g->known = !c->bad;
	return c->bad ? -1 : 0;
}

int
gtids_read_list(struct gtids *g, struct cursor *c, struct error *e)
{
	uint32_t count = cur_u32(c) & 0x0fffffff, domain, server;
	uint64_t n;

	gtids_forget(g);
	for (g->known = true; count > 0 && !c->bad; count--) {
		domain = cur_u32(c);
		server = cur_u32(c);
		n = cur_u64(c);
		if (!c->bad && set_last(g, domain, server, n, e) == -1)
			return -1;
	}
	g->known = !c->bad;
	return c->bad ? -1 : 0;
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
	snprintf(text, GTID_TEXT, "%s:%" PRIu64, u, x->n);
}

static int
put_source(struct buf *b, const struct gtid_source *s, bool mariadb)
{
	const struct gtid_interval *x;
	char u[37];
	size_t i;

	if (mariadb)
		return buf_putf(b, "%" PRIu32 "-%" PRIu32 "-%" PRIu64, s->domain, s->server, s->last);
	uuid_text(u, s->uuid);
	if (buf_puts(b, u) == -1)
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
	size_t i, written = 0;

	buf_clear(&g->text);
	for (i = 0; i < g->count; i++) {
		if (!g->mariadb && g->sources[i].count == 0)
			continue;
		if ((written++ > 0 && buf_putc(&g->text, ',') == -1) ||
		    put_source(&g->text, &g->sources[i], g->mariadb) == -1)
			return -1;
	}
	g->text_fits = true;
	return 0;
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
