/* SPDX-License-Identifier: ISC */
/* mariadb-dump and mysqldump: which one fits the server, and what it is told. */
#ifndef DUMP_READER_PROGRAM_H
#define DUMP_READER_PROGRAM_H

#include <stdbool.h>

#include "lib/db.h"
#include "lib/stop.h"

struct program {
	const char *path;
	bool mariadb;
	unsigned long version;	/* as mysql_get_server_version has it: 80026 */
};

/* path: as configured, or NULL: the first of those that fit the server. RC_USAGE: none is there, or it is for the
 * other kind of server. */
int	 program_find(struct program *, const char *path, const struct db_server *, const struct stop *, struct error *);
/* A descriptor of an option file in memory that holds the password, for nobody else to read; the child inherits it. */
int	 program_option_file(const struct program *, const struct db_options *, struct error *);
/* Its arguments, NULL at the end; program_free_arguments frees it. names: the tables. */
const char **program_arguments(const struct program *, int option_fd, const char *db, const char *const *names,
	    size_t count, struct error *);
void	 program_free_arguments(const char **);

#endif
