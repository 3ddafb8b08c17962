/* SPDX-License-Identifier: ISC */
/* A folder of files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "catalog.h"
#include "folder.h"

/* `metadata`, or `metadata.partial` while mydumper is at work. */
static int
read_metadata(struct folder *f, struct error *e)
{
	static const char *const names[] = { "metadata", "metadata.partial" };
	char path[MAX_PATH];
	size_t i;
	int fd, rc;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (catalog_path(f, names[i], path, e) == -1)
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

static int
find_expected(struct folder *f, struct error *e)
{
	const struct metadata_table *m;
	size_t i;

	if (f->load->count == 0)
		return 0;
	if ((f->expected = reallocarray(NULL, f->load->count, sizeof(*f->expected))) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", f->path, strerror(errno));
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

	catalog_ends(u->file, ".txt", &n);
	if ((p = catalog_prefix(f, u->file, n)) == NULL)
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
	size_t n;

	if (catalog_path(f, u->file, path, e) == -1)
		return -1;
	dump_reset(&f->dump, f->load->all[u->table]->table->db);
	f->dump.definitions_only = false;
	f->dump.only = f->load->all[u->table];
	if (f->tab)
		return read_fields(f, u, path, e);
	f->dump.target = f->load->all[u->table];
	return catalog_ends(u->file, ".csv", &n) ? dump_csv(&f->dump, path, e) : dump_file(&f->dump, path, e);
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
	catalog_free(f);
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
	if (dump_init(&f.dump, l, &options, stop, e) == 0 && catalog_list(&f, e) == 0 && read_metadata(&f, e) == 0 &&
	    (o->schema == NULL || dump_definitions(l, o->schema, &options, stop, e) == 0) &&
	    catalog_read(&f, e) == 0 && find_expected(&f, e) == 0) {
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
