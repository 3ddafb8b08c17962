/* SPDX-License-Identifier: ISC */
/* Does a column's definition fit what a table map says of it? */
#include <stdio.h>

#include "cell.h"

static const uint8_t int_codes[] = { [1] = TYPE_TINY, [2] = TYPE_SHORT, [3] = TYPE_INT24, [4] = TYPE_LONG,
    [8] = TYPE_LONGLONG };

/* CHAR, VARCHAR, TEXT and their binary kin: a length in bytes, or how many bytes a length takes. */
static bool
string_fits(const struct cell *c, const struct column *d)
{
	uint32_t unit = d->charset != NULL ? charset_max_bytes(d->charset) : 1;

	if (c->code == TYPE_BLOB_COMPRESSED || c->code == TYPE_VARCHAR_COMPRESSED)
		return true;
	if (d->bytes > 0)
		return c->code == TYPE_BLOB && c->prefix == d->bytes;
	if (d->fixed)
		return (c->code == TYPE_STRING || c->code == TYPE_VAR_STRING) && c->size == d->length * unit;
	return c->code == TYPE_VARCHAR && c->size == d->length * unit;
}

static uint32_t
set_bytes(size_t members)
{
	uint32_t bytes = (uint32_t)(members + 7) / 8;

	return bytes > 4 ? 8 : bytes;
}

static bool
temporal_fits(const struct cell *c, const struct column *d, uint8_t old, uint8_t new)
{
	return c->code == old || (c->code == new && c->meta == d->fraction);
}

static bool
fits(const struct cell *c, const struct column *d)
{
	switch (d->kind) {
	case COLUMN_INT: return c->code == int_codes[d->bytes];
	case COLUMN_DECIMAL: return c->code == TYPE_NEWDECIMAL && c->meta == (d->precision | d->scale << 8);
	case COLUMN_FLOAT: return c->code == TYPE_FLOAT;
	case COLUMN_DOUBLE: return c->code == TYPE_DOUBLE;
	case COLUMN_BIT: return c->code == TYPE_BIT && (uint32_t)(c->meta & 0xff) + (c->meta >> 8) * 8U == d->length;
	case COLUMN_YEAR: return c->code == TYPE_YEAR;
	case COLUMN_DATE: return c->code == TYPE_DATE || c->code == TYPE_NEWDATE;
	case COLUMN_TIME: return temporal_fits(c, d, TYPE_TIME, TYPE_TIME2);
	case COLUMN_DATETIME: return temporal_fits(c, d, TYPE_DATETIME, TYPE_DATETIME2);
	case COLUMN_TIMESTAMP: return temporal_fits(c, d, TYPE_TIMESTAMP, TYPE_TIMESTAMP2);
	case COLUMN_TEXT:
	case COLUMN_BINARY: return string_fits(c, d);
	case COLUMN_ENUM: return c->code == TYPE_ENUM && c->size == (d->members_count < 256 ? 1 : 2);
	case COLUMN_SET: return c->code == TYPE_SET && c->size == set_bytes(d->members_count);
	case COLUMN_JSON: return c->code == TYPE_JSON || (c->code == TYPE_BLOB && c->prefix == 4);
	case COLUMN_GEOMETRY: return c->code == TYPE_GEOMETRY;
	case COLUMN_UUID:
	case COLUMN_INET6: return c->code == TYPE_STRING && c->size == 16;
	case COLUMN_INET4: return c->code == TYPE_STRING && c->size == 4;
	case COLUMN_VECTOR: return c->code == TYPE_VECTOR || c->code == TYPE_VARCHAR;
	}
	return false;
}

const char *
cell_misfit(const struct cell *c, const struct column *d, char text[CELL_TEXT])
{
	if (!fits(c, d))
		snprintf(text, CELL_TEXT, "%s (type %u, metadata %u)", cell_name(c), c->code, c->meta);
	else if (c->nullable != d->nullable)
		snprintf(text, CELL_TEXT, c->nullable ? "nullable" : "NOT NULL");
	else
		return NULL;
	return text;
}
