/* SPDX-License-Identifier: ISC */
/* Document ids: the key's values joined with `|` (es-bulk.1, DOCUMENTS). */
#ifndef ES_BULK_DOCID_H
#define ES_BULK_DOCID_H

#include "es-bulk/change.h"

#define MAX_ID 512	/* bytes: both engines refuse longer ones, and with them the whole request */

/* Appends the id of a checked key as a JSON string, quotes included. -1: RC_TEMP; b may have grown. */
int	 docid_put(struct change_reader *, struct buf *, struct slice key, struct error *);

#endif
