/* SPDX-License-Identifier: ISC */
/* All that the state directory says, read at once. */
#ifndef STATE_H
#define STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "position.h"
#include "table.h"

struct state {
	struct position position;
	bool have_position;
	struct tabfile_list tables, rebuilds;
	uint64_t dead;
};

/* -1: RC_FAIL, a file cannot be read; nothing is to be freed then. */
int	 state_read(struct state *, const struct store *dir, const struct store *tables, struct error *);
void	 state_free(struct state *);
/* Seconds since the last stored change was logged; -1: not known. */
double	 state_lag(const struct state *);
/* Appends one object on one line. -1: as buf_add. */
int	 state_put_json(struct buf *, const struct state *);

#endif
