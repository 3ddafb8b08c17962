/* SPDX-License-Identifier: ISC */
/* --take-dump: runs mariadb-dump or mysqldump so that its file can be loaded and joined to the stream. */
#ifndef DUMP_READER_TAKE_H
#define DUMP_READER_TAKE_H

#include "lib/db.h"
#include "lib/glob.h"
#include "lib/stop.h"

struct take_options {
	const char *file, *program;	/* program: NULL = found by the server's kind */
	struct db_options db;
	const struct glob_list *tables;	/* names of one database, no patterns */
};

/* The file is there whole or not at all. */
int	 take_run(const struct take_options *, const struct stop *, struct error *);

#endif
