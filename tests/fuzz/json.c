/* SPDX-License-Identifier: ISC */
/* The JSON reader on any bytes: it must refuse or read them, and what it writes it must read again as the same. */
#include <stdint.h>
#include <stdlib.h>

#include "lib/json.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* Every way to look at a token. Their number: what was walked must be what was found. */
static int
walk(const struct json *j, int t, struct buf *b)
{
	size_t n;
	uint64_t u;
	int64_t i;
	int at, seen = 1;

	json_raw(j, t, &n);
	json_slice(j, t, &n);
	json_u64(j, t, &u);
	json_i64(j, t, &i);
	json_line(j, t);
	json_member(j, t, "op");
	json_is(j, t, "insert");
	free(json_strdup(j, t));
	buf_clear(b);
	if (json_type(j, t) == JSON_STRING && json_text(j, t, b) == 0 && b->len > 4 * n)
		abort();
	for (at = json_first(j, t); at != -1; at = json_next(j, at)) {
		seen += walk(j, at, b);
		if (json_type(j, t) == JSON_OBJECT)
			seen += walk(j, at + 1, b);
	}
	return seen;
}

static void
check_minified(const char *text, size_t n)
{
	struct error e;
	struct buf once, twice;

	if (buf_init(&once, 2 * n + 256) == -1 || buf_init(&twice, 2 * n + 256) == -1)
		abort();
	if (json_put_minified(&once, text, n, &e) == -1 || once.len > n)
		abort();
	if (json_put_minified(&twice, once.data, once.len, &e) == -1 || twice.len != once.len ||
	    memcmp(once.data, twice.data, once.len) != 0)
		abort();
	buf_free(&once);
	buf_free(&twice);
}

/* Any bytes make a string that the reader takes. */
static void
check_writer(const char *text, size_t n, struct json *j)
{
	struct error e;
	struct buf b;
	uint64_t bad = 0;

	if (buf_init(&b, 6 * n + 256) == -1 || json_put_string(&b, text, n, &bad) == -1)
		abort();
	if (json_parse(j, b.data, b.len, &e) == -1 || j->count != 1 || json_type(j, 0) != JSON_STRING)
		abort();
	buf_free(&b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	const char *text = (const char *)bytes;
	struct json j = { 0 };
	struct error e;
	struct buf b;

	if (n > 65536)	/* the buffers' size; longer ones find no more */
		return 0;
	if (buf_init(&b, 65536 * 2) == -1)
		abort();
	if (json_parse(&j, text, n, &e) == 0) {
		if (walk(&j, 0, &b) != j.count)
			abort();
		check_minified(text, n);
	}
	check_writer(text, n, &j);
	json_free(&j);
	buf_free(&b);
	return 0;
}
