/* SPDX-License-Identifier: ISC */
/* What a logged SQL statement may do to tables: three lists by leading keyword, as for event types. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "statement.h"

struct reader {
	struct statement *st;
	struct sql s;
	const char *db;
	struct error *e;
	bool temporary;		/* the word stood before what it is about */
	bool replace;		/* CREATE OR REPLACE */
	bool unique;		/* CREATE UNIQUE INDEX */
};

static int	 read_any(struct reader *);

void
statement_free(struct statement *st)
{
	free(st->tables);
	memset(st, 0, sizeof(*st));
}

static int
no_memory(struct reader *r)
{
	return error_set(r->e, RC_TEMP, "statement: %s", strerror(errno));
}

static int
set_kind(struct reader *r, enum statement_kind kind)
{
	r->st->kind = kind;
	return 0;
}

/* What a token means as a name. 1; 0: it is none. */
static int
put_name(struct reader *r, const struct sql_token *t, char name[NAME_BYTES])
{
	char *copy;
	size_t n;

	if (!sql_is_name(t) || t->len > 2 * NAME_BYTES)
		return 0;
	if ((copy = sql_strdup(t)) == NULL)
		return errno == ENOMEM ? no_memory(r) : 0;
	n = strlcpy(name, copy, NAME_BYTES);
	free(copy);
	return n > 0 && n < NAME_BYTES;
}

/* [db.]name from s, added to the list. 1; 0: there is none. */
static int
take_table(struct reader *r, struct sql *s, enum touch touch)
{
	struct sql_token t = sql_next(s);
	struct touched *grown, *x;
	int rc;

	if ((grown = reallocarray(r->st->tables, r->st->count + 1, sizeof(*grown))) == NULL)
		return no_memory(r);
	r->st->tables = grown;
	x = &grown[r->st->count];
	x->touch = touch;
	strlcpy(x->db, r->db, sizeof(x->db));
	if ((rc = put_name(r, &t, x->table)) != 1)
		return rc;
	if (sql_take_mark(s, '.')) {
		memcpy(x->db, x->table, sizeof(x->db));
		t = sql_next(s);
		if ((rc = put_name(r, &t, x->table)) != 1)
			return rc;
	}
	r->st->count++;
	return 1;
}

/* One table, then nothing more that matters. */
static int
ddl_on_table(struct reader *r, enum touch touch)
{
	int rc = take_table(r, &r->s, touch);

	if (rc == 1)
		r->st->kind = STATEMENT_DDL;
	return rc == -1 ? -1 : 0;
}

static void
skip_if_exists(struct sql *s)
{
	if (sql_take(s, "if")) {
		sql_take(s, "not");
		sql_take(s, "exists");
	}
}

/* WAIT n, NOWAIT (MariaDB) */
static void
skip_wait(struct sql *s)
{
	if (sql_take(s, "wait"))
		sql_next(s);
	else
		sql_take(s, "nowait");
}

/* CREATE TABLE …: with a SELECT in it the rows come from no row event. */
static bool
selects(struct sql s)
{
	struct sql_token t;
	int depth = 0;

	for (t = sql_next(&s); t.type != SQL_END; t = sql_next(&s)) {
		if (t.type == SQL_BAD || sql_is(&t, "select"))
			return true;
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
		if (depth == 0 && (sql_is(&t, "table") || sql_is(&t, "with")))
			return !sql_is(&t, "with") || !(sql_take(&s, "system") || sql_take(&s, "parser"));
	}
	return false;
}

static int
create_table(struct reader *r)
{
	skip_if_exists(&r->s);
	if (ddl_on_table(r, r->replace ? TOUCH_REPLACE : TOUCH_CREATE) == -1)
		return -1;
	if (r->st->kind == STATEMENT_DDL && selects(r->s))
		r->st->kind = STATEMENT_ROWS;
	return 0;
}

static int
alter_table(struct reader *r)
{
	struct alter_other other;
	int rc;

	skip_if_exists(&r->s);
	if (ddl_on_table(r, TOUCH_ALTER) == -1)
		return -1;
	if (r->st->kind != STATEMENT_DDL)
		return 0;
	skip_wait(&r->s);
	r->st->tables[0].touch = alter_touch(r->s, &other);
	if (other.touch == TOUCH_OPTIONS)
		return 0;
	if (other.touch == TOUCH_RENAMED)
		r->st->tables[0].touch = TOUCH_RENAME;
	if ((rc = take_table(r, &other.name, other.touch)) == 0)
		r->st->kind = STATEMENT_UNKNOWN;
	return rc == -1 ? -1 : 0;
}

static int
drop_table(struct reader *r)
{
	int rc;

	skip_if_exists(&r->s);
	r->st->kind = STATEMENT_DDL;
	do {
		if ((rc = take_table(r, &r->s, TOUCH_DROP)) == -1)
			return -1;
		if (rc == 0)
			return set_kind(r, STATEMENT_UNKNOWN);
	} while (sql_take_mark(&r->s, ','));
	return 0;
}

/* RENAME TABLE a TO b, … */
static int
rename_table(struct reader *r)
{
	int rc;

	if (sql_take(&r->s, "user"))
		return set_kind(r, STATEMENT_HARMLESS);
	if (!sql_take(&r->s, "table") && !sql_take(&r->s, "tables"))
		return 0;
	skip_if_exists(&r->s);
	r->st->kind = STATEMENT_DDL;
	do {
		if ((rc = take_table(r, &r->s, TOUCH_RENAME)) == 1) {
			skip_wait(&r->s);
			rc = sql_take(&r->s, "to") ? take_table(r, &r->s, TOUCH_RENAMED) : 0;
		}
		if (rc == -1)
			return -1;
		if (rc == 0)
			return set_kind(r, STATEMENT_UNKNOWN);
	} while (sql_take_mark(&r->s, ','));
	return 0;
}

static int
truncate_table(struct reader *r)
{
	sql_take(&r->s, "table");
	return ddl_on_table(r, TOUCH_TRUNCATE);
}

/* CREATE INDEX name … ON table, DROP INDEX name ON table */
static int
on_index(struct reader *r, enum touch touch)
{
	struct sql_token t;

	for (t = sql_next(&r->s); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(&r->s))
		if (sql_is(&t, "on"))
			return ddl_on_table(r, touch);
	return 0;
}

static int
create_index(struct reader *r)
{
	return on_index(r, r->unique ? TOUCH_KEY : TOUCH_OPTIONS);
}

static int
drop_index(struct reader *r)
{
	return on_index(r, TOUCH_KEY);
}

static int
harmless(struct reader *r)
{
	return set_kind(r, STATEMENT_HARMLESS);
}

static int
create_sequence(struct reader *r)
{
	if (!sql_take(&r->s, "if") && take_table(r, &r->s, TOUCH_SEQUENCE) == -1)
		return -1;
	return harmless(r);
}

static int
drop_database(struct reader *r)
{
	struct sql_token t;
	int rc;

	skip_if_exists(&r->s);
	t = sql_next(&r->s);
	if ((rc = put_name(r, &t, r->st->database)) == 1)
		r->st->kind = STATEMENT_DROP_DATABASE;
	return rc == -1 ? -1 : 0;
}

/* What CREATE, ALTER and DROP are about: the first of these words that they name. */
static const struct object {
	const char *word;
	int (*create)(struct reader *), (*alter)(struct reader *), (*drop)(struct reader *);
} objects[] = {
	{ "table", create_table, alter_table, drop_table },
	{ "tables", NULL, NULL, drop_table },
	{ "index", create_index, NULL, drop_index },
	{ "database", harmless, harmless, drop_database },
	{ "schema", harmless, harmless, drop_database },
	{ "view", harmless, harmless, harmless },
	{ "trigger", harmless, NULL, harmless },
	{ "procedure", harmless, harmless, harmless },
	{ "function", harmless, harmless, harmless },
	{ "package", harmless, NULL, harmless },
	{ "library", harmless, harmless, harmless },
	{ "event", harmless, harmless, harmless },
	{ "user", harmless, harmless, harmless },
	{ "role", harmless, NULL, harmless },
	{ "server", harmless, harmless, harmless },
	{ "sequence", create_sequence, harmless, harmless },
	{ "tablespace", harmless, harmless, harmless },
	{ "logfile", harmless, harmless, harmless },
	{ "instance", NULL, harmless, NULL },
	{ "resource", harmless, harmless, harmless },
	{ "reference", harmless, NULL, harmless },	/* SPATIAL REFERENCE SYSTEM */
};

static const struct object *
take_object(struct reader *r)
{
	struct sql_token t;
	size_t i;

	for (t = sql_next(&r->s); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(&r->s)) {
		if (sql_is(&t, "temporary"))
			r->temporary = true;
		else if (sql_is(&t, "unique"))
			r->unique = true;
		else if (sql_is(&t, "replace"))
			r->replace = true;
		for (i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
			if (sql_is(&t, objects[i].word))
				return &objects[i];
	}
	return NULL;
}

static int
create(struct reader *r)
{
	const struct object *o = take_object(r);

	if (r->temporary)
		return harmless(r);
	return o == NULL || o->create == NULL ? 0 : o->create(r);
}

static int
alter(struct reader *r)
{
	const struct object *o = take_object(r);

	return o == NULL || o->alter == NULL ? 0 : o->alter(r);
}

static int
drop(struct reader *r)
{
	const struct object *o = take_object(r);

	if (r->temporary)
		return harmless(r);
	return o == NULL || o->drop == NULL ? 0 : o->drop(r);
}

static int begin(struct reader *r) { return set_kind(r, STATEMENT_BEGIN); }
static int commit(struct reader *r) { return set_kind(r, STATEMENT_COMMIT); }
static int savepoint(struct reader *r) { return set_kind(r, STATEMENT_SAVEPOINT); }

static int
start(struct reader *r)
{
	return sql_take(&r->s, "transaction") ? begin(r) : 0;
}

/* ROLLBACK [WORK] [TO [SAVEPOINT] name] */
static int
rollback(struct reader *r)
{
	sql_take(&r->s, "work");
	return set_kind(r, sql_take(&r->s, "to") ? STATEMENT_ROLLBACK_TO : STATEMENT_ROLLBACK);
}

static int
xa(struct reader *r)
{
	bool commits = sql_take(&r->s, "commit");

	if (commits || sql_take(&r->s, "rollback"))
		return set_kind(r, !xid_read_sql(&r->st->xid, &r->s) ? STATEMENT_UNKNOWN :
		    commits ? STATEMENT_XA_COMMIT : STATEMENT_XA_ROLLBACK);
	return set_kind(r, sql_take(&r->s, "start") || sql_take(&r->s, "begin") ? STATEMENT_XA_START : STATEMENT_XA);
}

/* SET PASSWORD …, SET DEFAULT ROLE …; SET STATEMENT variable = value, … FOR statement (MariaDB) */
static int
set(struct reader *r)
{
	struct sql_token t;
	int depth = 0;

	if (sql_take(&r->s, "password") || (sql_take(&r->s, "default") && sql_take(&r->s, "role")))
		return harmless(r);
	if (!sql_take(&r->s, "statement"))
		return 0;
	for (t = sql_next(&r->s); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(&r->s)) {
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
		if (depth == 0 && sql_is(&t, "for"))
			return read_any(r);
	}
	return 0;
}

/* Statement format. The tables of the server's own databases have no triggers nor foreign keys, so that a change of one
 * of those alone touches nothing else; every other change may. */
static int
rows(struct reader *r)
{
	static const char *const words[] = { "low_priority", "high_priority", "delayed", "quick", "ignore", "into",
	    "from" };
	static const char *const next[] = { "set", "where", "order", "limit", "values", "value", "select" };
	struct sql_token t;
	size_t i = 0;

	r->st->kind = STATEMENT_ROWS;
	while (i < sizeof(words) / sizeof(words[0]))
		i = sql_take(&r->s, words[i]) ? 0 : i + 1;
	if (take_table(r, &r->s, TOUCH_ALTER) == -1)
		return -1;
	if (r->st->count != 1 || strcasecmp(r->st->tables[0].db, "mysql") != 0)
		return 0;
	t = sql_peek(&r->s);	/* a comma, JOIN, FROM, USING: there are more tables */
	if (t.type == SQL_END || sql_is_mark(&t, '('))
		r->st->kind = STATEMENT_HARMLESS;
	for (i = 0; i < sizeof(next) / sizeof(next[0]); i++)
		if (sql_is(&t, next[i]))
			r->st->kind = STATEMENT_HARMLESS;
	return 0;
}

static int
other_rows(struct reader *r)
{
	return set_kind(r, STATEMENT_ROWS);
}

static const struct lead {
	const char *word;
	int (*read)(struct reader *);
} leads[] = {
	{ "begin", begin },
	{ "start", start },
	{ "commit", commit },
	{ "rollback", rollback },
	{ "savepoint", savepoint },
	{ "release", savepoint },
	{ "xa", xa },
	{ "create", create },
	{ "alter", alter },
	{ "drop", drop },
	{ "rename", rename_table },
	{ "truncate", truncate_table },
	{ "insert", rows },
	{ "replace", rows },
	{ "update", rows },
	{ "delete", rows },
	{ "load", other_rows },
	{ "call", other_rows },
	{ "with", other_rows },
	{ "select", other_rows },
	{ "do", other_rows },
	{ "set", set },
	{ "grant", harmless },
	{ "revoke", harmless },
	{ "flush", harmless },
	{ "analyze", harmless },
	{ "optimize", harmless },
	{ "repair", harmless },
	{ "check", harmless },
	{ "checksum", harmless },
	{ "cache", harmless },
	{ "install", harmless },
	{ "uninstall", harmless },
	{ "use", harmless },
};

static int
read_any(struct reader *r)
{
	struct sql_token t;
	size_t i;

	do
		t = sql_next(&r->s);
	while (sql_is_mark(&t, '('));
	for (i = 0; i < sizeof(leads) / sizeof(leads[0]); i++)
		if (sql_is(&t, leads[i].word))
			return leads[i].read(r);
	return 0;
}

int
statement_read(struct statement *st, const char *sql, size_t len, const char *db, struct error *e)
{
	struct reader r = { .st = st, .db = db, .e = e };

	memset(st, 0, sizeof(*st));
	sql_init(&r.s, sql, len);
	return read_any(&r);
}
