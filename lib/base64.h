/* SPDX-License-Identifier: ISC */
/* Base64 (RFC 4648). */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>

#include "lib/buf.h"

/* Appends n bytes and so many zeros behind them. -1: as buf_add. */
int	 base64_put(struct buf *, const void *bytes, size_t n, size_t zeros);

#endif
