/* SPDX-License-Identifier: ISC */
/* Rows as lines of fields: what SELECT … INTO OUTFILE writes and LOAD DATA reads (MySQL manual, "LOAD DATA Statement"). */
#ifndef DUMP_READER_FIELDS_H
#define DUMP_READER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/error.h"

#include "row.h"

#define MAX_FIELD_MARK 64	/* bytes of what ends a field or a line, with the NUL */

struct fields_format {
	char terminated[MAX_FIELD_MARK], starting[MAX_FIELD_MARK], ended[MAX_FIELD_MARK];	/* ended: the line */
	size_t terminated_len, starting_len, ended_len;
	char enclosed, escaped;		/* NUL: none */
	bool stops[256];		/* bytes that may end a field's run of plain ones */
};

/* The servers' own: tab, line feed, backslash, no quotes. */
void	 fields_init(struct fields_format *);
/* One of "terminated", "enclosed", "escaped", "starting", "ended"; -1: RC_USAGE, the text is not of the length that it may
 * have. */
int	 fields_set(struct fields_format *, const char *what, const char *text, struct error *);
/* To be called behind the last fields_set. -1: RC_USAGE: fields or lines would have no ends, or marks that are the same. */
int	 fields_check(struct fields_format *, struct error *);
/* Finds the literals of the line at p. last: nothing comes behind end. 1: *next is behind the line. 0: the text ends
 * inside. -1: r->why, at *next. Changes nothing in the text. */
int	 fields_scan(struct row *, const struct fields_format *, const char *p, const char *end, bool last, const char **next);
/* Takes the escapes out of the scanned line's literals, in place: they are plain strings then. */
void	 fields_decode(struct row *, const struct fields_format *);

#endif
