/* SPDX-License-Identifier: ISC */
/* From SQL types to field mappings: the table in es-bulk.1, MAPPINGS. */
#ifndef ES_BULK_MAPPING_H
#define ES_BULK_MAPPING_H

#include <stdbool.h>

#include "lib/buf.h"

struct field {
	const char *type;	/* "long" */
	const char *json;	/* its whole mapping: {"type":"long"} */
};

/* sql: as a schema line has it: "int unsigned", "varchar(20)". unsigned_long: does the engine have that type? */
const struct field *mapping_of(const char *sql, bool unsigned_long);

#endif
