/* SPDX-License-Identifier: ISC */
/* The fields that a table's documents are to have: what its rule says, and one for each column. */
#ifndef ES_BULK_FIELDS_H
#define ES_BULK_FIELDS_H

#include "es-bulk/target.h"

/* An index's mapping, as it is. */
struct known_fields {
	const char *index;		/* its name */
	const struct json *json;
	int properties;			/* token; -1: it has none */
};

/* Appends `"NAME":MAPPING,…` of the fields of t's definition; known (NULL: none): only of those that are not there, and
 * a field of another type than the one wanted is told. lacks: mapping.h. Returns how many; -1: RC_FAIL, RC_TEMP. */
int	 fields_put(struct buf *, const struct target *, uint32_t lacks, const struct known_fields *, struct error *);
/* Appends `"NAME":VALUE,` of each setting of the index that these fields need. -1: as fields_put. */
int	 fields_put_settings(struct buf *, const struct target *, uint32_t lacks, struct error *);

#endif
