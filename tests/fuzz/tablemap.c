/* SPDX-License-Identifier: ISC */
/* Any bytes as the body of a table map event, its optional metadata above all: read, described, compared. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binlog-tail/described.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* What was described fits what it was described from. */
static void
compare(const struct table_map *m, struct table *t)
{
	char text[CELL_TEXT];
	size_t i;

	if (t->count != m->count || described_misfit(m, t, &i) != NULL)
		abort();
	for (i = 0; i < m->count; i++)
		cell_misfit(&m->cells[i], &t->columns[i], text);
	table_free(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct error e = { 0 };
	struct maps maps = { 0 };
	struct table_map *m;
	struct table *t;
	bool fresh;
	int mariadb;

	if ((m = maps_read(&maps, 1, bytes, n, &fresh, &e)) == NULL) {
		if (e.text[0] == '\0')
			abort();
	}
	for (mariadb = 0; m != NULL && !m->bare && mariadb < 2; mariadb++) {
		e.rc = RC_OK;
		if ((t = described_table(m, mariadb, &e)) != NULL)
			compare(m, t);
		if ((t = described_anonymous(m, mariadb, &e)) != NULL)
			compare(m, t);
	}
	maps_free(&maps);
	return 0;
}
