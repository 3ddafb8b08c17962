/* SPDX-License-Identifier: ISC */
/* The state directory's schema history. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/line.h"

#include "history.h"
#include "names.h"

#define MAX_HISTORY_LINE ((size_t)128 << 20)	/* a ddl line holds its statement: up to 64 MiB, and escapes */
#define MAX_HISTORY ((size_t)1 << 32)	/* bytes of all lines that are kept */

void
history_free(struct history *h)
{
	free(h->lines);
	buf_free(&h->text);
	memset(h, 0, sizeof(*h));
}

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "%s", strerror(errno));
}

static int
add_line(struct history *h, const struct history_line *l)
{
	size_t cap = h->cap == 0 ? 64 : h->cap * 2;
	struct history_line *grown;

	if (h->count == h->cap) {
		if ((grown = reallocarray(h->lines, cap, sizeof(*grown))) == NULL)
			return -1;
		h->lines = grown;
		h->cap = cap;
	}
	h->lines[h->count++] = *l;
	return 0;
}

static int
read_pos(struct history_line *l, const struct json *j, int token, struct error *e)
{
	char *text = token == -1 ? NULL : json_strdup(j, token);
	int rc;

	if (text == NULL)
		return error_set(e, RC_FAIL, "pos is missing");
	if ((rc = pos_parse(&l->pos, text, e)) == -1)
		e->rc = RC_FAIL;
	free(text);
	return rc;
}

/* A string and its NUL. */
static int
put_name(struct buf *b, const struct json *j, int token)
{
	if (token == -1 || json_text(j, token, b) == -1)
		return -1;
	return buf_putc(b, '\0');
}

/* [["db","table"],…]; null, kept as "": every table of the database */
static int
read_names(struct history *h, const struct json *j, int tables, struct error *e)
{
	int t, db, table;

	for (t = json_first(j, tables); t != -1; t = json_next(j, t)) {
		db = json_first(j, t);
		table = json_next(j, db);
		if (put_name(&h->text, j, db) == -1 || (json_type(j, table) == JSON_NULL ? buf_putc(&h->text, '\0') :
		    put_name(&h->text, j, table)) == -1)
			return error_set(e, RC_FAIL, "tables can't be read");
	}
	return 0;
}

static int
read_line(struct history *h, struct json *j, const char *text, size_t len, struct error *e)
{
	struct history_line l = { .kind = HISTORY_SCHEMA, .at = h->text.len };
	int op, tables;

	if (json_parse(j, text, len, e) == -1)
		return -1;
	op = json_member(j, 0, "op");
	tables = json_member(j, 0, "tables");
	if (op == -1 || json_member(j, 0, "pos") == -1)
		return 0;
	if (read_pos(&l, j, json_member(j, 0, "pos"), e) == -1)
		return -1;
	if (json_is(j, op, "schema")) {
		if (json_is(j, json_member(j, 0, "from"), ANONYMOUS))
			return 0;	/* names nothing */
		if (buf_add(&h->text, text, len) == -1)
			return no_memory(e);
	} else if (!json_is(j, op, "ddl")) {
		return error_set(e, RC_FAIL, "neither schema nor ddl");
	} else {
		l.kind = tables == -1 ? HISTORY_DDL_ON_ALL : HISTORY_DDL;
		if (tables != -1 && read_names(h, j, tables, e) == -1)
			return -1;
	}
	l.len = h->text.len - l.at;
	return add_line(h, &l) == -1 ? no_memory(e) : 0;
}

static int
read_lines(struct history *h, int fd, struct error *e)
{
	struct line_reader r;
	struct json j = { 0 };
	char *line;
	size_t n;
	int rc;

	if (line_init(&r, fd, MAX_HISTORY_LINE, e) == -1)
		return -1;
	while ((rc = line_read(&r, &line, &n, e)) == 1)
		if ((rc = read_line(h, &j, line, n, e)) == -1) {
			error_at(e, "line %llu", (unsigned long long)r.number);
			break;
		}
	json_free(&j);
	line_free(&r);
	return rc;
}

int
history_load(struct history *h, const char *dir, struct error *e)
{
	char path[4096];
	int fd, rc;

	memset(h, 0, sizeof(*h));
	if (buf_init(&h->text, MAX_HISTORY) == -1)
		return no_memory(e);
	if (snprintf(path, sizeof(path), "%s/schema.ndjson", dir) >= (int)sizeof(path))
		return error_set(e, RC_FAIL, "%s: too long a name", dir);
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return errno == ENOENT ? 0 : error_set(e, RC_FAIL, "%s: %s", path, strerror(errno));
	rc = read_lines(h, fd, e);
	close(fd);
	return rc == -1 ? error_at(e, "%s", path) : 0;
}

/* Without regard to case, as some servers compare names: one statement too many does no harm. */
static bool
ddl_names(const struct history *h, const struct history_line *l, const char *db, const char *table)
{
	const char *p = h->text.data + l->at, *end = p + l->len, *t;

	for (; p < end; p = t + strlen(t) + 1) {
		t = p + strlen(p) + 1;
		if (strcasecmp(p, db) == 0 && (*t == '\0' || strcasecmp(t, table) == 0))
			return true;
	}
	return l->kind == HISTORY_DDL_ON_ALL;
}

/* Is it about that table? */
static struct table *
schema_of(const struct history *h, const struct history_line *l, const char *db, const char *table, struct error *e)
{
	struct json j = { 0 };
	struct table *t = NULL;
	int rc = json_parse(&j, h->text.data + l->at, l->len, e);

	if (rc == 0 && json_is(&j, json_member(&j, 0, "db"), db) && json_is(&j, json_member(&j, 0, "table"), table))
		t = table_from_schema(&j, e);
	json_free(&j);
	return t;
}

struct table *
history_find(const struct history *h, const char *db, const char *table, const struct pos *at, const struct pos *last_ddl,
    struct pos *since, struct error *e)
{
	struct table *found = NULL, *t;
	const struct history_line *l;
	struct pos ddl = *last_ddl;
	size_t i;

	e->rc = RC_OK;
	for (i = 0; i < h->count; i++) {
		l = &h->lines[i];
		if (l->kind != HISTORY_SCHEMA && l->pos.epoch == at->epoch && pos_cmp(&l->pos, at) <= 0 &&
		    (!pos_is_set(&ddl) || pos_cmp(&l->pos, &ddl) > 0) && ddl_names(h, l, db, table))
			ddl = l->pos;
	}
	for (i = 0; i < h->count; i++) {
		l = &h->lines[i];
		if (l->kind != HISTORY_SCHEMA || l->pos.epoch != at->epoch || pos_cmp(&l->pos, at) > 0 ||
		    (pos_is_set(&ddl) && pos_cmp(&l->pos, &ddl) <= 0) ||
		    (found != NULL && pos_cmp(&l->pos, since) < 0))
			continue;
		if ((t = schema_of(h, l, db, table, e)) == NULL) {
			if (e->rc == RC_OK)
				continue;
			table_free(found);
			return NULL;
		}
		table_free(found);
		found = t;
		*since = l->pos;
	}
	return found;
}
