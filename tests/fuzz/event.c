/* SPDX-License-Identifier: ISC */
/* es-bulk's reader of event lines: whatever it takes is JSON, and goes into a bulk body as valid lines. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/change.h"
#include "es-bulk/docid.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_id(struct change_reader *r, const struct slice key, struct buf *id)
{
	struct error e;
	size_t at;

	id->len = 0;
	if (docid_put(r, id, key, &e) == -1 || json_check(id->data, id->len, &at) == -1 || id->len < 3)
		abort();
}

static void
check_line(struct change_reader *r, const char *line, size_t n, struct buf *id)
{
	struct change c;
	struct error e;
	size_t at;

	if (change_read(r, line, n, 1, &c, &e) == -1)
		return;
	if (json_check(line, n, &at) == -1 || c.version == 0 || c.version >> 63 != 0)
		abort();
	if (!change_is_row(&c))
		return;
	if (c.key.p != NULL)
		check_id(r, c.key, id);
	if (c.old_key.p != NULL)
		check_id(r, c.old_key, id);
	if (c.row.p != NULL && (json_check(c.row.p, c.row.n, &at) == -1 || *c.row.p != '{'))
		abort();
}

/* The lines of one input are read by one reader, which remembers how the last one began. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct change_reader r;
	struct error e;
	struct buf id;
	const char *p = (const char *)data, *end = p + size, *lf;
	char *line;
	size_t n;

	if (change_reader_init(&r, &e) == -1 || buf_init(&id, 16 << 20) == -1)
		abort();
	for (; p < end; p += n + (lf != NULL)) {
		lf = memchr(p, '\n', (size_t)(end - p));
		n = (size_t)((lf == NULL ? end : lf) - p);
		/* a copy of its own, so that a read past its end is seen */
		if ((line = malloc(n + (n == 0))) == NULL)
			abort();
		memcpy(line, p, n);
		check_line(&r, line, n, &id);
		free(line);
	}
	change_reader_free(&r);
	buf_free(&id);
	return 0;
}
