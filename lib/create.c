/* SPDX-License-Identifier: ISC */
/* Reads CREATE TABLE as the servers print it: columns, keys, character sets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/sql.h"
#include "lib/table.h"

#define MAX_KEY_COLUMNS 64	/* MySQL allows 16, MariaDB 32 */

/* A column as it stands in the text, until the table's own character set, which comes last, is known. */
struct draft {
	char *name, *type, *charset;
	bool not_null, generated, invisible, primary, unique, json;
};

struct draft_key {
	char *names[MAX_KEY_COLUMNS];
	size_t count;
	bool primary, partial;	/* partial: a prefix length or an expression, so it identifies nothing */
};

struct create {
	struct sql sql;
	struct draft *drafts;
	size_t drafts_count;
	struct draft_key *keys;
	size_t keys_count;
	char *db, *name, *charset;
	struct error *e;
};

static int
bad(struct create *c, const char *what)
{
	struct sql_token t = sql_peek(&c->sql);

	return error_set(c->e, RC_FAIL, "CREATE TABLE %s: %s at byte %zu: %.*s", c->name == NULL ? "" : c->name,
	    what, (size_t)(c->sql.p - c->sql.start), (int)(t.len > 40 ? 40 : t.len), t.text);
}

static int
no_memory(struct create *c)
{
	return error_set(c->e, RC_TEMP, "CREATE TABLE: %s", strerror(errno));
}

/* Takes the next token as a name; *name is replaced. */
static int
take_name(struct create *c, char **name)
{
	struct sql_token t = sql_next(&c->sql);

	if (!sql_is_name(&t))
		return bad(c, "a name was expected");
	free(*name);
	return (*name = sql_strdup(&t)) == NULL ? no_memory(c) : 0;
}

/* Past the bracket that closes the one just taken. */
static int
skip_brackets(struct create *c)
{
	struct sql_token t;
	int depth = 1;

	while (depth > 0) {
		t = sql_next(&c->sql);
		if (t.type == SQL_END || t.type == SQL_BAD)
			return bad(c, "a bracket is not closed");
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
	}
	return 0;
}

/* The type's text: its words and its brackets up to the first attribute. */
static int
take_type(struct create *c, struct draft *d)
{
	struct sql_token t = sql_next(&c->sql);
	const char *from = t.text, *to = t.text + t.len;

	if (t.type != SQL_WORD)
		return bad(c, "a type was expected");
	if (sql_is(&t, "double") && sql_take(&c->sql, "precision"))
		to = c->sql.p;
	if (sql_take_mark(&c->sql, '(')) {
		if (skip_brackets(c) == -1)
			return -1;
		to = c->sql.p;
	}
	while (sql_take(&c->sql, "unsigned") || sql_take(&c->sql, "zerofill") || sql_take(&c->sql, "signed"))
		to = c->sql.p;
	return (d->type = strndup(from, (size_t)(to - from))) == NULL ? no_memory(c) : 0;
}

static int
set_charset(struct create *c, char **charset, const char *name)
{
	free(*charset);
	return (*charset = strdup(name)) == NULL ? no_memory(c) : 0;
}

/* CHARACTER SET x, CHARSET x, COLLATE y (a collation says its charset, but MariaDB's uca1400 ones need not). */
static int
take_charset(struct create *c, char **charset, bool collation)
{
	const struct charset *of;
	char *name = NULL;
	int rc;

	sql_take_mark(&c->sql, '=');
	if (take_name(c, &name) == -1)
		return -1;
	if (!collation) {
		free(*charset);
		*charset = name;
		return 0;
	}
	of = charset_of_collation(name);
	rc = of != NULL && *charset == NULL ? set_charset(c, charset, charset_name(of)) : 0;
	free(name);
	return rc;
}

/* CHECK (json_valid(`c`)) makes MariaDB's LONGTEXT a JSON column. */
static int
take_check(struct create *c, struct draft *d)
{
	struct sql_token t;

	if (!sql_take_mark(&c->sql, '('))
		return bad(c, "( was expected");
	t = sql_peek(&c->sql);
	if (sql_is(&t, "json_valid"))
		d->json = true;
	return skip_brackets(c);
}

/* One attribute of a column, or any other token, which says nothing to us. */
static int
take_attribute(struct create *c, struct draft *d)
{
	struct sql_token t = sql_next(&c->sql);

	if (sql_is(&t, "not") && sql_take(&c->sql, "null"))
		d->not_null = true;
	else if (sql_is(&t, "character") && sql_take(&c->sql, "set"))
		return take_charset(c, &d->charset, false);
	else if (sql_is(&t, "charset"))
		return take_charset(c, &d->charset, false);
	else if (sql_is(&t, "collate"))
		return take_charset(c, &d->charset, true);
	else if (sql_is(&t, "as") || sql_is(&t, "generated"))
		d->generated = true;
	else if (sql_is(&t, "invisible"))
		d->invisible = true;
	else if (sql_is(&t, "primary"))
		d->primary = d->not_null = true;
	else if (sql_is(&t, "unique"))
		d->unique = true;
	else if (sql_is(&t, "check"))
		return take_check(c, d);
	else if (sql_is(&t, "comment"))
		sql_next(&c->sql);
	else if (sql_is_mark(&t, '('))
		return skip_brackets(c);
	else if (t.type == SQL_END || t.type == SQL_BAD)
		return bad(c, "it ends in a column");
	return 0;
}

/* Is the next token a comma or the closing bracket of the list? */
static bool
at_item_end(struct create *c)
{
	struct sql_token t = sql_peek(&c->sql);

	return sql_is_mark(&t, ',') || sql_is_mark(&t, ')') || t.type == SQL_END || t.type == SQL_BAD;
}

static int
take_column(struct create *c)
{
	struct draft *grown, *d;

	if (c->drafts_count == MAX_COLUMNS)
		return bad(c, "too many columns");
	if ((grown = reallocarray(c->drafts, c->drafts_count + 1, sizeof(*grown))) == NULL)
		return no_memory(c);
	c->drafts = grown;
	d = &grown[c->drafts_count++];
	memset(d, 0, sizeof(*d));
	if (take_name(c, &d->name) == -1 || take_type(c, d) == -1)
		return -1;
	while (!at_item_end(c))
		if (take_attribute(c, d) == -1)
			return -1;
	return 0;
}

static struct draft_key *
new_key(struct create *c)
{
	struct draft_key *grown = reallocarray(c->keys, c->keys_count + 1, sizeof(*grown));

	if (grown == NULL) {
		no_memory(c);
		return NULL;
	}
	c->keys = grown;
	memset(&grown[c->keys_count], 0, sizeof(*grown));
	return &grown[c->keys_count++];
}

/* (`a`,`b`(10) DESC,(expression)) */
static int
take_key_columns(struct create *c, struct draft_key *k)
{
	struct sql_token t;

	do {
		t = sql_peek(&c->sql);
		if (!sql_is_name(&t) || k->count == MAX_KEY_COLUMNS) {
			k->partial = true;
			return skip_brackets(c);
		}
		if (take_name(c, &k->names[k->count++]) == -1)
			return -1;
		if (sql_take_mark(&c->sql, '(')) {
			k->partial = true;
			if (skip_brackets(c) == -1)
				return -1;
		}
		while (sql_take(&c->sql, "asc") || sql_take(&c->sql, "desc"))
			;
	} while (sql_take_mark(&c->sql, ','));
	return sql_take_mark(&c->sql, ')') ? 0 : bad(c, "a key column was expected");
}

/* What is left of a list's item. */
static int
skip_item(struct create *c)
{
	struct sql_token t;

	while (!at_item_end(c)) {
		t = sql_next(&c->sql);
		if (sql_is_mark(&t, '(') && skip_brackets(c) == -1)
			return -1;
	}
	return 0;
}

/* PRIMARY KEY …, UNIQUE [KEY|INDEX] [name] …: up to the bracket, then the columns. */
static int
take_unique_key(struct create *c, bool primary)
{
	struct draft_key *k = new_key(c);
	struct sql_token t;

	if (k == NULL)
		return -1;
	k->primary = primary;
	for (t = sql_peek(&c->sql); !sql_is_mark(&t, '('); t = sql_peek(&c->sql)) {
		if (at_item_end(c))
			return bad(c, "a key without columns");
		sql_next(&c->sql);
	}
	sql_next(&c->sql);
	return take_key_columns(c, k) == -1 ? -1 : skip_item(c);
}

static int
take_item(struct create *c)
{
	static const char *const others[] = { "key", "index", "fulltext", "spatial", "constraint", "foreign",
	    "check", "period" };
	struct sql_token t = sql_peek(&c->sql);
	size_t i;

	if (sql_is(&t, "primary") || sql_is(&t, "unique")) {
		sql_next(&c->sql);
		return take_unique_key(c, sql_is(&t, "primary"));
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!sql_is(&t, others[i]))
			continue;
		sql_next(&c->sql);
		if (sql_is(&t, "constraint")) {	/* CONSTRAINT name PRIMARY KEY … */
			t = sql_peek(&c->sql);
			if (!sql_is(&t, "primary") && !sql_is(&t, "unique") && !sql_is(&t, "foreign") &&
			    !sql_is(&t, "check"))
				sql_next(&c->sql);
			return take_item(c);
		}
		return skip_item(c);
	}
	return take_column(c);
}

/* Behind the list: only the character set matters. */
static int
take_options(struct create *c)
{
	struct sql_token t;

	for (t = sql_next(&c->sql); t.type != SQL_END; t = sql_next(&c->sql)) {
		if (t.type == SQL_BAD)
			return bad(c, "an open quote or comment");
		if (sql_is(&t, "charset") || (sql_is(&t, "character") && sql_take(&c->sql, "set"))) {
			if (take_charset(c, &c->charset, false) == -1)
				return -1;
		} else if (sql_is(&t, "collate")) {
			if (take_charset(c, &c->charset, true) == -1)
				return -1;
		}
	}
	return 0;
}

static int
take_head(struct create *c, const char *db)
{
	if (!sql_take(&c->sql, "create"))
		return bad(c, "CREATE was expected");
	if (sql_take(&c->sql, "or"))
		sql_take(&c->sql, "replace");
	sql_take(&c->sql, "temporary");
	if (!sql_take(&c->sql, "table"))
		return bad(c, "TABLE was expected");
	if (sql_take(&c->sql, "if") && (!sql_take(&c->sql, "not") || !sql_take(&c->sql, "exists")))
		return bad(c, "IF NOT EXISTS was expected");
	if (take_name(c, &c->name) == -1)
		return -1;
	if (sql_take_mark(&c->sql, '.')) {
		c->db = c->name;
		c->name = NULL;
		if (take_name(c, &c->name) == -1)
			return -1;
	} else if (db == NULL) {
		return error_set(c->e, RC_FAIL, "CREATE TABLE %s: no database is known", c->name);
	} else if ((c->db = strdup(db)) == NULL) {
		return no_memory(c);
	}
	return sql_take_mark(&c->sql, '(') ? 0 : bad(c, "( was expected");
}

static int
parse(struct create *c, const char *db)
{
	if (take_head(c, db) == -1)
		return -1;
	do {
		if (take_item(c) == -1)
			return -1;
	} while (sql_take_mark(&c->sql, ','));
	if (!sql_take_mark(&c->sql, ')'))
		return bad(c, ", or ) was expected");
	return take_options(c);
}

/* Indexes of the key's columns; false: it identifies no row. */
static bool
key_identifies(const struct table *t, const struct draft_key *k, size_t *columns)
{
	size_t i;
	int at;

	for (i = 0; i < k->count; i++) {
		if ((at = table_column(t, k->names[i], strlen(k->names[i]))) == -1)
			return false;
		if (!k->primary && t->columns[at].nullable)
			return false;
		columns[i] = (size_t)at;
	}
	return k->primary || !k->partial;
}

static int
choose_key(struct create *c, struct table *t)
{
	const struct draft_key *best = NULL;
	size_t columns[MAX_KEY_COLUMNS], i;

	for (i = 0; i < c->keys_count; i++)
		if (key_identifies(t, &c->keys[i], columns) && (best == NULL || (c->keys[i].primary && !best->primary)))
			best = &c->keys[i];
	if (best == NULL || !key_identifies(t, best, columns))
		return 0;
	return table_set_key(t, columns, best->count, c->e);
}

/* Inline PRIMARY KEY and UNIQUE attributes are keys of one column. */
static int
inline_keys(struct create *c)
{
	struct draft_key *k;
	size_t i;

	for (i = 0; i < c->drafts_count; i++) {
		if (!c->drafts[i].primary && !c->drafts[i].unique)
			continue;
		if ((k = new_key(c)) == NULL)
			return -1;
		k->primary = c->drafts[i].primary;
		k->count = 1;
		if ((k->names[0] = strdup(c->drafts[i].name)) == NULL)
			return no_memory(c);
	}
	return 0;
}

static int
build(struct create *c, struct table *t)
{
	size_t i, k, n;

	for (i = 0; i < c->drafts_count; i++) {
		struct draft *d = &c->drafts[i];

		for (k = 0; k < c->keys_count; k++)	/* a primary key's columns are NOT NULL, said or not */
			for (n = 0; c->keys[k].primary && n < c->keys[k].count; n++)
				if (strcasecmp(c->keys[k].names[n], d->name) == 0)
					d->not_null = true;
		if (table_add_column(t, d->name, d->json ? "json" : d->type,
		    d->charset != NULL ? d->charset : c->charset, !d->not_null, d->generated, d->invisible,
		    c->e) == -1)
			return -1;
	}
	return choose_key(c, t);
}

static void
create_free(struct create *c)
{
	size_t i, k;

	for (i = 0; i < c->drafts_count; i++) {
		free(c->drafts[i].name);
		free(c->drafts[i].type);
		free(c->drafts[i].charset);
	}
	for (i = 0; i < c->keys_count; i++)
		for (k = 0; k < c->keys[i].count; k++)
			free(c->keys[i].names[k]);
	free(c->drafts);
	free(c->keys);
	free(c->db);
	free(c->name);
	free(c->charset);
}

struct table *
table_from_create(const char *text, size_t len, const char *db, struct error *e)
{
	struct create c = { .e = e };
	struct table *t = NULL;

	sql_init(&c.sql, text, len);
	if (parse(&c, db) == 0 && inline_keys(&c) == 0 && (t = table_new(c.db, c.name, e)) != NULL &&
	    build(&c, t) == -1) {
		table_free(t);
		t = NULL;
	}
	create_free(&c);
	return t;
}
