/* SPDX-License-Identifier: ISC */
/* The names of XA transactions (X/Open XA: XID). */
#ifndef XID_H
#define XID_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cursor.h"
#include "lib/sql.h"

#define XID_PART 64	/* bytes that each of its two parts has at most */
#define XID_TEXT (2 * 2 * XID_PART + 32)

struct xid {
	uint32_t format;
	uint8_t lens[2];	/* of gtrid and bqual */
	uint8_t parts[2 * XID_PART];	/* one behind the other; the rest is 0 */
};

/* X'…',X'…',n as the servers log it, behind XA COMMIT and the like. false: it is none. */
bool	 xid_read_sql(struct xid *, struct sql *);
/* From an XA_PREPARE event's body, behind its first byte. -1: malformed. */
int	 xid_read(struct xid *, struct cursor *);
bool	 xid_equal(const struct xid *, const struct xid *);
const char *xid_text(const struct xid *, char text[XID_TEXT]);

#endif
