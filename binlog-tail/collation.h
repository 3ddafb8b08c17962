/* SPDX-License-Identifier: ISC */
/* Character sets by collation number, as events name them. */
#ifndef COLLATION_H
#define COLLATION_H

#include "lib/charset.h"

/* NULL: not a number that MySQL uses, or a character set that we do not know. */
const struct charset *collation_charset(unsigned number);

#endif
