/* SPDX-License-Identifier: ISC */
/* Parents and children: documents of several tables in one index, a child's beside its parent's (m2e-config.5, join). */
#ifndef ES_BULK_JOIN_H
#define ES_BULK_JOIN_H

#include "es-bulk/rule.h"

/* Do the joins of all rules fit each other? -1: RC_USAGE. */
int	 join_check(const struct rule_list *, struct error *);
/* Appends the mapping of the rule's join field: all relations of its rules. -1: as buf_add. */
int	 join_put_mapping(struct buf *, const struct rule *);
/* Appends `"query":{…},`, which finds the documents of the rule's tables alone; nothing where others have no documents in
 * their index. r may be NULL. -1: as buf_add. */
int	 join_put_query(struct buf *, const struct rule *);

#endif
