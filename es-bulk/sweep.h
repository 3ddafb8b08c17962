/* SPDX-License-Identifier: ISC */
/* Deleting what is older: truncate, and the ghosts that a load leaves. */
#ifndef ES_BULK_SWEEP_H
#define ES_BULK_SWEEP_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Deletes every document there whose version is at most `last`, each with the version of c: a replay of it can then
 * never hide what came later, which delete_by_query would (it counts the documents' own versions up).
 * Everything is drained, before and after. c: the line that asks for it. */
int	 sweep(struct bulk *, struct place *, const struct change *c, uint64_t last, struct error *);

#endif
