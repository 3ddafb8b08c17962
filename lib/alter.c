/* SPDX-License-Identifier: ISC */
/* Reads the items of an ALTER TABLE that gives a table its keys, as dumps have it. */
#include <stdlib.h>
#include <string.h>

#include "lib/create.h"

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
		return create_column(c);
	}
	if (at_harmless_item(c))
		return create_skip_item(c);
	if (!sql_take(&c->sql, "add"))
		return create_bad(c, "ALTER TABLE is read with keys only");
	if (create_item(c) == -1)
		return -1;
	return c->drafts_count == columns ? 0 : create_bad(c, "ALTER TABLE adds a column");
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
	return primary || t->key_count == 0 ? create_choose_key(c, t) : 0;
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
		return create_no_memory(&c);
	do {
		rc = take_alter_item(&c);
	} while (rc == 0 && sql_take_mark(&c.sql, ','));
	end = sql_peek(&c.sql);
	if (rc == 0 && end.type != SQL_END)
		rc = create_bad(&c, ", or the end was expected");
	for (i = 0; i < c.drafts_count && rc == 0; i++)
		rc = modify_column(&c, t, &c.drafts[i]);
	if (rc == 0)
		rc = add_keys(&c, t);
	create_free(&c);
	return rc;
}
