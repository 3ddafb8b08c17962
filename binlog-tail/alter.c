/* SPDX-License-Identifier: ISC */
/* The clauses of ALTER TABLE that leave every row as it was: binlog-tail.1, "Harmless statements". */
#include <string.h>

#include "statement.h"

/* Words that a clause begins with; up to three. What follows them is of no matter, but for ENGINE: table options may stand
 * in a row without commas. */
typedef const char *const clause_words[3];

static clause_words options[] = {
	{ "add", "index" }, { "add", "key" }, { "add", "fulltext" }, { "add", "spatial" },
	{ "drop", "foreign", "key" }, { "drop", "check" },
	{ "rename", "index" }, { "rename", "key" }, { "alter", "index" }, { "alter", "key" }, { "alter", "check" },
	{ "comment" }, { "auto_increment" }, { "row_format" }, { "key_block_size" }, { "algorithm" }, { "lock" },
	{ "force" }, { "stats_persistent" }, { "stats_auto_recalc" }, { "stats_sample_pages" }, { "avg_row_length" },
	{ "max_rows" }, { "min_rows" }, { "pack_keys" }, { "checksum" }, { "delay_key_write" }, { "page_checksum" },
	{ "disable", "keys" }, { "enable", "keys" }, { "nowait" }, { "wait" }, { "without", "validation" },
	{ "default", "character" }, { "default", "charset" }, { "default", "collate" }, { "charset" }, { "collate" },
	{ "character", "set" },
};

/* Of the same rows, but where there is no primary key the one that identifies them may be another one. */
static clause_words key_only[] = {
	{ "add", "unique" }, { "drop", "index" }, { "drop", "key" }, { "drop", "constraint" },
};

/* A new column of which existing rows have NULL: none of these words may stand in its definition. */
static const char *const not_plain[] = { "not", "default", "generated", "as", "auto_increment", "primary", "unique",
    "key", "serial", "timestamp", "references", "check", "period", "row" };

/* Takes one clause, up to its comma or the end, out of s; false: it cannot be read. */
static bool
take_clause(struct sql *s, struct sql *clause)
{
	struct sql_token t;
	int depth = 0;

	*clause = *s;
	for (;;) {
		t = sql_peek(s);
		if (t.type == SQL_BAD)
			return false;
		if (t.type == SQL_END || (depth == 0 && sql_is_mark(&t, ','))) {
			clause->end = t.text;
			sql_next(s);
			/* an executable comment may end behind its last token */
			return depth == 0;
		}
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
		sql_next(s);
	}
}

static bool
begins(struct sql clause, const clause_words *lists, size_t count)
{
	struct sql s;
	size_t i, k;

	for (i = 0; i < count; i++) {
		s = clause;
		for (k = 0; k < 3 && lists[i][k] != NULL && sql_take(&s, lists[i][k]); k++)
			;
		if (k == 3 || lists[i][k] == NULL)
			return true;
	}
	return false;
}

/* Another engine than InnoDB may keep no rows at all. */
static bool
names_other_engine(struct sql clause)
{
	struct sql_token t;
	int depth = 0;

	for (t = sql_next(&clause); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(&clause)) {
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
		if (depth > 0 || !sql_is(&t, "engine"))
			continue;
		sql_take_mark(&clause, '=');
		if (!sql_take(&clause, "innodb"))
			return true;
	}
	return false;
}

/* A nullable column without a default: `name type …`, nothing in it that gives rows a value. */
static bool
is_plain_column(struct sql s)
{
	struct sql_token t = sql_next(&s);
	size_t i;
	int depth = 0;

	if (!sql_is_name(&t))
		return false;
	for (t = sql_next(&s); t.type != SQL_END; t = sql_next(&s)) {
		if (t.type == SQL_BAD)
			return s.executable > 0 && s.p == s.end;	/* the comment closes behind the clause */
		depth += sql_is_mark(&t, '(') - sql_is_mark(&t, ')');
		if (depth < 0)
			return false;
		for (i = 0; i < sizeof(not_plain) / sizeof(not_plain[0]); i++)
			if (sql_is(&t, not_plain[i]))
				return false;
	}
	return true;
}

/* ADD [COLUMN] [IF NOT EXISTS] name …, ADD [COLUMN] (name …, name …) */
static bool
adds_plain_columns(struct sql s)
{
	static const char *const keys[] = { "unique", "primary", "constraint", "foreign", "check", "partition",
	    "period", "system", "index", "key" };
	struct sql item;
	struct sql_token t;
	size_t i;

	if (!sql_take(&s, "add"))
		return false;
	if (!sql_take(&s, "column")) {
		t = sql_peek(&s);
		for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
			if (sql_is(&t, keys[i]))
				return false;
	}
	if (sql_take(&s, "if") && (!sql_take(&s, "not") || !sql_take(&s, "exists")))
		return false;
	if (!sql_take_mark(&s, '('))
		return is_plain_column(s);
	while (s.end > s.p && s.end[-1] != ')')
		s.end--;
	if (s.end == s.p)
		return false;
	s.end--;
	do {
		if (!take_clause(&s, &item) || !is_plain_column(item))
			return false;
	} while (s.p < s.end);
	return true;
}

/* ALTER [COLUMN] c SET DEFAULT …, DROP DEFAULT, SET VISIBLE … : of later rows only */
static bool
alters_default(struct sql s)
{
	struct sql_token name;

	if (!sql_take(&s, "alter"))
		return false;
	sql_take(&s, "column");
	name = sql_next(&s);
	if (!sql_is_name(&name))
		return false;
	if (sql_take(&s, "drop"))
		return sql_take(&s, "default");
	return sql_take(&s, "set") && (sql_take(&s, "default") || sql_take(&s, "visible") || sql_take(&s, "invisible"));
}

static enum touch
clause_touch(struct sql clause)
{
	struct sql_token t = sql_peek(&clause);

	if (t.type == SQL_END)
		return TOUCH_OPTIONS;
	if (names_other_engine(clause))
		return TOUCH_ALTER;
	if (sql_is(&t, "engine") || begins(clause, options, sizeof(options) / sizeof(options[0])))
		return TOUCH_OPTIONS;
	if (begins(clause, key_only, sizeof(key_only) / sizeof(key_only[0])))
		return TOUCH_KEY;
	return adds_plain_columns(clause) || alters_default(clause) ? TOUCH_HARMLESS : TOUCH_ALTER;
}

/* RENAME [TO|AS|=] name */
static bool
is_rename(struct sql clause, struct alter_other *other)
{
	static const char *const parts[] = { "column", "index", "key" };
	struct sql_token t;
	size_t i;

	if (!sql_take(&clause, "rename"))
		return false;
	t = sql_peek(&clause);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (sql_is(&t, parts[i]))
			return false;
	if (!sql_take(&clause, "to") && !sql_take(&clause, "as"))
		sql_take_mark(&clause, '=');
	*other = (struct alter_other){ .name = clause, .touch = TOUCH_RENAMED };
	return true;
}

/* EXCHANGE PARTITION p WITH TABLE name; CONVERT PARTITION p TO TABLE name, CONVERT TABLE name TO PARTITION … (MariaDB): rows
 * go from one table to the other without an event. */
static void
find_other(struct sql clause, struct alter_other *other)
{
	bool exchange = sql_take(&clause, "exchange");
	enum touch touch = TOUCH_ALTER;

	if (!exchange && !sql_take(&clause, "convert"))
		return;
	if (sql_take(&clause, "partition")) {
		sql_next(&clause);
		sql_take(&clause, exchange ? "with" : "to");
	} else {
		touch = TOUCH_DROP;
	}
	if (sql_take(&clause, "table"))
		*other = (struct alter_other){ .name = clause, .touch = touch };
}

enum touch
alter_touch(struct sql s, struct alter_other *other)
{
	enum touch worst = TOUCH_OPTIONS, touch;
	struct sql clause;

	other->touch = TOUCH_OPTIONS;
	while (s.p < s.end) {
		if (!take_clause(&s, &clause))
			return TOUCH_ALTER;
		if (is_rename(clause, other))
			continue;
		find_other(clause, other);
		touch = clause_touch(clause);
		if (touch > worst)
			worst = touch;
	}
	return worst;
}
