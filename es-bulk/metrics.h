/* SPDX-License-Identifier: ISC */
/* --metrics-file: what a monitoring system collects (Prometheus manual, "Text-based format"). */
#ifndef ES_BULK_METRICS_H
#define ES_BULK_METRICS_H

#include <stdbool.h>
#include <stdint.h>

struct bulk;

struct metrics {
	const char *file;	/* NULL: none */
	uint64_t written_ms;
};

/* Replaces the file that b->metrics names, once a second at most, or now. That it cannot be written is told once and ends
 * nothing. */
void	 metrics_write(struct bulk *, bool now);

#endif
