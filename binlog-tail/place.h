/* SPDX-License-Identifier: ISC */
/* Where a stream of events stands: offsets are counted, as servers leave end_log_pos 0 or wrapped in places. */
#ifndef PLACE_H
#define PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "format.h"

#define FILE_START 4	/* bytes of a file's magic number */

struct place {
	struct pos pos;			/* where the event at hand starts, or the next one will */
	struct format format;		/* of the file at hand */
	struct event_header header;	/* of the event at hand */
	bool counted;			/* it lies in the file; else the server made it for us */
	bool from_file;			/* there is no server: not even a relay log's made-up events lack a checksum */
	bool relay;			/* the file is a relay log; */
	bool relayed;			/* and has told of which file its events are: positions are those of its source */
	char next_relay[MAX_BINLOG_NAME + 1];	/* the relay log in which this one goes on, as its end says; "": none yet */
	bool file_starts;		/* the next format event lies in the file: we are at its start */
	bool packed;			/* what is looked at came out of the event at hand, which is compressed */
	uint64_t rows;			/* in it so far */
};

/* The next event, whole: checks its length, its checksum, its order; reads format events. body: what is behind its header,
 * without the checksum. -1: RC_FAIL, the message does not say where. */
int	 place_take(struct place *, const uint8_t *event, size_t n, struct cursor *body, struct error *);
/* The next one of the events that the event at hand holds: header is then its own, but size and log_pos stay. -1 as above. */
int	 place_take_inner(struct place *, const uint8_t *event, size_t n, struct cursor *body, struct error *);
/* The offset of the next row, which starts that many bytes behind the event's start. Out of a compressed event: of the byte
 * that has its ordinal there, at most the last one. */
uint64_t place_row(struct place *, size_t inside);
/* Does the event at hand end the file? A relay log also has its source's rotate events, which do not. */
bool	 place_file_ends(const struct place *);
/* Goes the relay log at hand on in the file of that name, so that the place stays as it is, be it in a transaction? */
bool	 place_goes_on(const struct place *, const char *name);
/* Past the event at hand; a rotate event's body leads to another file. -1 as above. */
int	 place_leave(struct place *, const struct cursor *body, struct error *);

#endif
