/* SPDX-License-Identifier: ISC */
/* DECIMAL as row events store it. */
#ifndef DECIMAL_H
#define DECIMAL_H

#include <stddef.h>
#include <stdint.h>

size_t	 decimal_bytes(unsigned precision, unsigned scale);
/* Writes every declared digit behind the point, no needless zero before it, no sign of zero: up to precision + 3 bytes.
 * How many there are; 0: not a decimal. */
size_t	 decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *to);

#endif
