/* SPDX-License-Identifier: ISC */
/* HTTP. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "es-bulk/answer.h"
#include "es-bulk/http.h"

#define UPLOAD_BYTES (512L << 10)	/* handed to the kernel at once; measured: more gains nothing */
#define CONNECT_S 10L
#define MAX_RETRY_AFTER_S 300		/* a wrong header must not stop the stream for a day */
#define KEEP_BYTES (1 << 20)

static int
check_url(const char *url, struct error *e)
{
	CURLU *u = curl_url();
	char *part = NULL;
	int rc = 0;

	if (u == NULL)
		return error_set(e, RC_TEMP, "URL: no memory");
	if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK || curl_url_get(u, CURLUPART_SCHEME, &part, 0) != CURLUE_OK ||
	    (strcmp(part, "http") != 0 && strcmp(part, "https") != 0))
		rc = error_set(e, RC_USAGE, "not an http:// or https:// address: %s", url);
	curl_free(part);
	part = NULL;
	if (rc == 0 && (curl_url_get(u, CURLUPART_USER, &part, 0) == CURLUE_OK))
		rc = error_set(e, RC_USAGE, "the address holds a user name: give it by elastic.username, the password "
		    "by elastic.password, password_file or M2E_ELASTIC_PASSWORD");
	curl_free(part);
	curl_url_cleanup(u);
	return rc;
}

int
http_init(struct http *h, const struct http_options *o, struct error *e)
{
	size_t n = strlen(o->url);

	memset(h, 0, sizeof(*h));
	h->options = *o;
	if (check_url(o->url, e) == -1)
		return -1;
	while (n > 0 && o->url[n - 1] == '/')
		n--;
	h->base = strndup(o->url, n);
	h->multi = curl_multi_init();
	h->json = curl_slist_append(NULL, "Content-Type: application/json");
	h->ndjson = curl_slist_append(NULL, "Content-Type: application/x-ndjson");
	if (h->base == NULL || h->multi == NULL || h->json == NULL || h->ndjson == NULL ||
	    curl_slist_append(h->json, "Expect:") == NULL || curl_slist_append(h->ndjson, "Expect:") == NULL)
		return error_set(e, RC_TEMP, "libcurl: no memory");
	return 0;
}

void
http_free(struct http *h)
{
	free(h->base);
	curl_slist_free_all(h->json);
	curl_slist_free_all(h->ndjson);
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
}

static size_t
take_answer(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_call *c = arg;

	return buf_add(&c->answer, bytes, one * n) == 0 ? n : 0;
}

static void
set_login(const struct http *h, CURL *easy)
{
	if (h->options.user != NULL) {
		curl_easy_setopt(easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(easy, CURLOPT_USERNAME, h->options.user);
		curl_easy_setopt(easy, CURLOPT_PASSWORD, h->options.password == NULL ? "" : h->options.password);
	}
	if (h->options.ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, h->options.ca_file);
	if (h->options.insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

int
http_call_init(struct http *h, struct http_call *c, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (buf_init(&c->answer, MAX_ANSWER) == -1 || (c->easy = curl_easy_init()) == NULL)
		return error_set(e, RC_TEMP, "libcurl: no memory");
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c->easy, CURLOPT_TIMEOUT, h->options.timeout_s);
	curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT,
	    h->options.timeout_s < CONNECT_S ? h->options.timeout_s : CONNECT_S);
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
	curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "es-bulk/" VERSION);
	set_login(h, c->easy);
	return 0;
}

void
http_call_free(struct http *h, struct http_call *c)
{
	if (c->easy != NULL) {
		curl_multi_remove_handle(h->multi, c->easy);
		curl_easy_cleanup(c->easy);
	}
	free(c->url);
	buf_free(&c->answer);
}

static void
clear(struct http_call *c)
{
	size_t max = c->answer.max;
	char *less;

	c->answer.len = 0;
	if (c->answer.cap > KEEP_BYTES && (less = realloc(c->answer.data, KEEP_BYTES)) != NULL) {
		c->answer.data = less;
		c->answer.cap = KEEP_BYTES;
	}
	c->answer.max = max;
	c->done = false;
	c->code = CURLE_OK;
	c->status = 0;
	c->retry_after_ms = 0;
	c->error[0] = '\0';
}

int
http_start(struct http *h, struct http_call *c, const char *method, const char *path, const char *body,
    size_t body_bytes, bool bulk, struct error *e)
{
	char *url;

	clear(c);
	if (asprintf(&url, "%s%s", h->base, path) == -1)
		return error_set(e, RC_TEMP, "%s %s: no memory", method, path);
	free(c->url);
	c->url = url;
	curl_easy_setopt(c->easy, CURLOPT_URL, url);
	if (body != NULL) {
		curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, body);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body_bytes);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, bulk ? h->ndjson : h->json);
	if (curl_multi_add_handle(h->multi, c->easy) != CURLM_OK)
		return error_set(e, RC_TEMP, "%s %s: libcurl does not take it", method, path);
	h->in_flight++;
	return 0;
}

static void
finish(struct http *h, CURL *easy, CURLcode code)
{
	struct http_call *c = NULL;
	curl_off_t after = 0;

	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &c);
	curl_multi_remove_handle(h->multi, easy);
	h->in_flight--;
	c->done = true;
	c->code = code;
	if (code != CURLE_OK && c->error[0] == '\0')
		snprintf(c->error, sizeof(c->error), "%s", curl_easy_strerror(code));
	if (code == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &c->status);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &after);
	if (after > MAX_RETRY_AFTER_S)
		after = MAX_RETRY_AFTER_S;
	c->retry_after_ms = after > 0 ? (uint32_t)after * 1000 : 0;
}

int
http_move(struct http *h, int *ended, struct error *e)
{
	struct CURLMsg *m;
	CURLMcode rc;
	int running, queued;

	*ended = 0;
	if (h->in_flight == 0)
		return 0;
	if ((rc = curl_multi_perform(h->multi, &running)) != CURLM_OK)
		return error_set(e, RC_TEMP, "libcurl: %s", curl_multi_strerror(rc));
	while ((m = curl_multi_info_read(h->multi, &queued)) != NULL)
		if (m->msg == CURLMSG_DONE) {
			finish(h, m->easy_handle, m->data.result);
			++*ended;
		}
	return 0;
}

int
http_wait(struct http *h, struct curl_waitfd *fds, unsigned int count, int timeout_ms, struct error *e)
{
	CURLMcode rc = curl_multi_poll(h->multi, fds, count, timeout_ms, NULL);

	return rc == CURLM_OK ? 0 : error_set(e, RC_TEMP, "libcurl: %s", curl_multi_strerror(rc));
}

/* Faults that no waiting mends. */
static bool
is_setup_fault(CURLcode code)
{
	switch (code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
	case CURLE_NOT_BUILT_IN:
		return true;
	default:
		return false;
	}
}

bool
http_is_temporary(const struct http_call *c)
{
	if (c->code != CURLE_OK)
		return !is_setup_fault(c->code);
	return c->status == 408 || c->status == 429 || c->status >= 500;
}

const char *
http_reason(const struct http_call *c, char *to, size_t size)
{
	char why[512];
	struct slice error;

	if (c->code != CURLE_OK) {
		snprintf(to, size, "%s", c->error);
		return to;
	}
	error = answer_error(c->answer.data, c->answer.len);
	if (error.p != NULL)
		answer_reason(error, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "%.*s", (int)(c->answer.len < 200 ? c->answer.len : 200), c->answer.data);
	snprintf(to, size, "HTTP %ld: %s", c->status, why);
	return to;
}
