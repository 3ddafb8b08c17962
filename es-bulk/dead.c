/* SPDX-License-Identifier: ISC */
/* Dead letters. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/output.h"

#include "es-bulk/answer.h"
#include "es-bulk/dead.h"

#define KEEP_BYTES (64 << 10)

/* Counts the lines; *end: behind the last whole one. */
static int
count_lines(int fd, uint64_t *count, off_t *end)
{
	char bytes[1 << 16];
	off_t at = 0;
	ssize_t n, i;

	*count = 0;
	*end = 0;
	while ((n = pread(fd, bytes, sizeof(bytes), at)) > 0) {
		for (i = 0; i < n; i++)
			if (bytes[i] == '\n') {
				++*count;
				*end = at + i + 1;
			}
		at += n;
	}
	return n == -1 ? -1 : 0;
}

/* A new file is durable once its folder is. */
static int
sync_folder(const char *file)
{
	char *copy = strdup(file), *folder;
	int fd = -1, rc = -1;

	if (copy == NULL)
		return -1;
	folder = dirname(copy);
	if ((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) != -1) {
		rc = fsync(fd);
		close(fd);
	}
	free(copy);
	return rc;
}

int
dead_open(struct dead *d, const char *file, uint64_t max, struct error *e)
{
	struct stat st;
	off_t end;
	int rc = -1;

	memset(d, 0, sizeof(*d));
	d->file = file;
	d->fd = -1;
	d->max = max;
	if (buf_init(&d->lines, SIZE_MAX / 4) == -1)
		return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	if (file == NULL)
		return 0;
	if ((d->fd = open(file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) == -1)
		return error_set(e, RC_USAGE, "dead-letter file %s: %s", file, strerror(errno));
	if (fstat(d->fd, &st) == -1 || !S_ISREG(st.st_mode))
		return error_set(e, RC_USAGE, "dead-letter file %s: not a regular file", file);
	/* another process's load may write to it too: not while this one counts and cuts */
	if (flock(d->fd, LOCK_EX) == 0 && count_lines(d->fd, &d->count, &end) == 0 &&
	    ftruncate(d->fd, end) == 0 && sync_folder(file) == 0)
		rc = 0;
	flock(d->fd, LOCK_UN);
	return rc == 0 ? 0 : error_set(e, RC_USAGE, "dead-letter file %s: %s", file, strerror(errno));
}

void
dead_close(struct dead *d)
{
	if (d->fd != -1)
		close(d->fd);
	buf_free(&d->lines);
}

int
dead_add(struct dead *d, const struct batch *b, const struct item *item, struct error *e)
{
	static const char none[] = "{\"type\":\"unknown\",\"reason\":\"the engine gave no reason\"}";
	struct slice error = item->error.p != NULL ? item->error : (struct slice){ none, sizeof(none) - 1 };
	char why[512];

	answer_reason(error, why, sizeof(why));
	if (d->file == NULL)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine refuses the document (status %u: %s); "
		    "--dead-letter FILE would put it aside", item->number, item->status, why);
	if (d->count + 1 > d->max)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine refuses the document (status %u: %s), "
		    "and %s holds %" PRIu64 " already (--max-dead)", item->number, item->status, why, d->file,
		    d->count);
	log_warn("document refused, kept as a dead letter line=%" PRIu64 " status=%u error=\"%s\"", item->number,
	    item->status, why);
	d->count++;
	d->written++;
	if (buf_puts(&d->lines, "{\"error\":") == -1 || json_put_minified(&d->lines, error.p, error.n, e) == -1 ||
	    buf_puts(&d->lines, ",\"event\":") == -1 || batch_put_event(b, item, &d->lines) == -1 ||
	    buf_puts(&d->lines, "}\n") == -1)
		return error_set(e, RC_TEMP, "dead letter: %s", strerror(errno));
	return 0;
}

int
dead_sync(struct dead *d, struct error *e)
{
	int rc = 0;

	if (d->lines.len == 0)
		return 0;
	if (flock(d->fd, LOCK_EX) == -1 || write_all(d->fd, d->lines.data, d->lines.len) == -1 ||
	    fsync(d->fd) == -1)
		rc = error_set(e, RC_FAIL, "dead-letter file %s: %s", d->file, strerror(errno));
	flock(d->fd, LOCK_UN);
	d->lines.len = 0;
	if (d->lines.cap > KEEP_BYTES) {
		buf_free(&d->lines);
		if (buf_init(&d->lines, SIZE_MAX / 4) == -1)
			return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	}
	return rc;
}
