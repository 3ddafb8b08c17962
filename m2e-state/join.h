/* SPDX-License-Identifier: ISC */
/* Tables enter and leave the main stream, while that stands still. */
#ifndef JOIN_H
#define JOIN_H

#include "store.h"

/* names: DB.TABLE…, ends with NULL. A main stream that covers nothing yet starts where they are; else each must have
 * caught up with it. All of them or none enter position.json, in one rename; their statuses follow, and
 * the same call again mends what a crash between left. -1: RC_TEMP: a save is running; RC_FAIL: one is not loaded, or
 * has not caught up with the main stream. */
int	 join_tables(const struct store *dir, const struct store *tables, char *const names[], struct error *);
/* A table was rebuilt beside the one that is streamed, and has come to where the main stream stands: its file takes the
 * place of the table's. only_check: nothing is changed. -1: RC_FAIL: it is not there yet, or is past it. */
int	 adopt_table(const struct store *dir, const struct store *tables, const char *name, bool only_check, struct error *);
/* Takes their files away. */
int	 forget_tables(const struct store *tables, char *const names[], struct error *);
/* Takes them out. Before that each one's own file gets the place up to which it was covered. */
int	 leave_tables(const struct store *dir, const struct store *tables, char *const names[], struct error *);

#endif
