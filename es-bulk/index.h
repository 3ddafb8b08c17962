/* SPDX-License-Identifier: ISC */
/* A table's index: an alias over an index of our own, its mapping, and whose changes it holds (es-bulk.1, INDICES). */
#ifndef ES_BULK_INDEX_H
#define ES_BULK_INDEX_H

#include "lib/json.h"

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

#define MAX_INDEX_BODY ((size_t)16 << 20)	/* bytes of a request: a mapping of 4096 columns takes some 500 KB */

/* What stands behind an alias. */
struct index {
	struct json json;	/* of the answer in bulk->call; valid until the next request */
	char *name;		/* of the index itself */
	char *source;		/* _meta.m2e: NULL where it names none */
	char *s0, *born;
	char *load;		/* settings that a load has changed, as they were, JSON; NULL: none */
	char *stale;		/* the position since which its documents may not be what the rows are; NULL: they are */
	char *replaces;		/* the indices whose place it took, a JSON array; NULL: it did not */
	uint64_t epoch;
	int meta, m2e, properties;	/* tokens; -1: absent */
	char *spare;		/* a second index that the alias has */
	bool ours;		/* _meta.m2e names the table */
};

/* Reads what the alias stands for. 1: read; 0: there is no such alias nor index; -1. index_free is due in any case. */
int	 index_look(struct bulk *, const struct place *, struct index *, struct error *);
/* The same of another of the table's aliases. */
int	 index_look_at(struct bulk *, const struct place *, const char *alias, struct index *, struct error *);
void	 index_free(struct index *);
/* METHOD /NAME/rest. 0: there is an answer, whatever its status; -1. */
int	 index_ask(struct bulk *, const char *method, const char *name, const char *rest, const struct buf *body,
	    struct error *);
/* Appends `"m2e":{…}`, or what the table's is called, as *x has it. -1: as buf_add. */
int	 index_put_m2e(struct buf *, const struct target *, const struct index *);
/* Writes _meta.m2e as *x has it, which index_look has just read; what others keep in _meta stays. */
int	 index_put_meta(struct bulk *, const struct place *, const struct index *x, struct error *);

/* A load up to pos is complete: was the index made for it, so that nothing else can be in it? */
int	 index_was_born_for(struct bulk *, struct place *, struct slice pos, bool *born, struct error *);
/* Keeps that position; what was stale before it is not any more. */
int	 index_loaded(struct bulk *, struct place *, struct slice pos, struct error *);
/* A stale line: the index, if there is one, says so, unless the load that it holds is no older. p->stale follows.
 * Everything is drained. -1: as bulk_step. */
int	 index_stale(struct bulk *, struct place *, const struct change *, struct error *);
/* Makes places of all aliases under which the table has an index of ours, where that depends on rows. -1: as bulk_step. */
int	 index_find_places(struct bulk *, struct target_list *, struct target *, struct error *);
/* Removes the index behind the alias, if there is one. */
int	 index_drop(struct bulk *, struct place *, struct error *);
/* Makes all that was written visible to a search. */
int	 index_refresh(struct bulk *, struct place *, struct error *);
/* Appends a segment of a path, percent-encoded. */
int	 path_put(struct buf *, const char *segment, size_t n);

#endif
