/* SPDX-License-Identifier: ISC */
/* Lines from a descriptor, of bounded length, without copying. */
#ifndef LIB_LINE_H
#define LIB_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

struct line_reader {
	int fd;
	char *data;
	size_t start, end, seen, cap, max;	/* data[start..end): read; [start..seen) holds no LF */
	uint64_t number;	/* of the last line given, from 1 */
	bool eof;
};

/* max: bytes of the longest line accepted, LF not counted. */
int	 line_init(struct line_reader *, int fd, size_t max, struct error *);
void	 line_free(struct line_reader *);
/* 1: *line (without its LF, borrowed until the next call) and *n are a whole line that was already read;
 * 0: there is none: call line_fill (or, if r->eof, it is the end). */
int	 line_next(struct line_reader *, char **line, size_t *n);
/* One read(2): 1 something came; 0 the end; -1 with a message: a line over max (RC_FAIL, with its number), or a
 * read error (RC_FAIL); EAGAIN counts as 1. */
int	 line_fill(struct line_reader *, struct error *);
/* Both in one, for readers that may block: 1 a line, 0 the end, -1 error. */
int	 line_read(struct line_reader *, char **line, size_t *n, struct error *);
/* At the end: bytes without an LF were left: their writer was killed. They are no line. */
bool	 line_was_cut(const struct line_reader *);

#endif
