/* SPDX-License-Identifier: ISC */
/* mydumper's stream: for each file a line `-- NAME BYTES`, with an empty one before it, and so many bytes. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"

#include "input.h"
#include "unpack.h"

#define MAX_MEMBER_LINE 512	/* bytes: a file's name has up to 255 */
#define WINDOW_BYTES ((size_t)256 << 10)

/* What is unread up to and with an LF: 1; 0: the stream's end; -1. */
static int
take_line(struct input *in, char line[MAX_MEMBER_LINE], struct error *e)
{
	const char *text, *lf;
	size_t n;

	for (;;) {
		text = input_text(in, &n);
		if ((lf = memchr(text, '\n', n)) != NULL || n >= MAX_MEMBER_LINE)
			break;
		switch (input_more(in, e)) {
		case -1: return -1;
		case 0: return n == 0 ? 0 : input_error(in, NULL, e, "the stream ends inside a line: it is truncated");
		}
	}
	if (lf == NULL || lf - text >= MAX_MEMBER_LINE)
		return input_error(in, NULL, e, "no line `-- NAME BYTES`, which a stream of mydumper has");
	memcpy(line, text, (size_t)(lf - text));
	line[lf - text] = '\0';
	input_skip(in, (size_t)(lf - text) + 1);
	return 1;
}

/* `-- NAME BYTES`; the name is one in a folder, whatever the stream says. */
static int
parse_line(const struct input *in, char *line, const char **name, uint64_t *bytes, struct error *e)
{
	char *space = strrchr(line, ' '), *end;

	*name = line + 3;
	if (strncmp(line, "-- ", 3) != 0 || space == NULL || space <= *name || strchr(*name, '/') != NULL || **name == '.' ||
	    space[1] < '0' || space[1] > '9')
		return input_error(in, NULL, e, "not a line `-- NAME BYTES`, which a stream of mydumper has (old ones lack the "
		    "number): %s", line);
	errno = 0;
	*bytes = strtoull(space + 1, &end, 10);
	*space = '\0';
	return errno == 0 && *end == '\0' ? 0 : input_error(in, NULL, e, "not a number of bytes: %s", space + 1);
}

static int
copy(struct input *in, int fd, const char *name, uint64_t bytes, struct error *e)
{
	const char *text;
	size_t n;

	while (bytes > 0) {
		text = input_text(in, &n);
		if (n > bytes)
			n = (size_t)bytes;
		if (n > 0 && write_all(fd, text, n) == -1)
			return error_set(e, RC_FAIL, "%s: %s", name, strerror(errno));
		input_skip(in, n);
		if ((bytes -= n) == 0)
			break;
		switch (input_more(in, e)) {
		case -1: return -1;
		case 0: return input_error(in, NULL, e, "the stream ends inside %s: it is truncated", name);
		}
	}
	return 0;
}

static int
take_member(struct input *in, int dir, const char *name, uint64_t bytes, struct error *e)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600), rc;

	if (fd == -1)
		return error_set(e, RC_FAIL, "%s: %s", name, strerror(errno));
	rc = copy(in, fd, name, bytes, e);
	if (close(fd) == -1 && rc == 0)
		rc = error_set(e, RC_FAIL, "%s: %s", name, strerror(errno));
	return rc;
}

static int
take_members(struct input *in, int dir, struct error *e)
{
	char line[MAX_MEMBER_LINE] = "";
	const char *name;
	uint64_t bytes = 0;
	int rc;

	while ((rc = take_line(in, line, e)) == 1) {
		if (line[0] == '\0')
			continue;
		if (parse_line(in, line, &name, &bytes, e) == -1 || take_member(in, dir, name, bytes, e) == -1)
			return -1;
	}
	return rc;
}

int
unpack(const char *stream, const char *folder, const struct stop *stop, struct error *e)
{
	struct input in;
	int dir = -1, rc = -1;

	if (mkdir(folder, 0700) == -1 || (dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1)
		return error_set(e, RC_FAIL, "%s: %s", folder, strerror(errno));
	if (input_open(&in, stream, WINDOW_BYTES, stop, e) == 0)
		rc = take_members(&in, dir, e);
	input_close(&in);
	close(dir);
	return rc;
}
