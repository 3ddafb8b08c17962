/* SPDX-License-Identifier: ISC */
/* The names of XA transactions (MySQL manual, "XA Transaction SQL Statements"; MySQL source, XA_prepare_event). */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xid.h"

static int
nibble(char c)
{
	if (isdigit((unsigned char)c))
		return c - '0';
	return isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* X'6162' appended to the parts. */
static bool
read_part(struct xid *x, size_t part, struct sql *s)
{
	size_t at = part == 0 ? 0 : x->lens[0], i;
	struct sql_token t;

	if (!sql_take(s, "x"))
		return false;
	t = sql_next(s);
	if (t.type != SQL_STRING || t.len % 2 != 0 || (t.len - 2) / 2 > XID_PART)
		return false;
	for (i = 1; i + 1 < t.len; i += 2) {
		int high = nibble(t.text[i]), low = nibble(t.text[i + 1]);

		if (high == -1 || low == -1)
			return false;
		x->parts[at++] = (uint8_t)(high << 4 | low);
	}
	x->lens[part] = (uint8_t)((t.len - 2) / 2);
	return true;
}

bool
xid_read_sql(struct xid *x, struct sql *s)
{
	struct sql_token t;
	size_t i;

	memset(x, 0, sizeof(*x));
	x->format = 1;
	if (!read_part(x, 0, s) || (sql_take_mark(s, ',') && !read_part(x, 1, s)))
		return false;
	if (!sql_take_mark(s, ','))
		return true;
	t = sql_next(s);
	for (x->format = 0, i = 0; t.type == SQL_NUMBER && i < t.len; i++)
		x->format = x->format * 10 + (uint32_t)(t.text[i] - '0');
	return t.type == SQL_NUMBER;
}

int
xid_read(struct xid *x, struct cursor *c)
{
	uint32_t gtrid, bqual;
	const uint8_t *parts;

	memset(x, 0, sizeof(*x));
	x->format = cur_u32(c);
	gtrid = cur_u32(c);
	bqual = cur_u32(c);
	if (gtrid > XID_PART || bqual > XID_PART || (parts = cur_take(c, gtrid + bqual)) == NULL)
		return -1;
	x->lens[0] = (uint8_t)gtrid;
	x->lens[1] = (uint8_t)bqual;
	memcpy(x->parts, parts, gtrid + bqual);
	return 0;
}

bool
xid_equal(const struct xid *a, const struct xid *b)
{
	return a->format == b->format && memcmp(a->lens, b->lens, sizeof(a->lens)) == 0 &&
	    memcmp(a->parts, b->parts, sizeof(a->parts)) == 0;
}

const char *
xid_text(const struct xid *x, char text[XID_TEXT])
{
	size_t i, n = 0, gtrid = x->lens[0], all = gtrid + x->lens[1];

	n += (size_t)snprintf(text + n, XID_TEXT - n, "X'");
	for (i = 0; i < all; i++)
		n += (size_t)snprintf(text + n, XID_TEXT - n, "%s%02x", i == gtrid ? "',X'" : "", x->parts[i]);
	snprintf(text + n, XID_TEXT - n, "%s',%u", all == gtrid ? "',X'" : "", (unsigned)x->format);
	return text;
}
