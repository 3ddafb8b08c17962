/* SPDX-License-Identifier: ISC */
/* es-bulk's reader of bulk answers. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

#define ITEMS 4

/* A batch of index and delete in turn. */
static void
fill(struct batch *b)
{
	static const char index[] = "{\"index\":{\"_index\":\"d.t\",\"_id\":\"1\"}}\n", del[] = "{\"delete\":{\"_index\":\"d.t\",\"_id\":\"1\"}}\n";
	struct change c = { .line = "{\"row\":{}}", .len = 10, .row = { .p = NULL } };
	struct error e;
	size_t i, at;

	c.row.p = c.line + 7;
	c.row.n = 2;
	if (batch_init(b, 1 << 16, &e) == -1)
		abort();
	for (i = 0; i < ITEMS; i++) {
		at = b->body.len;
		if (buf_puts(&b->body, i % 2 == 0 ? index : del) == -1 ||
		    batch_add(b, &c, i, i, at, i % 2 == 0 ? c.row : (struct slice){ NULL, 0 }, &e) == -1)
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char why[128], *text = malloc(size + (size == 0));
	struct slice error;
	struct batch b;
	struct error e;
	size_t n;
	int kept;

	if (text == NULL)
		abort();
	memcpy(text, data, size);
	fill(&b);
	for (n = 1; n <= ITEMS; n++)
		if (answer_read(&b, n, text, size) == 0) {
			/* one answer fits one request only */
			for (size_t i = 0; i < n; i++)
				answer_reason(b.items[i].error, why, sizeof(why));
			kept = batch_keep_retries(&b, n, &e);
			if (kept < 0 || b.count != (size_t)kept + ITEMS - n || b.body.len > 4 * 64)
				abort();
			break;
		}
	error = answer_error(text, size);
	answer_verdict(400, error);
	answer_reason(error, why, sizeof(why));
	batch_free(&b);
	free(text);
	return 0;
}
