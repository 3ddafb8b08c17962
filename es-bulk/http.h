/* SPDX-License-Identifier: ISC */
/* Requests to the engine over kept-alive connections: libcurl's multi interface, one loop for all of them. */
#ifndef ES_BULK_HTTP_H
#define ES_BULK_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>
#include <zlib.h>

#include "lib/buf.h"
#include "lib/error.h"

#include "es-bulk/auth.h"

#define MAX_ANSWER ((size_t)64 << 20)	/* bytes; a bulk answer has some 30 an item, 1 KB where each item failed */

#define MAX_NODES 64

struct http_options {
	char **urls;			/* without user and password */
	size_t urls_count;		/* 1 to MAX_NODES */
	struct auth auth;		/* http_init loads it */
	const char *ca_file, *ca_fingerprint;	/* NULL, both: the system's */
	const char *cert_file, *key_file;	/* of ours; NULL: none */
	struct secret key_password;		/* as auth */
	const char *proxy;		/* NULL: as the environment says */
	const char *proxy_user;
	struct secret proxy_password;
	bool insecure;
	bool compress;			/* bodies by gzip, and answers */
	long timeout_s;			/* of a whole request */
};

struct http {
	struct http_options *options;
	struct http_node {
		char *base;		/* its url without a slash at the end */
		const char *path;	/* the part of it behind the host; may be empty */
		char *host;		/* as the Host header says it */
		uint64_t aside_until_ms;	/* 0: it is well */
		uint32_t aside_ms;	/* for how long the last time */
	} *nodes;
	size_t next;			/* whose turn it is */
	char *base;			/* all urls, for messages */
	CURLM *multi;
	struct buf ca;			/* PEM, once the fingerprint has found it */
	int ended_early;		/* calls that have not come to a connection */
	uint64_t looked_ms, renewed_ms;	/* when files were last looked at, and something new was in them */
	int in_flight;
};

/* One request at a time; the connection behind it is kept. */
struct http_call {
	CURL *easy;
	struct buf answer;
	struct buf packed;		/* the body by gzip */
	z_stream *gzip;			/* NULL until it is needed */
	struct curl_slist *headers;
	struct http_node *node;
	char *url;
	bool only_once;			/* nobody but us sends it again: libcurl does where a kept connection turns out dead */
	bool done;			/* since it was started */
	bool renewed;			/* refused for credentials, of which there are new ones now */
	CURLcode code;
	long status;			/* 0: there was no answer */
	uint32_t retry_after_ms;	/* 0: not said */
	char error[CURL_ERROR_SIZE];
};

/* Once in a process; the options must stay. -1: RC_USAGE for a URL or CA that can't be, a file that can't be read; RC_TEMP
 * for memory. */
int	 http_init(struct http *, struct http_options *, struct error *);
void	 http_free(struct http *);
int	 http_call_init(struct http *, struct http_call *, struct error *);
void	 http_call_free(struct http *, struct http_call *);
/* Starts it, on the next node that is well; body (NULL: none) must stay until done. path begins with a slash. bulk: the body is NDJSON. */
int	 http_start(struct http *, struct http_call *, const char *method, const char *path, const char *body,
	    size_t body_bytes, bool bulk, struct error *);
/* Moves all requests on; *ended: how many are done since. Then waits up to timeout_ms for something on them or on
 * fds, unless any ended. */
int	 http_move(struct http *, int *ended, struct error *);
int	 http_wait(struct http *, struct curl_waitfd *fds, unsigned int count, int timeout_ms, struct error *);

/* Is it worth trying again: no connection, lost, timed out, 408, 429, 5xx, or 401 with credentials that have changed? */
bool	 http_is_temporary(const struct http_call *);
/* How long the request that is done took. */
uint64_t http_took_us(const struct http_call *);
/* What happened, for people, in a buffer of the caller's: "HTTP 403: type: reason", or the connection's error. */
const char *http_reason(const struct http_call *, char *to, size_t size);

#endif
