/* SPDX-License-Identifier: ISC */
/* --verify: rows are compared with their documents, nothing is written (es-bulk.1, VERIFY). */
#ifndef ES_BULK_VERIFY_H
#define ES_BULK_VERIFY_H

#include "es-bulk/bulk.h"

/* Asks for the documents of the first l->asked items (Elasticsearch manual: multi get, which reads in real time). -1: as
 * http_start. */
int	 verify_ask(struct bulk *, struct lane *, struct error *);
/* Compares them with what has come, and prints those that differ. 1: done; 0: it is no answer to these items; -1: RC_FAIL
 * where the engine cannot tell of a document. */
int	 verify_read(struct bulk *, struct lane *, struct error *);

#endif
