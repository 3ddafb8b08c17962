/* SPDX-License-Identifier: ISC */
/* Row events: to which document's index or delete each of them leads. */
#ifndef ES_BULK_ROW_H
#define ES_BULK_ROW_H

#include "es-bulk/stream.h"

/* Queues what is to be written for the row. -1: as bulk_step; RC_FAIL for a row that does not say what its table's rule
 * asks for. */
int	 row_take(struct stream *, const struct change *, struct error *);

#endif
