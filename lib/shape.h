/* SPDX-License-Identifier: ISC */
/* How values are written, and which columns at all: the options that both sources of rows have. */
#ifndef LIB_SHAPE_H
#define LIB_SHAPE_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/config.h"
#include "lib/db.h"
#include "lib/error.h"
#include "lib/table.h"
#include "lib/value.h"

/* Each stands over a configuration key; --exclude-columns adds to its. */
enum {
	SHAPE_OPT_NUMBERS = DB_OPT_END, SHAPE_OPT_ZERO_DATES, SHAPE_OPT_BINARY, SHAPE_OPT_COLUMNS,
	SHAPE_OPT_EXCLUDE_COLUMNS, SHAPE_OPT_END
};
#define SHAPE_LONG_OPTIONS \
	{ "numbers", required_argument, NULL, SHAPE_OPT_NUMBERS }, \
	{ "zero-dates", required_argument, NULL, SHAPE_OPT_ZERO_DATES }, \
	{ "binary", required_argument, NULL, SHAPE_OPT_BINARY }, \
	{ "columns", required_argument, NULL, SHAPE_OPT_COLUMNS }, \
	{ "exclude-columns", required_argument, NULL, SHAPE_OPT_EXCLUDE_COLUMNS }

/* Patterns of DB.TABLE.COLUMN; a column shown fits one of `only`, if there are any, and none of `excluded`. */
struct columns {
	struct column_globs {
		struct column_glob {
			char *text;
			bool used;	/* a column fitted it */
		} *items;
		size_t count;
	} only, excluded;
};

struct shape {
	const char *numbers, *zero_dates, *binary;	/* the arguments; borrowed */
	struct columns columns;
};

/* Takes an option's argument. 1; 0: it is none of them; -1: RC_USAGE, RC_TEMP. */
int	 shape_arg(struct shape *, int ch, const char *arg, struct error *);
/* Puts the arguments over the configuration, and fills in the options that stand for them, which borrow the columns.
 * Messages show no foreign bytes any more once a column may be hidden. -1: RC_USAGE. */
int	 shape_options(struct shape *, struct config *, struct value_options *, struct error *);
void	 shape_free(struct shape *);
/* Marks the columns whose values are not to be shown. Every table passes here before its rows are written. -1: RC_USAGE
 * for one that is part of the key. */
int	 shape_table(struct table *, const struct value_options *, struct error *);
/* The i-th pattern that no column of all these tables fitted, NULL: there are no more. It may be misspelt. */
const char *shape_unused(const struct columns *, size_t i);

#endif
