/* SPDX-License-Identifier: ISC */
/* Names of indices: text with {db}, {table}, {row.COLUMN} and {row.COLUMN:FORMAT} in it (es-bulk.1, INDICES). */
#ifndef ES_BULK_TEMPLATE_H
#define ES_BULK_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/error.h"

struct template {
	struct piece {
		enum { PIECE_TEXT, PIECE_DB, PIECE_TABLE, PIECE_COLUMN } kind;
		char *text;		/* the text; the column's name */
		char *format;		/* PIECE_COLUMN: strftime's, for a date; NULL: the value as it is */
	} *pieces;
	size_t count;
	bool by_row;			/* it has columns in it */
};

/* -1: RC_USAGE, RC_TEMP; template_free is due in any case. */
int	 template_parse(struct template *, const char *text, struct error *);
void	 template_free(struct template *);
/* Appends a date, or a date and time, as rows have them ("2026-01-02T03:04:05.1Z"), in strftime's format.
 * -1: errno EINVAL: it is none; else as buf_add. */
int	 template_put_date(struct buf *, const char *date, const char *format);

#endif
