/* SPDX-License-Identifier: ISC */
/* A dump from statement to statement. */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "dump.h"

static int
ends_inside(struct dump *d, struct error *e)
{
	return input_error(&d->in, NULL, e, "the dump ends inside a statement: it is truncated");
}

/* 1: at least n unread bytes, or all that there are; -1. */
static int
have(struct dump *d, size_t n, struct error *e)
{
	int rc = 1;

	while (d->in.end - d->in.start < n && rc == 1)
		rc = input_more(&d->in, e);
	return rc == -1 ? -1 : 1;
}

int
dump_take_line(struct dump *d, char line[MAX_COMMENT], size_t *n, struct error *e)
{
	const char *text, *lf;
	size_t left;

	for (*n = 0;;) {
		text = input_text(&d->in, &left);
		lf = memchr(text, '\n', left);
		if (lf != NULL)
			left = (size_t)(lf - text);
		if (left > MAX_COMMENT - *n) {
			memcpy(line + *n, text, MAX_COMMENT - *n);
			*n = MAX_COMMENT;
		} else {
			memcpy(line + *n, text, left);
			*n += left;
		}
		input_skip(&d->in, left + (lf != NULL));
		if (lf != NULL)
			break;
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0: goto end;	/* the last line may lack its LF */
		}
	}
end:
	if (*n > 0 && line[*n - 1] == '\r')
		--*n;
	return 0;
}

static int
skip_comment(struct dump *d, struct error *e)
{
	const char *text, *close;
	size_t n;

	for (;;) {
		text = input_text(&d->in, &n);
		if ((close = memmem(text, n, "*/", 2)) != NULL) {
			input_skip(&d->in, (size_t)(close - text) + 2);
			return 0;
		}
		if (n > 1)
			input_skip(&d->in, n - 1);
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0: return ends_inside(d, e);
		}
	}
}

static bool
at_word(const char *text, size_t n, const char *word)
{
	size_t k = strlen(word);

	return n >= k && strncasecmp(text, word, k) == 0 &&
	    (n == k || isspace((unsigned char)text[k]) || text[k] == '\0');
}

int
dump_whole_statement(struct dump *d, size_t max, size_t *n, struct error *e)
{
	struct scan scan = { .no_escapes = d->no_backslash_escapes };
	const char *text, *at;
	size_t left, seen = 0;
	bool last;

	for (;;) {
		last = d->in.eof;
		text = input_text(&d->in, &left);
		if (scan_statement(&scan, text + seen, text + left, last, d->delimiter, &at))
			break;
		seen = (size_t)(at - text);
		if (seen > max)
			return input_error(&d->in, NULL, e, "a statement longer than %zu bytes", max);
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0:
			if (last)
				return ends_inside(d, e);
		}
	}
	*n = (size_t)(at - text);
	return 0;
}

int
dump_skip_statement(struct dump *d, struct error *e)
{
	struct scan scan = { .no_escapes = d->no_backslash_escapes };
	const char *text, *at;
	size_t left;
	bool last;

	for (;;) {
		last = d->in.eof;
		text = input_text(&d->in, &left);
		if (scan_statement(&scan, text, text + left, last, d->delimiter, &at))
			break;
		input_skip(&d->in, (size_t)(at - text));
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0:
			if (last)
				return ends_inside(d, e);
		}
	}
	input_skip(&d->in, (size_t)(at - text) + strlen(d->delimiter));
	return 0;
}

/* mariadb-dump's first line is for the mysql client: it ends without a delimiter. */
static bool
at_sandbox(const char *text, size_t n)
{
	static const char ours[] = "/*!999999\\-", mariadb[] = "/*M!999999\\-";

	return (n >= sizeof(ours) - 1 && memcmp(text, ours, sizeof(ours) - 1) == 0) ||
	    (n >= sizeof(mariadb) - 1 && memcmp(text, mariadb, sizeof(mariadb) - 1) == 0);
}

static int
take_sandbox(struct dump *d, struct error *e)
{
	d->sandbox = true;
	return skip_comment(d, e);
}

/* --set-gtid-purged=COMMENTED */
static int
take_gtid_comment(struct dump *d, struct error *e)
{
	static const char opening[] = "/* SET @@GLOBAL.GTID_PURGED";
	const char *text, *close;
	size_t n;

	if (have(d, MAX_COMMENT, e) == -1)
		return -1;
	text = input_text(&d->in, &n);
	if (n < sizeof(opening) - 1 || memcmp(text, opening, sizeof(opening) - 1) != 0)
		return 0;
	while ((close = memmem(text, n, "*/", 2)) == NULL && n < MAX_STATEMENT) {
		switch (input_more(&d->in, e)) {
		case -1: return -1;
		case 0: return ends_inside(d, e);
		}
		text = input_text(&d->in, &n);
	}
	return close == NULL ? 0 : dump_statement(d, text + 2, (size_t)(close - text) - 2, e);
}

static int
take_comment(struct dump *d, const char *text, struct error *e)
{
	char line[MAX_COMMENT];
	size_t n;

	if (*text == '/')
		return take_gtid_comment(d, e) == -1 ? -1 : skip_comment(d, e);
	if (dump_take_line(d, line, &n, e) == -1)
		return -1;
	return dump_comment(d, line, n, e);
}

static int
take_statement(struct dump *d, struct error *e)
{
	size_t n = 0;

	if (dump_whole_statement(d, MAX_STATEMENT, &n, e) == -1)
		return -1;
	if (d->no_backslash_escapes && memchr(d->in.data + d->in.start, '\\', n) != NULL)
		return input_error(&d->in, NULL, e, "under NO_BACKSLASH_ESCAPES a backslash is read in rows only");
	if (dump_statement(d, d->in.data + d->in.start, n, e) == -1)
		return -1;
	input_skip(&d->in, n + strlen(d->delimiter));
	return 0;
}

/* White space and empty statements. 1: something is there, 0: the end, -1. */
static int
skip_space(struct dump *d, struct error *e)
{
	const char *text;
	size_t n, i, delimiter = strlen(d->delimiter);

	for (;;) {
		if (have(d, MAX_DELIMITER, e) == -1)
			return -1;
		text = input_text(&d->in, &n);
		for (i = 0; i < n && isspace((unsigned char)text[i]); i++)
			;
		if (i < n && n - i >= delimiter && memcmp(text + i, d->delimiter, delimiter) == 0)
			i += delimiter;
		input_skip(&d->in, i);
		if (i == 0)
			return n > 0;
	}
}

/* One comment or statement: 1, 0 the end, -1. */
static int
step(struct dump *d, struct error *e)
{
	const char *text;
	size_t n;
	int rc;

	if ((rc = skip_space(d, e)) != 1)
		return rc;
	text = input_text(&d->in, &n);
	if (scan_is_comment(text, text + n))
		rc = take_comment(d, text, e);
	else if (at_sandbox(text, n))
		rc = take_sandbox(d, e);
	else if (at_word(text, n, "DELIMITER"))
		rc = dump_delimiter(d, e);
	else if (at_word(text, n, "source") || at_word(text, n, "\\."))
		rc = dump_source(d, e);
	else if (at_word(text, n, "INSERT") || at_word(text, n, "REPLACE"))
		rc = dump_insert(d, e);
	else
		rc = take_statement(d, e);
	return rc == -1 ? -1 : 1;
}

void
dump_reset(struct dump *d, const char *db)
{
	strlcpy(d->delimiter, ";", sizeof(d->delimiter));
	strlcpy(d->db, db, sizeof(d->db));
	d->created[0] = '\0';
	d->defined = NULL;
	d->commented = d->completed = d->has_zone = d->no_backslash_escapes = false;
	d->keys_last = d->transaction = d->has_pos = d->sandbox = false;
	d->charset = d->options->charset != NULL ? d->options->charset : charset_find("utf8mb4");
	d->head.len = 0;
	d->target = NULL;
	d->only = NULL;
}

int
dump_init(struct dump *d, struct load *l, const struct dump_options *o, const struct stop *stop, struct error *e)
{
	memset(d, 0, sizeof(*d));
	d->load = l;
	d->options = o;
	d->stop = stop;
	dump_reset(d, "");
	if (row_init(&d->row, MAX_ROW, e) == -1)
		return -1;
	d->columns = reallocarray(NULL, MAX_COLUMNS, sizeof(*d->columns));
	d->unhex = calloc(MAX_COLUMNS, sizeof(*d->unhex));
	if (d->columns == NULL || d->unhex == NULL || buf_init(&d->head, MAX_STATEMENT) == -1)
		return error_set(e, RC_TEMP, "dump: %s", strerror(errno));
	return 0;
}

void
dump_free(struct dump *d)
{
	row_free(&d->row);
	free(d->columns);
	free(d->unhex);
	free(d->folder);
	buf_free(&d->head);
}

/* What some programs put before the text. */
static int
skip_byte_order_mark(struct dump *d, struct error *e)
{
	const char *text;
	size_t n;

	if (have(d, 3, e) == -1)
		return -1;
	text = input_text(&d->in, &n);
	if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
		return input_error(&d->in, NULL, e, "a dump in UTF-16 is not read");
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		input_skip(&d->in, 3);
	if (have(d, 5, e) == -1)
		return -1;
	text = input_text(&d->in, &n);
	return n < 5 || memcmp(text, "<?xml", 5) != 0 ? 0 :
	    input_error(&d->in, NULL, e, "a dump in XML is not read: make it without --xml");
}

int
dump_statements(struct dump *d, struct error *e)
{
	int rc = skip_byte_order_mark(d, e);

	while (rc != -1 && (rc = step(d, e)) == 1)
		;
	return rc;
}

static int
read_all(struct dump *d, struct error *e)
{
	if (dump_statements(d, e) == -1)
		return -1;
	if (d->in.offset == 0 && d->load->work == NULL)	/* a dump program that failed, most likely */
		return input_error(&d->in, NULL, e, "the dump is empty");
	if (d->commented && !d->completed)
		return input_error(&d->in, NULL, e, "no \"-- Dump completed\" line: the dump is truncated");
	if (d->transaction)
		return input_error(&d->in, NULL, e, "a transaction begins and no COMMIT follows: the dump is truncated");
	return 0;
}

int
dump_open(struct dump *d, const char *file, struct error *e)
{
	struct stat st;

	if (input_open(&d->in, file, MAX_ROW, d->stop, e) == -1)
		return -1;
	d->in.piece = d->options->piece;
	if (d->load->work == NULL && !d->definitions_only) {
		d->load->waits = fstat(d->in.fd, &st) == 0 && !S_ISREG(st.st_mode);
		d->in.before_wait = load_wait;
		d->in.arg = d->load;
	}
	return 0;
}

/* Up to and with the last slash; "" where there is none, as for standard input. */
static char *
folder_of(const char *file)
{
	const char *slash = strrchr(file, '/');

	return strndup(file, slash == NULL ? 0 : (size_t)(slash - file) + 1);
}

int
dump_file(struct dump *d, const char *file, struct error *e)
{
	int rc = -1;

	if (d->folder == NULL && (d->folder = folder_of(file)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", file, strerror(errno));
	d->before = 0;
	if (dump_open(d, file, e) == 0) {
		d->load->stats.fd = d->in.fd;
		rc = read_all(d, e);
		d->load->stats.fd = -1;
	}
	input_close(&d->in);
	return rc;
}

static int
read_definitions(struct load *l, const char *file, const char *folder, const struct dump_options *o, const struct stop *stop,
    struct error *e)
{
	struct dump d;
	size_t i;
	int rc = -1;

	if (dump_init(&d, l, o, stop, e) == 0) {
		d.definitions_only = true;
		d.folder = folder == NULL ? NULL : strdup(folder);
		rc = dump_file(&d, file, e);
	}
	dump_free(&d);
	for (i = 0; i < l->count; i++)
		l->all[i]->fixed = true;
	return rc;
}

int
dump_definitions(struct load *l, const char *file, const struct dump_options *o, const struct stop *stop, struct error *e)
{
	return read_definitions(l, file, NULL, o, stop, e);
}

int
dump_look_ahead(struct dump *d, struct error *e)
{
	struct stat st;
	char name[64];

	if (fstat(d->in.fd, &st) == -1 || !S_ISREG(st.st_mode))
		return 0;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", d->in.fd);	/* a descriptor with an offset of its own */
	log_info("looking through the dump for its tables' keys");
	return read_definitions(d->load, name, d->folder, d->options, d->stop, e) == -1 ? error_at(e, "%s", d->in.name) : 1;
}

int
dump_load(struct load *l, const char *file, const struct dump_options *o, const struct stop *stop, struct error *e)
{
	struct error flush;
	struct dump d;
	int rc = -1;

	if (o->schema != NULL && dump_definitions(l, o->schema, o, stop, e) == -1)
		return -1;
	l->pos = o->pos;
	if (dump_init(&d, l, o, stop, e) == 0 && dump_file(&d, file, e) == 0)
		rc = load_end(l, e);
	if (rc == -1 && load_flush(l, &flush) == -1)
		log_warn("%s", flush.text);
	if (l->bad_bytes > 0)
		log_warn("invalid bytes became U+FFFD count=%" PRIu64, l->bad_bytes);
	dump_free(&d);
	return rc;
}
