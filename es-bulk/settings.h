/* SPDX-License-Identifier: ISC */
/* Settings of an index: with what it is made, and which of them it has otherwise. */
#ifndef ES_BULK_SETTINGS_H
#define ES_BULK_SETTINGS_H

#include "lib/json.h"

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

/* Appends the members of an object that are not called skip or skip2, each with a comma behind it. -1: as buf_add. */
int	 members_put(struct buf *, const struct json *, int object, const char *skip, const char *skip2);
/* Takes the last of these commas back, if there is one. */
void	 comma_drop(struct buf *);
/* Appends the settings with which the table's index is made: members, without braces. Ours first, in names with dots, so
 * that the rule's stand beside them as they are. -1: as buf_add, or e. */
int	 settings_put(struct buf *, const struct target *, const struct bulk *, struct error *);
/* Tells of the rule's settings that the index has otherwise. -1: as bulk_ask. */
int	 settings_tell(struct bulk *, const struct place *, const char *index, struct error *);

#endif
