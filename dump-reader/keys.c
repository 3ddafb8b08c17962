/* SPDX-License-Identifier: ISC */
/* Reading keys from event lines, and what becomes of them. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/line.h"
#include "lib/log.h"

#include "fetch.h"
#include "keys.h"
#include "select.h"
#include "snapshot.h"

#define READ_TIMEOUT_S 600	/* a SELECT by key that takes longer waits for a lock */

struct keys {
	struct keys_options *o;
	const struct stop *stop;
	MYSQL *my;
	struct db_server server;
	struct pos s0;
	struct output out;
	struct line_reader lines;
	struct json json;
	struct fetch **tables;
	size_t count;
	uint64_t events;
};

/* What the open batches ask for. */
static int
run_batches(struct keys *k, struct error *e)
{
	size_t i;

	for (i = 0; i < k->count; i++)
		if (fetch_run(k->tables[i], &k->out, &k->s0, &k->o->values, e) == -1)
			return -1;
	return 0;
}

static void
forget_tables(struct keys *k)
{
	while (k->count > 0)
		fetch_free(k->tables[--k->count]);
}

/* A new S0, at or after every event that is in the binary log by now. */
static int
begin(struct keys *k, struct error *e)
{
	if (snapshot_begin(k->my, &k->server, NULL, k->stop, &k->s0, e) == -1)
		return -1;
	k->s0.epoch = k->o->source.epoch;
	return 0;
}

static struct fetch *
table_of(struct keys *k, const char *db, const char *name, struct error *e)
{
	struct fetch **grown, *f;
	size_t i;

	for (i = 0; i < k->count; i++)
		if (strcmp(k->tables[i]->name, name) == 0 && strcmp(k->tables[i]->db, db) == 0)
			return k->tables[i];
	if ((f = fetch_new(k->my, db, name, e)) == NULL)
		return NULL;
	if ((grown = reallocarray(k->tables, k->count + 1, sizeof(*grown))) == NULL) {
		error_set(e, RC_TEMP, "tables: %s", strerror(errno));
		fetch_free(f);
		return NULL;
	}
	k->tables = grown;
	return grown[k->count++] = f;
}

static int
add_key(struct keys *k, struct fetch *f, int token, struct error *e)
{
	int rc = fetch_add(f, &k->json, token, e);

	if (rc == 1 && (rc = stop_asked(k->stop, e)) == 0 &&
	    (rc = fetch_run(f, &k->out, &k->s0, &k->o->values, e)) == 0)
		rc = fetch_add(f, &k->json, token, e);
	return rc;
}

/* What is read under S0 must hold the event's change. */
static int
reach(struct keys *k, int event, struct error *e)
{
	int token = json_member(&k->json, event, "pos");
	char *text = token == -1 ? NULL : json_strdup(&k->json, token);
	char here[POS_TEXT];
	struct pos pos;
	int rc = 0;

	if (token == -1)
		return 0;
	if (text == NULL || pos_parse(&pos, text, e) == -1) {
		free(text);
		return error_set(e, RC_FAIL, "its pos is no position");
	}
	if (pos_cmp(&pos, &k->s0) > 0 && (rc = run_batches(k, e)) == 0) {
		forget_tables(k);	/* a definition is as old as its S0 */
		rc = begin(k, e);
	}
	if (rc == 0 && pos_cmp(&pos, &k->s0) > 0)
		rc = error_set(e, RC_POSITION, "its position %s is beyond this server's (%s): another server's, or --epoch is "
		    "missing", text, pos_text(&k->s0, here));
	free(text);
	return rc;
}

static int
take_row(struct keys *k, int event, struct error *e)
{
	int db_token = json_member(&k->json, event, "db"), name_token = json_member(&k->json, event, "table");
	int key = json_member(&k->json, event, "key"), old_key = json_member(&k->json, event, "old_key"), rc = 0;
	char *db = db_token == -1 ? NULL : json_strdup(&k->json, db_token);
	char *name = name_token == -1 ? NULL : json_strdup(&k->json, name_token);
	struct fetch *f;

	if (db == NULL || name == NULL)
		rc = error_set(e, RC_FAIL, "a row event without db and table");
	else if ((k->o->tables->count == 0 || glob_find(k->o->tables, db, name) != NULL) &&
	    glob_find(k->o->exclude, db, name) == NULL) {
		if (key == -1)
			rc = error_set(e, RC_FAIL, "table %s.%s: an event without key cannot be read again", db, name);
		else if ((rc = reach(k, event, e)) == 0 && (f = table_of(k, db, name, e)) == NULL)
			rc = -1;
		else if (rc == 0 && (rc = add_key(k, f, key, e)) == 0 && old_key != -1)
			rc = add_key(k, f, old_key, e);
		k->events++;
	}
	free(db);
	free(name);
	return rc;
}

/* An event, or the one in a dead letter. */
static int
take_event(struct keys *k, const char *line, size_t n, struct error *e)
{
	static const char *const rows[] = { "insert", "update", "delete", "snapshot" };
	static const char *const control[] = { "source", "schema", "ddl", "truncate", "drop", "rename", "stale", "commit",
	    "heartbeat", "progress", "done" };
	int event = 0, op;
	size_t i;

	if (json_parse(&k->json, line, n, e) == -1)
		return -1;
	if (json_member(&k->json, 0, "op") == -1 && json_member(&k->json, 0, "event") != -1)
		event = json_member(&k->json, 0, "event");
	if ((op = json_member(&k->json, event, "op")) == -1)
		return error_set(e, RC_FAIL, "neither an event nor a dead letter");
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (json_is(&k->json, op, rows[i]))
			return take_row(k, event, e);
	for (i = 0; i < sizeof(control) / sizeof(control[0]); i++)
		if (json_is(&k->json, op, control[i]))
			return 0;
	return error_set(e, RC_FAIL, "an unknown op");
}

/* More of the file: 1, 0 the end, -1. Nothing waits for input that is not there yet. */
static int
fill(struct keys *k, struct error *e)
{
	int rc = stop_wait(k->stop, k->lines.fd, 0, e);

	if (rc == 0 && (run_batches(k, e) == -1 || output_flush(&k->out, e) == -1))
		return -1;
	if (rc == 0)
		rc = stop_wait(k->stop, k->lines.fd, -1, e);
	return rc == -1 ? -1 : line_fill(&k->lines, e);
}

static int
read_lines(struct keys *k, struct error *e)
{
	char *line;
	size_t n;
	int rc = 1;

	while (rc == 1) {
		while (line_next(&k->lines, &line, &n) == 1)
			if (n > 0 && take_event(k, line, n, e) == -1)
				return error_at(e, "%s: line %" PRIu64, k->o->file, k->lines.number);
		if (!k->lines.eof)
			rc = fill(k, e);
		else
			rc = 0;
	}
	if (rc == -1 || run_batches(k, e) == -1 || output_flush(&k->out, e) == -1)
		return -1;
	log_info("keys read events=%" PRIu64, k->events);
	if (line_was_cut(&k->lines))
		return error_set(e, RC_TEMP, "%s: the last line is cut off; all before it are done", k->o->file);
	return 0;
}

/* The server is the one that the index follows, and its S0 is proven. */
static int
start(struct keys *k, struct error *e)
{
	struct source *s = &k->o->source;

	if ((k->my = db_connect(&k->o->db, e)) == NULL || db_server(k->my, &k->server, e) == -1 ||
	    select_session(k->my, e) == -1)
		return -1;
	if (s->server[0] != '\0' && strcmp(s->server, k->server.id) != 0)
		return error_set(e, RC_POSITION, "this server is %s, not %s: their positions cannot be compared",
		    k->server.id, s->server);
	strlcpy(s->server, k->server.id, sizeof(s->server));
	strlcpy(s->version, k->server.version_text, sizeof(s->version));
	if (begin(k, e) == -1)
		return -1;
	return event_put_source(&k->out.buf, s) == -1 ? error_set(e, RC_TEMP, "output: %s", strerror(errno)) : 0;
}

static int
run(struct keys *k, struct error *e)
{
	bool from_stdin = strcmp(k->o->file, "-") == 0;
	int fd = from_stdin ? STDIN_FILENO : open(k->o->file, O_RDONLY | O_CLOEXEC), rc = -1;
	struct error flush;

	if (fd == -1)
		return error_set(e, RC_FAIL, "%s: %s", k->o->file, strerror(errno));
	k->o->db.read_timeout_s = READ_TIMEOUT_S;
	if (line_init(&k->lines, fd, MAX_EVENT_LINE, e) == 0 && output_init(&k->out, STDOUT_FILENO, MAX_EVENT_LINE, e) == 0) {
		if (start(k, e) == 0)
			rc = read_lines(k, e);
		if (rc == -1 && output_flush(&k->out, &flush) == -1)
			log_warn("%s", flush.text);
	}
	if (!from_stdin)
		close(fd);
	return rc;
}

int
keys_run(struct keys_options *o, const struct stop *stop, struct error *e)
{
	struct keys k = { .o = o, .stop = stop };
	uint64_t bad = 0;
	int rc;

	o->values.bad_bytes = &bad;
	rc = run(&k, e);
	if (bad > 0)
		log_warn("invalid bytes became U+FFFD count=%" PRIu64, bad);
	forget_tables(&k);
	free(k.tables);
	json_free(&k.json);
	line_free(&k.lines);
	output_free(&k.out);
	if (k.my != NULL)
		mysql_close(k.my);
	return rc;
}
