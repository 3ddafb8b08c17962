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

#define GTID_TAG 33		/* a tag has up to 32 bytes; with its NUL */
#define GTID_TEXT 96		/* UUID:tag:n with 36 + 1 + 32 + 1 + 19 bytes; MariaDB's d-s-n with 10 + 10 + 20 + 2 */
#define MAX_GTID_SET (1 << 24)	/* bytes of a set's text: far beyond the longest one ever seen, under a line's limit */

struct gtid {
	enum { GTID_NONE, GTID_MYSQL, GTID_MARIADB } kind;
	uint8_t uuid[16];
	char tag[GTID_TAG];	/* "" = none */
	uint32_t domain, server;
	uint64_t n;
};

struct gtid_interval {
	uint64_t from, to;	/* both belong to it */
};

/* MySQL: of one server and tag, in ascending order. MariaDB: the last one of a domain that a server gave. */
struct gtid_source {
	uint8_t uuid[16];
	char tag[GTID_TAG];
	uint32_t domain, server;
	uint64_t last;
	bool newest;		/* of its domain: this is what the set's text has */
	struct gtid_interval *intervals;
	size_t count, cap;
};

struct gtids {
	bool known;		/* else the whole set is not known, and nothing is said of it */
	bool mariadb;
	struct gtid_source *sources;	/* MySQL: in the order of UUIDs and tags */
	size_t count;
	struct buf text;	/* of the set; empty when it is not known or has changed */
	bool text_fits;
};

int	 gtids_init(struct gtids *, struct error *);
void	 gtids_free(struct gtids *);
/* Nothing is known any more. */
void	 gtids_forget(struct gtids *);
/* In place of what is there: `uuid:1-5:7:tag:1-3,…`, or `0-1-100,…` if g->mariadb. -1: RC_FAIL, it is none. */
int	 gtids_parse(struct gtids *, const char *text, struct error *);
/* The same, of either kind, for what a person wrote. */
int	 gtids_parse_any(struct gtids *, const char *text, struct error *);
/* One more; nothing while the set is not known. -1: RC_TEMP, or RC_FAIL for a number that none has. */
int	 gtids_add(struct gtids *, const struct gtid *, struct error *);
/* All of another set, of the same kind, more; what was not known is known then. */
int	 gtids_join(struct gtids *, const struct gtids *more, struct error *);
/* Nothing is in it, and that is known. */
bool	 gtids_is_empty(const struct gtids *);
/* Is all of `part` in it? MariaDB's is a domain's order: what its server, or without one of this server any, has passed. */
bool	 gtids_contain(const struct gtids *, const struct gtids *part);
bool	 gtids_have(const struct gtids *, const struct gtid *);
/* Its text, borrowed until it changes. NULL: no memory. */
const char *gtids_text(struct gtids *);
/* Appends `,"gtids":"…"`, nothing while the set is not known. -1: as buf_add. */
int	 gtids_put(struct buf *, struct gtids *);
/* `uuid:n`, `uuid:tag:n` or `d-s-n`; "" when it is none. */
void	 gtid_text(char text[GTID_TEXT], const struct gtid *);

/* For gtidwire.c: the source, made if need be (NULL: RC_TEMP), and an interval of it. */
struct gtid_source *gtids_source(struct gtids *, const uint8_t uuid[16], const char *tag, struct error *);
int	 gtids_add_interval(struct gtids *, struct gtid_source *, uint64_t from, uint64_t to, struct error *);
int	 gtids_set_last(struct gtids *, uint32_t domain, uint32_t server, uint64_t n, struct error *);

/* What events and commands have, in place of what is in the set. Bodies of PREVIOUS_GTIDS and GTID_LIST events. -1: RC_FAIL,
 * RC_TEMP; a bad cursor. */
int	 gtids_read_previous(struct gtids *, struct cursor *, struct error *);
int	 gtids_read_list(struct gtids *, struct cursor *, struct error *);
/* Appends the set as COM_BINLOG_DUMP_GTID has it. -1: as buf_add. */
int	 gtids_put_wire(struct buf *, const struct gtids *);

/* A GTID event's body. */
struct gtid_event {
	struct gtid id;		/* GTID_NONE: an anonymous transaction */
	uint64_t micro;		/* when it was committed, microseconds since 1970; 0: not said */
};
/* GTID and ANONYMOUS_GTID, or GTID_TAGGED. -1: malformed. */
int	 gtid_read(struct gtid_event *, struct cursor *);
int	 gtid_read_tagged(struct gtid_event *, struct cursor *);

#endif
