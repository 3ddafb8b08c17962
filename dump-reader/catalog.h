/* SPDX-License-Identifier: ISC */
/* What is in a folder of files: which tables they define, and which files have whose rows. */
#ifndef DUMP_READER_CATALOG_H
#define DUMP_READER_CATALOG_H

#include "dump.h"
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

/* Lists the files, and finds out who wrote them. */
int	 catalog_list(struct folder *, struct error *);
/* Reads the definitions and finds the files of rows. RC_FAIL for files that are none of a dump, too. */
int	 catalog_read(struct folder *, struct error *);
/* What the names of a table's files begin with: text, n bytes; NULL: no file defines such a table. */
const struct prefix *catalog_prefix(const struct folder *, const char *text, size_t n);
/* Does the name, but for .gz or .zst behind it, end so? *n: bytes before that. */
bool	 catalog_ends(const char *name, const char *with, size_t *n);
/* The file's path; -1: RC_FAIL, it is too long. */
int	 catalog_path(const struct folder *, const char *name, char path[MAX_PATH], struct error *);
void	 catalog_free(struct folder *);

#endif
