/* SPDX-License-Identifier: ISC */
/* Query events: statements, as transactions' borders and as DDL. */
#ifndef QUERY_H
#define QUERY_H

#include <stdint.h>

#include "lib/cursor.h"
#include "lib/error.h"
#include "lib/pos.h"

#include "packed.h"
#include "place.h"
#include "statement.h"

struct tail;

struct query {
	const char *db;		/* NUL-terminated */
	const char *sql;
	size_t len;
	uint16_t charset;	/* of the client: a collation's number; 0: not said */
	uint64_t sql_mode;
};

/* The body of a query event, MariaDB's compressed one too. Everything in q is borrowed from the event, or from what packed
 * made of it. -1: malformed, or what packed_body says. */
int	 query_parse(struct query *, const struct place *, struct packed *, struct cursor *, struct error *);
/* What it may do; see statement_read. */
int	 query_statement(struct statement *, const struct query *, struct error *);
/* Appends a stale line. -1 with t->e. */
int	 query_put_stale(struct tail *, const char *db, const char *table, const char *why, const struct pos *);
/* The XA transaction of that name, or the open one (NULL), is committed by the event at hand: its rows count now. */
int	 query_commit_xa(struct tail *, const struct xid *);
int	 query_on_event(struct tail *, struct cursor *);

#endif
