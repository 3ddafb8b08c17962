/* SPDX-License-Identifier: ISC */
/* Whole lines to a descriptor. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"

#define KEEP_BYTES (1 << 20)	/* a rare huge line does not keep its memory */

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

int
write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;
	struct pollfd wait = { .fd = fd, .events = POLLOUT };
	ssize_t k;

	while (n > 0) {
		if ((k = write(fd, p, n)) == -1) {
			if (errno == EAGAIN && poll(&wait, 1, -1) != -1)
				continue;
			if (errno != EINTR)
				return -1;
			continue;
		}
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int
output_flush(struct output *o, struct error *e)
{
	size_t n = o->buf.len;

	o->buf.len = 0;
	if (write_all(o->fd, o->buf.data, n) == -1)
		return error_set(e, errno == EPIPE ? RC_TEMP : RC_FAIL, "write to standard output: %s",
		    strerror(errno));
	if (o->buf.cap > KEEP_BYTES) {
		size_t max = o->buf.max;

		buf_free(&o->buf);
		if (buf_init(&o->buf, max) == -1)
			return error_set(e, RC_TEMP, "output: %s", strerror(errno));
	}
	return 0;
}

int
output_line_end(struct output *o, struct error *e)
{
	return o->buf.len < OUTPUT_CHUNK ? 0 : output_flush(o, e);
}
