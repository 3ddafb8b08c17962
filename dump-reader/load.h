/* SPDX-License-Identifier: ISC */
/* A load on its way out: source, schema, snapshot, progress and done lines (m2e-events.5). */
#ifndef DUMP_READER_LOAD_H
#define DUMP_READER_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/event.h"
#include "lib/glob.h"
#include "lib/output.h"
#include "lib/stats.h"

#define MARK_BYTES 256	/* of a row that a resume token remembers, to know another dump */
#define PROGRESS_BYTES (8 << 20)	/* of input between two progress lines */
#define PROGRESS_MS 2000	/* and time */

struct load_table {
	struct table *table;
	uint64_t rows;		/* so far, those before the resume point too */
	bool schema_sent, begun, done, warned_generated;
	bool filtered;		/* the dump has some of its rows only */
	bool skipped;		/* a sequence, which is no table: its row goes nowhere */
	bool fixed;		/* known from elsewhere (--schema): what the dump says of it is not read */
};

struct load {
	const struct glob_list *tables, *exclude;	/* tables: empty means all but the system's */
	struct value_options values;
	struct source source;
	struct pos pos;		/* S0 of what comes; unset: unknown */
	char *gtids;		/* the same in GTIDs, malloc'ed; NULL: unknown */
	bool require_pos, strict;	/* refuse what has no position, or bytes that its character set has not */
	struct output out;
	struct load_table **all;
	size_t count;
	struct load_table *open;	/* whose rows may be coming */
	struct work *work;	/* the rows are in several files (work.h), NULL: in one */
	uint64_t bad_bytes, rows, sent_until;	/* input's offset of the last progress line */
	uint64_t sent_ms;	/* and its time */
	uint64_t bad_before;	/* bad_bytes as the row began */
	struct {
		bool pending;
		uint64_t offset;
		uint32_t crc;
	} resume;
	struct {
		const struct load_table *table;	/* NULL: no row since the last progress line */
		uint64_t offset;
		size_t n;
		char text[MARK_BYTES];
	} last;			/* row, where it may be long until the next one: kept only while `waits` */
	bool waits;		/* the input may: it is no file */
	bool source_sent, told_pos;
	struct stats stats;	/* off unless stats_init was called */
};

/* resume: a progress line's token, or NULL. */
int	 load_init(struct load *, int fd, const char *resume, struct error *);
void	 load_free(struct load *);
bool	 load_wants(const struct load *, const char *db, const char *table);
/* NULL: no definition of it was seen. */
struct load_table *load_find(const struct load *, const char *db, const char *table);
/* Takes t over; a table of that name that was known is replaced, unless it is fixed. NULL: the error. */
struct load_table *load_define(struct load *, struct table *t, struct error *);
/* This table's rows follow: the one before it is complete. NULL: those of none. */
int	 load_open(struct load *, struct load_table *, struct error *);
/* Rows are counted here. 1: the row is wanted, and its schema line is out; 0: it comes before the resume point;
 * -1: RC_POSITION when the resume point is not in this dump. text: the row as it stands at offset. */
int	 load_row(struct load *, struct load_table *, uint64_t offset, const char *text, size_t n, struct error *);
int	 load_put(struct load *, const struct load_table *, const struct value *, struct error *);
/* For loads of several files: the lines alone. A table's head with its number of rows; -1: as buf_add. */
int	 load_put_head(struct buf *, const char *op, const struct load_table *, uint64_t rows);
int	 load_schema(struct load *, struct load_table *, struct error *);
/* The source line, when it is not out yet; without a position that is told, or refused. */
int	 load_begin(struct load *, struct error *);
/* Its rows are all out, t->rows of them. */
int	 load_done(struct load *, struct load_table *, struct error *);
/* By which a row is known again. */
uint32_t load_mark(const char *text, size_t n);
/* The dump is complete: what is open is done. */
int	 load_end(struct load *, struct error *);
/* What has been made so far must not wait; arg is the load. */
int	 load_flush(void *arg, struct error *);
/* The same while input is waited for: progress is told when it is due. */
int	 load_wait(void *arg, struct error *);

#endif
