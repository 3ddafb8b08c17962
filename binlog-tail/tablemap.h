/* SPDX-License-Identifier: ISC */
/* Table map events: which table the rows that follow belong to, and how its cells are stored. */
#ifndef TABLEMAP_H
#define TABLEMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "cell.h"

/* Kinds of optional metadata (MySQL source, Table_map_event::Optional_metadata_field_type). */
enum map_field {
	MAP_SIGNEDNESS = 1, MAP_DEFAULT_CHARSET, MAP_COLUMN_CHARSET, MAP_COLUMN_NAME, MAP_SET_MEMBERS,
	MAP_ENUM_MEMBERS, MAP_GEOMETRY_TYPE, MAP_PRIMARY_KEY, MAP_PRIMARY_KEY_PREFIX, MAP_MEMBERS_DEFAULT_CHARSET,
	MAP_MEMBERS_CHARSET, MAP_VISIBILITY, MAP_VECTOR_DIMENSION, MAP_FIELDS
};

struct table_map {
	uint64_t id;
	uint8_t *body;			/* the event's, as it came: the same again needs no work */
	size_t body_len;
	const char *db, *name;		/* inside body */
	size_t count;
	struct cell *cells;
	bool bare;			/* MySQL before 5.1.16: the types alone, from which no cell can be read */
	struct cursor fields[MAP_FIELDS];	/* inside body; p NULL: not there */
	uint64_t group;			/* the transaction that it was last seen in */
	uint64_t rowed;			/* the transaction that last had rows of it, if chosen */
	uint64_t pos;			/* offset where it was last seen */
	bool chosen;
	struct pos from;		/* rows before it do not count */
	struct definition *definition;	/* NULL: not looked for yet, or no longer certain */
	unsigned long names;		/* the generation of names that it comes from */
};

/* By id; emptied between transactions when there are too many, as servers take new ids for tables opened anew. */
struct maps {
	struct table_map **slots;
	size_t cap, count;		/* cap: a power of 2 */
};

void	 maps_free(struct maps *);
/* Forgets all maps. */
void	 maps_clear(struct maps *);
/* The map of that id, NULL: there is none. */
struct table_map *maps_find(const struct maps *, uint64_t id);
/* Reads a table map event's body. *fresh: it is not the same as the last one with its id. NULL: RC_FAIL for a malformed
 * one (the message does not say where), RC_TEMP. */
struct table_map *maps_read(struct maps *, uint64_t id, const uint8_t *body, size_t n, bool *fresh, struct error *);

#endif
