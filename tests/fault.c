/* SPDX-License-Identifier: ISC */
/* LD_PRELOAD: the n-th system call of some kinds fails, or is the process's last.
 *
 *	FAULT=CALLS:N:HOW	CALLS: comma-separated, of write, fsync, rename, ftruncate, send, or all
 *				N: which of those calls, from 1
 *				HOW: a number or ENOSPC, EIO, EDQUOT, EACCES; `short`: half of it is written, then ENOSPC;
 *				kill: SIGKILL in place of the call; killed: SIGKILL right after it
 *	FAULT_STICKS=1		every call after the N-th fails too (a disk stays full)
 *	FAULT_DONE=FILE		is made when the fault has happened
 *	FAULT_LOG=FILE		gets a line a call that was let through: its name and the file's, both names of a rename
 *
 * Standard error is for people and is left alone. fdatasync counts as fsync, pwrite and writev as write. */
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { KIND_WRITE, KIND_FSYNC, KIND_RENAME, KIND_FTRUNCATE, KIND_SEND, KINDS };
enum how { HOW_PASS, HOW_FAIL, HOW_SHORT, HOW_KILL, HOW_KILLED };

static const char *const kind_names[KINDS] = { "write", "fsync", "rename", "ftruncate", "send" };
static bool chosen[KINDS], sticks;
static enum how plan;
static int plan_errno = EIO;
static long nth;
static atomic_long calls;
static int log_fd = -1;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_send)(int, const void *, size_t, int);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_ftruncate)(int, off_t);

static void
read_how(const char *how)
{
	static const struct { const char *name; int number; } errors[] = {
		{ "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EDQUOT", EDQUOT }, { "EACCES", EACCES },
	};
	size_t i;

	plan = HOW_FAIL;
	if (strcmp(how, "short") == 0)
		plan = HOW_SHORT;
	else if (strcmp(how, "kill") == 0)
		plan = HOW_KILL;
	else if (strcmp(how, "killed") == 0)
		plan = HOW_KILLED;
	else
		plan_errno = atoi(how);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(how, errors[i].name) == 0)
			plan_errno = errors[i].number;
	if (plan == HOW_SHORT)
		plan_errno = ENOSPC;
}

/* dlsym gives no function pointers: POSIX wants them read through a void pointer. */
static void
resolve(void *function, const char *name)
{
	*(void **)function = dlsym(RTLD_NEXT, name);
}

__attribute__((constructor)) static void
fault_init(void)
{
	const char *text = getenv("FAULT");
	char copy[256], *calls_part, *n_part, *how_part, *name, *rest;
	int i;

	resolve(&real_write, "write");
	resolve(&real_pwrite, "pwrite");
	resolve(&real_writev, "writev");
	resolve(&real_send, "send");
	resolve(&real_fsync, "fsync");
	resolve(&real_fdatasync, "fdatasync");
	resolve(&real_rename, "rename");
	resolve(&real_renameat, "renameat");
	resolve(&real_ftruncate, "ftruncate");
	if (getenv("FAULT_LOG") != NULL)
		log_fd = open(getenv("FAULT_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (text == NULL)
		return;
	snprintf(copy, sizeof(copy), "%s", text);
	rest = copy;
	calls_part = strsep(&rest, ":");
	n_part = strsep(&rest, ":");
	how_part = rest;
	if (n_part == NULL || how_part == NULL)
		abort();
	while ((name = strsep(&calls_part, ",")) != NULL)
		for (i = 0; i < KINDS; i++)
			if (strcmp(name, kind_names[i]) == 0 || strcmp(name, "all") == 0)
				chosen[i] = true;
	nth = atol(n_part);
	read_how(how_part);
	sticks = getenv("FAULT_STICKS") != NULL;
}

static void
leave_note(void)
{
	const char *file = getenv("FAULT_DONE");
	int fd = file == NULL ? -1 : open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd != -1)
		close(fd);
}

static void
log_names(enum kind kind, const char *name, const char *to)
{
	char line[1024];
	int n = snprintf(line, sizeof(line), "%s %s%s%s\n", kind_names[kind], name, *to == '\0' ? "" : " ", to);

	if (n > 0 && real_write(log_fd, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) == -1)
		abort();
}

static void
log_call(enum kind kind, int fd)
{
	char link[64], path[512];
	int was = errno;
	ssize_t n;

	if (log_fd == -1 || fd == STDERR_FILENO)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	log_names(kind, path, "");
	errno = was;
}

/* What is to happen to this call. */
static enum how
fault(enum kind kind, int fd)
{
	long n;

	if (plan == HOW_PASS || !chosen[kind] || fd == STDERR_FILENO)
		return HOW_PASS;
	n = atomic_fetch_add(&calls, 1) + 1;
	if (n < nth || (n > nth && !sticks))
		return HOW_PASS;
	leave_note();
	if (plan == HOW_KILL)
		raise(SIGKILL);
	errno = plan_errno;
	return n > nth && plan == HOW_SHORT ? HOW_FAIL : plan;
}

static void
fault_after(enum how how)
{
	if (how == HOW_KILLED)
		raise(SIGKILL);
}

ssize_t
write(int fd, const void *bytes, size_t n)
{
	enum how how = fault(KIND_WRITE, fd);
	ssize_t k;

	if (how == HOW_FAIL || (how == HOW_SHORT && n < 2))
		return -1;
	/* a short write is no failure yet: the next one says that the disk is full */
	if (how == HOW_SHORT)
		sticks = true;
	log_call(KIND_WRITE, fd);
	k = real_write(fd, bytes, how == HOW_SHORT ? n / 2 : n);
	fault_after(how);
	return k;
}

ssize_t
pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	enum how how = fault(KIND_WRITE, fd);
	ssize_t k;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_WRITE, fd);
	k = real_pwrite(fd, bytes, n, at);
	fault_after(how);
	return k;
}

ssize_t
writev(int fd, const struct iovec *v, int count)
{
	enum how how = fault(KIND_WRITE, fd);
	ssize_t k;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_WRITE, fd);
	k = real_writev(fd, v, count);
	fault_after(how);
	return k;
}

ssize_t
send(int fd, const void *bytes, size_t n, int flags)
{
	enum how how = fault(KIND_SEND, fd);
	ssize_t k;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_SEND, fd);
	k = real_send(fd, bytes, n, flags);
	fault_after(how);
	return k;
}

int
fsync(int fd)
{
	enum how how = fault(KIND_FSYNC, fd);
	int rc;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_FSYNC, fd);
	rc = real_fsync(fd);
	fault_after(how);
	return rc;
}

int
fdatasync(int fd)
{
	enum how how = fault(KIND_FSYNC, fd);
	int rc;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_FSYNC, fd);
	rc = real_fdatasync(fd);
	fault_after(how);
	return rc;
}

int
rename(const char *from, const char *to)
{
	enum how how = fault(KIND_RENAME, -1);
	int rc;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	if (log_fd != -1)
		log_names(KIND_RENAME, from, to);
	rc = real_rename(from, to);
	fault_after(how);
	return rc;
}

int
renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	enum how how = fault(KIND_RENAME, -1);
	int rc;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	if (log_fd != -1)
		log_names(KIND_RENAME, from, to);
	rc = real_renameat(from_dir, from, to_dir, to);
	fault_after(how);
	return rc;
}

int
ftruncate(int fd, off_t size)
{
	enum how how = fault(KIND_FTRUNCATE, fd);
	int rc;

	if (how == HOW_FAIL || how == HOW_SHORT)
		return -1;
	log_call(KIND_FTRUNCATE, fd);
	rc = real_ftruncate(fd, size);
	fault_after(how);
	return rc;
}
