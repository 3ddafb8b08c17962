/* SPDX-License-Identifier: ISC */
/* Reads a column's definition, as CREATE TABLE and ALTER TABLE have it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/create.h"
#include "lib/list.h"

int
create_bad(struct create *c, const char *what)
{
	struct sql_token t = sql_peek(&c->sql);

	return error_set(c->e, RC_FAIL, "CREATE TABLE %s: %s at byte %zu: %.*s", c->name == NULL ? "" : c->name,
	    what, (size_t)(c->sql.p - c->sql.start), (int)(t.len > 40 ? 40 : t.len), t.text);
}

int
create_no_memory(struct create *c)
{
	return error_set(c->e, errno == ENOMEM ? RC_TEMP : RC_FAIL, "CREATE TABLE %s: %s",
	    c->name == NULL ? "" : c->name, strerror(errno));
}

int
create_name(struct create *c, char **name)
{
	struct sql_token t = sql_next(&c->sql);

	if (!sql_is_name(&t))
		return create_bad(c, "a name was expected");
	free(*name);
	return (*name = sql_strdup(&t)) == NULL ? create_no_memory(c) : 0;
}

int
create_skip_brackets(struct create *c)
{
	struct sql_token t;
	int depth = 1;

	while (depth > 0) {
		t = sql_next(&c->sql);
		if (t.type == SQL_END || t.type == SQL_BAD)
			return create_bad(c, "a bracket is not closed");
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
		return create_bad(c, "a type was expected");
	if (national || sql_is(&t, "nchar") || sql_is(&t, "nvarchar"))
		strlcpy(d->charset, "utf8mb3", sizeof(d->charset));
	if (sql_is(&t, "serial"))
		d->unique = d->not_null = true;
	if ((words = take_type_words(c, &t)) != NULL)
		from = c->sql.p;
	if (sql_take_mark(&c->sql, '(') && create_skip_brackets(c) == -1)
		return -1;
	to = c->sql.p;
	while (sql_take(&c->sql, "unsigned") || sql_take(&c->sql, "zerofill"))
		is_unsigned = true;
	if (asprintf(&d->type, "%.*s%.*s%s", words != NULL ? (int)strlen(words) : (int)t.len,
	    words != NULL ? words : t.text, (int)(to - from), from, is_unsigned ? " unsigned" : "") != -1)
		return 0;
	d->type = NULL;
	return create_no_memory(c);
}

int
create_charset(struct create *c, char charset[MAX_CHARSET_NAME], bool collation)
{
	const struct charset *of;
	char *name = NULL;

	sql_take_mark(&c->sql, '=');
	if (create_name(c, &name) == -1)
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
		return create_bad(c, "( was expected");
	if (is_json_check(c->sql, d->name))
		d->json = true;
	return create_skip_brackets(c);
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
		return create_bad(c, "a number was expected");
	for (d->srid = 0, i = 0; i < t.len; i++) {
		if (t.text[i] < '0' || t.text[i] > '9')
			return create_bad(c, "a whole number was expected");
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
		return create_charset(c, d->charset, false);
	else if (sql_is(&t, "charset"))
		return create_charset(c, d->charset, false);
	else if (sql_is(&t, "collate"))
		return create_charset(c, d->charset, true);
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
		return create_skip_brackets(c);
	else if (t.type == SQL_END || t.type == SQL_BAD)
		return create_bad(c, "it ends in a column");
	return 0;
}

bool
create_at_item_end(struct create *c)
{
	struct sql_token t = sql_peek(&c->sql);

	return sql_is_mark(&t, ',') || sql_is_mark(&t, ')') || t.type == SQL_END || t.type == SQL_BAD;
}

int
create_column(struct create *c)
{
	struct draft *grown, *d;

	if (c->drafts_count == MAX_COLUMNS)
		return create_bad(c, "too many columns");
	if ((grown = list_grow(c->drafts, c->drafts_count, sizeof(*grown))) == NULL)
		return create_no_memory(c);
	c->drafts = grown;
	d = &grown[c->drafts_count++];
	*d = (struct draft){ .srid = -1 };
	if (create_name(c, &d->name) == -1 || take_type(c, d) == -1)
		return -1;
	while (!create_at_item_end(c))
		if (take_attribute(c, d) == -1)
			return -1;
	return 0;
}
