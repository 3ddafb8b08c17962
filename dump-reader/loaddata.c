/* SPDX-License-Identifier: ISC */
/* LOAD DATA, as mydumper writes it, and the files of lines that it names. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"

#define MAX_FILE_NAME 1024	/* bytes: a file system's names have up to 255 */

/* The statement's parts. */
struct load_data {
	char name[MAX_FILE_NAME];	/* of the file, without its folder */
	struct fields_format format;
	const struct charset *charset;
	size_t ignore;			/* lines at the file's beginning */
	struct variable {
		char *name;		/* @name in the list of columns */
		size_t field;
	} *variables;
	size_t variables_count;
};

static int
not_understood(struct dump *d, const struct sql *s, struct error *e)
{
	return input_error(&d->in, s->p, e, "LOAD DATA is not understood here");
}

/* INFILE 'name': the file lies where the dump does, wherever it was when it was written. */
static int
take_file(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	struct sql_token t;
	char *path, *name;
	bool fits;

	sql_take(s, "LOW_PRIORITY");
	sql_take(s, "CONCURRENT");
	sql_take(s, "LOCAL");
	if (!sql_take(s, "INFILE") || (t = sql_next(s)).type != SQL_STRING || (path = sql_strdup(&t)) == NULL)
		return not_understood(d, s, e);
	name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
	fits = strlcpy(l->name, name, sizeof(l->name)) < sizeof(l->name) && *name != '\0';
	free(path);
	sql_take(s, "REPLACE");
	sql_take(s, "IGNORE");
	return fits && sql_take(s, "INTO") && sql_take(s, "TABLE") ? 0 : not_understood(d, s, e);
}

/* CHARACTER SET name */
static int
take_charset(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	struct sql_token t;
	char *name;

	l->charset = d->charset;
	if (!sql_take(s, "CHARACTER"))
		return 0;
	if (!sql_take(s, "SET"))
		return not_understood(d, s, e);
	t = sql_next(s);
	name = sql_strdup(&t);
	l->charset = name == NULL ? NULL : charset_find(name);
	free(name);
	return l->charset != NULL ? dump_check_charset(d, l->charset, e) :
	    input_error(&d->in, t.text, e, "an unknown character set");
}

/* What would be wrong use in an option. */
static int
bad_format(struct dump *d, const struct sql *s, struct error *e)
{
	struct error why = *e;

	return input_error(&d->in, s->p, e, "%s", why.text);
}

/* FIELDS … LINES …: each mark is `word BY 'text'`. */
static int
take_format(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	static const char *const words[][2] = { { "TERMINATED", "terminated" }, { "ENCLOSED", "enclosed" },
	    { "ESCAPED", "escaped" }, { "STARTING", "starting" } };
	bool lines = false;
	struct sql_token t;
	size_t i;
	char *text;
	int rc;

	fields_init(&l->format);
	for (;;) {
		if (sql_take(s, "FIELDS") || sql_take(s, "COLUMNS") || sql_take(s, "OPTIONALLY"))
			continue;
		if (sql_take(s, "LINES")) {
			lines = true;
			continue;
		}
		t = sql_peek(s);
		for (i = 0; i < sizeof(words) / sizeof(words[0]) && !sql_is(&t, words[i][0]); i++)
			;
		if (i == sizeof(words) / sizeof(words[0]))
			return fields_check(&l->format, e) == 0 ? 0 : bad_format(d, s, e);
		sql_next(s);
		if (!sql_take(s, "BY") || (t = sql_next(s)).type != SQL_STRING || (text = sql_strdup(&t)) == NULL)
			return not_understood(d, s, e);
		rc = fields_set(&l->format, lines && i == 0 ? "ended" : words[i][1], text, e);
		free(text);
		if (rc == -1)
			return bad_format(d, s, e);
	}
}

/* IGNORE n LINES */
static int
take_ignore(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	struct sql_token t;

	if (!sql_take(s, "IGNORE"))
		return 0;
	t = sql_next(s);
	if (t.type != SQL_NUMBER || t.len > 9 || (!sql_take(s, "LINES") && !sql_take(s, "ROWS")))
		return not_understood(d, s, e);
	l->ignore = strtoul(t.text, NULL, 10);	/* ends at a byte that is no digit: the word is behind it */
	return 0;
}

/* @name: what becomes of it SET says. */
static int
take_variable(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	struct sql_token t = sql_next(s);
	struct variable *grown = reallocarray(l->variables, l->variables_count + 1, sizeof(*grown));

	if (grown == NULL)
		return error_set(e, RC_TEMP, "LOAD DATA: %s", strerror(errno));
	l->variables = grown;
	grown[l->variables_count] = (struct variable){ .name = sql_is_name(&t) ? sql_strdup(&t) : NULL,
	    .field = d->columns_count };
	if (grown[l->variables_count].name == NULL || d->columns_count == MAX_COLUMNS)
		return not_understood(d, s, e);
	l->variables_count++;
	d->columns[d->columns_count++] = SIZE_MAX;
	return 0;
}

static int
take_columns(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	struct sql_token name;

	if (!sql_take_mark(s, '(')) {
		dump_all_columns(d);
		return 0;
	}
	do {
		if (sql_take_mark(s, '@')) {
			if (take_variable(d, s, l, e) == -1)
				return -1;
			continue;
		}
		name = sql_next(s);
		if (dump_take_column(d, &name, e) == -1)
			return -1;
	} while (sql_take_mark(s, ','));
	return sql_take_mark(s, ')') ? 0 : not_understood(d, s, e);
}

/* UNHEX(@name) or CONVERT(@name USING utf8mb4), whose bytes are UTF-8 already: *field. */
static int
take_expression(struct dump *d, struct sql *s, const struct load_data *l, size_t *field, struct error *e)
{
	bool unhex = sql_take(s, "UNHEX");
	struct sql_token t;
	char *name;
	size_t i;

	if ((!unhex && !sql_take(s, "CONVERT")) || !sql_take_mark(s, '(') || !sql_take_mark(s, '@'))
		return not_understood(d, s, e);
	t = sql_next(s);
	if (!sql_is_name(&t) || (name = sql_strdup(&t)) == NULL)
		return not_understood(d, s, e);
	for (i = 0; i < l->variables_count && strcasecmp(l->variables[i].name, name) != 0; i++)
		;
	free(name);
	if (i == l->variables_count || (!unhex && (!sql_take(s, "USING") || !sql_take(s, "utf8mb4"))) ||
	    !sql_take_mark(s, ')'))
		return not_understood(d, s, e);
	*field = l->variables[i].field;
	d->unhex[*field] = unhex;
	return 0;
}

/* SET `column` = expression, … */
static int
take_set(struct dump *d, struct sql *s, const struct load_data *l, struct error *e)
{
	size_t field = 0, count = d->columns_count, i;
	struct sql_token name;

	if (sql_take(s, "SET"))
		do {
			name = sql_next(s);
			if (dump_take_column(d, &name, e) == -1)
				return -1;
			d->columns_count = count;
			if (!sql_take_mark(s, '=') || take_expression(d, s, l, &field, e) == -1)
				return not_understood(d, s, e);
			d->columns[field] = d->columns[count];
		} while (sql_take_mark(s, ','));
	for (i = 0; i < count; i++)
		if (d->columns[i] == SIZE_MAX)
			return input_error(&d->in, s->p, e, "LOAD DATA with a variable that no column gets");
	name = sql_next(s);
	return name.type == SQL_END ? 0 : not_understood(d, s, e);
}

static bool
is_hex(const struct literal *l)
{
	return l->n % 2 == 0 && strspn(l->p, "0123456789abcdefABCDEF") >= l->n;
}

/* A line that was scanned. */
static int
put_line(struct dump *d, const struct fields_format *f, const char *text, size_t n, struct error *e)
{
	size_t i;

	fields_decode(&d->row, f);
	for (i = 0; i < d->row.count && i < d->columns_count; i++) {
		if (!d->unhex[i] || d->row.literals[i].form != LITERAL_STRING)
			continue;
		if (!is_hex(&d->row.literals[i]))
			return input_error(&d->in, text, e, "a field in hex was expected");
		d->row.literals[i].form = LITERAL_HEX;
	}
	return dump_put_row(d, text, n, e);
}

static int
read_lines(struct dump *d, const struct fields_format *f, size_t ignore, struct error *e)
{
	const char *text, *next;
	bool last;
	size_t n;
	int rc;

	for (;;) {
		last = d->in.eof;
		text = input_text(&d->in, &n);
		rc = n == 0 ? 0 : fields_scan(&d->row, f, text, text + n, last, &next);
		if (rc == -1)
			return input_error(&d->in, next, e, "%s", d->row.why);
		if (rc == 1) {
			if (ignore > 0)
				ignore--;
			else if (put_line(d, f, text, (size_t)(next - text), e) == -1)
				return -1;
			input_skip(&d->in, (size_t)(next - text));
		} else if (last) {
			return n == 0 ? 0 : input_error(&d->in, NULL, e, "the last line has no end: the file is truncated");
		} else if (input_more(&d->in, e) == -1) {
			return -1;
		}
	}
}

/* dumpling's first line: names of columns, and how lines end. */
static int
take_header(struct dump *d, struct fields_format *f, struct error *e)
{
	const char *text, *next, *lf;
	size_t n, i;
	int rc = 1;

	for (text = input_text(&d->in, &n); (lf = memchr(text, '\n', n)) == NULL && rc == 1; text = input_text(&d->in, &n))
		rc = input_more(&d->in, e);
	if (rc == -1)
		return -1;
	if (lf != NULL && lf > text && lf[-1] == '\r' && fields_set(f, "ended", "\r\n", e) == -1)
		return -1;
	if (lf == NULL || fields_check(f, e) == -1 || fields_scan(&d->row, f, text, text + n, true, &next) != 1)
		return input_error(&d->in, NULL, e, "a line that names the columns was expected");
	fields_decode(&d->row, f);
	for (i = 0; i < d->row.count; i++) {
		const struct literal *l = &d->row.literals[i];
		const struct sql_token name = { .type = SQL_WORD, .text = l->p, .len = l->n };

		if (dump_take_column(d, &name, e) == -1)
			return -1;
	}
	input_skip(&d->in, (size_t)(next - text));
	return dump_check_columns(d, e);
}

int
dump_csv(struct dump *d, const char *file, struct error *e)
{
	struct fields_format f;
	int rc = -1;

	fields_init(&f);
	d->columns_count = 0;
	memset(d->unhex, 0, MAX_COLUMNS);
	if (fields_set(&f, "terminated", ",", e) == -1 || fields_set(&f, "enclosed", "\"", e) == -1)
		return -1;
	if (input_open(&d->in, file, MAX_ROW, d->stop, e) == 0) {
		d->in.piece = d->options->piece;
		if (take_header(d, &f, e) == 0 && dump_begin_rows(d, e) == 0)
			rc = read_lines(d, &f, 0, e);
	}
	input_close(&d->in);
	return rc;
}

int
dump_fields(struct dump *d, const char *file, const struct fields_format *f, size_t ignore, const struct charset *charset,
    struct error *e)
{
	const struct charset *of_dump = d->charset;
	struct input in = d->in;
	int rc = -1;

	if (dump_begin_rows(d, e) == -1)
		return -1;
	if (input_open(&d->in, file, MAX_ROW, d->stop, e) == 0) {
		d->in.piece = d->options->piece;
		d->charset = charset;
		rc = read_lines(d, f, ignore, e);
	}
	input_close(&d->in);
	d->in = in;
	d->charset = of_dump;
	return rc;
}

/* The file beside the dump; it may have been compressed since. -1: it is not there. */
static int
find_file(const struct dump *d, const char *name, char *path, size_t size, struct error *e)
{
	static const char *const endings[] = { "", ".gz", ".zst" };
	size_t i;

	if (d->options->folder == NULL)
		return input_error(&d->in, NULL, e, "LOAD DATA from %s is read in a folder only", name);
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if ((size_t)snprintf(path, size, "%s/%s%s", d->options->folder, name, endings[i]) >= size)
			return input_error(&d->in, NULL, e, "%s: %s", name, strerror(ENAMETOOLONG));
		if (access(path, R_OK) == 0)
			return 0;
	}
	return input_error(&d->in, NULL, e, "LOAD DATA from %s/%s: %s", d->options->folder, name, strerror(errno));
}

static int
run(struct dump *d, struct sql *s, struct load_data *l, struct error *e)
{
	char path[2 * MAX_FILE_NAME];

	if (!sql_take(s, "DATA") || take_file(d, s, l, e) == -1)
		return e->rc != RC_OK ? -1 : not_understood(d, s, e);
	if (dump_take_target(d, s, e) == -1)
		return -1;
	if (d->target == NULL)
		return 0;
	d->columns_count = 0;
	memset(d->unhex, 0, MAX_COLUMNS);
	if (take_charset(d, s, l, e) == -1 || take_format(d, s, l, e) == -1 || take_ignore(d, s, l, e) == -1 ||
	    take_columns(d, s, l, e) == -1 || take_set(d, s, l, e) == -1 || dump_check_columns(d, e) == -1 ||
	    find_file(d, l->name, path, sizeof(path), e) == -1)
		return -1;
	return dump_fields(d, path, &l->format, l->ignore, l->charset, e);
}

int
dump_load_data(struct dump *d, struct sql *s, struct error *e)
{
	struct load_data l = { 0 };
	int rc;

	if (d->definitions_only)
		return 0;
	e->rc = RC_OK;
	d->head.len = 0;
	rc = run(d, s, &l, e);
	while (l.variables_count > 0)
		free(l.variables[--l.variables_count].name);
	free(l.variables);
	return rc;
}
