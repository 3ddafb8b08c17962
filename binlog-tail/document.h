/* SPDX-License-Identifier: ISC */
/* JSON documents that an update changed. */
#ifndef DOCUMENT_H
#define DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "cell.h"
#include "rows.h"

struct tail;
struct table_map;

void	 documents_free(struct documents *);
/* Are these two of MySQL's documents that may differ, or a document and what changed in it? */
static inline bool
document_changed(const struct cell *c, const struct spot *before, const struct spot *after)
{
	if (c->code != TYPE_JSON || after->is != SPOT_HERE)
		return after->is == SPOT_DIFF;
	return before->is == SPOT_HERE && (before->n != after->n || memcmp(before->p, after->p, after->n) != 0);
}
/* Fills in that column's values of the row after the update and (VALUE_ABSENT where nothing changed) of the old ones. Where
 * the document before it is not there, the row lacks it, too, and the table is stale. */
int	 document_values(struct tail *, const struct table_map *, size_t column);

#endif
