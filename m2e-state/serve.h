/* SPDX-License-Identifier: ISC */
/* The state over HTTP. */
#ifndef SERVE_H
#define SERVE_H

#include "lib/error.h"

#define SERVE_LISTEN "127.0.0.1:9641"

/* Answers GET /status and GET /metrics for the state directory, which need not be there yet, until SIGTERM or SIGINT.
 * listen: ADDRESS:PORT, numbers both. -1: RC_USAGE, RC_FAIL (the port is taken). */
int	 serve_run(const char *state_dir, const char *listen, struct error *);

#endif
