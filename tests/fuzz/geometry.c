/* SPDX-License-Identifier: ISC */
/* Any bytes as a geometry: refused, or JSON without white space that is not much longer than they are. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/geometry.h"
#include "lib/json.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf once, twice;
	struct error e;
	size_t at;

	if (buf_init(&once, 16 * n + 256) == -1 || buf_init(&twice, 16 * n + 256) == -1)
		abort();
	if (geometry_put_json(&once, bytes, n) == -1) {
		if (errno != EBADMSG)	/* EMSGSIZE: it grew beyond reason */
			abort();
	} else if (json_check(once.data, once.len, &at) == -1 ||
	    json_put_minified(&twice, once.data, once.len, &e) == -1 || twice.len != once.len ||
	    memcmp(once.data, twice.data, once.len) != 0) {
		abort();
	}
	buf_free(&once);
	buf_free(&twice);
	return 0;
}
