/* SPDX-License-Identifier: ISC */
/* What the configuration says of single tables (m2e-config.5, TABLES). */
#ifndef ES_BULK_RULE_H
#define ES_BULK_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/glob.h"
#include "lib/json.h"

/* Tokens are of json; -1: the key is not given. */
struct rule {
	const char *pattern;	/* of "db.table" */
	bool exact;		/* it can be one table only: every column that the rule names must exist */
	const struct json *json;
	int types, settings, mappings, load;
};

struct rule_list {
	struct glob_list patterns;
	struct rule *items;	/* one a pattern */
	struct json json;
	char *text;
};

/* text: JSON that rules_check has passed, or NULL: no rules. -1: RC_USAGE, RC_TEMP; rules_free is due in any case. */
int	 rules_init(struct rule_list *, const char *text, struct error *);
/* The same from a file, which may say types, settings and mappings only; NULL: no rules. */
int	 rules_read(struct rule_list *, const char *file, struct error *);
void	 rules_free(struct rule_list *);
/* The first whose pattern fits; NULL: none does. */
const struct rule *rule_find(const struct rule_list *, const char *db, const char *table);
/* Do the columns that it names exist? columns: a schema line's, JSON that is checked; NULL: unknown. Asked of exact rules
 * only (r may be NULL). -1: RC_USAGE. */
int	 rule_check(const struct rule *, const char *table, const char *columns, size_t n, struct error *);

#endif
