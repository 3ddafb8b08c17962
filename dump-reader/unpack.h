/* SPDX-License-Identifier: ISC */
/* The stream that `mydumper --stream` writes, back into the folder that it was. */
#ifndef DUMP_READER_UNPACK_H
#define DUMP_READER_UNPACK_H

#include "lib/error.h"
#include "lib/stop.h"

/* Makes the folder, which must not be there, and writes all files of the stream ("-": standard input) into it. -1: RC_FAIL
 * for what is no such stream or is cut; what was written stays. */
int	 unpack(const char *stream, const char *folder, const struct stop *, struct error *);

#endif
