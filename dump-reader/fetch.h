/* SPDX-License-Identifier: ISC */
/* Rows of one table by their keys. */
#ifndef DUMP_READER_FETCH_H
#define DUMP_READER_FETCH_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/db.h"
#include "lib/event.h"
#include "lib/json.h"
#include "lib/output.h"

#include "select.h"

#define FETCH_KEYS 200		/* of one SELECT */
#define FETCH_SLOTS 512		/* of the table that finds them: a power of two, more than twice as many */
#define FETCH_BYTES (1 << 20)	/* of their text, beyond which no further one is taken */

struct fetch {
	MYSQL *my;
	struct table *table;
	char *db, *name;
	bool schema_sent;
	struct wanted {
		size_t at, len;		/* in keys: the key as in an event, ["…","…"] */
		size_t literal, literal_len;	/* in literals: its condition */
		bool found;
	} wanted[FETCH_KEYS];
	size_t count;
	uint16_t slots[FETCH_SLOTS];	/* index + 1 */
	struct buf keys, literals, sql, scratch;
	struct select select;
	struct value *values;		/* of a row that is gone */
};

/* Reads the table's definition. RC_FAIL: there is no such table, or it has no key. */
struct fetch *fetch_new(MYSQL *, const char *db, const char *name, struct error *);
void	 fetch_free(struct fetch *);
/* Adds the key at the token (an array of strings), unless it is there already. 1: the batch is full, run it first and
 * add the key again; -1: RC_FAIL, not a key of this table. */
int	 fetch_add(struct fetch *, const struct json *, int token, struct error *);
/* Writes a snapshot line for each row found, a delete line for each key without a row, and empties the batch. */
int	 fetch_run(struct fetch *, struct output *, const struct pos *, const struct value_options *, struct error *);

#endif
