/* SPDX-License-Identifier: ISC */
/* Key text and SQL: an event's key as a literal, a condition, a value. */
#ifndef DUMP_READER_LITERAL_H
#define DUMP_READER_LITERAL_H

#include <mysql.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/table.h"
#include "lib/value.h"

/* Appends the literal that a column of this type compares with: never text that could end the literal. RC_FAIL: text
 * is not a key's value of this type. */
int	 literal_put(struct buf *, MYSQL *, const struct column *, const char *text, size_t n, struct error *);
/* The value that the key's text stands for; it borrows text, which is decoded in place. */
int	 literal_value(struct value *, const struct column *, char *text, size_t n, struct error *);
/* A text key with invalid bytes is in an event as their hex, which looks like any other text. If this one may be such a
 * key, appends the bytes as a literal of the column's character set: 1; else 0 (UTF-8 columns hold valid bytes only). */
int	 literal_put_bytes(struct buf *, const struct column *, const char *text, size_t n, struct error *);

#endif
