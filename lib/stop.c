/* SPDX-License-Identifier: ISC */
/* Signals and the supervisor's pipe. */
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "lib/stop.h"

#define AGAIN_S 1	/* an interruption just before a write blocks is lost on it: another one follows */

static volatile sig_atomic_t signalled, orphaned, idle_fd = -1, event_fd = -1;
static enum stop_write writes;
static pthread_t worker, writer;	/* writer: valid while it writes; programs have one at a time */
static atomic_bool is_writing;

static void
on_signal(int sig)
{
	static const uint64_t one = 1;
	int saved = errno;

	if (sig != SIGALRM)
		signalled = sig;
	if (idle_fd != -1)
		shutdown(idle_fd, SHUT_RDWR);
	if (is_writing && !pthread_equal(writer, pthread_self()))
		pthread_kill(writer, sig);
	(void)!write(event_fd, &one, sizeof(one));	/* -1: it can be read already */
	alarm(AGAIN_S);
	errno = saved;
}

/* Nobody need write to the supervisor's pipe; what somebody does is passed over. */
static void *
watch(void *arg)
{
	struct pollfd p = { .fd = (int)(intptr_t)arg, .events = POLLIN };
	char bytes[64];
	ssize_t n;

	do {
		poll(&p, 1, -1);
		n = read(p.fd, bytes, sizeof(bytes));
	} while (n > 0 || (n == -1 && (errno == EINTR || errno == EAGAIN)));
	orphaned = 1;
	pthread_kill(worker, SIGTERM);
	return NULL;
}

static int
start_watching(int parent_fd, struct error *e)
{
	sigset_t all, old;
	pthread_t thread;
	int rc;

	if (fcntl(parent_fd, F_GETFD) == -1)
		return error_set(e, RC_USAGE, "--parent-fd %d: %s", parent_fd, strerror(errno));
	worker = pthread_self();
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);	/* signals are the worker's */
	rc = pthread_create(&thread, NULL, watch, (void *)(intptr_t)parent_fd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc != 0)
		return error_set(e, RC_TEMP, "pthread_create: %s", strerror(rc));
	pthread_detach(thread);
	return 0;
}

int
stop_watch(struct stop *s, int parent_fd, enum stop_write how, struct error *e)
{
	struct sigaction act = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	writes = how;
	if ((s->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) == -1)
		return error_set(e, RC_TEMP, "eventfd: %s", strerror(errno));
	event_fd = s->fd;
	if (sigaction(SIGTERM, &act, NULL) == -1 || sigaction(SIGINT, &act, NULL) == -1 ||
	    sigaction(SIGALRM, &act, NULL) == -1 || sigaction(SIGPIPE, &ignore, NULL) == -1)
		return error_set(e, RC_FAIL, "sigaction: %s", strerror(errno));
	return parent_fd == -1 ? 0 : start_watching(parent_fd, e);
}

bool
stop_requested(void)
{
	return signalled != 0;
}

void
stop_write(bool begins)
{
	if (begins)
		writer = pthread_self();
	is_writing = begins;
}

bool
stop_writing(void)
{
	return orphaned != 0 || (writes == STOP_WRITES && signalled != 0);
}

int
stop_asked(const struct stop *s, struct error *e)
{
	(void)s;
	if (orphaned != 0)
		return error_set(e, RC_TEMP, "the supervisor is gone");
	if (signalled != 0)
		return error_set(e, RC_TEMP, "stopped by signal %d", (int)signalled);
	return 0;
}

int
stop_wait(const struct stop *s, int fd, int timeout_ms, struct error *e)
{
	struct pollfd fds[2] = { { .fd = s->fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	int n = poll(fds, 2, timeout_ms);

	if (stop_asked(s, e) == -1)
		return -1;
	if (n == -1 && errno != EINTR)
		return error_set(e, RC_FAIL, "poll: %s", strerror(errno));
	return n > 0 && fds[1].revents != 0;
}

int
stop_poll(int fd, short events, int timeout_ms)
{
	struct pollfd fds[2] = { { .fd = fd, .events = events }, { .fd = event_fd, .events = POLLIN } };
	int n;

	do
		n = poll(fds, 2, timeout_ms);
	while (n == -1 && errno == EINTR && !stop_requested());
	return n <= 0 || stop_requested() ? 0 : fds[0].revents;
}

void
stop_idle(int fd)
{
	idle_fd = fd;
}
