/* SPDX-License-Identifier: ISC */
/* The keys that a configuration may have, and which values each takes: for config.c alone. */
#ifndef LIB_SETTING_H
#define LIB_SETTING_H

#include "lib/config.h"
#include "lib/json.h"

#define MAX_CONFIG (1 << 20)	/* bytes; a person writes it */

/* The key's place in config_keys; config_keys_count: there is none. */
size_t	 setting_index(const char *path);
/* Do keys called `name.…` exist? */
bool	 setting_is_section(const char *name);
/* Does the text fit the key's type? where: file and line, or the variable. No message shows a value: it may be a
 * password under the wrong key. -1: RC_USAGE. */
int	 setting_check(const struct config_key *, const char *value, const char *where, struct error *);
/* The token's value as text, malloc'ed: a list's elements with an LF behind each. NULL: it is of another type than the key;
 * setting_type says what it must be. */
char	*setting_text(const struct json *, int token, const struct config_key *);
const char *setting_type(const struct config_key *);

#endif
