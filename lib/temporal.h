/* SPDX-License-Identifier: ISC */
/* Dates and times, and their text as the servers print them. */
#ifndef LIB_TEMPORAL_H
#define LIB_TEMPORAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct value_time {
	bool negative;		/* a time */
	uint16_t year;
	uint8_t month, day;
	uint16_t hour;		/* of a time: up to 838 */
	uint8_t minute, second;
	uint32_t micro;
};

#define TEMPORAL_TEXT 40	/* bytes that any of these fits in */

/* Each writes text without a NUL and gives its length. Fields in their range, which nothing here checks.
 * YYYY-MM-DD */
size_t	 temporal_date(char *to, const struct value_time *);
/* hh:mm:ss and a point with so many digits, if any */
size_t	 temporal_clock(char *to, const struct value_time *, unsigned fraction);
/* [-]hh:mm:ss…, with three digits of hours where needed */
size_t	 temporal_time(char *to, const struct value_time *, unsigned fraction);
/* UTC calendar of a Unix time. */
void	 value_time_from_unix(struct value_time *, int64_t seconds, uint32_t micro);
/* Days since 1970-01-01 of a proleptic Gregorian date. */
int64_t	 temporal_days(const struct value_time *);

#endif
