/* SPDX-License-Identifier: ISC */
/* Table map events (MySQL internals manual: TABLE_MAP_EVENT; MySQL source, Table_map_event). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tablemap.h"

#define FIRST_SLOTS 64

static void
map_free(struct table_map *m)
{
	free(m->body);
	free(m->cells);
	free(m);
}

void
maps_clear(struct maps *m)
{
	size_t i;

	for (i = 0; i < m->cap; i++) {
		if (m->slots[i] != NULL)
			map_free(m->slots[i]);
		m->slots[i] = NULL;
	}
	m->count = 0;
}

void
maps_free(struct maps *m)
{
	maps_clear(m);
	free(m->slots);
	memset(m, 0, sizeof(*m));
}

/* The slot with that id, or the one where it would go. */
static struct table_map **
slot_of(const struct maps *m, uint64_t id)
{
	size_t i = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (m->cap - 1);

	while (m->slots[i] != NULL && m->slots[i]->id != id)
		i = (i + 1) & (m->cap - 1);
	return &m->slots[i];
}

struct table_map *
maps_find(const struct maps *m, uint64_t id)
{
	return m->cap == 0 ? NULL : *slot_of(m, id);
}

static int
grow(struct maps *m)
{
	struct maps bigger = { .cap = m->cap == 0 ? FIRST_SLOTS : m->cap * 2, .count = m->count };
	size_t i;

	if (m->count < m->cap / 2)
		return 0;
	if ((bigger.slots = calloc(bigger.cap, sizeof(*bigger.slots))) == NULL)
		return -1;
	for (i = 0; i < m->cap; i++)
		if (m->slots[i] != NULL)
			*slot_of(&bigger, m->slots[i]->id) = m->slots[i];
	free(m->slots);
	*m = bigger;
	return 0;
}

/* A name: its length, its bytes, NUL. */
static const char *
take_name(struct cursor *c)
{
	size_t n = (size_t)cur_lenenc(c);
	const uint8_t *p = cur_take(c, n);

	if (cur_u8(c) != 0 || p == NULL || memchr(p, '\0', n) != NULL) {
		c->bad = true;
		return NULL;
	}
	return (const char *)p;
}

static int
read_cells(struct table_map *m, struct cursor *c, struct error *e)
{
	const uint8_t *codes = cur_take(c, m->count), *nulls;
	struct cursor meta;
	size_t i;
	int bytes;

	if (codes != NULL && cur_left(c) == 0) {
		m->bare = true;
		return 0;
	}
	meta = cur_sub(c, (size_t)cur_lenenc(c));

	nulls = cur_take(c, (m->count + 7) / 8);
	if (c->bad)
		return error_set(e, RC_FAIL, "cut short");
	for (i = 0; i < m->count; i++) {
		if ((bytes = cell_meta_bytes(codes[i])) == -1)
			return error_set(e, RC_FAIL, "table %s.%s, column %zu: unknown type %u", m->db, m->name, i + 1,
			    codes[i]);
		if (cell_init(&m->cells[i], codes[i], (uint16_t)cur_le(&meta, (size_t)bytes),
		    (nulls[i / 8] >> i % 8 & 1) != 0) == -1)
			return error_set(e, RC_FAIL, "table %s.%s, column %zu (type %u): malformed metadata", m->db,
			    m->name, i + 1, codes[i]);
	}
	if (meta.bad || cur_left(&meta) != 0)
		return error_set(e, RC_FAIL, "table %s.%s: metadata of the wrong length", m->db, m->name);
	return 0;
}

/* Kinds that we do not know are what later servers add: nothing depends on them. */
static void
read_fields(struct table_map *m, struct cursor *c)
{
	struct cursor field;
	uint8_t kind;

	while (cur_left(c) > 0) {
		kind = cur_u8(c);
		field = cur_sub(c, (size_t)cur_lenenc(c));
		if (kind < MAP_FIELDS && !c->bad)
			m->fields[kind] = field;
	}
}

static int
map_read(struct table_map *m, struct error *e)
{
	struct cursor c = cur_of(m->body, m->body_len);

	m->db = take_name(&c);
	m->name = take_name(&c);
	m->count = (size_t)cur_lenenc(&c);
	if (c.bad || m->count == 0 || m->count > MAX_COLUMNS)
		return error_set(e, RC_FAIL, "malformed");
	if ((m->cells = calloc(m->count, sizeof(*m->cells))) == NULL)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	if (read_cells(m, &c, e) == -1)
		return -1;
	read_fields(m, &c);
	return c.bad ? error_set(e, RC_FAIL, "malformed optional metadata") : 0;
}

static struct table_map *
map_new(uint64_t id, const uint8_t *body, size_t n, struct error *e)
{
	struct table_map *m = calloc(1, sizeof(*m));

	if (m == NULL || (m->body = malloc(n + 1)) == NULL) {
		free(m);
		error_set(e, RC_TEMP, "%s", strerror(errno));
		return NULL;
	}
	m->id = id;
	m->body_len = n;
	memcpy(m->body, body, n);
	if (map_read(m, e) == -1) {
		map_free(m);
		return NULL;
	}
	return m;
}

struct table_map *
maps_read(struct maps *maps, uint64_t id, const uint8_t *body, size_t n, bool *fresh, struct error *e)
{
	struct table_map *m = maps_find(maps, id), **slot;

	*fresh = false;
	if (m != NULL && m->body_len == n && memcmp(m->body, body, n) == 0)
		return m;
	*fresh = true;
	if (grow(maps) == -1) {
		error_set(e, RC_TEMP, "%s", strerror(errno));
		return NULL;
	}
	if ((m = map_new(id, body, n, e)) == NULL)
		return NULL;
	slot = slot_of(maps, id);
	if (*slot != NULL)
		map_free(*slot);
	else
		maps->count++;
	*slot = m;
	return m;
}
