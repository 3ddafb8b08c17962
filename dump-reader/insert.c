/* SPDX-License-Identifier: ISC */
/* INSERT and REPLACE: the head once, then row by row. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "dump.h"

/* A token that touches the window's end may go on behind it. */
static bool
cut(const struct sql *s, const struct sql_token *t)
{
	return t->type == SQL_BAD || t->type == SQL_END || s->p == s->end;
}

/* Up to and with VALUES, or SET (by_name then): 1, *n bytes; 0: the window ends inside it; -1. */
static int
find_head(struct dump *d, size_t *n, struct error *e)
{
	const char *text;
	struct sql_token t;
	struct sql s;
	size_t left;

	text = input_text(&d->in, &left);
	sql_init(&s, text, left);
	for (;;) {
		t = sql_next(&s);
		if (cut(&s, &t)) {
			if (left > MAX_STATEMENT)
				return input_error(&d->in, NULL, e, "an INSERT without VALUES");
			return 0;
		}
		d->by_name = sql_is(&t, "SET");
		if (sql_is(&t, "VALUES") || sql_is(&t, "VALUE") || d->by_name)
			break;
		if (sql_is_mark(&t, ';') || sql_is(&t, "SELECT") || t.type == SQL_STRING)
			if (t.type != SQL_STRING || *t.text == '\'')
				return input_error(&d->in, t.text, e, "INSERT is read with VALUES or SET only");
	}
	*n = (size_t)(s.p - text);
	return 1;
}

int
dump_take_column(struct dump *d, const struct sql_token *name, struct error *e)
{
	const struct table *t = d->target->table;
	char *text = sql_is_name(name) ? sql_strdup(name) : NULL;
	int at = text == NULL ? -1 : table_column(t, text, strlen(text));

	free(text);
	if (at == -1 || d->columns_count == MAX_COLUMNS)
		return input_error(&d->in, name->text, e, "not a column of %s.%s", t->db, t->name);
	d->columns[d->columns_count++] = (size_t)at;
	return 0;
}

/* (`a`,`b`,…) */
static int
take_columns(struct dump *d, struct sql *s, struct error *e)
{
	struct sql_token name;

	if (sql_take_mark(s, ')'))
		return 0;
	do {
		name = sql_next(s);
		if (dump_take_column(d, &name, e) == -1)
			return -1;
	} while (sql_take_mark(s, ','));
	return sql_take_mark(s, ')') ? 0 : input_error(&d->in, s->p, e, ") was expected");
}

void
dump_all_columns(struct dump *d)
{
	const struct table *t = d->target->table;
	size_t i;

	for (d->columns_count = 0, i = 0; i < t->count; i++)
		if (!t->columns[i].invisible)
			d->columns[d->columns_count++] = i;
}

static int
check_given(struct dump *d, const bool *given, struct error *e)
{
	struct load_table *lt = d->target;
	const struct table *t = lt->table;
	size_t i;

	for (i = 0; i < t->key_count; i++)
		if (!given[t->key[i]])
			return input_error(&d->in, NULL, e, "%s.%s: the key's column %s is not in the dump", t->db,
			    t->name, t->columns[t->key[i]].name);
	for (i = 0; i < t->count; i++) {
		if (given[i])
			continue;
		if (!t->columns[i].generated)
			return input_error(&d->in, NULL, e, "%s.%s: no value for column %s, only its default, "
			    "which the server knows", t->db, t->name, t->columns[i].name);
		if (!lt->warned_generated && t->columns[i].version == VERSION_NONE)
			log_warn("generated columns are not in the dump: rows come without them table=%s.%s column=%s",
			    t->db, t->name, t->columns[i].name);
		lt->warned_generated = true;
	}
	return 0;
}

int
dump_check_columns(struct dump *d, struct error *e)
{
	bool *given = calloc(d->target->table->count, sizeof(*given));
	size_t i;
	int rc = 0;

	if (given == NULL)
		return error_set(e, RC_TEMP, "columns: %s", strerror(errno));
	for (i = 0; i < d->columns_count && rc == 0; i++) {
		if (given[d->columns[i]])
			rc = input_error(&d->in, NULL, e, "a column is named twice: %s",
			    d->target->table->columns[d->columns[i]].name);
		given[d->columns[i]] = true;
	}
	if (rc == 0)
		rc = check_given(d, given, e);
	free(given);
	return rc;
}

/* TIMESTAMPs are text in a time zone that must be known. */
static int
check_zone(struct dump *d, struct error *e)
{
	const struct table *t = d->target->table;
	size_t i;

	d->load->values.utc_offset_s = d->has_zone ? d->utc_offset_s : d->options->utc_offset_s;
	if (d->has_zone || d->options->has_zone)
		return 0;
	for (i = 0; i < t->count; i++)
		if (t->columns[i].kind == COLUMN_TIMESTAMP)
			return input_error(&d->in, NULL, e, "%s.%s has TIMESTAMP columns and the dump does not set "
			    "its time zone (--skip-tz-utc): --time-zone ±HH:MM", t->db, t->name);
	return 0;
}

int
dump_take_target(struct dump *d, struct sql *s, struct error *e)
{
	char *db, *name;
	bool wanted;
	int rc = 0;

	if (dump_take_name(d, s, &db, &name, e) == -1)
		return -1;
	wanted = load_wants(d->load, db, name);
	d->target = wanted ? load_find(d->load, db, name) : NULL;
	if (wanted && d->target == NULL)
		rc = input_error(&d->in, NULL, e, "rows of %s.%s, whose CREATE TABLE is not in the dump", db, name);
	else if (d->target != NULL && d->target->skipped)
		d->target = NULL;
	else if (d->target != NULL && d->only != NULL && d->target != d->only)
		rc = input_error(&d->in, NULL, e, "rows of %s.%s in a file of %s.%s", db, name, d->only->table->db,
		    d->only->table->name);
	free(db);
	free(name);
	return rc;
}

/* Reads the head: d->target and its columns, or NULL for a table that is not wanted. */
static int
read_head(struct dump *d, const char *text, size_t n, struct error *e)
{
	static const char *const words[] = { "LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "IGNORE", "INTO" };
	struct sql s;
	size_t i;

	sql_init(&s, text, n);
	sql_next(&s);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		sql_take(&s, words[i]);
	if (dump_take_target(d, &s, e) == -1)
		return -1;
	if (d->target == NULL || d->by_name)	/* each statement names its columns */
		return 0;
	d->columns_count = 0;
	if (!sql_take_mark(&s, '('))
		dump_all_columns(d);
	else if (take_columns(d, &s, e) == -1)
		return -1;
	return dump_check_columns(d, e);
}

/* The head, unless it is the last one again. */
static int
take_head(struct dump *d, struct error *e)
{
	const char *text;
	size_t left, n = 0;
	int rc;

	text = input_text(&d->in, &left);
	if (d->head.len > 0 && left > d->head.len && memcmp(text, d->head.data, d->head.len) == 0) {
		input_skip(&d->in, d->head.len);
		return 0;
	}
	while ((rc = find_head(d, &n, e)) == 0) {
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0: return input_error(&d->in, NULL, e, "the dump ends inside a statement: it is truncated");
		}
	}
	text = d->in.data + d->in.start;
	buf_clear(&d->head);
	if (rc == -1 || read_head(d, text, n, e) == -1)
		return -1;
	if (buf_add(&d->head, text, n) == -1)
		return error_set(e, RC_TEMP, "INSERT: %s", strerror(errno));
	input_skip(&d->in, n);
	return 0;
}

int
dump_put_row(struct dump *d, const char *row, size_t n, struct error *e)
{
	uint64_t offset = d->in.offset;
	int rc;

	if (d->row.count != d->columns_count)
		return input_error(&d->in, row, e, "%s.%s: a row of %zu values, not %zu", d->target->table->db,
		    d->target->table->name, d->row.count, d->columns_count);
	if ((rc = load_row(d->load, d->target, d->before + offset, row, n, e)) != 1)
		return rc;
	if (row_values(&d->row, d->target->table, d->columns, d->charset, &d->load->values, e) == -1 ||
	    load_put(d->load, d->target, d->row.values, e) == -1)
		return error_at(e, "%s: byte %llu", d->in.name, (unsigned long long)offset);
	return 0;
}

/* More input, in the middle of the rows. */
static int
more_rows(struct dump *d, struct error *e)
{
	switch (input_more(&d->in, e)) {
	case -1: return -1;
	case 0: return input_error(&d->in, NULL, e, "the dump ends inside a statement: it is truncated");
	default: return 0;
	}
}

/* Past white space, to a byte that is there. */
static int
next_mark(struct dump *d, struct error *e)
{
	const char *text;
	size_t n, i;

	for (;;) {
		text = input_text(&d->in, &n);
		for (i = 0; i < n && isspace((unsigned char)text[i]); i++)
			;
		input_skip(&d->in, i);
		if (i < n)
			return 0;
		if (more_rows(d, e) == -1)
			return -1;
	}
}

static int
one_row(struct dump *d, struct error *e)
{
	const char *text, *next;
	size_t n;
	int rc;

	for (;;) {
		text = input_text(&d->in, &n);
		if ((rc = row_scan(&d->row, text, text + n, &next)) == 1)
			break;
		if (rc == -1)
			return input_error(&d->in, next, e, "%s", d->row.why);
		if (more_rows(d, e) == -1)
			return -1;
	}
	if (dump_put_row(d, text, (size_t)(next - text), e) == -1)
		return -1;
	input_skip(&d->in, (size_t)(next - text));
	return 0;
}

/* (…),(…),… and the delimiter. */
static int
take_rows(struct dump *d, struct error *e)
{
	size_t delimiter = strlen(d->delimiter);
	const char *at;

	for (;;) {
		if (next_mark(d, e) == -1 || one_row(d, e) == -1 || next_mark(d, e) == -1)
			return -1;
		at = d->in.data + d->in.start;
		if (*at != ',')
			break;
		input_skip(&d->in, 1);
	}
	while (d->in.end - d->in.start < delimiter)
		if (more_rows(d, e) == -1)
			return -1;
	at = d->in.data + d->in.start;
	if (memcmp(at, d->delimiter, delimiter) != 0)
		return input_error(&d->in, at, e, ", or %s was expected behind a row", d->delimiter);
	input_skip(&d->in, delimiter);
	return 0;
}

/* SET name = literal, …: a row in a statement of its own. */
static int
take_row_by_name(struct dump *d, struct error *e)
{
	const char *text, *next;
	struct sql_token name;
	struct sql s;
	size_t n;

	if (dump_whole_statement(d, MAX_ROW, &n, e) == -1)
		return -1;
	text = d->in.data + d->in.start;
	d->columns_count = d->row.count = 0;
	d->row.bytes = n;
	sql_init(&s, text, n);
	do {
		name = sql_next(&s);
		if (dump_take_column(d, &name, e) == -1)
			return -1;
		if (!sql_take_mark(&s, '='))
			return input_error(&d->in, s.p, e, "= was expected");
		/* what ends at the window's end may go on: the delimiter's first byte is seen, too */
		if (row_literal(&d->row, s.p, s.end + 1, &next) != 1 || next > s.end)
			return input_error(&d->in, s.p, e, "a literal was expected");
		s.p = next;
	} while (sql_take_mark(&s, ','));
	name = sql_next(&s);
	if (name.type != SQL_END)
		return input_error(&d->in, name.text, e, ", or %s was expected behind a value", d->delimiter);
	if (dump_check_columns(d, e) == -1 || dump_put_row(d, text, n, e) == -1)
		return -1;
	input_skip(&d->in, n + strlen(d->delimiter));
	return 0;
}

int
dump_begin_rows(struct dump *d, struct error *e)
{
	if (check_zone(d, e) == -1)
		return -1;
	return d->load->open == d->target ? 0 : load_open(d->load, d->target, e);
}

int
dump_insert(struct dump *d, struct error *e)
{
	if (d->definitions_only)
		return dump_skip_statement(d, e);
	if (take_head(d, e) == -1)
		return -1;
	if (d->target == NULL)
		return dump_skip_statement(d, e);
	d->row.no_escapes = d->no_backslash_escapes;
	if (dump_begin_rows(d, e) == -1)
		return -1;
	return d->by_name ? take_row_by_name(d, e) : take_rows(d, e);
}
