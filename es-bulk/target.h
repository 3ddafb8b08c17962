/* SPDX-License-Identifier: ISC */
/* The tables seen so far, and where their documents go. */
#ifndef ES_BULK_TARGET_H
#define ES_BULK_TARGET_H

#include <locale.h>

#include "es-bulk/change.h"
#include "es-bulk/rule.h"

#define MAX_ALIAS 255		/* bytes: the engines' limit on names */
#define MAX_INDEX_SUFFIX 15	/* of them: "@YYYYMMDDhhmmss" */
#define REBUILD_SUFFIX "@rebuild"	/* of the alias of an index that is to take another's place: rebuild.h */

struct target;

/* Where documents go: an alias over an index of ours. */
struct place {
	struct target *target;
	char *name;			/* the table's alias, where readers look */
	char *alias;			/* the one written to: name and the list's suffix */
	struct slice index_start, delete_start;	/* an action line up to its id; malloc'ed */
	uint64_t hash;			/* of alias, where documents' hashes start */
	bool checked;			/* its index is there and is ours, under the source in force */
	char *born;			/* the position of the load that its index was made for, until that is complete; or NULL */
	bool stale;			/* its rebuild brings what it refuses: index.h, struct index */
	bool told;			/* that something is left to that */
	bool loading;			/* it has the settings of a load: load.h */
	struct place *next;		/* of the same table */
};

/* Where a document is. */
struct located {
	struct place *place;
	struct buf name;	/* its id, a JSON string, and behind that `,"routing":"…"` where it has one */
	size_t id_n;		/* of name, the id's bytes */
};

/* A table. */
struct target {
	char *table;			/* "db.table" as the stream writes it */
	size_t db_len;			/* of it, the database's name */
	const struct rule *rule;	/* NULL: none */
	const struct rule *mapping;	/* the one whose types, settings and mappings hold */
	const struct rule *when;	/* the one whose when holds */
	bool unfit;			/* as it is defined now its index cannot hold it: its rows are left to its rebuild */
	bool is_plain;			/* nothing is said of it: its documents are its rows, in one place */
	const struct template *index;	/* of the alias */
	char *pattern;			/* the alias, with * for what rows say in it */
	char *meta;			/* under which member of its index's _meta it is: "m2e", or one of its own in a join */
	struct place *places;		/* those seen so far, the last used first; the only one where rows say nothing */
	char *definition;		/* key and columns of its last schema line, as they stood there; NULL: none yet */
	size_t definition_len;
	struct slice key, columns;	/* of it; p NULL: none */
};

/* What is said of tables. */
struct target_options {
	struct rule_list rules;
	struct rule_list mappings, whens;	/* of --mapping-file and --when: they go before the rules' */
	struct template index;		/* for tables whose rule names none */
	const char *suffix;		/* of every alias: REBUILD_SUFFIX, or NULL: none */
};

struct target_list {
	struct target **slots;		/* open addressing, at most half full */
	size_t count, mask;
	struct target *last;
	struct slice last_db, last_table;	/* how last was written; bytes of last->raw */
	struct buf raw;
	struct buf name;
	struct target_options o;
	locale_t utf8;
};

/* The options must stay. */
int	 target_list_init(struct target_list *, const struct target_options *, struct error *);
void	 target_list_free(struct target_list *);
/* The change's table, made where it is new. NULL: RC_FAIL for a name that no index can have; RC_TEMP. */
struct target *target_find(struct target_list *, struct change_reader *, const struct change *, struct error *);
/* The same for a name as people write it, "db.table". NULL: RC_USAGE too. */
struct target *target_named(struct target_list *, const char *name, struct error *);
/* The table's place with that name, which is put in lower case and checked. NULL: RC_FAIL for a name that no index can
 * have; RC_TEMP. name: may be the list's own buffer. */
struct place *place_find(struct target_list *, struct target *, const char *name, struct error *);
/* Are other tables' documents in its index too? */
static inline bool
target_is_joined(const struct target *t)
{
	return t->rule != NULL && t->rule->join.field != NULL;
}
/* Does the table's place depend on the row? */
static inline bool
target_by_row(const struct target *t)
{
	return t->index->by_row;
}
/* Keeps the definition that a schema line gives. -1: RC_TEMP. */
int	 target_define(struct target *, struct slice key, struct slice columns, struct error *);
/* Is it the one that it has? */
bool	 target_is_defined(const struct target *, struct slice key, struct slice columns);
/* Are all of its places checked? */
bool	 target_is_checked(const struct target *);
/* Says that the table's indices must be looked at again; and every table's. */
void	 target_uncheck(struct target *);
void	 target_uncheck_all(struct target_list *);

#endif
