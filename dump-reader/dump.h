/* SPDX-License-Identifier: ISC */
/* Reads mysqldump's and mariadb-dump's output, statement by statement, INSERTs row by row. */
#ifndef DUMP_READER_DUMP_H
#define DUMP_READER_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/sql.h"

#include "fields.h"
#include "input.h"
#include "load.h"
#include "row.h"
#include "scan.h"

#define MAX_ROW ((size_t)0x7fffffff)	/* bytes: a packet is at most 1 GiB, and in hex or with escapes twice as long */
#define MAX_STATEMENT ((size_t)16 << 20)	/* bytes of one that is no INSERT: 4096 columns with long comments fit */
#define MAX_COMMENT 4096	/* bytes of a comment's line that are looked at */
#define MAX_SOURCES 8	/* files that read one another */
#define MAX_NAME 1024	/* bytes of a database's name: 64 characters, some way quoted */

struct dump_options {
	const char *database;	/* where the dump does not say it; NULL: nobody says it */
	struct pos pos;		/* the same */
	bool has_zone;		/* the same: utc_offset_s */
	int32_t utc_offset_s;
	const struct charset *charset;	/* the same; NULL: UTF-8 */
	uint32_t epoch;
	unsigned jobs;		/* how many processes read a folder */
	struct fields_format format;	/* of the rows in a folder that mysqldump --tab wrote */
	const char *folder;	/* where the files are that LOAD DATA names; NULL: it is refused */
	const char *schema;	/* a file with the tables' definitions, NULL: the dump has them */
	size_t piece;		/* struct input's */
};

struct dump {
	struct input in;
	uint64_t before;	/* bytes of the files that were read before it (source FILE) */
	char *folder;		/* of the dump's file, where those are; NULL: not known yet */
	unsigned sources;	/* how many files read one another now */
	struct load *load;
	const struct dump_options *options;
	const struct stop *stop;
	struct row row;
	char delimiter[MAX_DELIMITER + 1];
	char db[MAX_NAME];		/* "" = not said yet */
	struct load_table *defined;	/* the last one that CREATE TABLE made */
	char created[MAX_NAME];		/* the last database that CREATE DATABASE named */
	bool definitions_only;	/* rows and positions are passed over */
	/* what the dump's comments and SET statements said */
	bool commented, completed;	/* it has comments, so it also says when it is complete */
	bool has_zone, no_backslash_escapes, warned_lossy;
	bool keys_last;		/* phpMyAdmin's: ALTER TABLE adds them behind the rows */
	bool transaction;	/* begun and not committed: it is not complete */
	bool has_pos;
	bool sandbox;		/* mariadb-dump's first line: no commands of the client's that reach other files */
	int32_t utc_offset_s;
	const struct charset *charset;
	/* the last INSERT's head, which in dumps with one row an INSERT is the next one's too */
	struct buf head;
	struct load_table *target;
	bool by_name;			/* INSERT … SET name = literal, … */
	size_t *columns, columns_count;	/* what literal i of a row stands for */
	bool *unhex;			/* MAX_COLUMNS: field i of a line is in hex (LOAD DATA) */
	const struct load_table *only;	/* the file's rows are this table's; NULL: any */
};

/* Reads the whole input into load. -1: what was complete before is in load's output. */
int	 dump_load(struct load *, const char *file, const struct dump_options *, const struct stop *, struct error *);
/* "+02:00", "-05:30", "UTC"; false: it is none. */
bool	 dump_zone(const char *text, int32_t *utc_offset_s);

/* Parts of it, for folders of files. One struct reads any number of files. */
int	 dump_init(struct dump *, struct load *, const struct dump_options *, const struct stop *, struct error *);
void	 dump_free(struct dump *);
/* Forgets what the last file said; db: whose tables the next one's are, "" = it says so. */
void	 dump_reset(struct dump *, const char *db);
/* Reads the whole file. */
int	 dump_file(struct dump *, const char *file, struct error *);
/* The definitions in a file, which what is read afterwards does not change. */
int	 dump_definitions(struct load *, const char *file, const struct dump_options *, const struct stop *, struct error *);

/* The dump's own parts. */

/* Opens d->in. */
int	 dump_open(struct dump *, const char *file, struct error *);
/* All of d->in. */
int	 dump_statements(struct dump *, struct error *);
/* Past the line's LF; *line, *n: its beginning. Longer ones are read without being kept. */
int	 dump_take_line(struct dump *, char line[MAX_COMMENT], size_t *n, struct error *);
/* At DELIMITER, and at source. */
int	 dump_delimiter(struct dump *, struct error *);
int	 dump_source(struct dump *, struct error *);
/* A comment's line, without its LF. */
int	 dump_comment(struct dump *, const char *text, size_t n, struct error *);
/* A whole statement that is no INSERT, without its delimiter. */
int	 dump_statement(struct dump *, const char *text, size_t n, struct error *);
/* At INSERT or REPLACE: all of it. */
int	 dump_insert(struct dump *, struct error *);
/* Behind LOAD: the rows of the file that it names. */
int	 dump_load_data(struct dump *, struct sql *, struct error *);
/* Rows of d->target from a file of lines, whose columns are d->columns; charset: of the file. */
int	 dump_fields(struct dump *, const char *file, const struct fields_format *, size_t ignore_lines,
	    const struct charset *charset, struct error *);
/* The same from a file as dumpling writes it by default, whose first line names the columns. */
int	 dump_csv(struct dump *, const char *file, struct error *);
/* What INSERT and LOAD DATA have in common. Takes the table's name: d->target, NULL when it is not wanted. */
int	 dump_take_target(struct dump *, struct sql *, struct error *);
/* Adds the column of this name to d->columns. */
int	 dump_take_column(struct dump *, const struct sql_token *name, struct error *);
/* Without a list rows have all columns that are not invisible, as the servers have it. */
void	 dump_all_columns(struct dump *);
/* Every column has one literal, but for generated ones. */
int	 dump_check_columns(struct dump *, struct error *);
/* d->target's rows follow: TIMESTAMPs must be of a known time zone. */
int	 dump_begin_rows(struct dump *, struct error *);
/* The scanned row, which is n bytes at text. */
int	 dump_put_row(struct dump *, const char *text, size_t n, struct error *);
/* RC_FAIL for those in which ends are not found by bytes. */
int	 dump_check_charset(const struct dump *, const struct charset *, struct error *);
/* Reads on behind a delimiter without keeping what is there. */
int	 dump_skip_statement(struct dump *, struct error *);
/* The bytes up to the delimiter, at most max, all in the window; *n: their number. */
int	 dump_whole_statement(struct dump *, size_t max, size_t *n, struct error *);
/* Looks through the dump, where it is a file, for all definitions, and fixes them. 1; 0: it is no file; -1. */
int	 dump_look_ahead(struct dump *, struct error *);
/* Takes `name` or `db`.`name`; db and name are malloc'ed, NULL when it is not there (then -1). db: the current one
 * where it has none. */
int	 dump_take_name(struct dump *, struct sql *, char **db, char **name, struct error *);

#endif
