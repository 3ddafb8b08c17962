/* SPDX-License-Identifier: ISC */
/* The stream from binary log files. */
#include <sys/inotify.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/stop.h"

#include "event.h"
#include "file.h"

#define READ_BYTES (256 << 10)
#define FOLLOW_MS 1000	/* where a file system tells nothing of changes, somebody must look */

struct file {
	struct tail *t;
	const struct file_options *o;
	const char *path;
	char name[MAX_BINLOG_NAME + 1];	/* of the last file that was begun; "": none was */
	int notify;		/* --follow: tells of changes in the files' folder */
	bool grows;		/* more may come, though its end is here */
	bool stopped;		/* more might have come, but it is time to end */
	bool looked;		/* the next file is there: this one was looked at once more */
	int fd;
	uint8_t *data;
	size_t start, end, cap;	/* data[start..end) is read and not taken yet */
};

/* The one that a server makes after this one. */
static void
next_name(const struct file *f, char name[MAX_BINLOG_NAME + 1])
{
	size_t at = strlen(f->name);

	while (at > 0 && f->name[at - 1] >= '0' && f->name[at - 1] <= '9')
		at--;
	snprintf(name, MAX_BINLOG_NAME + 1, "%.*s%0*" PRId64, (int)at, f->name, (int)(strlen(f->name) - at),
	    pos_file_number(f->name) + 1);
}

/* In the same folder. */
static void
next_path(const struct file *f, char path[PATH_MAX])
{
	const char *slash = strrchr(f->path, '/');
	char name[MAX_BINLOG_NAME + 1];

	next_name(f, name);
	snprintf(path, PATH_MAX, "%.*s%s", slash == NULL ? 0 : (int)(slash + 1 - f->path), f->path, name);
}

static int
put_where_we_are(struct file *f)
{
	struct tail *t = f->t;

	if (t->source_said && tail_at_boundary(t) && pos_cmp(tail_resume(t), &t->told) != 0 && tail_put_heartbeat(t) == -1)
		return -1;
	return tail_flush(t);
}

/* At the end of a file that still grows. 1: look again; 0: it ends here, or it is time to; -1. */
static int
wait_for_more(struct file *f)
{
	char path[PATH_MAX], changes[4096] __attribute__((aligned(8)));
	struct stat st;

	f->stopped = f->grows && stop_requested();
	if (!f->grows || f->stopped)
		return 0;
	if (f->name[0] != '\0' && (next_path(f, path), stat(path, &st)) == 0) {
		if (f->looked)
			return 0;
		f->looked = true;
		return 1;
	}
	if (put_where_we_are(f) == -1)
		return -1;
	if (stop_wait(f->o->stop, f->notify, FOLLOW_MS, f->t->e) == -1) {
		f->stopped = stop_requested();
		return f->stopped ? 0 : -1;
	}
	while (read(f->notify, changes, sizeof(changes)) > 0)
		;
	return 1;
}

/* Reads what there is; lines go out before it blocks. As fill. A request to end interrupts what blocks, again and again. */
static int
read_more(struct file *f)
{
	struct pollfd ready = { .fd = f->fd, .events = POLLIN };
	ssize_t got;

	if (f->t->out.buf.len > 0 && poll(&ready, 1, 0) == 0 && tail_flush(f->t) == -1)
		return -1;
	while ((got = read(f->fd, f->data + f->end, f->cap - f->end)) == -1 && errno == EINTR)
		if ((f->stopped = stop_requested()))
			return 0;
	if (got == -1)
		return error_set(f->t->e, RC_FAIL, "%s: %s", f->path, strerror(errno));
	f->end += (size_t)got;
	return got > 0 ? 1 : wait_for_more(f);
}

/* Makes n bytes be there. 1; 0: the file ends before, some of them may be there; -1. */
static int
fill(struct file *f, size_t n)
{
	uint8_t *grown;
	int rc;

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
	while (f->end - f->start < n)
		if ((rc = read_more(f)) != 1)
			return rc;
	return 1;
}

static int
cut_short(struct file *f)
{
	char where[POS_TEXT];

	if (f->stopped)
		return 0;
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
check_order(struct file *f, const char *name)
{
	int64_t number = pos_file_number(name), last = pos_file_number(f->name);
	char missing[MAX_BINLOG_NAME + 1];

	if (f->name[0] == '\0' || !pos_same_basename(f->name, name))
		return 0;
	if (number == last)
		return error_set(f->t->e, RC_FAIL, "%s: the file was read already", f->path);
	next_name(f, missing);
	if (number > last + 1)
		return error_set(f->t->e, RC_FAIL, "%s follows %s: %s is missing between them", name, f->name, missing);
	return 0;
}

static int
begin_file(struct file *f, const char *name, const struct file_options *o)
{
	struct tail *t = f->t;
	static const uint8_t magic[] = { 0xfe, 'b', 'i', 'n' };
	bool goes_on = place_goes_on(&t->at, name);
	int rc;

	if (check_order(f, name) == -1)
		return -1;
	if (t->group.state != GROUP_NONE && !goes_on)
		return error_set(t->e, RC_FAIL, "%s: the file before it ends inside a transaction", f->path);
	if (!goes_on && (strcmp(t->at.pos.file, name) != 0 || t->at.pos.offset != sizeof(magic))) {
		strlcpy(t->at.pos.file, f->name, sizeof(t->at.pos.file));
		if (event_follow(t, name) == -1)
			return -1;
	}
	strlcpy(f->name, name, sizeof(f->name));
	if ((rc = fill(f, sizeof(magic))) == -1)
		return -1;
	if (f->stopped)
		return 0;
	if (rc == 0 || memcmp(f->data + f->start, magic, sizeof(magic)) != 0)
		return error_set(t->e, RC_FAIL, "%s: not a binary log%s", f->path,
		    rc == 1 && f->data[f->start] == 0xfd ? " that can be read: it is encrypted" : "");
	f->start += sizeof(magic);
	if (!goes_on)
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
		if (place_file_ends(&t->at))
			f->grows = false;
		if (tail_done(t) || (tail_at_boundary(t) && stop_requested()))
			return 0;
	}
	return rc;
}

static int
run_file(struct file *f, const struct file_options *o, bool last)
{
	const char *slash = strrchr(f->path, '/'), *name = slash == NULL ? f->path : slash + 1;
	int rc;

	f->fd = STDIN_FILENO;
	f->start = f->end = 0;
	f->grows = o->follow && last;
	f->looked = false;
	if (strcmp(f->path, "-") == 0)
		name = o->name;
	else if ((f->fd = open(f->path, O_RDONLY | O_CLOEXEC)) == -1)
		return error_set(f->t->e, RC_FAIL, "%s: %s", f->path, strerror(errno));
	if (strlen(name) > MAX_BINLOG_NAME)
		rc = error_set(f->t->e, RC_FAIL, "%s: too long a name", f->path);
	else if ((rc = begin_file(f, name, o)) == 0 && !f->stopped)
		rc = stream(f);
	if (f->fd != STDIN_FILENO)
		close(f->fd);
	if (rc == 0 && !f->stopped && f->t->skip_to > f->t->at.pos.offset)
		rc = event_beyond(f->t, f->t->at.pos.file, f->t->at.pos.offset);
	if (rc == 0 && f->t->source_said && tail_at_boundary(f->t))
		rc = tail_put_heartbeat(f->t);
	return rc;
}

/* Waits for the next file. 1; 0: it is time to end; -1. */
static int
await_file(struct file *f, char path[PATH_MAX])
{
	char next[PATH_MAX];
	struct stat st;
	int rc = 1;

	next_path(f, next);
	f->grows = true;
	f->looked = false;
	while (stat(next, &st) == -1 && rc == 1)
		rc = wait_for_more(f);
	memcpy(path, next, PATH_MAX);
	return rc;
}

/* The files that come after the last one. */
static int
follow(struct file *f, const struct file_options *o)
{
	char path[PATH_MAX];
	int rc;

	for (;;) {
		if (tail_done(f->t))
			return 0;
		if (stop_requested())
			break;
		if ((rc = await_file(f, path)) == -1)
			return -1;
		if (rc == 0)
			break;
		f->path = path;
		if (run_file(f, o, true) == -1)
			return -1;
	}
	return 0;
}

/* --follow: what changes in the last file's folder. */
static int
watch(struct file *f, const struct file_options *o)
{
	const char *last = o->paths[o->count - 1], *slash = strrchr(last, '/');
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s", slash == NULL ? 1 : (int)(slash + 1 - last), slash == NULL ? "." : last);
	if ((f->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) == -1 ||
	    inotify_add_watch(f->notify, dir, IN_MODIFY | IN_CREATE | IN_MOVED_TO) == -1)
		return error_set(f->t->e, RC_FAIL, "%s: %s", dir, strerror(errno));
	return 0;
}

int
file_run(struct tail *t, const struct file_options *o)
{
	struct file f = { .t = t, .o = o, .cap = READ_BYTES, .notify = -1 };
	struct error first;
	size_t i;
	int rc = 0;

	if ((f.data = malloc(f.cap)) == NULL)
		return tail_memory(t);
	t->offline = t->at.from_file = true;
	if (o->from_gtids != NULL)
		rc = executed_from(&t->executed, o->from_gtids, t->executed.from.mariadb, false, t->e);
	if (rc == 0 && o->follow)
		rc = watch(&f, o);
	for (i = 0; i < o->count && rc == 0 && !tail_done(t) && !stop_requested(); i++) {
		f.path = o->paths[i];
		rc = run_file(&f, o, i + 1 == o->count);
	}
	if (rc == 0 && o->follow)
		rc = follow(&f, o);
	if (rc == 0 && i == o->count && !o->follow && !tail_done(t) && !stop_requested())
		rc = executed_finish(t);
	if (rc == 0 && stop_requested() && !tail_at_boundary(t))
		rc = error_set(t->e, RC_TEMP, "stopped inside a transaction, the rest of which is not written yet");
	free(f.data);
	if (f.notify != -1)
		close(f.notify);
	first = *t->e;
	if (tail_flush(t) == -1)
		return -1;
	*t->e = first;
	return rc;
}
