/* SPDX-License-Identifier: ISC */
/* --stats: how it goes on, for the person at the terminal. */
#ifndef LIB_STATS_H
#define LIB_STATS_H

#include <stdbool.h>
#include <stdint.h>

struct stats {
	bool on;
	uint64_t rows, bytes;	/* so far */
	uint64_t total_rows;	/* about how many there are; 0: unknown */
	int fd;			/* a file that is read, whose place says how much is left; -1: none */
	uint64_t began_ms, told_ms, skipped;
};

/* Off unless standard error is a terminal. */
void	 stats_init(struct stats *, bool wanted);
/* So many rows, of so many bytes, more: a line once a second, over the one before. table: NULL where db is all of a name. */
void	 stats_count(struct stats *, const char *db, const char *table, uint64_t rows, uint64_t bytes);
/* The last line stays. */
void	 stats_end(struct stats *);

#endif
