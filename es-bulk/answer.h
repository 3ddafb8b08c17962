/* SPDX-License-Identifier: ISC */
/* What the engine says of a bulk request, item by item (es-bulk.1, ANSWERS). */
#ifndef ES_BULK_ANSWER_H
#define ES_BULK_ANSWER_H

#include "es-bulk/batch.h"

/* What of an answer is asked for: answer_read needs no more. */
#define ANSWER_FILTER "filter_path=items.*.status,items.*.error,items.delete._index,items.delete.result"

/* Fills in verdict, status and error of the batch's first n items; the errors show text's bytes.
 * -1: not an answer to just these n items (cut off, garbage): nothing is known of any. */
int	 answer_read(struct batch *, size_t n, const char *text, size_t len);
/* What an error, of an item or of a request that held one item only, asks for. error: its JSON object; p may be NULL. */
enum verdict answer_verdict(unsigned int status, struct slice error);
/* The error object within the answer to a refused request; p is NULL where there is none. */
struct slice answer_error(const char *text, size_t len);
/* "type: reason" of an error object, for people, in a buffer of the caller's; returns it. */
const char *answer_reason(struct slice error, char *to, size_t size);

#endif
