/* SPDX-License-Identifier: ISC */
/* Partial updates of JSON documents (MySQL source, sql-common/json_diff.h). */
#ifndef JSONDIFF_H
#define JSONDIFF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

/* Applies the n bytes of differences, one after the other, to a document, text as binary_json_put writes it. scratch: for
 * what is put there. *bad: as binary_json_put. -1: EBADMSG for differences that are malformed or do not fit the document;
 * else as buf_add. The document is spoilt then. */
int	 jsondiff_apply(struct buf *document, const uint8_t *bytes, size_t n, struct buf *scratch, uint64_t *bad);

#endif
