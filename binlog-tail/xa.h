/* SPDX-License-Identifier: ISC */
/* XA transactions: their rows are logged when they are prepared, and count when they are committed, if ever. Between the two
 * they are held in a file. */
#ifndef XA_H
#define XA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "gtid.h"
#include "xid.h"

#define MAX_PREPARED (1 << 16)	/* XA transactions that are prepared at a time: a server has less room for them */

struct xa {
	bool hold;		/* else rows of chosen tables in them are refused */
	bool blind;		/* the stream began where some that were prepared before may not be known */
	const char *dir;	/* where the file is; NULL: $TMPDIR */
	int fd;			/* it has no name; 0: there is none yet */
	bool rows;		/* the open transaction has some */
	uint64_t begun, end;	/* in the file: where the open transaction's events begin, and its end */
	struct xa_prepared {	/* in their order */
		struct xid xid;
		uint64_t at, len;	/* in the file: its events */
		struct pos from;	/* where it began in the log */
		char *gtids;		/* executed up to there; NULL: not known */
	} *list;
	size_t count, cap;
	bool replaying;
	uint64_t next, stop;	/* what is replayed still */
	uint8_t *event;		/* the one that was read last */
	size_t event_cap;
};

void	 xa_free(struct xa *);
/* Nothing is held any more. */
void	 xa_clear(struct xa *);
/* The open transaction is read again from its start. */
void	 xa_restart(struct xa *);
/* Another event of the open transaction, up to the end of its body. -1: RC_FAIL, the file cannot be written. */
int	 xa_keep(struct xa *, const uint8_t *event, const uint8_t *end, struct error *);
/* The open transaction, which began there, is prepared. -1: RC_FAIL for one that is already. */
int	 xa_prepare(struct xa *, const struct xid *, const struct pos *from, struct gtids *executed, struct error *);
/* Begins to replay: the open transaction (NULL), or a prepared one; false: there is none of that name. */
bool	 xa_replay(struct xa *, const struct xid *);
/* The next event, borrowed until the next call. 1; 0: there is none more, -1: RC_FAIL. */
int	 xa_next(struct xa *, const uint8_t **event, size_t *n, struct error *);
/* It was committed or rolled back; NULL: the open one was. */
void	 xa_forget(struct xa *, const struct xid *);
/* The first that has rows: a stream that begins behind its start would lose these. NULL: none. */
const struct xa_prepared *xa_oldest(const struct xa *);

#endif
