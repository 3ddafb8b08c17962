/* SPDX-License-Identifier: ISC */
/* Dates and times: text, calendar. */
#include "lib/put.h"
#include "lib/temporal.h"

static char *
put_fraction(char *to, unsigned digits, uint32_t micro)
{
	static const uint32_t unit[] = { 1000000, 100000, 10000, 1000, 100, 10, 1 };

	if (digits == 0)
		return to;
	*to = '.';
	return put_digits(to + 1, micro / unit[digits], digits);
}

size_t
temporal_date(char *to, const struct value_time *t)
{
	put_digits(to, t->year, 4);
	to[4] = '-';
	put_two(to + 5, t->month);
	to[7] = '-';
	put_two(to + 8, t->day);
	return 10;
}

static char *
put_clock(char *to, const struct value_time *t, unsigned fraction)
{
	put_two(to, t->hour);
	to[2] = ':';
	put_two(to + 3, t->minute);
	to[5] = ':';
	put_two(to + 6, t->second);
	return put_fraction(to + 8, fraction, t->micro);
}

size_t
temporal_clock(char *to, const struct value_time *t, unsigned fraction)
{
	return (size_t)(put_clock(to, t, fraction) - to);
}

size_t
temporal_time(char *to, const struct value_time *t, unsigned fraction)
{
	char *p = to;

	if (t->negative)
		*p++ = '-';
	if (t->hour > 99)
		*p++ = (char)('0' + t->hour / 100 % 10);
	return (size_t)(put_clock(p, t, fraction) - to);
}

/* Civil calendar arithmetic in 400-year eras. */
int64_t
temporal_days(const struct value_time *t)
{
	int64_t y = t->year - (t->month <= 2), era = (y >= 0 ? y : y - 399) / 400, yoe = y - era * 400;
	int64_t doy = (153 * (t->month + (t->month > 2 ? -3 : 9)) + 2) / 5 + t->day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static void
days_to(struct value_time *t, int64_t days)
{
	int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;

	t->day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
	t->month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9);
	t->year = (uint16_t)(yoe + era * 400 + (t->month <= 2));
}

void
value_time_from_unix(struct value_time *t, int64_t seconds, uint32_t micro)
{
	int64_t days = seconds / 86400, left = seconds % 86400;

	if (left < 0) {
		left += 86400;
		days--;
	}
	*t = (struct value_time){ .hour = (uint16_t)(left / 3600), .minute = (uint8_t)(left / 60 % 60),
	    .second = (uint8_t)(left % 60), .micro = micro };
	days_to(t, days);
}
