/* SPDX-License-Identifier: ISC */
/* Where the names, signs and keys of a table's columns come from: nowhere is one guessed. */
#ifndef NAMES_H
#define NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"
#include "lib/pos.h"
#include "lib/table.h"

struct tail;
struct table_map;
struct server;

#define ANONYMOUS "anonymous"

struct definition {
	struct table *table;
	const char *from;		/* "event", "history", "file", "server", "log", ANONYMOUS */
	unsigned long announced;	/* the schema line is out, for this value of tail's announce */
	unsigned long unknown;		/* likewise: said that partial updates of it cannot be read */
	int row_end;			/* table_row_end */
	bool ignored;			/* a sequence: no table, and without columns here */
	struct definition *next;
};

struct names {
	struct definition *list;
	struct definition *watched;	/* from before a statement that may have changed the key */
	unsigned long generation;	/* grows with each DDL: a table map's definition holds for one only */
	struct table **file;		/* from --schema; a database "" stands for any */
	size_t file_count;
	struct server *server;		/* to be asked; NULL: offline */
	char lack[256];			/* why the event at hand was not enough, for messages */
	/* the last DDL that this stream has seen of each table, as history lines before it no longer hold */
	struct seen_ddl {
		char *db, *table;	/* table NULL: all of the database */
		struct pos pos;
		struct seen_ddl *next;
	} *seen;
};

void	 names_free(struct names *);
/* Reads the CREATE TABLE statements of an SQL file, for tables that nothing else tells of. db: their database as long as no
 * USE statement names another; NULL: any. -1: RC_USAGE, RC_FAIL. */
int	 names_load_file(struct names *, const char *path, const char *db, struct error *);
/* From a CREATE TABLE, or of a sequence, which is a table without columns. NULL: RC_FAIL, RC_TEMP. */
struct table *names_from_create(const char *sql, size_t len, const char *db, struct error *);
/* Finds the definition that holds for the table map at t->pos, and checks that it fits. -1 with t->e. */
int	 names_resolve(struct tail *, struct table_map *);
/* The definition at hand, NULL: none is. */
struct definition *names_find(const struct names *, const char *db, const char *table);
/* A DDL statement at t->pos: what was known of the table (NULL: of all of the database) no longer holds. */
int	 names_forget(struct tail *, const char *db, const char *table);
/* A statement at t->pos made a sequence of that name. -1 with t->e. */
int	 names_sequence(struct tail *, const char *db, const char *name);
/* A statement at t->pos may give the table another key: should it turn out so, it is said to be stale then. 1: its key so
 * far is known; 0: it is not. */
int	 names_watch_key(struct tail *, const char *db, const char *table);

#endif
