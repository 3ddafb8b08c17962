/* SPDX-License-Identifier: ISC */
/* MySQL's binary JSON (MySQL source, sql-common/json_binary.h) as text. */
#ifndef LIB_BINARY_JSON_H
#define LIB_BINARY_JSON_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Appends the value as minified JSON: what json_put_minified makes of the text that the server prints. No bytes are
 * null. Invalid UTF-8 in a string becomes U+FFFD; *bad (may be NULL) grows by its bytes. -1: EBADMSG for what is no such value
 * (a name that is not UTF-8 among it), or deeper than MAX_JSON_DEPTH; else as buf_add. What was appended until then stays. */
int	 binary_json_put(struct buf *, const void *bytes, size_t n, uint64_t *bad);

#endif
