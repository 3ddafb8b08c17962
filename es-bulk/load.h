/* SPDX-License-Identifier: ISC */
/* Settings for the time of a first load (es-bulk.1, INDICES): what they were stays in the index's _meta.m2e.load until they
 * are put back, so that a crash forgets nothing. */
#ifndef ES_BULK_LOAD_H
#define ES_BULK_LOAD_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Gives the index behind p, which is made for a load, the settings that the configuration names for one; none by default,
 * as loading without refreshes took no less time, and its end more. Everything is drained. p->loading then. */
int	 load_begin(struct bulk *, struct place *, struct error *);
/* Puts them back, if there were any, and makes what was loaded visible that these may have hidden. !p->loading then. */
int	 load_end(struct bulk *, struct place *, struct error *);

#endif
