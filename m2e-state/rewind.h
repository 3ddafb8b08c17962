/* SPDX-License-Identifier: ISC */
/* Taking the main stream back. */
#ifndef REWIND_H
#define REWIND_H

#include "store.h"

/* args[0] is the position, args[1…] MEMBER=VALUE of it. Each covered table counts from there on again, or from its S0 if that
 * is later. -1: RC_USAGE, it is not before the stored one, or of another epoch. */
int	 rewind_stream(const struct store *dir, const struct store *tables, char *const args[], struct error *);

#endif
