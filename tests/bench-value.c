/* SPDX-License-Identifier: ISC */
/* usage: bench-value [SECONDS]: how fast lib/ writes rows: CPU seconds a million rows and a gigabyte of output. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "lib/event.h"

struct bench {
	const char *name, *create;
	void (*fill)(struct value *);
};

static char words[1 << 20], japanese[1 << 16], latin1[200], document[4000], bytes[1 << 16];

/* {"a":1,"b":[1,"two",null,true,3.5],"c":{"d":"e"},"long name":-70000} as MySQL stores it */
static const char binary[] =
    "\000\004\000\135\000\040\000\001\000\041\000\001\000\042\000\001\000\043\000\011\000\005\001\000\002"
    "\054\000\000\113\000\007\131\000\141\142\143\154\157\156\147\040\156\141\155\145\005\000\037\000\005"
    "\001\000\014\023\000\004\000\000\004\001\000\013\027\000\003\164\167\157\000\000\000\000\000\000\014"
    "\100\001\000\016\000\013\000\001\000\014\014\000\144\001\145\220\356\376\377";

static struct value
text_of(enum value_type type, const char *p, size_t n)
{
	struct value v = { .type = type };

	v.bytes.p = p;
	v.bytes.n = n;
	return v;
}

/* sysbench's table */
static void
fill_small(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 48213377 };
	v[1] = (struct value){ .type = VALUE_INT, .i = 501885 };
	v[2] = text_of(VALUE_BYTES, words, 119);
	v[3] = text_of(VALUE_BYTES, words + 200, 59);
}

static void
fill_order(struct value *v)
{
	struct value when = { .type = VALUE_TIME };

	value_time_from_unix(&when.time, 1795000000, 123456);
	v[0] = (struct value){ .type = VALUE_UINT, .u = 9007199254740993 };
	v[1] = (struct value){ .type = VALUE_INT, .i = -77 };
	v[2] = text_of(VALUE_DIGITS, "12345.67", 8);
	v[3] = (struct value){ .type = VALUE_DOUBLE, .d = 19.99 };
	v[4] = (struct value){ .type = VALUE_FLOAT, .f = 0.1F };
	v[5] = v[6] = when;
	v[7] = (struct value){ .type = VALUE_UINT, .u = 2 };
	v[8] = text_of(VALUE_BYTES, "Z\xc3\xbcrich", 7);
	v[9] = (struct value){ .type = VALUE_NULL };
}

static void
fill_doubles(struct value *v)
{
	static const double d[] = { 0.1, 2.5, 1e-7, 123456.789, 3.141592653589793, 2.2250738585072014e-308, 1e22, -42 };
	size_t i;

	for (i = 0; i < 8; i++)
		v[i] = (struct value){ .type = VALUE_DOUBLE, .d = d[i] };
}

static void
fill_words(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, words, 4096);
}

static void
fill_japanese(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, japanese, 4095);
}

static void
fill_latin1(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, latin1, sizeof(latin1));
	v[2] = text_of(VALUE_BYTES, words, 40);
}

static void
fill_document(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, document, strlen(document));
}

static void
fill_blob(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, bytes, 4096);
}

static void
fill_binary(struct value *v)
{
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BINARY_JSON, binary, sizeof(binary) - 1);
}

/* A line of so many points as a polygon has; and so many floats. */
static void
fill_numbers(struct value *v)
{
	static char line[4 + 5 + 4 + 32 * 16] = { 0, 0, 0, 0, 1, 2, 0, 0, 0, 32 };
	static float floats[64];
	double d;
	size_t i;

	for (i = 0; i < 64; i++) {
		d = 8.5 + (double)i / 1e5;
		floats[i] = (float)i / 128;
		memcpy(line + 13 + 8 * i, &d, 8);
	}
	v[0] = (struct value){ .type = VALUE_INT, .i = 1 };
	v[1] = text_of(VALUE_BYTES, line, sizeof(line));
	v[2] = text_of(VALUE_BYTES, (const char *)floats, sizeof(floats));
}

static const struct bench benches[] = {
	{ "small", "CREATE TABLE t (id int PRIMARY KEY, k int, c char(120), pad char(60))", fill_small },
	{ "order", "CREATE TABLE t (id bigint unsigned PRIMARY KEY, n int, price decimal(12,2), d double, f float, "
	    "made datetime(6), seen timestamp NULL, state enum('new','paid','sent'), town varchar(40), note text)", fill_order },
	{ "doubles", "CREATE TABLE t (a double, b double, c double, d double, e double, f double, g double, h double)", fill_doubles },
	{ "words", "CREATE TABLE t (id int PRIMARY KEY, a text)", fill_words },
	{ "japanese", "CREATE TABLE t (id int PRIMARY KEY, a text)", fill_japanese },
	{ "latin1", "CREATE TABLE t (id int PRIMARY KEY, a text, b text) CHARSET=latin1", fill_latin1 },
	{ "json", "CREATE TABLE t (id int PRIMARY KEY, a json)", fill_document },
	{ "binary", "CREATE TABLE t (id int PRIMARY KEY, a json)", fill_binary },
	{ "numbers", "CREATE TABLE t (id int PRIMARY KEY, a linestring, b vector(64))", fill_numbers },
	{ "blob", "CREATE TABLE t (id int PRIMARY KEY, a blob)", fill_blob },
};

static void
make_texts(void)
{
	static const char alphabet[] = "the quick brown fox jumps over the lazy dog, 12345 times; ";
	size_t i, n;

	for (i = 0; i < sizeof(words); i++)
		words[i] = i % 1013 == 1012 ? '"' : alphabet[i % (sizeof(alphabet) - 1)];
	for (i = 0; i + 3 <= sizeof(japanese); i += 3)
		memcpy(japanese + i, i % 2 == 0 ? "\xe6\xbc\xa2" : "\xe3\x81\xb2", 3);
	for (i = 0; i < sizeof(latin1); i++)
		latin1[i] = i % 10 == 9 ? '\xe9' : 'a';
	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i * 7);
	n = (size_t)sprintf(document, "{");
	for (i = 0; i < 20; i++)
		n += (size_t)sprintf(document + n, "\"name%zu\": {\"id\": %zu, \"tags\": [\"a\", \"b\"], \"ok\": true}, ", i, i * 1000);
	strcpy(document + n, "\"last\": null}");
}

static double
cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int
run(const struct bench *bench, double seconds)
{
	struct value values[16] = { { 0 } };
	struct value_options o = { 0 };
	struct pos p = { .file = "binlog.000003", .offset = 123456789 };
	struct error e;
	struct table *t = table_from_create(bench->create, strlen(bench->create), "shop", &e);
	struct row_event r = { .op = "insert", .table = t, .row = values, .key = values, .pos = &p, .ts = "1795000000" };
	double start = cpu_s(), used;
	size_t rows = 0;
	struct buf b;
	int i;

	if (t == NULL || buf_init(&b, MAX_EVENT_LINE) == -1) {
		fprintf(stderr, "%s: %s\n", bench->name, e.text);
		return -1;
	}
	bench->fill(values);
	do {
		for (i = 0; i < 1000; i++, rows++) {
			buf_clear(&b);
			if (event_put_row(&b, &r, &o, &e) == -1) {
				fprintf(stderr, "%s: %s\n", bench->name, e.text);
				return -1;
			}
		}
		used = cpu_s() - start;
	} while (used < seconds);
	printf("%-9s %6.0f bytes a row  %7.3f s a million rows  %7.3f s a gigabyte\n", bench->name, (double)b.len,
	    used / (double)rows * 1e6, used / ((double)rows * (double)b.len) * 1e9);
	buf_free(&b);
	table_free(t);
	return 0;
}

int
main(int argc, char *argv[])
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	size_t i;

	make_texts();
	for (i = 0; i < sizeof(benches) / sizeof(benches[0]); i++)
		if (run(&benches[i], seconds) == -1)
			return 1;
	return 0;
}
