/* SPDX-License-Identifier: ISC */
/* Signatures of requests to Amazon's services (AWS Signature Version 4, as its documentation has it). libcurl's own, at
 * 7.88, neither sorts queries nor encodes paths, so that most of our requests would be refused. */
#ifndef ES_BULK_SIGV4_H
#define ES_BULK_SIGV4_H

#include <stddef.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/error.h"

#define SIGV4_HEX 65	/* a SHA-256 in hex, and its NUL */

struct aws_keys {
	char *id, *secret;
	char *token;		/* NULL: none */
};

struct sigv4 {
	const struct aws_keys *keys;
	const char *region, *service;	/* "eu-west-1", "es" or "aoss" */
};

struct sigv4_request {
	const char *method;
	const char *host;	/* with its port, unless that is the scheme's own: what the Host header says */
	const char *path;	/* with its query, as they are sent */
	const char *body;
	size_t body_bytes;
};

/* Keys from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN), or from a file as Amazon's tools
 * keep it, section `profile`. -1: RC_USAGE, no keys there. */
int	 aws_keys_from_environment(struct aws_keys *, struct error *);
int	 aws_keys_read(struct aws_keys *, const char *file, const char *profile, struct error *);
void	 aws_keys_free(struct aws_keys *);
/* Appends the headers that sign the request at that time, a line each, LF behind it. -1: as buf_add. */
int	 sigv4_put_headers(struct buf *, const struct sigv4 *, const struct sigv4_request *, time_t now);
/* The steps of it, for tests: the request in its canonical form (amz_date: "20150830T123600Z"), and what signs such a text. */
int	 sigv4_put_canonical(struct buf *, const struct sigv4 *, const struct sigv4_request *, const char *amz_date,
	    const char *body_hash);
int	 sigv4_signature(const struct sigv4 *, const char *amz_date, const struct buf *canonical, char hex[SIGV4_HEX]);

#endif
