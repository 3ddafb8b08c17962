/* SPDX-License-Identifier: ISC */
/* Which columns, and how their values are written. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/glob.h"
#include "lib/shape.h"

/* Two dots at least: a pattern that names no table may have meant another column. */
static int
add_pattern(struct column_globs *l, const char *text, struct error *e)
{
	const char *dot = strchr(text, '.');
	struct column_glob *grown;

	if (dot == NULL || strchr(dot + 1, '.') == NULL || text[strlen(text) - 1] == '.')
		return error_set(e, RC_USAGE, "not a column (DB.TABLE.COLUMN): %s", text);
	if ((grown = reallocarray(l->items, l->count + 1, sizeof(*grown))) == NULL)
		return error_set(e, RC_TEMP, "columns: %s", strerror(errno));
	l->items = grown;
	grown[l->count] = (struct column_glob){ .text = strdup(text) };
	if (grown[l->count].text == NULL)
		return error_set(e, RC_TEMP, "columns: %s", strerror(errno));
	l->count++;
	return 0;
}

int
shape_arg(struct shape *s, int ch, const char *arg, struct error *e)
{
	switch (ch) {
	case SHAPE_OPT_NUMBERS: s->numbers = arg; break;
	case SHAPE_OPT_ZERO_DATES: s->zero_dates = arg; break;
	case SHAPE_OPT_BINARY: s->binary = arg; break;
	case SHAPE_OPT_COLUMNS: return add_pattern(&s->columns.only, arg, e) == -1 ? -1 : 1;
	case SHAPE_OPT_EXCLUDE_COLUMNS: return add_pattern(&s->columns.excluded, arg, e) == -1 ? -1 : 1;
	default: return 0;
	}
	return 1;
}

static int
add_configured(struct column_globs *l, const struct config *c, const char *path, struct error *e)
{
	char *item;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && (item = config_item(c, path, i)) != NULL; i++) {
		rc = add_pattern(l, item, e);
		free(item);
	}
	return rc == -1 ? error_at(e, "%s", path) : 0;
}

/* Is the second of a choice's two words in force? */
static int
choose(struct config *c, const char *path, const char *arg, const char *word, bool *is, struct error *e)
{
	if (arg != NULL && config_set(c, path, arg, "option", e) == -1)
		return -1;
	*is = strcmp(config_get(c, path), word) == 0;
	return 0;
}

int
shape_options(struct shape *s, struct config *c, struct value_options *o, struct error *e)
{
	if (choose(c, "numbers", s->numbers, "safe", &o->safe_numbers, e) == -1 ||
	    choose(c, "zero_dates", s->zero_dates, "keep", &o->keep_zero_dates, e) == -1 ||
	    choose(c, "binary", s->binary, "hex", &o->hex_binary, e) == -1)
		return -1;
	if ((s->columns.only.count == 0 && add_configured(&s->columns.only, c, "columns", e) == -1) ||
	    add_configured(&s->columns.excluded, c, "exclude_columns", e) == -1)
		return -1;
	o->columns = s->columns.only.count + s->columns.excluded.count > 0 ? &s->columns : NULL;
	if (o->columns != NULL)
		error_hide_data();
	return 0;
}

static void
globs_free(struct column_globs *l)
{
	while (l->count > 0)
		free(l->items[--l->count].text);
	free(l->items);
	l->items = NULL;
}

void
shape_free(struct shape *s)
{
	globs_free(&s->columns.only);
	globs_free(&s->columns.excluded);
}

/* Without regard to case, as the servers' column names are. */
static bool
any_fits(const struct column_globs *l, const char *name)
{
	bool any = false;
	size_t i;

	for (i = 0; i < l->count; i++)
		if (glob_fits(l->items[i].text, name, true))
			any = l->items[i].used = true;
	return any;
}

const char *
shape_unused(const struct columns *l, size_t i)
{
	size_t k;

	for (k = 0; k < l->only.count; k++)
		if (!l->only.items[k].used && i-- == 0)
			return l->only.items[k].text;
	for (k = 0; k < l->excluded.count; k++)
		if (!l->excluded.items[k].used && i-- == 0)
			return l->excluded.items[k].text;
	return NULL;
}

static int
is_hidden(const struct columns *l, const struct table *t, const struct column *c, struct error *e)
{
	char *name;
	int rc;

	if (asprintf(&name, "%s.%s.%s", t->db, t->name, c->name) == -1)
		return error_set(e, RC_TEMP, "columns: %s", strerror(errno));
	rc = any_fits(&l->excluded, name) || (l->only.count > 0 && !any_fits(&l->only, name));
	free(name);
	return rc;
}

int
shape_table(struct table *t, const struct value_options *o, struct error *e)
{
	size_t i;
	int rc;

	t->shaped = true;
	for (i = 0; o->columns != NULL && i < t->count; i++) {
		if (t->columns[i].version != VERSION_NONE)
			continue;	/* rows never show these */
		if ((rc = is_hidden(o->columns, t, &t->columns[i], e)) == -1)
			return -1;
		t->columns[i].hidden = rc;
	}
	for (i = 0; i < t->key_count; i++)
		if (t->columns[t->key[i]].hidden)
			return error_set(e, RC_USAGE, "table %s.%s: column %s is part of the key, which all lines show: it "
			    "cannot be left out", t->db, t->name, t->columns[t->key[i]].name);
	return 0;
}
