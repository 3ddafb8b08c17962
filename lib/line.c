/* SPDX-License-Identifier: ISC */
/* The line reader. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/line.h"

#define START_BYTES (64 << 10)

int
line_init(struct line_reader *r, int fd, size_t max, struct error *e)
{
	memset(r, 0, sizeof(*r));
	r->fd = fd;
	r->max = max;
	r->cap = START_BYTES;
	if ((r->data = malloc(r->cap)) == NULL)
		return error_set(e, RC_TEMP, "line buffer: %s", strerror(errno));
	return 0;
}

void
line_free(struct line_reader *r)
{
	free(r->data);
	r->data = NULL;
}

int
line_next(struct line_reader *r, char **line, size_t *n)
{
	char *lf = memchr(r->data + r->seen, '\n', r->end - r->seen);

	if (lf == NULL) {
		r->seen = r->end;
		return 0;
	}
	*line = r->data + r->start;
	*n = (size_t)(lf - *line);
	r->start = r->seen = (size_t)(lf - r->data) + 1;
	r->number++;
	return 1;
}

/* Room for at least one more byte: moves the open line to the front, then doubles up to max and an LF. */
static int
make_room(struct line_reader *r, struct error *e)
{
	size_t open = r->end - r->start, cap = r->cap;
	char *grown;

	if (r->start > 0) {
		memmove(r->data, r->data + r->start, open);
		r->seen -= r->start;
		r->start = 0;
		r->end = open;
	}
	if (open > r->max)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": longer than %zu bytes", r->number + 1, r->max);
	if (r->end < r->cap)
		return 0;
	cap = cap > r->max / 2 ? r->max + 1 : cap * 2;
	if ((grown = realloc(r->data, cap)) == NULL)
		return error_set(e, RC_TEMP, "line %" PRIu64 ": %s", r->number + 1, strerror(errno));
	r->data = grown;
	r->cap = cap;
	return 0;
}

int
line_fill(struct line_reader *r, struct error *e)
{
	ssize_t k;

	if (r->eof)
		return 0;
	if (make_room(r, e) == -1)
		return -1;
	while ((k = read(r->fd, r->data + r->end, r->cap - r->end)) == -1 && errno == EINTR)
		;
	if (k == -1)
		return errno == EAGAIN ? 1 : error_set(e, RC_FAIL, "read: %s", strerror(errno));
	if (k == 0) {
		r->eof = true;
		return 0;
	}
	r->end += (size_t)k;
	return 1;
}

int
line_read(struct line_reader *r, char **line, size_t *n, struct error *e)
{
	int rc;

	while (line_next(r, line, n) == 0)
		if ((rc = line_fill(r, e)) <= 0)
			return rc;
	return 1;
}

bool
line_was_cut(const struct line_reader *r)
{
	return r->eof && r->end > r->start;
}
