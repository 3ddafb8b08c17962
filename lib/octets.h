/* SPDX-License-Identifier: ISC */
/* MariaDB's types that are a few octets behind their text: UUID, INET4, INET6. */
#ifndef LIB_OCTETS_H
#define LIB_OCTETS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/table.h"

#define OCTETS_MAX 16
#define OCTETS_TEXT 48		/* bytes that the text fits in */

/* How many the kind has; 0: it is none of these kinds. */
size_t	 octets_count(enum column_kind);
/* Writes the text that SELECT shows, without a NUL; its length. octets: in the order of that text. */
size_t	 octets_text(enum column_kind, const uint8_t *octets, char to[OCTETS_TEXT]);
/* Reads what the server reads. -1: not the kind's text. */
int	 octets_read(enum column_kind, const char *text, size_t len, uint8_t octets[OCTETS_MAX]);

#endif
