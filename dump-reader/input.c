/* SPDX-License-Identifier: ISC */
/* The sliding window. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "input.h"

#define START_BYTES ((size_t)256 << 10)	/* stays in the second level cache */
#define CONTEXT_BYTES 40
#define WAIT_MS 1000	/* of waiting for input, after which it is told again */
#define PACKED_BYTES ((size_t)64 << 10)	/* compressed ones, of one read */

int
input_open(struct input *in, const char *file, size_t max, const struct stop *stop, struct error *e)
{
	memset(in, 0, sizeof(*in));
	in->stop = stop;
	in->max = max;
	in->cap = START_BYTES < max ? START_BYTES : max;
	in->name = strcmp(file, "-") == 0 ? "standard input" : file;
	in->fd = strcmp(file, "-") == 0 ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
	if (in->fd == -1)
		return error_set(e, RC_FAIL, "%s: %s", file, strerror(errno));
	if ((in->data = malloc(in->cap + 1)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", file, strerror(errno));
	in->data[0] = '\0';
	return 0;
}

void
input_close(struct input *in)
{
	if (in->fd > STDIN_FILENO)
		close(in->fd);
	in->fd = -1;
	free(in->data);
	in->data = NULL;
	inflater_free(&in->inflater);
	free(in->packed);
	in->packed = NULL;
}

/* Room for `want` unread bytes: what is unread moves to the front, then the window doubles. */
static int
make_room(struct input *in, size_t want, struct error *e)
{
	size_t unread = in->end - in->start, cap = in->cap;
	char *grown;

	memmove(in->data, in->data + in->start, unread);
	in->start = 0;
	in->end = unread;
	while (cap < want)
		cap = cap > in->max / 2 ? in->max : cap * 2;
	if (cap == in->cap)
		return 0;
	if ((grown = realloc(in->data, cap + 1)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", in->name, strerror(errno));
	in->data = grown;
	in->cap = cap;
	return 0;
}

/* One read(2); 0: the end. */
static ssize_t
read_bytes(struct input *in, char *to, size_t room, struct error *e)
{
	ssize_t n;
	int rc = stop_wait(in->stop, in->fd, 0, e);

	/* the lines made so far must not wait for a pipe's next byte */
	if (rc == 0 && in->before_wait != NULL && in->before_wait(in->arg, e) == -1)
		return -1;
	while (rc == 0) {
		rc = stop_wait(in->stop, in->fd, in->before_wait != NULL ? WAIT_MS : -1, e);
		if (rc == 0 && in->before_wait(in->arg, e) == -1)
			return -1;
	}
	if (rc == -1)
		return -1;
	if (in->piece > 0 && room > in->piece)
		room = in->piece;
	while ((n = read(in->fd, to, room)) == -1)
		if (errno != EINTR || stop_asked(in->stop, e) == -1)
			return errno != EINTR ? error_set(e, RC_FAIL, "%s: %s", in->name, strerror(errno)) : -1;
	return n;
}

/* The inflater's: more compressed bytes. */
static int
more_packed(void *arg, struct cursor *c, struct error *e)
{
	struct input *in = arg;
	ssize_t n = read_bytes(in, in->packed, PACKED_BYTES, e);

	if (n > 0)
		*c = cur_of(in->packed, (size_t)n);
	return n > 0 ? 1 : (int)n;
}

/* Whether it is compressed: its first bytes, if so, are the inflater's. */
static int
begin(struct input *in, struct error *e)
{
	enum compression compression;
	ssize_t n = 1;

	while (in->end < COMPRESSION_MAGIC && n > 0) {
		if ((n = read_bytes(in, in->data + in->end, COMPRESSION_MAGIC - in->end, e)) == -1)
			return -1;
		in->end += (size_t)n;
	}
	in->begun = true;
	if ((compression = compression_of(in->data, in->end)) == COMPRESSION_NONE)
		return 0;
	if ((in->packed = malloc(PACKED_BYTES)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", in->name, strerror(errno));
	memcpy(in->packed, in->data, in->end);
	n = (ssize_t)in->end;
	in->end = 0;
	return inflater_start(&in->inflater, compression, cur_of(in->packed, (size_t)n), more_packed, in, e);
}

/* 1: something came, 0: the end, -1. */
static int
read_some(struct input *in, struct error *e)
{
	size_t room;
	ssize_t n;

	if (!in->begun && begin(in, e) == -1)
		return -1;
	room = in->cap - in->end;
	if (in->packed == NULL)
		n = read_bytes(in, in->data + in->end, room, e);
	else if ((n = inflater_read(&in->inflater, in->data + in->end, room, e)) == -1 && e->rc == RC_FAIL)
		return error_at(e, "%s", in->name);
	if (n == -1)
		return -1;
	if (n == 0)
		in->eof = true;
	in->end += (size_t)n;
	return n > 0;
}

int
input_more(struct input *in, struct error *e)
{
	size_t unread = in->end - in->start, want = unread >= in->max / 2 ? in->max : unread * 2;
	int rc = 1;

	if (in->eof)
		return 0;
	if (unread == in->max)
		return input_error(in, NULL, e, "a row or statement longer than %zu bytes", in->max);
	if (make_room(in, want > unread ? want : unread + 1, e) == -1)
		return -1;
	do
		rc = read_some(in, e);
	while (rc == 1 && in->end < want);
	in->data[in->end] = '\0';
	if (rc == -1)
		return -1;
	return in->end > unread;
}

int
input_error(const struct input *in, const char *at, struct error *e, const char *fmt, ...)
{
	char what[512], context[CONTEXT_BYTES + 1];
	size_t skipped, n, i;
	va_list ap;

	if (at == NULL)
		at = in->data + in->start;
	skipped = (size_t)(at - (in->data + in->start));
	n = (size_t)error_shown(in->end - in->start - skipped, CONTEXT_BYTES);
	for (i = 0; i < n; i++)
		context[i] = at[i] == '\0' ? ' ' : at[i];
	context[n] = '\0';
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return error_set(e, RC_FAIL, "%s: byte %" PRIu64 ": %s: %s", in->name, in->offset + skipped, what,
	    n > 0 ? context : "(end)");
}
