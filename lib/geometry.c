/* SPDX-License-Identifier: ISC */
/* Well-known binary (OGC 06-103r4, 8.2) to GeoJSON. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/cursor.h"
#include "lib/geometry.h"
#include "lib/number.h"

enum { ANY, POINT, LINE, POLYGON, POINTS, LINES, POLYGONS, COLLECTION };

static const char *const names[] = { NULL, "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString",
    "MultiPolygon", "GeometryCollection" };

struct reader {
	struct cursor c;
	struct buf *out;
	bool big;		/* byte order of the geometry at hand */
};

static int	 put_geometry(struct reader *, int depth);

static int
malformed(void)
{
	errno = EBADMSG;
	return -1;
}

static uint32_t
take_u32(struct reader *r)
{
	return (uint32_t)(r->big ? cur_be(&r->c, 4) : cur_le(&r->c, 4));
}

static double
take_double(struct reader *r)
{
	uint64_t bits = r->big ? cur_be(&r->c, 8) : cur_le(&r->c, 8);
	double d;

	memcpy(&d, &bits, sizeof(d));
	return d;
}

/* Byte order and kind; `only`: what it must be, or ANY. 0: malformed. */
static uint32_t
take_head(struct reader *r, uint32_t only)
{
	uint8_t order = cur_u8(&r->c);
	uint32_t kind;

	r->big = order == 0;
	kind = take_u32(r);
	return r->c.bad || order > 1 || kind > COLLECTION || (only != ANY && kind != only) ? 0 : kind;
}

static int
put_point(struct reader *r)
{
	double x = take_double(r), y = take_double(r);

	if (r->c.bad)
		return malformed();
	if (isnan(x) && isnan(y))
		return buf_puts(r->out, "[]");
	if (!isfinite(x) || !isfinite(y))
		return malformed();
	if (buf_putc(r->out, '[') == -1 || number_put_double(r->out, x) == -1 || buf_putc(r->out, ',') == -1 ||
	    number_put_double(r->out, y) == -1)
		return -1;
	return buf_putc(r->out, ']');
}

/* A count, and so many parts as an array. */
static int
put_list(struct reader *r, int (*part)(struct reader *))
{
	uint32_t n = take_u32(r), i;

	if (r->c.bad)
		return malformed();
	if (buf_putc(r->out, '[') == -1)
		return -1;
	for (i = 0; i < n; i++)
		if ((i > 0 && buf_putc(r->out, ',') == -1) || part(r) == -1)
			return -1;
	return buf_putc(r->out, ']');
}

static int
put_line(struct reader *r)
{
	return put_list(r, put_point);
}

static int
put_polygon(struct reader *r)
{
	return put_list(r, put_line);
}

/* Parts with a head of their own. */

static int
put_part(struct reader *r, uint32_t kind, int (*part)(struct reader *))
{
	bool big = r->big;
	int rc = take_head(r, kind) == 0 ? malformed() : part(r);

	r->big = big;
	return rc;
}

static int put_headed_point(struct reader *r) { return put_part(r, POINT, put_point); }
static int put_headed_line(struct reader *r) { return put_part(r, LINE, put_line); }
static int put_headed_polygon(struct reader *r) { return put_part(r, POLYGON, put_polygon); }

static int
put_collection(struct reader *r, int depth)
{
	uint32_t n = take_u32(r), i;

	if (r->c.bad || depth > MAX_GEOMETRY_DEPTH)
		return malformed();
	if (buf_puts(r->out, "\"geometries\":[") == -1)
		return -1;
	for (i = 0; i < n; i++)
		if ((i > 0 && buf_putc(r->out, ',') == -1) || put_geometry(r, depth) == -1)
			return -1;
	return buf_putc(r->out, ']');
}

static int
put_coordinates(struct reader *r, uint32_t kind)
{
	if (buf_puts(r->out, "\"coordinates\":") == -1)
		return -1;
	switch (kind) {
	case POINT: return put_point(r);
	case LINE: return put_line(r);
	case POLYGON: return put_polygon(r);
	case POINTS: return put_list(r, put_headed_point);
	case LINES: return put_list(r, put_headed_line);
	default: return put_list(r, put_headed_polygon);
	}
}

static int
put_geometry(struct reader *r, int depth)
{
	bool big = r->big;
	uint32_t kind = take_head(r, ANY);

	if (kind == 0)
		return malformed();
	if (buf_puts(r->out, "{\"type\":\"") == -1 || buf_puts(r->out, names[kind]) == -1 || buf_puts(r->out, "\",") == -1)
		return -1;
	if ((kind == COLLECTION ? put_collection(r, depth + 1) : put_coordinates(r, kind)) == -1)
		return -1;
	r->big = big;
	return buf_putc(r->out, '}');
}

int
geometry_put_json(struct buf *b, const void *bytes, size_t n)
{
	struct reader r = { .c = cur_of(bytes, n), .out = b };

	cur_take(&r.c, 4);
	if (put_geometry(&r, 0) == -1)
		return -1;
	return cur_left(&r.c) > 0 ? malformed() : 0;
}
