/* SPDX-License-Identifier: ISC */
/* lib/value.c, lib/text.c, lib/number.c, lib/minify.c, lib/charset.c, lib/event.c: values from text to JSON. */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include "lib/binary_json.h"
#include "lib/event.h"
#include "lib/number.h"

#include "tests/tap.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct error e;
static struct buf out;

/* A table of one column `c` of the type (with what belongs to it); its column. */
static struct table *
table_of(const char *type)
{
	struct table *t;
	char sql[4096];

	snprintf(sql, sizeof(sql), "CREATE TABLE t (c %s NOT NULL PRIMARY KEY)", type);
	if ((t = table_from_create(sql, strlen(sql), "d", &e)) == NULL) {
		printf("Bail out! %s: %s\n", type, e.text);
		exit(1);
	}
	return t;
}

/* What a text of n bytes gives: its JSON, or its key with `key`; "refused" where it is not of the type. */
static const char *
convert(const char *type, enum text_form form, const char *text, size_t n, const struct value_options *o, bool key)
{
	struct table *t = table_of(type);
	char *copy = malloc(n > 0 ? n : 1);
	struct value v;
	int rc;

	memcpy(copy, text, n);
	buf_clear(&out);
	rc = value_from_text(&v, t->columns, form, copy, n, o, &e);
	if (rc == 0)
		rc = key ? value_put_key(&out, t->columns, &v, &e) : value_put_json(&out, t->columns, &v, o, &e);
	table_free(t);
	free(copy);
	if (rc == 0)
		return buf_str(&out);
	return e.rc == RC_FAIL && strstr(e.text, "column c") != NULL ? "refused" : "a wrong error";
}

/* ---- values ---- */

struct value_case {
	const char *type;
	enum text_form form;
	const char *text;
	size_t n;
	const char *json, *key;	/* key NULL: the JSON in quotes */
};
#define S(type, text, json, key) { type, TEXT_STRING, text, sizeof(text) - 1, json, key }
#define N(type, text, json, key) { type, TEXT_NUMBER, text, sizeof(text) - 1, json, key }
#define X(type, text, json, key) { type, TEXT_HEX, text, sizeof(text) - 1, json, key }
#define BAD(type, text) { type, TEXT_STRING, text, sizeof(text) - 1, "refused", "refused" }

static const struct value_case values[] = {
	S("tinyint", "-128", "-128", NULL), S("tinyint", "127", "127", NULL), BAD("tinyint", "128"), BAD("tinyint", "-129"),
	S("tinyint unsigned", "255", "255", NULL), BAD("tinyint unsigned", "256"), BAD("tinyint unsigned", "-0"),
	S("smallint", "-32768", "-32768", NULL), BAD("smallint", "32768"), S("mediumint", "-8388608", "-8388608", NULL),
	BAD("mediumint", "8388608"), S("mediumint unsigned", "16777215", "16777215", NULL), S("int", "-2147483648", "-2147483648", NULL),
	BAD("int", "2147483648"), S("int unsigned", "4294967295", "4294967295", NULL), BAD("int unsigned", "4294967296"),
	S("bigint", "-9223372036854775808", "-9223372036854775808", NULL), S("bigint", "9223372036854775807", "9223372036854775807", NULL),
	BAD("bigint", "9223372036854775808"), BAD("bigint", "-9223372036854775809"), BAD("bigint", "99999999999999999999"),
	S("bigint unsigned", "18446744073709551615", "18446744073709551615", NULL), BAD("bigint unsigned", "18446744073709551616"),
	S("int(8) unsigned zerofill", "00000042", "42", NULL), S("int zerofill", "0000000000", "0", NULL), S("int", "-0", "0", NULL),
	BAD("int", ""), BAD("int", "-"), BAD("int", " 1"), BAD("int", "1 "), BAD("int", "+1"), BAD("int", "1.0"), BAD("int", "0x1"),
	BAD("int", "1\0002"), BAD("int", "--1"), BAD("int unsigned", " -1"), N("int", "7", "7", NULL), X("int", "7", "7", NULL),
	S("year", "0000", "0", "\"0000\""), S("year", "1901", "1901", NULL), S("year", "2155", "2155", NULL), BAD("year", "-1"), BAD("year", "10000"),

	S("decimal(10,2)", "-0.50", "-0.50", NULL), S("decimal(10,2)", "-0.00", "0.00", NULL), S("decimal(10,2)", "0.00", "0.00", NULL),
	S("decimal(10,2) unsigned zerofill", "00000001.50", "1.50", NULL), S("decimal(10,2)", "1", "1.00", NULL), S("decimal(10,2)", "1.5", "1.50", NULL),
	S("decimal(65,30)", "-99999999999999999999999999999999999.999999999999999999999999999999",
	  "-99999999999999999999999999999999999.999999999999999999999999999999", NULL),
	S("decimal(65,0)", "99999999999999999999999999999999999999999999999999999999999999999",
	  "99999999999999999999999999999999999999999999999999999999999999999", NULL),
	S("decimal(5,5)", "0.99999", "0.99999", NULL), S("decimal(5,5)", "-0.00001", "-0.00001", NULL), S("decimal(4,0) zerofill", "0000", "0", NULL),
	BAD("decimal(10,2)", ""), BAD("decimal(10,2)", "-"), BAD("decimal(10,2)", "."), S("decimal(10,2)", "1.", "1.00", NULL), S("decimal(10,2)", ".5", "0.50", NULL),
	S("decimal(10,2)", "-.5", "-0.50", NULL), S("decimal(2,2)", "-.0", "0.00", NULL), S("decimal(10,2)", "+1.00", "1.00", NULL), BAD("decimal(10,2)", "+"), BAD("decimal(10,2)", "-."), BAD("decimal(2,2)", "1."),
	BAD("decimal(10,2)", "1.2.3"), BAD("decimal(10,2)", "1e5"), BAD("decimal(10,2)", "1.234"), BAD("decimal(4,2)", "123.00"),
	BAD("decimal(10,2)", "-001.00"), BAD("decimal(10,2)", "NaN"), BAD("decimal(10,2)", " 1.00"),

	S("float", "0.1", "0.1", "refused"), S("float", "-3.40282e38", "-3.40282e+38", "refused"), S("float", "1.4013e-45", "1e-45", "refused"),
	S("float", "16777216", "16777216", "refused"), S("float", "-0", "-0", "refused"), S("float", "3.14159274", "3.1415927", "refused"),
	BAD("float", "1e39"), BAD("float", "inf"), BAD("float", "nan"), BAD("float", "0x1p3"), BAD("float", ""), BAD("float", "1\0"), BAD("float", " 1"),
	S("double", "1.7976931348623157e308", "1.7976931348623157e+308", "refused"), S("double", "5e-324", "5e-324", "refused"),
	S("double", "2.2250738585072014e-308", "2.2250738585072014e-308", "refused"), S("double", "0.1", "0.1", "refused"),
	S("double", "-0", "-0", "refused"), S("double", "123456789.123456789", "123456789.12345679", "refused"), S("double", "1e22", "1e+22", "refused"),
	S("double", "1e-5", "1e-05", "refused"), S("double(255,30)", "100000000000000000000000.000000000000000000000000000000", "1e+23", "refused"),
	BAD("double", "1e309"), BAD("double", "-"), BAD("double", "1 "), BAD("double", "infinity"),

	S("bit(1)", "\001", "true", "\"1\""), S("bit(1)", "\0", "false", "\"0\""), N("bit(1)", "1", "true", "\"1\""), BAD("bit(1)", "\002"),
	X("bit(8)", "\377", "255", NULL), S("bit(64)", "\377\377\377\377\377\377\377\377", "18446744073709551615", NULL), BAD("bit(63)", "\377\377\377\377\377\377\377\377"),
	X("bit(2)", "\0\0\0\0\0\0\0\0\0\003", "3", NULL), N("bit(5)", "31", "31", NULL), { "bit(5)", TEXT_NUMBER, "32", 2, "refused", "refused" },
	X("bit(3)", "", "0", NULL), BAD("bit(64)", "\1\0\0\0\0\0\0\0\0"),

	S("date", "2024-02-29", "\"2024-02-29\"", NULL), S("date", "0001-01-01", "\"0001-01-01\"", NULL), S("date", "0000-00-00", "null", "\"0000-00-00\""),
	S("date", "2024-00-10", "null", "\"2024-00-10\""), S("date", "2024-01-00", "null", "\"2024-01-00\""), BAD("date", "24-01-01"),
	BAD("date", "2024-13-01"), BAD("date", "2024-01-32"), BAD("date", "2024-01-01 "), BAD("date", "20240101"), BAD("date", ""), BAD("date", "2024-01"),
	S("datetime", "9999-12-31 23:59:59", "\"9999-12-31T23:59:59\"", "\"9999-12-31 23:59:59\""),
	S("datetime(6)", "2026-11-22 01:02:03.000005", "\"2026-11-22T01:02:03.000005\"", "\"2026-11-22 01:02:03.000005\""),
	S("datetime(2)", "2026-11-22 01:02:03.5", "\"2026-11-22T01:02:03.50\"", "\"2026-11-22 01:02:03.50\""),
	S("datetime", "0000-00-00 00:00:00", "null", "\"0000-00-00 00:00:00\""), S("datetime(1)", "2026-11-22", "\"2026-11-22T00:00:00.0\"", "\"2026-11-22 00:00:00.0\""),
	BAD("datetime", "2026-11-22 24:00:00"), BAD("datetime", "2026-11-22 23:60:00"), BAD("datetime", "2026-11-22 23:59:60"),
	BAD("datetime", "2026-11-22T01:02:03"), BAD("datetime", "2026-11-22 01:02:03."), BAD("datetime", "2026-11-22 01:02:03.0000001"),
	S("timestamp", "1970-01-01 00:00:01", "\"1970-01-01T00:00:01Z\"", "\"1970-01-01 00:00:01\""),
	S("timestamp(4)", "2038-01-19 03:14:07.9999", "\"2038-01-19T03:14:07.9999Z\"", "\"2038-01-19 03:14:07.9999\""),
	S("timestamp", "0000-00-00 00:00:00", "null", "\"0000-00-00 00:00:00\""),
	S("time", "-838:59:59", "\"-838:59:59\"", NULL), S("time(6)", "838:59:58.999999", "\"838:59:58.999999\"", NULL), S("time(2)", "-00:00:00.01", "\"-00:00:00.01\"", NULL),
	S("time", "00:00:00", "\"00:00:00\"", NULL), S("time(3)", "99:00:00.1", "\"99:00:00.100\"", NULL), BAD("time", "839:00:00"), BAD("time", "1:2"), BAD("time", "1 01:00:00"),

	S("varchar(20)", "a\"b\\c\n\t\r\001\177", "\"a\\\"b\\\\c\\n\\t\\r\\u0001\177\"", NULL), S("text", "", "\"\"", NULL), S("text", "a\0b", "\"a\\u0000b\"", NULL),
	S("varchar(20)", "Z\xc3\xbcrich \xf0\x9f\x98\x80", "\"Z\xc3\xbcrich \xf0\x9f\x98\x80\"", NULL), S("text", "\xffx", "\"\xef\xbf\xbdx\"", "\"ff78\""),
	S("text", "12345678\x80", "\"12345678\xef\xbf\xbd\"", "\"313233343536373880\""), S("text", "\xc3", "\"\xef\xbf\xbd\"", "\"c3\""),
	S("text charset latin1", "\xc3\xa9", "\"\xc3\xa9\"", NULL), X("text charset latin1", "caf\xe9", "\"caf\xc3\xa9\"", NULL), N("text", "007", "\"007\"", NULL),
	S("binary(4)", "ab", "\"YWIAAA==\"", "\"61620000\""), S("varbinary(9)", "ab", "\"YWI=\"", "\"6162\""), S("blob", "", "\"\"", "\"\""),
	S("blob", "\0\377\177\200", "\"AP9/gA==\"", "\"00ff7f80\""), X("blob", "abc", "\"YWJj\"", "\"616263\""), S("binary(3)", "abc", "\"YWJj\"", "\"616263\""),
	S("binary(6)", "abcd", "\"YWJjZAAA\"", "\"616263640000\""),

	S("enum('a','b''c')", "b'c", "\"b'c\"", NULL), S("enum('a','b')", "", "\"\"", NULL), N("enum('a','b')", "2", "\"b\"", NULL), N("enum('a','b')", "0", "\"\"", NULL),
	{ "enum('a','b')", TEXT_NUMBER, "3", 1, "refused", "refused" },
	S("set('a','b','c')", "a,c", "[\"a\",\"c\"]", "\"a,c\""), S("set('a','b')", "", "[]", "\"\""), N("set('a','b','c')", "6", "[\"b\",\"c\"]", "\"b,c\""),
	N("set('a','b')", "0", "[]", "\"\""), { "set('a','b')", TEXT_NUMBER, "4", 1, "refused", "refused" },
	S("json", " { \"a\" : [ 1 , 2.50 ] } ", "{\"a\":[1,2.50]}", "\" { \\\"a\\\" : [ 1 , 2.50 ] } \""), S("json", "\"x\"", "\"x\"", "\"\\\"x\\\"\""),
	S("json", "{a:1}", "refused", "\"{a:1}\""), S("json", "", "refused", "\"\""), S("json", "[1,]", "refused", "\"[1,]\""),
	S("uuid", "123e4567-e89b-12d3-a456-426655440000", "\"123e4567-e89b-12d3-a456-426655440000\"", NULL), S("inet6", "::1", "\"::1\"", NULL),
	S("inet4", "10.0.0.1", "\"10.0.0.1\"", NULL), X("inet4", "\012\0\0\1", "\"10.0.0.1\"", NULL), BAD("inet4", "10.0.0"), BAD("inet4", "256.0.0.1"),
	S("uuid", "123E4567E89B-12D3-A456426655440000", "\"123e4567-e89b-12d3-a456-426655440000\"", NULL), BAD("uuid", "-23e4567e89b12d3a4564266554400001"),
	X("uuid", "0123456789abcdef", "\"30313233-3435-3637-3839-616263646566\"", NULL), BAD("uuid", "0123456789abcdef"), BAD("uuid", ""),
	BAD("uuid", "123e4567-e89b-12d3-a456-42665544000"), BAD("uuid", "123e4567-e89b-12d3-a456-4266554400000"), BAD("uuid", "g23e4567-e89b-12d3-a456-426655440000"),
	S("inet6", "1:0:2:3:4:5:6:7", "\"1::2:3:4:5:6:7\"", NULL), S("inet6", "::FFFF:1.2.3.4", "\"::ffff:1.2.3.4\"", NULL), BAD("inet6", ":::"), BAD("inet6", "::1\0"),
	BAD("geometry", ""), BAD("geometry", "x"), BAD("vector(2)", "x"),
	/* SRID, byte order, kind, and so on: points of either order, an empty one, half a number, a third dimension, a byte too many, no kind */
	S("point", "\346\020\0\0" "\1\1\0\0\0" "\0\0\0\0\0\0\370\77" "\0\0\0\0\0\0\4\300", "{\"type\":\"Point\",\"coordinates\":[1.5,-2.5]}", "refused"),
	S("geometry", "\0\0\0\0" "\0\0\0\0\1" "\77\370\0\0\0\0\0\0" "\300\4\0\0\0\0\0\0", "{\"type\":\"Point\",\"coordinates\":[1.5,-2.5]}", "refused"),
	S("point", "\0\0\0\0" "\1\1\0\0\0" "\0\0\0\0\0\0\370\177" "\0\0\0\0\0\0\370\177", "{\"type\":\"Point\",\"coordinates\":[]}", "refused"),
	BAD("point", "\0\0\0\0" "\1\1\0\0\0" "\0\0\0\0\0\0\370\177" "\0\0\0\0\0\0\4\300"),
	BAD("point", "\0\0\0\0" "\1\351\3\0\0" "\0\0\0\0\0\0\370\77" "\0\0\0\0\0\0\4\300" "\0\0\0\0\0\0\4\300"),
	BAD("point", "\0\0\0\0" "\1\1\0\0\0" "\0\0\0\0\0\0\370\77" "\0\0\0\0\0\0\4\300" "\0"),
	BAD("geometry", "\0\0\0\0" "\1\0\0\0\0"), BAD("geometry", "\0\0\0\0" "\2\1\0\0\0" "\0\0\0\0\0\0\370\77" "\0\0\0\0\0\0\4\300"),
	/* collections: empty, of more than there is, of a part of another kind; a big-endian part in a little-endian whole, and one behind it */
	S("geometrycollection", "\0\0\0\0" "\1\7\0\0\0" "\0\0\0\0", "{\"type\":\"GeometryCollection\",\"geometries\":[]}", "refused"),
	BAD("geometrycollection", "\0\0\0\0" "\1\7\0\0\0" "\377\377\377\377"),
	BAD("multipoint", "\0\0\0\0" "\1\4\0\0\0" "\1\0\0\0" "\1\2\0\0\0" "\0\0\0\0"),
	S("multilinestring", "\0\0\0\0" "\1\5\0\0\0" "\2\0\0\0" "\0\0\0\0\2" "\0\0\0\1" "\77\360\0\0\0\0\0\0" "\0\0\0\0\0\0\0\0"
	  "\1\2\0\0\0" "\0\0\0\0", "{\"type\":\"MultiLineString\",\"coordinates\":[[[1,0]],[]]}", "refused"), S("vector(2)", "\0\0\200\77\315\314\314\75", "[1,0.1]", "refused"), S("vector(2)", "", "[]", "refused"),
	S("year(2)", "05", "5", "\"05\""), BAD("year(2)", "100"),
};

static void
test_values(void)
{
	static const struct value_options plain;
	char want[1100], name[300];
	size_t i;

	for (i = 0; i < NITEMS(values); i++) {
		const struct value_case *c = &values[i];

		snprintf(name, sizeof(name), "value %zu: %s", i, c->type);
		is_text(convert(c->type, c->form, c->text, c->n, &plain, false), c->json, name);
		snprintf(want, sizeof(want), c->json[0] == '"' ? "%s" : "\"%s\"", c->json);
		is_text(convert(c->type, c->form, c->text, c->n, &plain, true), c->key != NULL ? c->key : want, "and its key");
	}
	is_text(convert("int", TEXT_NULL, "", 0, &plain, false), "null", "NULL is null");
	is_text(convert("int", TEXT_NULL, "", 0, &plain, true), "refused", "and no key");
}

static void
test_options(void)
{
	static const struct { const char *type, *text, *want; bool safe, keep; int32_t offset_s; } cases[] = {
		{ "bigint", "-5", "\"-5\"", true, false, 0 }, { "bigint unsigned", "18446744073709551615", "\"18446744073709551615\"", true, false, 0 },
		{ "decimal(5,2)", "1.5", "\"1.50\"", true, false, 0 }, { "int", "5", "5", true, false, 0 }, { "double", "5", "5", true, false, 0 },
		{ "year", "2024", "2024", true, false, 0 },
		{ "date", "2024-00-10", "\"2024-00-10\"", false, true, 0 }, { "datetime(2)", "0000-00-00 00:00:00.00", "\"0000-00-00T00:00:00.00\"", false, true, 0 },
		{ "timestamp", "0000-00-00 00:00:00", "\"0000-00-00T00:00:00\"", false, true, 3600 },
		{ "timestamp", "2026-01-01 00:30:00", "\"2025-12-31T23:30:00Z\"", false, false, 3600 },
		{ "timestamp(3)", "2024-02-28 20:00:00.5", "\"2024-02-29T01:30:00.500Z\"", false, false, -19800 },
		{ "timestamp", "2024-03-01 00:00:00", "\"2024-02-29T10:00:00Z\"", false, false, 50400 },
		{ "timestamp", "2100-03-01 00:00:00", "\"2100-02-28T23:59:59Z\"", false, false, 1 },
		{ "timestamp", "1970-01-01 00:30:00", "refused", false, false, 3600 },
		{ "datetime", "2026-01-01 00:30:00", "\"2026-01-01T00:30:00\"", false, false, 3600 },
		{ "time", "00:30:00", "\"00:30:00\"", false, false, 3600 },
	};
	struct value_options o;
	uint64_t bad = 0;
	char name[200];
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		o = (struct value_options){ .safe_numbers = cases[i].safe, .keep_zero_dates = cases[i].keep, .utc_offset_s = cases[i].offset_s };
		snprintf(name, sizeof(name), "%s of %s, %s%soffset %d", cases[i].text, cases[i].type, cases[i].safe ? "safe numbers, " : "",
		    cases[i].keep ? "zero dates kept, " : "", cases[i].offset_s);
		is_text(convert(cases[i].type, TEXT_STRING, cases[i].text, strlen(cases[i].text), &o, false), cases[i].want, name);
	}
	o = (struct value_options){ .bad_bytes = &bad };
	convert("text", TEXT_STRING, "a\xff\xfe" "b", 4, &o, false);
	convert("set('a','b')", TEXT_STRING, "a,\xff", 3, &o, false);
	is_number((long long)bad, 3, "invalid bytes are counted");
}

/* Values that no text gives: a binlog's. */
static void
test_raw_values(void)
{
	static const struct value_options plain;
	static const struct { const char *type; struct value v; const char *want; } cases[] = {
		{ "double", { .type = VALUE_DOUBLE, .d = INFINITY }, "refused" }, { "double", { .type = VALUE_DOUBLE, .d = NAN }, "refused" },
		{ "float", { .type = VALUE_FLOAT, .f = -INFINITY }, "refused" }, { "float", { .type = VALUE_FLOAT, .f = FLT_MAX }, "3.4028235e+38" },
		{ "float", { .type = VALUE_FLOAT, .f = FLT_MIN }, "1.1754944e-38" }, { "float", { .type = VALUE_FLOAT, .f = 0x1p-149F }, "1e-45" },
		{ "enum('a','b')", { .type = VALUE_UINT, .u = 3 }, "refused" }, { "enum('a','b')", { .type = VALUE_UINT, .u = 2 }, "\"b\"" },
		{ "set('a','b')", { .type = VALUE_UINT, .u = 4 }, "refused" }, { "set('a','b')", { .type = VALUE_UINT, .u = 3 }, "[\"a\",\"b\"]" },
		{ "int", { .type = VALUE_ABSENT }, "refused" }, { "text charset ucs2", { .type = VALUE_BYTES, .bytes = { "\0a\x20\xac", 4 } }, "\"a\xe2\x82\xac\"" },
		{ "text charset sjis", { .type = VALUE_BYTES, .bytes = { "\\~\x83\x5c", 4 } }, "\"\\\\~\xe3\x82\xbd\"" },
		{ "text charset swe7", { .type = VALUE_BYTES, .bytes = { "[", 1 } }, "\"\xc3\x84\"" },
	};
	struct table *t;
	char name[80];
	size_t i;
	int rc;

	for (i = 0; i < NITEMS(cases); i++) {
		t = table_of(cases[i].type);
		buf_clear(&out);
		rc = value_put_json(&out, t->columns, &cases[i].v, &plain, &e);
		snprintf(name, sizeof(name), "raw value %zu: %s", i, cases[i].type);
		is_text(rc == 0 ? buf_str(&out) : "refused", cases[i].want, name);
		table_free(t);
	}
}

/* As my_gcvt of MySQL's strings/dtoa.cc chooses: shown by MySQL 9.7. */
static void
test_mysql_doubles(void)
{
	static const struct { double v; const char *want; } cases[] = {
		{ 0, "0.0" }, { -0.0, "-0.0" }, { 1, "1.0" }, { -100, "-100.0" }, { 0.1, "0.1" }, { 3.5, "3.5" }, { 1e14, "100000000000000.0" },
		{ 1e15, "1e15" }, { 1.7e15, "1.7e15" }, { 1674033164629743.5, "1674033164629743.5" }, { 1.2345678901234568e17, "1.2345678901234568e17" },
		{ 0.001, "0.001" }, { 0.0001, "0.0001" }, { 1e-5, "0.00001" }, { 1e-15, "0.000000000000001" }, { 1e-16, "1e-16" },
		{ -1.2345678901234567e-15, "-0.0000000000000012345678901234568" }, { 9.999999999999999e-16, "9.999999999999999e-16" },
		{ 999999999999999.9, "999999999999999.9" }, { 123456789012345.67, "123456789012345.67" }, { 1e22, "1e22" }, { 1e100, "1e100" },
		{ DBL_MAX, "1.7976931348623157e308" }, { 5e-324, "5e-324" }, { DBL_MIN, "2.2250738585072014e-308" }, { -1.25e16, "-1.25e16" },
	};
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		buf_clear(&out);
		ok(number_put_mysql_double(&out, cases[i].v) == 0, "%s is written", cases[i].want);
		is_text(buf_str(&out), cases[i].want, "as MySQL does");
	}
	ok(number_put_mysql_double(&out, NAN) == -1 && errno == EDOM, "no number, no text");
}

/* What no server writes. Well-formed values are in tests/types-mysql.sql. */
static void
test_binary_json(void)
{
#define B(bytes, want) { bytes, sizeof(bytes) - 1, want }
	static const struct { const char *bytes; size_t n; const char *want; } cases[] = {
		B("", "null"), B("\4\0", "null"), B("\4\3", NULL), B("\4", NULL), B("\20", NULL), B("\15a", NULL), B("\5\1", NULL), B("\5\377\377", "-1"),
		B("\14\1a", "\"a\""), B("\14\2a", NULL), B("\14\377\377\377\377\377\1a", NULL), B("\14\201\0a", "\"a\""),
		B("\2\0\0\4\0", "[]"), B("\2\0\0\3\0", NULL), B("\2\0\0\5\0", NULL), B("\0\0\0\4\0", "{}"), B("\2\1\0\7\0\4\1\0", "[true]"),
		B("\2\2\0\7\0\4\1\0", NULL), B("\2\377\377\7\0\4\1\0", NULL), B("\3\377\377\377\377\14\0\0\0\4\0\0\0", NULL),
		/* an offset beyond the end, back into the header, and to itself */
		B("\2\1\0\11\0\14\11\0\1a", NULL), B("\2\1\0\7\0\2\0\0", NULL), B("\2\1\0\11\0\14\7\0\1a", "[\"a\"]"),
		/* two entries share one value */
		B("\2\2\0\17\0\14\12\0\14\12\0\4abcd", NULL),
		/* names: {"a":true,"b":false}, then in the wrong order, then equal */
		B("\0\2\0\24\0\22\0\1\0\23\0\1\0\4\1\0\4\2\0ab", "{\"a\":true,\"b\":false}"), B("\0\2\0\24\0\22\0\1\0\23\0\1\0\4\1\0\4\2\0ba", NULL),
		/* and one that is not UTF-8, which would equal another as U+FFFD */
		B("\0\2\0\24\0\22\0\1\0\23\0\1\0\4\1\0\4\2\0a\377", NULL),
		B("\0\2\0\24\0\22\0\1\0\23\0\1\0\4\1\0\4\2\0aa", NULL), B("\0\2\0\24\0\22\0\2\0\23\0\1\0\4\1\0\4\2\0ab", NULL),
		B("\13\0\0\0\0\0\0\370\177", NULL), B("\17\12\4\0\0\0\0", NULL), B("\17\366\3\4\2\200", NULL), B("\17\366\2\0\0", NULL),
		B("\17\13\10\0\0\0\0\300\377\0\0", NULL), B("\17\14\10\100\102\17\0\0\0\0\0", NULL), B("\17\377\1\0", "\"base64:type255:AA==\""),
	};
	char name[40];
	size_t i;
	int rc;

	for (i = 0; i < NITEMS(cases); i++) {
		char *copy = malloc(cases[i].n + (cases[i].n == 0));

		memcpy(copy, cases[i].bytes, cases[i].n);
		buf_clear(&out);
		rc = binary_json_put(&out, copy, cases[i].n, NULL);
		snprintf(name, sizeof(name), "binary JSON %zu", i);
		is_text(rc == 0 ? buf_str(&out) : errno == EBADMSG ? "malformed" : "?", cases[i].want == NULL ? "malformed" : cases[i].want, name);
		free(copy);
	}
}

static void
test_set_of_64(void)
{
	static const struct value_options plain;
	struct value v = { .type = VALUE_UINT, .u = UINT64_MAX };
	struct table *t;
	struct buf type;
	int i;

	buf_init(&type, 4096);
	for (i = 0; i < 64; i++)
		buf_putf(&type, "%s'm%d'", i == 0 ? "set(" : ",", i);
	buf_puts(&type, ")");
	t = table_of(buf_str(&type));
	buf_clear(&out);
	ok(value_put_json(&out, t->columns, &v, &plain, &e) == 0 && strstr(buf_str(&out), "\"m63\"]") != NULL, "SET of 64 members, all");
	v.u = UINT64_C(1) << 63;
	buf_clear(&out);
	value_put_key(&out, t->columns, &v, &e);
	is_text(buf_str(&out), "\"m63\"", "and the last one alone as a key");
	table_free(t);
	buf_free(&type);
}

/* ---- numbers ---- */

static uint64_t
any(void)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

static bool
reads_as(const char *text, double v, bool single)
{
	return single ? strtof(text, NULL) == (float)v : strtod(text, NULL) == v;
}

/* It is what %g prints with as few digits as read back the same (or, not to turn 100 into 1e+02, with as many as the
 * type always keeps). */
static bool
is_shortest(const char *text, double v, bool single)
{
	int digits = 1, kept = single ? FLT_DIG : DBL_DIG;
	char other[40];

	do
		snprintf(other, sizeof(other), "%.*g", digits, v);
	while (!reads_as(other, v, single) && digits++ < 17);
	if (digits < kept && fabs(v) >= (single ? (double)FLT_MIN : DBL_MIN))
		snprintf(other, sizeof(other), "%.*g", kept, v);
	return strcmp(other, text) == 0 && reads_as(text, v, single);
}

static bool
number_is_shortest(double v, bool single)
{
	buf_clear(&out);
	if ((single ? number_put_float(&out, (float)v) : number_put_double(&out, v)) == -1)
		return false;
	if (is_shortest(buf_str(&out), v, single))
		return true;
	fprintf(stderr, "# %a: %s\n", v, out.data);
	return false;
}

static void
test_numbers(void)
{
	static const double edges[] = { 0, -0.0, 1, 0.1, 1e-4, 0.00011, 9.9e-5, 1e14, 999999999999999, 1e15, 1e16, 123456789012345680.0, 0.3, 2.5, 1e21,
	    9007199254740992, 5e-324, DBL_MIN, DBL_MAX, 1e22, 1e23, 0.1 + 0.2, 4.35, 1.005, 100, 1e5, 999999, 1e6, 16777217, 0.000123 };
	bool good = true;
	uint64_t r;
	double d;
	float f;
	size_t i;

	for (i = 0; i < NITEMS(edges); i++)
		ok(number_is_shortest(edges[i], false) && (edges[i] > FLT_MAX || number_is_shortest((double)(float)edges[i], true)),
		    "%.17g is written short", edges[i]);
	for (i = 0; i < 200000 && good; i++) {
		r = any();
		memcpy(&d, &r, sizeof(d));
		memcpy(&f, &r, sizeof(f));
		good = (!isfinite(d) || number_is_shortest(d, false)) && (!isfinite(f) || number_is_shortest((double)f, true));
	}
	ok(good, "so are doubles and floats of any bits");
	for (i = 0; i < 200000 && good; i++) {
		r = any();
		d = (double)(int64_t)(r >> (r & 31) >> 12) / pow(10, (double)(any() % 18));
		good = number_is_shortest(d, false) && number_is_shortest((double)(float)d, true);
	}
	ok(good, "and decimals");
}

/* ---- times ---- */

static void
test_calendar(void)
{
	struct table *t = table_of("timestamp");
	const struct value_options east = { .utc_offset_s = 1 };
	bool good = true;
	struct value v;
	struct tm tm;
	char text[64];
	time_t s;

	for (s = 86399; s < (time_t)4102444800 && good; s += 86400 * 7 + 1) {	/* to 2100 */
		gmtime_r(&s, &tm);
		value_time_from_unix(&v.time, s, 0);
		good = v.time.year == tm.tm_year + 1900 && v.time.month == tm.tm_mon + 1 && v.time.day == tm.tm_mday &&
		    v.time.hour == tm.tm_hour && v.time.minute == tm.tm_min && v.time.second == tm.tm_sec;
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
		good = good && value_from_text(&v, t->columns, TEXT_STRING, text, strlen(text), &east, &e) == 0;
		s--;
		gmtime_r(&s, &tm);
		s++;
		good = good && v.time.day == tm.tm_mday && v.time.second == tm.tm_sec;
	}
	ok(good, "the calendar is libc's, a second less too");
	value_time_from_unix(&v.time, -1, 5);
	ok(v.time.year == 1969 && v.time.hour == 23 && v.time.second == 59 && v.time.micro == 5, "also before 1970");
	table_free(t);
}

/* ---- JSON ---- */

static void
test_minify(void)
{
	static const struct { const char *in, *want; } cases[] = {
		{ "{\"b\":1,\"a\":2,\"b\":3}", "{\"b\":3,\"a\":2}" }, { "{\"a\":{\"x\":1,\"x\":[2,{\"y\":1,\"y\":2}]},\"a\":{\"x\":1,\"x\":2}}", "{\"a\":{\"x\":2}}" },
		{ "{\"\\u0061\" : 1 , \"a\" : 2 }", "{\"\\u0061\":2}" }, { "{\"a\":1,\"\\u0061\":2,\"b\":3}", "{\"a\":2,\"b\":3}" },
		{ "{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}", "{\"\\ud83d\\ude00\":2}" }, { "{\"\":1,\"\":2}", "{\"\":2}" }, { "{\"\\u0000\":1,\"\\u0000a\":2}", "{\"\\u0000\":1,\"\\u0000a\":2}" },
		{ "{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9,\"a\":{\"z\":[]},\"d\":0}",
		  "{\"a\":{\"z\":[]},\"b\":2,\"c\":3,\"d\":0,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}" },
		{ "[ [ ] , { } , [ { } ] ]", "[[],{},[{}]]" }, { "\t\"a b\"\r\n", "\"a b\"" }, { "-0", "-0" }, { "100000.0", "100000.0" }, { "1.10", "1.10" },
		{ "{\"a\\\"}\":1,\"a\\\"}\":2}", "{\"a\\\"}\":2}" },
		{ "{", NULL }, { "{\"a\"}", NULL }, { "{\"a\":}", NULL }, { "{\"a\":1,}", NULL }, { "{,}", NULL }, { "[,]", NULL }, { "[1 2]", NULL }, { "1 2", NULL },
		{ "", NULL }, { " ", NULL }, { "{\"a\" 1}", NULL }, { "{a:1}", NULL }, { "[1,", NULL }, { "{\"a\":1", NULL }, { "{\"a\":1 \"b\":2}", NULL }, { "]", NULL },
		{ "\"\\x\"", NULL }, { "\"\n\"", NULL }, { "1.", NULL }, { "\"\xff\"", NULL }, { "{}}", NULL }, { "{\"\xc3\":1}", NULL },
	};
	char name[128];
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		char *copy = strndup(cases[i].in, strlen(cases[i].in));
		int rc;

		buf_clear(&out);
		buf_puts(&out, "x");
		rc = json_put_minified(&out, copy, strlen(copy), &e);
		snprintf(name, sizeof(name), "minified JSON, case %zu", i);
		if (cases[i].want != NULL)
			is_text(rc == 0 ? buf_str(&out) + 1 : e.text, cases[i].want, name);
		else
			ok(rc == -1 && e.rc == RC_FAIL && out.len == 1, "%s is refused, and leaves nothing", name);
		free(copy);
	}
}

/* Objects with many members, names of one length and order, equal at the end; and depth. */
static void
test_minify_speed(void)
{
	clock_t start = clock();
	struct buf in;
	int i, rc;

	buf_init(&in, 1 << 26);
	buf_puts(&in, "{");
	for (i = 0; i < 200000; i++)
		buf_putf(&in, "\"%06d\":%d,", (i * 7919) % 200000, i);
	buf_puts(&in, "\"000000\":[]}");
	buf_clear(&out);
	rc = json_put_minified(&out, in.data, in.len, &e);
	ok(rc == 0 && memcmp(out.data, "{\"000000\":[],\"007919\":1,", 24) == 0 && out.len < in.len, "an object of 200000 members");
	ok((double)(clock() - start) / CLOCKS_PER_SEC < 5, "takes no square of time");
	for (i = 1; i < 3; i++) {
		buf_clear(&in);
		buf_putf(&in, "%*s", MAX_JSON_DEPTH + i, "");
		memset(in.data, '[', in.len);
		buf_putf(&in, "%*s", MAX_JSON_DEPTH + i, "");
		memset(in.data + in.len / 2, ']', in.len / 2);
		buf_clear(&out);
		ok((json_put_minified(&out, in.data, in.len, &e) == 0) == (i == 1), "%d deep", MAX_JSON_DEPTH + i);
	}
	buf_free(&in);
}

/* ---- character sets: what real servers say is in charsets.t ---- */

static void
test_charsets(void)
{
	static const struct { const char *charset, *in; size_t n; const char *want; unsigned bad; } cases[] = {
		{ "latin1", "\x80\x81\xe9\xff", 4, "\xe2\x82\xac\xc2\x81\xc3\xa9\xc3\xbf", 0 }, { "sjis", "a\x5c\x7e\xb1\x82\xa0", 6, "a\\~\xef\xbd\xb1\xe3\x81\x82", 0 },
		{ "sjis", "\x82", 1, "\xef\xbf\xbd", 1 }, { "sjis", "\x82\x20x", 3, "\xef\xbf\xbd x", 1 }, { "gbk", "\x80" "1", 2, "\xef\xbf\xbd" "1", 1 },
		{ "gb18030", "\x90\x30\x81\x30\x84\x31\x82\x36", 8, "\xf0\x90\x80\x80\xef\xb8\x90", 0 }, { "gb18030", "\xff\xff" "a\x90\x30\x81", 6, "\xef\xbf\xbd" "a\xef\xbf\xbd" "0\xef\xbf\xbd", 3 },
		{ "ujis", "\x8e\xb1\x8f\xb0\xa1\xa4\xa2", 7, "\xef\xbd\xb1\xe4\xb8\x82\xe3\x81\x82", 0 }, { "ujis", "\x8f\xb0", 2, "\xef\xbf\xbd\xef\xbf\xbd", 2 },
		{ "euckr", "\xa2\xe8x", 3, "\xef\xbf\xbdx", 1 }, { "ucs2", "\0a\xd8\0\0b\x20", 7, "a\xef\xbf\xbd" "b\xef\xbf\xbd", 2 },
		{ "utf16", "\xd8\x3d\xde\0\xdc\0\0a\xd8\x3d", 10, "\xf0\x9f\x98\x80\xef\xbf\xbd" "a\xef\xbf\xbd", 2 }, { "utf16le", "\x3d\xd8\0\xde", 4, "\xf0\x9f\x98\x80", 0 },
		{ "utf16", "\xd8\x3d\0a", 4, "\xef\xbf\xbd" "a", 1 }, { "utf32", "\0\1\xf6\0\0\x11\0\0\0\0\xd8\0\0\0\0", 15, "\xf0\x9f\x98\x80\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 3 },
		{ "tis620", "\xa1\xff", 2, "\xe0\xb8\x81\xef\xbf\xbd", 1 }, { "latin1", "", 0, "", 0 }, { "dec8", "\xa0", 1, "\xc2\xa0", 0 },
	};
	static const char *const unknown[] = { "klingon", "", "utf8mb", "latin11", "uca1400" };
	const struct charset *c;
	struct buf big, small;
	uint64_t bad;
	size_t i;

	buf_init(&small, 100);
	for (i = 0; i < NITEMS(cases); i++) {
		char *copy = malloc(cases[i].n + 1);

		memcpy(copy, cases[i].in, cases[i].n);
		buf_clear(&small);
		bad = 0;
		c = charset_find(cases[i].charset);
		ok(c != NULL && charset_put_utf8(c, &small, copy, cases[i].n, &bad) == 0 && bad == cases[i].bad, "%s, case %zu", cases[i].charset, i);
		is_text(buf_str(&small), cases[i].want, "in UTF-8");
		free(copy);
	}
	for (i = 0; i < NITEMS(unknown); i++)
		ok(charset_find(unknown[i]) == NULL, "no character set %s", unknown[i]);
	ok(charset_find("LATIN1") == charset_find("latin1") && charset_of_collation("latin1_swedish_ci") == charset_find("latin1"), "any case, and by collation");
	ok(charset_of_collation("uca1400_ai_ci") == NULL && charset_of_collation("binary") != NULL, "a collation without a character set, and one that is it");

	/* characters that lie across the pieces in which text is converted */
	buf_free(&small);
	buf_init(&big, 1 << 20);
	buf_init(&small, 1 << 20);
	buf_puts(&big, "a");
	for (i = 0; i < 5000; i++)
		buf_add(&big, "\x8f\xb0\xa1", 3);
	bad = 0;
	charset_put_utf8(charset_find("ujis"), &small, big.data, big.len, &bad);
	ok(bad == 0 && small.len == 1 + 3 * 5000 && memcmp(small.data + small.len - 6, "\xe4\xb8\x82\xe4\xb8\x82", 6) == 0, "long text");
	buf_free(&big);
	buf_free(&small);
}

/* ---- lines ---- */

static void
test_events(void)
{
	static const char create[] = "CREATE TABLE `or\"der` (id int, n varchar(9), g int AS (id) VIRTUAL, f float, PRIMARY KEY (n, id))";
	struct table *t = table_from_create(create, sizeof(create) - 1, "d", &e);
	struct value row[4] = { { .type = VALUE_INT, .i = -1 }, { .type = VALUE_BYTES, .bytes = { "a|b", 3 } }, { .type = VALUE_ABSENT }, { .type = VALUE_NULL } };
	struct value old[4] = { { .type = VALUE_ABSENT }, { .type = VALUE_NULL }, { .type = VALUE_ABSENT }, { .type = VALUE_FLOAT, .f = 1.5F } };
	struct pos p = { .epoch = 2, .file = "b.000001", .offset = 77 };
	struct value_options o = { .keep_zero_dates = false };
	struct row_event r = { .op = "update", .table = t, .row = row, .key = row, .old = old, .pos = &p, .ts = "12.5" };

	buf_clear(&out);
	ok(t != NULL && event_put_row(&out, &r, &o, &e) == 0, "a row");
	is_text(buf_str(&out), "{\"op\":\"update\",\"db\":\"d\",\"table\":\"or\\\"der\",\"key\":[\"a|b\",\"-1\"],\"pos\":\"2/b.000001:77\",\"ts\":12.5,\"partial\":true,"
	    "\"old\":{\"n\":null,\"f\":1.5},\"row\":{\"id\":-1,\"n\":\"a|b\",\"f\":null}}\n", "its line");
	r = (struct row_event){ .op = "snapshot", .table = t, .row = row, .generated_absent = true };
	buf_clear(&out);
	event_put_row(&out, &r, &o, &e);
	is_text(buf_str(&out), "{\"op\":\"snapshot\",\"db\":\"d\",\"table\":\"or\\\"der\",\"row\":{\"id\":-1,\"n\":\"a|b\",\"f\":null}}\n", "without what is not known");
	t->columns[1].version = VERSION_END;
	row[1].type = VALUE_ABSENT;
	buf_clear(&out);
	event_put_row(&out, &r, &o, &e);
	is_text(buf_str(&out), "{\"op\":\"snapshot\",\"db\":\"d\",\"table\":\"or\\\"der\",\"row\":{\"id\":-1,\"f\":null}}\n", "nor when it ends to count");
	t->columns[1].version = VERSION_NONE;
	row[3] = (struct value){ .type = VALUE_FLOAT, .f = NAN };
	buf_clear(&out);
	buf_puts(&out, "before");
	ok(event_put_row(&out, &r, &o, &e) == -1 && e.rc == RC_FAIL && out.len == 6, "a value that does not fit leaves nothing");
	ok(strstr(e.text, "column f") != NULL && strstr(e.text, "d.or\"der") != NULL, "and is named");
	row[3].type = row[0].type = row[1].type = VALUE_ABSENT;
	buf_clear(&out);
	event_put_row(&out, &r, &o, &e);
	is_text(buf_str(&out), "{\"op\":\"snapshot\",\"db\":\"d\",\"table\":\"or\\\"der\",\"partial\":true,\"row\":{}}\n", "a row of nothing");
	table_free(t);
}

int
main(void)
{
	buf_init(&out, 1 << 26);
	test_values();
	test_options();
	test_raw_values();
	test_mysql_doubles();
	test_binary_json();
	test_set_of_64();
	test_numbers();
	test_calendar();
	test_minify();
	test_minify_speed();
	test_charsets();
	test_events();
	buf_free(&out);
	return done_testing();
}
