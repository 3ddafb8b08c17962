/* SPDX-License-Identifier: ISC */
/* SQL types. */
#ifndef LIB_TYPE_H
#define LIB_TYPE_H

#include <stdbool.h>

#include "lib/error.h"
#include "lib/table.h"

/* Reads a type (`decimal(10,2) unsigned zerofill`) into a column that has its name: kind, sizes, members, and the type
 * in the form of schema lines. binary: it is text in that character set. -1: RC_FAIL, or RC_TEMP for memory. */
int	 type_read(struct column *, const char *text, bool binary, struct error *);

#endif
