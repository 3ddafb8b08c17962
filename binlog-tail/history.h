/* SPDX-License-Identifier: ISC */
/* The state directory's schema history, as m2e-state keeps it: which definition held where. */
#ifndef HISTORY_H
#define HISTORY_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/pos.h"
#include "lib/table.h"

struct history {
	struct history_line {
		struct pos pos;
		enum { HISTORY_SCHEMA, HISTORY_DDL, HISTORY_DDL_ON_ALL } kind;
		size_t at, len;		/* in text: the schema line, or "db" NUL "table" NUL … of a ddl line */
	} *lines;
	size_t count, cap;
	struct buf text;
};

/* Reads DIR/schema.ndjson; a missing one is empty, an unterminated last line is none. -1: RC_FAIL. */
int	 history_load(struct history *, const char *dir, struct error *);
void	 history_free(struct history *);
/* The definition that a line at or before `at` gave the table, unless a DDL statement between them names it, or a later
 * one that the stream has seen (last_ddl; may be unset) does. *since: the line's position. NULL with e->rc == RC_OK: there
 * is none. */
struct table *history_find(const struct history *, const char *db, const char *table, const struct pos *at,
	    const struct pos *last_ddl, struct pos *since, struct error *);

#endif
