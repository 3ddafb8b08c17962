/* SPDX-License-Identifier: ISC */
/* Requests to the engine over kept-alive connections: libcurl's multi interface, one loop for all of them. */
#ifndef ES_BULK_HTTP_H
#define ES_BULK_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include <curl/curl.h>

#include "lib/buf.h"
#include "lib/error.h"

#define MAX_ANSWER ((size_t)64 << 20)	/* bytes; a bulk answer has some 30 an item, 1 KB where each item failed */

struct http_options {
	const char *url;		/* without user and password */
	const char *user, *password;	/* NULL: none */
	const char *ca_file;		/* NULL: the system's */
	bool insecure;
	long timeout_s;			/* of a whole request */
};

struct http {
	struct http_options options;
	char *base;			/* url without a slash at its end */
	CURLM *multi;
	struct curl_slist *json, *ndjson;	/* headers */
	int in_flight;
};

/* One request at a time; the connection behind it is kept. */
struct http_call {
	CURL *easy;
	struct buf answer;
	char *url;
	bool done;			/* since it was started */
	CURLcode code;
	long status;			/* 0: there was no answer */
	uint32_t retry_after_ms;	/* 0: not said */
	char error[CURL_ERROR_SIZE];
};

/* Once in a process. -1: RC_USAGE for a URL or CA that can't be; RC_TEMP for memory. */
int	 http_init(struct http *, const struct http_options *, struct error *);
void	 http_free(struct http *);
int	 http_call_init(struct http *, struct http_call *, struct error *);
void	 http_call_free(struct http *, struct http_call *);
/* Starts it; body (NULL: none) must stay until done. path begins with a slash. bulk: the body is NDJSON. */
int	 http_start(struct http *, struct http_call *, const char *method, const char *path, const char *body,
	    size_t body_bytes, bool bulk, struct error *);
/* Moves all requests on; *ended: how many are done since. Then waits up to timeout_ms for something on them or on
 * fds, unless any ended. */
int	 http_move(struct http *, int *ended, struct error *);
int	 http_wait(struct http *, struct curl_waitfd *fds, unsigned int count, int timeout_ms, struct error *);

/* Is it worth trying again: no connection, lost, timed out, 408, 429, 5xx? */
bool	 http_is_temporary(const struct http_call *);
/* What happened, for people, in a buffer of the caller's: "HTTP 403: type: reason", or the connection's error. */
const char *http_reason(const struct http_call *, char *to, size_t size);

#endif
