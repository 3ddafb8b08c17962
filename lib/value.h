/* SPDX-License-Identifier: ISC */
/* One value on its way from MySQL to JSON. Each road (binlog, dump text, SELECT's text) makes a struct value;
 * the one encoder here writes it, so the same row gives the same bytes by every road (m2e-events.5, VALUES). */
#ifndef LIB_VALUE_H
#define LIB_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/octets.h"
#include "lib/table.h"
#include "lib/temporal.h"

struct columns;

enum value_type {
	VALUE_ABSENT,		/* the row image does not hold this column */
	VALUE_NULL,
	VALUE_INT,		/* COLUMN_INT, signed */
	VALUE_UINT,		/* COLUMN_INT unsigned, COLUMN_BIT, COLUMN_YEAR, ENUM's index, SET's bits */
	VALUE_DIGITS,		/* COLUMN_DECIMAL: text as declared, e.g. -0.50 */
	VALUE_FLOAT, VALUE_DOUBLE,
	VALUE_TIME,		/* COLUMN_DATE, TIME, DATETIME, TIMESTAMP (UTC) */
	VALUE_OCTETS,		/* COLUMN_UUID, INET4, INET6: in their text's order */
	VALUE_BYTES,		/* text in the column's own charset; BINARY; JSON as text; VECTOR's floats; GEOMETRY as stored */
	VALUE_BINARY_JSON,	/* MySQL's; no bytes: null */
	VALUE_JSON,		/* minified text */
	VALUE_UTF8,		/* text that is UTF-8 whatever the column's charset; ENUM and SET by their text */
};

struct value {
	enum value_type type;
	union {
		int64_t i;
		uint64_t u;
		float f;
		double d;
		struct value_time time;
		uint8_t octets[OCTETS_MAX];
		struct { const char *p; size_t n; } bytes;	/* borrowed; VALUE_DIGITS too */
	};
};

struct value_options {
	bool safe_numbers;	/* --numbers=safe: BIGINT and DECIMAL as strings */
	bool keep_zero_dates;	/* --zero-dates=keep: their text instead of null */
	bool hex_binary;	/* --binary=hex: BINARY and BLOB in hex, not base64 */
	const struct columns *columns;	/* which ones are shown (lib/shape.h); NULL: all */
	int32_t utc_offset_s;	/* text of TIMESTAMP columns is so many seconds east of UTC */
	uint64_t *bad_bytes;	/* counts what became U+FFFD; may be NULL */
};

/* Appends the value as JSON. -1: RC_FAIL (does not fit its column: fail closed), RC_TEMP (memory). Never VALUE_ABSENT. */
int	 value_put_json(struct buf *, const struct column *, const struct value *, const struct value_options *, struct error *);
/* Appends it as one JSON string of the key's form: text as SELECT prints it in a UTC session; binary, and text with
 * invalid bytes, in lower-case hex; BIT as a decimal number. */
int	 value_put_key(struct buf *, const struct column *, const struct value *, struct error *);

/* How a literal stands in SQL text; SELECT's results are TEXT_STRING. */
enum text_form { TEXT_NULL, TEXT_NUMBER, TEXT_STRING, TEXT_HEX };	/* TEXT_HEX: 0x… or b'…', its bytes already decoded */
/* Fills v from text: UTF-8 in text columns (the connection's or dump's charset), raw bytes in binary ones.
 * v borrows text. -1: RC_FAIL, the text is not of the column's type. */
int	 value_from_text(struct value *, const struct column *, enum text_form, const char *text, size_t len,
	    const struct value_options *, struct error *);

/* Is it the end that a system-versioned table's current rows have: of time, before MariaDB 11.5 or since, or of
 * transactions? */
bool	 value_is_forever(const struct value *);

#endif
