/* SPDX-License-Identifier: ISC */
/* Backoff. */
#include <stdlib.h>
#include <time.h>

#include "lib/retry.h"

uint32_t
retry_wait_ms(struct retry *r)
{
	uint64_t ms = r->first_ms;
	uint32_t i;

	for (i = 0; i < r->tries && ms < r->ceiling_ms; i++)
		ms *= 2;
	if (ms > r->ceiling_ms)
		ms = r->ceiling_ms;
	r->tries++;
	return (uint32_t)(ms - arc4random_uniform((uint32_t)ms / 2 + 1));
}

void
retry_reset(struct retry *r)
{
	r->tries = 0;
}

void
retry_sleep(uint32_t ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

uint64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
