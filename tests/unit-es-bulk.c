/* SPDX-License-Identifier: ISC */
/* es-bulk: what answers are taken for, what is sent again, what waits to be acknowledged. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "es-bulk/ack.h"
#include "es-bulk/answer.h"
#include "es-bulk/mapping.h"
#include "es-bulk/throttle.h"
#include "es-bulk/sigv4.h"

#include "tests/tap.h"

static struct slice
text(const char *s)
{
	return (struct slice){ s, strlen(s) };
}

/* As OpenSearch 3.8 and Elasticsearch 9.5 answered, and as documents of older ones have it. */
static void
test_verdicts(void)
{
	static const struct {
		unsigned int status;
		const char *error;	/* NULL: none */
		enum verdict want;
	} cases[] = {
		{ 200, NULL, VERDICT_DONE },
		{ 201, NULL, VERDICT_DONE },
		{ 409, "{\"type\":\"version_conflict_engine_exception\",\"reason\":\"[1]: version conflict\"}", VERDICT_STALE },
		{ 409, "{\"type\":\"something_else\",\"reason\":\"\"}", VERDICT_STOP },
		{ 429, "{\"type\":\"es_rejected_execution_exception\",\"reason\":\"rejected\"}", VERDICT_RETRY },
		{ 429, "{\"type\":\"cluster_block_exception\",\"reason\":\"disk usage exceeded flood-stage watermark\"}", VERDICT_RETRY },
		{ 500, "{\"type\":\"exception\",\"reason\":\"\"}", VERDICT_RETRY },
		{ 503, "{\"type\":\"unavailable_shards_exception\",\"reason\":\"\"}", VERDICT_RETRY },
		{ 400, "{\"type\":\"mapper_parsing_exception\",\"reason\":\"failed to parse field [n] of type [integer]\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"document_parsing_exception\",\"reason\":\"[1:6] failed to parse field [n]\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"strict_dynamic_mapping_exception\",\"reason\":\"mapping set to strict\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"illegal_argument_exception\",\"reason\":\"Document contains at least one immense term in field=\\\"k\\\"\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"illegal_argument_exception\",\"reason\":\"mapper [n] cannot be changed from type [long] to [text]\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"illegal_argument_exception\",\"reason\":\"can't merge a non object mapping [a] with an object mapping\"}", VERDICT_DEAD },
		{ 413, NULL, VERDICT_DEAD },
		{ 400, "{\"type\":\"action_request_validation_exception\",\"reason\":\"Validation Failed: 1: id [x] is too long, must be\"}", VERDICT_DEAD },
		/* outages */
		{ 400, "{\"type\":\"illegal_argument_exception\",\"reason\":\"Limit of total fields [1000] has been exceeded\"}", VERDICT_STOP },
		{ 400, "{\"type\":\"document_parsing_exception\",\"reason\":\"[1:9] failed to parse: Limit of total fields [1000] has been exceeded while adding new fields [1]\"}", VERDICT_STOP },
		{ 400, "{\"type\":\"illegal_argument_exception\",\"reason\":\"no write index is defined for alias [w.t]. The write index may be\"}", VERDICT_STOP },
		{ 400, "{\"type\":\"index_closed_exception\",\"reason\":\"closed\"}", VERDICT_STOP },
		{ 404, "{\"type\":\"index_not_found_exception\",\"reason\":\"no such index [w.t]\"}", VERDICT_STOP },
		{ 403, "{\"type\":\"cluster_block_exception\",\"reason\":\"index [w.t] blocked by: [FORBIDDEN/8/index write (api)];\"}", VERDICT_STOP },
		{ 401, "{\"type\":\"security_exception\",\"reason\":\"field\"}", VERDICT_STOP },
		{ 404, NULL, VERDICT_STOP },
		{ 400, NULL, VERDICT_STOP },
		{ 400, "{\"type\":\"never_seen_exception\",\"reason\":\"a field\"}", VERDICT_STOP },
		{ 400, "\"a string, as Elasticsearch 1 had it\"", VERDICT_STOP },
		/* what a document says does not decide */
		{ 400, "{\"type\":\"mapper_parsing_exception\",\"reason\":\"failed to parse field [s]. Preview of field's value: 'Limit of total fields'\"}", VERDICT_DEAD },
		{ 400, "{\"type\":\"index_closed_exception\",\"reason\":\"x\",\"caused_by\":{\"type\":\"mapper_parsing_exception\",\"reason\":\"field\"}}", VERDICT_STOP },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ok(answer_verdict(cases[i].status, cases[i].error == NULL ? (struct slice){ NULL, 0 } :
		    text(cases[i].error)) == cases[i].want, "verdict on %u %.70s", cases[i].status,
		    cases[i].error == NULL ? "" : cases[i].error);
}

/* n items of documents 0, 1, 2, 0, 1, 2, …, all indexed. */
static void
fill(struct batch *b, int n)
{
	struct change c = { .line = "{\"row\":{}}!", .len = 11, .row = { .p = NULL } };
	struct error e;
	size_t at;
	int i;

	c.row.p = c.line + 7;
	c.row.n = 2;
	batch_init(b, 1 << 20, &e);
	for (i = 0; i < n; i++) {
		at = b->body.len;
		buf_putf(&b->body, "{\"index\":{\"_id\":\"%d\",\"n\":%d}}\n", i % 3, i);
		batch_add(b, &c, (uint64_t)i, (uint64_t)(i % 3) * 1000 + 7, at, c.row, &e);
	}
}

static void
test_answers(void)
{
	static const char two[] = "{\"took\":1,\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":429,\"error\":"
	    "{\"type\":\"t\",\"reason\":\"r\"}}}]}";
	static const char *const others[] = {
		"", "it works!", "{}", "[]", "{\"items\":[]}", "{\"items\":[{\"index\":{\"status\":201}}]}",
		"{\"items\":[{\"index\":{\"status\":201}},{\"delete\":{\"status\":200}}]}",
		"{\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":201}},{\"index\":{\"status\":201}}]}",
		"{\"items\":[{\"index\":{\"status\":201}},{\"index\":{}}]}",
		"{\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":201}}]} {",
		"{\"items\":[{\"index\":{\"status\":201}},{\"index\":{\"status\":201},\"index\":{\"status\":201}}]}",
	};
	struct batch b;
	size_t i;

	fill(&b, 2);
	ok(answer_read(&b, 2, two, sizeof(two) - 1) == 0 && b.items[0].verdict == VERDICT_DONE &&
	    b.items[1].verdict == VERDICT_RETRY, "an answer is read item by item");
	for (i = 1; i < sizeof(two) - 1; i++)
		if (answer_read(&b, 2, two, i) == 0)
			break;
	ok(i == sizeof(two) - 1, "no part of it is taken for an answer");
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(answer_read(&b, 2, others[i], strlen(others[i])) == -1, "nor %s", others[i]);
	batch_free(&b);
}

static void
test_retries(void)
{
	struct batch b;
	struct error e;
	struct buf line;
	int kept;

	/* items 0 to 5 were asked, 1 is to be retried: 4 is of the same document, 6 to 8 were not sent yet */
	fill(&b, 9);
	b.items[1].verdict = VERDICT_RETRY;
	kept = batch_keep_retries(&b, 6, &e);
	ok(kept == 2 && b.count == 5 && b.items[0].seq == 1 && b.items[1].seq == 4 && b.items[2].seq == 6,
	    "an item that is retried takes the later ones of its document along");
	ok(memcmp(b.body.data + b.items[1].at, "{\"index\":{\"_id\":\"1\",\"n\":4}}\n{}\n", 31) == 0 &&
	    b.body.len == batch_bytes(&b, 5), "... in their order");
	buf_init(&line, 1000);
	batch_put_event(&b, &b.items[4], &line);
	ok(line.len == 11 && memcmp(line.data, "{\"row\":{}}!", 11) == 0, "an event is given back as it was read");
	buf_free(&line);
	batch_free(&b);

	fill(&b, 6);
	b.items[0].verdict = VERDICT_RETRY;
	b.items[3].verdict = VERDICT_DEAD;
	b.items[2].verdict = VERDICT_RETRY;
	b.items[5].verdict = VERDICT_STALE;
	kept = batch_keep_retries(&b, 6, &e);
	ok(kept == 3 && b.items[0].seq == 0 && b.items[1].seq == 2 && b.items[2].seq == 5,
	    "... but not one that was refused, which is a dead letter already");
	batch_free(&b);

	fill(&b, 3);
	ok(batch_keep_retries(&b, 3, &e) == 0 && b.count == 0 && b.body.len == 0, "nothing stays of what is done");
	batch_free(&b);
}

/* One more write, as bulk_put queues it. */
static void
write_one(struct batch *b, uint64_t seq, const char *start, const char *id, uint64_t version, uint64_t hash)
{
	struct change c = { .line = "{}", .len = 2, .version = version, .number = seq };
	size_t at = b->body.len;
	struct error e;

	buf_puts(&b->body, start);
	buf_puts(&b->body, id);
	buf_puts(&b->body, ",\"version\":1}}\n");
	batch_add(b, &c, seq, hash, at, (struct slice){ NULL, 0 }, &e);
	batch_fold(b, text(start), text(id));
}

static void
test_folding(void)
{
	static const char in_a[] = "{\"index\":{\"_index\":\"a\",\"_id\":", del_a[] = "{\"delete\":{\"_index\":\"a\",\"_id\":";
	static const char in_b[] = "{\"index\":{\"_index\":\"b\",\"_id\":";
	struct batch b;
	struct error e;

	batch_init(&b, 1 << 20, &e);
	write_one(&b, 3, in_a, "\"1\"", 10, 7);
	write_one(&b, 4, in_a, "\"2\"", 11, 8);
	write_one(&b, 5, del_a, "\"1\"", 12, 7);
	write_one(&b, 6, in_b, "\"1\"", 13, 7);	/* other documents with the same hash */
	write_one(&b, 7, in_a, "\"3\"", 14, 7);
	write_one(&b, 8, in_a, "\"2\"", 1, 8);	/* an older change */
	batch_close(&b);
	ok(b.count == 5 && b.items[0].seq == 4 && b.items[1].seq == 5 && b.items[4].seq == 8,
	    "a change is folded into the next one of its document, if that is no older");
	ok(memcmp(b.body.data, in_a, sizeof(in_a) - 1) == 0 && b.body.len == batch_bytes(&b, 5) &&
	    memcmp(b.body.data + b.items[1].at, del_a, sizeof(del_a) - 1) == 0, "... what is left stands in its order");
	ok(batch_oldest(&b) == 3, "... and counts as not done until all of it is");
	batch_clear(&b, 1024);
	write_one(&b, 9, in_a, "\"1\"", 20, 7);
	ok(batch_oldest(&b) == 9 && !b.items[0].folded, "a new batch knows nothing of the old one");
	batch_free(&b);
}

static void
test_throttle(void)
{
	struct throttle p;
	int i;

	throttle_init(&p, 1 << 20, 4);
	ok(p.bytes == 1 << 20 && p.window == 4, "the most is asked first");
	ok(throttle_less(&p, 100, 200) && p.bytes == 1 << 19 && p.window == 2, "a refusal halves requests and their number");
	ok(!throttle_less(&p, 150, 210) && p.window == 2, "... once for all that were under way");
	for (i = 0; i < 10; i++)
		throttle_less(&p, 300, 300);
	ok(p.window == 1 && p.bytes == MIN_BATCH_BYTES, "... down to one small one");
	for (i = 0; i < 60; i++)
		throttle_good(&p, p.bytes, 1000, 400);
	ok(p.window == 4 && p.bytes == 1 << 20, "it grows again, up to what was allowed");
	throttle_good(&p, p.bytes, 900000, 500);
	ok(p.window == 4, "a request below a second is never too slow");
	throttle_good(&p, p.bytes, 9000000, 10000);
	ok(p.window == 2, "one that takes far longer than those before halves it");
	throttle_good(&p, p.bytes, 5000000, 20000);
	ok(p.window == 2, "... but what is slow for good does not");
	throttle_limit(&p, 100000);
	ok(p.bytes == 100000 && p.max_bytes == 100000, "an engine's own limit holds");
}

static void
control(struct ack *a, const char *line, enum op op, uint64_t rows)
{
	struct change c = { .op = op, .line = line, .len = strlen(line) };
	struct error e;

	ack_add(a, &c, rows, &e);
}

static void
test_acks(void)
{
	char got[256];
	struct error e;
	struct ack a;
	int fds[2], i;
	ssize_t n;

	if (pipe(fds) == -1 || ack_init(&a, fds[1], 1000, &e) == -1)
		exit(1);
	control(&a, "c1", OP_COMMIT, 10);
	control(&a, "h1", OP_HEARTBEAT, 10);
	control(&a, "ddl", OP_DDL, 10);
	control(&a, "c2", OP_COMMIT, 10);
	control(&a, "c3", OP_COMMIT, 11);
	ok(ack_next(&a) == 10, "the oldest line's rows are known");
	ack_advance(&a, 9, &e);
	output_flush(&a.out, &e);
	control(&a, "h2", OP_HEARTBEAT, 11);
	ack_advance(&a, 10, &e);
	output_flush(&a.out, &e);
	n = read(fds[0], got, sizeof(got));
	ok(n == 10 && memcmp(got, "h1\nddl\nc2\n", 10) == 0, "what waits for no more comes out, the newest of a run");
	ack_advance(&a, 11, &e);
	output_flush(&a.out, &e);
	n = read(fds[0], got, sizeof(got));
	ok(n == 3 && memcmp(got, "h2\n", 3) == 0, "and then the rest");
	for (i = 0; i < 100000; i++)
		control(&a, "a heartbeat while the engine is away", OP_HEARTBEAT, 12);
	ok(a.count == 1 && a.lines.cap < 4096, "heartbeats behind one stuck row take no memory");
	for (i = 0; i < 200000 && !ack_full(&a); i++)
		control(&a, "a ddl line that cannot stand for another", OP_DDL, 12);
	ok(ack_full(&a) && i < 200000, "other lines are counted: reading stops in time");
	ack_free(&a);
}

static void
test_mappings(void)
{
	static const struct { const char *sql, *want; } cases[] = {
		{ "tinyint", "byte" }, { "tinyint unsigned", "short" }, { "smallint unsigned", "integer" },
		{ "mediumint unsigned", "integer" }, { "int", "integer" }, { "int unsigned", "long" }, { "bigint", "long" },
		{ "bigint unsigned", "unsigned_long" }, { "bit(1)", "boolean" }, { "bit(63)", "long" },
		{ "bit(64)", "unsigned_long" }, { "decimal(18,0)", "long" }, { "decimal(19,0)", "double" },
		{ "decimal(10,2)", "scaled_float" }, { "decimal(15,3) unsigned", "scaled_float" }, { "decimal(16,2)", "double" },
		{ "float", "float" }, { "double unsigned", "double" }, { "year", "short" }, { "date", "date" },
		{ "datetime(3)", "date" }, { "datetime(6)", "date_nanos" }, { "timestamp", "date" },
		{ "timestamp(4)", "date_nanos" }, { "time(3)", "keyword" }, { "varchar(20)", "text" }, { "longtext", "text" },
		{ "enum('unsigned','b')", "keyword" }, { "set('a')", "keyword" }, { "varbinary(3)", "binary" },
		{ "blob", "binary" }, { "json", "object" }, { "geometry", "geo_shape" }, { "uuid", "keyword" },
		{ "inet4", "ip" }, { "inet6", "ip" }, { "vector(3)", "dense_vector" }, { "vector", "float" },
		{ "never seen", "keyword" }, { "", "keyword" },
	};
	static const struct { const char *answer, *type, *instead; } refusals[] = {
		/* OpenSearch 3.8, Elasticsearch 9.5, Elasticsearch 7.17 and OpenSearch's k-NN by their documentation */
		{ "No handler for type [unsigned_long] declared on field [big]", "unsigned_long", "keyword" },
		{ "The mapper type [scaled_float] declared on field [d] does not exist.", "scaled_float", "double" },
		{ "No handler for type [dense_vector] declared on field [v]", "dense_vector", "knn_vector" },
		{ "unknown setting [index.knn] please check", "knn_vector", "float" },
	};
	const char *type, *instead;
	struct buf b;
	uint32_t lacks = 0;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		is_text(mapping_type(mapping_of(cases[i].sql, 0)), cases[i].want, cases[i].sql);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		ok(mapping_refused(refusals[i].answer, strlen(refusals[i].answer), &lacks, &type, &instead) &&
		    strcmp(type, refusals[i].type) == 0 && strcmp(instead, refusals[i].instead) == 0, "refused: %s",
		    refusals[i].type);
	ok(!mapping_refused(refusals[0].answer, strlen(refusals[0].answer), &lacks, &type, &instead), "... once only");
	is_text(mapping_type(mapping_of("bigint unsigned", lacks)), "keyword", "then keyword is asked for");
	is_text(mapping_type(mapping_of("vector(3)", lacks)), "float", "... and a float for a vector");
	ok(mapping_fits(mapping_of("vector(3)", 0), "knn_vector") && !mapping_fits(mapping_of("vector(3)", 0), "keyword"),
	    "an index that has another engine's type is no surprise");
	lacks = 0;
	type = "Mapping definition for [v] has unsupported parameters:  [similarity : l2_norm] [index : true]";
	ok(mapping_refused(type, strlen(type), &lacks, &type, &instead) && strcmp(type, "dense_vector") == 0,
	    "Elasticsearch 7 has dense_vector without these");
	ok(mapping_named("scaled_float", 0).id == -1 && mapping_named("nonsense", 0).id == -1, "what needs a number has no name alone");
	is_text(mapping_type(mapping_named("flat_object", 0)), "flattened", "one name for both engines");
	buf_init(&b, 1000);
	mapping_put(&b, mapping_of("decimal(10,3)", 0));
	is_text(buf_str(&b), "{\"type\":\"scaled_float\",\"scaling_factor\":1000}", "a decimal's factor is its scale");
	buf_free(&b);
}

/* The examples of Amazon's documentation ("Signature Version 4 signing process", its test suite's get-vanilla). */
static void
test_signatures(void)
{
	static char secret[] = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", id[] = "AKIDEXAMPLE";
	static char list_users[] = "GET\n/\nAction=ListUsers&Version=2010-05-08\n"
	    "content-type:application/x-www-form-urlencoded; charset=utf-8\nhost:iam.amazonaws.com\nx-amz-date:20150830T123600Z\n"
	    "\ncontent-type;host;x-amz-date\ne3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	static char vanilla[] = "GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	const struct aws_keys keys = { id, secret, NULL };
	const struct sigv4 iam = { &keys, "us-east-1", "iam" }, service = { &keys, "us-east-1", "service" };
	const struct sigv4_request r = { "POST", "h:9200", "/a%20b/_bulk?z=1&b-=&b=2*&a=%c3%a4,x&flag", "", 0 };
	struct buf text = { .data = list_users, .len = sizeof(list_users) - 1 };
	char hex[SIGV4_HEX];

	sigv4_signature(&iam, "20150830T123600Z", &text, hex);
	is_text(hex, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7", "the documentation's signature");
	text = (struct buf){ .data = vanilla, .len = sizeof(vanilla) - 1 };
	sigv4_signature(&service, "20150830T123600Z", &text, hex);
	is_text(hex, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "the test suite's");
	buf_init(&text, 4096);
	sigv4_put_canonical(&text, &iam, &r, "20150830T123600Z", "HASH");
	is_text(buf_str(&text), "POST\n/a%2520b/_bulk\na=%C3%A4%2Cx&b=2%2A&b-=&flag=&z=1\nhost:h:9200\nx-amz-content-sha256:HASH\n"
	    "x-amz-date:20150830T123600Z\n\nhost;x-amz-content-sha256;x-amz-date\nHASH", "the canonical request");
	buf_free(&text);
}

int
main(void)
{
	test_verdicts();
	test_answers();
	test_retries();
	test_folding();
	test_throttle();
	test_acks();
	test_mappings();
	test_signatures();
	return done_testing();
}
