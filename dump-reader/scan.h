/* SPDX-License-Identifier: ISC */
/* Where a statement ends: the mysql client's rules for quotes, comments and delimiters. */
#ifndef DUMP_READER_SCAN_H
#define DUMP_READER_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define MAX_DELIMITER 16	/* the mysql client's limit */

/* Begin with zeros; it may be given the text in any pieces. */
struct scan {
	enum { SCAN_TEXT, SCAN_QUOTED, SCAN_LINE, SCAN_COMMENT } state;
	char quote;
	bool no_escapes;	/* a backslash in a string is one */
};

/* Looks from p for the delimiter outside of quotes and comments; executable comments are text. last: nothing comes
 * behind end. True: found, *at is where it begins. False: not before *at, go on there when there is more. */
bool	 scan_statement(struct scan *, const char *p, const char *end, bool last, const char *delimiter, const char **at);
/* Is it the beginning of a comment that is no text? -- needs white space or the end behind it. */
bool	 scan_is_comment(const char *p, const char *end);
/* Does an executable comment begin here? Executable ones have their own letter in MariaDB. */
bool	 scan_is_executable(const char *p, const char *end);

#endif
