/* SPDX-License-Identifier: ISC */
/* The stream from binary log files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stop.h"

#include "event.h"
#include "file.h"

#define READ_BYTES (256 << 10)

struct file {
	struct tail *t;
	const char *path;
	int fd;
	uint8_t *data;
	size_t start, end, cap;	/* data[start..end) is read and not taken yet */
};

/* Makes n bytes be there. 1; 0: the file ends before, some of them may be there; -1. */
static int
fill(struct file *f, size_t n)
{
	uint8_t *grown;
	ssize_t got;

	if (f->start > 0 && f->cap - f->start < n) {
		memmove(f->data, f->data + f->start, f->end - f->start);
		f->end -= f->start;
		f->start = 0;
	}
	if (n > f->cap) {
		if ((grown = realloc(f->data, n + READ_BYTES)) == NULL)
			return error_set(f->t->e, RC_TEMP, "%s: %s", f->path, strerror(errno));
		f->data = grown;
		f->cap = n + READ_BYTES;
	}
	while (f->end - f->start < n) {
		if ((got = read(f->fd, f->data + f->end, f->cap - f->end)) == -1) {
			if (errno == EINTR && !stop_requested())
				continue;
			return error_set(f->t->e, RC_FAIL, "%s: %s", f->path, strerror(errno));
		}
		if (got == 0)
			return 0;
		f->end += (size_t)got;
	}
	return 1;
}

static int
cut_short(struct file *f)
{
	char where[POS_TEXT];

	return error_set(f->t->e, RC_FAIL, "%s: the file ends inside an event", pos_text(&f->t->at.pos, where));
}

/* The next event. 1; 0: a proper end; -1. */
static int
next(struct file *f, const uint8_t **event, size_t *n)
{
	struct event_header h;
	int rc;

	if ((rc = fill(f, EVENT_HEADER)) != 1)
		return rc == 0 && f->end > f->start ? cut_short(f) : rc;
	header_read(&h, f->data + f->start, EVENT_HEADER);
	*n = h.size;
	if (h.size < EVENT_HEADER || h.size > MAX_EVENT)
		return error_set(f->t->e, RC_FAIL, "%s:%" PRIu64 ": an event that says it has %" PRIu32 " bytes",
		    f->t->at.pos.file, f->t->at.pos.offset, h.size);
	if ((rc = fill(f, h.size)) != 1)
		return rc == 0 ? cut_short(f) : rc;
	*event = f->data + f->start;
	f->start += h.size;
	return 1;
}

/* What follows the last file need not be what its rotate event said. */
static int
begin_file(struct file *f, const char *name, const struct file_options *o)
{
	struct tail *t = f->t;
	static const uint8_t magic[] = { 0xfe, 'b', 'i', 'n' };
	int rc;

	if ((rc = fill(f, sizeof(magic))) == -1)
		return -1;
	if (rc == 0 || memcmp(f->data + f->start, magic, sizeof(magic)) != 0)
		return error_set(t->e, RC_FAIL, "%s: not a binary log%s", f->path,
		    rc == 1 && f->data[f->start] == 0xfd ? " that can be read: it is encrypted" : "");
	f->start += sizeof(magic);
	if (t->group.state != GROUP_NONE)
		return error_set(t->e, RC_FAIL, "%s: the file before it ends inside a transaction", f->path);
	if (strcmp(t->at.pos.file, name) != 0 || t->at.pos.offset != sizeof(magic)) {
		if (event_follow(t, name) == -1)
			return -1;
	}
	t->skip_to = pos_is_set(&o->from) && strcmp(o->from.file, name) == 0 ? o->from.offset : 0;
	return 0;
}

static int
stream(struct file *f)
{
	struct tail *t = f->t;
	const uint8_t *event = NULL;
	size_t n = 0;
	int rc;

	while ((rc = next(f, &event, &n)) == 1) {
		if (event_take(t, event, n) == -1)
			return -1;
		if (tail_done(t) || (tail_at_boundary(t) && stop_requested()))
			return 0;
	}
	return rc;
}

static int
run_file(struct file *f, const struct file_options *o)
{
	const char *slash = strrchr(f->path, '/'), *name = slash == NULL ? f->path : slash + 1;
	int rc;

	f->fd = STDIN_FILENO;
	f->start = f->end = 0;
	if (strcmp(f->path, "-") == 0)
		name = o->name;
	else if ((f->fd = open(f->path, O_RDONLY | O_CLOEXEC)) == -1)
		return error_set(f->t->e, RC_FAIL, "%s: %s", f->path, strerror(errno));
	if (strlen(name) > MAX_BINLOG_NAME)
		rc = error_set(f->t->e, RC_FAIL, "%s: too long a name", f->path);
	else if ((rc = begin_file(f, name, o)) == 0)
		rc = stream(f);
	if (f->fd != STDIN_FILENO)
		close(f->fd);
	if (rc == 0 && f->t->source_said && tail_at_boundary(f->t))
		rc = tail_put_heartbeat(f->t);
	return rc;
}

int
file_run(struct tail *t, const struct file_options *o)
{
	struct file f = { .t = t, .cap = READ_BYTES };
	struct error first;
	size_t i;
	int rc = 0;

	if ((f.data = malloc(f.cap)) == NULL)
		return tail_memory(t);
	t->offline = true;
	if (o->from_gtids != NULL)
		rc = executed_from(&t->executed, o->from_gtids, t->executed.from.mariadb, false, t->e);
	for (i = 0; i < o->count && rc == 0 && !tail_done(t) && !stop_requested(); i++) {
		f.path = o->paths[i];
		rc = run_file(&f, o);
	}
	if (rc == 0 && i == o->count && !tail_done(t) && !stop_requested())
		rc = executed_finish(t);
	free(f.data);
	first = *t->e;
	if (tail_flush(t) == -1)
		return -1;
	*t->e = first;
	return rc;
}
