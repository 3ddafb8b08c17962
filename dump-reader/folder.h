/* SPDX-License-Identifier: ISC */
/* Folders of files: what mydumper (and, where it does the same, dumpling) and mysqldump --tab write. */
#ifndef DUMP_READER_FOLDER_H
#define DUMP_READER_FOLDER_H

#include "dump.h"

/* Reads the whole folder into load, with o->jobs processes. resume: a progress line's token, or NULL. -1: what was
 * complete before is in load's output. */
int	 folder_load(struct load *, const char *folder, const struct dump_options *o, const char *resume, const struct stop *,
	    struct error *);

#endif
