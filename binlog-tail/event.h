/* SPDX-License-Identifier: ISC */
/* Takes the stream's events, one after the other. */
#ifndef EVENT_H
#define EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "tail.h"

/* One whole event, header and checksum included. -1 with t->e: RC_FAIL for what is not understood, RC_POSITION when the
 * file is not the one that was asked for. */
int	 event_take(struct tail *, const uint8_t *event, size_t n);
/* Takes what t->xa replays, at the place of the event at hand. -1 as above. */
int	 event_replay(struct tail *);
/* Positions begin again, in the next epoch, at the file at hand. -1: RC_FAIL, there is none left. */
int	 event_next_epoch(struct tail *);
/* What comes next is the start of the file of that name. */
int	 event_follow(struct tail *, const char *name);
/* The event at hand is wrong: fills t->e in with its position and first bytes. Returns -1. */
int	 event_error(struct tail *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The position to begin at lies behind where its file ends. Returns -1, RC_POSITION. */
int	 event_beyond(struct tail *, const char *file, uint64_t end);
/* The event at hand stands outside of any transaction: begun inside one, or garbage. Returns -1, RC_POSITION. */
int	 event_out_of_place(struct tail *);
/* Puts the same before an error that is there already. */
int	 event_at(struct tail *);

#endif
