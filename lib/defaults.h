/* SPDX-License-Identifier: ISC */
/* The option files of MySQL's and MariaDB's own clients, as far as a connection goes (MySQL manual, "Using Option Files"). */
#ifndef LIB_DEFAULTS_H
#define LIB_DEFAULTS_H

#include "lib/config.h"
#include "lib/error.h"

/* Fills in what the configuration has not: of the groups client, client-server, client-mariadb and m2e, and the same with
 * suffix behind (NULL: none), the last line that says it. Connector/C reads such files, too, but puts them over everything
 * else, and knows no suffix. -1: RC_USAGE: the file, a line of it, or an option about TLS that is not known. */
int	 defaults_read(struct config *, const char *file, const char *suffix, struct error *);

#endif
