/* SPDX-License-Identifier: ISC */
/* DECIMAL as row events and binary JSON store it. */
#ifndef LIB_DECIMAL_H
#define LIB_DECIMAL_H

#include <stddef.h>
#include <stdint.h>

#define DECIMAL_DIGITS 81	/* nine words; columns have at most 65, JSON may have zeros before them */
#define DECIMAL_TEXT 88		/* those, a sign, a point, a zero before it */

/* Of the stored form; 0: there is no such DECIMAL. */
size_t	 decimal_bytes(unsigned precision, unsigned scale);
/* Writes every declared digit behind the point, no needless zero before it, no sign of zero, to
 * DECIMAL_TEXT bytes. How many there are; 0: not a decimal. */
size_t	 decimal_text(const uint8_t *bytes, unsigned precision, unsigned scale, char *to);

#endif
