/* SPDX-License-Identifier: ISC */
/* TAP for tests in C: ok() and is_…() by name, and main ends with `return done_testing();`. */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static int tap_count, tap_failures;

__attribute__((format(printf, 2, 3), unused)) static bool
ok(bool good, const char *fmt, ...)
{
	va_list ap;

	printf("%sok %d - ", good ? "" : "not ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
	tap_failures += !good;
	return good;
}

__attribute__((unused)) static bool
is_text(const char *got, const char *want, const char *name)
{
	bool same = got != NULL && strcmp(got, want) == 0;

	if (!ok(same, "%s", name))
		fprintf(stderr, "# got:  %s\n# want: %s\n", got == NULL ? "(nothing)" : got, want);
	return same;
}

__attribute__((unused)) static bool
is_number(long long got, long long want, const char *name)
{
	if (!ok(got == want, "%s", name))
		fprintf(stderr, "# got:  %lld\n# want: %lld\n", got, want);
	return got == want;
}

__attribute__((unused)) static int
done_testing(void)
{
	printf("1..%d\n", tap_count);
	return tap_failures == 0 ? 0 : 1;
}

#endif
