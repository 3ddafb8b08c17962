/* SPDX-License-Identifier: ISC */
/* Numbers as JSON: of floating point ones the shortest digits that read back as the same; which is the larger. */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

/* Append as printf's %g would, with as many digits as it takes. -1: as buf_add; EDOM: infinite or no number. */
int	 number_put_double(struct buf *, double);
int	 number_put_float(struct buf *, float);
/* The same number as MySQL writes it in JSON (its source, strings/dtoa.cc, my_gcvt): 1.0, 0.00001, 1e15. */
int	 number_put_mysql_double(struct buf *, double);


/* Compares two numbers as JSON writes them: by all their digits, by their double where one has an exponent. Bytes behind
 * them must be there, as in JSON. Below 0, 0, above 0. */
int	 number_compare(const char *a, size_t n, const char *b, size_t m);
/* Is it digits with a sign and a point at most, without exponent? */
bool	 number_is_plain(const char *text, size_t n);

#endif
