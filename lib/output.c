/* SPDX-License-Identifier: ISC */
/* Whole lines to a descriptor. */
#include <sys/stat.h>

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"
#include "lib/stop.h"

#define KEEP_BYTES (1 << 20)	/* a rare huge line does not keep its memory */
#define STUCK_MS 500		/* below the second after which stop.c interrupts again */

int
output_init(struct output *o, int fd, size_t max_line, struct error *e)
{
	o->fd = fd;
	if (buf_init(&o->buf, max_line + 2 * OUTPUT_CHUNK) == -1)
		return error_set(e, RC_TEMP, "output: %s", strerror(errno));
	return 0;
}

void
output_free(struct output *o)
{
	buf_free(&o->buf);
}

/* Told to end: a reader that still takes something gets whole lines. */
static bool
is_stuck(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };

	return stop_writing() && poll(&p, 1, STUCK_MS) == 0;
}

/* As write_all; *done: how much went out. */
static int
write_counted(int fd, const char *p, size_t n, size_t *done)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	bool again = false;
	ssize_t k;

	for (*done = 0; *done < n; *done += (size_t)k, again = true) {
		if (again && is_stuck(fd)) {
			errno = ECANCELED;
			return -1;
		}
		if ((k = write(fd, p + *done, n - *done)) == -1) {
			if (errno != EINTR && (errno != EAGAIN || (poll(&wait, 1, -1) == -1 && errno != EINTR)))
				return -1;
			k = 0;
		}
	}
	return 0;
}

int
write_all(int fd, const void *bytes, size_t n)
{
	size_t done;

	return write_counted(fd, bytes, n, &done);
}

/* A file must not end with half a line, or what is appended to it later continues that: the disk was full inside of it. */
static void
drop_cut_line(int fd, const char *bytes, size_t done)
{
	const char *lf = memrchr(bytes, '\n', done);
	off_t cut = (off_t)(done - (lf == NULL ? 0 : (size_t)(lf + 1 - bytes))), at;
	int saved = errno;
	struct stat st;

	if (cut > 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (at = lseek(fd, 0, SEEK_CUR)) == st.st_size &&
	    ftruncate(fd, at - cut) == 0)
		lseek(fd, at - cut, SEEK_SET);
	errno = saved;
}

int
output_write(struct output *o, const void *lines, size_t n, struct error *e)
{
	size_t done;
	int rc;

	stop_write(true);
	rc = write_counted(o->fd, lines, n, &done);
	stop_write(false);
	if (rc == 0)
		return 0;
	drop_cut_line(o->fd, lines, done);
	return error_set(e, errno == EPIPE || errno == ECANCELED ? RC_TEMP : RC_FAIL, "write to standard output: %s",
	    errno == ECANCELED ? "told to end while nobody took it" : strerror(errno));
}

int
output_flush(struct output *o, struct error *e)
{
	size_t n = o->buf.len, max = o->buf.max;

	o->buf.len = 0;
	if (output_write(o, o->buf.data, n, e) == -1)
		return -1;
	if (o->buf.cap <= KEEP_BYTES)
		return 0;
	buf_free(&o->buf);
	return buf_init(&o->buf, max) == -1 ? error_set(e, RC_TEMP, "output: %s", strerror(errno)) : 0;
}

int
output_line_end(struct output *o, struct error *e)
{
	return o->buf.len < OUTPUT_CHUNK ? 0 : output_flush(o, e);
}
