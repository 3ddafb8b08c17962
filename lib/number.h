/* SPDX-License-Identifier: ISC */
/* Floating point numbers as JSON: the shortest digits that read back as the same number. */
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include "lib/buf.h"

/* Append as printf's %g would, with as many digits as it takes. -1: as buf_add; EDOM: infinite or no number. */
int	 number_put_double(struct buf *, double);
int	 number_put_float(struct buf *, float);
/* The same number as MySQL writes it in JSON (its source, strings/dtoa.cc, my_gcvt): 1.0, 0.00001, 1e15. */
int	 number_put_mysql_double(struct buf *, double);

#endif
