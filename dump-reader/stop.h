/* SPDX-License-Identifier: ISC */
/* Reasons to end before the work is done: SIGTERM, SIGINT, the supervisor's death. */
#ifndef DUMP_READER_STOP_H
#define DUMP_READER_STOP_H

#include "lib/error.h"

struct stop {
	int parent_fd;		/* reads end of file once the supervisor is gone; -1: there is none */
};

/* Takes the signals over; they interrupt what blocks. */
int	 stop_watch(struct stop *, int parent_fd, struct error *);
/* -1 with RC_TEMP when it is time to end. */
int	 stop_asked(const struct stop *, struct error *);
/* Waits until fd can be read (-1: for nothing but the time), at most timeout_ms (-1: for ever). 1: it can, 0: not in
 * that time, -1: RC_TEMP, time to end. A regular file can always be read. */
int	 stop_wait(const struct stop *, int fd, int timeout_ms, struct error *);

#endif
