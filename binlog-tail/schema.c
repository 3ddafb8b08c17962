/* SPDX-License-Identifier: ISC */
/* --schema: definitions from an SQL file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/sql.h"

#include "names.h"
#include "statement.h"

#define MAX_SCHEMA_FILE ((size_t)1 << 30)	/* bytes: a file of definitions without rows */

static int
read_file(const char *path, struct buf *b, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	char *to;

	if (fd == -1)
		return error_set(e, RC_USAGE, "%s: %s", path, strerror(errno));
	while ((to = buf_room(b, 65536)) != NULL && (n = read(fd, to, 65536)) > 0)
		b->len += (size_t)n;
	close(fd);
	return to == NULL || n == -1 ? error_set(e, RC_FAIL, "%s: %s", path, strerror(errno)) : 0;
}

/* As SHOW CREATE TABLE has it: ENGINE=… SEQUENCE=1 behind the last bracket. */
static bool
is_sequence(const char *sql, size_t len)
{
	const char *options = memrchr(sql, ')', len);

	return options != NULL && memmem(options, len - (size_t)(options - sql), " SEQUENCE=1", 11) != NULL;
}

struct table *
names_from_create(const char *sql, size_t len, const char *db, struct error *e)
{
	struct table *t = NULL, *sequence;
	struct statement st;

	if (statement_read(&st, sql, len, db, e) == 0) {
		if (st.count == 1 && st.tables[0].touch == TOUCH_SEQUENCE)
			t = table_new(st.tables[0].db, st.tables[0].table, e);
		else if ((t = table_from_create(sql, len, db, e)) != NULL && is_sequence(sql, len)) {
			sequence = table_new(t->db, t->name, e);
			table_free(t);
			t = sequence;
		}
	}
	statement_free(&st);
	return t;
}

static int
add_table(struct names *n, const char *sql, size_t len, const char *db, struct error *e)
{
	struct table *t = names_from_create(sql, len, db, e), **grown;

	if (t == NULL)
		return -1;
	if ((grown = reallocarray(n->file, n->file_count + 1, sizeof(*grown))) == NULL) {
		table_free(t);
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	}
	n->file = grown;
	n->file[n->file_count++] = t;
	return 0;
}

/* Up to the next semicolon. */
static const char *
statement_end(struct sql *s)
{
	struct sql_token t;

	do
		t = sql_next(s);
	while (t.type != SQL_END && t.type != SQL_BAD && !sql_is_mark(&t, ';'));
	return t.text;
}

static bool
creates(struct sql s)
{
	return sql_take(&s, "create") && (!sql_take(&s, "or") || sql_take(&s, "replace")) &&
	    (sql_take(&s, "table") || sql_take(&s, "sequence"));
}

int
names_load_file(struct names *n, const char *path, const char *default_db, struct error *e)
{
	char *db = strdup(default_db == NULL ? "" : default_db);
	struct sql_token t;
	const char *start;
	struct buf b;
	struct sql s;
	int rc;

	if (db == NULL || buf_init(&b, MAX_SCHEMA_FILE) == -1) {
		free(db);
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	}
	rc = read_file(path, &b, e);
	for (sql_init(&s, b.data, b.len); rc == 0; statement_end(&s)) {
		t = sql_peek(&s);
		start = t.text;
		if (t.type == SQL_END)
			break;
		if (creates(s)) {
			struct sql rest = s;

			rc = add_table(n, start, (size_t)(statement_end(&rest) - start), db, e);
		} else if (sql_take(&s, "use")) {
			t = sql_peek(&s);
			free(db);
			db = sql_strdup(&t);
			if (db == NULL)
				rc = error_set(e, RC_TEMP, "%s", strerror(errno));
		}
	}
	free(db);
	buf_free(&b);
	return rc == -1 ? error_at(e, "%s", path) : 0;
}
