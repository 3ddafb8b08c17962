/* SPDX-License-Identifier: ISC */
/* Standard output as a stream of whole lines. */
#ifndef LIB_OUTPUT_H
#define LIB_OUTPUT_H

#include "lib/buf.h"
#include "lib/error.h"

#define OUTPUT_CHUNK (64 << 10)	/* what a pipe takes at once */

struct output {
	int fd;
	struct buf buf;		/* lines not written yet: append whole lines here */
};

/* max_line: bytes of the longest line that is ever appended. */
int	 output_init(struct output *, int fd, size_t max_line, struct error *);
void	 output_free(struct output *);
/* Writes what is there once it has grown over OUTPUT_CHUNK: call after each line. */
int	 output_line_end(struct output *, struct error *);
/* Writes all of it; -1: RC_TEMP for a broken pipe, or when told to end and it is stuck; else RC_FAIL. */
int	 output_flush(struct output *, struct error *);
/* The same with whole lines from elsewhere; what the buffer has stays there. One thread at a time. */
int	 output_write(struct output *, const void *lines, size_t n, struct error *);
/* write(2) until everything is out; -1 with errno. EINTR and EAGAIN are waited out. ECANCELED: told to end
 * (stop_writing), and nobody takes anything any more. */
int	 write_all(int fd, const void *, size_t n);

#endif
