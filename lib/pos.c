/* SPDX-License-Identifier: ISC */
/* Positions. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/pos.h"
#include "lib/put.h"

/* Decimal digits from s to end (exclusive), nothing else; -1 on anything else or above max. */
static int
digits(const char *s, const char *end, uint64_t max, uint64_t *v)
{
	*v = 0;
	if (s == end)
		return -1;
	for (; s < end; s++) {
		if (*s < '0' || *s > '9' || *v > (max - (uint64_t)(*s - '0')) / 10)
			return -1;
		*v = *v * 10 + (uint64_t)(*s - '0');
	}
	return 0;
}

int
pos_parse(struct pos *p, const char *text, struct error *e)
{
	const char *colon = strrchr(text, ':'), *slash = strchr(text, '/'), *file = text;
	struct pos got = { 0 };
	uint64_t epoch = 0;

	if (colon == NULL || digits(colon + 1, text + strlen(text), UINT64_MAX, &got.offset) == -1)
		goto bad;
	if (slash != NULL) {
		if (slash > colon || digits(text, slash, UINT32_MAX, &epoch) == -1)
			goto bad;
		file = slash + 1;
	}
	if (file >= colon || (size_t)(colon - file) > MAX_BINLOG_NAME)
		goto bad;
	got.epoch = (uint32_t)epoch;
	memcpy(got.file, file, (size_t)(colon - file));
	*p = got;
	return 0;
bad:
	return error_set(e, RC_USAGE, "not a position ([EPOCH/]FILE:OFFSET): %s", text);
}

char *
pos_write(char *to, const struct pos *p)
{
	if (p->epoch != 0) {
		to = put_u(to, p->epoch);
		*to++ = '/';
	}
	to = put_raw(to, p->file, strlen(p->file));
	*to++ = ':';
	return put_u(to, p->offset);
}

int
pos_put(struct buf *b, const struct pos *p)
{
	char *to = buf_room(b, POS_TEXT);

	if (to == NULL)
		return -1;
	b->len = (size_t)(pos_write(to, p) - b->data);
	return 0;
}

const char *
pos_text(const struct pos *p, char text[POS_TEXT])
{
	*pos_write(text, p) = '\0';
	return text;
}

/* Where the number at the end of the name starts. */
static const char *
number_of(const char *file)
{
	const char *s = file + strlen(file);

	while (s > file && isdigit((unsigned char)s[-1]))
		s--;
	return s;
}

int64_t
pos_file_number(const char *file)
{
	const char *s = number_of(file);
	uint64_t v;

	return digits(s, s + strlen(s), INT32_MAX, &v) == -1 ? -1 : (int64_t)v;
}

bool
pos_same_basename(const char *a, const char *b)
{
	size_t na = (size_t)(number_of(a) - a), nb = (size_t)(number_of(b) - b);

	return na == nb && memcmp(a, b, na) == 0;
}

int
pos_cmp(const struct pos *a, const struct pos *b)
{
	int64_t na, nb;

	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	if (strcmp(a->file, b->file) != 0) {
		na = pos_file_number(a->file);
		nb = pos_file_number(b->file);
		if (na != nb)
			return na < nb ? -1 : 1;
	}
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

int
pos_version(const struct pos *p, uint64_t *version, struct error *e)
{
	int64_t number = pos_file_number(p->file);
	char text[POS_TEXT];

	if (p->epoch > MAX_EPOCH || number < 0 || number > MAX_FILE_NUMBER || p->offset > MAX_OFFSET)
		return error_set(e, RC_FAIL, "position does not fold into a version (epoch up to %d, "
		    "file number up to %d, offset up to %" PRIu64 "): %s", MAX_EPOCH, MAX_FILE_NUMBER,
		    (uint64_t)MAX_OFFSET, pos_text(p, text));
	*version = (uint64_t)p->epoch << 56 | (uint64_t)number << 36 | p->offset;
	if (*version < 2)
		*version = 2;
	return 0;
}
