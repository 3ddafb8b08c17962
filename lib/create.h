/* SPDX-License-Identifier: ISC */
/* What the readers of a column's definition, of CREATE TABLE and of ALTER TABLE have between them; table.h is for others. */
#ifndef LIB_CREATE_H
#define LIB_CREATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/error.h"
#include "lib/sql.h"
#include "lib/table.h"

#define MAX_CHARSET_NAME 64	/* bytes with the NUL; the servers' have up to 32 */
#define MAX_KEY_COLUMNS 64	/* MySQL allows 16, MariaDB 32 */

/* A column as it stands in the text, until the table's own character set, which comes last, is known. */
struct draft {
	char *name, *type;
	char charset[MAX_CHARSET_NAME];	/* "": none is named */
	bool not_null, generated, invisible, json;
	bool primary, unique;	/* a key of this column alone, said beside it */
	enum column_version version;
	int64_t srid;		/* -1: none is named */
};

struct draft_key {
	char *names[MAX_KEY_COLUMNS];
	size_t count;
	bool primary, partial;	/* partial: a prefix length or an expression, so it identifies nothing */
};

struct create {
	struct sql sql;
	struct draft *drafts;
	size_t drafts_count;
	struct draft_key *keys;
	size_t keys_count;
	char *db, *name;
	char charset[MAX_CHARSET_NAME];
	bool versioned;		/* WITH SYSTEM VERSIONING */
	struct error *e;
};

void	 create_free(struct create *);

/* Both return -1. bad: RC_FAIL, with the byte and what stands there; no_memory: by errno. */
int	 create_bad(struct create *, const char *what);
int	 create_no_memory(struct create *);

/* Takers: each reads on from c->sql. -1: c->e is set. */
/* The next token as a name; *name is replaced. */
int	 create_name(struct create *, char **name);
/* What follows CHARACTER SET, CHARSET or (collation) COLLATE. A collation says its character set, but MariaDB's uca1400
 * ones need not. */
int	 create_charset(struct create *, char charset[MAX_CHARSET_NAME], bool collation);
/* Past the bracket that closes the one just taken. */
int	 create_skip_brackets(struct create *);
/* Is the next token a comma, the closing bracket of the list or the end? */
bool	 create_at_item_end(struct create *);
/* Name, type and attributes, onto c->drafts. */
int	 create_column(struct create *);
/* A column or a key, onto c->drafts or c->keys. */
int	 create_item(struct create *);
/* What is left of a list's item. */
int	 create_skip_item(struct create *);

/* Gives the table the key that identifies its rows: the primary one, else the first unique one that can; or none. */
int	 create_choose_key(struct create *, struct table *);

#endif
