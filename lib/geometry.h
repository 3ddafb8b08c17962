/* SPDX-License-Identifier: ISC */
/* Geometries as the servers store them, to GeoJSON (RFC 7946). */
#ifndef LIB_GEOMETRY_H
#define LIB_GEOMETRY_H

#include <stddef.h>

#include "lib/buf.h"

#define MAX_GEOMETRY_DEPTH 60	/* collections in collections; a level is two of JSON's MAX_JSON_DEPTH */

/* bytes: a number of the spatial reference system, four bytes, and WKB of either byte order. Coordinates go out as they
 * are stored, x first, which is the longitude in a geographic system on every server; the system's number does not go
 * out. A point of no numbers is an empty one. -1: EBADMSG for what is no geometry of these kinds, or a coordinate that is
 * no number; else as buf_add. What was appended until then stays. */
int	 geometry_put_json(struct buf *, const void *bytes, size_t n);

#endif
