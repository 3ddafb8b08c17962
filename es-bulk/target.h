/* SPDX-License-Identifier: ISC */
/* The tables seen so far, and where their documents go. */
#ifndef ES_BULK_TARGET_H
#define ES_BULK_TARGET_H

#include "es-bulk/change.h"

#define MAX_ALIAS 255		/* bytes: the engines' limit on names */
#define MAX_INDEX_SUFFIX 15	/* of them: "@YYYYMMDDhhmmss" */

struct target {
	char *table;			/* "db.table" as the stream writes it */
	size_t db_len;			/* of it, the database's name */
	char *alias;			/* table in lower case */
	char *index_start, *delete_start;	/* an action line up to its id */
	size_t index_start_len, delete_start_len;
	uint64_t hash;			/* of alias, where documents' hashes start */
	bool checked;			/* its index is there and is ours, under the source in force */
	char *definition;		/* key and columns of its last schema line, as they stood there; NULL: none yet */
	size_t definition_len;
};

struct target_list {
	struct target **slots;		/* open addressing, at most half full */
	size_t count, mask;
	struct target *last;
	struct slice last_db, last_table;	/* how last was written; bytes of last->raw */
	struct buf raw;
	struct buf name;
};

int	 target_list_init(struct target_list *, struct error *);
void	 target_list_free(struct target_list *);
/* The change's table, made where it is new. NULL: RC_FAIL for a name that no index can have; RC_TEMP. */
struct target *target_find(struct target_list *, struct change_reader *, const struct change *, struct error *);
/* Says that every table's index must be looked at again. */
void	 target_uncheck_all(struct target_list *);

#endif
