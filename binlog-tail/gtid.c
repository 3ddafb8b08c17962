/* SPDX-License-Identifier: ISC */
/* Sets of GTIDs. */
#include <errno.h>
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

/* Where the source is, or is to be. */
static size_t
find_source(const struct gtids *g, const uint8_t uuid[16], const char *tag, bool *found)
{
	size_t low = 0, high = g->count, i;
	int order;

	*found = false;
	while (low < high && !*found) {
		i = low + (high - low) / 2;
		if ((order = memcmp(uuid, g->sources[i].uuid, 16)) == 0)
			order = strcmp(tag, g->sources[i].tag);
		if (order < 0)
			high = i;
		else
			low = order == 0 ? i : i + 1;
		*found = order == 0;
	}
	return low;
}

static struct gtid_source *
insert_source(struct gtids *g, size_t at, const struct gtid_source *new, struct error *e)
{
	struct gtid_source *grown = reallocarray(g->sources, g->count + 1, sizeof(*grown));

	if (grown == NULL) {
		no_memory(e);
		return NULL;
	}
	g->sources = grown;
	memmove(grown + at + 1, grown + at, (g->count - at) * sizeof(*grown));
	grown[at] = *new;
	g->count++;
	return &grown[at];
}

struct gtid_source *
gtids_source(struct gtids *g, const uint8_t uuid[16], const char *tag, struct error *e)
{
	struct gtid_source new = { 0 };
	bool found;
	size_t at = find_source(g, uuid, tag, &found);

	if (found)
		return &g->sources[at];
	memcpy(new.uuid, uuid, 16);
	strlcpy(new.tag, tag, sizeof(new.tag));
	return insert_source(g, at, &new, e);
}

/* Puts an interval in at its place and joins what touches. */
int
gtids_add_interval(struct gtids *g, struct gtid_source *s, uint64_t from, uint64_t to, struct error *e)
{
	struct gtid_interval *grown, *at;
	size_t i = s->count, last, cap;

	g->text_fits = false;
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

static struct gtid_source *
find_server(const struct gtids *g, uint32_t domain, uint32_t server)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->sources[i].domain == domain && g->sources[i].server == server)
			return &g->sources[i];
	return NULL;
}

static struct gtid_source *
find_newest(const struct gtids *g, uint32_t domain)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->sources[i].domain == domain && g->sources[i].newest)
			return &g->sources[i];
	return NULL;
}

/* In the order of domains, as servers write them. */
static struct gtid_source *
add_server(struct gtids *g, const struct gtid_source *new, struct error *e)
{
	size_t at = g->count;

	while (at > 0 && g->sources[at - 1].domain > new->domain)
		at--;
	return insert_source(g, at, new, e);
}

int
gtids_set_last(struct gtids *g, uint32_t domain, uint32_t server, uint64_t n, struct error *e)
{
	struct gtid_source new = { .domain = domain, .server = server }, *s = find_newest(g, domain);

	g->text_fits = false;
	if (s != NULL)
		s->newest = false;
	if ((s = find_server(g, domain, server)) == NULL && (s = add_server(g, &new, e)) == NULL)
		return -1;
	s->last = n;
	s->newest = true;
	return 0;
}

int
gtids_add(struct gtids *g, const struct gtid *x, struct error *e)
{
	struct gtid_source *s;

	if (!g->known || x->kind == GTID_NONE)
		return 0;
	if (x->kind == GTID_MARIADB)
		return gtids_set_last(g, x->domain, x->server, x->n, e);
	if (x->n == 0 || x->n == UINT64_MAX)
		return error_set(e, RC_FAIL, "GTID: no such number");
	return (s = gtids_source(g, x->uuid, x->tag, e)) == NULL ? -1 : gtids_add_interval(g, s, x->n, x->n, e);
}

/* A domain that is known already stands where its own transactions left it. */
static int
join_server(struct gtids *g, const struct gtid_source *x, bool newest, struct error *e)
{
	struct gtid_source *s = find_server(g, x->domain, x->server);

	if (newest)
		return gtids_set_last(g, x->domain, x->server, s != NULL && s->last > x->last ? s->last : x->last, e);
	if (s == NULL) {
		if ((s = add_server(g, x, e)) == NULL)
			return -1;
		s->newest = false;
	}
	return 0;
}

int
gtids_join(struct gtids *g, const struct gtids *more, struct error *e)
{
	const struct gtid_source *x;
	struct gtid_source *s;
	size_t i, k;

	g->known = true;
	for (x = more->sources, i = 0; i < more->count; i++, x++) {
		if (g->mariadb) {
			s = find_newest(g, x->domain);
			if (join_server(g, x, x->newest && (s == NULL || s->server == x->server), e) == -1)
				return -1;
			continue;
		}
		for (k = 0; k < x->count; k++)
			if ((s = gtids_source(g, x->uuid, x->tag, e)) == NULL ||
			    gtids_add_interval(g, s, x->intervals[k].from, x->intervals[k].to, e) == -1)
				return -1;
	}
	return 0;
}

bool
gtids_is_empty(const struct gtids *g)
{
	size_t i;

	for (i = 0; i < g->count; i++)
		if (g->mariadb || g->sources[i].count > 0)
			return false;
	return g->known;
}

static bool
has_interval(const struct gtids *g, const uint8_t uuid[16], const char *tag, const struct gtid_interval *x)
{
	const struct gtid_source *s;
	size_t low, high, i;
	bool found;

	i = find_source(g, uuid, tag, &found);
	if (!found)
		return false;
	for (s = &g->sources[i], low = 0, high = s->count; low < high;) {
		i = low + (high - low) / 2;
		if (s->intervals[i].to < x->from)
			low = i + 1;
		else
			high = i;
	}
	return low < s->count && s->intervals[low].from <= x->from && s->intervals[low].to >= x->to;
}

static bool
has_passed(const struct gtids *g, uint32_t domain, uint32_t server, uint64_t n)
{
	const struct gtid_source *s = find_server(g, domain, server);

	if (s == NULL)
		s = find_newest(g, domain);
	return s != NULL && s->last >= n;
}

bool
gtids_contain(const struct gtids *g, const struct gtids *part)
{
	const struct gtid_source *x;
	size_t i, k;

	for (x = part->sources, i = 0; i < part->count; i++, x++) {
		if (part->mariadb && !has_passed(g, x->domain, x->server, x->last))
			return false;
		for (k = 0; k < x->count; k++)
			if (!has_interval(g, x->uuid, x->tag, &x->intervals[k]))
				return false;
	}
	return true;
}

bool
gtids_have(const struct gtids *g, const struct gtid *x)
{
	struct gtid_interval one = { .from = x->n, .to = x->n };

	if (x->kind == GTID_NONE)
		return false;
	return x->kind == GTID_MYSQL ? has_interval(g, x->uuid, x->tag, &one) :
	    has_passed(g, x->domain, x->server, x->n);
}
