/* SPDX-License-Identifier: ISC */
/* A prepared SELECT of a table's columns: typed parameters, typed results (the servers' binary protocol), so that every
 * value is exact. Text comes in its column's own character set, as the binary log has it. */
#ifndef DUMP_READER_SELECT_H
#define DUMP_READER_SELECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/table.h"
#include "lib/value.h"

#define MAX_PARAMS 256	/* two bounds of a key of 32 columns take 126 */

struct select_result;
struct select_param;

struct select {
	MYSQL *my;
	const struct table *table;
	size_t *columns, count;		/* that are asked for, as indexes */
	MYSQL_STMT *stmt;
	MYSQL_BIND *binds;
	struct select_result *results;
	struct select_param *params;
	size_t params_count;
	bool running;
	struct value *values;		/* one a column of the table, absent where it is not asked for; borrows from results */
};

/* Text shall come in its columns' own character sets. Once a connection, before the first SELECT; after it no other
 * result on the connection is UTF-8 for certain. */
int	 select_session(MYSQL *, struct error *);
/* columns: NULL means all that are shown. The table is borrowed. */
int	 select_init(struct select *, MYSQL *, const struct table *, const size_t *columns, size_t count, struct error *);
void	 select_free(struct select *);
/* Appends `SELECT a,b,… FROM db.table` of what select_init was given. -1: as buf_add. */
int	 select_put(struct buf *, const struct select *);
/* A statement that begins so, with ? where parameters go. Replaces the one before. */
int	 select_prepare(struct select *, const struct buf *sql, struct error *);
/* The next parameter. A value must be a key's; what it borrows must stay until select_run. */
int	 select_add(struct select *, const struct column *, const struct value *, struct error *);
int	 select_add_number(struct select *, uint64_t, struct error *);
/* Begins the result with the parameters that were added since the last run. */
int	 select_run(struct select *, struct error *);
/* The next row into values: 1; 0: no more; -1. */
int	 select_row(struct select *, struct error *);
/* Reads away what is left. */
void	 select_end(struct select *);

#endif
