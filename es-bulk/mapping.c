/* SPDX-License-Identifier: ISC */
/* Field mappings. */
#include <stdlib.h>
#include <string.h>

#include "es-bulk/mapping.h"

enum {
	F_BOOLEAN, F_BYTE, F_SHORT, F_INTEGER, F_LONG, F_UNSIGNED_LONG, F_FLOAT, F_DOUBLE, F_DATE, F_KEYWORD, F_TEXT,
	F_BINARY, F_OBJECT, F_VECTOR,
};

static const struct field fields[] = {
	[F_BOOLEAN] = { "boolean", "{\"type\":\"boolean\"}" },
	[F_BYTE] = { "byte", "{\"type\":\"byte\"}" },
	[F_SHORT] = { "short", "{\"type\":\"short\"}" },
	[F_INTEGER] = { "integer", "{\"type\":\"integer\"}" },
	[F_LONG] = { "long", "{\"type\":\"long\"}" },
	[F_UNSIGNED_LONG] = { "unsigned_long", "{\"type\":\"unsigned_long\"}" },
	[F_FLOAT] = { "float", "{\"type\":\"float\"}" },
	[F_DOUBLE] = { "double", "{\"type\":\"double\"}" },
	/* takes a date alone, and any number of digits behind the second, with and without Z */
	[F_DATE] = { "date", "{\"type\":\"date\",\"format\":\"strict_date_optional_time\"}" },
	[F_KEYWORD] = { "keyword", "{\"type\":\"keyword\"}" },
	[F_TEXT] = { "text", "{\"type\":\"text\",\"fields\":{\"keyword\":{\"type\":\"keyword\",\"ignore_above\":256}}}" },
	[F_BINARY] = { "binary", "{\"type\":\"binary\"}" },
	[F_OBJECT] = { "object", "{\"type\":\"object\",\"enabled\":false}" },
	[F_VECTOR] = { "float", "{\"type\":\"float\",\"index\":false}" },
};

/* By the type's first word; plain: signed, other: UNSIGNED. */
static const struct {
	const char *word;
	int plain, other;
} types[] = {
	{ "tinyint", F_BYTE, F_SHORT }, { "smallint", F_SHORT, F_INTEGER }, { "mediumint", F_INTEGER, F_INTEGER },
	{ "int", F_INTEGER, F_LONG }, { "integer", F_INTEGER, F_LONG }, { "bigint", F_LONG, F_UNSIGNED_LONG },
	{ "float", F_FLOAT, F_FLOAT }, { "double", F_DOUBLE, F_DOUBLE }, { "real", F_DOUBLE, F_DOUBLE },
	{ "decimal", F_DOUBLE, F_DOUBLE }, { "numeric", F_DOUBLE, F_DOUBLE }, { "year", F_SHORT, F_SHORT },
	{ "bool", F_BYTE, F_BYTE }, { "boolean", F_BYTE, F_BYTE },
	{ "date", F_DATE, F_DATE }, { "datetime", F_DATE, F_DATE }, { "timestamp", F_DATE, F_DATE },
	{ "char", F_TEXT, F_TEXT }, { "varchar", F_TEXT, F_TEXT }, { "tinytext", F_TEXT, F_TEXT },
	{ "text", F_TEXT, F_TEXT }, { "mediumtext", F_TEXT, F_TEXT }, { "longtext", F_TEXT, F_TEXT },
	{ "binary", F_BINARY, F_BINARY }, { "varbinary", F_BINARY, F_BINARY }, { "tinyblob", F_BINARY, F_BINARY },
	{ "blob", F_BINARY, F_BINARY }, { "mediumblob", F_BINARY, F_BINARY }, { "longblob", F_BINARY, F_BINARY },
	{ "json", F_OBJECT, F_OBJECT }, { "geometry", F_OBJECT, F_OBJECT }, { "point", F_OBJECT, F_OBJECT },
	{ "linestring", F_OBJECT, F_OBJECT }, { "polygon", F_OBJECT, F_OBJECT }, { "multipoint", F_OBJECT, F_OBJECT },
	{ "multilinestring", F_OBJECT, F_OBJECT }, { "multipolygon", F_OBJECT, F_OBJECT },
	{ "geometrycollection", F_OBJECT, F_OBJECT }, { "geomcollection", F_OBJECT, F_OBJECT },
	{ "vector", F_VECTOR, F_VECTOR },
	/* time, enum, set, uuid, inet4, inet6 and what is not known: keyword */
};

/* "(p,s)" behind the word; 0 where there is none. */
static void
numbers(const char *s, long *p, long *scale)
{
	char *end;

	*p = *scale = 0;
	if (*s != '(')
		return;
	*p = strtol(s + 1, &end, 10);
	if (*end == ',')
		*scale = strtol(end + 1, NULL, 10);
}

static int
of_bits(long bits)
{
	if (bits <= 1)
		return F_BOOLEAN;
	return bits < 64 ? F_LONG : F_UNSIGNED_LONG;
}

static int
field_of(const char *sql)
{
	size_t n = strcspn(sql, " ("), i;
	long p, scale;

	numbers(sql + n, &p, &scale);
	if (n == 3 && memcmp(sql, "bit", 3) == 0)
		return of_bits(p);
	/* whole numbers that a long holds are exact there */
	if ((n == 7 && (memcmp(sql, "decimal", 7) == 0 || memcmp(sql, "numeric", 7) == 0)) && p > 0 && p <= 18 &&
	    scale == 0)
		return F_LONG;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strlen(types[i].word) == n && memcmp(types[i].word, sql, n) == 0)
			return strstr(sql + n, "unsigned") != NULL ? types[i].other : types[i].plain;
	return F_KEYWORD;
}

const struct field *
mapping_of(const char *sql, bool unsigned_long)
{
	int f = field_of(sql);

	return &fields[f == F_UNSIGNED_LONG && !unsigned_long ? F_KEYWORD : f];
}
