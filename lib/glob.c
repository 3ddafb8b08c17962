/* SPDX-License-Identifier: ISC */
/* Table patterns. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/glob.h"

int
glob_add(struct glob_list *l, const char *text, const char *default_db, struct error *e)
{
	const char *at = strrchr(text, '@');
	struct glob item = { 0 }, *grown;
	size_t n = at != NULL ? (size_t)(at - text) : strlen(text);
	int rc;

	if (at != NULL && pos_parse(&item.from, at + 1, e) == -1)
		return error_at(e, "table %s", text);
	if (n == 0 || (memchr(text, '.', n) == NULL && default_db == NULL))
		return error_set(e, RC_USAGE, "not a table (DB.TABLE): %s", text);
	if (memchr(text, '.', n) != NULL)
		rc = asprintf(&item.pattern, "%.*s", (int)n, text);
	else
		rc = asprintf(&item.pattern, "%s.%.*s", default_db, (int)n, text);
	if (rc == -1)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	if ((grown = reallocarray(l->items, l->count + 1, sizeof(*grown))) == NULL) {
		free(item.pattern);
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	}
	l->items = grown;
	l->items[l->count++] = item;
	return 0;
}

void
glob_free(struct glob_list *l)
{
	while (l->count > 0)
		free(l->items[--l->count].pattern);
	free(l->items);
	l->items = NULL;
}

const struct glob *
glob_find(const struct glob_list *l, const char *db, const char *table)
{
	char name[64 * 4 * 2 + 2];	/* two identifiers of 64 characters */
	size_t i;

	if (snprintf(name, sizeof(name), "%s.%s", db, table) >= (int)sizeof(name))
		return NULL;
	for (i = 0; i < l->count; i++)
		if (fnmatch(l->items[i].pattern, name, 0) == 0)
			return &l->items[i];
	return NULL;
}
