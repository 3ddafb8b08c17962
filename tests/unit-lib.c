/* SPDX-License-Identifier: ISC */
/* lib/: cursor, buffer, JSON, positions, table patterns, lines, backoff. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/cursor.h"
#include "lib/glob.h"
#include "lib/json.h"
#include "lib/line.h"
#include "lib/pos.h"
#include "lib/retry.h"
#include "lib/utf8.h"

#include "tests/tap.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct error e;

/* A copy without room to spare, so that a sanitizer sees one byte too many. */
static char *
exact(const char *text, size_t n)
{
	char *copy = malloc(n > 0 ? n : 1);

	if (n > 0)
		memcpy(copy, text, n);
	return copy;
}

/* ---- cursor ---- */

static void
test_cursor(void)
{
	static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	struct cursor c = cur_of(bytes, sizeof(bytes)), sub;

	ok(cur_u24(&c) == 0x030201 && cur_left(&c) == 5 && !c.bad, "cursor: three bytes, little-endian");
	ok(cur_be(&c, 2) == 0x0405 && cur_left(&c) == 3, "cursor: two bytes, big-endian");
	sub = cur_sub(&c, 2);
	ok(cur_u16(&sub) == 0x0706 && !sub.bad && cur_left(&c) == 1, "cursor: a part of it");
	ok(cur_u8(&sub) == 0 && sub.bad && !c.bad, "cursor: the part has an end of its own");
	ok(cur_u16(&c) == 0 && c.bad && cur_left(&c) == 0, "cursor: past the end is 0, bad, and the end");
	ok(cur_take(&c, 1) == NULL && c.bad, "cursor: and stays bad");
	ok(cur_take(&c, 0) != NULL, "cursor: nothing is always there");

	c = cur_of(bytes, sizeof(bytes));
	ok(cur_take(&c, SIZE_MAX) == NULL && c.bad, "cursor: a length that would wrap");
	c = cur_of(bytes, 3);
	sub = cur_sub(&c, 4);
	ok(sub.bad && cur_left(&sub) == 0 && c.bad, "cursor: a part longer than the whole is empty and bad");
	c = cur_of(bytes, 8);
	ok(cur_u64(&c) == 0x0807060504030201 && !c.bad, "cursor: eight bytes");
}

static void
test_lenenc(void)
{
	static const struct { const char *name; uint8_t bytes[9]; size_t n; uint64_t want; bool bad; } cases[] = {
		{ "one byte", { 250 }, 1, 250, false },
		{ "two bytes", { 252, 0xfb, 0 }, 3, 251, false },
		{ "three bytes", { 253, 1, 2, 3 }, 4, 0x030201, false },
		{ "eight bytes", { 254, 255, 255, 255, 255, 255, 255, 255, 255 }, 9, UINT64_MAX, false },
		{ "NULL is none", { 251, 0 }, 2, 0, true },
		{ "255 is none", { 255, 0 }, 2, 0, true },
		{ "cut off", { 253, 1, 2 }, 3, 0, true },
		{ "empty", { 0 }, 0, 0, true },
	};
	struct cursor c;
	uint64_t v;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		c = cur_of(cases[i].bytes, cases[i].n);
		v = cur_lenenc(&c);
		ok(c.bad == cases[i].bad && v == cases[i].want, "length-encoded: %s", cases[i].name);
	}
}

/* ---- arena ---- */

static void
test_arena(void)
{
	struct arena a = { 0 };
	char *first = arena_take(&a, 10), *second = arena_take(&a, 20), *big;
	size_t cap;

	memset(first, 'a', 10);
	memset(second, 'b', 20);
	ok(second >= first + 10, "arena: pieces are apart");
	big = arena_take(&a, 100000);
	memset(big, 'c', 100000);
	ok(first[9] == 'a' && second[0] == 'b' && second[19] == 'b', "arena: they stay where they are when it grows");
	cap = a.cap;
	arena_reset(&a);
	ok(arena_take(&a, 100000) == big && a.cap == cap, "arena: what it had is used again");
	errno = 0;
	ok(arena_take(&a, SIZE_MAX) == NULL && errno == ENOMEM, "arena: no memory for so much");
	ok(arena_take(&a, 0) != NULL, "arena: nothing is something, too");
	arena_free(&a);
	ok(a.data == NULL && a.cap == 0, "arena: empty again");
}

/* ---- buf ---- */

static void
test_buf(void)
{
	char big[600];
	struct buf b;

	memset(big, 'x', sizeof(big));
	ok(buf_init(&b, 1000) == 0 && b.len == 0, "buf: begins empty");
	ok(buf_add(&b, big, 600) == 0 && b.len == 600 && b.cap == 1000, "buf: grows, and not past its maximum");
	errno = 0;
	ok(buf_add(&b, big, 401) == -1 && errno == EMSGSIZE && b.len == 600, "buf: what does not fit leaves it as it was");
	ok(buf_add(&b, big, SIZE_MAX) == -1 && b.len == 600, "buf: a length that would wrap");
	ok(buf_add(&b, big, 400) == 0 && b.len == 1000, "buf: full to the last byte");
	ok(buf_str(&b) == NULL && buf_putc(&b, 'x') == -1 && b.len == 1000, "buf: then nothing more fits");
	buf_clear(&b);
	ok(b.len == 0 && b.cap == 1000, "buf: emptied, it keeps its memory");
	buf_putu(&b, 0);
	buf_putc(&b, ' ');
	buf_putu(&b, UINT64_MAX);
	buf_putc(&b, ' ');
	buf_puti(&b, INT64_MIN);
	buf_putf(&b, " %s-%d", "a", 7);
	is_text(buf_str(&b), "0 18446744073709551615 -9223372036854775808 a-7", "buf: numbers and formats");
	buf_free(&b);
}

/* ---- JSON ---- */

/* What jsmn in its strict mode accepts all the same, and more of that kind. */
static void
test_json_refuses(void)
{
	static const struct { const char *name, *text; size_t n; } cases[] = {
#define CASE(name, text) { name, text, sizeof(text) - 1 }
		CASE("a leading zero", "01"), CASE("two points", "1.2.3"), CASE("a word with a tail", "truth"),
		CASE("a lone minus", "-"), CASE("a comma before }", "{\"a\":1,}"), CASE("a comma alone", "{,}"),
		CASE("no comma", "[1 2]"), CASE("a name without a value", "{\"a\"}"),
		CASE("two colons", "{\"a\":\"b\":\"c\"}"), CASE("a colon in an array", "[\"a\":1]"),
		CASE("a stray byte of UTF-8", "\"\xff\""), CASE("a cut sequence", "\"\xc3\""),
		CASE("an overlong slash", "\"\xc0\xaf\""), CASE("a surrogate in UTF-8", "\"\xed\xa0\x80\""),
		CASE("past U+10FFFF", "\"\xf4\x90\x80\x80\""), CASE("a raw tab", "\"\t\""), CASE("a raw NUL", "\"\0\""),
		CASE("a raw line feed", "\"\n\""), CASE("nothing", ""), CASE("white space alone", " \n"),
		CASE("two values", "1 2"), CASE("an open string", "\"abc"), CASE("an open escape", "\"\\"),
		CASE("a short \\u", "\"\\u12\""), CASE("no hex in \\u", "\"\\u12g4\""), CASE("\\x", "\"\\x41\""),
		CASE("an escaped NUL byte", "\"\\\0\""), CASE("single quotes", "'a'"), CASE("no quotes", "{a:1}"),
		CASE("a comma before ]", "[1,]"), CASE("] for }", "{\"a\":1]"), CASE("} for ]", "[1}"),
		CASE("an open object", "{\"a\":1"), CASE("an open array", "[[1]"), CASE("one ] too many", "[1]]"),
		CASE("a point without digits", "1."), CASE("digits missing before it", ".5"), CASE("a plus", "+1"),
		CASE("an open exponent", "1e"), CASE("an exponent's sign alone", "1e+"), CASE("hex", "0x10"),
		CASE("NaN", "NaN"), CASE("Infinity", "-Infinity"), CASE("True", "True"), CASE("a comment", "[1/*x*/]"),
		CASE("a byte order mark", "\xef\xbb\xbf{}"), CASE("a form feed between", "[\f1]"),
		CASE("a number as a name", "{1:2}"), CASE("a number with a tail", "1x"), CASE("a null with a tail", "nullx"),
#undef CASE
	};
	struct json j = { 0 };
	char *copy;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		copy = exact(cases[i].text, cases[i].n);
		ok(json_parse(&j, copy, cases[i].n, &e) == -1 && e.rc == RC_FAIL, "JSON refuses %s", cases[i].name);
		free(copy);
	}
	json_free(&j);
}

static void
test_json_accepts(void)
{
	static const char *const cases[] = {
		"0", "-0", "1.5e-7", "-12E+3", "\"\"", "\"a\"", "true", " false ", "null", "{}", "[]", "[ ]", "{ }",
		"[[],{}]", "\"\\u0000\"", "\"\\ud83d\\ude00\"", "\"\\ud800\"", "\"\xf0\x9f\x98\x80\"", "\"\x7f\"",
		"{\"a\":1,\"a\":2}", "\t[1 , 2]\r\n", "123456789012345678901234567890", "\"\\/\\b\\f\\\"\"",
	};
	struct json j = { 0 };
	char *copy;
	size_t i, n;

	for (i = 0; i < NITEMS(cases); i++) {
		n = strlen(cases[i]);
		copy = exact(cases[i], n);
		ok(json_parse(&j, copy, n, &e) == 0, "JSON takes %.*s", (int)strcspn(cases[i], "\n\r"), cases[i]);
		free(copy);
	}
	json_free(&j);
}

/* MAX_JSON_DEPTH arrays inside each other pass, one more does not. */
static void
test_json_depth(void)
{
	static char text[2 * (MAX_JSON_DEPTH + 2)];
	struct json j = { 0 };
	size_t n = MAX_JSON_DEPTH + 1;

	memset(text, '[', n);
	memset(text + n, ']', n);
	ok(json_parse(&j, text, 2 * n, &e) == 0, "JSON: %d deep", MAX_JSON_DEPTH);
	n++;
	memset(text, '[', n);
	memset(text + n, ']', n);
	ok(json_parse(&j, text, 2 * n, &e) == -1, "JSON: deeper than that is refused");
	json_free(&j);
}

/* Quadratic in jsmn without its parent links: seconds in place of milliseconds. */
static void
test_json_speed(void)
{
	struct json j = { 0 };
	uint64_t began = now_ms();
	struct buf b;
	int i, t, n = 0;

	buf_init(&b, 1 << 24);
	buf_putc(&b, '[');
	for (i = 0; i < 80000; i++)
		buf_puts(&b, i > 0 ? ",{\"a\":1}" : "{\"a\":1}");
	buf_putc(&b, ']');
	ok(json_parse(&j, b.data, b.len, &e) == 0 && json_size(&j, 0) == 80000, "JSON: 80,000 small objects");
	for (t = json_first(&j, 0); t != -1; t = json_next(&j, t))
		n++;
	is_number(n, 80000, "JSON: each is visited once");
	ok(now_ms() - began < 5000, "JSON: in linear time (%llu ms)", (unsigned long long)(now_ms() - began));
	json_free(&j);
	buf_free(&b);
}

static void
test_json_reader(void)
{
	static const char text[] = "{\n \"a\": [1, {\"x\": null}, \"s\"],\n \"b\\u0062\": \"\\u00e9\\n\\ud83d\\ude00\\udc00\",\n"
	    " \"n\": -9223372036854775808, \"u\": 18446744073709551615, \"big\": 18446744073709551616, \"f\": 1.0,"
	    " \"z\": \"a\\u0000b\", \"a\": true}";
	struct json j = { 0 };
	uint64_t u;
	int64_t i;
	struct buf b;
	char *copy;
	size_t n;
	int a, t;

	ok(json_parse(&j, text, sizeof(text) - 1, &e) == 0 && json_type(&j, 0) == JSON_OBJECT, "JSON: an object");
	is_number(json_size(&j, 0), 8, "JSON: its members");
	a = json_member(&j, 0, "a");
	ok(a != -1 && json_type(&j, a) == JSON_ARRAY && json_size(&j, a) == 3, "JSON: of two equal names the first");
	is_number(json_line(&j, a), 2, "JSON: the line it stands on");
	t = json_first(&j, a);
	ok(json_type(&j, t) == JSON_NUMBER, "JSON: first element");
	t = json_next(&j, t);
	ok(json_type(&j, t) == JSON_OBJECT && json_type(&j, json_member(&j, t, "x")) == JSON_NULL,
	    "JSON: second element, and its member");
	t = json_next(&j, t);
	ok(json_is(&j, t, "s") && !json_is(&j, t, "") && !json_is(&j, t, "st"), "JSON: third element");
	ok(json_next(&j, t) == -1, "JSON: no fourth");
	ok(json_member(&j, 0, "x") == -1, "JSON: a member of a member is not found");
	ok(json_member(&j, a, "a") == -1 && json_member(&j, -1, "a") == -1, "JSON: no member of what is no object");

	t = json_member(&j, 0, "bb");
	ok(t != -1, "JSON: a name with an escape");
	copy = json_strdup(&j, t);
	is_text(copy, "\xc3\xa9\n\xf0\x9f\x98\x80\xef\xbf\xbd", "JSON: escapes, a pair, a lone surrogate");
	free(copy);
	ok(strncmp(json_slice(&j, t, &n), "\"\\u00e9", 7) == 0 && n == 28, "JSON: the value as it stands there");
	ok(json_i64(&j, json_member(&j, 0, "n"), &i) == 0 && i == INT64_MIN, "JSON: the least number");
	ok(json_u64(&j, json_member(&j, 0, "n"), &u) == -1, "JSON: which is not unsigned");
	ok(json_u64(&j, json_member(&j, 0, "u"), &u) == 0 && u == UINT64_MAX, "JSON: the greatest");
	ok(json_i64(&j, json_member(&j, 0, "u"), &i) == -1, "JSON: which is not signed");
	ok(json_u64(&j, json_member(&j, 0, "big"), &u) == -1 && json_u64(&j, json_member(&j, 0, "f"), &u) == -1 &&
	    json_u64(&j, a, &u) == -1, "JSON: too great, a fraction, no number");
	errno = 0;
	ok(json_strdup(&j, json_member(&j, 0, "z")) == NULL && errno == EINVAL, "JSON: a NUL fits no C string");
	buf_init(&b, 64);
	ok(json_text(&j, json_member(&j, 0, "z"), &b) == 0 && b.len == 3, "JSON: but a buffer");
	buf_free(&b);
	ok(json_parse(&j, " 12 ", 4, &e) == 0 && json_u64(&j, 0, &u) == 0 && u == 12, "JSON: a number alone");
	json_free(&j);
}

static void
test_json_writer(void)
{
	static const struct { const char *name, *in; size_t n; const char *want; uint64_t bad; } cases[] = {
#define CASE(name, in, want, bad) { name, in, sizeof(in) - 1, want, bad }
		CASE("plain", "Ede", "\"Ede\"", 0),
		CASE("quote, backslash", "a\"b\\c", "\"a\\\"b\\\\c\"", 0),
		CASE("control bytes", "\n\r\t\b\x1f\0x", "\"\\n\\r\\t\\u0008\\u001f\\u0000x\"", 0),
		CASE("UTF-8 of two to four bytes", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
		    "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", 0),
		CASE("a stray byte", "a\xff" "b", "\"a\xef\xbf\xbd" "b\"", 1),
		CASE("a cut sequence at the end", "a\xe2\x82", "\"a\xef\xbf\xbd\xef\xbf\xbd\"", 2),
		CASE("a surrogate in UTF-8", "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", 3),
		CASE("DEL stands for itself", "\x7f", "\"\x7f\"", 0),
#undef CASE
	};
	struct json j = { 0 };
	uint64_t bad;
	struct buf b;
	char *copy;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		buf_init(&b, 1000);
		bad = 0;
		copy = exact(cases[i].in, cases[i].n);
		json_put_string(&b, copy, cases[i].n, &bad);
		is_text(buf_str(&b), cases[i].want, cases[i].name);
		ok(bad == cases[i].bad, "%s: %d bytes were not UTF-8", cases[i].name, (int)cases[i].bad);
		ok(json_parse(&j, b.data, b.len, &e) == 0, "%s: what was written can be read", cases[i].name);
		free(copy);
		buf_free(&b);
	}
	buf_init(&b, 256);
	b.len = 254;
	ok(json_put_string(&b, "\xff", 1, NULL) == -1, "JSON: a full buffer says so");
	buf_free(&b);
	json_free(&j);
}

static void
test_json_minified(void)
{
	static const struct { const char *in, *want; } cases[] = {
		{ " { \"a\" : [ 1 , 2.50 , \"x y\" ] }\n", "{\"a\":[1,2.50,\"x y\"]}" },
		{ "{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}" },
		{ "{\"a\":1,\"\\u0061\":{\"c\":[],\"c\":{}}}", "{\"a\":{\"c\":{}}}" },
		{ "\"\\u00e9\"", "\"\\u00e9\"" }, { " 1.10 ", "1.10" }, { "[]", "[]" }, { "{}", "{}" },
		{ "[{\"\":0}]", "[{\"\":0}]" },
	};
	struct buf b;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; i < NITEMS(cases); i++) {
		buf_clear(&b);
		ok(json_put_minified(&b, cases[i].in, strlen(cases[i].in), &e) == 0, "minify %.*s",
		    (int)strcspn(cases[i].in, "\n"), cases[i].in);
		is_text(buf_str(&b), cases[i].want, "and it is small, with the last of equal names");
	}
	buf_clear(&b);
	ok(json_put_minified(&b, "{", 1, &e) == -1 && e.rc == RC_FAIL, "minify refuses what is not JSON");
	buf_free(&b);
}

/* ---- positions ---- */

static void
test_pos_text(void)
{
	static const char *const good[] = {
		"binlog.000003:1234", "1/binlog.000003:4", "127/a:0", "my-bin.1000000:18446744073709551615", "a:b.000001:4",
	};
	static const char *const bad[] = {
		"", ":", "binlog.000003", "binlog.000003:", ":4", "/binlog.1:4", "x/binlog.1:4", "1/:4", "binlog.1:4x",
		"binlog.1: 4", "binlog.1:-4", "binlog.1:18446744073709551616", "4294967296/binlog.1:4", "-1/binlog.1:4",
	};
	char text[POS_TEXT], longest[MAX_BINLOG_NAME + 8];
	struct pos p, before = { .file = "x", .offset = 7 };
	struct buf b;
	size_t i;

	buf_init(&b, 1000);
	for (i = 0; i < NITEMS(good); i++) {
		buf_clear(&b);
		ok(pos_parse(&p, good[i], &e) == 0, "position %s", good[i]);
		is_text(pos_text(&p, text), good[i], "and it is printed as it was read");
		pos_put(&b, &p);
		is_text(buf_str(&b), good[i], "into a buffer too");
	}
	buf_free(&b);
	for (i = 0; i < NITEMS(bad); i++) {
		p = before;
		ok(pos_parse(&p, bad[i], &e) == -1 && e.rc == RC_USAGE && p.offset == 7, "no position: '%s'", bad[i]);
	}
	memset(longest, 'b', sizeof(longest));
	strcpy(longest + MAX_BINLOG_NAME, ":4");
	ok(pos_parse(&p, longest, &e) == 0 && strlen(p.file) == MAX_BINLOG_NAME, "the longest name");
	strcpy(longest + MAX_BINLOG_NAME, "b:4");
	ok(pos_parse(&p, longest, &e) == -1, "a longer one is refused");
	ok(pos_parse(&p, "0/binlog.000001:4", &e) == 0 && p.epoch == 0, "epoch 0 may be written");
	is_text(pos_text(&p, text), "binlog.000001:4", "and is left out");
}

static void
test_pos_order(void)
{
	static const char *const order[] = {
		"binlog.000001:4", "binlog.000001:5", "binlog.000001:68719476735", "binlog.000002:4", "binlog.999999:900",
		"binlog.1000000:4", "1/binlog.000001:4", "2/other.000001:4", "127/binlog.000001:4",
	};
	uint64_t va, vb;
	struct pos a, b;
	size_t i, k;
	int want;
	bool good = true, folds = true;

	for (i = 0; i < NITEMS(order); i++) {
		for (k = 0; k < NITEMS(order); k++) {
			pos_parse(&a, order[i], &e);
			pos_parse(&b, order[k], &e);
			want = i < k ? -1 : i > k;
			good &= pos_cmp(&a, &b) == want;
			folds &= pos_version(&a, &va, &e) == 0 && pos_version(&b, &vb, &e) == 0 &&
			    (va < vb ? -1 : va > vb) == want;
		}
	}
	ok(good, "positions: by epoch, number, offset; never by the text of the name");
	ok(folds, "positions: versions have the same order");
}

static void
test_pos_fold(void)
{
	static const char *const bad[] = {
		"128/binlog.000001:4", "binlog.1048576:4", "binlog.000001:68719476736", "binlog:4", "binlog.000001x:4",
		"binlog.99999999999999999999:4",
	};
	uint64_t version;
	struct pos p;
	size_t i;

	pos_parse(&p, "1/binlog.000003:1234", &e);
	pos_version(&p, &version, &e);
	is_number((long long)version, (1LL << 56) + (3LL << 36) + 1234, "fold: 7 bits, 20 bits, 36 bits");
	pos_parse(&p, "127/binlog.1048575:68719476735", &e);
	ok(pos_version(&p, &version, &e) == 0 && version == INT64_MAX, "fold: the greatest is the engine's greatest");
	pos_parse(&p, "binlog.0:0", &e);
	ok(pos_version(&p, &version, &e) == 0 && version > 1, "fold: the least still beats a row without position");
	for (i = 0; i < NITEMS(bad); i++)
		ok(pos_parse(&p, bad[i], &e) == 0 && pos_version(&p, &version, &e) == -1 && e.rc == RC_FAIL,
		    "fold: %s does not fit, and nothing wraps", bad[i]);
	ok(pos_file_number("binlog.000003") == 3 && pos_file_number("binlog") == -1 && pos_file_number("7") == 7,
	    "the number at the end of a name");
	ok(pos_same_basename("binlog.000001", "binlog.1000000") && !pos_same_basename("binlog.000001", "bin.000001") &&
	    !pos_same_basename("binlog.1", "binlog-1"), "the name without it");
}

/* ---- table patterns ---- */

static void
test_glob(void)
{
	static const struct { const char *pattern, *db, *table; bool want; } cases[] = {
		{ "world.city", "world", "city", true }, { "world.city", "world", "cities", false },
		{ "world.*", "world", "city", true }, { "world.*", "world2", "city", false },
		{ "*.*", "a", "b", true }, { "shop?.order_*", "shop1", "order_2026", true },
		{ "shop?.order_*", "shop", "order_", false }, { "city", "test", "city", true },
		{ "World.city", "world", "city", false }, { "a.b.c", "a", "b.c", true },
		{ "a.t[1]", "a", "t[1]", true }, { "a.t[1]", "a", "t1", false }, { "a.c:\\", "a", "c:\\", true },
		{ "a.?", "a", "\xc3\xbc", true }, { "a.??", "a", "\xc3\xbc", false }, { "a.*b*c", "a", "abbcbc", true },
		{ "a.*b*c", "a", "abbcb", false }, { "a.*", "a", "", true }, { "a.**?", "a", "", false },
		{ "a.*?x", "a", "\xc3\xbcx", true },
	};
	struct glob_list l;
	const struct glob *g;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		l = (struct glob_list){ 0 };
		ok(glob_add(&l, cases[i].pattern, "test", &e) == 0 &&
		    (glob_find(&l, cases[i].db, cases[i].table) != NULL) == cases[i].want, "%s %s %s.%s",
		    cases[i].pattern, cases[i].want ? "fits" : "does not fit", cases[i].db, cases[i].table);
		glob_free(&l);
	}
	l = (struct glob_list){ 0 };
	ok(glob_find(&l, "a", "b") == NULL, "an empty list fits nothing");
	ok(glob_add(&l, "a.b@1/binlog.000002:777", NULL, &e) == 0 && glob_add(&l, "a.*", NULL, &e) == 0, "with a position");
	g = glob_find(&l, "a", "b");
	ok(g != NULL && g->from.epoch == 1 && g->from.offset == 777, "it is the pattern's: the first that fits counts");
	g = glob_find(&l, "a", "c");
	ok(g != NULL && !pos_is_set(&g->from), "and the others' rows all count");
	ok(glob_add(&l, "city", NULL, &e) == -1 && e.rc == RC_USAGE, "a table without database, and no default");
	ok(glob_add(&l, "", "d", &e) == -1 && glob_add(&l, "a.b@", "d", &e) == -1 && glob_add(&l, "a.b@x", "d", &e) == -1,
	    "nothing, or no position, is refused");
	is_number((long long)l.count, 2, "and not added");
	glob_free(&l);
}

/* ---- lines ---- */

/* A reader over a pipe that holds text (at most what a pipe takes). */
static int
pipe_with(const char *text, size_t n)
{
	int fds[2];

	if (pipe(fds) == -1 || write(fds[1], text, n) != (ssize_t)n)
		exit(1);
	close(fds[1]);
	return fds[0];
}

static void
test_lines(void)
{
	static const char text[] = "one\n\nthree\0x\nfour";
	struct line_reader r;
	char *line;
	size_t n;
	int fd = pipe_with(text, sizeof(text) - 1);

	ok(line_init(&r, fd, 1 << 20, &e) == 0 && line_next(&r, &line, &n) == 0, "lines: none before the first read");
	ok(line_read(&r, &line, &n, &e) == 1 && n == 3 && memcmp(line, "one", 3) == 0, "lines: the first");
	ok(line_read(&r, &line, &n, &e) == 1 && n == 0, "lines: an empty one");
	ok(line_read(&r, &line, &n, &e) == 1 && n == 7 && r.number == 3, "lines: one with a NUL");
	ok(line_read(&r, &line, &n, &e) == 0 && r.eof && line_was_cut(&r), "lines: half a line is none");
	ok(line_read(&r, &line, &n, &e) == 0 && r.number == 3, "lines: and stays none");
	line_free(&r);
	close(fd);

	fd = pipe_with("a\n", 2);
	line_init(&r, fd, 1 << 20, &e);
	ok(line_read(&r, &line, &n, &e) == 1 && line_read(&r, &line, &n, &e) == 0 && !line_was_cut(&r),
	    "lines: a whole last line");
	line_free(&r);
	close(fd);
	line_init(&r, -1, 1 << 20, &e);
	ok(line_read(&r, &line, &n, &e) == -1 && e.rc == RC_FAIL && !r.eof, "lines: a read error is no end of input");
	line_free(&r);
}

static void
test_long_lines(void)
{
	enum { MAX = 150000 };
	char *text = malloc(2 * MAX), *line, name[] = "/tmp/m2e-unit.XXXXXX";
	struct line_reader r;
	size_t n;
	int fd = mkstemp(name);

	unlink(name);
	if (text == NULL)
		exit(1);
	memset(text, 'x', 2 * MAX);
	text[MAX] = '\n';
	if (write(fd, text, 2 * MAX) != 2 * MAX)
		exit(1);
	lseek(fd, 0, SEEK_SET);
	line_init(&r, fd, MAX, &e);
	ok(line_read(&r, &line, &n, &e) == 1 && n == MAX, "lines: as long as may be, over several reads");
	line_free(&r);
	lseek(fd, 0, SEEK_SET);
	line_init(&r, fd, MAX - 1, &e);
	ok(line_read(&r, &line, &n, &e) == -1 && e.rc == RC_FAIL && strstr(e.text, "line 1") != NULL,
	    "lines: a byte longer is refused, by its number");
	line_free(&r);
	close(fd);
	free(text);
}

/* ---- backoff, errors, UTF-8 ---- */

static void
test_retry(void)
{
	struct retry r = { .first_ms = 100, .ceiling_ms = 3000 };
	static const uint32_t ceilings[] = { 100, 200, 400, 800, 1600, 3000, 3000 };
	uint32_t ms;
	bool good = true;
	size_t i;
	int k;

	for (k = 0; k < 100; k++) {
		retry_reset(&r);
		for (i = 0; i < NITEMS(ceilings); i++) {
			ms = retry_wait_ms(&r);
			good &= ms <= ceilings[i] && ms >= ceilings[i] / 2;
		}
	}
	ok(good, "backoff: doubles up to its ceiling, a random half taken off");
	r.tries = UINT32_MAX - 1;
	ok(retry_wait_ms(&r) <= 3000, "backoff: after very many failures too");
}

static void
test_error(void)
{
	struct error x = { 0 };

	ok(error_set(&x, RC_TEMP, "a\nb %d", 1) == -1 && x.rc == RC_TEMP, "errors: -1, with a status");
	is_text(x.text, "a b 1", "errors: one line");
	error_at(&x, "file %s", "f\tg");
	is_text(x.text, "file f g: a b 1", "errors: with the place before it");
}

static void
test_utf8(void)
{
	uint32_t c;
	char out[4];
	bool good = true;

	for (c = 0; c <= 0x10ffff; c++)
		if (c < 0xd800 || c > 0xdfff)
			good &= utf8_length((const uint8_t *)out, utf8_put(out, c)) > 0;
	ok(good, "UTF-8: what is written for every code point is valid");
}

int
main(void)
{
	test_cursor();
	test_lenenc();
	test_arena();
	test_buf();
	test_json_refuses();
	test_json_accepts();
	test_json_depth();
	test_json_speed();
	test_json_reader();
	test_json_writer();
	test_json_minified();
	test_pos_text();
	test_pos_order();
	test_pos_fold();
	test_glob();
	test_lines();
	test_long_lines();
	test_retry();
	test_error();
	test_utf8();
	return done_testing();
}
