/* SPDX-License-Identifier: ISC */
/* Reads compressed bytes as a stream: memory for one window, whatever comes out. */
#ifndef LIB_INFLATER_H
#define LIB_INFLATER_H

#include <sys/types.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cursor.h"
#include "lib/error.h"

/* DEFLATE: zlib's without its header and checksum. */
enum compression { COMPRESSION_NONE, COMPRESSION_ZLIB, COMPRESSION_DEFLATE, COMPRESSION_GZIP, COMPRESSION_ZSTD };

#define COMPRESSION_MAGIC 4	/* bytes by which a file's compression is known */

/* All zero before the first start. */
struct inflater {
	enum compression compression;
	struct cursor in;	/* compressed bytes that are at hand; borrowed */
	/* Fills the cursor in with the bytes behind those, borrowed until the next call. 1; 0: there are no more; -1 with the
	 * error. NULL: what was at hand is all. */
	int (*more)(void *, struct cursor *, struct error *);
	void *arg;
	uint64_t taken;		/* compressed bytes so far */
	bool open;		/* a member or frame has not ended */
	struct z_stream_s *zlib;	/* kept from one start to the next, as is zstd */
	struct ZSTD_DCtx_s *zstd;
};

/* By the first bytes: gzip, zstd or COMPRESSION_NONE, as zlib's own format has no magic number. */
enum compression compression_of(const void *bytes, size_t n);
/* A new stream. Gzip's may have several members, zstd's several frames. -1: RC_TEMP. */
int	 inflater_start(struct inflater *, enum compression, struct cursor in,
	    int (*more)(void *, struct cursor *, struct error *), void *arg, struct error *);
/* Puts up to n bytes there. Their number, which is below n also where `more` would have to be asked; 0: the proper end;
 * -1: RC_FAIL for damaged, cut or unread input, with the offset of the compressed byte, RC_TEMP for memory, or what `more`
 * says. */
ssize_t	 inflater_read(struct inflater *, void *to, size_t n, struct error *);
void	 inflater_free(struct inflater *);

#endif
