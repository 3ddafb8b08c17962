/* SPDX-License-Identifier: ISC */
/* Acknowledgement: control lines wait here until every row before them is durable, then go to standard output. */
#ifndef ES_BULK_ACK_H
#define ES_BULK_ACK_H

#include "lib/output.h"

#include "es-bulk/change.h"

struct ack {
	struct output out;
	struct buf lines;		/* waiting, in order, each with its LF */
	size_t first;			/* where the oldest begins in lines */
	struct ack_line {
		uint64_t rows;		/* how many rows must be done before it */
		size_t n;
		bool position;		/* a commit or heartbeat: the newest of a run stands for all */
	} *queue;
	size_t head, count, cap;	/* queue[head..head + count) */
	uint64_t written;		/* lines so far */
};

int	 ack_init(struct ack *, int fd, size_t max_line, struct error *);
void	 ack_free(struct ack *);
/* Queues a control line that comes behind `rows` rows. */
int	 ack_add(struct ack *, const struct change *, uint64_t rows, struct error *);
/* All rows before number `done` are durable: hands what waited for no more than them to the output. Not flushed. */
int	 ack_advance(struct ack *, uint64_t done, struct error *);
/* How many rows the oldest line waits for; UINT64_MAX: no line waits. */
uint64_t ack_next(const struct ack *);
/* Is so much waiting that no more should be read before some of it is out? */
bool	 ack_full(const struct ack *);

#endif
