/* SPDX-License-Identifier: ISC */
/* hostile RUNS SCHEMA FILE: a binary log cut short, and with single bytes changed, read again and again in one process.
 *
 * What comes out must be what the whole file gives up to the event that is cut or changed, and no line more. Inside an event
 * the status is 1 and the message has its position; at an event's end it is a proper end. Small files are cut at every
 * length, longer ones at RUNS borders of events, one byte before and behind them, and at RUNS random lengths; 2 RUNS random
 * bytes are changed, half of them in events' headers. From FULL runs on files up to 64 KiB are small and all borders cut.
 * Without checksums a change may go unseen: then only what comes before it is compared. An empty SCHEMA: names are numbers. */
#include <sys/mman.h>

#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "binlog-tail/event.h"
#include "binlog-tail/file.h"
#include "lib/json.h"
#include "lib/log.h"

#define NAME "binlog.000001"
#define FULL 10000
#define SMALL 3000
#define MAX_SHOWN 20

static uint8_t *bytes;
static size_t size;
static size_t *borders, border_count;	/* where events start, and the end */
static bool checksums;
static const char *schema;
static int in, out;			/* memory files: standard input, and the stream */

static struct line {
	size_t end;		/* in the whole file's stream */
	uint64_t due;		/* it is there once this many bytes are; 0: with the next one that tells */
} *lines;
static size_t line_count;
static char *whole;
static unsigned wrong, runs, seen;

/* What n bytes of data give, in *text (to be freed). The status. */
static int
read_it(const uint8_t *data, size_t n, char **text, size_t *len, struct error *e)
{
	uint64_t bad = 0;
	struct tail_options o = { .values.bad_bytes = &bad };
	char *paths[] = { "-" };
	struct file_options files = { .paths = paths, .count = 1, .name = NAME };
	struct tail t;
	int rc;

	if (ftruncate(in, 0) == -1 || ftruncate(out, 0) == -1 || pwrite(in, data, n, 0) != (ssize_t)n ||
	    lseek(in, 0, SEEK_SET) == -1 || lseek(out, 0, SEEK_SET) == -1)
		err(2, "memory file");
	memset(e, 0, sizeof(*e));
	o.anonymous = *schema == '\0';
	if (tail_init(&t, &o, e) == -1 || (!o.anonymous && names_load_file(&t.names, schema, NULL, e) == -1))
		errx(2, "%s", e->text);
	t.out.fd = out;
	t.xa.hold = true;
	rc = file_run(&t, &files) == 0 ? 0 : e->rc;
	tail_free(&t);
	*len = (size_t)lseek(out, 0, SEEK_CUR);
	if ((*text = malloc(*len + 1)) == NULL || pread(out, *text, *len, 0) != (ssize_t)*len)
		err(2, "memory file");
	(*text)[*len] = '\0';
	return rc;
}

/* Heartbeats are no part of what is compared: there is one at the end. */
static size_t
without_heartbeats(char *text, size_t len)
{
	static const char heartbeat[] = "{\"op\":\"heartbeat\"";
	char *from, *to, *next;

	for (from = to = text; from < text + len; from = next) {
		next = strchr(from, '\n') + 1;
		if (strncmp(from, heartbeat, sizeof(heartbeat) - 1) == 0)
			continue;
		memmove(to, from, (size_t)(next - from));
		to += next - from;
	}
	return (size_t)(to - text);
}

/* The event that holds byte i; border_count - 1: the end. */
static size_t
event_of(size_t i)
{
	size_t k;

	for (k = 0; k + 1 < border_count && borders[k + 1] <= i; k++)
		;
	return k;
}

/* The source is there once the format event is, a row once its event is, a commit once everything before its position is;
 * a definition comes with the row behind it. */
static void
note_line(struct json *j, const char *text, size_t n, size_t end)
{
	struct line *l = &lines[line_count++];
	size_t len;
	const char *pos;
	struct error e;
	uint64_t at;

	*l = (struct line){ .end = end };
	if (json_parse(j, text, n, &e) == -1)
		errx(2, "%.*s: %s", (int)n, text, e.text);
	if (json_is(j, json_member(j, 0, "op"), "source"))
		l->due = borders[1];
	if (json_is(j, json_member(j, 0, "op"), "schema") || json_member(j, 0, "pos") == -1)
		return;
	pos = json_raw(j, json_member(j, 0, "pos"), &len);
	at = strtoull(strrchr(strndupa(pos, len), ':') + 1, NULL, 10);
	l->due = json_is(j, json_member(j, 0, "op"), "commit") ? at : borders[event_of(at) + 1];
}

static void
load(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct event_header h;
	struct json j = { 0 };
	struct error e;
	char *line, *end;
	size_t at, len;

	if (f == NULL || (bytes = malloc(1 << 20)) == NULL || (size = fread(bytes, 1, 1 << 20, f)) == 1 << 20 || size < 100)
		errx(2, "%s: cannot be read, or is too large", path);
	fclose(f);
	borders = calloc(size / EVENT_HEADER + 2, sizeof(*borders));
	for (at = 4; at < size && header_read(&h, bytes + at, size - at) == 0 && h.size >= EVENT_HEADER; at += h.size)
		borders[border_count++] = at;
	borders[border_count++] = size;
	checksums = bytes[borders[1] - CHECKSUM_BYTES - 1] == 1;
	if (at != size || read_it(bytes, size, &whole, &len, &e) != 0)
		errx(2, "%s: %s", path, e.text);
	len = without_heartbeats(whole, len);
	lines = calloc(len / 10 + 1, sizeof(*lines));
	for (line = whole; line < whole + len; line = end + 1) {
		end = memchr(line, '\n', len);
		note_line(&j, line, (size_t)(end - line), (size_t)(end + 1 - whole));
	}
	json_free(&j);
	if (line_count == 0)
		errx(2, "%s: nothing is in it", path);
}

/* Bytes of the stream that the first n bytes of the file give. */
static size_t
given_by(size_t n)
{
	size_t i, given = 0;

	for (i = 0; i < line_count; i++)
		if (lines[i].due != 0 && lines[i].due <= n)
			given = lines[i].end;
	return given;
}

static void
complain(const char *what, size_t i, const char *why, const struct error *e)
{
	if (wrong++ < MAX_SHOWN)
		printf("# %s %zu (event at %zu): %s: %s\n", what, i, borders[event_of(i)], why, e->text);
}

static bool
names_place(const char *text, size_t at)
{
	char place[64];
	const char *found;

	snprintf(place, sizeof(place), NAME ":%zu", at);
	found = strstr(text, place);
	return found != NULL && (found[strlen(place)] < '0' || found[strlen(place)] > '9');
}

static void
cut(size_t n)
{
	size_t len, want = given_by(n), start = borders[event_of(n)];
	bool border = n == size || (n >= 4 && n == start);
	struct error e;
	char *text;
	int rc = read_it(bytes, n, &text, &len, &e);

	runs++;
	len = without_heartbeats(text, len);
	if (len != want || memcmp(text, whole, len) != 0)
		complain("cut at", n, "the lines are not those before it", &e);
	if (rc != (border ? 0 : RC_FAIL))
		complain("cut at", n, border ? "no proper end" : "status", &e);
	else if (!border && n > 4 && !names_place(e.text, start))
		complain("cut at", n, "the message has not its position", &e);
	free(text);
}

/* The flag that a format event has while its file is written is no part of its checksum, nor does it matter. */
static bool
matters(size_t i, uint8_t by)
{
	return i != borders[0] + 17 || (by & ~EVF_IN_USE) != 0;
}

static void
flip(size_t i, uint8_t by)
{
	size_t len, start = i < 4 ? 0 : borders[event_of(i)], want = given_by(start);
	struct error e;
	char *text;
	int rc;

	if (!matters(i, by))
		return;
	runs++;
	bytes[i] ^= by;
	rc = read_it(bytes, size, &text, &len, &e);
	bytes[i] ^= by;
	len = without_heartbeats(text, len);
	if (rc != 0 && rc != RC_FAIL && (checksums || rc != RC_POSITION))
		complain("flipped", i, "status", &e);
	if (rc == RC_FAIL)
		seen++;
	if (!checksums) {
		if (len < want || memcmp(text, whole, want) != 0)
			complain("flipped", i, "the lines are not those before it", &e);
	} else if (len != want || memcmp(text, whole, len) != 0) {
		complain("flipped", i, "the lines are not those before it", &e);
	} else if (rc != RC_FAIL) {
		complain("flipped", i, "it goes unseen", &e);
	} else if (i >= 4 && !names_place(e.text, start)) {
		complain("flipped", i, "the message has not its position", &e);
	}
	free(text);
}

int
main(int argc, char *argv[])
{
	size_t i, count, step;
	bool small;

	if (argc != 4)
		errx(2, "usage: hostile RUNS SCHEMA FILE");
	log_quieter();
	log_quieter();
	count = strtoul(argv[1], NULL, 10);
	schema = argv[2];
	if ((in = memfd_create("in", 0)) == -1 || (out = memfd_create("out", 0)) == -1 || dup2(in, STDIN_FILENO) == -1)
		err(2, "memory file");
	in = STDIN_FILENO;
	srandom(1);
	load(argv[3]);
	small = size <= (count >= FULL ? 64U << 10 : SMALL);
	step = count >= FULL ? 1 : border_count / count + 1;
	for (i = 0; i <= size && small; i++)
		cut(i);
	for (i = (size_t)random() % step; i < border_count && !small; i += step) {
		cut(borders[i] - 1);
		cut(borders[i]);
		if (borders[i] < size)
			cut(borders[i] + 1);
	}
	for (i = 0; i < count; i++) {
		if (!small)
			cut((size_t)random() % size);
		flip((size_t)random() % size, (uint8_t)(1 + random() % 255));
		flip(borders[(size_t)random() % (border_count - 1)] + (size_t)random() % EVENT_HEADER,
		    (uint8_t)(1 << random() % 8));
	}
	printf("# %u runs, %u flips seen, %u wrong\n", runs, seen, wrong);
	return wrong == 0 ? 0 : 1;
}
