/* SPDX-License-Identifier: ISC */
/* Cells of row events: how each column type is stored, and its value. */
#ifndef CELL_H
#define CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/table.h"
#include "lib/value.h"

/* Column types as table maps have them (MySQL source, field_types.h; MariaDB source, include/mysql.h). */
enum {
	TYPE_DECIMAL = 0, TYPE_TINY = 1, TYPE_SHORT = 2, TYPE_LONG = 3, TYPE_FLOAT = 4, TYPE_DOUBLE = 5,
	TYPE_NULL = 6, TYPE_TIMESTAMP = 7, TYPE_LONGLONG = 8, TYPE_INT24 = 9, TYPE_DATE = 10, TYPE_TIME = 11,
	TYPE_DATETIME = 12, TYPE_YEAR = 13, TYPE_NEWDATE = 14, TYPE_VARCHAR = 15, TYPE_BIT = 16,
	TYPE_TIMESTAMP2 = 17, TYPE_DATETIME2 = 18, TYPE_TIME2 = 19, TYPE_BLOB_COMPRESSED = 140,
	TYPE_VARCHAR_COMPRESSED = 141, TYPE_VECTOR = 242, TYPE_JSON = 245, TYPE_NEWDECIMAL = 246, TYPE_ENUM = 247,
	TYPE_SET = 248, TYPE_TINY_BLOB = 249, TYPE_MEDIUM_BLOB = 250, TYPE_LONG_BLOB = 251, TYPE_BLOB = 252,
	TYPE_VAR_STRING = 253, TYPE_STRING = 254, TYPE_GEOMETRY = 255,
};

struct cell_type;
struct cell;

/* The value in the n bytes of a cell, length not among them; it borrows them, or is in the arena. -1: no value of the
 * type, or ENOMEM. */
typedef int cell_decode(const struct cell *, const uint8_t *bytes, size_t n, struct value *, struct arena *);

/* One column of a table map. */
struct cell {
	const struct cell_type *type;
	const struct column *column;	/* its definition, once it is known */
	cell_decode *decode;
	uint8_t code;		/* the type; of a STRING that holds one ENUM or SET */
	uint8_t prefix;		/* bytes of the length that stands before a cell; 0: all have one size */
	uint16_t meta;		/* as in the table map, first byte low */
	uint32_t size;		/* bytes of a cell, or the most that its length may say */
	bool nullable;
};

/* How many bytes of metadata a table map has for the type; -1: not a type that we know of. */
int	 cell_meta_bytes(uint8_t code);
/* Fills the cell in from type and metadata. -1: metadata that the type cannot have. */
int	 cell_init(struct cell *, uint8_t code, uint16_t meta, bool nullable);
/* Does the column's definition tell of the same cells? NULL, or what the table map says that it is; text is for that. */
#define CELL_TEXT 64
const char *cell_misfit(const struct cell *, const struct column *, char text[CELL_TEXT]);
/* What it holds, for messages. */
const char *cell_name(const struct cell *);
/* NULL, or the reason why cells of this type cannot be decoded. */
const char *cell_unread(const struct cell *);
/* From here on the cell is the column's, which it fits. */
void	 cell_bind(struct cell *, const struct column *);
/* Its value; as cell_decode. Needs cell_bind. */
static inline int
cell_value(const struct cell *c, const uint8_t *bytes, size_t n, struct value *v, struct arena *a)
{
	return c->decode(c, bytes, n, v, a);
}

#endif
