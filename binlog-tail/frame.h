/* SPDX-License-Identifier: ISC */
/* Events that hold neither rows nor statements: they tell where files and transactions begin and end, and what the rows to come
 * are of. Each takes the event at hand, c being its body. -1: with t->e, or c is bad or the event malformed. */
#ifndef FRAME_H
#define FRAME_H

#include "tail.h"

int	 frame_on_format(struct tail *, struct cursor *);
int	 frame_on_heartbeat(struct tail *, struct cursor *);
int	 frame_on_incident(struct tail *, struct cursor *);
int	 frame_on_gtid(struct tail *, struct cursor *);
int	 frame_on_maria_gtid(struct tail *, struct cursor *);
int	 frame_on_table_map(struct tail *, struct cursor *);
int	 frame_on_xid(struct tail *, struct cursor *);
int	 frame_on_xa_prepare(struct tail *, struct cursor *);
int	 frame_on_rows_query(struct tail *, struct cursor *);
int	 frame_on_companion(struct tail *, struct cursor *);
int	 frame_on_start_encryption(struct tail *, struct cursor *);
/* What a file's format description tells of its server: less than the server itself would, as MySQL's UUID is not in it. */
void	 frame_tell_source(struct tail *);

#endif
