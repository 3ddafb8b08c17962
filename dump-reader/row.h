/* SPDX-License-Identifier: ISC */
/* One row of an INSERT: its literals, and the values that they stand for. */
#ifndef DUMP_READER_ROW_H
#define DUMP_READER_ROW_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"
#include "lib/charset.h"
#include "lib/error.h"
#include "lib/table.h"
#include "lib/value.h"

enum literal_form { LITERAL_NULL, LITERAL_DEFAULT, LITERAL_NUMBER, LITERAL_STRING, LITERAL_HEX, LITERAL_BITS };

struct literal {
	const char *p;		/* between its quotes; borrowed from the window */
	size_t n;
	enum literal_form form;
	bool escaped;		/* has a backslash or a doubled quote */
	bool wrapped;		/* in CONVERT() */
	char quote;
	const char *charset;	/* its introducer's name, charset_len bytes; NULL: none */
	size_t charset_len;
};

struct row {
	struct literal *literals;	/* MAX_COLUMNS of them */
	size_t count, bytes;	/* of the scanned row */
	struct value *values;	/* MAX_COLUMNS: one a column of the table */
	struct buf converted;	/* text that was in another character set */
	bool no_escapes;	/* a backslash in a string is one (NO_BACKSLASH_ESCAPES) */
	const char *why;	/* what row_scan did not understand */
};

/* max_bytes: of the longest row. */
int	 row_init(struct row *, size_t max_bytes, struct error *);
void	 row_free(struct row *);
/* Finds the literals of `(…)` at p; end[0] must be a NUL. 1: *next is behind its bracket. 0: the text ends inside.
 * -1: r->why, at *next. Changes nothing in the text, so that a row that was cut can be looked at again. */
int	 row_scan(struct row *, const char *p, const char *end, const char **next);
/* Adds one literal at p to those of the row (set count to 0 before the first), as above. */
int	 row_literal(struct row *, const char *p, const char *end, const char **next);
/* Makes the values of the scanned row, one for each column of t; columns[i] is what literal i stands for. Columns
 * without a literal get VALUE_ABSENT. Decodes in place: the row's text is spent afterwards. charset: the dump's
 * (SET NAMES). -1: RC_FAIL for a literal that does not fit. */
int	 row_values(struct row *, const struct table *t, const size_t *columns, const struct charset *,
	    const struct value_options *, struct error *);

#endif
