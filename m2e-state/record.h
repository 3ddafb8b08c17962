/* SPDX-License-Identifier: ISC */
/* A flat JSON object with known members: what position.json and a table's file have in common. */
#ifndef RECORD_H
#define RECORD_H

#include "lib/buf.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/pos.h"

#define MAX_MEMBERS 16

enum member_kind {
	MEMBER_TEXT,
	MEMBER_COUNT,		/* a whole number, 0 or more */
	MEMBER_TIME,		/* Unix seconds, perhaps with a fraction */
	MEMBER_POS,		/* [EPOCH/]FILE:OFFSET */
	MEMBER_STATUS,		/* one of table.c's */
};

struct member {
	const char *name;
	enum member_kind kind;
};

struct record {
	const struct member *members;	/* ends with a NULL name; fixes the order in the file */
	char *values[MAX_MEMBERS];	/* as text; NULL: not there */
};

void	 record_init(struct record *, const struct member *);
void	 record_free(struct record *);
/* Takes the members of a JSON object; each is checked, an unknown one is an error, but one called `other` (may be NULL)
 * is left to the caller. -1: RC_FAIL, the message names the member. */
int	 record_parse(struct record *, const struct json *, int object, const char *other, struct error *);
/* Appends `"name":value,…`, without braces. -1: as buf_add. */
int	 record_put(struct buf *, const struct record *);

/* The value as text; NULL: not there, or no such member. */
const char *record_get(const struct record *, const char *name);
/* Sets it after a check; NULL takes it away. -1: RC_USAGE, the message names the member. */
int	 record_set(struct record *, const char *name, const char *value, struct error *);
/* NAME=VALUE; an empty VALUE takes it away. */
int	 record_assign(struct record *, const char *assignment, struct error *);
/* The member as a position: 1, 0 when there is none. It was checked when it came in. */
int	 record_pos(const struct record *, const char *name, struct pos *);
int	 record_set_pos(struct record *, const char *name, const struct pos *, struct error *);

#endif
