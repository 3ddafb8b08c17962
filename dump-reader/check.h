/* SPDX-License-Identifier: ISC */
/* --check: can tables be read live? */
#ifndef DUMP_READER_CHECK_H
#define DUMP_READER_CHECK_H

#include "live.h"

/* Prints JSON lines, as binlog-tail --check does. needed: what stands in the way is a failure, else a warning. 1: there
 * are failures; -1: the server cannot be asked. */
int	 check_run(const struct live_options *, bool needed, const struct stop *, struct error *);

#endif
