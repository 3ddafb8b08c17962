/* SPDX-License-Identifier: ISC */
/* When to end: SIGTERM, SIGINT, or the supervisor's death. */
#ifndef STOP_H
#define STOP_H

#include <stdbool.h>

/* Catches the signals. parent_fd: a pipe whose end of file means that the supervisor died; -1: none. */
void	 stop_init(int parent_fd);
bool	 stop_requested(void);
/* Looks at the supervisor's pipe; its end counts as a signal from then on. */
void	 stop_poll(void);
/* While fd is not -1, a signal ends a read that blocks on it at once. Ask stop_requested after setting it. */
void	 stop_idle(int fd);

#endif
