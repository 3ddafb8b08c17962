/* SPDX-License-Identifier: ISC */
/* Any bytes as a stream of events. The first byte says whose, the sizes in the events' headers are mended, and there are no
 * checksums, or nothing would get past those. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binlog-tail/event.h"
#include "lib/log.h"

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

/* For MariaDB's events, which do not name their columns: tests/types.sql, its own types, and those that it wrote with
 * mysql56_temporal_format=OFF. */
static const char *const definitions[] = {
    "CREATE TABLE types ( "
    "id int NOT NULL PRIMARY KEY, "
    "ti tinyint, tiu tinyint unsigned, si smallint, siu smallint unsigned, mi mediumint, miu mediumint unsigned, "
    "i int, iu int unsigned, bi bigint, biu bigint unsigned, z int(8) unsigned zerofill, "
    "d1 decimal(10,2), d2 decimal(65,30), d3 decimal(20,0), d4 decimal(5,5) unsigned, "
    "f float, df double, b1 bit(1), b5 bit(5), b64 bit(64), y year, "
    "dt date, dtm datetime, dtm3 datetime(3), dtm6 datetime(6), t time, t2 time(2), t6 time(6), "
    "ts timestamp NULL, ts4 timestamp(4) NULL, "
    "c char(10), c255 char(255), vc varchar(20), vc300 varchar(300), cl varchar(20) CHARACTER SET latin1, "
    "cu varchar(20) CHARACTER SET ucs2, cg varchar(20) CHARACTER SET gbk, ck varchar(20) CHARACTER SET koi8r, "
    "bn binary(6), vb varchar(1) CHARACTER SET latin1, vbn varbinary(300), "
    "tt tinytext, tx text, mt mediumtext, lt longtext, tb tinyblob, bl blob, mb mediumblob, lb longblob, "
    "e enum('a','b''c','ü','x,y'), el enum('é','z') CHARACTER SET latin1, s set('one','two','drei ß','four'), s2 set('q') "
    ") DEFAULT CHARSET = utf8mb4 ",
    "CREATE TABLE mt (id int PRIMARY KEY, u uuid, i4 inet4, i6 inet6, v vector(4), vc varchar(200) COMPRESSED, bc blob COMPRESSED) "
    "DEFAULT CHARSET = utf8mb4",
    "CREATE TABLE hires (id int PRIMARY KEY, t time(3), d datetime(6), s timestamp(1) NULL, y year(2))",
};
#define NDEFINITIONS (sizeof(definitions) / sizeof(definitions[0]))

static void
add_definitions(struct tail *t)
{
	struct names *n = &t->names;

	if ((n->file = calloc(NDEFINITIONS, sizeof(*n->file))) == NULL)
		abort();
	for (; n->file_count < NDEFINITIONS; n->file_count++) {
		const char *sql = definitions[n->file_count];

		if ((n->file[n->file_count] = table_from_create(sql, strlen(sql), "", t->e)) == NULL)
			abort();
	}
}

/* What a format event of that server would have said. */
static void
set_format(struct tail *t, uint8_t first)
{
	struct format *f = &t->at.format;

	f->known = true;
	f->created = 1;
	memset(f->post_header, first & 2 ? 6 : 8, sizeof(f->post_header));
	f->post_header[EV_QUERY] = f->post_header[EV_QUERY_COMPRESSED] = 13;
	f->post_header[EV_EXECUTE_LOAD_QUERY] = 26;
	memset(f->post_header + EV_WRITE_ROWS_V2, 10, 3);
	f->post_header[EV_PARTIAL_UPDATE] = 10;
	memset(f->post_header + EV_WRITE_ROWS_COMPRESSED, 10, 3);
	f->server = first & 4 ? 50140 : 90000;
	strcpy(f->version, first & 1 ? "10.11.0-MariaDB" : "9.0.0");
	t->mariadb = first & 1;
	t->xa.hold = first & 4;
	executed_kind(&t->executed, t->mariadb);
	t->source_said = true;
}

static void
stream(struct tail *t, const uint8_t *bytes, size_t n)
{
	uint8_t *event;
	uint32_t size;
	int rc;

	for (; n >= EVENT_HEADER; bytes += size, n -= size) {
		memcpy(&size, bytes + 9, sizeof(size));
		if (size < EVENT_HEADER || size > n)
			size = (uint32_t)n;
		if ((event = malloc(size)) == NULL)
			return;
		memcpy(event, bytes, size);
		memcpy(event + 9, &size, sizeof(size));
		memset(event + 13, 0, 4);
		rc = event_take(t, event, size);
		free(event);
		if (rc == -1 && (t->e->rc == RC_OK || t->e->text[0] == '\0'))
			abort();
		if (rc == -1)
			return;
		buf_clear(&t->out.buf);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint64_t bad = 0;
	struct tail_options o = { .values.bad_bytes = &bad, .anonymous = true };
	struct error e = { 0 };
	struct tail t;

	if (n == 0)
		return 0;
	log_quieter();
	log_quieter();
	if (bytes[0] & 8)	/* the event in the middle is explained */
		o.explain = (struct pos){ .offset = FILE_START + n / 2, .file = "binlog.000001" };
	if (tail_init(&t, &o, &e) == -1)
		return 0;
	if ((t.out.fd = open("/dev/null", O_WRONLY | O_CLOEXEC)) == -1)
		abort();
	t.offline = true;
	t.at.pos = (struct pos){ .offset = FILE_START, .file = "binlog.000001" };
	t.row_pos = t.boundary = t.at.pos;
	set_format(&t, bytes[0]);
	add_definitions(&t);
	stream(&t, bytes + 1, n - 1);
	close(t.out.fd);
	tail_free(&t);
	return 0;
}
