/* SPDX-License-Identifier: ISC */
/* The servers' character sets, to UTF-8. */
#ifndef LIB_CHARSET_H
#define LIB_CHARSET_H

#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

struct charset;

/* By MySQL's or MariaDB's name ("utf8mb4", "latin1"), any case; NULL: not one that we know, or the system's iconv does
 * not. Lives for ever. */
const struct charset *charset_find(const char *name);
const char *charset_name(const struct charset *);
/* Bytes are UTF-8 already (utf8, utf8mb3, utf8mb4, ascii): no conversion is needed, only the check. */
int	 charset_is_utf8(const struct charset *);
/* "binary": no text at all. */
int	 charset_is_binary(const struct charset *);
/* Bytes below 0x80 are ASCII wherever they begin a character: text of nothing else is UTF-8 as it stands. */
int	 charset_keeps_ascii(const struct charset *);
/* The longest character, in bytes (CHAR(n) is stored in up to n times this). */
unsigned charset_max_bytes(const struct charset *);
/* The character set of a collation's name ("latin1_swedish_ci"); NULL: unknown, or MariaDB's uca1400 names without one. */
const struct charset *charset_of_collation(const char *collation);
/* The next piece of text, which ends at `end`, in UTF-8; how many bytes it has. Moves *text; what is invalid becomes U+FFFD and
 * *bad, unless NULL, grows. Not for UTF-8 and binary. */
#define CHARSET_PIECE 8192
size_t	 charset_piece(const struct charset *, const char **text, const char *end, char to[CHARSET_PIECE], uint64_t *bad);
/* Appends text as UTF-8; what is invalid becomes U+FFFD and *bad grows. -1: as buf_add. */
int	 charset_put_utf8(const struct charset *, struct buf *, const char *text, size_t len, uint64_t *bad);

#endif
