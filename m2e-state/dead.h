/* SPDX-License-Identifier: ISC */
/* Dead letters: DIR/dead.ndjson, which es-bulk appends to. */
#ifndef DEAD_H
#define DEAD_H

#include <stdint.h>

#include "store.h"

#define DEAD_FILE "dead.ndjson"

/* Which letters: numbers of lines, from 1, and patterns of tables; none: all. */
struct dead_choice;
struct dead_choice *dead_choose(char *const which[], struct error *);
void	 dead_choice_free(struct dead_choice *);

/* How many lines the file has; 0 where there is none. */
int	 dead_count(const struct store *, uint64_t *, struct error *);
/* On standard output: the chosen ones' number; number, table, key and reason, tab-separated, a line each; their lines. */
int	 dead_print_count(const struct store *, const struct dead_choice *, struct error *);
int	 dead_print_list(const struct store *, const struct dead_choice *, struct error *);
int	 dead_print_lines(const struct store *, const struct dead_choice *, struct error *);

/* Replaces the file by one without the chosen letters, whatever runs. -1: it is as it was. */
int	 dead_drop(const struct store *, const struct dead_choice *, struct error *);
/* The same without the letters of the file `taken`, which are in the order that they had, and with those of `again`
 * behind all others: what became of the letters that were replayed. */
int	 dead_settle(const struct store *, const char *taken, const char *again, struct error *);

#endif
