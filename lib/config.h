/* SPDX-License-Identifier: ISC */
/* The configuration: one JSON file, each value also by environment (m2e-config.5). */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"

enum config_type { CONFIG_STRING, CONFIG_NUMBER, CONFIG_BOOL, CONFIG_CHOICE, CONFIG_LIST, CONFIG_SECRET, CONFIG_TABLES };

/* One key that exists: the table in setting.c is the only place where they are listed. */
struct config_key {
	const char *path;	/* "database.host"; its variable is M2E_DATABASE_HOST */
	enum config_type type;
	const char *preset;	/* default, or NULL */
	int64_t min, max;	/* CONFIG_NUMBER */
	const char *choices;	/* CONFIG_CHOICE: "a|b|c" */
	bool lone;		/* CONFIG_LIST: a string alone may stand for it */
	const char *retired;	/* accepted from older files, ignored with this advice */
};
extern const struct config_key config_keys[];
extern const size_t config_keys_count;

struct config {
	char **values;		/* one a key, NULL = not set; a list's elements are joined by LF; tables: JSON */
};

/* Reads file (NULL: environment and defaults only), checks every key. -1: RC_USAGE, the message names file, line
 * and key, and never a value. Warns (log) about a file that others may read and that holds a secret, and about
 * retired keys. An empty variable is as good as none; one that begins as ours do but is no key's is an error. */
int	 config_load(struct config *, const char *file, struct error *);
/* Puts a value over what file and environment say (a command line option's); checked as they are, -1: RC_USAGE. */
int	 config_set(struct config *, const char *path, const char *value, const char *option, struct error *);
void	 config_free(struct config *);
/* The value as text, NULL when it has none; path must be one of config_keys. */
const char *config_get(const struct config *, const char *path);
/* Has it a value that is not the default? A secret also has one when its file is named. */
bool	 config_is_set(const struct config *, const char *path);
/* A number that config_load has checked; fallback when it has none. */
int64_t	 config_number(const struct config *, const char *path, int64_t fallback);
bool	 config_bool(const struct config *, const char *path);
/* The i-th element of a list, malloc'ed; NULL: there is none. */
char	*config_item(const struct config *, const char *path, size_t i);
/* A secret, malloc'ed: the key's own value, else the first line of the file that `PATH_file` names. NULL with
 * e->rc == RC_OK: none is set; else the file can't be read (RC_USAGE). */
char	*config_secret(const struct config *, const char *path, struct error *);
/* The first line of a file, malloc'ed, without its line end; NULL: RC_USAGE. */
char	*secret_read(const char *file, struct error *);
/* "M2E_DATABASE_HOST" for "database.host". */
void	 config_variable(const char *path, char *name, size_t size);

#endif
