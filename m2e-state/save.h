/* SPDX-License-Identifier: ISC */
/* Stores what acknowledged control lines say. */
#ifndef SAVE_H
#define SAVE_H

#include "store.h"

/* Reads fd to its end. only: DB.TABLE whose file gets the positions, or NULL: position.json does. They are stored at
 * most every every_ms, and at the end. -1: what came before the fault was stored; RC_TEMP: another save runs, or the
 * last line was cut; else RC_FAIL. */
int	 save_run(const struct store *dir, const struct store *tables, const char *only, unsigned int every_ms, int fd,
	    struct error *);

#endif
