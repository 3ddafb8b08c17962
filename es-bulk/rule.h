/* SPDX-License-Identifier: ISC */
/* What the configuration says of single tables (m2e-config.5, TABLES). */
#ifndef ES_BULK_RULE_H
#define ES_BULK_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/glob.h"
#include "lib/json.h"

#include "es-bulk/template.h"

struct rule_list;

/* Documents of several tables in one index: join.h. */
struct join {
	char *field, *name;	/* NULL: none */
	char *of;		/* the parents' name; NULL: these are parents */
	int parent;		/* columns that hold the parent's key */
};

/* Tokens are of json; -1: the key is not given. */
struct rule {
	const char *pattern;	/* of "db.table" */
	bool exact;		/* it can be one table only: every column that the rule names must exist */
	const struct json *json;
	const struct rule_list *list;	/* that it is in */
	int id, routing, when, include, exclude, rename, booleans, soft_delete, pipeline;
	int types, settings, mappings, load;
	struct template index;	/* count 0: not given */
	struct join join;
};

struct rule_list {
	struct glob_list patterns;
	struct rule *items;	/* one a pattern */
	size_t count;
	struct json json;
	char *text;
};

/* text: a JSON object, or NULL: no rules. where: where it stands, for messages. -1: RC_USAGE, RC_TEMP; rules_free is due in
 * any case. */
int	 rules_init(struct rule_list *, const char *text, const char *where, struct error *);
/* The same from a file, which may say types, settings and mappings only; NULL: no rules. */
int	 rules_read(struct rule_list *, const char *file, struct error *);
void	 rules_free(struct rule_list *);
/* The first whose pattern fits; NULL: none does. */
const struct rule *rule_find(const struct rule_list *, const char *db, const char *table);
/* Does it say of rows what their documents are, or where? r may be NULL. */
bool	 rule_shapes(const struct rule *);
/* Does the list at token t (-1: there is none) hold the name? And the name at token `name` of another JSON? */
bool	 rule_has(const struct rule *, int t, const char *name);
bool	 rule_lists(const struct rule *, int t, const struct json *, int name);
/* The name of the column's field, malloc'ed; *skip: it has none. NULL: there is no memory, or *skip. r may be NULL. */
char	*rule_field(const struct rule *, const char *column, bool *skip);
/* The text at token t, malloc'ed; NULL: there is none, or no memory. */
char	*rule_text(const struct rule *, int t);
/* Do the columns that it names exist? columns: a schema line's, JSON that is checked; NULL: unknown. Asked of exact rules
 * only (r may be NULL). And: do two columns get one name? -1: RC_USAGE. */
int	 rule_check(const struct rule *, const char *table, const char *columns, size_t n, struct error *);

#endif
