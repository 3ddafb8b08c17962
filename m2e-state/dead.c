/* SPDX-License-Identifier: ISC */
/* Showing dead letters, and taking them out of the file that es-bulk appends to. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/event.h"
#include "lib/glob.h"
#include "lib/json.h"
#include "lib/line.h"

#include "dead.h"

#define MAX_CAUSES 8		/* an engine's reasons stand in each other, three deep at most */

struct dead_choice {
	struct glob_list tables;
	uint64_t *numbers;
	size_t count;
};

/* A line, read. */
struct letter {
	const char *line;
	size_t n;
	uint64_t number;
	struct json json;
	int event;		/* -1: it is no letter */
};

/* The lines of one file, one after the other. */
struct letters {
	int fd;
	struct line_reader lines;
	struct letter at;
};

static int
failed(const struct store *s, const char *what, struct error *e)
{
	return error_set(e, RC_FAIL, "%s/" DEAD_FILE ": %s: %s", s->path, what, strerror(errno));
}

static int
add_number(struct dead_choice *c, const char *text, struct error *e)
{
	uint64_t *grown = reallocarray(c->numbers, c->count + 1, sizeof(*grown));
	char *end;

	if (grown == NULL)
		return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	c->numbers = grown;
	errno = 0;
	c->numbers[c->count] = strtoull(text, &end, 10);
	if (errno != 0 || c->numbers[c->count++] == 0)
		return error_set(e, RC_USAGE, "not the number of a dead letter: %s", text);
	return 0;
}

struct dead_choice *
dead_choose(char *const which[], struct error *e)
{
	struct dead_choice *c = calloc(1, sizeof(*c));
	int rc = 0;

	if (c == NULL) {
		error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
		return NULL;
	}
	for (; rc == 0 && *which != NULL; which++)
		rc = (*which)[strspn(*which, "0123456789")] == '\0' ? add_number(c, *which, e) :
		    glob_add(&c->tables, *which, NULL, e);
	if (rc == 0)
		return c;
	dead_choice_free(c);
	return NULL;
}

void
dead_choice_free(struct dead_choice *c)
{
	if (c == NULL)
		return;
	glob_free(&c->tables);
	free(c->numbers);
	free(c);
}

static void
letters_close(struct letters *l)
{
	line_free(&l->lines);
	json_free(&l->at.json);
	if (l->fd != -1)
		close(l->fd);
}

/* fd is taken over; -1 is a file without lines. */
static int
letters_open(struct letters *l, int fd, struct error *e)
{
	*l = (struct letters){ .fd = fd };
	if (fd == -1 || line_init(&l->lines, fd, MAX_EVENT_LINE, e) == 0)
		return 0;
	letters_close(l);
	return -1;
}

/* 1: l->at is the next one, not read yet; 0: the end, half a line not counted; -1. */
static int
letters_next(struct letters *l, struct error *e)
{
	char *line;
	int rc = l->fd == -1 ? 0 : line_read(&l->lines, &line, &l->at.n, e);

	if (rc != 1)
		return rc;
	l->at.line = line;
	l->at.number = l->lines.number;
	return 1;
}

static void
read_letter(struct letter *x)
{
	struct error ignored;

	x->event = json_parse(&x->json, x->line, x->n, &ignored) == -1 ? -1 : json_member(&x->json, 0, "event");
}

static bool
is_chosen(const struct dead_choice *c, struct letter *x)
{
	char *db = NULL, *table = NULL;
	bool fits = c->count == 0 && c->tables.count == 0;
	size_t i;

	for (i = 0; !fits && i < c->count; i++)
		fits = c->numbers[i] == x->number;
	if (fits || c->tables.count == 0)
		return fits;
	read_letter(x);
	if (x->event != -1 && json_member(&x->json, x->event, "db") != -1 && json_member(&x->json, x->event, "table") != -1) {
		db = json_strdup(&x->json, json_member(&x->json, x->event, "db"));
		table = json_strdup(&x->json, json_member(&x->json, x->event, "table"));
		fits = db != NULL && table != NULL && glob_find(&c->tables, db, table) != NULL;
	}
	free(db);
	free(table);
	return fits;
}

/* -1: there is none, which is no error, or e says why. */
static int
open_file(const struct store *s, int flags, struct error *e)
{
	int fd = s->dir == -1 ? -1 : openat(s->dir, DEAD_FILE, O_RDONLY | O_CLOEXEC | flags, 0600);

	e->rc = RC_OK;
	if (fd == -1 && s->dir != -1 && errno != ENOENT)
		failed(s, "open", e);
	return fd;
}

/* Calls f for each chosen letter. */
static int
for_each(const struct store *s, const struct dead_choice *c, int (*f)(struct letter *, void *), void *to, struct error *e)
{
	int fd = open_file(s, 0, e), rc;
	struct letters l;

	if ((fd == -1 && e->rc != RC_OK) || letters_open(&l, fd, e) == -1)
		return -1;
	while ((rc = letters_next(&l, e)) == 1) {
		if (is_chosen(c, &l.at) && f(&l.at, to) == -1) {
			rc = error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
			break;
		}
	}
	letters_close(&l);
	return rc == -1 ? error_at(e, "%s/" DEAD_FILE, s->path) : 0;
}

static int
count_one(struct letter *x, void *to)
{
	(void)x;
	++*(uint64_t *)to;
	return 0;
}

int
dead_count(const struct store *s, uint64_t *count, struct error *e)
{
	struct dead_choice all = { 0 };

	*count = 0;
	return for_each(s, &all, count_one, count, e);
}

int
dead_print_count(const struct store *s, const struct dead_choice *c, struct error *e)
{
	uint64_t count = 0;

	if (for_each(s, c, count_one, &count, e) == -1)
		return -1;
	printf("%" PRIu64 "\n", count);
	return 0;
}

/* A string of the letter; what is not there, or none, is nothing. What would move the cursor becomes a question mark. */
static int
put_text(struct buf *b, const struct json *j, int token)
{
	size_t at = b->len;

	if (token == -1 || json_type(j, token) != JSON_STRING)
		return 0;
	if (json_text(j, token, b) == -1)
		return -1;
	for (; at < b->len; at++)
		if ((unsigned char)b->data[at] < ' ' || b->data[at] == 0x7f)
			b->data[at] = '?';
	return 0;
}

static int
put_key(struct buf *b, const struct json *j, int key)
{
	int t, rc = 0;

	if (key == -1 || json_type(j, key) != JSON_ARRAY)
		return buf_putc(b, '-');
	for (t = json_first(j, key); t != -1 && rc == 0; t = json_next(j, t))
		rc = (t != json_first(j, key) ? buf_putc(b, '|') : 0) | put_text(b, j, t);
	return rc;
}

/* Type and reason, and below them what caused it, down to the last. */
static int
put_reason(struct buf *b, const struct json *j, int error)
{
	int depth, rc = put_text(b, j, json_member(j, error, "type"));

	for (depth = 0; error != -1 && rc == 0 && depth < MAX_CAUSES; depth++) {
		rc = buf_puts(b, ": ") | put_text(b, j, json_member(j, error, "reason"));
		error = json_member(j, error, "caused_by");
	}
	return rc;
}

static int
put_letter(struct buf *b, const struct letter *x)
{
	const struct json *j = &x->json;

	if (buf_putf(b, "%" PRIu64 "\t", x->number) == -1)
		return -1;
	if (x->event == -1)
		return buf_puts(b, "-\t-\tnot a dead letter\n");
	return put_text(b, j, json_member(j, x->event, "db")) | buf_putc(b, '.') |
	    put_text(b, j, json_member(j, x->event, "table")) | buf_putc(b, '\t') |
	    put_key(b, j, json_member(j, x->event, "key")) | buf_putc(b, '\t') |
	    put_reason(b, j, json_member(j, 0, "error")) | buf_putc(b, '\n');
}

static int
list_one(struct letter *x, void *to)
{
	struct buf *b = to;

	read_letter(x);
	buf_clear(b);
	if (put_letter(b, x) == -1)
		return -1;
	fwrite(b->data, 1, b->len, stdout);
	return 0;
}

int
dead_print_list(const struct store *s, const struct dead_choice *c, struct error *e)
{
	struct buf b;
	int rc;

	if (buf_init(&b, MAX_EVENT_LINE) == -1)
		return error_set(e, RC_TEMP, "dead letters: %s", strerror(errno));
	rc = for_each(s, c, list_one, &b, e);
	buf_free(&b);
	return rc;
}

static int
print_one(struct letter *x, void *to)
{
	fwrite(x->line, 1, x->n, to);
	putc('\n', to);
	return 0;
}

int
dead_print_lines(const struct store *s, const struct dead_choice *c, struct error *e)
{
	return for_each(s, c, print_one, stdout, e);
}

/* Opens (or makes) and locks the file as es-bulk does, whichever it is by now. -1: as open_file. */
static int
lock_file(const struct store *s, struct error *e)
{
	struct stat ours, there;
	int fd;

	while ((fd = open_file(s, O_CREAT, e)) != -1) {
		if (flock(fd, LOCK_EX) == -1 || fstat(fd, &ours) == -1) {
			failed(s, "lock", e);
			close(fd);
			return -1;
		}
		if (fstatat(s->dir, DEAD_FILE, &there, 0) == 0 && there.st_ino == ours.st_ino &&
		    there.st_dev == ours.st_dev)
			break;
		close(fd);
	}
	return fd;
}

/* What stays is what neither is chosen nor stands next in `taken`. */
static int
copy_rest(struct letters *from, const struct dead_choice *c, struct letters *taken, FILE *to, struct error *e)
{
	int rc, next = taken == NULL ? 0 : letters_next(taken, e);

	while (next != -1 && (rc = letters_next(from, e)) == 1) {
		if (next == 1 && taken->at.n == from->at.n && memcmp(taken->at.line, from->at.line, from->at.n) == 0)
			next = letters_next(taken, e);
		else if (c == NULL || !is_chosen(c, &from->at))
			print_one(&from->at, to);
	}
	return next == -1 ? -1 : rc;
}

static int
copy_all(struct letters *from, FILE *to, struct error *e)
{
	int rc;

	while ((rc = letters_next(from, e)) == 1)
		print_one(&from->at, to);
	return rc;
}

/* The new file takes the old one's place while its lock is held: who waits for that sees that it is another. */
static int
replace(const struct store *s, const struct dead_choice *c, struct letters *taken, struct letters *again, struct error *e)
{
	static const char tmp[] = DEAD_FILE ".tmp";
	int fd = lock_file(s, e), to_fd = -1, rc = -1;
	struct letters from;
	FILE *to = NULL;

	if (fd == -1)
		return e->rc == RC_OK ? 0 : -1;
	if (letters_open(&from, fd, e) == -1)
		return -1;
	if ((to_fd = openat(s->dir, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) == -1 ||
	    (to = fdopen(to_fd, "w")) == NULL) {
		failed(s, "create", e);
		if (to_fd != -1)
			close(to_fd);
	} else if (copy_rest(&from, c, taken, to, e) == 0 && (again == NULL || copy_all(again, to, e) == 0)) {
		if (fflush(to) == EOF || ferror(to) || fsync(to_fd) == -1 || renameat(s->dir, tmp, s->dir, DEAD_FILE) == -1)
			failed(s, "write", e);
		else
			rc = store_sync(s, e);
	}
	if (to != NULL)
		fclose(to);
	if (rc == -1)
		unlinkat(s->dir, tmp, 0);
	letters_close(&from);
	return rc;
}

int
dead_drop(const struct store *s, const struct dead_choice *c, struct error *e)
{
	return replace(s, c, NULL, NULL, e);
}

static int
open_named(struct letters *l, const char *file, struct error *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	return fd == -1 ? error_set(e, RC_FAIL, "%s: %s", file, strerror(errno)) : letters_open(l, fd, e);
}

int
dead_settle(const struct store *s, const char *taken, const char *again, struct error *e)
{
	struct letters t, a;
	int rc = -1;

	if (open_named(&t, taken, e) == -1)
		return -1;
	if (open_named(&a, again, e) == 0) {
		rc = replace(s, NULL, &t, &a, e);
		letters_close(&a);
	}
	letters_close(&t);
	return rc;
}
