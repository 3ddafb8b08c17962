/* SPDX-License-Identifier: ISC */
/* Field mappings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/mapping.h"

#define MAX_EXACT 15		/* digits that a double, through which scaled_float goes, holds */

enum {
	F_BOOLEAN, F_BYTE, F_SHORT, F_INTEGER, F_LONG, F_UNSIGNED_LONG, F_FLOAT, F_DOUBLE, F_SCALED, F_DATE, F_NANOS,
	F_NANOS_IF, F_KEYWORD, F_TEXT, F_BINARY, F_IP, F_SHAPE, F_OBJECT, F_FLATTENED, F_FLAT_OBJECT, F_DENSE, F_DENSE_8,
	F_KNN, F_VECTOR, NONE = -1,
};

#define DENSE ",\"index\":true,\"similarity\":\"l2_norm\""

/* An engine's types. else_: the next best where it lacks this one. */
static const struct field_type {
	const char *name, *more;	/* {"type":"NAME" MORE} */
	const char *number;		/* member that says the column's number */
	const char *setting;		/* of the index */
	const char *refused[2];		/* what else an engine says that lacks it */
	int else_;
} fields[] = {
	[F_BOOLEAN] = { "boolean", "", .else_ = NONE },
	[F_BYTE] = { "byte", "", .else_ = NONE },
	[F_SHORT] = { "short", "", .else_ = NONE },
	[F_INTEGER] = { "integer", "", .else_ = NONE },
	[F_LONG] = { "long", "", .else_ = NONE },
	[F_UNSIGNED_LONG] = { "unsigned_long", "", .else_ = F_KEYWORD },	/* Elasticsearch 7.10, OpenSearch 2.8 */
	[F_FLOAT] = { "float", "", .else_ = NONE },
	[F_DOUBLE] = { "double", "", .else_ = NONE },
	[F_SCALED] = { "scaled_float", "", "scaling_factor", .else_ = F_DOUBLE },
	/* takes a date alone, and any number of digits behind the second, with and without Z */
	[F_DATE] = { "date", ",\"format\":\"strict_date_optional_time\"", .else_ = NONE },
	[F_NANOS] = { "date_nanos", ",\"format\":\"strict_date_optional_time_nanos\"", .else_ = F_DATE },
	/* holds 1970 to 2262 only: a DATETIME beyond stays in the document, and is not found by its date */
	[F_NANOS_IF] = { "date_nanos", ",\"format\":\"strict_date_optional_time_nanos\",\"ignore_malformed\":true",
	    .else_ = F_DATE },
	[F_KEYWORD] = { "keyword", "", .else_ = NONE },
	[F_TEXT] = { "text", ",\"fields\":{\"keyword\":{\"type\":\"keyword\",\"ignore_above\":256}}", .else_ = NONE },
	[F_BINARY] = { "binary", "", .else_ = NONE },
	[F_IP] = { "ip", "", .else_ = NONE },
	/* a geometry that is not on the globe stays in the document, likewise */
	[F_SHAPE] = { "geo_shape", ",\"ignore_malformed\":true", .else_ = F_OBJECT },
	[F_OBJECT] = { "object", ",\"enabled\":false", .else_ = NONE },
	[F_FLATTENED] = { "flattened", "", .else_ = F_FLAT_OBJECT },	/* Elasticsearch 7.3 */
	[F_FLAT_OBJECT] = { "flat_object", "", .else_ = F_OBJECT },	/* OpenSearch 2.7 */
	/* the default similarity, cosine, refuses a vector of zeros; Elasticsearch 9.2 would leave vectors out of documents */
	[F_DENSE] = { "dense_vector", DENSE, "dims", "\"index.mapping.exclude_source_vectors\":false",
	    .refused = { "unknown setting [index.mapping.exclude_source_vectors]" }, .else_ = F_DENSE_8 },
	[F_DENSE_8] = { "dense_vector", DENSE, "dims", .refused = { "[similarity : l2_norm]", "number of dimensions" },
	    .else_ = F_KNN },
	[F_KNN] = { "knn_vector", "", "dimension", "\"index.knn\":true",	/* OpenSearch with its plugin */
	    .refused = { "unknown setting [index.knn]" }, .else_ = F_VECTOR },
	[F_VECTOR] = { "float", ",\"index\":false", .else_ = NONE },
};
#define FIELDS (int)(sizeof(fields) / sizeof(fields[0]))

/* By the type's first word; plain: signed, other: UNSIGNED. */
static const struct {
	const char *word;
	int plain, other;
} types[] = {
	{ "tinyint", F_BYTE, F_SHORT }, { "smallint", F_SHORT, F_INTEGER }, { "mediumint", F_INTEGER, F_INTEGER },
	{ "int", F_INTEGER, F_LONG }, { "integer", F_INTEGER, F_LONG }, { "bigint", F_LONG, F_UNSIGNED_LONG },
	{ "float", F_FLOAT, F_FLOAT }, { "double", F_DOUBLE, F_DOUBLE }, { "real", F_DOUBLE, F_DOUBLE },
	{ "year", F_SHORT, F_SHORT }, { "bool", F_BYTE, F_BYTE }, { "boolean", F_BYTE, F_BYTE }, { "date", F_DATE, F_DATE },
	{ "char", F_TEXT, F_TEXT }, { "varchar", F_TEXT, F_TEXT }, { "tinytext", F_TEXT, F_TEXT },
	{ "text", F_TEXT, F_TEXT }, { "mediumtext", F_TEXT, F_TEXT }, { "longtext", F_TEXT, F_TEXT },
	{ "binary", F_BINARY, F_BINARY }, { "varbinary", F_BINARY, F_BINARY }, { "tinyblob", F_BINARY, F_BINARY },
	{ "blob", F_BINARY, F_BINARY }, { "mediumblob", F_BINARY, F_BINARY }, { "longblob", F_BINARY, F_BINARY },
	{ "inet4", F_IP, F_IP }, { "inet6", F_IP, F_IP },
	/* any JSON value may stand there, which flattened and flat_object refuse */
	{ "json", F_OBJECT, F_OBJECT },
	{ "geometry", F_SHAPE, F_SHAPE }, { "point", F_SHAPE, F_SHAPE }, { "linestring", F_SHAPE, F_SHAPE },
	{ "polygon", F_SHAPE, F_SHAPE }, { "multipoint", F_SHAPE, F_SHAPE }, { "multilinestring", F_SHAPE, F_SHAPE },
	{ "multipolygon", F_SHAPE, F_SHAPE }, { "geometrycollection", F_SHAPE, F_SHAPE }, { "geomcollection", F_SHAPE, F_SHAPE },
	/* time, enum, set, uuid and what is not known: keyword */
};

/* A type as it stands: its first word, "(a,b)" behind it (0 where there is none). */
struct sql_type {
	const char *word, *rest;
	size_t n;
	long a, b;
};

static struct sql_type
read_type(const char *sql)
{
	struct sql_type t = { .word = sql, .n = strcspn(sql, " (") };
	char *end;

	t.rest = sql + t.n;
	if (*t.rest == '(') {
		t.a = strtol(t.rest + 1, &end, 10);
		if (*end == ',')
			t.b = strtol(end + 1, NULL, 10);
	}
	return t;
}

static bool
is(const struct sql_type *t, const char *word)
{
	return strlen(word) == t->n && memcmp(word, t->word, t->n) == 0;
}

static struct field
of_bits(long bits)
{
	return (struct field){ bits <= 1 ? F_BOOLEAN : bits < 64 ? F_LONG : F_UNSIGNED_LONG, 0 };
}

/* Whole numbers that a long holds are exact there, others of few digits as a multiple of their last one. */
static struct field
of_decimal(long precision, long scale)
{
	long factor = 1, i;

	if (scale == 0 && precision > 0 && precision <= 18)
		return (struct field){ F_LONG, 0 };
	if (scale <= 0 || precision > MAX_EXACT || scale > precision)
		return (struct field){ F_DOUBLE, 0 };
	for (i = 0; i < scale; i++)
		factor *= 10;
	return (struct field){ F_SCALED, factor };
}

static struct field
wanted(const char *sql)
{
	struct sql_type t = read_type(sql);
	size_t i;

	if (is(&t, "bit"))
		return of_bits(t.a);
	if (is(&t, "decimal") || is(&t, "numeric"))
		return of_decimal(t.a, t.b);
	if (is(&t, "datetime"))
		return (struct field){ t.a > 3 ? F_NANOS_IF : F_DATE, 0 };
	if (is(&t, "timestamp"))
		return (struct field){ t.a > 3 ? F_NANOS : F_DATE, 0 };
	if (is(&t, "vector"))
		return (struct field){ t.a > 0 ? F_DENSE : F_VECTOR, t.a };
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (is(&t, types[i].word))
			return (struct field){ strstr(t.rest, "unsigned") != NULL ? types[i].other : types[i].plain, 0 };
	return (struct field){ F_KEYWORD, 0 };
}

static struct field
had(struct field f, uint32_t lacks)
{
	while (f.id != NONE && (lacks & 1U << f.id) != 0)
		f.id = fields[f.id].else_;
	return f;
}

struct field
mapping_of(const char *sql, uint32_t lacks)
{
	return had(wanted(sql), lacks);
}

struct field
mapping_named(const char *name, uint32_t lacks)
{
	int i;

	/* each of the two is what the other engine calls it */
	if (strcmp(name, "flat_object") == 0)
		name = "flattened";
	for (i = 0; i < FIELDS; i++)
		if (fields[i].number == NULL && strcmp(fields[i].name, name) == 0)
			return had((struct field){ i, 0 }, lacks);
	return (struct field){ NONE, 0 };
}

bool
mapping_fits(struct field f, const char *has)
{
	int id = f.id;

	while (id != NONE && strcmp(fields[id].name, has) != 0)
		id = fields[id].else_;
	return id != NONE;
}

const char *
mapping_type(struct field f)
{
	return fields[f.id].name;
}

int
mapping_put(struct buf *b, struct field f)
{
	const struct field_type *t = &fields[f.id];

	if (buf_putf(b, "{\"type\":\"%s\"%s", t->name, t->more) == -1 ||
	    (t->number != NULL && buf_putf(b, ",\"%s\":%ld", t->number, f.number) == -1))
		return -1;
	return buf_putc(b, '}');
}

const char *
mapping_setting(struct field f)
{
	return fields[f.id].setting;
}

static bool
stands_in(const char *answer, size_t n, const char *words)
{
	return words != NULL && memmem(answer, n, words, strlen(words)) != NULL;
}

/* "No handler for type [X] declared on field [f]", "The mapper type [X] declared on field [f] does not exist". */
static bool
has_no_type(const char *answer, size_t n, const char *type)
{
	char words[64];

	snprintf(words, sizeof(words), "type [%s] declared on field", type);
	return stands_in(answer, n, words);
}

bool
mapping_refused(const char *answer, size_t n, uint32_t *lacks, const char **type, const char **instead)
{
	uint32_t known = *lacks;
	int i, first = NONE;

	for (i = 0; i < FIELDS; i++) {
		if (fields[i].else_ == NONE || (known & 1U << i) != 0)
			continue;
		if (!has_no_type(answer, n, fields[i].name) && !stands_in(answer, n, fields[i].refused[0]) &&
		    !stands_in(answer, n, fields[i].refused[1]))
			continue;
		*lacks |= 1U << i;
		if (first == NONE)
			first = i;
	}
	if (first == NONE)
		return false;
	*type = fields[first].name;
	*instead = fields[had((struct field){ first, 0 }, *lacks).id].name;
	return true;
}

struct field
mapping_instead(const char *type, uint32_t lacks, const char **number)
{
	int i;

	for (i = 0; i < FIELDS && strcmp(fields[i].name, type) != 0; i++)
		;
	if (i == FIELDS || (lacks & 1U << i) == 0 || strcmp(fields[had((struct field){ i, 0 }, lacks).id].name, type) == 0)
		return (struct field){ NONE, 0 };
	*number = fields[i].number;
	return had((struct field){ i, 0 }, lacks);
}
