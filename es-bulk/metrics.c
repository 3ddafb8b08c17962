/* SPDX-License-Identifier: ISC */
/* Metrics. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/output.h"

#include "es-bulk/bulk.h"

#define WRITE_MS 1000

struct metric {
	const char *name, *type, *help;
	uint64_t value;
};

static int
put_all(struct buf *b, const struct bulk *u)
{
	const struct metric all[] = {
		{ "rows_total", "counter", "Rows read.", u->rows },
		{ "documents_total", "counter", "Writes that the engine has answered.", u->count.items },
		{ "stale_total", "counter", "Writes refused because the document is newer.", u->count.stale },
		{ "left_total", "counter", "Rows left to the rebuild of their table.", u->count.left },
		{ "dead_total", "counter", "Documents put into the dead-letter file.", u->dead.written },
		{ "retried_total", "counter", "Writes that had to be sent again.", u->count.retried },
		{ "folded_total", "counter", "Writes left out because a later one stands for them.", u->count.folded },
		{ "requests_total", "counter", "Bulk requests sent.", u->count.requests },
		{ "bytes_total", "counter", "Bytes of bulk requests sent.", u->count.bytes },
		{ "blocked_milliseconds_total", "counter", "Time in which input waited for the engine.", u->blocked_ms },
		{ "acknowledged_total", "counter", "Control lines acknowledged.", u->ack.written },
		{ "waiting", "gauge", "Control lines whose rows are not durable yet.", u->ack.count },
		{ "trouble", "gauge", "1 while the engine does not take writes.", u->trouble.times > 0 },
		{ "requests_limit", "gauge", "Requests that may be under way at once.", u->throttle.window },
		{ "request_bytes_limit", "gauge", "Bytes that a request may have.", u->throttle.bytes },
	};
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (buf_putf(b, "# HELP m2e_es_bulk_%s %s\n# TYPE m2e_es_bulk_%s %s\nm2e_es_bulk_%s %" PRIu64 "\n",
		    all[i].name, all[i].help, all[i].name, all[i].type, all[i].name, all[i].value) == -1)
			return -1;
	return 0;
}

/* A reader sees the old file or the new one. */
static int
replace(const char *file, const struct buf *b)
{
	char *tmp;
	int fd, rc = -1;

	if (asprintf(&tmp, "%s.tmp", file) == -1)
		return -1;
	if ((fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) != -1) {
		rc = write_all(fd, b->data, b->len);
		if (close(fd) == -1 || rc == -1 || rename(tmp, file) == -1) {
			rc = -1;
			unlink(tmp);
		}
	}
	free(tmp);
	return rc;
}

void
metrics_write(struct bulk *u, bool now)
{
	struct metrics *m = &u->metrics;
	uint64_t ms;
	struct buf b;

	if (m->file == NULL)
		return;
	ms = now_ms();
	if (!now && ms - m->written_ms < WRITE_MS)
		return;
	m->written_ms = ms;
	if (buf_init(&b, 1 << 16) == -1)
		return;
	if (put_all(&b, u) == -1 || replace(m->file, &b) == -1) {
		log_warn("no metrics from now on: %s: %s", m->file, strerror(errno));
		m->file = NULL;
	}
	buf_free(&b);
}
