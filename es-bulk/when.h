/* SPDX-License-Identifier: ISC */
/* Row filters: conditions on columns' values (m2e-config.5, TABLES, when). */
#ifndef ES_BULK_WHEN_H
#define ES_BULK_WHEN_H

#include "lib/json.h"

/* Does the row (object `at` of row) meet every condition of the object at `when`, which lib/rule.c has checked? 1, 0;
 * -1: *column (a token of when's) is not in the row, so nobody can tell. */
int	 when_holds(const struct json *when_of, int when, const struct json *row, int at, int *column);

#endif
