/* SPDX-License-Identifier: ISC */
/* The files of one load, read by one process or several side by side: who reads which, what is written when, where to go
 * on. Whole lines only reach standard output, a table's schema line before its rows, its done line behind all of them. */
#ifndef DUMP_READER_WORK_H
#define DUMP_READER_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/stop.h"

#include "load.h"

#define MAX_READERS 16
#define MAX_UNITS ((size_t)1 << 22)	/* files: mydumper makes one for each chunk of a table */

/* A file of rows; those of one table stand side by side. */
struct unit {
	char *file;		/* its name */
	size_t table;		/* whose rows it has: load's all[table] */
	uint64_t size;		/* bytes, as the folder has it */
};

struct work_shared;

struct work {
	struct load *load;
	const struct unit *units;
	size_t count;
	/* rows that a table must have, by its number in load; NULL, or UINT64_MAX: nobody knows */
	const uint64_t *expected;
	bool unfinished;	/* the dump was: a table is done only when it has the rows that are expected */
	struct work_shared *shared;
	size_t shared_bytes;
	struct work_part *part;	/* this process's */
	uint64_t rows;		/* of it, not counted in shared yet */
	struct {
		bool pending;
		uint64_t offset;
		uint32_t crc;
	} resume;
};

/* resume: a token, or NULL. -1: RC_USAGE for no token, RC_POSITION for one of another folder, RC_TEMP. */
int	 work_init(struct work *, const char *resume, struct error *);
void	 work_free(struct work *);
/* Reads all units, with `jobs` processes: read(arg, unit) reads one with load. -1: RC_TEMP, or what a reader ended with,
 * which it has told. */
int	 work_run(struct work *, unsigned jobs, int (*read)(void *, const struct unit *, struct error *), void *arg,
	    const struct stop *, struct error *);
/* load's: a row as load_row gets it, with the same result. */
int	 work_row(struct work *, uint64_t offset, const char *text, size_t n, struct error *);

#endif
