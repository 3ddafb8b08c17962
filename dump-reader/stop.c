/* SPDX-License-Identifier: ISC */
/* Signals and the supervisor's pipe. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

#define LOOK_AGAIN_MS 1000	/* a signal between the question and the wait is seen so much later at most */

static volatile sig_atomic_t signalled;

static void
on_signal(int sig)
{
	signalled = sig;
}

int
stop_watch(struct stop *s, int parent_fd, struct error *e)
{
	struct sigaction act = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	s->parent_fd = parent_fd;
	if (sigaction(SIGTERM, &act, NULL) == -1 || sigaction(SIGINT, &act, NULL) == -1 ||
	    sigaction(SIGPIPE, &ignore, NULL) == -1)
		return error_set(e, RC_FAIL, "sigaction: %s", strerror(errno));
	return 0;
}

/* Nobody writes to that pipe, so it can be read only at its end. */
static int
told(const struct pollfd *parent, struct error *e)
{
	if (signalled != 0)
		return error_set(e, RC_TEMP, "stopped by signal %d", (int)signalled);
	if (parent->fd != -1 && parent->revents != 0)
		return error_set(e, RC_TEMP, "the supervisor is gone");
	return 0;
}

int
stop_asked(const struct stop *s, struct error *e)
{
	struct pollfd parent = { .fd = s->parent_fd, .events = POLLIN };

	if (s->parent_fd != -1)
		poll(&parent, 1, 0);
	return told(&parent, e);
}

int
stop_wait(const struct stop *s, int fd, int timeout_ms, struct error *e)
{
	struct pollfd fds[2] = { { .fd = s->parent_fd, .events = POLLIN }, { .fd = fd, .events = POLLIN } };
	int n;

	do {
		n = poll(fds, 2, timeout_ms == -1 ? LOOK_AGAIN_MS : timeout_ms);
		if (n == -1 && errno != EINTR)
			return error_set(e, RC_FAIL, "poll: %s", strerror(errno));
		if (told(&fds[0], e) == -1)
			return -1;
		if (n > 0 && fds[1].revents != 0)
			return 1;
	} while (timeout_ms == -1);
	return 0;
}
