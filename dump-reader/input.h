/* SPDX-License-Identifier: ISC */
/* A sliding window over a file or pipe: as large as the longest piece that must be seen whole. What is compressed (gzip,
 * zstd), known by its first bytes, is read as what it holds; offsets are those of that text. */
#ifndef DUMP_READER_INPUT_H
#define DUMP_READER_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/inflater.h"
#include "lib/stop.h"

struct input {
	int fd;
	const char *name;	/* for messages; borrowed */
	char *data;		/* data[start..end) is unread, data[end] is a NUL, so that loops over a class of bytes stop */
	size_t start, end, cap, max;
	size_t piece;		/* bytes of one read at most; 0: what there is room for (tests make it small) */
	uint64_t offset;	/* of data[start], from the input's first byte */
	bool eof, begun;	/* begun: whether it is compressed is known */
	struct inflater inflater;
	char *packed;		/* compressed bytes at hand; NULL: it is not compressed */
	const struct stop *stop;
	int (*before_wait)(void *, struct error *);	/* before reading would block, and each second of it; may be NULL */
	void *arg;
};

/* Opens the file ("-": standard input). max: bytes of the longest piece. */
int	 input_open(struct input *, const char *file, size_t max, const struct stop *, struct error *);
void	 input_close(struct input *);
/* Makes what is unread at least twice as long (so that looking again at a piece that was cut stays cheap); pointers
 * into the window are void. 1: there is more, 0: the input's end, -1: over max, a read error (RC_FAIL), or told to
 * stop (RC_TEMP). */
int	 input_more(struct input *, struct error *);
/* "NAME: byte N: message: the bytes there"; returns -1. at: in the window, or NULL for its start. */
int	 input_error(const struct input *, const char *at, struct error *, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));

static inline const char *
input_text(const struct input *in, size_t *n)
{
	*n = in->end - in->start;
	return in->data + in->start;
}

static inline void
input_skip(struct input *in, size_t n)
{
	in->start += n;
	in->offset += n;
}

#endif
