/* SPDX-License-Identifier: ISC */
/* Any bytes as a JSON document (the first byte: how many) and what changed in it: refused, or a document again. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "binlog-tail/jsondiff.h"
#include "lib/binary_json.h"
#include "lib/json.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check(const struct buf *doc, struct buf *again)
{
	struct error e;
	size_t at;

	buf_clear(again);
	if (json_check(doc->data, doc->len, &at) == -1 ||
	    json_put_minified(again, doc->data, doc->len, &e) == -1 || doc->len != again->len ||
	    memcmp(doc->data, again->data, doc->len) != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	size_t doc_len = n == 0 ? 0 : bytes[0], max = 4096 * n + 4096;
	struct buf doc, scratch;

	if (n == 0 || n > 4096 || doc_len > n - 1)
		return 0;
	if (buf_init(&doc, max) == -1 || buf_init(&scratch, max) == -1)
		abort();
	if (binary_json_put(&doc, bytes + 1, doc_len, NULL) == 0) {
		if (jsondiff_apply(&doc, bytes + 1 + doc_len, n - 1 - doc_len, &scratch, NULL) == 0)
			check(&doc, &scratch);
		else if (errno != EBADMSG && errno != EMSGSIZE)
			abort();
	}
	buf_free(&doc);
	buf_free(&scratch);
	return 0;
}
