/* SPDX-License-Identifier: ISC */
/* Not faster than is wanted: rows a second, and the delay of the replica that is read. */
#ifndef DUMP_READER_PACE_H
#define DUMP_READER_PACE_H

#include <pthread.h>
#include <stdint.h>

#include "lib/db.h"
#include "lib/stop.h"

struct pace {
	pthread_mutex_t lock;
	const struct stop *stop;
	uint64_t rate;		/* rows a second; 0: as fast as can be */
	int64_t max_lag_s;	/* -1: whatever it is */
	uint64_t began_ms, rows, look_ms;
	struct db_server server;
	MYSQL *my;		/* asks for the delay */
};

/* -1: RC_USAGE, a delay is given and the server is no replica. */
int	 pace_init(struct pace *, const struct db_options *, uint64_t rate, int64_t max_lag_s, const struct stop *,
	    struct error *);
void	 pace_free(struct pace *);
/* Rows were read: waits until more may be. -1: RC_TEMP, time to end; or the server refuses to say its delay. */
int	 pace_wait(struct pace *, uint64_t rows, struct error *);

#endif
