/* SPDX-License-Identifier: ISC */
/* What a dump's comments and its statements, other than INSERT, say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "dump.h"

static int
set_db(struct dump *d, const struct sql_token *t, struct error *e)
{
	char *name = sql_strdup(t);

	if (name == NULL || strlen(name) >= sizeof(d->db)) {
		free(name);
		return input_error(&d->in, NULL, e, "a database's name was expected");
	}
	strlcpy(d->db, name, sizeof(d->db));
	d->head.len = 0;
	free(name);
	return 0;
}

int
dump_take_name(struct dump *d, struct sql *s, char **db, char **name, struct error *e)
{
	struct sql_token t = sql_next(s);

	*db = *name = NULL;
	if (!sql_is_name(&t))
		return input_error(&d->in, NULL, e, "a table's name was expected");
	if (sql_take_mark(s, '.')) {
		if ((*db = sql_strdup(&t)) == NULL)
			return input_error(&d->in, NULL, e, "a database's name was expected");
		t = sql_next(s);
	}
	*name = sql_is_name(&t) ? sql_strdup(&t) : NULL;
	if (*db == NULL && d->db[0] == '\0' && d->options->database != NULL)
		strlcpy(d->db, d->options->database, sizeof(d->db));
	if (*db == NULL && d->db[0] != '\0')
		*db = strdup(d->db);
	if (*db != NULL && *name != NULL)
		return 0;
	if (*name != NULL)
		input_error(&d->in, NULL, e, "the dump does not say of which database this table is: --database NAME");
	else
		input_error(&d->in, NULL, e, "a table's name was expected");
	free(*db);
	free(*name);
	return -1;
}

/* `table` or `db`.`table` at s: its definition; NULL with RC_OK when it is not known or not wanted. */
static struct load_table *
named_table(struct dump *d, struct sql *s, struct error *e)
{
	struct load_table *t;
	char *db, *name;

	e->rc = RC_OK;
	if (dump_take_name(d, s, &db, &name, e) == -1)
		return NULL;
	t = load_find(d->load, db, name);
	free(db);
	free(name);
	return t != NULL && t->skipped ? NULL : t;
}

bool
dump_zone(const char *text, int32_t *utc_offset_s)
{
	int hours, minutes, n = 0;

	if (strcasecmp(text, "UTC") == 0 || strcasecmp(text, "Z") == 0) {
		*utc_offset_s = 0;
		return true;
	}
	if ((*text != '+' && *text != '-') || sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &n) != 2 ||
	    text[1 + n] != '\0' || hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
		return false;
	*utc_offset_s = (*text == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
	return true;
}

/* MASTER_LOG_FILE='…', MASTER_LOG_POS=…, and their names since MySQL 8.0.23; other settings are not ours. */
static int
on_change(struct dump *d, struct sql *s, struct error *e)
{
	struct pos pos = { .epoch = d->options->epoch };
	struct sql_token name, value;
	bool has_offset = false;
	char *file;

	for (name = sql_next(s); name.type != SQL_END && name.type != SQL_BAD; name = sql_next(s)) {
		if (!sql_take_mark(s, '='))
			continue;
		value = sql_next(s);
		if (sql_is(&name, "MASTER_LOG_FILE") || sql_is(&name, "SOURCE_LOG_FILE")) {
			file = sql_strdup(&value);
			if (file == NULL || strlcpy(pos.file, file, sizeof(pos.file)) >= sizeof(pos.file)) {
				free(file);
				return input_error(&d->in, NULL, e, "the binary log's name is too long");
			}
			free(file);
		} else if (sql_is(&name, "MASTER_LOG_POS") || sql_is(&name, "SOURCE_LOG_POS")) {
			pos.offset = strtoull(value.text, NULL, 10);	/* ends at the delimiter at the latest */
			has_offset = value.type == SQL_NUMBER;
		}
	}
	if (!pos_is_set(&pos) || !has_offset || d->definitions_only)
		return 0;	/* MASTER_USE_GTID alone: the file's position stands elsewhere */
	if (d->has_pos && pos_cmp(&pos, &d->load->pos) != 0)
		return input_error(&d->in, NULL, e, "a second position (--dump-slave, --dump-replica)");
	d->has_pos = true;
	if (d->load->rows > 0 && pos_cmp(&pos, &d->load->pos) != 0)
		return input_error(&d->in, NULL, e, "a position behind the first rows");
	if (pos_is_set(&d->options->pos) && pos_cmp(&pos, &d->options->pos) != 0)
		log_warn("the dump has a position of its own, --pos is not used");
	d->load->pos = pos;
	return 0;
}

/* The text behind prefix; NULL: it does not begin so. */
static const char *
behind(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

/* Spaces and line breaks in a GTID set mean nothing; MySQL's + only adds. */
static int
set_gtids(struct dump *d, const struct sql_token *value, struct error *e)
{
	char *text, *from, *to;

	if (value->type != SQL_STRING || d->definitions_only)
		return 0;
	if ((text = sql_strdup(value)) == NULL)
		return error_set(e, RC_TEMP, "GTIDs: %s", strerror(errno));
	for (from = to = text; *from != '\0'; from++)
		if (strchr(" \t\r\n+", *from) == NULL)
			*to++ = *from;
	*to = '\0';
	free(d->load->gtids);
	d->load->gtids = text;
	return 0;
}

/* Dumps may follow one another in one file, each with a position of its own. */
static int
on_dump_begin(struct dump *d, struct error *e)
{
	if (d->commented && !d->completed)
		return input_error(&d->in, NULL, e, "another dump begins, the one before it is truncated");
	if (d->commented && !d->definitions_only) {
		if (load_open(d->load, NULL, e) == -1)
			return -1;
		d->load->pos = d->options->pos;
		free(d->load->gtids);
		d->load->gtids = NULL;
		d->has_pos = false;
		d->load->rows = 0;
		d->has_zone = d->no_backslash_escapes = false;
		d->db[0] = '\0';
		d->head.len = 0;
	}
	d->commented = true;
	d->completed = false;
	return 0;
}

static int
open_table(struct dump *d, struct load_table *t, struct error *e)
{
	return d->definitions_only ? 0 : load_open(d->load, t, e);
}

int
dump_comment(struct dump *d, const char *line, size_t n, struct error *e)
{
	struct load_table *t;
	struct sql_token token;
	const char *rest;
	struct sql s;
	char *text;
	int rc = 0;

	if (n < 4 || line[0] != '-' || memchr(line, '\0', n) != NULL)
		return 0;
	if ((text = strndup(line, n)) == NULL)
		return error_set(e, RC_TEMP, "comment: %s", strerror(errno));
	if (behind(text, "-- MySQL dump ") != NULL || behind(text, "-- MariaDB dump ") != NULL) {
		rc = on_dump_begin(d, e);
	} else if (behind(text, "-- Dump completed") != NULL) {
		d->completed = true;
	} else if (behind(text, "-- phpMyAdmin SQL Dump") != NULL) {
		d->keys_last = true;
	} else if ((rest = behind(text, "-- Server version\t")) != NULL && !d->definitions_only) {
		strlcpy(d->load->source.version, rest, sizeof(d->load->source.version));
	} else if (behind(text, "-- Host: ") != NULL && (rest = strstr(text, "    Database: ")) != NULL) {
		if (d->options->database == NULL)
			strlcpy(d->db, rest + strlen("    Database: "), sizeof(d->db));
	} else if ((rest = behind(text, "-- CHANGE ")) != NULL) {
		sql_init(&s, rest, strlen(rest));
		rc = on_change(d, &s, e);
	} else if ((rest = behind(text, "-- SET GLOBAL gtid_slave_pos=")) != NULL) {
		sql_init(&s, rest, strlen(rest));
		token = sql_next(&s);
		rc = set_gtids(d, &token, e);
	} else if ((rest = behind(text, "-- Current Database: ")) != NULL) {
		sql_init(&s, rest, strlen(rest));
		token = sql_next(&s);
		rc = set_db(d, &token, e);
	} else if ((rest = behind(text, "-- Dumping data for table ")) != NULL) {
		/* says also of a table without rows that they are all here */
		sql_init(&s, rest, strlen(rest));
		t = named_table(d, &s, e);
		rc = e->rc != RC_OK ? -1 : t != NULL ? open_table(d, t, e) : 0;
	} else if (behind(text, "-- WHERE: ") != NULL && d->load->open != NULL) {
		d->load->open->filtered = true;
	}
	free(text);
	return rc;
}

/* A table without a key may get one by ALTER TABLE behind its rows, but not in what the servers' own programs write. */
static int
define(struct dump *d, struct table *t, bool sequence, struct error *e)
{
	struct load_table *known = load_find(d->load, t->db, t->name);
	int rc = 0;

	if (t->key_count == 0 && !sequence && !d->commented && !d->definitions_only && (known == NULL || !known->fixed)) {
		if ((rc = dump_look_ahead(d, e)) == 0 && d->keys_last)
			rc = input_error(&d->in, NULL, e, "%s.%s: its key comes behind its rows: read the dump from a file, "
			    "or --schema FILE", t->db, t->name);
	}
	if (rc == -1) {
		table_free(t);
		return -1;
	}
	if ((d->defined = load_define(d->load, t, e)) == NULL)
		return -1;
	d->defined->skipped = sequence;
	return 0;
}

/* mydumper writes a MariaDB sequence as the table that SELECT shows, with an option that says so. */
static bool
is_sequence(const char *text, size_t n)
{
	const char *options = memrchr(text, ')', n);

	return options != NULL && memmem(options, n - (size_t)(options - text), "SEQUENCE=1", 10) != NULL;
}

static int
on_create_database(struct dump *d, struct sql *s, struct error *e)
{
	struct sql_token t;
	char *name;

	if (sql_take(s, "IF") && (!sql_take(s, "NOT") || !sql_take(s, "EXISTS")))
		return input_error(&d->in, NULL, e, "IF NOT EXISTS was expected");
	t = sql_next(s);
	name = sql_is_name(&t) ? sql_strdup(&t) : NULL;
	if (name == NULL || strlcpy(d->created, name, sizeof(d->created)) >= sizeof(d->created)) {
		free(name);
		return input_error(&d->in, NULL, e, "a database's name was expected");
	}
	free(name);
	return 0;
}

/* CREATE TABLE; what else is created has no rows. */
static int
on_create(struct dump *d, struct sql *s, struct error *e)
{
	const char *text = s->start;
	size_t n = (size_t)(s->end - s->start);
	struct table *t;
	char *db, *name;
	bool wanted;

	if (sql_take(s, "OR"))
		sql_take(s, "REPLACE");
	if (sql_take(s, "DATABASE") || sql_take(s, "SCHEMA"))
		return on_create_database(d, s, e);
	/* in an executable comment it stands in for a view, until the view is made at the dump's end */
	if (s->executable > 0 || !sql_take(s, "TABLE"))
		return 0;
	if (sql_take(s, "IF") && (!sql_take(s, "NOT") || !sql_take(s, "EXISTS")))
		return input_error(&d->in, NULL, e, "IF NOT EXISTS was expected");
	if (dump_take_name(d, s, &db, &name, e) == -1)
		return -1;
	wanted = load_wants(d->load, db, name);
	d->head.len = 0;
	if (wanted && (t = table_from_create(text, n, db, e)) == NULL) {
		free(db);
		free(name);
		return error_at(e, "%s: byte %llu", d->in.name, (unsigned long long)d->in.offset);
	}
	free(db);
	free(name);
	if (!wanted)
		return open_table(d, NULL, e);
	if (d->load->open != NULL && open_table(d, NULL, e) == -1) {
		table_free(t);
		return -1;
	}
	return define(d, t, is_sequence(text, n), e);
}

static int
on_begin(struct dump *d, struct sql *s, struct error *e)
{
	(void)s, (void)e;
	d->transaction = true;
	return 0;
}

/* START TRANSACTION; START SLAVE is none. */
static int
on_start(struct dump *d, struct sql *s, struct error *e)
{
	return sql_take(s, "TRANSACTION") ? on_begin(d, s, e) : 0;
}

static int
on_commit(struct dump *d, struct sql *s, struct error *e)
{
	(void)s, (void)e;
	d->transaction = false;
	return 0;
}

static int
on_use(struct dump *d, struct sql *s, struct error *e)
{
	struct sql_token t = sql_next(s), end = sql_next(s);

	/* to the client its line ends it, too: what follows would be missed */
	if (!sql_is_name(&t) || end.type != SQL_END)
		return input_error(&d->in, NULL, e, "USE NAME and %s were expected", d->delimiter);
	return set_db(d, &t, e);
}

int
dump_check_charset(const struct dump *d, const struct charset *c, struct error *e)
{
	/* in these a backslash can be a character's second byte, so the strings' ends are not found by bytes */
	if (charset_max_bytes(c) > 1 && !charset_is_utf8(c))
		return input_error(&d->in, NULL, e, "a dump in %s is not read: make it with "
		    "--default-character-set=utf8mb4", charset_name(c));
	return 0;
}

static int
set_names(struct dump *d, struct sql *s, struct error *e)
{
	struct sql_token t = sql_next(s);
	char *name = sql_strdup(&t);

	if (name == NULL || (d->charset = charset_find(name)) == NULL) {
		input_error(&d->in, NULL, e, "an unknown character set: %s", name == NULL ? "" : name);
		free(name);
		return -1;
	}
	if (dump_check_charset(d, d->charset, e) == -1) {
		free(name);
		return -1;
	}
	if (!d->warned_lossy && !charset_is_binary(d->charset) && strcmp(charset_name(d->charset), "utf8mb4") != 0) {
		log_warn("the dump holds '?' for each character that its character set lacks charset=%s", name);
		d->warned_lossy = true;
	}
	free(name);
	return 0;
}

static void
set_zone(struct dump *d, const struct sql_token *value)
{
	char *text = value->type == SQL_STRING ? sql_strdup(value) : NULL;

	if (text == NULL && d->definitions_only)
		return;		/* what it is set back to at the file's end is not the rows' */
	d->has_zone = text != NULL && dump_zone(text, &d->utc_offset_s);
	free(text);
}

/* Of the modes one matters: a backslash in a string is one. What is computed is not known. */
static int
set_sql_mode(struct dump *d, const struct sql *s, const struct sql_token *value, struct error *e)
{
	static const char mode[] = "NO_BACKSLASH_ESCAPES";
	const char *end = value->type == SQL_STRING ? value->text + value->len : s->end, *p = value->text;

	while ((size_t)(end - p) >= sizeof(mode) - 1 && strncasecmp(p, mode, sizeof(mode) - 1) != 0)
		p++;
	d->no_backslash_escapes = (size_t)(end - p) >= sizeof(mode) - 1;
	return !d->no_backslash_escapes || value->type == SQL_STRING ? 0 :
	    input_error(&d->in, value->text, e, "sql_mode is read as a string only");
}

/* Names are read without regard to @: the server's variables and the client's copies of them. */
static int
on_set(struct dump *d, struct sql *s, struct error *e)
{
	struct sql_token t, value;

	for (t = sql_next(s); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(s)) {
		if (sql_is(&t, "NAMES")) {
			if (set_names(d, s, e) == -1)
				return -1;
		} else if (sql_is(&t, "TIME_ZONE") && sql_take_mark(s, '=')) {
			value = sql_next(s);
			set_zone(d, &value);
		} else if (sql_is(&t, "SQL_MODE") && sql_take_mark(s, '=')) {
			value = sql_next(s);
			if (set_sql_mode(d, s, &value, e) == -1)
				return -1;
		} else if ((sql_is(&t, "GTID_PURGED") || sql_is(&t, "gtid_slave_pos")) && sql_take_mark(s, '=')) {
			/* of several strings the last one, as the first may be a '+' in an executable comment */
			while ((value = sql_peek(s)).type == SQL_STRING) {
				sql_next(s);
				if (set_gtids(d, &value, e) == -1)
					return -1;
			}
		}
	}
	return 0;
}

static int
on_lock(struct dump *d, struct sql *s, struct error *e)
{
	struct load_table *t;

	if (!sql_take(s, "TABLES") && !sql_take(s, "TABLE"))
		return 0;
	t = named_table(d, s, e);
	return e->rc != RC_OK ? -1 : open_table(d, t, e);
}

static int
on_unlock(struct dump *d, struct sql *s, struct error *e)
{
	(void)s;
	return open_table(d, NULL, e);
}

/* Keys are added, or kept up or not; what changes a wanted table's definition otherwise would make its rows wrong. */
static int
on_alter(struct dump *d, struct sql *s, struct error *e)
{
	struct load_table *t;

	sql_take(s, "ONLINE");
	sql_take(s, "IGNORE");
	if (!sql_take(s, "TABLE"))
		return 0;
	t = named_table(d, s, e);
	if (t == NULL || e->rc != RC_OK || t->fixed)
		return e->rc != RC_OK ? -1 : 0;
	if ((sql_take(s, "DISABLE") || sql_take(s, "ENABLE")) && sql_take(s, "KEYS"))
		return 0;
	if (t->schema_sent)
		return input_error(&d->in, NULL, e, "ALTER TABLE behind the table's rows");
	if (table_alter(t->table, s->p, (size_t)(s->end - s->p), e) == -1)
		return error_at(e, "%s: byte %llu", d->in.name, (unsigned long long)d->in.offset);
	return 0;
}

/* Leading keywords; without a function: known to change no table's rows or definition. */
static const struct keyword {
	const char *word;
	int (*run)(struct dump *, struct sql *, struct error *);
} keywords[] = {
	{ "ALTER", on_alter }, { "BEGIN", on_begin }, { "CHANGE", on_change }, { "COMMIT", on_commit },
	{ "CREATE", on_create }, { "LOAD", dump_load_data }, { "LOCK", on_lock }, { "SET", on_set }, { "START", on_start }, { "UNLOCK", on_unlock },
	{ "USE", on_use },
	{ "ANALYZE" }, { "DEALLOCATE" }, { "DO" }, { "DROP" }, { "EXECUTE" }, { "FLUSH" },
	{ "GRANT" }, { "INSTALL" }, { "PREPARE" }, { "RESET" }, { "REVOKE" }, { "SELECT" }, { "SHOW" }, { "STOP" }, { "UNINSTALL" },
};

int
dump_statement(struct dump *d, const char *text, size_t n, struct error *e)
{
	struct sql_token t;
	struct sql s;
	size_t i;

	sql_init(&s, text, n);
	t = sql_next(&s);
	if (t.type == SQL_END)
		return 0;
	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (sql_is(&t, keywords[i].word))
			return keywords[i].run == NULL ? 0 : keywords[i].run(d, &s, e);
	return input_error(&d->in, NULL, e, "a statement that is not known in dumps");
}
