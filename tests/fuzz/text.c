/* SPDX-License-Identifier: ISC */
/* Values from text: the first byte chooses the type, the second how the text stands and the options, the rest is it.
 * Refused, or one JSON value without a line break, and a key that is a string. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/value.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char sql[] =
    "CREATE TABLE t (c1 tinyint, c2 bigint, c3 bigint unsigned, c4 int(5) zerofill, c5 decimal(10,2), c6 decimal(65,30), c7 float, "
    "c8 double, c9 bit(1), c10 bit(13), c11 bit(64), c12 year, c13 date, c14 time(6), c15 datetime, c16 datetime(3), c17 timestamp, "
    "c18 timestamp(6), c19 char(5), c20 text, c21 binary(4), c22 blob, c23 enum('a','b''c','ü'), c24 set('a','b','c'), c25 json, "
    "c26 uuid, c27 inet6, c28 text charset latin1, c29 text charset sjis, c30 text charset gb18030, c31 text charset ujis, "
    "c32 text charset ucs2, c33 text charset utf16, c34 text charset utf16le, c35 text charset utf32, c36 text charset big5, "
    "c37 text charset swe7, c38 text charset ascii, c39 geometry, c40 vector(3))";

static void
check(const struct buf *b, bool string)
{
	size_t at;

	if (json_check(b->data, b->len, &at) == -1 || memchr(b->data, '\n', b->len) != NULL)
		abort();
	if (string && b->data[0] != '"')
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct table *t;
	const struct column *c;
	uint64_t bad = 0;
	struct error e = { 0 };
	struct value v;
	struct buf b;

	if (t == NULL && (t = table_from_create(sql, sizeof(sql) - 1, "d", &e)) == NULL)
		abort();
	if (n < 2 || buf_init(&b, 8 * n + 1024) == -1)
		return 0;
	c = &t->columns[bytes[0] % t->count];
	struct value_options o = { .safe_numbers = bytes[1] & 4, .keep_zero_dates = bytes[1] & 8, .bad_bytes = &bad,
	    .utc_offset_s = ((bytes[1] >> 4) - 8) * 5400 };
	if (value_from_text(&v, c, (enum text_form)(bytes[1] & 3), (const char *)bytes + 2, n - 2, &o, &e) == 0) {
		if (value_put_json(&b, c, &v, &o, &e) == 0)
			check(&b, false);
		else if (e.rc != RC_FAIL)
			abort();
		buf_clear(&b);
		if (value_put_key(&b, c, &v, &e) == 0)
			check(&b, true);
	}
	if (e.rc != RC_OK && (e.rc != RC_FAIL || e.text[0] == '\0'))
		abort();
	buf_free(&b);
	return 0;
}
