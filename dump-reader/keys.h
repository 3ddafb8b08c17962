/* SPDX-License-Identifier: ISC */
/* --keys: rows as they are now, named by event lines or dead letters. */
#ifndef DUMP_READER_KEYS_H
#define DUMP_READER_KEYS_H

#include "lib/db.h"
#include "lib/event.h"
#include "lib/glob.h"
#include "lib/stop.h"

struct keys_options {
	const char *file;	/* "-": standard input */
	struct db_options db;
	const struct glob_list *tables, *exclude;
	struct source source;	/* server: "" = the server's own; else it must be that */
	struct value_options values;
};

/* Writes to standard output. -1: RC_TEMP also when the file's last line was cut, everything before it being done. */
int	 keys_run(struct keys_options *, const struct stop *, struct error *);

#endif
