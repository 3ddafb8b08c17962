/* SPDX-License-Identifier: ISC */
/* What the server's log has. */
#ifndef SERVERLOG_H
#define SERVERLOG_H

#include "lib/db.h"
#include "lib/error.h"

#define SERVERLOG_TEXT 512

/* Was all of the set executed there? MariaDB: does its log have it? -1: RC_POSITION, no, with what is missing; as db_row. */
int	 serverlog_has(MYSQL *, const struct db_server *, const char *gtids, struct error *);
/* The oldest position that it still has, and the GTIDs before it, for a message; "not known" if it doesn't tell. */
void	 serverlog_oldest(const struct db_options *, char text[SERVERLOG_TEXT]);

#endif
