/* SPDX-License-Identifier: ISC */
/* The server's binary log, file by file, and a place in it to begin again at. */
#ifndef LOGS_H
#define LOGS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/db.h"
#include "lib/error.h"

struct logs {
	char **files;	/* oldest first */
	size_t count;
};

/* -1: as db_row. */
int	 logs_load(struct logs *, MYSQL *, struct error *);
void	 logs_free(struct logs *);
/* The file's index; -1: it is not there. */
int	 logs_find(const struct logs *, const char *file);
/* Reads up to the file's ("": the oldest one's) format event, which tells when it was made. Needs REPLICATION SLAVE. -1: as dump_read. */
int	 logs_created(const struct db_options *, const char *file, int64_t *created, struct error *);

/* Prints, as JSON, the last end of a transaction that is not after where: `start`, `now`, a position, or @SECONDS.
 * -1: RC_POSITION, the log does not hold it (any more); RC_USAGE. */
int	 logs_print(const struct db_options *, const char *where, struct error *);

#endif
