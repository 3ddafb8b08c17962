/* SPDX-License-Identifier: ISC */
/* How much the engine is asked at once: the most that was allowed, until it shows that this is too much. */
#ifndef ES_BULK_THROTTLE_H
#define ES_BULK_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MIN_BATCH_BYTES ((size_t)64 << 10)	/* below that requests cost more than what is in them */

struct throttle {
	size_t bytes, max_bytes;	/* of a request */
	unsigned int window, max_window;	/* requests under way */
	unsigned int good;		/* since the last change */
	double us_per_byte;		/* of full requests, smoothed; 0: not known */
	uint64_t less_ms;		/* when it was last made less */
};

void	 throttle_init(struct throttle *, size_t max_bytes, unsigned int max_window);
/* A request of so many bytes went through, in so many microseconds. A full one that took much longer than those before
 * makes it less, others more again. */
void	 throttle_good(struct throttle *, size_t bytes, uint64_t us, uint64_t now_ms);
/* A request that was sent then was refused as too much: half of it from now on. What was sent before the last time that
 * it was made less says nothing new. true: it is less than before. */
bool	 throttle_less(struct throttle *, uint64_t sent_ms, uint64_t now_ms);
/* The engine takes no request larger than that. */
void	 throttle_limit(struct throttle *, size_t max_bytes);

#endif
