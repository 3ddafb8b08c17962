/* SPDX-License-Identifier: ISC */
/* Running a program. */
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/retry.h"

#include "child.h"

#define TERM_MS 5000	/* to end after SIGTERM */

static _Noreturn void
become(const char *const *argv, int out_fd, int messages, pid_t parent)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char why[256];

	/* whatever ends this program, and it may be SIGKILL, ends the child too; it may have happened already */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 && dup2(out_fd, STDOUT_FILENO) != -1 &&
	    dup2(messages, STDERR_FILENO) != -1)
		execvp(argv[0], (char *const *)(uintptr_t)argv);
	snprintf(why, sizeof(why), "cannot run %s: %s\n", argv[0], strerror(errno));
	if (write(messages, why, strlen(why)) == -1)
		_exit(126);
	_exit(127);
}

int
child_start(struct child *c, const char *const *argv, int out_fd, struct error *e)
{
	pid_t parent = getpid();
	int fds[2];

	memset(c, 0, sizeof(*c));
	if (pipe2(fds, O_CLOEXEC) == -1)
		return error_set(e, RC_TEMP, "pipe: %s", strerror(errno));
	if ((c->pid = fork()) == 0)
		become(argv, out_fd, fds[1], parent);
	close(fds[1]);
	c->messages = fds[0];
	if (c->pid != -1)
		return 0;
	c->pid = 0;
	close(fds[0]);
	return error_set(e, RC_TEMP, "fork: %s", strerror(errno));
}

/* A whole line, or what fills the buffer, or at the end what is left. */
static bool
take_line(struct child *c, bool end, char line[CHILD_LINE])
{
	char *lf = memchr(c->held, '\n', c->held_len);
	size_t n = lf != NULL ? (size_t)(lf - c->held) : c->held_len;

	if (lf == NULL && c->held_len < CHILD_LINE - 1 && (!end || c->held_len == 0))
		return false;
	memcpy(line, c->held, n);
	line[n] = '\0';
	n += lf != NULL;
	c->held_len -= n;
	memmove(c->held, c->held + n, c->held_len);
	return true;
}

int
child_message(struct child *c, const struct stop *stop, int timeout_ms, char line[CHILD_LINE], struct error *e)
{
	uint64_t until = now_ms() + (uint64_t)timeout_ms;
	ssize_t n;
	int rc;

	while (!take_line(c, false, line)) {
		uint64_t now = now_ms();

		rc = now >= until ? 0 : stop_wait(stop, c->messages, (int)(until - now), e);
		if (rc != 1)
			return rc;
		n = read(c->messages, c->held + c->held_len, CHILD_LINE - 1 - c->held_len);
		if (n == 0)
			return take_line(c, true, line) ? 1 : 2;
		if (n > 0)
			c->held_len += (size_t)n;
		else if (errno != EINTR && errno != EAGAIN)
			return error_set(e, RC_FAIL, "read: %s", strerror(errno));
	}
	return 1;
}

int
child_wait(struct child *c)
{
	int status = -1;

	while (waitpid(c->pid, &status, 0) == -1 && errno == EINTR)
		;
	close(c->messages);
	c->pid = 0;
	return status;
}

void
child_end(struct child *c)
{
	uint64_t until = now_ms() + TERM_MS;
	siginfo_t info;

	if (c->pid == 0)
		return;
	kill(c->pid, SIGTERM);
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) == -1 || info.si_pid != 0)
			break;
		if (now_ms() >= until)
			kill(c->pid, SIGKILL);
		retry_sleep(20);
	}
	child_wait(c);
}
