/* SPDX-License-Identifier: ISC */
/* Any bytes as a logged statement: it is read as something, and the tables it names are names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binlog-tail/statement.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct statement st;
	struct error e;
	size_t i;
	char *copy;

	if ((copy = malloc(n + (n == 0))) == NULL)
		return 0;
	memcpy(copy, bytes, n);
	if (statement_read(&st, copy, n, "d", &e) == 0) {
		if (st.kind > STATEMENT_ROWS || (st.kind == STATEMENT_DDL && st.count == 0) ||
		    (st.kind == STATEMENT_DROP_DATABASE && st.database[0] == '\0'))
			abort();
		for (i = 0; i < st.count; i++)
			if (strlen(st.tables[i].db) > n + 1 || strlen(st.tables[i].table) > n || st.tables[i].table[0] == '\0' ||
			    (st.tables[i].touch == TOUCH_RENAME && i + 1 == st.count && st.kind == STATEMENT_DDL))
				abort();
	}
	statement_free(&st);
	free(copy);
	return 0;
}
