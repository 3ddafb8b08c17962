/* SPDX-License-Identifier: ISC */
/* Any bytes as MySQL's binary JSON: refused, or minified JSON that is not much longer than they are. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/binary_json.h"
#include "lib/json.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf once, twice;
	struct error e;
	uint64_t bad = 0;
	size_t at;

	if (buf_init(&once, 512 * n + 512) == -1 || buf_init(&twice, 512 * n + 512) == -1)
		abort();
	if (binary_json_put(&once, bytes, n, &bad) == -1) {
		if (errno != EBADMSG)	/* EMSGSIZE: it grew beyond reason */
			abort();
	} else if (json_check(once.data, once.len, &at) == -1) {
		abort();
	} else if (bad == 0 && (json_put_minified(&twice, once.data, once.len, &e) == -1 || twice.len != once.len ||
	    memcmp(once.data, twice.data, once.len) != 0)) {
		abort();	/* (names with invalid bytes may become the same) */
	}
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
