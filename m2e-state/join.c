/* SPDX-License-Identifier: ISC */
/* Joining and leaving the main stream. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "join.h"
#include "position.h"
#include "table.h"

#define TABLE_WAIT_MS 1000	/* outlasts a person's `set`; a pipe holds it longer */

/* Loads the table under its lock (*lock: to be closed). As tabfile_load. */
static int
load_locked(struct tabfile *t, const struct store *tables, const char *name, int *lock, struct error *e)
{
	int rc;

	if (tabfile_load_named(t, tables, name, e) == -1)
		return -1;
	*lock = tabfile_lock(t, TABLE_WAIT_MS, e);
	tabfile_free(t);
	if (*lock == -1)
		return -1;
	if ((rc = tabfile_load_named(t, tables, name, e)) == -1)
		close(*lock);
	return rc;
}

/* The table's rows are in the index, and its own file or the main stream says up to where. */
static bool
is_loaded(const struct tabfile *t)
{
	switch (tabfile_status(t)) {
	case STATUS_MOVED:
	case STATUS_SYNCING:
	case STATUS_PAUSED:
	case STATUS_STALE:
		return true;
	default:
		return false;
	}
}

/* Up to where the table has caught up. -1: it has not been loaded. */
static int
table_point(const struct tabfile *t, const char *name, struct point *at, struct error *e)
{
	if (!is_loaded(t))
		return error_set(e, RC_FAIL, "%s is not loaded: it is %s", name, record_get(&t->r, "status"));
	if (!record_pos(&t->r, "pos", &at->pos) && !record_pos(&t->r, "s0", &at->pos))
		return error_set(e, RC_FAIL, "%s has no position: it was loaded from a source that gave none", name);
	at->server = record_get(&t->r, "server");
	at->created = record_get(&t->r, "created");
	return 0;
}

static bool
same_source(const struct point *at, const struct record *r, const struct pos *pos)
{
	const char *server = record_get(r, "server");

	return at->pos.epoch == pos->epoch && (at->server == NULL || server == NULL || strcmp(at->server, server) == 0);
}

/* May the table enter a stream that stands at main? */
static int
check_caught_up(const struct position *p, const char *name, const struct point *at, struct error *e)
{
	char here[POS_TEXT], there[POS_TEXT];
	struct pos main;

	if (position_find(p, name) != NULL || !record_pos(&p->r, "pos", &main))
		return 0;
	if (!same_source(at, &p->r, &main))
		return error_set(e, RC_FAIL, "%s is at %s of server %s, the main stream at %s of server %s: load it again",
		    name, pos_text(&at->pos, here), at->server != NULL ? at->server : "?", pos_text(&main, there),
		    record_get(&p->r, "server") != NULL ? record_get(&p->r, "server") : "?");
	if (pos_cmp(&at->pos, &main) < 0)
		return error_set(e, RC_FAIL, "%s has caught up to %s, the main stream is at %s already: catch up first",
		    name, pos_text(&at->pos, here), pos_text(&main, there));
	return 0;
}

/* The main stream's first position, or a new one, since it covers nothing: the earliest of the tables'. Each one's own
 * place keeps out what it has. */
static int
first_position(struct position *p, const struct point *at, struct error *e)
{
	struct pos main;

	if (!record_pos(&p->r, "pos", &main))
		return point_set(&p->r, at, e);
	if (!same_source(at, &p->r, &main))
		return error_set(e, RC_FAIL, "the tables were loaded from different sources: join them one after another");
	return pos_cmp(&at->pos, &main) < 0 ? point_set(&p->r, at, e) : 0;
}

static int
enter(struct position *p, const struct store *tables, const char *name, bool first, struct error *e)
{
	struct point at = { 0 };
	struct tabfile t;
	int lock, rc = load_locked(&t, tables, name, &lock, e);

	if (rc == -1)
		return -1;
	if (rc == 0)
		rc = error_set(e, RC_FAIL, "%s is not known here: nothing has loaded it", name);
	else if ((rc = table_point(&t, name, &at, e)) == 0)
		rc = first ? first_position(p, &at, e) : check_caught_up(p, name, &at, e);
	if (rc == 0)
		rc = position_cover(p, name, &at.pos, e);
	tabfile_free(&t);
	close(lock);
	return rc;
}

/* A stale table stays stale: being streamed does not mend it. */
static int
mark_syncing(const struct store *tables, const char *name, struct error *e)
{
	struct tabfile t;
	int lock, rc = load_locked(&t, tables, name, &lock, e);

	if (rc == -1)
		return -1;
	if (tabfile_status(&t) != STATUS_STALE && (rc = tabfile_move(&t, STATUS_SYNCING, e)) == 0) {
		if (tabfile_status(&t) == STATUS_STALE)
			log_warn("table %s is stale since its load: %s", name, record_get(&t.r, "why"));
		rc = tabfile_write(&t, e);
	}
	tabfile_free(&t);
	close(lock);
	return rc == -1 ? -1 : 0;
}

int
join_tables(const struct store *dir, const struct store *tables, char *const names[], struct error *e)
{
	struct position p;
	int lock = store_lock(dir, POSITION_FILE, 0, e), rc;
	bool first;
	size_t i;

	if (lock == -1)
		return -1;
	if ((rc = position_load(&p, dir, e)) == -1) {
		close(lock);
		return -1;
	}
	if ((first = p.count == 0))
		record_free(&p.r);
	for (i = 0, rc = 0; rc == 0 && names[i] != NULL; i++)
		rc = enter(&p, tables, names[i], first, e);
	/* covered first: a crash here leaves a table that is streamed, and whose status the same call mends */
	if (rc == 0)
		rc = position_write(&p, dir, e);
	for (i = 0; rc == 0 && names[i] != NULL; i++)
		rc = mark_syncing(tables, names[i], e);
	position_free(&p);
	close(lock);
	return rc;
}

/* Has the rebuilt table come to where the main stream stands, or further, *at? */
static int
check_rebuilt(const struct position *p, const char *name, const struct tabfile *t, struct point *at, struct error *e)
{
	struct pos main;

	if (table_point(t, name, at, e) == -1)
		return -1;
	if (position_find(p, name) == NULL)
		return error_set(e, RC_FAIL, "the main stream does not cover %s", name);
	if (!record_pos(&p->r, "pos", &main) || !same_source(at, &p->r, &main) || pos_cmp(&at->pos, &main) < 0)
		return error_set(e, RC_FAIL, "the rebuilt %s has not come to where the main stream is", name);
	return 0;
}

/* The rebuilt table's file takes the table's place; that it was added by command, and not chosen, stays. */
static int
take_over(const struct store *tables, struct tabfile *rebuilt, const struct tabfile *old, struct error *e)
{
	const struct store *rebuilds = rebuilt->store;
	int rc;

	if (record_set(&rebuilt->r, "added", record_get(&old->r, "added"), e) == -1 ||
	    tabfile_move(rebuilt, STATUS_SYNCING, e) == -1)
		return -1;
	rebuilt->store = tables;
	rc = tabfile_write(rebuilt, e);
	rebuilt->store = rebuilds;
	return rc == 0 ? tabfile_remove(rebuilt, e) : -1;
}

/* With position.json locked. */
static int
adopt(const struct store *dir, const struct store *tables, struct tabfile *rebuilt, const char *name, bool only_check,
    struct error *e)
{
	struct point at = { 0 };
	struct tabfile old;
	struct position p;
	int lock, rc;

	if (position_load(&p, dir, e) == -1)
		return -1;
	/* what it has beyond the main stream is not for it once more; first, so that a crash after it is mended by the same call */
	if ((rc = check_rebuilt(&p, name, rebuilt, &at, e)) == 0 && !only_check &&
	    (rc = position_cover(&p, name, &at.pos, e)) == 0)
		rc = position_write(&p, dir, e);
	position_free(&p);
	if (rc == -1 || only_check)
		return rc;
	if (load_locked(&old, tables, name, &lock, e) == -1)
		return -1;
	rc = take_over(tables, rebuilt, &old, e);
	tabfile_free(&old);
	close(lock);
	return rc;
}

int
adopt_table(const struct store *dir, const struct store *tables, const char *name, bool only_check, struct error *e)
{
	int lock = store_lock(dir, POSITION_FILE, 0, e), own, rc;
	struct store rebuilds;
	struct tabfile t;

	if (lock == -1)
		return -1;
	if ((rc = store_open_in(&rebuilds, dir, REBUILD_DIR, true, e)) == 0) {
		if ((rc = load_locked(&t, &rebuilds, name, &own, e)) != -1) {
			rc = rc == 1 ? adopt(dir, tables, &t, name, only_check, e) :
			    error_set(e, RC_FAIL, "%s is not being rebuilt", name);
			tabfile_free(&t);
			close(own);
		}
		store_close(&rebuilds);
	}
	close(lock);
	return rc;
}

int
forget_tables(const struct store *tables, char *const names[], struct error *e)
{
	struct tabfile t;
	int lock, rc = 0;

	for (; rc != -1 && *names != NULL; names++) {
		if (load_locked(&t, tables, *names, &lock, e) == -1)
			return -1;
		rc = tabfile_remove(&t, e);
		tabfile_free(&t);
		close(lock);
	}
	return rc;
}

/* Writes into the table's own file that it was covered up to the main stream's place. */
static int
hand_back(const struct position *p, const struct store *tables, const char *name, struct error *e)
{
	struct point main = { .server = record_get(&p->r, "server"), .created = record_get(&p->r, "created") };
	struct tabfile t;
	struct pos own;
	int lock, rc = load_locked(&t, tables, name, &lock, e);

	if (rc == -1)
		return -1;
	if (rc == 1 && is_loaded(&t) && record_pos(&p->r, "pos", &main.pos) &&
	    (!record_pos(&t.r, "pos", &own) || pos_cmp(&own, &main.pos) < 0) &&
	    (rc = point_set(&t.r, &main, e)) == 0)
		rc = tabfile_write(&t, e);
	tabfile_free(&t);
	close(lock);
	return rc == -1 ? -1 : 0;
}

int
leave_tables(const struct store *dir, const struct store *tables, char *const names[], struct error *e)
{
	int lock = store_lock(dir, POSITION_FILE, 0, e), rc;
	struct position p;
	struct cover *c;
	size_t i, left = 0;

	if (lock == -1)
		return -1;
	if ((rc = position_load(&p, dir, e)) == -1) {
		close(lock);
		return -1;
	}
	for (i = 0, rc = 0; rc == 0 && names[i] != NULL; i++) {
		if ((c = position_find(&p, names[i])) == NULL)
			continue;
		if ((rc = hand_back(&p, tables, names[i], e)) == 0) {
			position_uncover(&p, c);
			left++;
		}
	}
	if (rc == 0 && left > 0)
		rc = position_write(&p, dir, e);
	position_free(&p);
	close(lock);
	return rc;
}
