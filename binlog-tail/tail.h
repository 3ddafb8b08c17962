/* SPDX-License-Identifier: ISC */
/* What the parts of binlog-tail share: where the stream stands, the open transaction, the lines that go out. */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/event.h"
#include "lib/glob.h"
#include "lib/output.h"
#include "lib/pos.h"
#include "lib/value.h"

#include "executed.h"
#include "gtid.h"
#include "history.h"
#include "names.h"
#include "packed.h"
#include "place.h"
#include "rows.h"
#include "tablemap.h"
#include "xa.h"

#define TS_TEXT 32
#define HEARTBEAT_LINE_MS 900	/* the server's heartbeats come each 500 ms: at least one line a second */

/* An event's rows by what they hold: a row after (1), before (2), both. A bit each, and one for no rows. */
enum { ONLY_CONTROL = 1 << 0, ONLY_INSERT = 1 << 1, ONLY_DELETE = 1 << 2, ONLY_UPDATE = 1 << 3 };

struct tail_options {
	struct glob_list tables, excluded;	/* no tables: all of them */
	struct value_options values;
	bool no_old;
	unsigned only;		/* which ops' rows: ONLY_… bits; 0: all */
	bool query;		/* rows tell the statement that changed them */
	struct pos explain;	/* the event there is shown to a person, and nothing else; unset: a stream */
	bool anonymous;		/* columns that nothing names have numbers */
	bool leave_out;		/* rows whose columns nobody can name any more: their table is stale, and they are left out */
};

/* A transaction, or a statement that is one by itself. It lies in one file. */
enum group_state {
	GROUP_NONE,
	GROUP_OPEN,		/* its first statement is to come, and may be all of it */
	GROUP_BEGUN,		/* until its XID, COMMIT or ROLLBACK */
};
struct group {
	enum group_state state;
	uint64_t serial;	/* counts them: a table map holds for one only */
	uint64_t rows;
	uint64_t items;		/* rows and statements that lines were due for so far: the same ones whenever it is read */
	bool lines;		/* a commit line must follow */
	bool skipped;		/* it was sent before: nothing of it is looked at but its end */
	bool xa;		/* its rows are logged at XA PREPARE and may never be committed */
	struct gtid id;
	char ts[TS_TEXT];	/* commit time with its fraction, where the server logs that; else "" */
};

struct tail {
	const struct tail_options *o;
	struct error *e;
	struct output out;
	bool broken;		/* nobody reads it any more, or it cannot be written */
	struct source source;
	bool mariadb;
	bool folds_names;	/* the server's names are in lower case (lower_case_table_names=1), statements' need not be */
	bool offline;		/* from files: no clock */
	bool skipping;		/* the event at hand lies before skip_to: only its GTID is looked at */

	struct place at;	/* the event at hand */
	const uint8_t *event;	/* its bytes */
	size_t event_bytes;
	struct packed packed;	/* where they come from, if at.packed */
	struct pos row_pos;	/* the row at hand; its file and epoch are those of at.pos */
	struct pos told;	/* the last commit's or heartbeat's */
	struct pos boundary;	/* the last transaction's end: where to resume */
	struct pos until;	/* the first transaction's end there or behind it is the end; unset: none is */
	uint64_t skip_to;	/* events of the first file that start before it are not looked at */
	uint64_t written;	/* items of the open transaction whose lines went out before the connection was lost */
	bool explained;		/* --explain: the event was found */
	bool source_said;	/* for this file, since the last (re)start */
	int64_t expect_created;	/* the first file's, 0: anything */

	struct group group;
	struct buf query;	/* the statement whose rows come; empty: not logged, or told already */
	char ts[TS_TEXT];	/* of the event at hand, or its transaction's */
	uint32_t ts_seconds;
	uint64_t now_ms, line_ms;	/* the clock at the last look; when the last commit or heartbeat went out */

	unsigned int events;	/* since the clock was looked at */
	unsigned long announce;	/* grows when schema lines are due again */
	struct maps maps;
	struct names names;
	struct executed executed;
	struct xa xa;
	struct history history;
	struct rows_buffers rows;
};

int	 tail_init(struct tail *, const struct tail_options *, struct error *);
void	 tail_free(struct tail *);
/* A (new) connection or file begins: nothing is open, and a transaction that was is repeated without its lines. */
void	 tail_restart(struct tail *);
/* Not inside a transaction: the place to stop at. */
bool	 tail_at_boundary(const struct tail *);
/* Where a stream that begins anew loses nothing: the last transaction's end, or where the oldest XA transaction began whose rows
 * are held. */
const struct pos *tail_resume(const struct tail *);
/* Is --until reached? */
bool	 tail_done(const struct tail *);

/* Lines are due for one more item of the open transaction. Were they written before the connection was lost? */
static inline bool
tail_is_written(struct tail *t)
{
	return ++t->group.items <= t->written;
}

/* Is the table one of those asked for? *from: rows before it do not count (unset: all do). */
bool	 tail_chooses(const struct tail *, const char *db, const char *table, struct pos *from);

/* The lines. All: -1 with t->e. */
int	 tail_put_source(struct tail *);
int	 tail_put_heartbeat(struct tail *);
/* The same when it is time for one; looks at the clock. */
int	 tail_heartbeat_due(struct tail *);
/* A line that was just appended to t->out.buf is whole. was: the buffer's length before it; rc: of appending it. */
int	 tail_line(struct tail *, size_t was, int rc);
int	 tail_memory(struct tail *);
/* Everything is written out. -1: t->broken is set. */
int	 tail_flush(struct tail *);
/* Appends `,"pos":"…","ts":…` of the event at hand. -1: as buf_add. */
int	 tail_put_where(struct tail *, const struct pos *);

void	 group_open(struct tail *, enum group_state);
/* The event at hand, which ends at `end`, is the transaction's last. */
int	 group_end(struct tail *, uint64_t end);

#endif
