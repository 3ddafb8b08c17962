/* SPDX-License-Identifier: ISC */
/* Positions: `[EPOCH/]FILE:OFFSET`, their order, and the document version that they fold into (m2e-events.5). */
#ifndef LIB_POS_H
#define LIB_POS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"

#define MAX_BINLOG_NAME 255	/* FN_REFLEN is 512 with the path; a rotate event's name is a base name */
#define MAX_EPOCH 0x7f		/* 7 bits */
#define MAX_FILE_NUMBER 0xfffff	/* 20 bits */
#define MAX_OFFSET 0xfffffffffU	/* 36 bits: 64 GiB, a server starts the next file near 1 GiB */

#define POS_TEXT (MAX_BINLOG_NAME + 40)	/* bytes of a position's text, with a NUL */

struct pos {
	uint64_t offset;	/* bytes from the file's start; a row's: where it starts */
	uint32_t epoch;
	char file[MAX_BINLOG_NAME + 1];	/* "" = no position */
};

/* The whole of text; -1 with a message (RC_USAGE) when it is no position. Reads `"binlog.000001:4"` and `"3/binlog.000001:4"`. */
int	 pos_parse(struct pos *, const char *text, struct error *);
/* Appends it; the epoch only when it is not 0. -1: as buf_add. */
int	 pos_put(struct buf *, const struct pos *);
/* Writes at most POS_TEXT bytes, without a NUL; behind them. */
char	*pos_write(char *to, const struct pos *);
/* A copy in a small buffer of the caller's, for messages. */
const char *pos_text(const struct pos *, char text[POS_TEXT]);
static inline bool pos_is_set(const struct pos *p) { return p->file[0] != '\0'; }
/* The number at the end of a binlog's name; -1: there is none, or it is over 2^31. */
int64_t	 pos_file_number(const char *file);
/* The name without its number and dot compared: is b's the same log? */
bool	 pos_same_basename(const char *a, const char *b);
/* <0, 0, >0: by epoch, then the file's number (never the name's text: binlog.999999 < binlog.1000000), then offset. */
int	 pos_cmp(const struct pos *, const struct pos *);
/* The version for external_gte: epoch, file number and offset in 63 bits; -1 with a message (RC_FAIL) for
 * a part that does not fit. Always above 1, the version of rows without a position. */
int	 pos_version(const struct pos *, uint64_t *version, struct error *);

#endif
