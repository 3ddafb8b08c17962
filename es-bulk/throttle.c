/* SPDX-License-Identifier: ISC */
/* Additive increase, multiplicative decrease, as networks do it. */
#include "es-bulk/throttle.h"

#define SLOW_US 1000000		/* a request that is faster is never too slow */
#define SLOWER 3		/* times as slow as those before */
#define SMOOTH 8		/* requests that count most */

void
throttle_init(struct throttle *p, size_t max_bytes, unsigned int max_window)
{
	*p = (struct throttle){ .bytes = max_bytes, .max_bytes = max_bytes, .window = max_window, .max_window = max_window };
}

bool
throttle_less(struct throttle *p, uint64_t sent_ms, uint64_t now_ms)
{
	size_t least = p->max_bytes < MIN_BATCH_BYTES ? p->max_bytes : MIN_BATCH_BYTES;

	p->good = 0;
	if (sent_ms < p->less_ms)
		return false;
	p->less_ms = now_ms;
	p->window = p->window > 1 ? p->window / 2 : 1;
	p->bytes = p->bytes / 2 > least ? p->bytes / 2 : least;
	return true;
}

static void
more(struct throttle *p)
{
	if (++p->good < p->window)
		return;
	p->good = 0;
	if (p->window < p->max_window)
		p->window++;
	p->bytes = p->max_bytes - p->bytes > p->bytes / 4 ? p->bytes + p->bytes / 4 : p->max_bytes;
}

void
throttle_good(struct throttle *p, size_t bytes, uint64_t us, uint64_t now_ms)
{
	double cost = (double)us / (double)(bytes + 1);

	if (bytes >= p->bytes / 2) {
		if (us > SLOW_US && p->us_per_byte > 0 && cost > SLOWER * p->us_per_byte) {
			throttle_less(p, now_ms - us / 1000, now_ms);
			p->us_per_byte = cost;	/* what is slow for good is no reason for ever */
			return;
		}
		p->us_per_byte += p->us_per_byte == 0 ? cost : (cost - p->us_per_byte) / SMOOTH;
	}
	more(p);
}

void
throttle_limit(struct throttle *p, size_t max_bytes)
{
	p->max_bytes = max_bytes;
	if (p->bytes > max_bytes)
		p->bytes = max_bytes;
}
