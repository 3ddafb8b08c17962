/* SPDX-License-Identifier: ISC */
/* The mysql client's own commands. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dump.h"

/* Commands of the client's own take the rest of their line: what stands behind the word, of *n bytes. NULL: the error. */
static const char *
take_command(struct dump *d, char line[MAX_COMMENT], size_t *n, struct error *e)
{
	const char *p = line, *end;

	if (dump_take_line(d, line, n, e) == -1)
		return NULL;
	for (end = line + *n; end > line && isspace((unsigned char)end[-1]); end--)
		;
	while (p < end && !isspace((unsigned char)*p))
		p++;
	while (p < end && isspace((unsigned char)*p))
		p++;
	*n = (size_t)(end - p);
	return p;
}

int
dump_delimiter(struct dump *d, struct error *e)
{
	char line[MAX_COMMENT];
	size_t n;
	const char *p = take_command(d, line, &n, e);

	if (p == NULL)
		return -1;
	if (n == 0 || n > MAX_DELIMITER)
		return input_error(&d->in, NULL, e, "DELIMITER of %zu bytes", n);
	memcpy(d->delimiter, p, n);
	d->delimiter[n] = '\0';
	return 0;
}

/* Reads another file in the place of the command. */
static int
read_source(struct dump *d, const char *path, struct error *e)
{
	struct input outer = d->in;
	uint64_t before = d->before;
	int rc;

	d->before += outer.offset;
	d->sources++;
	if ((rc = dump_open(d, path, e)) == 0) {
		rc = dump_statements(d, e);
		before += d->in.offset;
	}
	input_close(&d->in);
	d->sources--;
	d->in = outer;
	d->before = before;
	return rc;
}

/* source FILE: the client looks for it where it was started, which is where the dump is. */
int
dump_source(struct dump *d, struct error *e)
{
	char line[MAX_COMMENT], path[2 * MAX_COMMENT];
	size_t n;
	const char *p = take_command(d, line, &n, e), *end;

	if (p == NULL)
		return -1;
	if ((end = memmem(p, n, d->delimiter, strlen(d->delimiter))) != NULL) {
		if (end + strlen(d->delimiter) != p + n)
			return input_error(&d->in, NULL, e, "something else in the line of source, before this");
		n = (size_t)(end - p);
	}
	while (n > 0 && isspace((unsigned char)p[n - 1]))
		n--;
	if (n == 0 || memchr(p, '\0', n) != NULL)
		return input_error(&d->in, NULL, e, "source without a file");
	if (d->sandbox || d->options->folder != NULL || d->sources == MAX_SOURCES)
		return input_error(&d->in, NULL, e, "source %.*s: not read %s", (int)n, p,
		    d->sources == MAX_SOURCES ? "by so many files that read one another" :
		    d->sandbox ? "in the sandbox that the dump begins" : "in a folder");
	if ((size_t)snprintf(path, sizeof(path), "%s%.*s", *p == '/' ? "" : d->folder, (int)n, p) >= sizeof(path))
		return input_error(&d->in, NULL, e, "source: %s", strerror(ENAMETOOLONG));
	return read_source(d, path, e) == 0 ? 0 : d->sources > 0 ? -1 : error_at(e, "%s: source", d->in.name);
}
