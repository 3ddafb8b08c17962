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

/* Counts the whole lines from *end on, and moves it behind the last one. */
static int
count_lines(int fd, uint64_t *count, off_t *end)
{
	char bytes[1 << 16];
	off_t at = *end;
	ssize_t n, i;

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

static int
failed(const struct dead *d, int rc, struct error *e)
{
	return error_set(e, rc, "dead-letter file %s: %s", d->file,
	    errno == EINVAL ? "not a regular file" : strerror(errno));
}

/* Under the lock: is what we have open what is called so? m2e-state puts another in its place. */
static bool
is_replaced(const struct dead *d, struct stat *ours)
{
	struct stat st;

	return fstat(d->fd, ours) == -1 || stat(d->file, &st) == -1 || st.st_ino != ours->st_ino ||
	    st.st_dev != ours->st_dev;
}

static int
open_file(struct dead *d)
{
	if ((d->fd = open(d->file, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) == -1)
		return -1;
	d->count = 0;
	d->end = 0;
	return sync_folder(d->file);
}

/* Locks the file, whichever it is by now, and counts what others have written to it. */
static int
take_file(struct dead *d)
{
	struct stat st;

	for (;;) {
		if ((d->fd == -1 && open_file(d) == -1) || flock(d->fd, LOCK_EX) == -1)
			return -1;
		if (!is_replaced(d, &st))
			break;
		close(d->fd);
		d->fd = -1;
	}
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		return -1;
	}
	if (st.st_size < d->end) {
		d->count = 0;
		d->end = 0;
	}
	if (count_lines(d->fd, &d->count, &d->end) == -1)
		return -1;
	return st.st_size > d->end ? ftruncate(d->fd, d->end) : 0;
}

int
dead_open(struct dead *d, const char *file, uint64_t max, struct error *e)
{
	int rc;

	memset(d, 0, sizeof(*d));
	d->file = file;
	d->fd = -1;
	d->max = max;
	if (buf_init(&d->lines, SIZE_MAX / 4) == -1)
		return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	if (file == NULL)
		return 0;
	rc = take_file(d) == -1 ? failed(d, error_of_write(errno) == RC_TEMP ? RC_TEMP : RC_USAGE, e) : 0;
	if (d->fd != -1)
		flock(d->fd, LOCK_UN);
	return rc;
}

void
dead_close(struct dead *d)
{
	if (d->fd != -1)
		close(d->fd);
	buf_free(&d->lines);
}

/* Is there room for one more? Letters may have been brought in again or dropped meanwhile. */
static bool
has_room(struct dead *d)
{
	if (d->count + d->queued < d->max)
		return true;
	if (take_file(d) == -1)
		return false;
	flock(d->fd, LOCK_UN);
	return d->count + d->queued < d->max;
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
	if (!has_room(d))
		return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine refuses the document (status %u: %s), "
		    "and %s holds %" PRIu64 " already (--max-dead)", item->number, item->status, why, d->file,
		    d->count + d->queued);
	log_warn("document refused, kept as a dead letter line=%" PRIu64 " status=%u error=\"%s\"", item->number,
	    item->status, why);
	d->queued++;
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
	if (take_file(d) == -1 || write_all(d->fd, d->lines.data, d->lines.len) == -1 || fsync(d->fd) == -1) {
		rc = failed(d, error_of_write(errno), e);
	} else {
		d->count += d->queued;
		d->end += (off_t)d->lines.len;
	}
	if (d->fd != -1)
		flock(d->fd, LOCK_UN);
	d->queued = 0;
	d->lines.len = 0;
	if (d->lines.cap > KEEP_BYTES) {
		buf_free(&d->lines);
		if (buf_init(&d->lines, SIZE_MAX / 4) == -1)
			return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	}
	return rc;
}
