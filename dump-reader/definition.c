/* SPDX-License-Identifier: ISC */
/* Definitions of tables that are read live. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/db.h"

#include "definition.h"

/* FNV-1a. */
static uint64_t
hash_bytes(uint64_t h, const char *p, size_t n)
{
	for (; n > 0; n--)
		h = (h ^ (uint8_t)*p++) * 0x100000001b3U;
	return h;
}

/* All of it, but for the counter that every insert moves. */
static uint64_t
hash_definition(const char *text)
{
	static const char counter[] = " AUTO_INCREMENT=";
	const char *at = text, *next;
	uint64_t h = 0xcbf29ce484222325U;

	while ((next = strstr(at, counter)) != NULL) {
		h = hash_bytes(h, at, (size_t)(next - at));
		for (at = next + sizeof(counter) - 1; isdigit((unsigned char)*at); at++)
			;
	}
	return hash_bytes(h, at, strlen(at));
}

int
definition_read(MYSQL *my, const char *db, const char *name, struct table **t, uint64_t *hash, struct error *e)
{
	char *create = db_show_create(my, db, name, e);
	int rc = 1;

	if (create == NULL)
		return e->rc == RC_OK ? 0 : -1;
	*hash = hash_definition(create);
	if (t != NULL && (*t = table_from_create(create, strlen(create), db, e)) == NULL)
		rc = -1;
	free(create);
	return rc;
}
