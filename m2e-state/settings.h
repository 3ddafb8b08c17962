/* SPDX-License-Identifier: ISC */
/* The configuration as sh sees it. file "": environment and defaults alone. */
#ifndef SETTINGS_H
#define SETTINGS_H

#include "lib/error.h"

/* All return 0, or -1 with RC_USAGE: the file is at fault, its key and line in the message. */
int	 settings_check(const char *file, struct error *);
/* KEY=VALUE a line, of all keys that have a value; secrets as ***. */
int	 settings_print(const char *file, struct error *);
/* The raw value, a list's elements one a line. 1: it has none. A secret is refused. */
int	 settings_get(const char *file, const char *key, struct error *);

#endif
