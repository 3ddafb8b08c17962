/* SPDX-License-Identifier: ISC */
/* Sets of GTIDs: as text, as events and commands have them, and what is in them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "binlog-tail/gtid.h"
#include "tap.h"

#define A "00112233-4455-6677-8899-aabbccddeeff"
#define B "11111111-1111-1111-1111-111111111111"

static size_t
unhex(const char *hex, uint8_t *to)
{
	size_t n = strlen(hex) / 2, i;
	unsigned byte;

	for (i = 0; i < n; i++) {
		sscanf(hex + 2 * i, "%2x", &byte);
		to[i] = (uint8_t)byte;
	}
	return n;
}

static struct gtids
parse(const char *text)
{
	struct gtids g;
	struct error e;

	if (gtids_init(&g, &e) == -1 || gtids_parse_any(&g, text, &e) == -1)
		printf("# %s: %s\n", text, e.text);
	return g;
}

static void
test_adding(void)
{
	static const uint64_t order[] = { 5, 7, 6, 1, 2, 9, 9, 12, 11, 10 };
	static const char *const sets[] = { "5", "5:7", "5-7", "1:5-7", "1-2:5-7", "1-2:5-7:9", "1-2:5-7:9",
	    "1-2:5-7:9:12", "1-2:5-7:9:11-12", "1-2:5-7:9-12" };
	struct gtid x = { .kind = GTID_MYSQL, .n = 5 };
	char want[256], text[GTID_TEXT];
	struct error e;
	struct gtids g;
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	gtids_init(&g, &e);
	unhex("00112233445566778899aabbccddeeff", x.uuid);
	gtid_text(text, &x);
	is_text(text, A ":5", "a GTID");
	ok(gtids_add(&g, &x, &e) == 0 && gtids_put(&b, &g) == 0 && b.len == 0, "nothing is known: nothing is said");
	gtids_parse(&g, "", &e);
	ok(gtids_is_empty(&g), "an empty set");
	for (i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		x.n = order[i];
		gtids_add(&g, &x, &e);
		snprintf(want, sizeof(want), A ":%s", sets[i]);
		is_text(gtids_text(&g), want, want);
	}
	strcpy(x.tag, "tag_1");
	gtids_add(&g, &x, &e);
	is_text(gtids_text(&g), A ":1-2:5-7:9-12:tag_1:10", "a tag has numbers of its own");
	gtid_text(text, &x);
	is_text(text, A ":tag_1:10", "a GTID with a tag");
	ok(gtids_put(&b, &g) == 0 && strcmp(buf_str(&b), ",\"gtids\":\"" A ":1-2:5-7:9-12:tag_1:10\"") == 0, "as a member");
	gtids_parse_any(&g, "0-1-100,5-2-7", &e);
	gtids_add(&g, &(struct gtid){ .kind = GTID_MARIADB, .domain = 0, .server = 3, .n = 101 }, &e);
	is_text(gtids_text(&g), "0-3-101,5-2-7", "MariaDB's: the last one of each domain");
	gtids_free(&g);
	buf_free(&b);
}

static void
test_texts(void)
{
	static const char *const texts[][2] = {
		{ A ":1-3:7," B ":9", A ":1-3:7," B ":9" },
		{ B ":9,\n" A ":7:1-3:2-4", A ":1-4:7," B ":9" },
		{ A ":x:3:1-2, " A ":1:Y:5", A ":1:x:1-3:y:5" },
		{ A ":tag_67890123456789012345678901234:1", NULL },
		{ A ":tag_6789012345678901234567890123:1", A ":tag_6789012345678901234567890123:1" },
		{ "5-1-7,0-1-100", "0-1-100,5-1-7" },
		{ "12345678-1-1", "12345678-1-1" },
		{ "", "" },
		{ A, NULL }, { A ":", NULL }, { A ":0", NULL }, { A ":3-2", NULL }, { A ":1-", NULL }, { A ":a", NULL },
		{ A ":1:a:", NULL }, { A ":18446744073709551615", NULL }, { A ":18446744073709551616", NULL },
		{ A ":1;" B ":1", NULL }, { "00112233-4455-6677-8899-aabbccddee f:1", NULL }, { "0-1", NULL },
		{ "0-1-", NULL }, { "4294967296-1-1", NULL }, { "binlog.000001:4", NULL },
	};
	struct gtids g;
	struct error e;
	char *copy;
	size_t i;

	gtids_init(&g, &e);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		copy = strdup(texts[i][0]);	/* so that a sanitizer sees a step beyond */
		if (gtids_parse_any(&g, copy, &e) == 0)
			is_text(gtids_text(&g), texts[i][1] == NULL ? "refused" : texts[i][1], copy);
		else
			ok(texts[i][1] == NULL && !g.known, "refused: %s", copy);
		free(copy);
	}
	gtids_free(&g);
}

static void
test_contents(void)
{
	static const struct {
		const char *set, *part;
		bool in;
	} cases[] = {
		{ A ":1-5", A ":1-5", true }, { A ":1-5", A ":2-3", true }, { A ":1-5", A ":5-6", false },
		{ A ":1-5:7-9", A ":1:8-9", true }, { A ":1-5:7-9", A ":5-7", false }, { A ":1-5", B ":1", false },
		{ A ":1-5:t:1", A ":t:1", true }, { A ":1-5", A ":t:1", false }, { A ":1", "", true },
		{ "0-1-100,1-1-5", "0-1-99", true }, { "0-1-100,1-1-5", "0-1-101", false }, { "0-1-100", "1-1-1", false },
		{ "0-1-50,0-2-100", "0-1-51", false }, { "0-2-100", "0-1-51", true }, { "0-2-100", "0-1-101", false },
	};
	struct gtids set, part;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set = parse(cases[i].set);
		part = parse(cases[i].part);
		ok(gtids_contain(&set, &part) == cases[i].in, "%s %s %s", cases[i].set, cases[i].in ? "has" : "lacks",
		    cases[i].part);
		gtids_free(&set);
		gtids_free(&part);
	}
}

static void
test_joins(void)
{
	static const struct {
		const char *set, *more, *want;
	} cases[] = {
		{ A ":1-5", A ":6-7," B ":t:1", A ":1-7," B ":t:1" }, { "", A ":1", A ":1" },
		{ "0-1-100", "0-1-90,5-1-3", "0-1-100,5-1-3" }, { "0-2-100", "0-1-120", "0-2-100" },
		{ "0-1-100", "0-1-101", "0-1-101" },
	};
	struct gtids set, more;
	struct error e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set = parse(cases[i].set);
		more = parse(cases[i].more);
		ok(gtids_join(&set, &more, &e) == 0, "%s with %s", cases[i].set, cases[i].more);
		is_text(gtids_text(&set), cases[i].want, cases[i].want);
		gtids_free(&set);
		gtids_free(&more);
	}
}

/* Bodies that MySQL 9.7 wrote. */
static void
test_events(void)
{
	static const char previous[] = "0104000000000001"
	    "11111111222233334455fefefeffffff" "28736f6d655f6c6f6e6765725f7461675f6e616d65" "0100000000000000"
	    "05000000000000000600000000000000" "15799414e92211f1b12002fc00000001" "00" "0100000000000000"
	    "01000000000000000600000000000000" "15799414e92211f1b12002fc00000001" "0a7461675f61" "0100000000000000"
	    "01000000000000000300000000000000" "15799414e92211f1b12002fc00000001" "067a7a7a" "0100000000000000"
	    "01000000000000000200000000000000";
	static const char tagged[] = "0270000000022af2510228a5034422c503c5024004f103000000020408060a7461675f6108080a100c"
	    "7f9576629a2161061025041283120b";
	static const char untagged[] = "0115799414e92211f1b12002fc00000001010000000000000002000000000000000001000000000000"
	    "001852629a216106b050620100";
	uint8_t bytes[512], cut[512];
	char text[GTID_TEXT];
	struct gtid_event x;
	struct cursor c;
	struct gtids g;
	struct error e;
	struct buf b;
	size_t n, i, bad;

	gtids_init(&g, &e);
	buf_init(&b, 4096);
	n = unhex(previous, bytes);
	c = cur_of(bytes, n);
	ok(gtids_read_previous(&g, &c, &e) == 0 && cur_left(&c) == 0, "PREVIOUS_GTIDS with tags");
	is_text(gtids_text(&g), "11111111-2222-3333-4455-fefefeffffff:some_longer_tag_name:5,"
	    "15799414-e922-11f1-b120-02fc00000001:1-5:tag_a:1-2:zzz:1", "what it says");
	ok(gtids_put_wire(&b, &g) == 0 && b.len == n && memcmp(b.data, bytes, n) == 0, "written as it was read");
	for (bad = 0, i = 0; i < n; i++) {
		memcpy(cut, bytes, i);
		c = cur_of(cut, i);
		bad += gtids_read_previous(&g, &c, &e) == -1 && !g.known;
	}
	is_number((long long)bad, (long long)n, "cut short it is refused");
	gtids_parse_any(&g, A ":1-3:7", &e);
	buf_clear(&b);
	n = unhex("0100000000000000" "00112233445566778899aabbccddeeff" "0200000000000000"
	    "01000000000000000400000000000000" "07000000000000000800000000000000", bytes);
	ok(gtids_put_wire(&b, &g) == 0 && b.len == n && memcmp(b.data, bytes, n) == 0, "without tags the older encoding");
	c = cur_of(bytes, unhex(tagged, bytes));
	ok(gtid_read_tagged(&x, &c) == 0, "a GTID event with a tag");
	gtid_text(text, &x.id);
	is_text(text, "15799414-e922-11f1-b120-02fc00000001:tag_a:2", "its GTID");
	is_number((long long)x.micro, 1795646812223125, "its time");
	c = cur_of(bytes, unhex(untagged, bytes));
	ok(gtid_read(&x, &c) == 0 && x.id.n == 1 && x.micro == 1795646812213784, "one without");
	for (i = 0; i < strlen(tagged) / 2 - 16; i++) {
		c = cur_of(bytes, i);
		unhex(tagged, bytes);
		if (gtid_read_tagged(&x, &c) == 0)
			break;
	}
	ok(i >= 22, "cut short it has no number");
	buf_free(&b);
	gtids_free(&g);
}

int
main(void)
{
	test_adding();
	test_texts();
	test_contents();
	test_joins();
	test_events();
	return done_testing();
}
