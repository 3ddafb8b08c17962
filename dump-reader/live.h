/* SPDX-License-Identifier: ISC */
/* Tables read from the server while it is written to. */
#ifndef DUMP_READER_LIVE_H
#define DUMP_READER_LIVE_H

#include "lib/db.h"
#include "lib/event.h"
#include "lib/glob.h"
#include "lib/stop.h"

#include "work.h"

#define MAX_JOBS MAX_READERS
#define MAX_PAGE_ROWS 100000

struct live_options {
	struct db_options db;
	const struct glob_list *tables, *exclude;
	struct source source;	/* server: "" = the server's own; else it must be that, or its replica with pos and gtids */
	struct value_options values;
	const char *resume, *where;
	struct pos pos;		/* of the source, up to which gtids has every transaction; unset: the server's own is proven */
	const char *gtids;	/* NULL, or set together with pos */
	unsigned jobs;
	uint64_t page_rows;	/* of a page at most */
	uint64_t rate;		/* rows a second; 0: any */
	int64_t max_lag_s;	/* -1: any */
	bool stats;
};

/* Writes to standard output. RC_FAIL also when one of the tables could not be read and all others are done. */
int	 live_run(const struct live_options *, const struct stop *, struct error *);

/* Its parts, which --check tries out. */

/* Connects for reading tables: rows as they are committed, and all of them, whatever the server's global settings. */
MYSQL	*live_connect(const struct live_options *, struct db_server *, struct error *);
/* The chosen tables, with their definitions as of now. */
struct ledger;
int	 live_tables(struct ledger *, MYSQL *, const struct live_options *, struct error *);
/* Makes a buffer of "`db`.`t` READ,…". */
int	 live_put_locks(struct buf *, const struct ledger *, struct error *);

#endif
