/* SPDX-License-Identifier: ISC */
/* A replication connection: Connector/C connects and moves packets, nothing else. */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/db.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "gtid.h"

#define DUMP_READ_TIMEOUT_S 10		/* three heartbeats would be less, but a server may pause for longer */
#define DUMP_HEARTBEAT_NS 500000000	/* so that our own heartbeat lines come at least once a second */

struct dump {
	MYSQL *my;
	struct db_server server;
	struct db_options options;	/* borrowed strings */
};

/* Connects and prepares the session. -1: as db_connect. */
int	 dump_open(struct dump *, const struct db_options *, struct error *);
void	 dump_close(struct dump *);
/* Asks for the events from there on. whole: the server leaves none out and waits for more; else the stream ends at the
 * log's end and MariaDB's annotations are left out. -1: RC_TEMP. */
int	 dump_start(struct dump *, const struct pos *, uint32_t server_id, bool whole, struct error *);
/* Asks for the transactions that are not in the set, each whole; the server begins with the file that has the first of them.
 * -1: RC_TEMP, RC_FAIL. */
int	 dump_start_gtids(struct dump *, struct gtids *, uint32_t server_id, struct error *);
/* The next event, borrowed until the next call. 1; 0: the log's end (never when whole); -1: RC_POSITION when the server
 * cannot send from there, RC_FAIL, RC_TEMP when the connection is lost. */
int	 dump_read(struct dump *, const uint8_t **event, size_t *n, struct error *);
/* Would dump_read give something at once? */
bool	 dump_pending(const struct dump *);
/* The socket. */
int	 dump_fd(const struct dump *);

#endif
