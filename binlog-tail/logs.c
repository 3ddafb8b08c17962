/* SPDX-License-Identifier: ISC */
/* The server's binary log, file by file. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/json.h"

#include "dump.h"
#include "logs.h"
#include "place.h"

int
logs_load(struct logs *l, MYSQL *my, struct error *e)
{
	MYSQL_RES *res;
	MYSQL_ROW row;
	char **grown;

	*l = (struct logs){ 0 };
	if (mysql_query(my, "SHOW BINARY LOGS") != 0 || (res = mysql_store_result(my)) == NULL)
		return db_error(my, e, "list the binary logs");
	while ((row = mysql_fetch_row(res)) != NULL) {
		if (row[0] == NULL)
			continue;
		if ((grown = reallocarray(l->files, l->count + 1, sizeof(*grown))) == NULL ||
		    (l->files = grown, grown[l->count] = strdup(row[0])) == NULL) {
			logs_free(l);
			mysql_free_result(res);
			return error_set(e, RC_TEMP, "list the binary logs: %s", strerror(errno));
		}
		l->count++;
	}
	mysql_free_result(res);
	return l->count > 0 ? 0 : error_set(e, RC_FAIL, "the server has no binary log");
}

void
logs_free(struct logs *l)
{
	while (l->count > 0)
		free(l->files[--l->count]);
	free(l->files);
	l->files = NULL;
}

int
logs_find(const struct logs *l, const char *file)
{
	size_t i;

	for (i = 0; i < l->count; i++)
		if (strcmp(l->files[i], file) == 0)
			return (int)i;
	return -1;
}

/* A file's events, one after the other. */
struct scan {
	struct dump dump;
	struct place at;
	const char *file;
	struct cursor body;
};

static int
scan_open(struct scan *s, const struct db_options *o, const char *file, struct error *e)
{
	*s = (struct scan){ .file = file, .at.pos.offset = FILE_START };
	if (strlcpy(s->at.pos.file, file, sizeof(s->at.pos.file)) >= sizeof(s->at.pos.file))
		return error_set(e, RC_FAIL, "too long a name of a binary log: %s", file);
	if (dump_open(&s->dump, o, e) == -1)
		return -1;
	if (dump_start(&s->dump, &s->at.pos, arc4random() | 1, false, e) == 0)
		return 0;
	dump_close(&s->dump);
	return -1;
}

/* 1: s->at is an event, to be left; 0: it was the last one of the file; -1. */
static int
scan_next(struct scan *s, struct error *e)
{
	const uint8_t *event;
	size_t n;
	int rc = dump_read(&s->dump, &event, &n, e);

	if (rc == 1 && place_take(&s->at, event, n, &s->body, e) == -1)
		rc = error_at(e, "%s:%" PRIu64, s->at.pos.file, s->at.pos.offset);
	return rc;
}

static int
scan_leave(struct scan *s, struct error *e)
{
	if (place_leave(&s->at, &s->body, e) == -1)
		return -1;
	return s->file[0] == '\0' || strcmp(s->at.pos.file, s->file) == 0;
}

/* Up to the format event. */
static int
scan_format(struct scan *s, struct error *e)
{
	int rc = 1;

	while (!s->at.format.known && rc == 1)
		if ((rc = scan_next(s, e)) == 1)
			rc = scan_leave(s, e);
	return rc == 0 ? error_set(e, RC_FAIL, "%s: has no format event", s->file) : rc == -1 ? -1 : 0;
}

int
logs_created(const struct db_options *o, const char *file, int64_t *created, struct error *e)
{
	struct scan s;
	int rc;

	if (scan_open(&s, o, file, e) == -1)
		return -1;
	rc = scan_format(&s, e);
	*created = s.at.format.created;
	dump_close(&s.dump);
	return rc;
}

/* What is looked for: the last transaction that begins where, and when, neither is passed. */
struct sought {
	uint64_t offset;
	int64_t time;
	struct pos found;
	int64_t ts, created;	/* of what stands before it; of its file */
};

/* Does a transaction begin with it? Servers without GTIDs before MySQL 5.7 do not say: there, files alone are found. */
static bool
is_start(const struct event_header *h)
{
	return h->type == EV_GTID || h->type == EV_ANONYMOUS_GTID || h->type == EV_GTID_TAGGED || h->type == EV_MARIA_GTID;
}

/* A log's end counts as that of its last transaction only when another file follows: until then more of it may come. */
static int
scan_file(struct sought *x, const struct db_options *o, const char *file, struct error *e)
{
	struct scan s;
	bool more = true;
	int rc;

	if (scan_open(&s, o, file, e) == -1)
		return -1;
	x->found = s.at.pos;
	rc = scan_format(&s, e);
	x->created = x->ts = s.at.format.created;
	while (rc == 0 && more && (rc = scan_next(&s, e)) == 1) {
		rc = 0;
		if (s.at.counted && is_start(&s.at.header)) {
			if (s.at.pos.offset > x->offset)
				break;
			x->found = s.at.pos;
			if (s.at.header.ts > x->time)
				break;
		}
		if (s.at.counted)
			x->ts = s.at.header.ts;
		if ((rc = scan_leave(&s, e)) != -1) {
			more = rc == 1;
			rc = 0;
		}
	}
	if (!more && x->offset == UINT64_MAX)
		x->found = s.at.pos;
	dump_close(&s.dump);
	return rc;
}

/* A time for people. */
static const char *
when(int64_t seconds, char text[32])
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(text, 32, "@%" PRId64, seconds);
	return text;
}

/* The last file that was made by then: the later ones hold nothing older. */
static int
find_time(struct sought *x, const struct logs *l, const struct db_options *o, struct error *e)
{
	size_t low = 0, high = l->count, middle;
	int64_t created = 0;
	char text[32];

	if (x->time > (int64_t)time(NULL))
		return error_set(e, RC_USAGE, "%s is yet to come", when(x->time, text));
	while (low < high) {
		middle = low + (high - low) / 2;
		if (logs_created(o, l->files[middle], &created, e) == -1)
			return -1;
		if (created <= x->time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		return scan_file(x, o, l->files[low - 1], e);
	return error_set(e, RC_POSITION, "the oldest place in the log is %s:%d, of %s", l->files[0], FILE_START,
	    when(created, text));
}

static int
find_position(struct sought *x, const struct logs *l, const struct pos *want, const struct pos *now,
    const struct db_options *o, struct error *e)
{
	char text[POS_TEXT];

	if (logs_find(l, want->file) == -1 || pos_cmp(want, now) > 0 || want->offset < FILE_START)
		return error_set(e, RC_POSITION, "the log goes from %s:%d to %s", l->files[0], FILE_START,
		    pos_text(now, text));
	x->offset = want->offset;
	return scan_file(x, o, want->file, e);
}

static int
find(struct sought *x, const char *where, const struct logs *l, const struct pos *now, const struct db_options *o,
    struct error *e)
{
	struct pos want;
	char *end;

	if (strcmp(where, "start") == 0) {
		x->offset = 0;
		return scan_file(x, o, l->files[0], e);
	}
	if (strcmp(where, "now") == 0) {
		x->found = *now;
		x->ts = time(NULL);
		return logs_created(o, now->file, &x->created, e);
	}
	if (where[0] == '@') {
		errno = 0;
		x->time = strtoll(where + 1, &end, 10);
		return errno != 0 || end == where + 1 || *end != '\0' || x->time < 0 ?
		    error_set(e, RC_USAGE, "not Unix seconds: %s", where + 1) : find_time(x, l, o, e);
	}
	if (pos_parse(&want, where, e) == -1)
		return -1;
	want.epoch = 0;
	return find_position(x, l, &want, now, o, e);
}

int
logs_print(const struct db_options *o, const char *where, struct error *e)
{
	struct sought x = { .offset = UINT64_MAX, .time = INT64_MAX };
	struct logs l = { 0 };
	struct db_server server;
	char text[POS_TEXT];
	struct pos now;
	MYSQL *my;
	int rc;

	if ((my = db_connect(o, e)) == NULL)
		return -1;
	rc = db_server(my, &server, e) == -1 || db_position(my, &server, &now, NULL, e) == -1 ||
	    logs_load(&l, my, e) == -1 || l.files == NULL ? -1 : find(&x, where, &l, &now, o, e);
	if (rc == 0)
		printf("{\"server\":\"%s\",\"pos\":\"%s\",\"created\":%" PRId64 ",\"ts\":%" PRId64 "}\n", server.id,
		    pos_text(&x.found, text), x.created, x.ts);
	if (rc == 0 && fflush(stdout) == EOF)
		rc = error_set(e, RC_FAIL, "write to standard output: %s", strerror(errno));
	logs_free(&l);
	mysql_close(my);
	return rc;
}
