/* SPDX-License-Identifier: ISC */
/* When to end: SIGTERM, SIGINT, or the supervisor's death. */
#include <sys/socket.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "stop.h"

static volatile sig_atomic_t requested, idle_fd = -1;
static int parent = -1;

static void
on_signal(int sig)
{
	int saved = errno;

	(void)sig;
	requested = 1;
	if (idle_fd != -1)
		shutdown(idle_fd, SHUT_RDWR);
	errno = saved;
}

void
stop_init(int parent_fd)
{
	struct sigaction a = { .sa_handler = on_signal };

	parent = parent_fd;
	sigemptyset(&a.sa_mask);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, NULL);
}

bool
stop_requested(void)
{
	return requested != 0;
}

void
stop_poll(void)
{
	struct pollfd p = { .fd = parent, .events = POLLIN };
	char byte;

	if (parent != -1 && poll(&p, 1, 0) == 1 && read(parent, &byte, 1) == 0)
		requested = 1;
}

void
stop_idle(int fd)
{
	idle_fd = fd;
}
