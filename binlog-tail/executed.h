/* SPDX-License-Identifier: ISC */
/* The stream's place among GTIDs: which transactions were executed, which of them are not wanted again, where it ends. */
#ifndef EXECUTED_H
#define EXECUTED_H

#include "lib/cursor.h"

#include "gtid.h"

struct tail;

struct executed {
	struct gtids set;	/* up to the boundary */
	struct gtids from;	/* known: what is in it was sent before. MariaDB: the domains that have not come there yet */
	struct gtids until;	/* known: the stream ends when all of it is executed */
	struct gtids listed;	/* what the file at hand says was executed before it */
	bool from_server;	/* the server leaves out what is in `from` by itself */
	bool file_checked;	/* the first file does not begin behind `from` */
	bool unproven;		/* the file does not follow the last one by its name: only its list can tell that nothing is missing */
};

int	 executed_init(struct executed *, struct error *);
void	 executed_free(struct executed *);
/* Whose sets these are, once that is known. */
void	 executed_kind(struct executed *, bool mariadb);
/* Are the sets to begin and end at of this kind of server? -1: RC_USAGE. */
int	 executed_fits(struct tail *);
/* Begins at a set, which is all that is known to be executed. server: it leaves out by itself what is in the set. */
int	 executed_from(struct executed *, const char *set, bool mariadb, bool server, struct error *);
/* The list that the file at hand begins with. -1 with t->e: RC_POSITION where something is missing; a bad cursor. */
int	 executed_read_list(struct tail *, struct cursor *);
/* A transaction begins. 1: it was sent before; 0; -1: RC_POSITION. */
int	 executed_begin(struct tail *, const struct gtid *);
/* The open transaction has ended. -1: RC_POSITION, RC_TEMP. */
int	 executed_end(struct tail *, const struct gtid *);
/* The file at hand goes on without a list that proves that it follows. Returns -1, RC_POSITION. */
int	 executed_unproven(struct tail *);
/* The end of the files. -1: RC_POSITION, they did not come to where the stream was to begin. */
int	 executed_finish(struct tail *);

#endif
