/* SPDX-License-Identifier: ISC */
/* What is left of a live load. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/retry.h"

#include "ledger.h"
#include "token.h"

#define PROGRESS_BYTES (6 << 20)	/* with what is added to it, a progress line comes every 8 MiB */
#define PROGRESS_MS 1000

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
}

int
ledger_init(struct ledger *w, int fd, struct error *e)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->told_ms = now_ms();
	return output_init(&w->out, fd, MAX_EVENT_LINE, e);
}

static void
range_free(struct range *r)
{
	free(r->from);
	free(r->to);
	free(r);
}

static void
unref(struct layout *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	keyset_free(&s->keyset);
	table_free(s->table);
	free(s);
}

void
ledger_free(struct ledger *w)
{
	struct live_table *t;
	struct range *r;
	size_t i;

	for (i = 0; i < w->count; i++) {
		t = &w->tables[i];
		while ((r = t->ranges) != NULL) {
			t->ranges = r->next;
			range_free(r);
		}
		unref(t->layout);
		free(t->db);
		free(t->name);
	}
	free(w->tables);
	output_free(&w->out);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}

uint64_t
ledger_hash(const struct live_table *t)
{
	uint64_t h = t->definition;
	const char *p;

	for (p = t->db; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3U;
	for (p = t->name, h *= 0x100000001b3U; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 0x100000001b3U;
	return h;
}

int
ledger_add(struct ledger *w, const char *db, const char *name, uint64_t definition, struct error *e)
{
	struct live_table *grown, t = { .definition = definition, .proven = true };

	/* doubling: a server may have a hundred thousand */
	if ((w->count & (w->count - 1)) == 0) {
		grown = reallocarray(w->tables, w->count == 0 ? 1 : 2 * w->count, sizeof(*grown));
		if (grown == NULL)
			return no_memory(e);
		w->tables = grown;
	}
	t.db = strdup(db);
	t.name = strdup(name);
	if (t.db == NULL || t.name == NULL) {
		free(t.db);
		free(t.name);
		return no_memory(e);
	}
	w->tables[w->count++] = t;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct live_table *x = a, *y = b;
	int d = strcmp(x->db, y->db);

	return d != 0 ? d : strcmp(x->name, y->name);
}

void
ledger_sort(struct ledger *w)
{
	size_t i;

	if (w->count > 0)
		qsort(w->tables, w->count, sizeof(*w->tables), by_name);
	w->rest = 0;
	for (i = 0; i < w->count; i++)
		w->rest ^= ledger_hash(&w->tables[i]);
}

int
ledger_add_range(struct live_table *t, char *from, char *to, struct error *e)
{
	struct range *r = malloc(sizeof(*r));

	if (r == NULL) {
		free(from);
		free(to);
		return no_memory(e);
	}
	*r = (struct range){ .table = t, .from = from, .to = to, .next = t->ranges };
	t->ranges = r;
	return 0;
}

static struct range *
waiting_range(const struct ledger *w)
{
	struct live_table *t;
	struct range *r;

	for (t = w->begun; t != NULL; t = t->next_begun)
		for (r = t->opening || t->failed ? NULL : t->ranges; r != NULL; r = r->next)
			if (!r->busy)
				return r;
	return NULL;
}

static int
begin_table(struct ledger *w, struct error *e)
{
	struct live_table *t = &w->tables[w->next];

	if (ledger_add_range(t, NULL, NULL, e) == -1)
		return -1;
	w->next++;
	w->rest ^= ledger_hash(t);
	t->begun = true;
	t->s0 = w->s0;
	t->next_begun = w->begun;
	w->begun = t;
	return 0;
}

static bool
has_next(struct ledger *w)
{
	while (w->next < w->count && w->tables[w->next].begun)	/* as a resume token said */
		w->next++;
	return w->next < w->count;
}

int
ledger_take(struct ledger *w, struct range **r, struct error *e)
{
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->stopped && rc == 0 && (*r = waiting_range(w)) == NULL) {
		if (has_next(w)) {
			rc = begin_table(w, e);
		} else if (w->busy == 0) {
			break;
		} else {
			w->hungry++;
			pthread_cond_wait(&w->changed, &w->lock);
			w->hungry--;
		}
	}
	if (w->stopped)
		rc = -1;
	if (rc == 0 && *r != NULL) {
		w->busy++;
		(*r)->busy = true;
		(*r)->table->opening = (*r)->table->layout == NULL;
		rc = 1;
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

bool
ledger_is_hungry(struct ledger *w)
{
	bool hungry;

	pthread_mutex_lock(&w->lock);
	hungry = w->hungry > 0;
	pthread_mutex_unlock(&w->lock);
	return hungry;
}

struct layout *
ledger_layout(struct ledger *w, struct range *r)
{
	struct layout *s;

	pthread_mutex_lock(&w->lock);
	if ((s = r->orphan ? NULL : r->table->layout) != NULL)
		s->refs++;
	pthread_mutex_unlock(&w->lock);
	return s;
}

void
ledger_release(struct ledger *w, struct layout *s)
{
	pthread_mutex_lock(&w->lock);
	unref(s);
	pthread_mutex_unlock(&w->lock);
}

static void
stop_all(struct ledger *w, const struct error *why)
{
	if (!w->stopped)
		w->error = *why;
	w->stopped = true;
	pthread_cond_broadcast(&w->changed);
}

int
ledger_open(struct ledger *w, struct range *r, struct layout *s, struct error *e)
{
	struct live_table *t = r->table;
	int rc;

	pthread_mutex_lock(&w->lock);
	t->layout = s;
	s->refs = 1;
	s->definition = t->definition;
	s->s0 = t->s0;
	t->opening = false;
	if (s->table->key_count == 0)
		log_warn("table has no key that tells its rows apart: it cannot be kept in step table=%s.%s", t->db, t->name);
	rc = table_put_schema(&w->out.buf, s->table, "server", &t->s0) == -1 ? no_memory(e) : output_flush(&w->out, e);
	if (rc == -1)
		stop_all(w, e);
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

/* The reader has nothing to do with it any more. */
static void
leave(struct ledger *w, struct range *r)
{
	range_free(r);
	w->busy--;
	pthread_cond_broadcast(&w->changed);
}

/* Takes all ranges from a table but `mine`, which its reader drops; those in other readers' hands they drop themselves. */
static void
forget_ranges(struct live_table *t, const struct range *mine)
{
	struct range *r, *next;

	for (r = t->ranges, t->ranges = NULL; r != NULL; r = next) {
		next = r->next;
		r->next = NULL;
		if (r->busy && r != mine)
			r->orphan = true;
		else if (r != mine)
			range_free(r);
	}
}

void
ledger_restart(struct ledger *w, struct range *r, const struct pos *s0, uint64_t definition)
{
	struct live_table *t = r->table;

	pthread_mutex_lock(&w->lock);
	forget_ranges(t, r);
	log_warn("table was altered while it was read: it starts again, with a position of its own table=%s.%s", t->db,
	    t->name);
	free(r->from);
	free(r->to);
	r->from = r->to = NULL;
	t->ranges = r;
	t->rows = 0;
	t->s0 = *s0;
	t->definition = definition;
	t->proven = true;
	pthread_mutex_unlock(&w->lock);
}

static void
unlink_range(struct live_table *t, struct range *r)
{
	struct range **at = &t->ranges;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
}

static void
unlink_table(struct ledger *w, struct live_table *t)
{
	struct live_table **at = &w->begun;

	while (*at != t)
		at = &(*at)->next_begun;
	*at = t->next_begun;
}

static int
put_head(struct buf *b, const char *op, const struct table *t, uint64_t rows)
{
	if (buf_putf(b, "{\"op\":\"%s\",", op) == -1 || buf_add(b, t->label, t->label_len) == -1)
		return -1;
	return buf_putf(b, ",\"rows\":%" PRIu64, rows);
}

static int
put_done(struct ledger *w, struct live_table *t)
{
	struct buf *b = &w->out.buf;

	unlink_table(w, t);
	if (w->filtered) {	/* a load that is done may sweep away what it did not bring */
		log_warn("a part of the table's rows was read (--where): not done table=%s.%s rows=%" PRIu64, t->db, t->name,
		    t->rows);
		return 0;
	}
	log_info("table complete table=%s.%s rows=%" PRIu64, t->db, t->name, t->rows);
	return put_head(b, "done", t->layout->table, t->rows) == -1 || buf_puts(b, ",\"pos\":\"") == -1 ||
	    pos_put(b, &t->s0) == -1 ? -1 : buf_puts(b, "\"}\n");
}

static int
put_progress(struct ledger *w, const struct live_table *t, const struct layout *s)
{
	struct buf *b = &w->out.buf;

	w->told_bytes = 0;
	w->told_ms = now_ms();
	return put_head(b, "progress", s->table, t->rows) == -1 || buf_puts(b, ",\"resume\":") == -1 ||
	    token_put(b, w) == -1 ? -1 : buf_puts(b, "}\n");
}

static int
move_range(struct range *r, const char *last, struct error *e)
{
	char *from = last == NULL ? NULL : strdup(last);

	if (last != NULL && from == NULL)
		return no_memory(e);
	if (from != NULL) {
		free(r->from);
		r->from = from;
	}
	return 0;
}

static int
commit(struct ledger *w, struct range *r, const struct layout *s, struct buf *lines, uint64_t rows, const char *last,
    bool end, struct error *e)
{
	struct live_table *t = r->table;

	if (output_write(&w->out, lines->data, lines->len, e) == -1)
		return -1;
	t->rows += rows;
	w->rows += rows;
	w->told_bytes += lines->len;
	stats_count(&w->stats, t->db, t->name, rows, lines->len);
	if (move_range(r, last, e) == -1)
		return -1;
	/* before the range ends: a progress line of a table that is done would be one too many */
	if ((w->told_bytes >= PROGRESS_BYTES || now_ms() - w->told_ms >= PROGRESS_MS) && put_progress(w, t, s) == -1)
		return no_memory(e);
	if (end) {
		unlink_range(t, r);
		leave(w, r);
		if (t->ranges == NULL && put_done(w, t) == -1)
			return no_memory(e);
	}
	return output_flush(&w->out, e);
}

int
ledger_commit(struct ledger *w, struct range *r, const struct layout *s, struct buf *lines, uint64_t rows, const char *last,
    bool end, struct error *e)
{
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	if (!r->orphan && r->table->layout == s && !w->stopped)
		rc = commit(w, r, s, lines, rows, last, end, e) == -1 ? -1 : 1;
	if (rc == -1)
		stop_all(w, e);
	pthread_mutex_unlock(&w->lock);
	buf_clear(lines);
	return rc;
}

int
ledger_split(struct ledger *w, struct range *r, const char *mid, struct error *e)
{
	char *a = strdup(mid), *b = strdup(mid);
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	if (a == NULL || b == NULL) {
		rc = no_memory(e);
	} else if (!r->orphan && (rc = ledger_add_range(r->table, a, r->to, e)) == 0) {
		r->to = b;
		a = b = NULL;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	free(b);
	if (rc == 0)
		free(a);
	return rc;
}

int
ledger_again(struct ledger *w, struct range *r, const struct layout *s, bool proven, bool one_pass, struct error *e)
{
	struct live_table *t = r->table;
	int rc = 0;

	pthread_mutex_lock(&w->lock);
	if (!r->orphan && t->layout == s) {
		forget_ranges(t, r);
		unref(t->layout);
		t->layout = NULL;
		t->proven = proven;
		t->one_pass = t->one_pass || one_pass;
		t->rows = 0;
		rc = ledger_add_range(t, NULL, NULL, e);
	}
	leave(w, r);
	pthread_mutex_unlock(&w->lock);
	return rc;
}

void
ledger_give_up(struct ledger *w, struct range *r, const struct error *why)
{
	struct live_table *t = r->table;

	pthread_mutex_lock(&w->lock);
	if (!r->orphan) {
		log_error("%s", why->text);
		forget_ranges(t, r);
		unref(t->layout);
		t->layout = NULL;
		t->opening = false;
		t->failed = w->table_failed = true;
		t->rows = 0;
	}
	leave(w, r);
	pthread_mutex_unlock(&w->lock);
}

void
ledger_drop(struct ledger *w, struct range *r)
{
	pthread_mutex_lock(&w->lock);
	if (r->orphan) {
		leave(w, r);
	} else {	/* all is being stopped */
		r->busy = false;
		w->busy--;
	}
	pthread_mutex_unlock(&w->lock);
}

void
ledger_stop(struct ledger *w, const struct error *why)
{
	pthread_mutex_lock(&w->lock);
	stop_all(w, why);
	pthread_mutex_unlock(&w->lock);
}

bool
ledger_is_stopped(struct ledger *w)
{
	bool stopped;

	pthread_mutex_lock(&w->lock);
	stopped = w->stopped;
	pthread_mutex_unlock(&w->lock);
	return stopped;
}
