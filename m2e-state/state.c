/* SPDX-License-Identifier: ISC */
/* All that the state directory says, read at once. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "dead.h"
#include "state.h"

static int
read_rebuilds(struct state *s, const struct store *dir, struct error *e)
{
	struct store rebuilds;
	int rc;

	if (store_open_in(&rebuilds, dir, REBUILD_DIR, false, e) == -1)
		return -1;
	rc = tabfile_list(&s->rebuilds, &rebuilds, e);
	store_close(&rebuilds);
	return rc;
}

void
state_free(struct state *s)
{
	position_free(&s->position);
	tabfile_list_free(&s->tables);
	tabfile_list_free(&s->rebuilds);
}

int
state_read(struct state *s, const struct store *dir, const struct store *tables, struct error *e)
{
	int rc = dead_count(dir, &s->dead, e);

	if (rc == -1 || (rc = position_load(&s->position, dir, e)) == -1)
		return -1;
	s->have_position = rc == 1;
	if (tabfile_list(&s->tables, tables, e) == 0 && read_rebuilds(s, dir, e) == 0)
		return 0;
	state_free(s);
	return -1;
}

double
state_lag(const struct state *s)
{
	const char *ts = s->have_position ? record_get(&s->position.r, "ts") : NULL;
	struct timespec now;
	double lag;

	if (ts == NULL)
		return -1;
	clock_gettime(CLOCK_REALTIME, &now);
	lag = (double)now.tv_sec + (double)now.tv_nsec / 1e9 - strtod(ts, NULL);
	return lag > 0 ? lag : 0;
}

static int
put_tables(struct buf *b, const struct tabfile_list *l)
{
	int rc = buf_putc(b, '[');
	size_t i;

	for (i = 0; i < l->count; i++)
		rc |= (i > 0 ? buf_putc(b, ',') : 0) | buf_putc(b, '{') | record_put(b, &l->items[i].r) | buf_putc(b, '}');
	return rc | buf_putc(b, ']');
}

int
state_put_json(struct buf *b, const struct state *s)
{
	double lag = state_lag(s);
	char text[POS_TEXT];
	int rc = buf_puts(b, "{\"position\":");
	size_t i;

	if (!s->have_position) {
		rc |= buf_puts(b, "null");
	} else {
		rc |= buf_putc(b, '{') | record_put(b, &s->position.r) | buf_puts(b, ",\"tables\":{");
		for (i = 0; i < s->position.count; i++)
			rc |= (i > 0 ? buf_putc(b, ',') : 0) | json_put_str(b, s->position.covers[i].table) |
			    buf_putc(b, ':') | json_put_str(b, pos_text(&s->position.covers[i].from, text));
		rc |= buf_puts(b, "}}");
	}
	rc |= buf_puts(b, ",\"tables\":") | put_tables(b, &s->tables);
	rc |= buf_puts(b, ",\"rebuilds\":") | put_tables(b, &s->rebuilds);
	rc |= buf_putf(b, ",\"dead\":%" PRIu64, s->dead);
	if (lag >= 0)
		rc |= buf_putf(b, ",\"lag\":%.3f", lag);
	return rc | buf_puts(b, "}\n");
}
