/* SPDX-License-Identifier: ISC */
/* The tokens of one SQL statement. Executable comments are read as text, whatever their version; all others are space. */
#ifndef LIB_SQL_H
#define LIB_SQL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/buf.h"

enum sql_type {
	SQL_END,
	SQL_WORD,		/* keyword or bare name */
	SQL_NAME,		/* `quoted name`, with ansi_quotes also a "quoted" one */
	SQL_STRING,		/* 'text' or "text" */
	SQL_NUMBER,
	SQL_MARK,		/* one byte: ( ) , ; = . @ and so on */
	SQL_BAD,		/* an open quote or comment */
};

struct sql_token {
	enum sql_type type;
	const char *text;	/* the raw bytes, quotes included; borrowed */
	size_t len;
};

struct sql {
	const char *p, *end, *start;
	int executable;		/* how many executable comments are open */
	bool ansi_quotes;	/* for the caller to set: "…" is a name, and a backslash in it is one */
};

void	 sql_init(struct sql *, const char *text, size_t len);
struct sql_token sql_next(struct sql *);
/* The next token without moving. */
struct sql_token sql_peek(struct sql *);
/* Is it this keyword (any case)? A quoted name never is. */
bool	 sql_is(const struct sql_token *, const char *keyword);
bool	 sql_is_mark(const struct sql_token *, char mark);
/* Takes the next token if it is this keyword. */
bool	 sql_take(struct sql *, const char *keyword);
bool	 sql_take_mark(struct sql *, char mark);
/* Could it be an identifier: a word, a `name` or (ANSI_QUOTES) a "name"? */
bool	 sql_is_name(const struct sql_token *);
/* Appends what the name or string means, quotes and escapes resolved. -1: as buf_add. */
int	 sql_put_text(const struct sql_token *, struct buf *);
/* The same as a malloc'ed C string; NULL: no memory, or it holds a NUL (EINVAL). */
char	*sql_strdup(const struct sql_token *);

#endif
