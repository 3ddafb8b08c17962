/* SPDX-License-Identifier: ISC */
/* Are the server's settings, our privileges and the chosen tables fit for a stream? */
#ifndef CHECK_H
#define CHECK_H

#include <stdint.h>

#include "lib/db.h"
#include "lib/error.h"

#include "state.h"
#include "tail.h"

/* Prints a line a fact. server_id: ours, 0 = random. state: how long is its position kept? NULL: not asked. 0; 1: at least one of them is a failure; -1 when it can't be asked. */
int	 check_run(const struct db_options *, const struct tail *, uint32_t server_id, const struct state *, struct error *);
/* Logs what of its settings makes a stream fail sooner or later. -1: as db_row. */
int	 check_warn(MYSQL *, const struct db_server *, struct error *);

#endif
