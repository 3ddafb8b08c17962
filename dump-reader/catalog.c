/* SPDX-License-Identifier: ISC */
/* Finding out what is in a folder. */
#include <sys/stat.h>

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"

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

bool
catalog_ends(const char *name, const char *with, size_t *n)
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

int
catalog_list(struct folder *f, struct error *e)
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
		if (strncmp(f->names[i], "metadata", 8) == 0 || catalog_ends(f->names[i], "-schema.sql", &n) ||
		    catalog_ends(f->names[i], "-schema-create.sql", &n))
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

int
catalog_path(const struct folder *f, const char *name, char path[MAX_PATH], struct error *e)
{
	return (size_t)snprintf(path, MAX_PATH, "%s/%s", f->path, name) < MAX_PATH ? 0 :
	    error_set(e, RC_FAIL, "%s: %s", name, strerror(ENAMETOOLONG));
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

const struct prefix *
catalog_prefix(const struct folder *f, const char *text, size_t n)
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

	if (catalog_path(f, name, path, e) == -1)
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
		if (!catalog_ends(f->names[i], "-schema-create.sql", &n))
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
		if (!catalog_ends(f->names[i], ending, &n) || has_name(f, f->names[i], n, "-schema-view.sql"))
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
	if (catalog_path(f, name, path, e) == -1)
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
		if ((p = catalog_prefix(f, name, k)) != NULL) {
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
		if (catalog_ends(name, endings[i], &n))
			return !f->tab;
	/* of the rows that LOAD DATA reads */
	return (catalog_ends(name, ".dat", &n) || catalog_ends(name, ".csv", &n)) && has_name(f, name, n, ".sql");
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
		if (holds_no_rows(f, f->names[i]) || (f->tab && catalog_ends(f->names[i], ".sql", &n)))
			continue;
		if (!catalog_ends(f->names[i], ending, &n) && (f->tab || !catalog_ends(f->names[i], ".csv", &n)))
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

int
catalog_read(struct folder *f, struct error *e)
{
	if (!f->tab && read_databases(f, e) == -1)
		return -1;
	return read_tables(f, e) == -1 ? -1 : find_units(f, e);
}

void
catalog_free(struct folder *f)
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
}
