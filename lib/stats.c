/* SPDX-License-Identifier: ISC */
/* A line about progress on a terminal. */
#include <sys/stat.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/retry.h"
#include "lib/stats.h"

#define TELL_MS 1000
#define LOOK_ROWS 256	/* single rows between two looks at the clock */

void
stats_init(struct stats *s, bool wanted)
{
	*s = (struct stats){ .on = wanted && isatty(STDERR_FILENO), .fd = -1 };
	s->began_ms = s->told_ms = now_ms();
}

/* Seconds left; -1: who knows. */
static long
left_s(const struct stats *s, double seconds)
{
	double share = 0;
	struct stat st;

	if (s->fd != -1 && fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		share = (double)lseek(s->fd, 0, SEEK_CUR) / (double)st.st_size;
	else if (s->total_rows > 0)
		share = (double)s->rows / (double)s->total_rows;
	if (share <= 0 || share > 1)
		return -1;
	return (long)(seconds / share - seconds);
}

static void
tell(struct stats *s, const char *db, const char *table, uint64_t now)
{
	double seconds = (double)(now - s->began_ms) / 1000;
	long left = left_s(s, seconds);
	char text[512], ending[48] = "";
	int n;

	if (seconds <= 0)
		seconds = 0.001;
	if (left >= 0)
		snprintf(ending, sizeof(ending), ", %ld:%02ld:%02ld left", left / 3600, left / 60 % 60, left % 60);
	n = snprintf(text, sizeof(text), "%.64s%s%.64s: %" PRIu64 " rows, %.0f rows/s, %.1f MB/s%s\033[K\r", db,
	    table == NULL ? "" : ".", table == NULL ? "" : table, s->rows, (double)s->rows / seconds, (double)s->bytes / seconds / 1e6, ending);
	if (n > 0 && write(STDERR_FILENO, text, strlen(text)) == -1)
		s->on = false;
	s->told_ms = now;
}

void
stats_count(struct stats *s, const char *db, const char *table, uint64_t rows, uint64_t bytes)
{
	uint64_t now;

	s->rows += rows;
	s->bytes += bytes;
	if (!s->on || (rows == 1 && ++s->skipped % LOOK_ROWS != 0))
		return;
	now = now_ms();
	if (now - s->told_ms >= TELL_MS)
		tell(s, db, table, now);
}

void
stats_end(struct stats *s)
{
	if (s->on && s->told_ms != s->began_ms && write(STDERR_FILENO, "\n", 1) == -1)
		s->on = false;
}
