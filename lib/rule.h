/* SPDX-License-Identifier: ISC */
/* Settings of single tables: the members of elastic.tables (m2e-config.5, TABLES). */
#ifndef LIB_RULE_H
#define LIB_RULE_H

#include <stddef.h>

#include "lib/error.h"
#include "lib/json.h"

enum rule_shape {
	RULE_TEXT,		/* a string that is not empty */
	RULE_TEXTS,		/* an array of such */
	RULE_FIELDS,		/* an object of column names, each with such a string or an object */
	RULE_NAMES,		/* an object of column names, each with such a string */
	RULE_OBJECT,		/* any object */
	RULE_JOIN,		/* an object of field, name, of: such strings, and parent: an array of them */
	RULE_TESTS,		/* an object of column names, each with a condition: a value, an array of values (one of them), or
				 * an object of not (a value or an array), gt, gte, lt, lte (a value) */
};

/* One key that exists: the table in rule.c is the only place where they are listed. */
struct rule_key {
	const char *name;
	enum rule_shape shape;
};
extern const struct rule_key rule_keys[];
extern const size_t rule_keys_count;

/* "a string", … for messages and the manual. */
const char *rule_shape_name(enum rule_shape);
/* Does the value have that shape? */
bool	 rule_has_shape(const struct json *, int token, enum rule_shape);
/* Is the value at `token` an object of table patterns, each with an object of such keys? -1: RC_USAGE, the message names
 * file, line and key (path: that of the whole, "elastic.tables"). */
int	 rules_check(const struct json *, int token, const char *file, const char *path, struct error *);

#endif
