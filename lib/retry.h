/* SPDX-License-Identifier: ISC */
/* How long to wait before the next try: doubling with jitter, under a ceiling. */
#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include <stdint.h>

struct retry {
	uint32_t first_ms, ceiling_ms;
	uint32_t tries;		/* failures in a row */
};

/* Counts a failure and gives the wait in milliseconds: first_ms doubled with each failure in a row, up to
 * ceiling_ms, of which a random half is taken off. */
uint32_t retry_wait_ms(struct retry *);
void	 retry_reset(struct retry *);
/* Sleeps; returns early when a signal comes. */
void	 retry_sleep(uint32_t ms);
/* Monotonic milliseconds. */
uint64_t now_ms(void);

#endif
