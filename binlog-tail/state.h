/* SPDX-License-Identifier: ISC */
/* The state directory's position.json, which is only read here. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/glob.h"
#include "lib/pos.h"

struct state {
	struct pos pos;		/* unset: none was stored yet */
	char server[64];	/* "" = not known */
	int64_t created;	/* of the position's file; 0 = not known */
	char *gtids;		/* NULL = not known */
	struct glob_list covered;	/* the tables that the main stream covers, each with the position from which it counts */
};

/* -1: RC_FAIL, the file can't be read or is not whole. A missing one gives an unset position. */
int	 state_load(struct state *, const char *dir, struct error *);
void	 state_free(struct state *);

#endif
