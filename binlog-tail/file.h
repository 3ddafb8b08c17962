/* SPDX-License-Identifier: ISC */
/* The stream from binary log files. */
#ifndef FILE_H
#define FILE_H

#include "lib/stop.h"

#include "tail.h"

struct file_options {
	char *const *paths;		/* in order */
	size_t count;
	const char *name;		/* of the file that standard input ("-") holds */
	const char *from_gtids;		/* NULL: none */
	bool follow;		/* the last file still grows, and others come after it */
	const struct stop *stop;
	struct pos from;		/* unset: the start of the first file */
};

/* Streams until the last file's end, --until, or a signal. -1 with t->e. */
int	 file_run(struct tail *, const struct file_options *);

#endif
