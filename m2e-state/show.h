/* SPDX-License-Identifier: ISC */
/* What the state directory holds, for sh, programs and people. All print to standard output. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>

#include "store.h"

/* 0: printed; 1: there is no such value, e tells; -1. */
int	 show_position_member(const struct store *dir, const char *member, struct error *);
int	 show_table_member(const struct store *tables, const char *dotted, const char *member, struct error *);
/* DB.TABLE TAB POS: what the main stream covers, each from where; nothing before it has begun. */
int	 show_covered(const struct store *dir, struct error *);
/* DB.TABLE TAB status */
int	 show_tables(const struct store *tables, struct error *);
int	 show_all(const struct store *dir, const struct store *tables, bool json, struct error *);

#endif
