/* SPDX-License-Identifier: ISC */
/* A folder of small files, each replaced whole or not at all, each with a lock. */
#ifndef STORE_H
#define STORE_H

#include <stdbool.h>

#include "lib/buf.h"
#include "lib/error.h"

#define MAX_STATE_FILE (64 << 20)	/* a position that lists 100,000 tables has 10 MB, and a GTID set may be long */

struct store {
	int dir;		/* -1: the folder is not there, and nothing is in it */
	char *path;		/* for messages */
};

/* Opens the folder; with create, makes it where it is missing (its parent must be there). Without, a missing one is
 * an empty one. -1: RC_FAIL. */
int	 store_open(struct store *, const char *path, bool create, struct error *);
/* The same for a folder inside it. */
int	 store_open_in(struct store *, const struct store *parent, const char *name, bool create, struct error *);
void	 store_close(struct store *);

/* The file's bytes in b (emptied first). 1: read, 0: there is no such file, -1: RC_FAIL, names file and reason. */
int	 store_read(const struct store *, const char *name, struct buf *b, struct error *);
/* Replaces it: temporary file, fsync, rename, fsync of the folder. The caller holds its lock. -1: RC_FAIL; the file is
 * then as before (or, when only the folder's fsync failed, new but perhaps not for ever). */
int	 store_write(const struct store *, const char *name, const struct buf *, struct error *);
/* After a file was made or removed in it. */
int	 store_sync(const struct store *, struct error *);

/* Takes the file's lock (NAME.lock, flock), waiting up to wait_ms, and writes our pid into it. The descriptor, to be
 * closed; -1: RC_TEMP and the holder's pid when another one has it, else RC_FAIL. */
int	 store_lock(const struct store *, const char *name, unsigned int wait_ms, struct error *);

#endif
