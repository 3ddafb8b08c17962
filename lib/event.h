/* SPDX-License-Identifier: ISC */
/* Writes the stream's lines: m2e-events.5. */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/pos.h"
#include "lib/table.h"
#include "lib/value.h"

#define MAX_EVENT_LINE ((size_t)0x7fffffff)	/* bytes: what JSON readers can index; a 1 GiB blob in base64 fits */

#define EVENT_TS 32

struct row_event {
	const char *op;			/* insert, update, delete, snapshot */
	const struct table *table;
	const struct value *row;	/* one a column; VALUE_ABSENT ones are left out and make it partial */
	const struct value *key;	/* values of which the key's columns are taken; NULL: none are known */
	const struct value *old_key;	/* the same before an update that changed the key, else NULL */
	const struct value *old;	/* NULL, or one a column: VALUE_ABSENT where nothing changed */
	const struct pos *pos;		/* NULL or unset: left out */
	const char *ts;			/* Unix seconds as text, of less than EVENT_TS bytes; NULL: left out */
	bool whole;			/* no value of row is absent, which need not be looked for */
	const struct buf *query;	/* the statement that changed it; NULL: left out */
	bool partial;			/* even if no value of row is absent */
	bool generated_absent;		/* the source never has generated columns: to lack them is not partial */
};

/* Appends the event with its LF. -1: b is as before; RC_FAIL for a value that does not fit its column or a line
 * over b->max, RC_TEMP for memory. */
int	 event_put_row(struct buf *, const struct row_event *, const struct value_options *, struct error *);

/* Where positions come from. */
struct source {
	char server[64];	/* server_uuid, or MariaDB's server_id; "" = unknown */
	char version[64];	/* as the server says it; "" = unknown */
	uint32_t epoch;
	int64_t created;	/* Unix seconds of the binlog file's format event; 0 = unknown */
};
/* Appends a source line; -1: as buf_add. */
int	 event_put_source(struct buf *, const struct source *);

#endif
