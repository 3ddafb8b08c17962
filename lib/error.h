/* SPDX-License-Identifier: ISC */
/* What went wrong and who must act: libraries fill it in, only main() prints it and exits. */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

#include <stddef.h>

/* Exit statuses: m2e.7, EXIT STATUS. */
enum {
	RC_OK = 0,
	RC_FAIL = 1,		/* a person must act */
	RC_USAGE = 2,		/* wrong use or configuration */
	RC_DEAD = 3,		/* finished; some records are in the dead-letter file */
	RC_POSITION = 4,	/* the position cannot be resumed */
	RC_TEMP = 75,		/* try again */
};

struct error {
	int rc;			/* the exit status that fits, RC_OK while nothing failed */
	char text[1024];	/* one line, for the log */
};

/* Fills e in and returns -1, so that `return error_set(...)` reads well. Line breaks become spaces. */
int	 error_set(struct error *e, int rc, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* Puts "where: " before the text of an error that is already there; returns -1. */
int	 error_at(struct error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The status where a write to a file failed with this errno: a disk that is full may be emptied, RC_TEMP; else RC_FAIL. */
int	 error_of_write(int number);

/* From now on error_shown says that nothing of a foreign text may stand in a message: it may hold what must not leave. */
void	 error_hide_data(void);
/* How many of n bytes of a foreign text a message shows: at most max. */
int	 error_shown(size_t n, size_t max);

#endif
