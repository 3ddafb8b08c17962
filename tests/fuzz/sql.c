/* SPDX-License-Identifier: ISC */
/* The SQL tokenizer on any bytes (the first one's low bit: ANSI_QUOTES): tokens go forward and end, what they mean is
 * no longer than they are, and a look ahead sees what comes. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/sql.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_token(const struct sql_token *t, struct buf *b)
{
	char *copy;

	buf_clear(b);
	if (sql_put_text(t, b) == -1 || b->len > t->len)
		abort();
	if ((copy = sql_strdup(t)) != NULL && (strlen(copy) != b->len || memcmp(copy, b->data, b->len) != 0))
		abort();
	free(copy);
	if (sql_is(t, "table") && (t->type != SQL_WORD || t->len != 5))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *text = (const char *)bytes, *last;
	struct sql_token t, ahead;
	struct sql s;
	struct buf b;

	if (n == 0 || buf_init(&b, n + 1) == -1)
		return 0;
	sql_init(&s, text + 1, n - 1);
	s.ansi_quotes = text[0] & 1;
	last = text;
	do {
		ahead = sql_peek(&s);
		t = sql_next(&s);
		if (t.type != ahead.type || t.text != ahead.text || t.len != ahead.len)
			abort();
		if (t.text < last || t.text + t.len > text + n || s.p > text + n)
			abort();
		last = t.text + t.len;
		if (t.type != SQL_END && t.type != SQL_BAD) {
			if (t.len == 0)
				abort();
			check_token(&t, &b);
		}
	} while (t.type != SQL_END && t.type != SQL_BAD);
	buf_free(&b);
	return 0;
}
