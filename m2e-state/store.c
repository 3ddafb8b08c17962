/* SPDX-License-Identifier: ISC */
/* Atomic files and locks. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"
#include "lib/retry.h"

#include "store.h"

#define MAX_NAME 256		/* NAME_MAX and its NUL */
#define LOCK_POLL_MS 10

static int
failed(const struct store *s, const char *name, const char *what, struct error *e)
{
	return error_set(e, error_of_write(errno), "%s/%s: %s: %s", s->path, name, what, strerror(errno));
}

/* dir/name as a store; path is taken over. */
static int
open_at(struct store *s, int dir, const char *name, char *path, bool create, struct error *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

	s->path = path;
	s->dir = -1;
	if (path == NULL)
		return error_set(e, RC_TEMP, "%s: %s", name, strerror(errno));
	if ((s->dir = openat(dir, name, flags)) != -1)
		return 0;
	if (errno == ENOENT && !create)
		return 0;
	if (errno == ENOENT && (mkdirat(dir, name, 0700) == 0 || errno == EEXIST))
		s->dir = openat(dir, name, flags);
	if (s->dir == -1) {
		error_set(e, RC_FAIL, "state directory %s: %s", path, strerror(errno));
		store_close(s);
		return -1;
	}
	return 0;
}

int
store_open(struct store *s, const char *path, bool create, struct error *e)
{
	return open_at(s, AT_FDCWD, path, strdup(path), create, e);
}

int
store_open_in(struct store *s, const struct store *parent, const char *name, bool create, struct error *e)
{
	char *path;

	if (asprintf(&path, "%s/%s", parent->path, name) == -1)
		path = NULL;
	if (parent->dir == -1) {
		*s = (struct store){ .dir = -1, .path = path };
		return path == NULL ? error_set(e, RC_TEMP, "%s: out of memory", name) : 0;
	}
	if (open_at(s, parent->dir, name, path, create, e) == -1)
		return -1;
	if (create && store_sync(parent, e) == -1) {
		store_close(s);
		return -1;
	}
	return 0;
}

void
store_close(struct store *s)
{
	if (s->dir != -1)
		close(s->dir);
	free(s->path);
	*s = (struct store){ .dir = -1 };
}

static int
read_all(int fd, struct buf *b)
{
	ssize_t n;
	char *to;

	do {
		if ((to = buf_room(b, 4096)) == NULL)
			return -1;
		if ((n = read(fd, to, 4096)) > 0)
			b->len += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	return n == 0 ? 0 : -1;
}

int
store_read(const struct store *s, const char *name, struct buf *b, struct error *e)
{
	int fd, rc;

	buf_clear(b);
	if (s->dir == -1)
		return 0;
	if ((fd = openat(s->dir, name, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? 0 : failed(s, name, "open", e);
	rc = read_all(fd, b) == -1 ? failed(s, name, "read", e) : 1;
	close(fd);
	return rc;
}

int
store_sync(const struct store *s, struct error *e)
{
	return fsync(s->dir) == -1 ? failed(s, ".", "fsync", e) : 0;
}

int
store_write(const struct store *s, const char *name, const struct buf *b, struct error *e)
{
	char tmp[MAX_NAME];
	int fd, rc = -1;

	if (snprintf(tmp, sizeof(tmp), "%s.tmp", name) >= (int)sizeof(tmp)) {
		errno = ENAMETOOLONG;
		return failed(s, name, "write", e);
	}
	if ((fd = openat(s->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) == -1)
		return failed(s, tmp, "create", e);
	if (write_all(fd, b->data, b->len) == -1)
		failed(s, tmp, "write", e);
	else if (fsync(fd) == -1)
		failed(s, tmp, "fsync", e);
	else if (renameat(s->dir, tmp, s->dir, name) == -1)
		failed(s, name, "rename", e);
	else
		rc = 0;
	close(fd);
	if (rc == 0)
		return store_sync(s, e);
	unlinkat(s->dir, tmp, 0);
	return -1;
}

/* flock has no deadline of its own, so it is asked again and again. */
static int
flock_within(int fd, unsigned int wait_ms)
{
	uint64_t until = now_ms() + wait_ms;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK || now_ms() >= until)
			return -1;
		retry_sleep(LOCK_POLL_MS);
	}
	return 0;
}

static int
held(const struct store *s, const char *lock, int fd, struct error *e)
{
	char pid[16] = "";
	ssize_t n;

	if (errno != EWOULDBLOCK)
		return failed(s, lock, "lock", e);
	n = pread(fd, pid, sizeof(pid) - 1, 0);
	pid[n > 0 ? n : 0] = '\0';
	pid[strspn(pid, "0123456789")] = '\0';
	return error_set(e, RC_TEMP, "%s/%s: held by pid %s", s->path, lock, pid[0] == '\0' ? "?" : pid);
}

int
store_lock(const struct store *s, const char *name, unsigned int wait_ms, struct error *e)
{
	char lock[MAX_NAME], pid[16];
	int fd;

	if (snprintf(lock, sizeof(lock), "%s.lock", name) >= (int)sizeof(lock)) {
		errno = ENAMETOOLONG;
		return failed(s, name, "lock", e);
	}
	if ((fd = openat(s->dir, lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return failed(s, lock, "open", e);
	if (flock_within(fd, wait_ms) == -1) {
		held(s, lock, fd, e);
		close(fd);
		return -1;
	}
	/* the pid only helps a person: a disk too full for it stops nothing here */
	snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) == 0 && pwrite(fd, pid, strlen(pid), 0) == -1)
		errno = 0;
	return fd;
}
