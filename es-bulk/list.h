/* SPDX-License-Identifier: ISC */
/* Every document of a place, by id: over a point in time (a page that is lost is asked for again), or by scroll where an
 * engine has no points in time (a page that is lost means to begin again). */
#ifndef ES_BULK_LIST_H
#define ES_BULK_LIST_H

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

struct list_hit {
	struct slice id;	/* JSON strings, quotes included; borrowed until the next hit */
	struct slice routing;	/* p NULL: none */
	uint64_t version;
};

struct list_user {
	/* -1 ends the list. It may queue writes, but not ask the engine (bulk_ask): the page is in its answer. */
	int (*each)(void *, const struct list_hit *, struct error *);
	/* What was given so far comes again from the beginning; may be NULL. */
	void (*again)(void *);
	void *arg;
};

/* Gives every document of the place's table that a refresh makes visible, in no order. Everything is drained before and after. -1: as
 * bulk_step, or what `each` says. */
int	 list_documents(struct bulk *, struct place *, const struct list_user *, struct error *);

#endif
