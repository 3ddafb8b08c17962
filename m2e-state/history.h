/* SPDX-License-Identifier: ISC */
/* schema.ndjson: which definition each table had, by position. */
#ifndef HISTORY_H
#define HISTORY_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/json.h"

#include "store.h"

#define HISTORY_FILE "schema.ndjson"
/* A ddl line holds its statement: up to max_allowed_packet, 64 MiB by default on MySQL, and escapes make it longer. */
#define MAX_CONTROL_LINE (128 << 20)

struct history {
	const struct store *store;
	int fd;			/* -1: not opened yet */
	off_t seen;		/* bytes of it that entries stands for */
	bool unsynced;		/* something in it may not be on disk yet */
	struct history_entry *entries;
	size_t count, cap;
	struct json json;
};

void	 history_init(struct history *, const struct store *);
void	 history_free(struct history *);
/* Appends a schema or ddl line (j: it, parsed; line: its n bytes without LF), unless it says what already holds at its
 * position. Several processes may do so at once. A half line at the end of the file was never acknowledged, and is cut
 * off. Needs history_sync before any position that covers it is stored. -1: RC_FAIL; RC_TEMP when another process
 * keeps the lock. */
int	 history_add(struct history *, const struct json *j, const char *line, size_t n, struct error *);
int	 history_sync(struct history *, struct error *);

#endif
