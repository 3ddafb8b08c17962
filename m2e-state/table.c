/* SPDX-License-Identifier: ISC */
/* Tables: their files, their statuses and the ways between them. */
#include <sys/types.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "table.h"

#define MAX_ENCODED 200		/* leaves room for a hash, .json and .lock below NAME_MAX */

static const struct member members[] = {
	{ "db", MEMBER_TEXT },
	{ "table", MEMBER_TEXT },
	{ "status", MEMBER_STATUS },
	{ "was", MEMBER_STATUS },
	{ "added", MEMBER_TEXT },
	{ "rows", MEMBER_COUNT },
	{ "s0", MEMBER_POS },
	{ "pos", MEMBER_POS },
	{ "resume", MEMBER_TEXT },
	{ "server", MEMBER_TEXT },
	{ "epoch", MEMBER_COUNT },
	{ "created", MEMBER_TIME },
	{ "dump", MEMBER_TEXT },
	{ "why", MEMBER_TEXT },
	{ "since", MEMBER_POS },
	{ NULL }
};

#define WAY(to) (1U << STATUS_##to)
#define ALWAYS (WAY(CREATED) | WAY(PAUSED) | WAY(REMOVED))

/* Where a table can go, besides ALWAYS and what it is already. */
static const struct {
	const char *name;
	unsigned int ways;
} statuses[] = {
	[STATUS_CREATED] = { "created", WAY(DUMPING) | WAY(MOVING) },
	[STATUS_DUMPING] = { "dumping", WAY(DUMPED) },
	[STATUS_DUMPED] = { "dumped", WAY(MOVING) },
	[STATUS_MOVING] = { "moving", WAY(MOVED) },
	[STATUS_MOVED] = { "moved", WAY(SYNCING) },
	[STATUS_SYNCING] = { "syncing", WAY(STALE) | WAY(MOVED) },
	[STATUS_PAUSED] = { "paused", WAY(DUMPED) | WAY(MOVING) | WAY(MOVED) | WAY(SYNCING) },
	[STATUS_STALE] = { "stale", WAY(SYNCING) | WAY(MOVED) },
	[STATUS_REMOVED] = { "removed", 0 },
};

enum status
status_find(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].name, name) == 0)
			return (enum status)i;
	return STATUS_NONE;
}

static size_t
encode(char *to, size_t room, const char *name)
{
	static const char hex[] = "0123456789ABCDEF";
	const unsigned char *p = (const unsigned char *)name;
	size_t n = 0;

	for (; *p != '\0' && room - n > 3; p++) {
		if ((*p >= '0' && *p <= '9') || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z') ||
		    strchr("_$-", *p) != NULL) {
			to[n++] = (char)*p;
			continue;
		}
		to[n++] = '%';
		to[n++] = hex[*p >> 4];
		to[n++] = hex[*p & 15];
	}
	return n;
}

/* FNV-1a over both names. A collision would show: the file names its table. */
static uint64_t
hash(const char *db, const char *name)
{
	uint64_t h = 0xcbf29ce484222325U;
	const char *p;

	for (p = db; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3U;
	for (p = name, h *= 0x100000001b3U; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 0x100000001b3U;
	return h;
}

void
tabfile_name(const char *db, const char *name, char file[TABFILE_NAME])
{
	char whole[64 * 4 * 3 * 2 + 8];	/* two names of 64 characters; a longer one is cut, and hashed */
	size_t n;

	n = encode(whole, sizeof(whole) / 2, db);
	whole[n++] = '.';
	n += encode(whole + n, sizeof(whole) - n, name);
	if (n <= MAX_ENCODED)
		snprintf(file, TABFILE_NAME, "%.*s.json", (int)n, whole);
	else
		snprintf(file, TABFILE_NAME, "%.*s~%016" PRIx64 ".json", MAX_ENCODED, whole, hash(db, name));
}

/* A name goes into lines for sh and people. */
static bool
is_printable(const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p >= ' ' && *p != 0x7f)
		p++;
	return *p == '\0' && *s != '\0';
}

/* Reads t->file. 1, 0 not there, -1. */
static int
read_file(struct tabfile *t, struct error *e)
{
	struct json j = { 0 };
	struct buf b;
	int rc;

	record_init(&t->r, members);
	if (buf_init(&b, MAX_STATE_FILE) == -1)
		return error_set(e, RC_TEMP, "%s: %s", t->file, strerror(errno));
	if ((rc = store_read(t->store, t->file, &b, e)) == 1) {
		if (json_parse(&j, b.data, b.len, e) == -1 || record_parse(&t->r, &j, 0, NULL, e) == -1)
			rc = -1;
		else if (record_get(&t->r, "db") == NULL || record_get(&t->r, "table") == NULL ||
		    record_get(&t->r, "status") == NULL)
			rc = error_set(e, RC_FAIL, "db, table or status is missing");
		if (rc == -1) {
			error_at(e, "%s/%s", t->store->path, t->file);
			record_free(&t->r);
		}
	}
	json_free(&j);
	buf_free(&b);
	return rc;
}

static int
begin(struct tabfile *t, const char *db, const char *name, struct error *e)
{
	if (record_set(&t->r, "db", db, e) == -1 || record_set(&t->r, "table", name, e) == -1 ||
	    record_set(&t->r, "status", "created", e) == -1) {
		record_free(&t->r);
		return -1;
	}
	return 0;
}

int
tabfile_load(struct tabfile *t, const struct store *store, const char *db, const char *name, struct error *e)
{
	int rc;

	if (!is_printable(db) || !is_printable(name))
		return error_set(e, RC_FAIL, "not the name of a table that can be kept (empty, or control bytes): %s.%s",
		    db, name);
	t->store = store;
	tabfile_name(db, name, t->file);
	if ((rc = read_file(t, e)) == 0)
		return begin(t, db, name, e);
	if (rc == 1 && (strcmp(record_get(&t->r, "db"), db) != 0 || strcmp(record_get(&t->r, "table"), name) != 0)) {
		rc = error_set(e, RC_FAIL, "%s/%s: is about another table: %s.%s", store->path, t->file,
		    record_get(&t->r, "db"), record_get(&t->r, "table"));
		record_free(&t->r);
	}
	return rc;
}

int
tabfile_load_named(struct tabfile *t, const struct store *store, const char *dotted, struct error *e)
{
	const char *dot = strchr(dotted, '.');
	char *db;
	int rc;

	if (dot == NULL || dot == dotted || dot[1] == '\0')
		return error_set(e, RC_USAGE, "not DB.TABLE: %s", dotted);
	if ((db = strndup(dotted, (size_t)(dot - dotted))) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", dotted, strerror(errno));
	rc = tabfile_load(t, store, db, dot + 1, e);
	free(db);
	return rc;
}

int
tabfile_write(const struct tabfile *t, struct error *e)
{
	struct buf b;
	int rc = -1;

	if (buf_init(&b, MAX_STATE_FILE) == -1 || buf_putc(&b, '{') == -1 || record_put(&b, &t->r) == -1 ||
	    buf_puts(&b, "}\n") == -1)
		error_set(e, RC_FAIL, "%s: %s", t->file, strerror(errno));
	else
		rc = store_write(t->store, t->file, &b, e);
	buf_free(&b);
	return rc;
}

int
tabfile_lock(const struct tabfile *t, unsigned int wait_ms, struct error *e)
{
	return store_lock(t->store, t->file, wait_ms, e);
}

void
tabfile_free(struct tabfile *t)
{
	record_free(&t->r);
}

enum status
tabfile_status(const struct tabfile *t)
{
	return status_find(record_get(&t->r, "status"));
}

static int
clear(struct tabfile *t, const char *const *names, struct error *e)
{
	for (; *names != NULL; names++)
		if (record_set(&t->r, *names, NULL, e) == -1)
			return -1;
	return 0;
}

/* What a step makes untrue is forgotten. */
static int
forget(struct tabfile *t, enum status from, enum status to, struct error *e)
{
	static const char *const loaded[] = {
		"rows", "s0", "pos", "resume", "server", "epoch", "created", "dump", "why", "since", NULL
	};
	static const char *const noted[] = { "why", "since", NULL };
	static const char *const was[] = { "was", NULL };

	if (to == STATUS_CREATED && clear(t, loaded, e) == -1)
		return -1;
	if (from == STATUS_STALE && to == STATUS_SYNCING && clear(t, noted, e) == -1)
		return -1;
	return from == STATUS_PAUSED && to != STATUS_PAUSED ? clear(t, was, e) : 0;
}

int
tabfile_move(struct tabfile *t, enum status to, struct error *e)
{
	enum status from = tabfile_status(t);

	if (to == STATUS_NONE)
		return error_set(e, RC_USAGE, "a status is one of " STATUS_NAMES);
	if (to != from && ((ALWAYS | statuses[from].ways) & 1U << to) == 0)
		return error_set(e, RC_FAIL, "%s.%s is %s: it cannot become %s", record_get(&t->r, "db"),
		    record_get(&t->r, "table"), statuses[from].name, statuses[to].name);
	if (forget(t, from, to, e) == -1)
		return -1;
	if (to == STATUS_PAUSED && from != STATUS_PAUSED && record_set(&t->r, "was", statuses[from].name, e) == -1)
		return -1;
	if (to == STATUS_SYNCING && record_get(&t->r, "since") != NULL)
		to = STATUS_STALE;
	return record_set(&t->r, "status", statuses[to].name, e);
}

int
tabfile_note(struct tabfile *t, const char *why, const struct pos *pos, struct error *e)
{
	struct pos s0;

	if (record_pos(&t->r, "s0", &s0) && pos_cmp(pos, &s0) <= 0)
		return 0;
	if (tabfile_status(t) == STATUS_STALE && record_get(&t->r, "since") != NULL)
		return 0;	/* since the first one */
	if (record_set(&t->r, "why", why, e) == -1 || record_set_pos(&t->r, "since", pos, e) == -1)
		return -1;
	log_warn("table %s.%s is stale: %s", record_get(&t->r, "db"), record_get(&t->r, "table"), why);
	return tabfile_status(t) == STATUS_SYNCING ? tabfile_move(t, STATUS_STALE, e) : 0;
}

/* The status first: created forgets the rest, which must not be what was just given. */
static int
assign(struct tabfile *t, char *const assignments[], struct error *e)
{
	static const char status[] = "status=";
	const size_t n = sizeof(status) - 1;
	size_t i;

	for (i = 0; assignments[i] != NULL; i++)
		if (strncmp(assignments[i], status, n) == 0 && tabfile_move(t, status_find(assignments[i] + n), e) == -1)
			return -1;
	for (i = 0; assignments[i] != NULL; i++) {
		if (strncmp(assignments[i], status, n) == 0)
			continue;
		if (strncmp(assignments[i], "db=", 3) == 0 || strncmp(assignments[i], "table=", 6) == 0)
			return error_set(e, RC_USAGE, "a table's name cannot be changed: %s", assignments[i]);
		if (record_assign(&t->r, assignments[i], e) == -1)
			return -1;
	}
	return 0;
}

int
tabfile_assign(const struct store *store, const char *dotted, char *const assignments[], struct error *e)
{
	struct tabfile t;
	int lock, rc;

	if (tabfile_load_named(&t, store, dotted, e) == -1)
		return -1;
	/* read again under the lock: what stood there before may be old */
	if ((lock = tabfile_lock(&t, 0, e)) == -1) {
		tabfile_free(&t);
		return -1;
	}
	tabfile_free(&t);
	if ((rc = tabfile_load_named(&t, store, dotted, e)) != -1) {
		rc = assign(&t, assignments, e) == -1 ? -1 : tabfile_write(&t, e);
		tabfile_free(&t);
	}
	close(lock);
	return rc;
}

int
tabfile_remove(const struct tabfile *t, struct error *e)
{
	if (unlinkat(t->store->dir, t->file, 0) == -1 && errno != ENOENT)
		return error_set(e, RC_FAIL, "%s/%s: remove: %s", t->store->path, t->file, strerror(errno));
	return store_sync(t->store, e);
}

static bool
is_table_file(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int
list_add(struct tabfile_list *l, const struct store *store, const char *file, struct error *e)
{
	struct tabfile *grown, t = { .store = store };
	char expected[TABFILE_NAME];
	int rc;

	if (strlcpy(t.file, file, sizeof(t.file)) >= sizeof(t.file) || (rc = read_file(&t, e)) == 0)
		return 0;
	if (rc == -1)
		return -1;
	tabfile_name(record_get(&t.r, "db"), record_get(&t.r, "table"), expected);
	if (strcmp(expected, file) != 0) {
		error_set(e, RC_FAIL, "%s/%s: is about another table: %s.%s", store->path, file,
		    record_get(&t.r, "db"), record_get(&t.r, "table"));
		tabfile_free(&t);
		return -1;
	}
	if ((grown = reallocarray(l->items, l->count + 1, sizeof(*grown))) == NULL) {
		tabfile_free(&t);
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	}
	l->items = grown;
	l->items[l->count++] = t;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct tabfile *x = a, *y = b;
	int d = strcmp(record_get(&x->r, "db"), record_get(&y->r, "db"));

	return d != 0 ? d : strcmp(record_get(&x->r, "table"), record_get(&y->r, "table"));
}

int
tabfile_list(struct tabfile_list *l, const struct store *store, struct error *e)
{
	const struct dirent *entry;
	int fd, rc = 0;
	DIR *dir;

	*l = (struct tabfile_list){ 0 };
	if (store->dir == -1)
		return 0;
	if ((fd = openat(store->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) == -1 ||
	    (dir = fdopendir(fd)) == NULL) {
		error_set(e, RC_FAIL, "%s: %s", store->path, strerror(errno));
		if (fd != -1)
			close(fd);
		return -1;
	}
	while (rc == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		if (is_table_file(entry->d_name))
			rc = list_add(l, store, entry->d_name, e);
	if (rc == 0 && errno != 0)
		rc = error_set(e, RC_FAIL, "%s: %s", store->path, strerror(errno));
	closedir(dir);
	if (rc == -1)
		tabfile_list_free(l);
	else if (l->count > 0)
		qsort(l->items, l->count, sizeof(*l->items), by_name);
	return rc;
}

void
tabfile_list_free(struct tabfile_list *l)
{
	while (l->count > 0)
		tabfile_free(&l->items[--l->count]);
	free(l->items);
	l->items = NULL;
}
