/* SPDX-License-Identifier: ISC */
/* CREATE TABLE of any bytes: refused, or a table whose schema line gives the same table and the same line again. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/table.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
put_line(struct buf *b, const struct table *t)
{
	struct pos none = { 0 };

	if (buf_init(b, (size_t)1 << 30) == -1 || table_put_schema(b, t, "dump", &none) == -1)
		abort();
}

static void
check_table(const struct table *t)
{
	struct buf once, twice;
	struct json j = { 0 };
	struct table *again;
	struct error e;
	size_t i;

	for (i = 0; i < t->key_count; i++)
		if (t->key[i] >= t->count)
			abort();
	put_line(&once, t);
	if (json_parse(&j, once.data, once.len, &e) == -1)
		abort();
	if ((again = table_from_schema(&j, &e)) == NULL)
		abort();
	put_line(&twice, again);
	if (once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	buf_free(&twice);
	table_free(again);
	json_free(&j);
	buf_free(&once);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct error e = { 0 };
	struct table *t = table_from_create((const char *)bytes, n, "d", &e);

	if (t == NULL && (e.rc != RC_FAIL || e.text[0] == '\0'))
		abort();
	if (t != NULL)
		check_table(t);
	table_free(t);
	return 0;
}
