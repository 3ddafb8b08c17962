/* SPDX-License-Identifier: ISC */
/* What is left of a live load: tables, and ranges of their keys, which readers take, split and finish. All of it is
 * under one lock, and so is the output: what a progress line says is in the stream before it. */
#ifndef DUMP_READER_LEDGER_H
#define DUMP_READER_LEDGER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/event.h"
#include "lib/output.h"
#include "lib/table.h"
#include "lib/stats.h"

#include "keyset.h"

/* A definition and how to read by it, for all readers of the table; counted. */
struct layout {
	struct table *table;
	struct keyset keyset;
	uint64_t definition;	/* its hash */
	struct pos s0;		/* of the rows */
	bool paged;		/* else in one pass */
	unsigned refs;
};

struct range {			/* keys behind `from`, up to and with `to` (bounds of keyset.h; NULL: none) */
	struct live_table *table;
	char *from, *to;
	bool busy;		/* a reader has it */
	bool orphan;		/* and its table does not want it any more */
	struct range *next;
};

struct live_table {
	char *db, *name;
	uint64_t definition;	/* its hash as of s0 */
	struct pos s0;
	uint64_t rows;
	bool begun, opening, failed, one_pass;
	bool proven;		/* the definition is s0's; else both are to be found out anew */
	struct layout *layout;	/* NULL: not looked at yet */
	struct range *ranges;	/* what is left */
	struct live_table *next_begun;
};

struct ledger {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct live_table *tables;	/* by db and name, as bytes */
	size_t count, next;		/* next: the first that has not begun */
	struct live_table *begun;	/* those that have, and are not done */
	struct pos s0;
	struct source source;
	uint64_t rest;			/* of the definitions of those that have not begun */
	unsigned hungry, busy;
	bool filtered;			/* the tables have other rows, too (--where): none is done */
	bool stopped, table_failed;
	struct error error;		/* why it was stopped */
	struct output out;
	uint64_t rows, told_bytes, told_ms;
	struct stats stats;
};

int	 ledger_init(struct ledger *, int fd, struct error *);
void	 ledger_free(struct ledger *);
/* A table's share of `rest`. */
uint64_t ledger_hash(const struct live_table *);
/* Adds a table; all before ledger_sort. Takes nothing over. */
int	 ledger_add(struct ledger *, const char *db, const char *name, uint64_t definition, struct error *);
void	 ledger_sort(struct ledger *);
/* Adds a range to a table that is not being read. Bounds are taken over. */
int	 ledger_add_range(struct live_table *, char *from, char *to, struct error *);

/* A reader's calls. */

/* What to read next, marked as busy: 1; 0: nothing is left; -1: it was stopped. Waits while others may leave some. */
int	 ledger_take(struct ledger *, struct range **, struct error *);
/* Are readers waiting for a part? */
bool	 ledger_is_hungry(struct ledger *);
/* The table of a range with `opening` set is open by this layout (taken over): its schema line. Here and in ledger_commit
 * -1 has stopped the work. */
int	 ledger_open(struct ledger *, struct range *, struct layout *, struct error *);
/* Its position was proven anew, with the definition's hash: the whole table is to be read. */
void	 ledger_restart(struct ledger *, struct range *, const struct pos *s0, uint64_t definition);
/* A reference to the table's layout; NULL: it is to be opened, by the caller. */
struct layout *ledger_layout(struct ledger *, struct range *);
void	 ledger_release(struct ledger *, struct layout *);
/* Writes lines of so many rows; last: the key up to which the range is read now, NULL: as before; end: all of it is.
 * 1; 0: the table is another one by now: nothing was written, the range is the caller's to drop; -1. */
int	 ledger_commit(struct ledger *, struct range *, const struct layout *, struct buf *lines, uint64_t rows, const char *last,
	    bool end, struct error *);
/* Keys behind mid become another range. */
int	 ledger_split(struct ledger *, struct range *, const char *mid, struct error *);
/* The table is to be read anew: proven says whether its definition is still the one of s0; one_pass: in one pass. The
 * range is dropped. */
int	 ledger_again(struct ledger *, struct range *, const struct layout *, bool proven, bool one_pass, struct error *);
/* A table cannot be read: told, and the others go on. The range is dropped. */
void	 ledger_give_up(struct ledger *, struct range *, const struct error *why);
/* Back with a range that another reader made an orphan, or unfinished, since all is stopped. */
void	 ledger_drop(struct ledger *, struct range *);
bool	 ledger_is_stopped(struct ledger *);
/* Ends the work of all readers. */
void	 ledger_stop(struct ledger *, const struct error *);

#endif
