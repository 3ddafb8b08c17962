/* SPDX-License-Identifier: ISC */
/* Arrays that grow item by item. */
#ifndef LIB_LIST_H
#define LIB_LIST_H

#include <stdlib.h>

/* Room for one more item behind the `count` that are there: the array, moved perhaps, has as many as the next power of two.
 * NULL: ENOMEM; it is as before. */
static inline void *
list_grow(void *items, size_t count, size_t size)
{
	return (count & (count - 1)) != 0 ? items : reallocarray(items, count == 0 ? 1 : 2 * count, size);
}

#endif
