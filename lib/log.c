/* SPDX-License-Identifier: ISC */
/* The log on standard error. */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/log.h"

static const char *const names[] = { "ERROR", "WARN", "INFO", "DEBUG" };
static const char *program = "m2e";
static int level = LOG_LEVEL_INFO;

void
log_init(const char *name)
{
	program = name;
}

void
log_louder(void)
{
	if (level < LOG_LEVEL_DEBUG)
		level++;
}

void
log_quieter(void)
{
	if (level > LOG_LEVEL_ERROR)
		level--;
}

void
log_line(enum log_level at, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	size_t n, i;

	if ((int)at > level)
		return;
	n = (size_t)snprintf(line, sizeof(line), "%s %s: ", names[at], program);
	va_start(ap, fmt);
	vsnprintf(line + n, sizeof(line) - n, fmt, ap);
	va_end(ap);
	for (i = 0; line[i] != '\0'; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	if (i == sizeof(line) - 1)
		i--;
	line[i] = '\n';
	if (write(STDERR_FILENO, line, i + 1) == -1)
		return;		/* nobody is left to be told */
}
