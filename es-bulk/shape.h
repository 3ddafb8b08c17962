/* SPDX-License-Identifier: ISC */
/* What a table's rule makes of a row: where its document is, whether there is to be one, and what it is. */
#ifndef ES_BULK_SHAPE_H
#define ES_BULK_SHAPE_H

#include "es-bulk/target.h"

enum side { BEFORE, AFTER };	/* an update; for other rows both are the same */

struct shape {
	struct json row, old, key, old_key, names;	/* of the row at hand; names: the key's columns */
	const struct change *change;
	struct target *target;
	struct buf text, values;
	char why[256];		/* what is wrong with the row */
};

int	 shape_init(struct shape *, struct error *);
void	 shape_free(struct shape *);
/* Reads the row, which has a key, and whose change must stay while it is at hand. -1: RC_TEMP. */
int	 shape_read(struct shape *, struct target *, const struct change *, struct error *);
/* Where its document is on that side. 1; 0: the row says it wrongly, s->why tells; -1: RC_FAIL for what the stream does not
 * say at all. */
int	 shape_locate(struct shape *, struct target_list *, struct change_reader *, enum side, struct located *,
	    struct error *);
/* Does the row pass the table's filter? 1, 0; -1: RC_FAIL. */
int	 shape_passes(const struct shape *, struct error *);
/* Appends the document, which is there. deleted: its row is gone, and it stays with the mark of that. -1: RC_TEMP. */
int	 shape_put(const struct shape *, const struct located *, bool deleted, struct buf *, struct error *);

#endif
