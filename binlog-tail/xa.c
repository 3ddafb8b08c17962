/* SPDX-License-Identifier: ISC */
/* The file in which rows of prepared XA transactions wait. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format.h"
#include "xa.h"

static int
failed(const struct xa *x, struct error *e)
{
	return error_set(e, RC_FAIL, "the file for rows of XA transactions, in %s: %s",
	    x->dir != NULL ? x->dir : "TMPDIR", strerror(errno));
}

void
xa_clear(struct xa *x)
{
	while (x->count > 0)
		free(x->list[--x->count].gtids);
	x->begun = x->end = 0;
	x->rows = x->replaying = false;
	if (x->fd > 0)
		close(x->fd);	/* its room is free at once */
	x->fd = 0;
}

void
xa_free(struct xa *x)
{
	xa_clear(x);
	free(x->list);
	free(x->event);
	x->list = NULL;
	x->event = NULL;
	x->cap = x->event_cap = 0;
}

void
xa_restart(struct xa *x)
{
	x->end = x->begun;
	x->rows = x->replaying = false;
}

/* Nobody else ever sees the file, and it is gone with us. */
static int
open_file(struct xa *x, struct error *e)
{
	const char *dir = x->dir != NULL ? x->dir : getenv("TMPDIR");
	char path[4096];

	if (snprintf(path, sizeof(path), "%s/binlog-tail.XXXXXX", dir == NULL || dir[0] == '\0' ? "/tmp" : dir) >=
	    (int)sizeof(path)) {
		errno = ENAMETOOLONG;
		return failed(x, e);
	}
	if ((x->fd = mkostemp(path, O_CLOEXEC)) == -1) {
		x->fd = 0;
		return failed(x, e);
	}
	unlink(path);
	return 0;
}

static int
write_at(struct xa *x, const void *bytes, size_t n, struct error *e)
{
	const char *p = bytes;
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done, x->end += (uint64_t)done)
		if ((done = pwrite(x->fd, p, n, (off_t)x->end)) == -1) {
			if (errno != EINTR)
				return failed(x, e);
			done = 0;
		}
	return 0;
}

int
xa_keep(struct xa *x, const uint8_t *event, const uint8_t *end, struct error *e)
{
	uint32_t n = (uint32_t)(end - event);
	uint8_t header[EVENT_HEADER];
	size_t i;

	if (x->fd <= 0 && open_file(x, e) == -1)
		return -1;
	memcpy(header, event, sizeof(header));
	for (i = 0; i < sizeof(n); i++)
		header[9 + i] = (uint8_t)(n >> 8 * i);	/* its size, without a checksum */
	if (write_at(x, &n, sizeof(n), e) == -1 || write_at(x, header, sizeof(header), e) == -1)
		return -1;
	return write_at(x, event + EVENT_HEADER, n - EVENT_HEADER, e);
}

static struct xa_prepared *
find(const struct xa *x, const struct xid *xid)
{
	size_t i;

	for (i = 0; i < x->count; i++)
		if (xid_equal(&x->list[i].xid, xid))
			return &x->list[i];
	return NULL;
}

int
xa_prepare(struct xa *x, const struct xid *xid, const struct pos *from, struct gtids *executed, struct error *e)
{
	size_t cap = x->cap == 0 ? 16 : x->cap * 2;
	struct xa_prepared *p;
	char text[XID_TEXT];

	if (find(x, xid) != NULL)
		return error_set(e, RC_FAIL, "XA transaction %s is prepared, which was prepared already",
		    xid_text(xid, text));
	if (x->count == MAX_PREPARED)
		return error_set(e, RC_FAIL, "more than %d XA transactions are prepared", MAX_PREPARED);
	if (x->count == x->cap) {
		if ((p = reallocarray(x->list, cap, sizeof(*p))) == NULL)
			return error_set(e, RC_TEMP, "XA transactions: %s", strerror(errno));
		x->list = p;
		x->cap = cap;
	}
	if (!x->rows)	/* no need to keep their table maps either */
		x->end = x->begun;
	x->rows = false;
	p = &x->list[x->count];
	*p = (struct xa_prepared){ .xid = *xid, .at = x->begun, .len = x->end - x->begun, .from = *from };
	if (p->len > 0 && executed->known &&
	    (gtids_text(executed) == NULL || (p->gtids = strdup(gtids_text(executed))) == NULL))
		return error_set(e, RC_TEMP, "XA transactions: %s", strerror(errno));
	x->count++;
	x->begun = x->end;
	return 0;
}

bool
xa_replay(struct xa *x, const struct xid *xid)
{
	const struct xa_prepared *p = xid == NULL ? NULL : find(x, xid);

	if (xid != NULL && p == NULL)
		return false;
	x->replaying = true;
	x->next = p != NULL ? p->at : x->begun;
	x->stop = p != NULL ? p->at + p->len : x->end;
	return true;
}

static int
read_at(struct xa *x, void *to, size_t n, struct error *e)
{
	char *p = to;
	ssize_t done;

	for (; n > 0; p += done, n -= (size_t)done, x->next += (uint64_t)done) {
		if ((done = pread(x->fd, p, n, (off_t)x->next)) == -1 && errno == EINTR)
			done = 0;
		else if (done <= 0) {
			errno = done == 0 ? EIO : errno;
			return failed(x, e);
		}
	}
	return 0;
}

int
xa_next(struct xa *x, const uint8_t **event, size_t *n, struct error *e)
{
	uint8_t *grown;
	uint32_t size;

	if (x->next == x->stop) {
		x->replaying = false;
		return 0;
	}
	if (read_at(x, &size, sizeof(size), e) == -1)
		return -1;
	if (size > x->event_cap) {
		if ((grown = realloc(x->event, size)) == NULL)
			return error_set(e, RC_TEMP, "XA transactions: %s", strerror(errno));
		x->event = grown;
		x->event_cap = size;
	}
	*event = x->event;
	*n = size;
	return read_at(x, x->event, size, e) == -1 ? -1 : 1;
}

void
xa_forget(struct xa *x, const struct xid *xid)
{
	struct xa_prepared *p = xid == NULL ? NULL : find(x, xid);

	if (xid == NULL) {
		x->end = x->begun;
		x->rows = false;
	}
	if (p != NULL) {
		if (p->len > 0)	/* where the file system cannot, its room is free at the end */
			fallocate(x->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)p->at, (off_t)p->len);
		free(p->gtids);
		memmove(p, p + 1, (size_t)(x->list + x->count - p - 1) * sizeof(*p));
		x->count--;
	}
	if (x->fd > 0 && xa_oldest(x) == NULL && x->begun == x->end && ftruncate(x->fd, 0) == 0)
		x->begun = x->end = 0;
}

const struct xa_prepared *
xa_oldest(const struct xa *x)
{
	size_t i;

	for (i = 0; i < x->count; i++)
		if (x->list[i].len > 0)
			return &x->list[i];
	return NULL;
}
