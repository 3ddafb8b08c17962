/* SPDX-License-Identifier: ISC */
/* One line of the stream (m2e-events.5), read in one pass that also proves it to be JSON. */
#ifndef ES_BULK_CHANGE_H
#define ES_BULK_CHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/pos.h"

enum op {
	OP_INSERT, OP_UPDATE, OP_DELETE, OP_SNAPSHOT,	/* rows: up to here */
	OP_SOURCE, OP_SCHEMA, OP_DDL, OP_TRUNCATE, OP_DROP, OP_RENAME, OP_STALE,
	OP_COMMIT, OP_HEARTBEAT, OP_PROGRESS, OP_DONE,
};

/* Bytes borrowed from the line; p is NULL where the member is absent or null. */
struct slice {
	const char *p;
	size_t n;
};

struct change {
	enum op op;
	bool partial;
	const char *line;
	size_t len;
	uint64_t number;	/* of the line, from 1 */
	uint64_t version;	/* of pos; 1 without one, and on commit and heartbeat, which need not fold */
	struct slice key, old_key;	/* arrays of strings, as they stand */
	struct slice row, old;		/* objects, as they stand */
	struct slice db, table, pos;	/* strings: what stands between the quotes, escapes and all */
	/* from here on, nothing of a row's */
	struct slice to_db, to_table;
	struct slice server;		/* string or number, as it stands */
	struct slice columns;		/* array, as it stands */
	uint64_t epoch;
};

static inline bool
change_is_row(const struct change *c)
{
	return c->op <= OP_SNAPSHOT;
}

/* What one line can spare the next: most lines begin as the one before did, and positions share their file. */
struct change_reader {
	struct buf head;	/* the last row's line up to and with its table */
	struct change known;	/* what head says; its slices show head's bytes */
	struct buf file;	/* "3/binlog.000002:" of the last position */
	uint64_t base;		/* its part of the version */
	struct json json;
	struct buf text;
};

int	 change_reader_init(struct change_reader *, struct error *);
void	 change_reader_free(struct change_reader *);

/* Reads the line; *c then shows its bytes. -1: RC_FAIL, the message names the line's number, the byte and what was
 * expected there. A row may lack its key (m2e-events.5: its table cannot be kept in step). */
int	 change_read(struct change_reader *, const char *line, size_t len, uint64_t number, struct change *,
	    struct error *);
/* Appends a string member's text, escapes resolved. -1: RC_TEMP. */
int	 change_text(struct change_reader *, struct slice, struct buf *, struct error *);
/* "insert", … */
const char *op_name(enum op);

#endif
