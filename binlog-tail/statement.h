/* SPDX-License-Identifier: ISC */
/* What a logged SQL statement may do to tables, by its leading keywords. */
#ifndef STATEMENT_H
#define STATEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/sql.h"

#include "xid.h"

enum statement_kind {
	STATEMENT_UNKNOWN,	/* none of those below: fatal */
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_SAVEPOINT,	/* SAVEPOINT, RELEASE SAVEPOINT */
	STATEMENT_ROLLBACK_TO,
	STATEMENT_XA_START,	/* the rows that follow are those of an XA transaction */
	STATEMENT_XA,		/* XA END, PREPARE */
	STATEMENT_XA_COMMIT,	/* see xid */
	STATEMENT_XA_ROLLBACK,
	STATEMENT_HARMLESS,	/* no table's rows or definition */
	STATEMENT_DDL,		/* see tables */
	STATEMENT_DROP_DATABASE,	/* all tables of `database` */
	STATEMENT_ROWS,		/* changes rows by itself: statement format */
};

enum touch {
	TOUCH_CREATE,		/* empty, or as it was (IF NOT EXISTS) */
	TOUCH_REPLACE,		/* CREATE OR REPLACE */
	TOUCH_OPTIONS,		/* ALTER and the like: no row, no column, no unique key is another afterwards */
	TOUCH_HARMLESS,		/* no row is: columns may have come, of which all rows have NULL */
	TOUCH_KEY,		/* no row is: but without a primary key the one that identifies rows may be another one */
	TOUCH_ALTER,		/* all else; of an ALTER's clauses the last one in this order counts */
	TOUCH_DROP,
	TOUCH_TRUNCATE,
	TOUCH_RENAME,		/* the next one in the list is the new name */
	TOUCH_RENAMED,		/* the new name */
	TOUCH_SEQUENCE,		/* CREATE SEQUENCE, which is harmless: the name is that of no table */
};

#define NAME_BYTES (64 * 4 + 1)	/* an identifier has up to 64 characters; with its NUL */

struct touched {
	char db[NAME_BYTES], table[NAME_BYTES];
	enum touch touch;
};

struct statement {
	enum statement_kind kind;
	struct touched *tables;
	size_t count;
	char database[NAME_BYTES];
	struct xid xid;
};

/* Reads it. db: the session's default database. A statement on TEMPORARY tables is harmless. What cannot be read with
 * certainty is STATEMENT_UNKNOWN. -1: RC_TEMP. Free the result in any case. */
int	 statement_read(struct statement *, const char *sql, size_t len, const char *db, struct error *);
void	 statement_free(struct statement *);

/* Another table that an ALTER TABLE names. */
struct alter_other {
	struct sql name;	/* where it starts */
	enum touch touch;	/* TOUCH_RENAMED: the table's own new name; TOUCH_OPTIONS: there is none */
};
/* ALTER TABLE from behind the table's name on: the worst of what its clauses do (TOUCH_OPTIONS to TOUCH_ALTER). */
enum touch alter_touch(struct sql s, struct alter_other *);

#endif
