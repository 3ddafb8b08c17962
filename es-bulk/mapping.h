/* SPDX-License-Identifier: ISC */
/* From SQL types to field mappings: the table in es-bulk.1, MAPPINGS. */
#ifndef ES_BULK_MAPPING_H
#define ES_BULK_MAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"

/* A field's mapping: a type of the table in mapping.c. */
struct field {
	int id;
	long number;	/* what the type needs to know of its column: a factor, a number of dimensions; 0: nothing */
};

/* sql: as a schema line has it: "int unsigned", "varchar(20)". lacks: the types that the engine does not have, a bit each:
 * others take their place. */
struct field mapping_of(const char *sql, uint32_t lacks);
/* A type that is called by name ("flattened"), or what takes its place. id -1: the table has none of this name that needs
 * no number. */
struct field mapping_named(const char *name, uint32_t lacks);
/* What takes the place of a type that the engine lacks: *number is the member of its mapping that says its number, or NULL.
 * id -1: nothing; the engine has it, or the table knows nothing of it. */
struct field mapping_instead(const char *type, uint32_t lacks, const char **number);
/* Is `has` that field's type, or one that takes its place in an engine that lacks it? */
bool	 mapping_fits(struct field, const char *has);
const char *mapping_type(struct field);
/* Appends {"type":…}. -1: as buf_add. */
int	 mapping_put(struct buf *, struct field);
/* What an engine must be told of an index whose fields have this type: a setting, `"name":value`; NULL: nothing. */
const char *mapping_setting(struct field);
/* Does an engine's refusal say that it has not a type of which *lacks did not know? Then it does now, and the two names
 * are the type's and its substitute's. */
bool	 mapping_refused(const char *answer, size_t n, uint32_t *lacks, const char **type, const char **instead);

#endif
