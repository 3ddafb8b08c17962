/* SPDX-License-Identifier: ISC */
/* A table's file: status, counts, S0, resume point. */
#ifndef TABLE_H
#define TABLE_H

#include <stddef.h>

#include "record.h"
#include "store.h"

enum status {
	STATUS_NONE = -1,
	STATUS_CREATED, STATUS_DUMPING, STATUS_DUMPED, STATUS_MOVING, STATUS_MOVED, STATUS_SYNCING, STATUS_PAUSED,
	STATUS_STALE, STATUS_REMOVED
};
#define STATUS_NAMES "created, dumping, dumped, moving, moved, syncing, paused, stale, removed"

enum status status_find(const char *name);

#define TABLES_DIR "tables"
#define REBUILD_DIR "rebuild"		/* tables that are loaded anew beside the index that they have */

#define TABFILE_NAME 256		/* NAME_MAX and its NUL */

struct tabfile {
	const struct store *store;	/* DIR/tables, or DIR/rebuild */
	struct record r;
	char file[TABFILE_NAME];
};

/* The file's name: both parts percent-encoded; one that is too long is cut and gets a hash. */
void	 tabfile_name(const char *db, const char *name, char file[TABFILE_NAME]);
/* Reads it. 1: it is there; 0: it is not, t is then a new one with status created; -1. In all cases but -1: tabfile_free. */
int	 tabfile_load(struct tabfile *, const struct store *, const char *db, const char *name, struct error *);
/* The same for `DB.TABLE`, cut at the first dot. */
int	 tabfile_load_named(struct tabfile *, const struct store *, const char *dotted, struct error *);
/* The caller holds the lock. */
int	 tabfile_write(const struct tabfile *, struct error *);
/* Takes the file away; it is no error that there is none. The caller holds the lock. */
int	 tabfile_remove(const struct tabfile *, struct error *);
int	 tabfile_lock(const struct tabfile *, unsigned int wait_ms, struct error *);
void	 tabfile_free(struct tabfile *);

enum status tabfile_status(const struct tabfile *);
/* Moves to another status. -1: RC_FAIL when there is no way from the one it has. created forgets all that the last
 * load left; syncing with a note of tabfile_note becomes stale at once; paused keeps in `was` what it was. */
int	 tabfile_move(struct tabfile *, enum status, struct error *);
/* A stale line: its rows may have changed without row events at pos. A syncing table becomes stale; with any other
 * status the reason is noted. Nothing when the table was loaded after that. */
int	 tabfile_note(struct tabfile *, const char *why, const struct pos *, struct error *);

/* MEMBER=VALUE…, the status checked; takes the lock, makes the file. */
int	 tabfile_assign(const struct store *, const char *dotted, char *const assignments[], struct error *);

/* All tables, by name. -1: one can't be read. */
struct tabfile_list {
	struct tabfile *items;
	size_t count;
};
int	 tabfile_list(struct tabfile_list *, const struct store *, struct error *);
void	 tabfile_list_free(struct tabfile_list *);

#endif
