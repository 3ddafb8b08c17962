/* SPDX-License-Identifier: ISC */
/* The file `metadata` of a folder that mydumper wrote, in its old form and in its new one (ini). */
#ifndef DUMP_READER_METADATA_H
#define DUMP_READER_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/pos.h"

struct metadata {
	struct pos pos;		/* of the server that was dumped; unset: unknown */
	char *gtids;		/* NULL: unknown */
	bool finished;		/* it says when the dump was */
	struct metadata_table {
		char *db, *table;
		uint64_t rows;
	} *tables;		/* those whose rows it counts */
	size_t count;
};

/* Reads all that fd has. name: for messages. -1: RC_FAIL, RC_TEMP. */
int	 metadata_read(struct metadata *, int fd, const char *name, struct error *);
void	 metadata_free(struct metadata *);
/* NULL: nothing is said of it. */
const struct metadata_table *metadata_find(const struct metadata *, const char *db, const char *table);

#endif
