/* SPDX-License-Identifier: ISC */
/* Reads CREATE TABLE as the servers print it: columns, keys, character sets. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/create.h"
#include "lib/list.h"

int
create_skip_item(struct create *c)
{
	struct sql_token t;

	while (!create_at_item_end(c)) {
		t = sql_next(&c->sql);
		if (sql_is_mark(&t, '(') && create_skip_brackets(c) == -1)
			return -1;
	}
	return 0;
}

/* (`a`,`b`(10) DESC,(expression),`period` WITHOUT OVERLAPS) */
static int
take_key_columns(struct create *c, struct draft_key *k)
{
	struct sql_token t;

	do {
		t = sql_peek(&c->sql);
		if (!sql_is_name(&t) || k->count == MAX_KEY_COLUMNS) {
			k->partial = true;
			return create_skip_brackets(c);
		}
		if (create_name(c, &k->names[k->count++]) == -1)
			return -1;
		if (sql_take_mark(&c->sql, '(')) {
			k->partial = true;
			if (create_skip_brackets(c) == -1)
				return -1;
		}
		if (create_skip_item(c) == -1)
			return -1;
	} while (sql_take_mark(&c->sql, ','));
	return sql_take_mark(&c->sql, ')') ? 0 : create_bad(c, "a key column was expected");
}

/* NULL: no memory. */
static struct draft_key *
new_key(struct create *c)
{
	struct draft_key *grown = list_grow(c->keys, c->keys_count, sizeof(*grown));

	if (grown == NULL)
		return NULL;
	c->keys = grown;
	memset(&grown[c->keys_count], 0, sizeof(*grown));
	return &grown[c->keys_count++];
}

/* PRIMARY KEY …, UNIQUE [KEY|INDEX] [name] …: up to the bracket, then the columns. */
static int
take_unique_key(struct create *c, bool primary)
{
	struct draft_key *k = new_key(c);
	struct sql_token t;

	if (k == NULL)
		return create_no_memory(c);
	k->primary = primary;
	for (t = sql_peek(&c->sql); !sql_is_mark(&t, '('); t = sql_peek(&c->sql)) {
		if (create_at_item_end(c))
			return create_bad(c, "a key without columns");
		sql_next(&c->sql);
	}
	sql_next(&c->sql);
	return take_key_columns(c, k) == -1 ? -1 : create_skip_item(c);
}

/* CONSTRAINT [name] */
static void
skip_constraint_name(struct create *c)
{
	static const char *const kinds[] = { "primary", "unique", "foreign", "check" };
	struct sql_token t;
	size_t i;

	while (sql_take(&c->sql, "constraint")) {
		t = sql_peek(&c->sql);
		for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && !sql_is(&t, kinds[i]); i++)
			;
		if (i == sizeof(kinds) / sizeof(kinds[0]))
			sql_next(&c->sql);
	}
}

/* Does an item begin here that is no column? Words that are not reserved may also be a column's bare name. */
static bool
at_other_item(struct create *c)
{
	static const char *const words[][3] = { { "key" }, { "index" }, { "fulltext" }, { "spatial" }, { "foreign" },
	    { "check" }, { "period", "for" }, { "vector", "key", "index" } };
	struct sql s = c->sql;
	struct sql_token t = sql_next(&s), second = sql_peek(&s);
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sql_is(&t, words[i][0]))
			return words[i][1] == NULL || sql_is(&second, words[i][1]) ||
			    (words[i][2] != NULL && sql_is(&second, words[i][2]));
	return false;
}

int
create_item(struct create *c)
{
	skip_constraint_name(c);
	if (sql_take(&c->sql, "primary"))
		return take_unique_key(c, true);
	if (sql_take(&c->sql, "unique"))
		return take_unique_key(c, false);
	if (!at_other_item(c))
		return create_column(c);
	sql_next(&c->sql);
	return create_skip_item(c);
}

/* Behind the list: only the character set matters, and WITH SYSTEM VERSIONING. */
static int
take_options(struct create *c)
{
	struct sql_token t;

	for (t = sql_next(&c->sql); t.type != SQL_END; t = sql_next(&c->sql)) {
		if (t.type == SQL_BAD)
			return create_bad(c, "an open quote or comment");
		if (sql_is(&t, "charset") || (sql_is(&t, "character") && sql_take(&c->sql, "set"))) {
			if (create_charset(c, c->charset, false) == -1)
				return -1;
		} else if (sql_is(&t, "collate")) {
			if (create_charset(c, c->charset, true) == -1)
				return -1;
		} else if (sql_is(&t, "with") && sql_take(&c->sql, "system")) {
			c->versioned = true;
		}
	}
	return 0;
}

static int
take_head(struct create *c, const char *db)
{
	struct sql_token t;

	if (!sql_take(&c->sql, "create"))
		return create_bad(c, "CREATE was expected");
	if (sql_take(&c->sql, "or"))
		sql_take(&c->sql, "replace");
	sql_take(&c->sql, "temporary");
	if (!sql_take(&c->sql, "table"))
		return create_bad(c, "TABLE was expected");
	if (sql_take(&c->sql, "if") && (!sql_take(&c->sql, "not") || !sql_take(&c->sql, "exists")))
		return create_bad(c, "IF NOT EXISTS was expected");
	t = sql_peek(&c->sql);
	c->sql.ansi_quotes = t.len > 0 && *t.text == '"';	/* then every name is quoted so, and no string */
	if (create_name(c, &c->name) == -1)
		return -1;
	if (sql_take_mark(&c->sql, '.')) {
		c->db = c->name;
		c->name = NULL;
		if (create_name(c, &c->name) == -1)
			return -1;
	} else if (db == NULL) {
		return error_set(c->e, RC_FAIL, "CREATE TABLE %s: no database is known", c->name);
	} else if ((c->db = strdup(db)) == NULL) {
		return create_no_memory(c);
	}
	return sql_take_mark(&c->sql, '(') ? 0 : create_bad(c, "( was expected");
}

static int
parse(struct create *c, const char *db)
{
	if (take_head(c, db) == -1)
		return -1;
	do {
		if (create_item(c) == -1)
			return -1;
	} while (sql_take_mark(&c->sql, ','));
	if (!sql_take_mark(&c->sql, ')'))
		return create_bad(c, ", or ) was expected");
	return take_options(c);
}

/* Indexes of the key's columns; 0: it identifies no row, or FLOAT and DOUBLE do, whose text is not exact. */
static size_t
key_columns(const struct table *t, const struct draft_key *k, size_t *columns)
{
	const struct column *column;
	size_t i, n = 0;
	int at;

	for (i = 0; i < k->count; i++) {
		if ((at = table_column(t, k->names[i], strlen(k->names[i]))) == -1)
			return 0;
		column = &t->columns[at];
		if ((!k->primary && column->nullable) || column->kind == COLUMN_FLOAT || column->kind == COLUMN_DOUBLE)
			return 0;
		if (column->version == VERSION_NONE)
			columns[n++] = (size_t)at;
	}
	return k->primary || !k->partial ? n : 0;
}

/* Those said beside their columns come before those of the list, as the servers number them. */
int
create_choose_key(struct create *c, struct table *t)
{
	size_t columns[MAX_KEY_COLUMNS], best[MAX_KEY_COLUMNS], n, best_n = 0, i;
	struct draft_key alone, *k;
	bool primary = false;

	for (i = 0; i < c->drafts_count + c->keys_count && !primary; i++) {
		alone = (struct draft_key){ .count = 1 };
		k = i < c->drafts_count ? &alone : &c->keys[i - c->drafts_count];
		if (k == &alone) {
			if (!c->drafts[i].primary && !c->drafts[i].unique)
				continue;
			alone.names[0] = c->drafts[i].name;
			alone.primary = c->drafts[i].primary;
		}
		n = key_columns(t, k, columns);
		if (n == 0 || (best_n > 0 && !k->primary))
			continue;
		memcpy(best, columns, sizeof(best));
		best_n = n;
		primary = k->primary;
	}
	return table_set_key(t, best, best_n, c->e);
}

/* A primary key's columns are NOT NULL, said or not. */
static void
mark_primary(struct create *c)
{
	size_t i, k, n;

	for (k = 0; k < c->keys_count; k++)
		for (n = 0; c->keys[k].primary && n < c->keys[k].count; n++)
			for (i = 0; i < c->drafts_count; i++)
				if (strcasecmp(c->keys[k].names[n], c->drafts[i].name) == 0)
					c->drafts[i].not_null = true;
}

/* Where they are not columns of the user's own, the servers add them, and do not print them. */
static int
add_versions(struct create *c, struct table *t)
{
	static const char *const names[] = { "row_start", "row_end" };
	size_t i;

	if (!c->versioned || table_row_end(t) != -1)
		return 0;
	for (i = 0; i < 2; i++) {
		if (table_add_column(t, names[i], "timestamp(6)", NULL, false, true, true, c->e) == -1)
			return -1;
		t->columns[t->count - 1].version = i == 0 ? VERSION_START : VERSION_END;
	}
	return 0;
}

/* Text without any character set named is taken for utf8mb4, the servers' own default. */
static int
build(struct create *c, struct table *t)
{
	const struct charset *charset;
	const struct draft *d;
	const char *name;
	size_t i;
	bool json;

	mark_primary(c);
	for (i = 0; i < c->drafts_count; i++) {
		d = &c->drafts[i];
		name = d->charset[0] != '\0' ? d->charset : c->charset[0] != '\0' ? c->charset : "utf8mb4";
		/* JSON is UTF-8, and long: other text with such a check stays text */
		json = d->json && strcasecmp(d->type, "longtext") == 0 && (charset = charset_find(name)) != NULL &&
		    charset_is_utf8(charset);
		if (table_add_column(t, d->name, json ? "json" : d->type, name, !d->not_null, d->generated,
		    d->invisible, c->e) == -1)
			return -1;
		t->columns[i].version = d->version;
		t->columns[i].srid = d->srid;
	}
	return add_versions(c, t) == -1 ? -1 : create_choose_key(c, t);
}

void
create_free(struct create *c)
{
	size_t i, k;

	for (i = 0; i < c->drafts_count; i++) {
		free(c->drafts[i].name);
		free(c->drafts[i].type);
	}
	for (i = 0; i < c->keys_count; i++)
		for (k = 0; k < c->keys[i].count; k++)
			free(c->keys[i].names[k]);
	free(c->drafts);
	free(c->keys);
	free(c->db);
	free(c->name);
}

struct table *
table_from_create(const char *text, size_t len, const char *db, struct error *e)
{
	struct create c = { .e = e };
	struct table *t = NULL;

	sql_init(&c.sql, text, len);
	if (parse(&c, db) == 0 && (t = table_new(c.db, c.name, e)) != NULL &&
	    build(&c, t) == -1) {
		table_free(t);
		t = NULL;
	}
	create_free(&c);
	return t;
}
