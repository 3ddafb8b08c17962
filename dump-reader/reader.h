/* SPDX-License-Identifier: ISC */
/* One connection that reads ranges of tables. */
#ifndef DUMP_READER_READER_H
#define DUMP_READER_READER_H

#include "ledger.h"
#include "live.h"
#include "pace.h"

struct reader {
	const struct live_options *o;
	struct ledger *ledger;
	struct pace *pace;
	const struct stop *stop;
	MYSQL *my;
	struct db_server server;
	struct select select;
	struct buf sql, lines, last, scratch;
	uint64_t page_rows;	/* asked for at once: as many as come in the time, and in the bytes, that a page should take */
	uint64_t bytes;		/* of lines handed over */
	uint64_t unpaced;	/* rows that the pace does not count yet */
	uint64_t bad_bytes;
	struct value_options values;
};

/* Takes the connection over. */
int	 reader_init(struct reader *, MYSQL *, const struct db_server *, const struct live_options *, struct ledger *,
	    struct pace *, const struct stop *, struct error *);
void	 reader_free(struct reader *);
/* Reads until nothing is left. -1: the work has been stopped, by this one or another. */
int	 reader_run(struct reader *, struct error *);

#endif
