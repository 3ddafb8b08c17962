/* SPDX-License-Identifier: ISC */
/* Who we are to the engine. Secrets that stand in a file are read again when the file changes. */
#ifndef ES_BULK_AUTH_H
#define ES_BULK_AUTH_H

#include <sys/types.h>

#include <stdbool.h>
#include <time.h>

#include "es-bulk/sigv4.h"

/* A file as it was when it was read. */
struct file_mark {
	struct timespec changed;
	ino_t inode;
	off_t size;
};

struct secret {
	const char *file;	/* whose first line it is; NULL: value stays */
	char *value;		/* malloc'ed; NULL: there is none */
	struct file_mark mark;
};

struct auth {
	enum auth_kind { AUTH_NONE, AUTH_BASIC, AUTH_API_KEY, AUTH_BEARER, AUTH_AWS } kind;
	const char *user;	/* AUTH_BASIC */
	struct secret secret;	/* its password, the API key, the token */
	const char *region, *service;			/* AUTH_AWS */
	const char *credentials_file, *profile;		/* credentials_file NULL: the environment */
	struct aws_keys keys;
	struct file_mark keys_mark;
};

/* Reads the file where there is one. -1: RC_USAGE, RC_TEMP. */
int	 secret_load(struct secret *, struct error *);
void	 secret_free(struct secret *);
/* Reads what stands in files. -1: RC_USAGE, RC_TEMP; auth_free is due in any case. */
int	 auth_load(struct auth *, struct error *);
void	 auth_free(struct auth *);
/* Has a file changed? Then it is read again; one that cannot be read is told, and what was read before stays.
 * true: what it says is new. */
bool	 auth_renew(struct auth *);
/* Appends the headers for the request, a line each, LF behind it. -1: as buf_add. */
int	 auth_put_headers(const struct auth *, const struct sigv4_request *, struct buf *);

#endif
