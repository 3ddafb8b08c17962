/* SPDX-License-Identifier: ISC */
/* How the engine is reached, by the configuration (m2e-config.5, elastic). */
#ifndef ES_BULK_ACCESS_H
#define ES_BULK_ACCESS_H

#include "lib/config.h"

#include "es-bulk/http.h"

/* Fills in all but the time-out; the configuration must stay. -1: RC_USAGE, RC_TEMP; access_free is due in any case. */
int	 access_read(struct http_options *, const struct config *, struct error *);
void	 access_free(struct http_options *);

#endif
