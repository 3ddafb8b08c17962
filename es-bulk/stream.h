/* SPDX-License-Identifier: ISC */
/* The stream from standard input, line by line, to the engine. */
#ifndef ES_BULK_STREAM_H
#define ES_BULK_STREAM_H

#include "lib/line.h"
#include "lib/stats.h"

#include "es-bulk/bulk.h"
#include "es-bulk/prepare.h"
#include "es-bulk/shape.h"
#include "es-bulk/target.h"

enum policy { POLICY_APPLY, POLICY_IGNORE, POLICY_STOP };

struct stream_options {
	struct bulk_options bulk;
	enum policy truncate, drop, rename;
	bool merge_partial;
	bool require_acks;
	bool print_mapping;		/* and nothing else */
	bool stats;
	struct target_options tables;
};

struct stream {
	struct stream_options o;
	struct bulk bulk;
	struct line_reader lines;
	struct change_reader reader;
	struct target_list targets;
	struct index_source source;
	struct located to, from;	/* of the row at hand: where its document is, and was before an update */
	struct shape shape;
	struct buf shaped, merged;
	uint64_t quiet_rows;		/* rows since the last control line */
	uint64_t quiet_ms;		/* when the first of them came; blocked time counts as none */
	bool quiet_told;
	uint64_t told_ms;		/* last line on how far it is */
	struct stats stats;
	uint64_t printed;		/* mappings */
};

/* What the options say of tables must stay. -1: RC_USAGE, RC_TEMP; stream_free is due in any case. */
int	 stream_init(struct stream *, const struct stream_options *, struct error *);
void	 stream_free(struct stream *);
/* Until the end of input. Returns the exit status (RC_OK, RC_DEAD, or RC_TEMP for a last line that was cut off or a
 * signal); -1 for an error. */
int	 stream_run(struct stream *, struct error *);
/* Is the index there and ours? Looked at once, everything before it being done; pos: index_prepare's. */
int	 stream_check_index(struct stream *, struct place *, struct slice pos, struct error *);

#endif
