/* SPDX-License-Identifier: ISC */
/* Errors that travel upwards. */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/error.h"

static bool hides_data;

static void
one_line(char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = ' ';
}

int
error_set(struct error *e, int rc, const char *fmt, ...)
{
	va_list ap;

	e->rc = rc;
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	one_line(e->text);
	return -1;
}

int
error_of_write(int number)
{
	return number == ENOSPC || number == EDQUOT ? RC_TEMP : RC_FAIL;
}

int
error_at(struct error *e, const char *fmt, ...)
{
	char was[sizeof(e->text)];
	va_list ap;
	size_t n;

	memcpy(was, e->text, sizeof(was));
	va_start(ap, fmt);
	vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof(e->text) - n, ": %s", was);
	one_line(e->text);
	return -1;
}

void
error_hide_data(void)
{
	hides_data = true;
}

int
error_shown(size_t n, size_t max)
{
	return hides_data ? 0 : (int)(n < max ? n : max);
}
