/* SPDX-License-Identifier: ISC */
/* A folder of files. */
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "folder.h"
#include "metadata.h"
#include "work.h"

#define MAX_PATH ((size_t)4096)	/* bytes, with the NUL; the system's PATH_MAX */

/* Files whose names begin so are a database's or a table's. */
struct prefix {
	char *text;		/* "db" or "db.table", as in the names of files */
	char *db;		/* the database's own name */
	size_t table;		/* load's all[table]; SIZE_MAX: a database, or a table that is not wanted */
	/* mysqldump --tab: how the rows are to be read */
	bool has_zone;
	int32_t utc_offset_s;
	const struct charset *charset;
};

struct folder {
	const char *path;
	const struct dump_options *options;
	struct load *load;
	char **names;		/* sorted */
	size_t count;
	bool tab;		/* mysqldump --tab wrote it, else mydumper */
	bool has_metadata;
	struct metadata metadata;
	struct prefix *prefixes;
	size_t prefixes_count;
	struct unit *units;
	size_t units_count;
	uint64_t *expected;
	struct dump dump;
};

static int
no_memory(const struct folder *f, struct error *e)
{
	return error_set(e, RC_TEMP, "%s: %s", f->path, strerror(errno));
}

/* Without .gz and .zst. */
static size_t
name_length(const char *name)
{
	size_t n = strlen(name);

	if (n > 3 && strcmp(name + n - 3, ".gz") == 0)
		return n - 3;
	return n > 4 && strcmp(name + n - 4, ".zst") == 0 ? n - 4 : n;
}

/* Does the name, but for its compression, end so? *n: bytes before that. */
static bool
ends(const char *name, const char *with, size_t *n)
{
	size_t len = name_length(name), k = strlen(with);

	*n = len > k ? len - k : 0;
	return len > k && memcmp(name + len - k, with, k) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
add_name(struct folder *f, const char *name, struct error *e)
{
	char **grown = f->count % 1024 == 0 ? reallocarray(f->names, f->count + 1024, sizeof(*grown)) : f->names;

	if (grown == NULL)
		return no_memory(f, e);
	f->names = grown;
	if ((f->names[f->count] = strdup(name)) == NULL)
		return no_memory(f, e);
	return ++f->count <= MAX_UNITS ? 0 : error_set(e, RC_FAIL, "%s: more than %zu files", f->path, MAX_UNITS);
}

static int
list(struct folder *f, struct error *e)
{
	DIR *dir = opendir(f->path);
	struct dirent *d;
	size_t i, n;
	int rc = 0;

	if (dir == NULL)
		return error_set(e, RC_FAIL, "%s: %s", f->path, strerror(errno));
	while (rc == 0 && (errno = 0, d = readdir(dir)) != NULL)
		if (d->d_name[0] != '.')
			rc = add_name(f, d->d_name, e);
	if (rc == 0 && errno != 0)
		rc = error_set(e, RC_FAIL, "%s: %s", f->path, strerror(errno));
	closedir(dir);
	if (f->count > 0)
		qsort(f->names, f->count, sizeof(*f->names), by_name);
	f->tab = true;
	for (i = 0; i < f->count; i++)
		if (strncmp(f->names[i], "metadata", 8) == 0 || ends(f->names[i], "-schema.sql", &n) ||
		    ends(f->names[i], "-schema-create.sql", &n))
			f->tab = false;
	return rc;
}

static bool
has_name(const struct folder *f, const char *stem, size_t n, const char *ending)
{
	static const char *const packed[] = { "", ".gz", ".zst" };
	char *name, *found;
	size_t i;

	for (i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		if (asprintf(&name, "%.*s%s%s", (int)n, stem, ending, packed[i]) == -1)
			return false;
		found = f->count == 0 ? NULL : bsearch(&name, f->names, f->count, sizeof(*f->names), by_name);
		free(name);
		if (found != NULL)
			return true;
	}
	return false;
}

static int
put_path(const struct folder *f, const char *name, char path[MAX_PATH], struct error *e)
{
	return (size_t)snprintf(path, MAX_PATH, "%s/%s", f->path, name) < MAX_PATH ? 0 :
	    error_set(e, RC_FAIL, "%s: %s", name, strerror(ENAMETOOLONG));
}

/* `metadata`, or `metadata.partial` while mydumper is at work. */
static int
read_metadata(struct folder *f, struct error *e)
{
	static const char *const names[] = { "metadata", "metadata.partial" };
	char path[MAX_PATH];
	size_t i;
	int fd, rc;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (put_path(f, names[i], path, e) == -1)
			return -1;
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1) {
			if (errno != ENOENT)
				return error_set(e, RC_FAIL, "%s: %s", path, strerror(errno));
			continue;
		}
		rc = metadata_read(&f->metadata, fd, path, e);
		close(fd);
		f->has_metadata = true;
		return rc;
	}
	if (!f->tab)
		log_warn("the folder has no metadata: nothing says whether it is complete folder=%s", f->path);
	return 0;
}

static void
take_position(struct folder *f)
{
	struct load *l = f->load;
	struct pos *pos = &f->metadata.pos;

	pos->epoch = f->options->epoch;
	l->pos = pos_is_set(pos) ? *pos : f->options->pos;
	if (pos_is_set(pos) && pos_is_set(&f->options->pos) && pos_cmp(pos, &f->options->pos) != 0)
		log_warn("the dump has a position of its own, --pos is not used");
	if (f->metadata.gtids != NULL && *f->metadata.gtids != '\0') {
		l->gtids = f->metadata.gtids;
		f->metadata.gtids = NULL;
	}
}

static struct prefix *
add_prefix(struct folder *f, const char *text, size_t n, const char *db, struct error *e)
{
	struct prefix *grown = reallocarray(f->prefixes, f->prefixes_count + 1, sizeof(*grown)), *p;

	if (grown != NULL)
		f->prefixes = grown;
	if (grown == NULL) {
		no_memory(f, e);
		return NULL;
	}
	p = &grown[f->prefixes_count++];
	*p = (struct prefix){ .text = strndup(text, n), .db = strdup(db), .table = SIZE_MAX };
	if (p->text == NULL || p->db == NULL) {
		no_memory(f, e);
		return NULL;
	}
	return p;
}

static const struct prefix *
find_prefix(const struct folder *f, const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < f->prefixes_count; i++)
		if (strlen(f->prefixes[i].text) == n && memcmp(f->prefixes[i].text, text, n) == 0)
			return &f->prefixes[i];
	return NULL;
}

/* The name of the database whose files begin as `text` does, and the bytes of that beginning: the longest that a file
 * creates (names may have dots), or what stands before the first dot. */
static size_t
database_of(const struct folder *f, const char *text, size_t n, const char **db)
{
	const char *dot = memchr(text, '.', n);
	size_t i, k, best = 0;

	*db = NULL;
	for (i = 0; i < f->prefixes_count; i++) {
		k = strlen(f->prefixes[i].text);
		if (f->prefixes[i].table == SIZE_MAX && k > best && k < n && text[k] == '.' &&
		    memcmp(text, f->prefixes[i].text, k) == 0) {
			best = k;
			*db = f->prefixes[i].db;
		}
	}
	return best > 0 ? best : dot == NULL ? 0 : (size_t)(dot - text);
}

/* Reads what a file defines; what it says is then in f->dump. */
static int
read_schema(struct folder *f, const char *name, const char *db, struct error *e)
{
	char path[MAX_PATH];

	if (put_path(f, name, path, e) == -1)
		return -1;
	dump_reset(&f->dump, db);
	f->dump.definitions_only = true;
	return dump_file(&f->dump, path, e);
}

/* DB-schema-create.sql: how the database is really called. */
static int
read_databases(struct folder *f, struct error *e)
{
	size_t i, n;

	for (i = 0; i < f->count; i++) {
		if (!ends(f->names[i], "-schema-create.sql", &n))
			continue;
		if (read_schema(f, f->names[i], "", e) == -1)
			return -1;
		if (f->dump.created[0] == '\0')
			return error_set(e, RC_FAIL, "%s/%s: no CREATE DATABASE in it", f->path, f->names[i]);
		if (add_prefix(f, f->names[i], n, f->dump.created, e) == NULL)
			return -1;
	}
	return 0;
}

/* What a file that defines a table said of its rows, too. */
static int
add_table(struct folder *f, const char *name, size_t n, const char *db, struct error *e)
{
	const struct load_table *t = f->dump.defined;
	struct prefix *p = add_prefix(f, name, n, db, e);

	if (p == NULL)
		return -1;
	p->has_zone = f->dump.has_zone;
	p->utc_offset_s = f->dump.utc_offset_s;
	p->charset = f->dump.charset;
	for (p->table = 0; p->table < f->load->count && f->load->all[p->table] != t; p->table++)
		;
	if (t == NULL || t->skipped)
		p->table = SIZE_MAX;
	return 0;
}

/* mydumper's stand-ins for views are tables in -schema.sql; the views are in -schema-view.sql. */
static int
read_tables(struct folder *f, struct error *e)
{
	const char *ending = f->tab ? ".sql" : "-schema.sql", *db;
	char *guess;
	size_t i, n, k;
	int rc;

	for (i = 0; i < f->count; i++) {
		if (!ends(f->names[i], ending, &n) || has_name(f, f->names[i], n, "-schema-view.sql"))
			continue;
		k = f->tab ? 0 : database_of(f, f->names[i], n, &db);
		if (f->tab)
			db = "";
		if ((guess = db != NULL ? strdup(db) : strndup(f->names[i], k)) == NULL)
			return no_memory(f, e);
		rc = read_schema(f, f->names[i], guess, e);
		if (rc == 0)
			rc = add_table(f, f->names[i], n, guess, e);
		free(guess);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
add_unit(struct folder *f, const char *name, size_t table, struct error *e)
{
	struct unit *grown = f->units_count % 1024 == 0 ?
	    reallocarray(f->units, f->units_count + 1024, sizeof(*grown)) : f->units;
	char path[MAX_PATH];
	struct stat st;

	if (grown == NULL)
		return no_memory(f, e);
	f->units = grown;
	if (put_path(f, name, path, e) == -1)
		return -1;
	if (stat(path, &st) == -1)
		return error_set(e, RC_FAIL, "%s: %s", path, strerror(errno));
	grown[f->units_count] = (struct unit){ .file = strdup(name), .table = table, .size = (uint64_t)st.st_size };
	return grown[f->units_count++].file == NULL ? no_memory(f, e) : 0;
}

/* A table of --schema, by the name of its file. *table: SIZE_MAX when it is not wanted. */
static int
table_by_name(const struct folder *f, const char *name, size_t n, size_t *table, struct error *e)
{
	const char *known;
	size_t k = database_of(f, name, n, &known), i;
	char *db = known != NULL ? strdup(known) : strndup(name, k), *t = strndup(name + k + (k > 0), n - k - (k > 0));
	bool wanted;

	if (db == NULL || t == NULL) {
		free(db);
		free(t);
		return no_memory(f, e);
	}
	for (i = 0; i < f->load->count && (strcmp(f->load->all[i]->table->db, db) != 0 ||
	    strcmp(f->load->all[i]->table->name, t) != 0); i++)
		;
	wanted = load_wants(f->load, db, t);
	*table = wanted && i < f->load->count ? i : SIZE_MAX;
	free(db);
	free(t);
	if (wanted && i == f->load->count)
		return error_set(e, RC_FAIL, "%s/%s: rows of a table whose definition is not in the folder", f->path, name);
	return 0;
}

/* Whose rows a file has: its name, or that without the numbers of a chunk, is a prefix. */
static int
table_of_file(const struct folder *f, const char *name, size_t n, size_t *table, struct error *e)
{
	const struct prefix *p;
	size_t k = n, digits;

	for (;;) {
		if ((p = find_prefix(f, name, k)) != NULL) {
			*table = p->table;
			return 0;
		}
		for (digits = 0; digits < k && isdigit((unsigned char)name[k - 1 - digits]); digits++)
			;
		if (digits == 0 || digits + 1 >= k || name[k - 1 - digits] != '.')
			break;
		k -= digits + 1;
	}
	return table_by_name(f, name, k, table, e);
}

/* Files that hold no rows, or of which others tell. */
static bool
holds_no_rows(const struct folder *f, const char *name)
{
	static const char *const endings[] = { "-schema.sql", "-schema-create.sql", "-schema-view.sql", "-schema-post.sql",
	    "-schema-triggers.sql", "-schema-sequence.sql", "-checksum", "-schema-checksum", "-metadata" };
	size_t i, n;

	if (strncmp(name, "metadata", 8) == 0)
		return true;
	for (i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		if (ends(name, endings[i], &n))
			return !f->tab;
	/* of the rows that LOAD DATA reads */
	return (ends(name, ".dat", &n) || ends(name, ".csv", &n)) && has_name(f, name, n, ".sql");
}

static int
by_table(const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	return x->table != y->table ? (x->table < y->table ? -1 : 1) : strcmp(x->file, y->file);
}

static int
find_units(struct folder *f, struct error *e)
{
	const char *ending = f->tab ? ".txt" : ".sql";
	size_t i, n, table = SIZE_MAX;

	for (i = 0; i < f->count; i++) {
		if (holds_no_rows(f, f->names[i]) || (f->tab && ends(f->names[i], ".sql", &n)))
			continue;
		if (!ends(f->names[i], ending, &n))
			return error_set(e, RC_FAIL, "%s/%s: not known as a file of a dump", f->path, f->names[i]);
		if (table_of_file(f, f->names[i], n, &table, e) == -1)
			return -1;
		if (table != SIZE_MAX && add_unit(f, f->names[i], table, e) == -1)
			return -1;
	}
	if (f->units_count > 0)
		qsort(f->units, f->units_count, sizeof(*f->units), by_table);
	return 0;
}

static int
find_expected(struct folder *f, struct error *e)
{
	const struct metadata_table *m;
	size_t i;

	if (f->load->count == 0)
		return 0;
	if ((f->expected = reallocarray(NULL, f->load->count, sizeof(*f->expected))) == NULL)
		return no_memory(f, e);
	for (i = 0; i < f->load->count; i++) {
		m = metadata_find(&f->metadata, f->load->all[i]->table->db, f->load->all[i]->table->name);
		f->expected[i] = m == NULL ? UINT64_MAX : m->rows;
	}
	return 0;
}

/* Tables that have no file of rows: mydumper makes none of an empty table, mysqldump --tab always does. */
static int
put_empty_tables(struct folder *f, bool unfinished, struct error *e)
{
	size_t i, k;

	for (i = 0; i < f->prefixes_count; i++) {
		struct load_table *t = f->prefixes[i].table == SIZE_MAX ? NULL : f->load->all[f->prefixes[i].table];

		for (k = 0; k < f->units_count && f->units[k].table != f->prefixes[i].table; k++)
			;
		if (t == NULL || k < f->units_count)
			continue;
		if (f->tab || (unfinished && f->expected[f->prefixes[i].table] != 0))
			log_warn("the dump defines a table and shows no sign of its rows: not done table=%s.%s",
			    t->table->db, t->table->name);
		else if (f->expected[f->prefixes[i].table] != UINT64_MAX && f->expected[f->prefixes[i].table] > 0)
			return error_set(e, RC_FAIL, "%s.%s has no file of rows, and metadata says %" PRIu64
			    ": the dump is truncated", t->table->db, t->table->name, f->expected[f->prefixes[i].table]);
		else if (load_done(f->load, t, e) == -1)
			return -1;
	}
	return load_flush(f->load, e);
}

/* Of characters that may have such bytes as a backslash or a quote in them the server escapes none. */
static int
check_columns_own(const struct table *t, const char *path, struct error *e)
{
	const struct charset *c;
	size_t i;

	for (i = 0; i < t->count; i++) {
		c = t->columns[i].charset;
		if (c != NULL && charset_max_bytes(c) > 1 && !charset_is_utf8(c))
			return error_set(e, RC_FAIL, "%s: column %s is written in %s, in which ends of fields are not found by "
			    "bytes: take this table's dump as SQL", path, t->columns[i].name, charset_name(c));
	}
	return 0;
}

/* mysqldump --tab: with utf8mb4, its default (utf8 once), the server wrote each column in its own character set. */
static int
read_fields(struct folder *f, const struct unit *u, const char *path, struct error *e)
{
	struct dump *d = &f->dump;
	const struct charset *charset;
	const struct prefix *p;
	size_t n;

	ends(u->file, ".txt", &n);
	if ((p = find_prefix(f, u->file, n)) == NULL)
		return error_set(e, RC_FAIL, "%s: no definition of its table", path);
	charset = p->charset;
	d->target = f->load->all[u->table];
	d->has_zone = p->has_zone;
	d->utc_offset_s = p->utc_offset_s;
	dump_all_columns(d);
	if (dump_check_columns(d, e) == -1)
		return error_at(e, "%s", path);
	if (charset_is_utf8(p->charset)) {
		charset = charset_find("binary");
		if (check_columns_own(d->target->table, path, e) == -1)
			return -1;
	}
	return dump_fields(d, path, &f->options->format, 0, charset, e);
}

static int
read_unit(void *arg, const struct unit *u, struct error *e)
{
	struct folder *f = arg;
	char path[MAX_PATH];

	if (put_path(f, u->file, path, e) == -1)
		return -1;
	dump_reset(&f->dump, f->load->all[u->table]->table->db);
	f->dump.definitions_only = false;
	f->dump.only = f->load->all[u->table];
	return f->tab ? read_fields(f, u, path, e) : dump_file(&f->dump, path, e);
}

static int
read_rows(struct folder *f, const char *resume, const struct stop *stop, struct error *e)
{
	bool unfinished = f->has_metadata && !f->metadata.finished;
	struct work w = { .load = f->load, .units = f->units, .count = f->units_count, .expected = f->expected,
	    .unfinished = unfinished };
	unsigned jobs = f->options->jobs > f->units_count ? (unsigned)f->units_count : f->options->jobs;
	int rc = -1;

	if (work_init(&w, resume, e) == 0 && load_begin(f->load, e) == 0 &&
	    (resume != NULL || put_empty_tables(f, unfinished, e) == 0) && load_flush(f->load, e) == 0)
		rc = work_run(&w, jobs, read_unit, f, stop, e);
	work_free(&w);
	if (rc == 0 && unfinished)
		return error_set(e, RC_FAIL, "%s: metadata has no \"Finished dump at\" line: the dump is truncated", f->path);
	return rc;
}

static void
folder_free(struct folder *f)
{
	while (f->count > 0)
		free(f->names[--f->count]);
	while (f->prefixes_count > 0) {
		free(f->prefixes[--f->prefixes_count].text);
		free(f->prefixes[f->prefixes_count].db);
	}
	while (f->units_count > 0)
		free(f->units[--f->units_count].file);
	free(f->names);
	free(f->prefixes);
	free(f->units);
	free(f->expected);
	metadata_free(&f->metadata);
	dump_free(&f->dump);
}

int
folder_load(struct load *l, const char *path, const struct dump_options *o, const char *resume, const struct stop *stop,
    struct error *e)
{
	struct dump_options options = *o;
	struct folder f = { .path = path, .options = &options, .load = l };
	struct error flush;
	int rc = -1;

	options.folder = path;
	if (dump_init(&f.dump, l, &options, stop, e) == 0 && list(&f, e) == 0 && read_metadata(&f, e) == 0 &&
	    (o->schema == NULL || dump_definitions(l, o->schema, &options, stop, e) == 0) &&
	    (f.tab || read_databases(&f, e) == 0) && read_tables(&f, e) == 0 && find_units(&f, e) == 0 &&
	    find_expected(&f, e) == 0) {
		take_position(&f);
		rc = read_rows(&f, resume, stop, e);
	}
	if (rc == -1 && load_flush(l, &flush) == -1)
		log_warn("%s", flush.text);
	if (l->bad_bytes > 0)
		log_warn("invalid bytes became U+FFFD count=%" PRIu64, l->bad_bytes);
	folder_free(&f);
	return rc;
}
