/* SPDX-License-Identifier: ISC */
/* What MariaDB's events leave open although they name the columns (MariaDB source, Table_map_log_event, Field_fbt). */
#include <stdio.h>
#include <string.h>

#include "doubt.h"

/* VECTOR came with 11.7: before it a VARBINARY is one. */
static bool
has_vectors(const char *version)
{
	unsigned major, minor;

	return sscanf(version, "%u.%u", &major, &minor) != 2 || major > 11 || (major == 11 && minor >= 7);
}

/* The types that are stored as this one is. */
static const char *
may_be(const struct column *c, bool vectors)
{
	if (c->kind == COLUMN_TEXT && c->bytes == 4 && charset_is_utf8(c->charset))
		return "JSON";
	if (c->kind != COLUMN_BINARY || c->bytes > 0)
		return NULL;
	if (c->fixed)
		return c->length == 16 ? "UUID or INET6" : c->length == 4 ? "INET4" : NULL;
	return vectors && c->length % 4 == 0 ? "VECTOR" : NULL;
}

static bool
in_key(const struct table *t, size_t column)
{
	size_t i;

	for (i = 0; i < t->key_count && t->key[i] != column; i++)
		;
	return i < t->key_count;
}

/* Could it say when a row begins or ends to count? */
static bool
dates_rows(const struct column *c)
{
	return !c->nullable && (c->kind == COLUMN_INT ? c->bytes == 8 && c->is_unsigned :
	    c->kind == COLUMN_TIMESTAMP && c->fraction == 6);
}

/* A system-versioned table has two such columns; the latter one is the last of its key, if it has one. */
static bool
may_be_versioned(const struct table *t)
{
	size_t end, start;

	if (t->key_count == 1)
		return false;
	for (end = 0; end < t->count; end++) {
		if (!dates_rows(&t->columns[end]) || (t->key_count > 0 && t->key[t->key_count - 1] != end))
			continue;
		for (start = 0; start < t->count; start++)
			if (start != end && dates_rows(&t->columns[start]) && !in_key(t, start) &&
			    t->columns[start].kind == t->columns[end].kind)
				return true;
	}
	return false;
}

static bool
may_be_sequence(const struct table *t)
{
	return t->count == 8 && t->key_count == 0 && strcmp(t->columns[0].name, "next_not_cached_value") == 0;
}

bool
doubt_find(const struct table *t, const char *version, struct doubt *d)
{
	bool vectors = has_vectors(version);
	size_t i;

	*d = (struct doubt){ 0 };
	for (i = 0; i < t->count && d->may_be == NULL; i++) {
		d->column = t->columns[i].name;
		d->may_be = may_be(&t->columns[i], vectors);
	}
	if (d->may_be != NULL)
		return true;
	d->column = NULL;
	d->may_be = may_be_sequence(t) ? "a sequence" : may_be_versioned(t) ? "a system-versioned table" : NULL;
	return d->may_be != NULL;
}
