/* SPDX-License-Identifier: ISC */
/* A program that is run and watched; it does not outlive this one. */
#ifndef DUMP_READER_CHILD_H
#define DUMP_READER_CHILD_H

#include <sys/types.h>

#include <stdbool.h>

#include "lib/error.h"
#include "lib/stop.h"

#define CHILD_LINE 1024	/* bytes of a line of its messages; longer ones come in pieces */

struct child {
	pid_t pid;		/* 0: none */
	int messages;		/* its standard error */
	char held[CHILD_LINE];	/* of a line that is not whole yet */
	size_t held_len;
};

/* Starts argv[0] (looked for in PATH) with standard input empty and standard output out_fd. */
int	 child_start(struct child *, const char *const *argv, int out_fd, struct error *);
/* Its next message in line: 1; 0: none in timeout_ms; 2: no more will come, it ends; -1: time to end (stop). */
int	 child_message(struct child *, const struct stop *, int timeout_ms, char line[CHILD_LINE], struct error *);
/* Waits for its end; its wait status. */
int	 child_wait(struct child *);
/* SIGTERM, and SIGKILL if that does not help. */
void	 child_end(struct child *);

#endif
