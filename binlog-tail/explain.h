/* SPDX-License-Identifier: ISC */
/* --explain: one event for a person, its bytes beside what they mean. */
#ifndef EXPLAIN_H
#define EXPLAIN_H

#include <stdbool.h>

#include "lib/cursor.h"

struct tail;
struct table_map;

/* The event at hand, of which the name is known, or NULL; body is read here alone. Prints it, if the position asked for is
 * in it; table maps are kept in any case, as rows need them. 1: what it holds is to be taken, too, and comes back here;
 * 0; -1 with t->e. */
int	 explain_event(struct tail *, const char *name, struct cursor body);
/* Rows of this table follow, whose definition is at hand. */
int	 explain_table(struct tail *, const struct table_map *);
/* A row, which starts at t->row_pos: its images before and after the change, as far as it has them, are in t->rows. */
int	 explain_row(struct tail *, const struct table_map *, bool before, bool after);

#endif
