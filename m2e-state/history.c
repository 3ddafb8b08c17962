/* SPDX-License-Identifier: ISC */
/* The schema history. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/line.h"
#include "lib/log.h"
#include "lib/output.h"
#include "lib/pos.h"

#include "history.h"

#define LOCK_WAIT_MS 30000	/* an append takes milliseconds: by then its holder hangs */

/* A line of the file. */
struct history_entry {
	uint64_t version;	/* its position, folded */
	bool ddl;
	/* `"db"` LF `"table"` LF …, null for all of a database; NULL: a ddl line that may be about every table */
	char *tables;
	char *definition;	/* a schema line's key and columns as they stand there */
};

static int
failed(const struct history *h, const char *what, struct error *e)
{
	return error_set(e, error_of_write(errno), "%s/" HISTORY_FILE ": %s: %s", h->store->path, what, strerror(errno));
}

void
history_init(struct history *h, const struct store *store)
{
	*h = (struct history){ .store = store, .fd = -1 };
}

static void
entry_free(struct history_entry *x)
{
	free(x->tables);
	free(x->definition);
}

void
history_free(struct history *h)
{
	while (h->count > 0)
		entry_free(&h->entries[--h->count]);
	free(h->entries);
	json_free(&h->json);
	if (h->fd != -1)
		close(h->fd);
}

/* In one spelling whatever escapes the line uses: JSON strings hold no LF. */
static int
put_name(struct buf *b, const struct json *j, int token)
{
	char *name = token == -1 ? NULL : json_strdup(j, token);
	int rc = name == NULL ? -1 : json_put_str(b, name) | buf_putc(b, '\n');

	free(name);
	return rc;
}

static int
put_tables(struct buf *b, const struct json *j, int tables)
{
	int t, db, table;

	if (json_type(j, tables) != JSON_ARRAY)
		return -1;
	for (t = json_first(j, tables); t != -1; t = json_next(j, t)) {
		if (json_type(j, t) != JSON_ARRAY || json_size(j, t) != 2)
			return -1;
		db = json_first(j, t);
		table = json_next(j, db);
		if (put_name(b, j, db) == -1 ||
		    (json_type(j, table) == JSON_NULL ? buf_puts(b, "null\n") : put_name(b, j, table)) == -1)
			return -1;
	}
	return 0;
}

static int
put_slice(struct buf *b, const struct json *j, int t)
{
	const char *text;
	size_t n;

	if (t == -1)
		return buf_puts(b, "-");
	text = json_slice(j, t, &n);
	return buf_add(b, text, n);
}

/* What the line's tables and definition are, without its position. */
static int
read_names(struct history_entry *x, const struct json *j)
{
	int tables = json_member(j, 0, "tables"), rc = 0;
	struct buf names, definition;

	if (buf_init(&names, MAX_CONTROL_LINE) == -1)
		return -1;
	if (buf_init(&definition, MAX_CONTROL_LINE) == -1) {
		buf_free(&names);
		return -1;
	}
	if (!x->ddl) {
		rc = put_name(&names, j, json_member(j, 0, "db")) | put_name(&names, j, json_member(j, 0, "table")) |
		    put_slice(&definition, j, json_member(j, 0, "key")) |
		    put_slice(&definition, j, json_member(j, 0, "columns")) |
		    put_slice(&definition, j, json_member(j, 0, "period"));
	} else if (tables != -1) {
		rc = put_tables(&names, j, tables);
	}
	if (rc == 0 && (!x->ddl || tables != -1) && (x->tables = strndup(names.data, names.len)) == NULL)
		rc = -1;
	if (rc == 0 && (x->definition = strndup(definition.data, definition.len)) == NULL)
		rc = -1;
	buf_free(&names);
	buf_free(&definition);
	return rc;
}

/* 1; 0: a line without a position, which no row can be looked up by; -1: not a schema or ddl line. */
static int
entry_read(struct history_entry *x, const struct json *j, struct error *e)
{
	int at = json_member(j, 0, "pos"), op = json_member(j, 0, "op");
	char *text;
	struct pos pos;
	int rc;

	*x = (struct history_entry){ .ddl = json_is(j, op, "ddl") };
	if (!x->ddl && !json_is(j, op, "schema"))
		return error_set(e, RC_FAIL, "neither schema nor ddl");
	if (at == -1)
		return 0;
	if ((text = json_strdup(j, at)) == NULL)
		return error_set(e, RC_FAIL, "pos must be a string");
	rc = pos_parse(&pos, text, e);
	free(text);
	if (rc == -1 || pos_version(&pos, &x->version, e) == -1) {
		e->rc = RC_FAIL;
		return -1;
	}
	if (read_names(x, j) == -1) {
		entry_free(x);
		return error_set(e, RC_FAIL, "a %s line without the tables that it is about", x->ddl ? "ddl" : "schema");
	}
	return 1;
}

static int
keep(struct history *h, const struct history_entry *x, struct error *e)
{
	size_t cap = h->cap == 0 ? 64 : h->cap * 2;
	struct history_entry *grown;

	if (h->count == h->cap) {
		if ((grown = reallocarray(h->entries, cap, sizeof(*grown))) == NULL)
			return failed(h, "read", e);
		h->entries = grown;
		h->cap = cap;
	}
	h->entries[h->count++] = *x;
	return 0;
}

/* Does the ddl entry name the one table that a schema entry has, or all of its database? Without regard to case, as some
 * servers compare names: one statement too many does no harm. */
static bool
names(const struct history_entry *ddl, const char *table)
{
	size_t db = strcspn(table, "\n") + 1;
	const char *at, *name;

	if (ddl->tables == NULL)
		return true;
	for (at = ddl->tables; *at != '\0'; at = name + strcspn(name, "\n") + 1) {
		name = at + strcspn(at, "\n") + 1;
		if (strncasecmp(at, table, db) == 0 &&
		    (strncmp(name, "null\n", 5) == 0 || strncasecmp(name, table + db, strlen(table + db)) == 0))
			return true;
	}
	return false;
}

/* Is there a definition that the ddl entry may end? Else it says nothing: a stream that brings an older one reads the log
 * on from there, and so this statement, too. */
static bool
ends_one(const struct history *h, const struct history_entry *ddl)
{
	const struct history_entry *at;
	size_t i;

	for (i = 0; i < h->count; i++) {
		at = &h->entries[i];
		if (!at->ddl && at->version <= ddl->version && at->version >> 56 == ddl->version >> 56 &&
		    names(ddl, at->tables))
			return true;
	}
	return false;
}

/* Is what x says already known where it stands? */
static bool
is_known(const struct history *h, const struct history_entry *x)
{
	const struct history_entry *at, *holds = NULL;
	size_t i;

	for (i = 0; i < h->count; i++) {
		at = &h->entries[i];
		if (x->ddl) {
			if (at->ddl && at->version == x->version && (at->tables == NULL || (x->tables != NULL &&
			    strcmp(at->tables, x->tables) == 0)))
				return true;
			continue;
		}
		/* an epoch's versions lie together: its number is their upper part */
		if (!at->ddl && at->version <= x->version && at->version >> 56 == x->version >> 56 &&
		    strcmp(at->tables, x->tables) == 0 && (holds == NULL || at->version >= holds->version))
			holds = at;
	}
	if (holds == NULL || strcmp(holds->definition, x->definition) != 0)
		return false;
	for (i = 0; i < h->count; i++) {
		at = &h->entries[i];
		if (at->ddl && at->version > holds->version && at->version <= x->version && names(at, x->tables))
			return false;
	}
	return true;
}

static int
read_line(struct history *h, const char *line, size_t n, struct error *e)
{
	struct history_entry x;
	int rc;

	if (json_parse(&h->json, line, n, e) == -1 || (rc = entry_read(&x, &h->json, e)) == -1)
		return -1;
	if (rc == 1 && (rc = keep(h, &x, e)) == -1)
		entry_free(&x);
	return rc == -1 ? -1 : 0;
}

/* Reads what was appended since we looked, by whomever, and cuts a half line off its end. */
static int
catch_up(struct history *h, struct error *e)
{
	struct line_reader r;
	struct stat st;
	char *line;
	size_t n;
	int rc;

	if (fstat(h->fd, &st) == -1)
		return failed(h, "fstat", e);
	if (st.st_nlink == 0 || st.st_size < h->seen)
		return error_set(e, RC_FAIL, "%s/" HISTORY_FILE ": was removed or cut while in use", h->store->path);
	if (st.st_size == h->seen)
		return 0;
	if (lseek(h->fd, h->seen, SEEK_SET) == -1)
		return failed(h, "seek", e);
	if (line_init(&r, h->fd, MAX_CONTROL_LINE, e) == -1)
		return -1;
	h->unsynced = true;	/* who appended it may have been killed before its fsync */
	while ((rc = line_read(&r, &line, &n, e)) == 1) {
		if ((rc = read_line(h, line, n, e)) == -1) {
			error_at(e, "byte %lld of the file", (long long)h->seen + 1);
			break;
		}
		h->seen += (off_t)n + 1;
	}
	line_free(&r);
	if (rc == -1)
		return error_at(e, "%s/" HISTORY_FILE, h->store->path);
	if (st.st_size != h->seen) {
		log_warn("%s/" HISTORY_FILE ": half a line at its end, never acknowledged, is cut off", h->store->path);
		if (ftruncate(h->fd, h->seen) == -1)
			return failed(h, "truncate", e);
	}
	return 0;
}

static int
open_file(struct history *h, struct error *e)
{
	if (h->fd != -1)
		return 0;
	if ((h->fd = openat(h->store->dir, HISTORY_FILE, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600)) == -1)
		return failed(h, "open", e);
	h->unsynced = true;
	return store_sync(h->store, e);
}

static int
append(struct history *h, const char *line, size_t n, struct error *e)
{
	struct buf b;
	int rc = 0;

	if (buf_init(&b, n + 1) == -1 || buf_add(&b, line, n) == -1 || buf_putc(&b, '\n') == -1) {
		rc = failed(h, "append", e);
	} else {
		h->unsynced = true;
		if (write_all(h->fd, b.data, b.len) == -1) {
			rc = failed(h, "write", e);
			/* if this fails too, the next one to append cuts it */
			if (ftruncate(h->fd, h->seen) == -1)
				log_debug("%s", strerror(errno));
		}
	}
	buf_free(&b);
	if (rc == 0)
		h->seen += (off_t)n + 1;
	return rc;
}

static int
add_entry(struct history *h, struct history_entry *x, const char *line, size_t n, struct error *e)
{
	if (open_file(h, e) == -1 || catch_up(h, e) == -1)
		return -1;
	if (x->ddl && !ends_one(h, x)) {
		/* who looks for new tables looks at the file's time */
		if (futimens(h->fd, NULL) == -1)
			log_debug("%s/" HISTORY_FILE ": %s", h->store->path, strerror(errno));
		entry_free(x);
		return 0;
	}
	if (is_known(h, x)) {
		entry_free(x);
		return 0;
	}
	if (keep(h, x, e) == -1)
		return -1;
	if (append(h, line, n, e) == -1) {
		h->count--;
		return -1;
	}
	return 0;
}

int
history_add(struct history *h, const struct json *j, const char *line, size_t n, struct error *e)
{
	struct history_entry x;
	int lock, rc;

	if ((rc = entry_read(&x, j, e)) <= 0)
		return rc;
	if ((lock = store_lock(h->store, HISTORY_FILE, LOCK_WAIT_MS, e)) == -1) {
		entry_free(&x);
		return -1;
	}
	if ((rc = add_entry(h, &x, line, n, e)) == -1)
		entry_free(&x);
	close(lock);
	return rc;
}

int
history_sync(struct history *h, struct error *e)
{
	if (h->fd == -1 || !h->unsynced)
		return 0;
	if (fsync(h->fd) == -1)
		return failed(h, "fsync", e);
	h->unsynced = false;
	return 0;
}
