/* SPDX-License-Identifier: ISC */
/* CRC32 at the speed of memory. */
#ifndef CRC_H
#define CRC_H

#include <stddef.h>
#include <stdint.h>

/* As zlib's crc32: start with 0, go on with what the last call gave. */
uint32_t crc_add(uint32_t crc, const uint8_t *bytes, size_t n);

#endif
