/* SPDX-License-Identifier: ISC */
/* Delivery: N lanes of bulk requests side by side, one loop, acknowledgements behind them. */
#ifndef ES_BULK_BULK_H
#define ES_BULK_BULK_H

#include "lib/retry.h"

#include "es-bulk/ack.h"
#include "es-bulk/batch.h"
#include "es-bulk/change.h"
#include "es-bulk/dead.h"
#include "es-bulk/http.h"
#include "es-bulk/metrics.h"
#include "es-bulk/throttle.h"

#define FIRST_WAIT_MS 20	/* before the second try */

struct located;			/* target.h */
struct place;

/* What becomes of rows. */
enum bulk_mode {
	BULK_WRITE,
	BULK_PRINT,			/* the requests are printed, the engine is not asked */
	BULK_VERIFY,			/* documents are read and compared: verify.h */
};

struct bulk_options {
	enum bulk_mode mode;
	struct http_options *http;
	unsigned int jobs;		/* lanes */
	size_t batch_bytes;		/* of a request's body at most; a larger document goes alone */
	size_t batch_count;
	uint32_t max_wait_ms;		/* between two tries, where the engine does not say how long */
	uint32_t max_retries;		/* of one request in a row; UINT32_MAX: for ever */
	uint64_t retry_for_ms;		/* without that anything went through; 0: for ever */
	uint32_t linger_ms;		/* how long rows wait for company while the engine is idle */
	size_t max_line;
	const char *dead_file;		/* NULL: the first document that is refused ends it */
	uint64_t max_dead;
	bool rebuilds;			/* stale tables are rebuilt (on_schema_change): refused rows of theirs are no dead letters */
	const char *metrics_file;	/* NULL: none */
};

/* A lane has one request in flight and the next one filling. A document's changes all take the same lane, but for
 * snapshots, so their order holds; while items of a request wait to be retried, the lane sends nothing newer. */
struct lane {
	enum lane_state { LANE_IDLE, LANE_SENT, LANE_WAITING } state;
	struct http_call call;
	struct batch batches[2];
	struct batch *sent, *filling;
	struct buf ask;			/* BULK_VERIFY: the request */
	size_t limit;			/* items of a request: halved by 413 and 400, doubled by success; 0: all */
	size_t asked;			/* items in the request in flight */
	uint64_t wake_ms;		/* LANE_WAITING: when to try again */
	struct retry retry;
	bool full;			/* filling takes no more */
};

struct bulk {
	struct bulk_options o;
	struct http http;
	struct lane *lanes;
	unsigned int turn;		/* which lane is looked at first: all come first in their turn */
	unsigned int loading;		/* the lane that snapshots go to */
	struct throttle throttle;
	struct metrics metrics;
	struct ack ack;
	struct dead dead;
	struct http_call call;		/* for engine_ask */
	struct retry retry;
	uint32_t lacks;			/* field types that the engine does not have: mapping.h */
	bool no_gc_deletes;		/* it does not let that setting be set */
	bool hurry;			/* nothing is to linger: what follows waits for it */
	bool impatient;			/* bulk_ask tries once only: for --check and --count */
	bool asked_again;		/* bulk_ask had to send its last request more than once */
	int signal_fd;
	uint64_t stop_ms;		/* told to stop: by when at the latest; 0: not */
	uint64_t rows;			/* taken so far */
	uint64_t blocked_ms;		/* time in which input was not read, because the engine was behind */
	struct {
		char why[256];		/* the last that was told */
		bool told;		/* and nobody was told that it is over */
		uint64_t told_ms, since_ms, times;
		uint64_t moved_ms;	/* when something went through, or since_ms */
	} trouble;
	struct {
		uint64_t requests, items, stale, left, retried, folded, bytes, differences;
	} count;
};

/* -1: RC_USAGE, RC_TEMP; bulk_free is due in any case. */
int	 bulk_init(struct bulk *, const struct bulk_options *, struct error *);
void	 bulk_free(struct bulk *);

/* Queues one write of a document, with the row that is being taken (b->rows is its number); where its lane is full, waits.
 * row: p NULL for a delete. -1: as bulk_step. */
int	 bulk_put(struct bulk *, const struct change *, const struct located *, struct slice row, struct error *);
/* A row is left to the rebuild of the place's table, which is told once. */
void	 bulk_leave(struct bulk *, struct place *, uint64_t line, const char *why);
/* Waits until every row taken so far is done with. -1: as bulk_step. */
int	 bulk_drain(struct bulk *, struct error *);
/* Queues a control line behind the rows taken so far. */
int	 bulk_control(struct bulk *, const struct change *, struct error *);

/* One turn: ends, starts and moves requests, acknowledges, then waits up to wait_ms (-1: for ever) unless there was
 * something to do. starved: no input is at hand, so idle lanes send what they have. input: whether there is some on
 * standard input is told in *readable; NULL: not asked, nor waited for.
 * -1: RC_FAIL for what a person must mend, RC_TEMP when told to stop and not done by then. */
int	 bulk_step(struct bulk *, bool starved, int wait_ms, bool *readable, struct error *);

/* Tells of a trouble once, and again when its reason changes, but not in a flood; bulk_well, that it is over. */
void	 bulk_trouble(struct bulk *, const char *why);
void	 bulk_well(struct bulk *);
/* The same, and how long to wait before the next try, of those that r counts: *wait_ms, asked_ms where the engine says so.
 * -1: RC_TEMP, it is to be given up. */
int	 bulk_wait(struct bulk *, struct retry *r, uint32_t asked_ms, const char *why, uint32_t *wait_ms, struct error *);
/* Sends one request and waits for its answer, in b->call, for as long as faults are temporary; everything taken has
 * been drained. 0: there is an answer, whatever its status. -1: as bulk_step. */
int	 bulk_ask(struct bulk *, const char *method, const char *path, const struct buf *body, struct error *);
/* The answer's refusal as an error: RC_FAIL, "what: HTTP 400: type: reason"; returns -1. */
int	 bulk_refused(const struct bulk *, const char *what, struct error *);

/* lane.c */
int	 lane_init(struct bulk *, struct lane *, struct error *);
void	 lane_free(struct bulk *, struct lane *);
/* Sends what is filling; the lane is idle. */
int	 lane_send(struct bulk *, struct lane *, struct error *);
/* Sends again what waits. */
int	 lane_again(struct bulk *, struct lane *, struct error *);
/* Its request is done. -1: RC_FAIL: the answer stops the stream. */
int	 lane_ended(struct bulk *, struct lane *, struct error *);
/* The oldest row that is not done; UINT64_MAX: none is waiting here. */
uint64_t lane_oldest(const struct lane *);

#endif
