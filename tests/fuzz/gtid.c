/* SPDX-License-Identifier: ISC */
/* Any bytes as a GTID set in one of its forms, which the first byte chooses. What is read as a set is written and read as the
 * same one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "binlog-tail/gtid.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
compare(struct gtids *g, struct gtids *again, struct error *e)
{
	char *text = strdup(gtids_text(g) == NULL ? "" : gtids_text(g));
	struct cursor c;
	struct buf b;

	again->mariadb = g->mariadb;
	if (text == NULL || gtids_parse(again, text, e) == -1 || strcmp(gtids_text(again), text) != 0 ||
	    !gtids_contain(g, again) || (!g->mariadb && !gtids_contain(again, g)))
		abort();
	if (!g->mariadb && buf_init(&b, MAX_GTID_SET) == 0) {
		if (gtids_put_wire(&b, again) == 0) {
			c = cur_of(b.data, b.len);
			if (gtids_read_previous(again, &c, e) == -1 || strcmp(gtids_text(again), text) != 0)
				abort();
		}
		buf_free(&b);
	}
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct gtids g, again;
	struct gtid_event x;
	struct error e = { 0 };
	char text[GTID_TEXT];
	struct cursor c;
	int rc = -1;

	if (n == 0 || n > 1 << 16 || gtids_init(&g, &e) == -1 || gtids_init(&again, &e) == -1)
		return 0;
	c = cur_of(bytes + 1, n - 1);
	switch (bytes[0] % 5) {
	case 0:
		if ((rc = gtids_read_previous(&g, &c, &e)) == 0 && c.bad)
			abort();
		break;
	case 1:
		g.mariadb = true;
		rc = gtids_read_list(&g, &c, &e);
		break;
	case 2: {
		char *copy = strndup((const char *)bytes + 1, n - 1);

		if (copy == NULL)
			abort();
		rc = gtids_parse_any(&g, copy, &e);
		free(copy);
		break;
	}
	default:
		rc = bytes[0] % 5 == 3 ? gtid_read_tagged(&x, &c) : gtid_read(&x, &c);
		if (rc == 0)
			gtid_text(text, &x.id);
		rc = -1;
	}
	if (rc == 0)
		compare(&g, &again, &e);
	gtids_free(&g);
	gtids_free(&again);
	return 0;
}
