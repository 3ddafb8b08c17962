/* SPDX-License-Identifier: ISC */
/* Reads CREATE TABLE as the servers print it: columns, keys, character sets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/list.h"
#include "lib/sql.h"
#include "lib/table.h"

#define MAX_CHARSET_NAME 64	/* bytes with the NUL; the servers' have up to 32 */
#define MAX_KEY_COLUMNS 64	/* MySQL allows 16, MariaDB 32 */

/* A column as it stands in the text, until the table's own character set, which comes last, is known. */
struct draft {
	char *name, *type;
	char charset[MAX_CHARSET_NAME];	/* "": none is named */
	bool not_null, generated, invisible, json;
	bool primary, unique;	/* a key of this column alone, said beside it */
	enum column_version version;
	int64_t srid;		/* -1: none is named */
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
	char *db, *name;
	char charset[MAX_CHARSET_NAME];
	bool versioned;		/* WITH SYSTEM VERSIONING */
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
	return error_set(c->e, errno == ENOMEM ? RC_TEMP : RC_FAIL, "CREATE TABLE %s: %s",
	    c->name == NULL ? "" : c->name, strerror(errno));
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

/* Types of more than one word, and SERIAL; the servers never print them, people write them. NULL: as it stands. */
static const char *
take_type_words(struct create *c, const struct sql_token *first)
{
	bool character = sql_is(first, "char") || sql_is(first, "character") || sql_is(first, "nchar");

	if (sql_is(first, "double")) {
		sql_take(&c->sql, "precision");
	} else if (sql_is(first, "serial")) {
		return "bigint unsigned";
	} else if (sql_is(first, "long")) {
		if (sql_take(&c->sql, "varbinary"))
			return "mediumblob";
		if (sql_take(&c->sql, "char") || sql_take(&c->sql, "character"))
			sql_take(&c->sql, "varying");
		else
			sql_take(&c->sql, "varchar");
		return "mediumtext";
	} else if (sql_is(first, "nvarchar") || (character && sql_take(&c->sql, "varying"))) {
		return "varchar";
	} else if (sql_is(first, "nchar")) {
		return sql_take(&c->sql, "varchar") ? "varchar" : "char";
	}
	return NULL;
}

/* The type's text: its words and its brackets up to the first attribute. */
static int
take_type(struct create *c, struct draft *d)
{
	bool national = sql_take(&c->sql, "national");
	struct sql_token t = sql_next(&c->sql);
	const char *words, *from = c->sql.p, *to;
	bool is_unsigned = false;

	if (t.type != SQL_WORD)
		return bad(c, "a type was expected");
	if (national || sql_is(&t, "nchar") || sql_is(&t, "nvarchar"))
		strlcpy(d->charset, "utf8mb3", sizeof(d->charset));
	if (sql_is(&t, "serial"))
		d->unique = d->not_null = true;
	if ((words = take_type_words(c, &t)) != NULL)
		from = c->sql.p;
	if (sql_take_mark(&c->sql, '(') && skip_brackets(c) == -1)
		return -1;
	to = c->sql.p;
	while (sql_take(&c->sql, "unsigned") || sql_take(&c->sql, "zerofill"))
		is_unsigned = true;
	if (asprintf(&d->type, "%.*s%.*s%s", words != NULL ? (int)strlen(words) : (int)t.len,
	    words != NULL ? words : t.text, (int)(to - from), from, is_unsigned ? " unsigned" : "") != -1)
		return 0;
	d->type = NULL;
	return no_memory(c);
}

/* CHARACTER SET x, CHARSET x, COLLATE y (a collation says its charset, but MariaDB's uca1400 ones need not). */
static int
take_charset(struct create *c, char charset[MAX_CHARSET_NAME], bool collation)
{
	const struct charset *of;
	char *name = NULL;

	sql_take_mark(&c->sql, '=');
	if (take_name(c, &name) == -1)
		return -1;
	if (!collation)
		strlcpy(charset, name, MAX_CHARSET_NAME);
	else if (*charset == '\0' && (of = charset_of_collation(name)) != NULL)
		strlcpy(charset, charset_name(of), MAX_CHARSET_NAME);
	free(name);
	return 0;
}

/* Is it json_valid(`name`) and nothing more, up to the closing bracket? */
static bool
is_json_check(struct sql s, const char *name)
{
	struct sql_token t;
	char *of = NULL;
	bool same;

	if (!sql_take(&s, "json_valid") || !sql_take_mark(&s, '('))
		return false;
	t = sql_next(&s);
	same = sql_is_name(&t) && (of = sql_strdup(&t)) != NULL && strcasecmp(of, name) == 0;
	free(of);
	return same && sql_take_mark(&s, ')') && sql_take_mark(&s, ')');
}

/* That check behind a column is what MariaDB makes of type JSON, and knows it by. */
static int
take_check(struct create *c, struct draft *d)
{
	if (!sql_take_mark(&c->sql, '('))
		return bad(c, "( was expected");
	if (is_json_check(c->sql, d->name))
		d->json = true;
	return skip_brackets(c);
}

/* AS (expression), AS ROW START, AS ROW END */
static void
take_generated(struct create *c, struct draft *d)
{
	d->generated = true;
	if (!sql_take(&c->sql, "row"))
		return;
	d->not_null = true;
	d->version = sql_take(&c->sql, "end") ? VERSION_END : VERSION_START;
}

/* SRID number, of 32 bits */
static int
take_srid(struct create *c, struct draft *d)
{
	struct sql_token t = sql_next(&c->sql);
	size_t i;

	if (t.type != SQL_NUMBER || t.len > 10)
		return bad(c, "a number was expected");
	for (d->srid = 0, i = 0; i < t.len; i++) {
		if (t.text[i] < '0' || t.text[i] > '9')
			return bad(c, "a whole number was expected");
		d->srid = d->srid * 10 + (t.text[i] - '0');
	}
	return 0;
}

/* One attribute of a column, or any other token, which says nothing to us. */
static int
take_attribute(struct create *c, struct draft *d)
{
	struct sql_token t = sql_next(&c->sql);

	if (sql_is(&t, "not") && sql_take(&c->sql, "null"))
		d->not_null = true;
	else if (sql_is(&t, "character") && sql_take(&c->sql, "set"))
		return take_charset(c, d->charset, false);
	else if (sql_is(&t, "charset"))
		return take_charset(c, d->charset, false);
	else if (sql_is(&t, "collate"))
		return take_charset(c, d->charset, true);
	else if (sql_is(&t, "ascii"))
		strlcpy(d->charset, "latin1", sizeof(d->charset));
	else if (sql_is(&t, "unicode"))
		strlcpy(d->charset, "ucs2", sizeof(d->charset));
	else if (sql_is(&t, "byte"))
		strlcpy(d->charset, "binary", sizeof(d->charset));
	else if (sql_is(&t, "as"))
		take_generated(c, d);
	else if (sql_is(&t, "srid"))
		return take_srid(c, d);
	else if (sql_is(&t, "invisible"))
		d->invisible = true;
	else if (sql_is(&t, "unique"))
		d->unique = true, sql_take(&c->sql, "key");
	else if (sql_is(&t, "key"))	/* PRIMARY KEY, or KEY alone */
		d->primary = d->not_null = true;
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
	if ((grown = list_grow(c->drafts, c->drafts_count, sizeof(*grown))) == NULL)
		return no_memory(c);
	c->drafts = grown;
	d = &grown[c->drafts_count++];
	*d = (struct draft){ .srid = -1 };
	if (take_name(c, &d->name) == -1 || take_type(c, d) == -1)
		return -1;
	while (!at_item_end(c))
		if (take_attribute(c, d) == -1)
			return -1;
	return 0;
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

/* (`a`,`b`(10) DESC,(expression),`period` WITHOUT OVERLAPS) */
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
		if (skip_item(c) == -1)
			return -1;
	} while (sql_take_mark(&c->sql, ','));
	return sql_take_mark(&c->sql, ')') ? 0 : bad(c, "a key column was expected");
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
		return no_memory(c);
	k->primary = primary;
	for (t = sql_peek(&c->sql); !sql_is_mark(&t, '('); t = sql_peek(&c->sql)) {
		if (at_item_end(c))
			return bad(c, "a key without columns");
		sql_next(&c->sql);
	}
	sql_next(&c->sql);
	return take_key_columns(c, k) == -1 ? -1 : skip_item(c);
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

static int
take_item(struct create *c)
{
	skip_constraint_name(c);
	if (sql_take(&c->sql, "primary"))
		return take_unique_key(c, true);
	if (sql_take(&c->sql, "unique"))
		return take_unique_key(c, false);
	if (!at_other_item(c))
		return take_column(c);
	sql_next(&c->sql);
	return skip_item(c);
}

/* Behind the list: only the character set matters, and WITH SYSTEM VERSIONING. */
static int
take_options(struct create *c)
{
	struct sql_token t;

	for (t = sql_next(&c->sql); t.type != SQL_END; t = sql_next(&c->sql)) {
		if (t.type == SQL_BAD)
			return bad(c, "an open quote or comment");
		if (sql_is(&t, "charset") || (sql_is(&t, "character") && sql_take(&c->sql, "set"))) {
			if (take_charset(c, c->charset, false) == -1)
				return -1;
		} else if (sql_is(&t, "collate")) {
			if (take_charset(c, c->charset, true) == -1)
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
		return bad(c, "CREATE was expected");
	if (sql_take(&c->sql, "or"))
		sql_take(&c->sql, "replace");
	sql_take(&c->sql, "temporary");
	if (!sql_take(&c->sql, "table"))
		return bad(c, "TABLE was expected");
	if (sql_take(&c->sql, "if") && (!sql_take(&c->sql, "not") || !sql_take(&c->sql, "exists")))
		return bad(c, "IF NOT EXISTS was expected");
	t = sql_peek(&c->sql);
	c->sql.ansi_quotes = t.len > 0 && *t.text == '"';	/* then every name is quoted so, and no string */
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
static int
choose_key(struct create *c, struct table *t)
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
	return add_versions(c, t) == -1 ? -1 : choose_key(c, t);
}

static void
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

/* What ALTER TABLE's items leave as it was: the next value, a comment, whether keys are kept up. */
static bool
at_harmless_item(struct create *c)
{
	static const char *const words[] = { "auto_increment", "comment", "disable", "enable" };
	struct sql_token t = sql_peek(&c->sql);
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (sql_is(&t, words[i]))
			return true;
	return false;
}

static int
take_alter_item(struct create *c)
{
	size_t columns = c->drafts_count;

	if (sql_take(&c->sql, "modify")) {
		sql_take(&c->sql, "column");
		return take_column(c);
	}
	if (at_harmless_item(c))
		return skip_item(c);
	if (!sql_take(&c->sql, "add"))
		return bad(c, "ALTER TABLE is read with keys only");
	if (take_item(c) == -1)
		return -1;
	return c->drafts_count == columns ? 0 : bad(c, "ALTER TABLE adds a column");
}

/* A column may be said again, as AUTO_INCREMENT then, with the type that it has. */
static int
modify_column(struct create *c, struct table *t, const struct draft *d)
{
	int at = table_column(t, d->name, strlen(d->name)), rc = -1;
	const char *charset = d->charset;
	struct table *said;

	if (at == -1)
		return error_set(c->e, RC_FAIL, "ALTER TABLE %s: no column %s", t->name, d->name);
	if (*charset == '\0' && t->columns[at].charset != NULL)
		charset = charset_name(t->columns[at].charset);
	if ((said = table_new(t->db, t->name, c->e)) == NULL)
		return -1;
	if (table_add_column(said, d->name, d->type, *charset == '\0' ? NULL : charset, !d->not_null, d->generated,
	    d->invisible, c->e) == 0) {
		rc = strcmp(said->columns[0].type, t->columns[at].type) == 0 &&
		    said->columns[0].charset == t->columns[at].charset && d->generated == t->columns[at].generated ? 0 :
		    error_set(c->e, RC_FAIL, "ALTER TABLE %s: column %s changes from %s to %s", t->name, d->name,
		    t->columns[at].type, said->columns[0].type);
		if (rc == 0)
			t->columns[at].nullable = !d->not_null;
	}
	table_free(said);
	return rc;
}

/* The key that is there stays, unless a primary one comes. */
static int
add_keys(struct create *c, struct table *t)
{
	bool primary = false;
	size_t i, n;
	int at;

	for (i = 0; i < c->drafts_count; i++)
		primary |= c->drafts[i].primary;
	for (i = 0; i < c->keys_count; i++) {
		primary |= c->keys[i].primary;
		for (n = 0; c->keys[i].primary && n < c->keys[i].count; n++)
			if ((at = table_column(t, c->keys[i].names[n], strlen(c->keys[i].names[n]))) != -1)
				t->columns[at].nullable = false;
	}
	return primary || t->key_count == 0 ? choose_key(c, t) : 0;
}

int
table_alter(struct table *t, const char *items, size_t len, struct error *e)
{
	struct create c = { .e = e };
	struct sql_token end;
	size_t i;
	int rc;

	sql_init(&c.sql, items, len);
	c.sql.ansi_quotes = memchr(items, '`', len) == NULL;	/* as in take_head */
	if ((c.name = strdup(t->name)) == NULL)
		return no_memory(&c);
	do {
		rc = take_alter_item(&c);
	} while (rc == 0 && sql_take_mark(&c.sql, ','));
	end = sql_peek(&c.sql);
	if (rc == 0 && end.type != SQL_END)
		rc = bad(&c, ", or the end was expected");
	for (i = 0; i < c.drafts_count && rc == 0; i++)
		rc = modify_column(&c, t, &c.drafts[i]);
	if (rc == 0)
		rc = add_keys(&c, t);
	create_free(&c);
	return rc;
}
