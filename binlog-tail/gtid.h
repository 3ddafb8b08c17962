/* SPDX-License-Identifier: ISC */
/* Sets of GTIDs: what was executed up to a place. */
#ifndef GTID_H
#define GTID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/cursor.h"
#include "lib/error.h"

#define GTID_TEXT 64		/* UUID:n with 36 + 1 + 19 bytes; MariaDB's d-s-n with 10 + 10 + 20 + 2 */
#define MAX_GTID_SET (1 << 24)	/* bytes of a set's text: far beyond the longest one ever seen, under a line's limit */

struct gtid {
	enum { GTID_NONE, GTID_MYSQL, GTID_MARIADB } kind;
	uint8_t uuid[16];
	uint32_t domain, server;
	uint64_t n;
};

struct gtid_interval {
	uint64_t from, to;	/* both belong to it */
};

/* Of one server (MySQL), in ascending order, or of one domain (MariaDB: the last one only). */
struct gtid_source {
	uint8_t uuid[16];
	uint32_t domain, server;
	uint64_t last;
	struct gtid_interval *intervals;
	size_t count, cap;
};

struct gtids {
	bool known;		/* else the whole set is not known, and nothing is said of it */
	bool mariadb;
	struct gtid_source *sources;
	size_t count;
	struct buf text;	/* of the set; empty when it is not known or has changed */
	bool text_fits;
};

int	 gtids_init(struct gtids *, struct error *);
void	 gtids_free(struct gtids *);
/* Nothing is known any more. */
void	 gtids_forget(struct gtids *);
/* From text: `uuid:1-5:7,…` or `0-1-100,…`. -1: RC_FAIL, it is neither (tags are not read yet). */
int	 gtids_parse(struct gtids *, const char *text, struct error *);
/* From the body of a PREVIOUS_GTIDS or GTID_LIST event. -1: RC_FAIL; a bad cursor. */
int	 gtids_read_previous(struct gtids *, struct cursor *, struct error *);
int	 gtids_read_list(struct gtids *, struct cursor *, struct error *);
/* One more; nothing while the set is not known. -1: RC_TEMP, or RC_FAIL for a number that none has. */
int	 gtids_add(struct gtids *, const struct gtid *, struct error *);
/* Appends `,"gtids":"…"`, nothing while the set is not known. -1: as buf_add. */
int	 gtids_put(struct buf *, struct gtids *);
/* `uuid:n`, or `d-s-n`; "" when it is none. */
void	 gtid_text(char text[GTID_TEXT], const struct gtid *);

#endif
