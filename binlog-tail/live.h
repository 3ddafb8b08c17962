/* SPDX-License-Identifier: ISC */
/* The stream from a running server. */
#ifndef LIVE_H
#define LIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/db.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "state.h"
#include "tail.h"

enum live_from { FROM_POS, FROM_GTIDS, FROM_START, FROM_NOW };

struct live_options {
	struct db_options db;
	uint32_t server_id;
	uint32_t retry_for_s;	/* of failing, before it is given up */
	enum live_from from;
	struct pos from_pos;
	const char *from_gtids;
	bool from_state;	/* from_pos is the state's */
	bool epoch_given;
	bool failover;		/* where the position does not lead on, GTIDs may */
	bool until_now;
	const struct state *state;	/* the one that the position comes from, or belongs to; NULL: none */
};

/* Streams until --until, a signal, or an error. -1: t->e: RC_TEMP when the connection was lost and did not come back. */
int	 live_run(struct tail *, const struct live_options *);

#endif
