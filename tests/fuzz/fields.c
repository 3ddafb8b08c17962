/* SPDX-License-Identifier: ISC */
/* Lines of fields, of any bytes: each is read or refused, and where the text is cut it is waited for, never misread. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dump-reader/fields.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const char *const formats[][5] = {	/* terminated, enclosed, escaped, starting, ended */
	{ "\t", "", "\\", "", "\n" }, { ",", "\"", "\\", "", "\r\n" }, { "::", "'", "", ">", "\n" }, { ",", "\"", "!", "", "|\n" },
};

static void
init(struct fields_format *f, const char *const *marks)
{
	static const char *const what[] = { "terminated", "enclosed", "escaped", "starting", "ended" };
	struct error e = { 0 };
	size_t i;

	fields_init(f);
	for (i = 0; i < 5; i++)
		if (fields_set(f, what[i], marks[i], &e) == -1)
			abort();
	if (fields_check(f, &e) == -1)
		abort();
}

/* The line's beginning alone: it is not the whole line, or it is exactly that. */
static void
check_cuts(struct row *r, const struct fields_format *f, const char *p, size_t n, int whole, const char *end_of_line)
{
	size_t count = r->count, step = 1 + n / 40, k;
	const char *next = NULL;
	int rc;

	for (k = 0; k <= n; k += step) {
		rc = fields_scan(r, f, p, p + k, false, &next);
		if (rc != 0 && (rc != whole || next != end_of_line || (rc == 1 && r->count != count)))
			abort();
	}
}

static void
read_all(struct row *r, const struct fields_format *f, const char *p, const char *end)
{
	const char *next = NULL;
	size_t i, sum;
	int rc;

	while (p < end) {
		rc = fields_scan(r, f, p, end, true, &next);
		check_cuts(r, f, p, (size_t)((rc == 1 ? next : end) - p), rc, next);
		if (rc != 1 || fields_scan(r, f, p, end, true, &next) != 1)
			return;
		fields_decode(r, f);
		for (sum = i = 0; i < r->count; i++) {
			if (r->literals[i].p < p || r->literals[i].n > (size_t)(next - r->literals[i].p))
				abort();
			sum += r->literals[i].n;
		}
		if (sum > r->bytes)
			abort();
		p = next;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct fields_format f;
	struct error e = { 0 };
	struct row r;
	char *text;

	if (n == 0)
		return 0;
	init(&f, formats[bytes[0] % 4]);
	if (row_init(&r, n, &e) == -1 || (text = malloc(n)) == NULL)
		abort();
	memcpy(text, bytes + 1, n - 1);
	read_all(&r, &f, text, text + n - 1);
	free(text);
	row_free(&r);
	return 0;
}
