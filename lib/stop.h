/* SPDX-License-Identifier: ISC */
/* Reasons to end before the work is done: SIGTERM, SIGINT, the supervisor's death. One of it a process, as signals are. */
#ifndef LIB_STOP_H
#define LIB_STOP_H

#include <stdbool.h>

#include "lib/error.h"

struct stop {
	int fd;			/* can be read from when it is time to end */
};

/* What a blocked write to standard output does when it is time to end. */
enum stop_write {
	STOP_WRITES,		/* it is given up; the reader may get a line without its end */
	STOP_WAITS,		/* it goes on, as the reader may take it yet; once the supervisor is gone it is given up */
};

/* Takes the signals over (SIGPIPE is ignored); they interrupt what blocks. parent_fd: a pipe that reads end of file once
 * the supervisor is gone; -1: there is none. Watching it takes a thread, which interrupts what blocks as a signal does.
 * -1: RC_USAGE when parent_fd is none, RC_TEMP. */
int	 stop_watch(struct stop *, int parent_fd, enum stop_write, struct error *);
bool	 stop_requested(void);
/* -1 with RC_TEMP when it is time to end. */
int	 stop_asked(const struct stop *, struct error *);
/* Waits until fd can be read (-1: for nothing but the time), at most timeout_ms (-1: for ever). 1: it can, 0: not in
 * that time, -1: RC_TEMP, time to end. A regular file can always be read. */
int	 stop_wait(const struct stop *, int fd, int timeout_ms, struct error *);
/* The same for these of poll's events, for what ends at a request by itself: those that are there; 0: none came in time, or it
 * is time to end. Needs no stop_watch. */
int	 stop_poll(int fd, short events, int timeout_ms);
/* While fd is not -1, a request to end shuts it down, so that a read that blocks on it ends at once. Ask stop_requested
 * after setting it. */
void	 stop_idle(int fd);
/* This thread begins to write, or has written: requests to end interrupt it, whichever thread they reach. */
void	 stop_write(bool begins);
/* Is a write that was interrupted to be given up? */
bool	 stop_writing(void);

#endif
