/* SPDX-License-Identifier: ISC */
/* Cells that only MariaDB writes (its source: sql/field.cc, sql/field_comp.cc, sql/compat56.cc, plugin/type_uuid). */
#include <errno.h>
#include <string.h>

#include "lib/cursor.h"
#include "lib/inflater.h"

#include "maria.h"

#define MAX_DEFLATE 1032	/* zlib makes no more than this of one byte */

/* In their text's order on all versions, whatever the tables have; zeros at the end are left out. */
int
decode_octets(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	(void)a;
	if (n > octets_count(c->column->kind))
		return -1;
	v->type = VALUE_OCTETS;
	memset(v->octets, 0, sizeof(v->octets));
	memcpy(v->octets, p, n);
	return 0;
}

/* Exactly n bytes. */
static int
inflate_to(char *to, size_t n, struct cursor from, enum compression compression)
{
	static struct inflater x;	/* kept: a new one would allocate */
	struct error e;
	ssize_t got = 0;
	size_t have;
	char beyond;

	if (inflater_start(&x, compression, from, NULL, NULL, &e) == -1) {
		errno = ENOMEM;
		return -1;
	}
	for (have = 0; have < n && (got = inflater_read(&x, to + have, n - have, &e)) > 0; have += (size_t)got)
		;
	return have == n && inflater_read(&x, &beyond, 1, &e) == 0 ? 0 : -1;
}

/* Nothing; 0 and the bytes as they are; or the method (8: zlib) in the upper four bits, "no zlib header" in the next,
 * then of how many bytes the length is that follows, big-endian. */
int
decode_compressed(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	struct cursor cur = cur_of(p, n);
	uint8_t head = n == 0 ? 0 : cur_u8(&cur);
	size_t size;
	char *to;

	(void)c;
	v->type = VALUE_BYTES;
	v->bytes.p = (const char *)cur.p;
	v->bytes.n = cur_left(&cur);
	if (head == 0)
		return 0;
	if (head >> 4 != 8 || (head & 7) == 0 || (head & 7) > 4)
		return -1;
	size = (size_t)cur_be(&cur, head & 7);
	if (cur.bad || size / MAX_DEFLATE > cur_left(&cur) || (to = arena_take(a, size)) == NULL)
		return -1;
	v->bytes.p = to;
	v->bytes.n = size;
	return inflate_to(to, size, cur, head & 8 ? COMPRESSION_DEFLATE : COMPRESSION_ZLIB);
}

/* Temporal types before MySQL 5.6's: one big-endian number in units of the last digit. */

static const uint32_t tens[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };

/* The number in microseconds; one that no type has room for is the largest. */
static uint64_t
micro_from(const struct cell *c, const uint8_t *p, size_t n)
{
	struct cursor cur = cur_of(p, n);
	uint64_t u = cur_be(&cur, n), unit = tens[6 - c->column->fraction];

	return u > INT64_MAX / unit ? INT64_MAX : u * unit;
}

static void
set_clock(struct value_time *t, uint64_t micro)
{
	uint64_t seconds = micro / 1000000;

	t->micro = (uint32_t)(micro % 1000000);
	t->second = (uint8_t)(seconds % 60);
	t->minute = (uint8_t)(seconds / 60 % 60);
}

/* From the largest negative time on. */
static int
decode_time_hires(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	int64_t micro = (int64_t)micro_from(c, p, n) - INT64_C(3020400) * 1000000;
	uint64_t u = micro < 0 ? (uint64_t)-micro : (uint64_t)micro;

	(void)a;
	v->type = VALUE_TIME;
	v->time = (struct value_time){ .negative = micro < 0, .hour = (uint16_t)(u / 1000000 / 3600) };
	set_clock(&v->time, u);
	return u / 1000000 / 3600 > 838 ? -1 : 0;
}

/* year * 13 + month, days of 32, hours of 24 */
static int
decode_datetime_hires(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	uint64_t u = micro_from(c, p, n), hours = u / 1000000 / 3600, days = hours / 24, months = days / 32;

	(void)a;
	v->type = VALUE_TIME;
	v->time = (struct value_time){ .year = (uint16_t)(months / 13), .month = (uint8_t)(months % 13),
	    .day = (uint8_t)(days % 32), .hour = (uint16_t)(hours % 24) };
	set_clock(&v->time, u);
	return months / 13 > 9999 ? -1 : 0;
}

/* Seconds, then the fraction. */
static int
decode_timestamp_hires(const struct cell *c, const uint8_t *p, size_t n, struct value *v, struct arena *a)
{
	struct cursor cur = cur_of(p, n);
	uint32_t seconds = (uint32_t)cur_be(&cur, 4);
	uint64_t micro = micro_from(c, p + 4, n - 4);

	(void)a;
	v->type = VALUE_TIME;
	if (micro > 999999)
		return -1;
	if (seconds == 0 && micro == 0)
		memset(&v->time, 0, sizeof(v->time));
	else
		value_time_from_unix(&v->time, seconds, (uint32_t)micro);
	return 0;
}

static const struct {
	uint8_t code;
	cell_decode *decode;
	uint8_t size[7];	/* by digits */
} hires[] = {
	{ TYPE_TIME, decode_time_hires, { 0, 4, 4, 5, 5, 5, 6 } },
	{ TYPE_DATETIME, decode_datetime_hires, { 0, 6, 6, 7, 7, 7, 8 } },
	{ TYPE_TIMESTAMP, decode_timestamp_hires, { 0, 5, 5, 6, 6, 7, 7 } },
};

void
hires_bind(struct cell *c)
{
	size_t i;

	for (i = 0; i < sizeof(hires) / sizeof(hires[0]); i++)
		if (hires[i].code == c->code) {
			c->decode = hires[i].decode;
			c->size = hires[i].size[c->column->fraction];
		}
}
