/* SPDX-License-Identifier: ISC */
/* Events of every kind, made here byte by byte, and the lines that they become. */
#include <stdlib.h>

#include <zlib.h>
#include <zstd.h>

#include "binlog-tail/event.h"
#include "lib/log.h"
#include "tests/tap.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct error e;
static struct tail t;
static uint64_t bad_bytes;
static struct tail_options options = { .values.bad_bytes = &bad_bytes };
static const char definition[] = "CREATE TABLE d.t (id int NOT NULL PRIMARY KEY, v varchar(20) CHARACTER SET latin1)";

/* ---- making events ---- */

struct bytes {
	uint8_t at[1 << 20];
	size_t n;
};

static void
add(struct bytes *b, const void *p, size_t n)
{
	memcpy(b->at + b->n, p, n);
	b->n += n;
}

static void
add_le(struct bytes *b, uint64_t v, size_t n)
{
	for (; n > 0; n--, v >>= 8)
		b->at[b->n++] = (uint8_t)v;
}

static void
add_event(struct bytes *b, uint8_t type, unsigned flags, const struct bytes *body)
{
	add_le(b, 1000, 4);
	add_le(b, type, 1);
	add_le(b, 1, 4);
	add_le(b, EVENT_HEADER + body->n, 4);
	add_le(b, 0, 4);
	add_le(b, flags, 2);
	add(b, body->at, body->n);
}

static void
add_query(struct bytes *b, const char *sql)
{
	struct bytes *body = calloc(1, sizeof(*body));

	add_le(body, 0, 8);
	add_le(body, 1, 1);	/* length of "d" */
	add_le(body, 0, 4);
	add(body, "d", 2);
	add(body, sql, strlen(sql));
	add_event(b, EV_QUERY, 0, body);
	free(body);
}

static void
add_xid(struct bytes *b)
{
	struct bytes *body = calloc(1, sizeof(*body));

	add_le(body, 7, 8);
	add_event(b, EV_XID, 0, body);
	free(body);
}

/* db.name (id int NOT NULL, v varchar(20)) under an id of so many bytes */
static void
add_map(struct bytes *b, const char *name, size_t id_bytes)
{
	struct bytes *body = calloc(1, sizeof(*body));
	size_t n = strlen(name);

	add_le(body, (uint8_t)name[0], id_bytes);
	add_le(body, 1, 2);
	add(body, "\1d", 3);
	add_le(body, n, 1);
	add(body, name, n + 1);
	add(body, "\2\3\17\2\24\0\2", 7);	/* two columns, their types, VARCHAR's length, the second is nullable */
	add_event(b, EV_TABLE_MAP, 0, body);
	free(body);
}

static void
add_cells(struct bytes *b, uint32_t id, const char *v)
{
	add_le(b, v == NULL ? 0xfe : 0xfc, 1);
	add_le(b, id, 4);
	if (v != NULL) {
		add_le(b, strlen(v), 1);
		add(b, v, strlen(v));
	}
}

/* What is before the rows. */
static void
put_rows_head(struct bytes *body, uint8_t type, const char *table, size_t id_bytes)
{
	bool v2 = (type >= EV_WRITE_ROWS_V2 && type <= EV_DELETE_ROWS_V2) || type >= EV_WRITE_ROWS_COMPRESSED;
	bool update = type == EV_UPDATE_ROWS_V1 || type == EV_UPDATE_ROWS_V2 || type == EV_UPDATE_ROWS_COMPRESSED_V1 ||
	    type == EV_UPDATE_ROWS_COMPRESSED;

	body->n = 0;
	add_le(body, (uint8_t)table[0], id_bytes);
	add_le(body, 0, 2);
	if (v2)
		add(body, "\4\0xx", 4);		/* two bytes of extra data */
	add(body, "\2\3\3", update ? 3 : 2);	/* two columns, both in the image, or images */
}

/* Keys first to first + 3, over and over. */
static void
add_rows(struct bytes *b, uint8_t type, const char *table, uint32_t first, uint32_t rows)
{
	struct bytes *body = calloc(1, sizeof(*body));
	uint32_t i;

	put_rows_head(body, type, table, 6);
	for (i = 0; i < rows; i++)
		add_cells(body, first + i % 4, "text");
	add_event(b, type, 0, body);
	free(body);
}

static void
add_lenenc(struct bytes *b, uint64_t v)
{
	if (v < 251) {
		add_le(b, v, 1);
	} else {
		add_le(b, 254, 1);
		add_le(b, v, 8);
	}
}

static void
add_field(struct bytes *b, uint64_t kind, uint64_t value)
{
	add_lenenc(b, kind);
	add_lenenc(b, value < 251 ? 1 : 9);
	add_lenenc(b, value);
}

/* A payload of these events. type: 0 zstd, 255 none. */
static void
add_payload(struct bytes *b, const struct bytes *events, unsigned type, uint64_t says_size)
{
	struct bytes *body = calloc(1, sizeof(*body)), *packed = calloc(1, sizeof(*packed));

	if (type == 0)
		packed->n = ZSTD_compress(packed->at, sizeof(packed->at), events->at, events->n, 3);
	else
		add(packed, events->at, events->n);
	add_field(body, 2, type);
	add_field(body, 77, 5);		/* a later server's */
	add_field(body, 3, says_size);
	add_field(body, 1, packed->n);
	add_le(body, 0, 1);
	add(body, packed->at, packed->n);
	add_event(b, EV_TRANSACTION_PAYLOAD, 0, body);
	free(body);
	free(packed);
}

/* MariaDB's: the part of the body behind `plain` bytes is compressed. */
static void
add_packed(struct bytes *b, uint8_t type, const struct bytes *body, size_t plain, uint32_t says_size)
{
	struct bytes *out = calloc(1, sizeof(*out));
	uLongf n = sizeof(out->at) - 100;

	add(out, body->at, plain);
	add_le(out, 0x82, 1);
	add_le(out, says_size >> 8, 1);
	add_le(out, says_size, 1);
	compress(out->at + out->n, &n, body->at + plain, body->n - plain);
	out->n += n;
	add_event(b, type, 0, out);
	free(out);
}

/* ---- taking them ---- */

static void
begin(const char *version)
{
	tail_free(&t);
	memset(&e, 0, sizeof(e));
	tail_init(&t, &options, &e);
	t.out.fd = -1;
	t.offline = true;
	t.at.pos = (struct pos){ .offset = FILE_START, .file = "binlog.000001" };
	t.row_pos = t.boundary = t.at.pos;
	t.at.format.known = true;
	memset(t.at.format.post_header, 8, sizeof(t.at.format.post_header));
	t.at.format.post_header[EV_QUERY] = t.at.format.post_header[EV_QUERY_COMPRESSED] = 13;
	memset(t.at.format.post_header + EV_WRITE_ROWS_V2, 10, 3);
	memset(t.at.format.post_header + EV_WRITE_ROWS_COMPRESSED, 10, 3);
	strcpy(t.at.format.version, version);
	t.mariadb = strstr(version, "MariaDB") != NULL;
	executed_kind(&t.executed, t.mariadb);
	t.source_said = true;
	t.names.file = calloc(1, sizeof(*t.names.file));
	t.names.file[0] = table_from_create(definition, sizeof(definition) - 1, "", &e);
	t.names.file_count = 1;
}

/* Each of the events. -1 where one fails. */
static int
take(const struct bytes *b)
{
	size_t at, n;
	int rc = 0;

	for (at = 0; at < b->n && rc == 0; at += n) {
		struct cursor c = cur_of(b->at + at + 9, 4);
		uint8_t *copy;

		n = cur_u32(&c);
		copy = malloc(n);	/* without room to spare, for the sanitizer */
		memcpy(copy, b->at + at, n);
		rc = event_take(&t, copy, n);
		free(copy);
	}
	return rc;
}

static struct bytes log_, inner;

static void
takes(const char *name)
{
	if (!ok(take(&log_) == 0, "%s", name))
		printf("# %s\n", e.text);
}

/* The lines so far, less the schema's: `op key@offset`. */
static const char *
lines(void)
{
	static char text[1 << 16];
	size_t len = 0;
	char *line, *end;

	buf_str(&t.out.buf);
	text[0] = '\0';
	for (line = t.out.buf.data; line < t.out.buf.data + t.out.buf.len; line = end + 1) {
		char op[20] = "", key[40] = "";
		unsigned long offset = 0;
		const char *p;

		end = strchr(line, '\n');
		*end = '\0';
		sscanf(line, "{\"op\":\"%19[a-z]", op);
		if ((p = strstr(line, "\"key\":[\"")) != NULL)
			sscanf(p + 8, "%39[^\"]", key);
		if ((p = strstr(line, "\"pos\":\"binlog.000001:")) != NULL)
			sscanf(p + 21, "%lu", &offset);
		if (strcmp(op, "schema") != 0)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s %s@%lu", len > 0 ? " " : "", op, key, offset);
	}
	buf_clear(&t.out.buf);
	return text;
}

/* ---- compressed transactions ---- */

static void
test_payload(unsigned type, const char *name)
{
	size_t size;
	char want[200];

	begin("9.0.0");
	log_.n = inner.n = 0;
	add_query(&inner, "BEGIN");
	add_map(&inner, "t", 6);
	add_rows(&inner, EV_WRITE_ROWS_V2, "t", 1, 2);
	add_rows(&inner, EV_DELETE_ROWS_V2, "t", 5, 1);
	add_xid(&inner);
	add_payload(&log_, &inner, type, inner.n);
	t.group.state = GROUP_OPEN;	/* a GTID event was before it */
	size = log_.n;
	takes(name);
	snprintf(want, sizeof(want), "insert 1@4 insert 2@5 delete 5@6 commit @%zu", 4 + size);
	is_text(lines(), want, "  rows stand where the container does, one a byte, and the commit at its end");
	ok(t.at.pos.offset == 4 + size && tail_at_boundary(&t), "  it goes on behind the container");
}

/* More rows than bytes; other tables' rows count as well. */
static void
test_ordinals(void)
{
	const char *got, *last;
	char want[40];
	size_t size;

	begin("9.0.0");
	log_.n = inner.n = 0;
	add_query(&inner, "BEGIN");
	add_map(&inner, "t", 6);
	add_map(&inner, "u", 6);
	add_rows(&inner, EV_WRITE_ROWS_V1, "u", 1, 3);
	add_rows(&inner, EV_WRITE_ROWS_V1, "t", 1, 401);
	add_payload(&log_, &inner, 0, inner.n);
	glob_add(&options.tables, "d.t", NULL, &e);
	t.group.state = GROUP_OPEN;
	size = log_.n;
	ok(size < 400, "payload: more rows than bytes");
	takes("  it is read");
	ok(!tail_at_boundary(&t), "  a transaction that goes on behind it");
	got = lines();
	ok(strncmp(got, "insert 1@7 insert 2@8 ", 22) == 0, "  rows of other tables count");
	last = strrchr(got, 'i');
	snprintf(want, sizeof(want), "insert 1@%zu", 4 + size - 1);
	is_text(last, want, "  the last byte is for all that are left");

	/* the connection is lost; when it is read again, with more behind it, no row comes twice */
	tail_restart(&t);
	t.at.pos.offset = 4;
	t.group.state = GROUP_OPEN;
	add_rows(&log_, EV_WRITE_ROWS_V1, "t", 2000, 1);
	add_xid(&log_);
	takes("  it is read again");
	snprintf(want, sizeof(want), "insert 2000@%zu commit @%zu", 4 + size + EVENT_HEADER + 8 + 2, 4 + log_.n);
	is_text(lines(), want, "  and no row comes twice");
	glob_free(&options.tables);
}

static void
refused(const char *name, const char *why)
{
	if (!ok(take(&log_) == -1 && strstr(e.text, why) != NULL, "%s", name))
		printf("# %s\n", e.text);
	ok(e.rc == RC_FAIL || e.rc == RC_POSITION, "  with a status");
	log_.n = inner.n = 0;
}

static void
open_payload(void)
{
	begin("9.0.0");
	t.group.state = GROUP_OPEN;
	log_.n = inner.n = 0;
	add_query(&inner, "BEGIN");
	add_map(&inner, "t", 6);
}

/* No server mixes these, and both borrow one buffer. */
static void
test_xa_in_payload(void)
{
	static struct bytes body;
	size_t plain;

	begin("9.0.0");
	t.xa.hold = true;
	log_.n = inner.n = 0;
	add_query(&log_, "XA START X'61',X'',1");
	add_map(&log_, "t", 6);
	put_rows_head(&body, EV_WRITE_ROWS_COMPRESSED_V1, "t", 6);
	plain = body.n;
	add_cells(&body, 1, "one");
	add_packed(&log_, EV_WRITE_ROWS_COMPRESSED_V1, &body, plain, (uint32_t)(body.n - plain));
	body.n = 0;
	add(&body, "\0\1\0\0\0\1\0\0\0\0\0\0\0a", 14);	/* two phases; format, lengths, 'a' */
	add_event(&log_, EV_XA_PREPARE, 0, &body);
	takes("compressed rows of a prepared XA transaction");
	log_.n = 0;
	t.group.state = GROUP_OPEN;
	add_query(&inner, "XA COMMIT X'61',X'',1");
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: it commits them", "a compressed event inside a payload");
}

static void
test_bad_payloads(void)
{
	open_payload();
	add_rows(&inner, EV_WRITE_ROWS_V2, "t", 1, 1);
	add_payload(&log_, &inner, 0, inner.n + 1);
	refused("payload: another size than it says", "that says it has");
	open_payload();
	add_payload(&log_, &inner, 7, inner.n);
	refused("payload: an unknown compression", "compressed in a way that is not known (7)");
	open_payload();
	inner.n -= 3;
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: cut inside an event", "the payload ends inside an event");
	open_payload();
	add_payload(&log_, &inner, 0, inner.n);
	log_.n--;
	log_.at[9]--;
	refused("payload: cut inside the data", "a payload of");
	open_payload();
	add_payload(&log_, &inner, 0, inner.n);
	*(uint8_t *)memmem(log_.at, log_.n, "\x28\xb5\x2f\xfd", 4) = 0;
	refused("payload: damaged data", "compressed byte ");
	open_payload();
	add_xid(&inner);
	add_xid(&inner);
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: something behind the transaction", "outside of a transaction");
	open_payload();
	add_payload(&inner, &log_, 255, 0);
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: a payload in it", "inside a payload, where it cannot be");
	open_payload();
	add_event(&inner, 99, 0, &log_);
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: an unknown event in it", "of a type that is not known");
	open_payload();
	add_event(&inner, 99, EVF_IGNORABLE, &log_);
	add_rows(&inner, EV_WRITE_ROWS_V2, "t", 1, 1);
	add_payload(&log_, &inner, 0, inner.n);
	takes("payload: an ignorable one in it");
	is_text(lines(), "insert 1@4", "  is ignored");
	test_xa_in_payload();
	begin("9.0.0");
	log_.n = inner.n = 0;
	add_map(&inner, "t", 6);
	add_payload(&log_, &inner, 0, inner.n);
	refused("payload: no transaction is open", "outside of a transaction");
	ok(e.rc == RC_POSITION, "  is a wrong position");
}

/* ---- MariaDB's compressed events ---- */

static void
test_compressed(uint8_t type, const char *name, const char *op)
{
	static struct bytes body;
	size_t plain, start, size;
	char want[200];

	begin("10.11.6-MariaDB");
	log_.n = 0;
	add_query(&log_, "BEGIN");
	add_map(&log_, "t", 6);
	put_rows_head(&body, type, "t", 6);
	plain = body.n;
	add_cells(&body, 1, "one");
	add_cells(&body, 2, NULL);
	add_cells(&body, 3, "three");
	add_cells(&body, 4, NULL);
	start = 4 + log_.n;
	size = body.n - plain;
	add_packed(&log_, type, &body, plain, (uint32_t)size);
	takes(name);
	if (strcmp(op, "update") == 0)
		snprintf(want, sizeof(want), "update 2@%zu update 4@%zu", start, start + 1);
	else
		snprintf(want, sizeof(want), "%s 1@%zu %s 2@%zu %s 3@%zu %s 4@%zu", op, start, op, start + 1, op, start + 2, op,
		    start + 3);
	is_text(lines(), want, "  rows stand where the event does");
	log_.n = 0;
	add_packed(&log_, type, &body, plain, (uint32_t)size - 1);
	refused("  less than it holds", "compressed data of another size");
	add_packed(&log_, type, &body, plain, (uint32_t)size + 1);
	refused("  more than it holds", "compressed data of another size");
	add_packed(&log_, type, &body, plain, (uint32_t)size);
	log_.at[EVENT_HEADER + plain] = 0x92;
	refused("  an unknown compression", "compressed in a way that is not known (1)");
	add_packed(&log_, type, &body, plain, (uint32_t)size);
	log_.at[EVENT_HEADER + plain] = 0x02;
	refused("  not marked as compressed", "malformed");
}

static void
test_compressed_query(void)
{
	static struct bytes query, body;
	char want[100];

	begin("10.11.6-MariaDB");
	log_.n = query.n = body.n = 0;
	add_query(&query, "DROP TABLE d.t");
	add(&body, query.at + EVENT_HEADER, query.n - EVENT_HEADER);
	add_packed(&log_, EV_QUERY_COMPRESSED, &body, 15, 14);
	takes("compressed query");
	snprintf(want, sizeof(want), "ddl @4 drop @4 stale @4 commit @%zu", 4 + log_.n);
	is_text(lines(), want, "  is read as any other");
	log_.n = 0;
	add_packed(&log_, EV_QUERY_COMPRESSED, &body, 15, 13);
	refused("compressed query: of another size", "compressed data of another size");
}

/* ---- old events ---- */

static void
test_old_rows(size_t id_bytes)
{
	static struct bytes body;
	size_t start;
	char want[100];

	begin("5.1.15-beta");
	memset(t.at.format.post_header + EV_TABLE_MAP, id_bytes == 4 ? 6 : 8, 4);
	log_.n = 0;
	add_query(&log_, "BEGIN");
	add_map(&log_, "t", id_bytes);
	put_rows_head(&body, EV_UPDATE_ROWS_V0, "t", id_bytes);
	start = 4 + log_.n + EVENT_HEADER + body.n;
	add_cells(&body, 1, "one");
	add_cells(&body, 2, NULL);
	add_event(&log_, EV_UPDATE_ROWS_V0, 0, &body);
	add_xid(&log_);
	takes(id_bytes == 4 ? "rows version 0, table ids of 4 bytes" : "rows version 0, table ids of 6 bytes");
	snprintf(want, sizeof(want), "update 2@%zu commit @%zu", start, 4 + log_.n);
	is_text(lines(), want, "  one bitmap serves both images");
}

/* Tables without transactions had no BEGIN before their rows. */
static void
test_bare_statement(unsigned server)
{
	size_t first, start;
	char want[100];

	begin("5.1.40");
	t.at.format.server = server;
	log_.n = 0;
	add_map(&log_, "t", 6);
	start = log_.n + EVENT_HEADER + 8 + 2 + 4;
	add_rows(&log_, EV_WRITE_ROWS_V1, "t", 1, 1);
	log_.at[start - 8] = 1;	/* the statement ends */
	first = log_.n;
	add_map(&log_, "t", 6);
	add_rows(&log_, EV_WRITE_ROWS_V1, "t", 5, 1);
	if (server >= 50500) {
		refused("rows without BEGIN, MySQL 5.5", "outside of a transaction");
		return;
	}
	takes("rows without BEGIN, MySQL 5.1");
	snprintf(want, sizeof(want), "insert 1@%zu commit @%zu insert 5@%zu", start, 4 + first, start + first);
	is_text(lines(), want, "  a statement is a transaction");
	ok(!tail_at_boundary(&t), "  and has not ended where the flag is missing");
}

static void
test_bare_map(void)
{
	static struct bytes body;

	begin("5.1.15");
	t.at.format.server = 50115;
	log_.n = body.n = 0;
	add_le(&body, 't', 6);
	add_le(&body, 1, 2);
	add(&body, "\1d\0\1t\0\2\3\17", 9);
	add_event(&log_, EV_TABLE_MAP, 0, &body);
	takes("a table map without lengths");
	log_.n = 0;
	add_rows(&log_, EV_WRITE_ROWS_V0, "t", 1, 1);
	refused("  has no rows that can be read", "whose table maps tell no lengths");
}

static void
test_signs(void)
{
	static struct bytes body;

	begin("9.0.0");
	options.anonymous = true;
	log_.n = inner.n = body.n = 0;
	add_query(&log_, "BEGIN");
	add_map(&inner, "u", 6);
	add(&body, inner.at + EVENT_HEADER, inner.n - EVENT_HEADER);
	add(&body, "\1\0", 2);	/* signs: none, though an INT has one */
	add_event(&log_, EV_TABLE_MAP, 0, &body);
	add_rows(&log_, EV_WRITE_ROWS_V2, "u", 1, 1);
	refused("a table map that lacks signs", "signs for fewer columns");
	options.anonymous = false;
}

static void
test_first_event(void)
{
	begin("5.1.40");
	log_.n = inner.n = 0;
	t.at.file_starts = true;
	add_event(&log_, EV_START_V3, 0, &inner);
	refused("a log of MySQL 4", "a log of MySQL before 5.0");
	begin("5.1.40");
	t.at.format.known = false;
	add_xid(&log_);
	refused("an event without a format event", "no format event comes before it");
}

static void
test_load_data(void)
{
	static struct bytes query;
	const char *sql = "LOAD DATA INFILE 'f' INTO TABLE t";

	begin("9.0.0");
	t.at.format.post_header[EV_EXECUTE_LOAD_QUERY] = 26;
	log_.n = query.n = inner.n = 0;
	add_query(&log_, "BEGIN");
	add(&inner, "\1\0\0\0text", 8);
	add_event(&log_, EV_BEGIN_LOAD_QUERY, 0, &inner);
	add_event(&log_, EV_APPEND_BLOCK, 0, &inner);
	add_le(&query, 0, 8);
	add_le(&query, 1, 1);
	add_le(&query, 0, 4 + 13);
	add(&query, "d", 2);
	add(&query, sql, strlen(sql));
	add_event(&log_, EV_EXECUTE_LOAD_QUERY, 0, &query);
	refused("LOAD DATA as a statement", sql);
	ok(strstr(e.text, "binlog_format=ROW") != NULL, "  says why");
}

static void
test_heartbeat(uint8_t type, uint32_t ahead, size_t want, const char *name)
{
	static struct bytes body;

	begin("9.0.0");
	t.offline = false;
	log_.n = body.n = 0;
	if (type == EV_HEARTBEAT_V2) {
		add(&body, "\1\15binlog.000001", 15);
		add(&body, "\2\3\374", 3);
		add_le(&body, 4 + ahead, 2);
		add(&body, "\0", 1);
	} else {
		add(&body, "binlog.000001", 13);
	}
	add_event(&log_, type, 0, &body);
	log_.at[13] = (uint8_t)(type == EV_HEARTBEAT ? 4 + ahead : 0);
	takes(name);
	is_number((long long)t.boundary.offset, (long long)want, "  what the server left out is behind us");
}

int
main(void)
{
	log_init("unit-event");
	log_quieter();
	log_quieter();
	test_payload(0, "payload, zstd");
	test_payload(255, "payload, not compressed");
	test_ordinals();
	test_bad_payloads();
	test_compressed(EV_WRITE_ROWS_COMPRESSED_V1, "compressed rows: insert, version 1", "insert");
	test_compressed(EV_UPDATE_ROWS_COMPRESSED_V1, "compressed rows: update, version 1", "update");
	test_compressed(EV_DELETE_ROWS_COMPRESSED_V1, "compressed rows: delete, version 1", "delete");
	test_compressed(EV_WRITE_ROWS_COMPRESSED, "compressed rows: insert, version 2", "insert");
	test_compressed(EV_UPDATE_ROWS_COMPRESSED, "compressed rows: update, version 2", "update");
	test_compressed(EV_DELETE_ROWS_COMPRESSED, "compressed rows: delete, version 2", "delete");
	test_compressed_query();
	test_old_rows(6);
	test_old_rows(4);
	test_bare_statement(50140);
	test_bare_statement(50500);
	test_bare_map();
	test_signs();
	test_first_event();
	test_load_data();
	test_heartbeat(EV_HEARTBEAT, 100, 104, "heartbeat");
	test_heartbeat(EV_HEARTBEAT_V2, 300, 304, "heartbeat, second kind");
	tail_free(&t);
	return done_testing();
}
