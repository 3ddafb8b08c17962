/* SPDX-License-Identifier: ISC */
/* HTTP. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"

#include "es-bulk/answer.h"
#include "es-bulk/ca.h"
#include "es-bulk/http.h"

#define UPLOAD_BYTES (128L << 10)	/* handed to the kernel at once; measured: more gains nothing */
#define CONNECT_S 10L
#define MAX_RETRY_AFTER_S 300		/* a wrong header must not stop the stream for a day */
#define KEEP_BYTES (1 << 20)
#define MIN_PACKED 1024		/* bytes of a body that is worth gzip */
#define FIRST_ASIDE_MS 1000
#define MAX_ASIDE_MS 60000
#define LOOK_MS 1000
#define RENEWED_MS 10000	/* a request that was sent before may still be refused, or the engine not know of it yet */

/* Reads the url into the node. */
static int
read_url(struct http_node *n, const char *url, struct error *e)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *user = NULL, *host = NULL, *port = NULL;
	size_t len = strlen(url);
	int rc = -1;

	while (len > 0 && url[len - 1] == '/')
		len--;
	if (u == NULL || (n->base = strndup(url, len)) == NULL) {
		error_set(e, RC_TEMP, "URL: no memory");
	} else if (curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
	    (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) ||
	    curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
		error_set(e, RC_USAGE, "not an http:// or https:// address: %s", url);
	} else if (curl_url_get(u, CURLUPART_USER, &user, 0) == CURLUE_OK) {
		error_set(e, RC_USAGE, "the address holds a user name: give it by elastic.username, the password by "
		    "elastic.password, password_file or M2E_ELASTIC_PASSWORD");
	} else {
		bool has_port = curl_url_get(u, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK;

		rc = asprintf(&n->host, "%s%s%s", host, has_port ? ":" : "", has_port ? port : "") == -1 ?
		    error_set(e, RC_TEMP, "URL: no memory") : 0;
		n->path = n->base + strlen(scheme) + 3;
		n->path += strcspn(n->path, "/");
	}
	curl_free(scheme);
	curl_free(user);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
	return rc;
}

static int
read_urls(struct http *h, struct error *e)
{
	const struct http_options *o = h->options;
	struct buf names;
	size_t i;

	if ((h->nodes = calloc(o->urls_count, sizeof(*h->nodes))) == NULL || buf_init(&names, 1 << 20) == -1)
		return error_set(e, RC_TEMP, "URL: no memory");
	for (i = 0; i < o->urls_count; i++) {
		if (read_url(&h->nodes[i], o->urls[i], e) == -1)
			break;
		if ((i > 0 && buf_putc(&names, ' ') == -1) || buf_puts(&names, h->nodes[i].base) == -1)
			break;
	}
	h->base = strndup(names.data, names.len);
	buf_free(&names);
	if (i < o->urls_count)
		return -1;
	return h->base == NULL ? error_set(e, RC_TEMP, "URL: no memory") : 0;
}

int
http_init(struct http *h, struct http_options *o, struct error *e)
{
	memset(h, 0, sizeof(*h));
	h->options = o;
	if (buf_init(&h->ca, 1 << 20) == -1 || (h->multi = curl_multi_init()) == NULL)
		return error_set(e, RC_TEMP, "libcurl: no memory");
	if (o->ca_fingerprint != NULL && ca_check_fingerprint(o->ca_fingerprint, e) == -1)
		return -1;
	return read_urls(h, e) == -1 || auth_load(&h->options->auth, e) == -1 ||
	    secret_load(&h->options->key_password, e) == -1 || secret_load(&h->options->proxy_password, e) == -1 ? -1 : 0;
}

void
http_free(struct http *h)
{
	size_t i;

	for (i = 0; h->nodes != NULL && i < h->options->urls_count; i++) {
		free(h->nodes[i].base);
		free(h->nodes[i].host);
	}
	free(h->nodes);
	free(h->base);
	buf_free(&h->ca);
	if (h->multi != NULL)
		curl_multi_cleanup(h->multi);
}

static size_t
take_answer(char *bytes, size_t one, size_t n, void *arg)
{
	struct http_call *c = arg;

	return buf_add(&c->answer, bytes, one * n) == 0 ? n : 0;
}

/* How to reach the engine, and whom of us to show. */
static void
set_connection(const struct http *h, CURL *easy)
{
	const struct http_options *o = h->options;

	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, o->timeout_s);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, o->timeout_s < CONNECT_S ? o->timeout_s : CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "es-bulk/" VERSION);
	curl_easy_setopt(easy, CURLOPT_SSLCERT, o->cert_file);
	curl_easy_setopt(easy, CURLOPT_SSLKEY, o->key_file);
	curl_easy_setopt(easy, CURLOPT_KEYPASSWD, o->key_password.value);
	if (o->proxy != NULL)
		curl_easy_setopt(easy, CURLOPT_PROXY, o->proxy);
	curl_easy_setopt(easy, CURLOPT_PROXYUSERNAME, o->proxy_user);
	curl_easy_setopt(easy, CURLOPT_PROXYPASSWORD, o->proxy_password.value);
}

/* Whom to trust. */
static void
set_trust(const struct http *h, CURL *easy)
{
	struct curl_blob ca = { .data = h->ca.data, .len = h->ca.len, .flags = CURL_BLOB_COPY };

	if (h->ca.len > 0)
		curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
	else if (h->options->ca_file != NULL)
		curl_easy_setopt(easy, CURLOPT_CAINFO, h->options->ca_file);
	if (h->options->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

int
http_call_init(struct http *h, struct http_call *c, struct error *e)
{
	memset(c, 0, sizeof(*c));
	if (buf_init(&c->answer, MAX_ANSWER) == -1 || buf_init(&c->packed, SIZE_MAX / 4) == -1 ||
	    (c->easy = curl_easy_init()) == NULL)
		return error_set(e, RC_TEMP, "libcurl: no memory");
	curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
	curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, take_answer);
	curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(c->easy, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BYTES);
	if (h->options->compress)
		curl_easy_setopt(c->easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	set_connection(h, c->easy);
	set_trust(h, c->easy);
	return 0;
}

void
http_call_free(struct http *h, struct http_call *c)
{
	if (c->easy != NULL) {
		curl_multi_remove_handle(h->multi, c->easy);
		curl_easy_cleanup(c->easy);
	}
	if (c->gzip != NULL) {
		deflateEnd(c->gzip);
		free(c->gzip);
	}
	curl_slist_free_all(c->headers);
	free(c->url);
	buf_free(&c->answer);
	buf_free(&c->packed);
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
	c->renewed = false;
	c->retry_after_ms = 0;
	c->error[0] = '\0';
}

/* Have the credentials changed, now or a while ago? */
static bool
has_renewed(struct http *h)
{
	uint64_t now = now_ms();

	h->looked_ms = now;
	if (auth_renew(&h->options->auth)) {
		h->renewed_ms = now;
		log_info("the credentials have changed");
	}
	return h->renewed_ms != 0 && now - h->renewed_ms < RENEWED_MS;
}

/* Files that hold secrets are looked at once a second. */
static void
look_at_files(struct http *h)
{
	if (now_ms() - h->looked_ms >= LOOK_MS)
		has_renewed(h);
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

/* The next node that is well, else the one that was set aside for the shortest time. */
static struct http_node *
choose(struct http *h)
{
	size_t n = h->options->urls_count, i;
	struct http_node *best = NULL, *node;
	uint64_t now = n == 1 ? 0 : now_ms();

	for (i = 0; i < n; i++) {
		node = &h->nodes[(h->next + i) % n];
		if (node->aside_until_ms <= now) {
			best = node;
			break;
		}
		if (best == NULL || node->aside_until_ms < best->aside_until_ms)
			best = node;
	}
	h->next = ((size_t)(best - h->nodes) + 1) % n;
	return best;
}

/* A node that cannot be reached gets no more requests for a while. */
static void
judge_node(const struct http *h, const struct http_call *c)
{
	bool well = c->code == CURLE_OK && c->status != 502 && c->status != 503 && c->status != 504;
	struct http_node *n = c->node;

	if (h->options->urls_count == 1 || is_setup_fault(c->code) || c->code == CURLE_WRITE_ERROR)
		return;
	if (well) {
		if (n->aside_ms != 0)
			log_info("a node is back url=%s", n->base);
		n->aside_ms = 0;
		n->aside_until_ms = 0;
		return;
	}
	n->aside_ms = n->aside_ms == 0 ? FIRST_ASIDE_MS : n->aside_ms * 2 > MAX_ASIDE_MS ? MAX_ASIDE_MS : n->aside_ms * 2;
	n->aside_until_ms = now_ms() + n->aside_ms;
	if (n->aside_ms == FIRST_ASIDE_MS)
		log_warn("a node is set aside url=%s error=\"%s\"", n->base, c->code != CURLE_OK ? c->error : "bad gateway");
}

/* Makes c->packed the body by gzip. */
static int
pack(struct http_call *c, const char *body, size_t n)
{
	char *to;

	if (c->gzip == NULL) {
		if ((c->gzip = calloc(1, sizeof(*c->gzip))) == NULL)
			return -1;
		if (deflateInit2(c->gzip, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
			free(c->gzip);
			c->gzip = NULL;
			return -1;
		}
	}
	deflateReset(c->gzip);
	c->packed.len = 0;
	if (n > UINT32_MAX || (to = buf_room(&c->packed, deflateBound(c->gzip, n))) == NULL)
		return -1;
	c->gzip->next_in = (Bytef *)(uintptr_t)body;
	c->gzip->avail_in = (uInt)n;
	c->gzip->next_out = (Bytef *)to;
	c->gzip->avail_out = (uInt)(c->packed.cap - c->packed.len);
	if (deflate(c->gzip, Z_FINISH) != Z_STREAM_END)
		return -1;
	c->packed.len = c->gzip->total_out;
	return 0;
}

/* Appends a header; those that are there stay when there is no memory. */
static int
add_header(struct http_call *c, const char *line)
{
	struct curl_slist *more = curl_slist_append(c->headers, line);

	if (more == NULL)
		return -1;
	c->headers = more;
	return 0;
}

static int
set_headers(struct http *h, struct http_call *c, const struct sigv4_request *r, bool bulk, bool packed)
{
	char *line, *next;
	struct buf b;
	int rc;

	curl_slist_free_all(c->headers);
	c->headers = NULL;
	if (add_header(c, bulk ? "Content-Type: application/x-ndjson" : "Content-Type: application/json") == -1 ||
	    add_header(c, "Expect:") == -1 || (packed && add_header(c, "Content-Encoding: gzip") == -1) ||
	    buf_init(&b, 1 << 16) == -1)
		return -1;
	rc = auth_put_headers(&h->options->auth, r, &b) == -1 || buf_str(&b) == NULL ? -1 : 0;
	for (line = b.data; rc == 0 && *line != '\0'; line = next) {
		next = line + strcspn(line, "\n");
		if (*next != '\0')
			*next++ = '\0';
		rc = add_header(c, line);
	}
	explicit_bzero(b.data, b.len);
	buf_free(&b);
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	return rc;
}

/* The certificate that the fingerprint is of becomes the one to trust, before anything is sent. */
static CURLcode
find_ca(struct http *h, struct http_call *c)
{
	CURL *easy;
	CURLcode code;

	if (h->options->ca_fingerprint == NULL || h->options->insecure || strncmp(c->node->base, "https:", 6) != 0)
		return CURLE_OK;
	if (h->ca.len == 0) {
		if ((easy = curl_easy_init()) == NULL)
			return CURLE_OUT_OF_MEMORY;
		set_connection(h, easy);
		code = ca_fetch(easy, c->node->base, h->options->ca_fingerprint, &h->ca, c->error);
		curl_easy_cleanup(easy);
		if (code != CURLE_OK)
			return code;
	}
	set_trust(h, c->easy);
	return CURLE_OK;
}

/* The call ends before it began. */
static int
fail_early(struct http *h, struct http_call *c, CURLcode code)
{
	c->code = code;
	c->done = true;
	h->ended_early++;
	judge_node(h, c);
	return 0;
}

int
http_start(struct http *h, struct http_call *c, const char *method, const char *path, const char *body,
    size_t body_bytes, bool bulk, struct error *e)
{
	struct sigv4_request r = { .method = method, .body = body, .body_bytes = body_bytes };
	bool packed = h->options->compress && body_bytes >= MIN_PACKED;
	CURLcode code;

	clear(c);
	c->node = choose(h);
	look_at_files(h);
	r.host = c->node->host;
	free(c->url);
	if (asprintf(&c->url, "%s%s", c->node->base, path) == -1) {
		c->url = NULL;
		return error_set(e, RC_TEMP, "%s %s: no memory", method, path);
	}
	r.path = c->url + (c->node->path - c->node->base);
	if (packed) {
		if (pack(c, body, body_bytes) == -1)
			return error_set(e, RC_TEMP, "%s %s: gzip", method, path);
		r.body = c->packed.data;
		r.body_bytes = c->packed.len;
	}
	if (set_headers(h, c, &r, bulk, packed) == -1)
		return error_set(e, RC_TEMP, "%s %s: no memory", method, path);
	if ((code = find_ca(h, c)) != CURLE_OK)
		return fail_early(h, c, code);
	curl_easy_setopt(c->easy, CURLOPT_URL, c->url);
	if (body != NULL) {
		curl_easy_setopt(c->easy, CURLOPT_POST, 1L);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, r.body);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r.body_bytes);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPGET, 1L);
	}
	curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, (long)c->only_once);
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
	c->renewed = c->status == 401 && has_renewed(h);
	curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &after);
	if (after > MAX_RETRY_AFTER_S)
		after = MAX_RETRY_AFTER_S;
	c->retry_after_ms = after > 0 ? (uint32_t)after * 1000 : 0;
	judge_node(h, c);
}

int
http_move(struct http *h, int *ended, struct error *e)
{
	struct CURLMsg *m;
	CURLMcode rc;
	int running, queued;

	*ended = h->ended_early;
	h->ended_early = 0;
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

bool
http_is_temporary(const struct http_call *c)
{
	if (c->code != CURLE_OK)
		return !is_setup_fault(c->code);
	return c->renewed || c->status == 408 || c->status == 429 || c->status >= 500;
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

uint64_t
http_took_us(const struct http_call *c)
{
	curl_off_t us = 0;

	return curl_easy_getinfo(c->easy, CURLINFO_TOTAL_TIME_T, &us) == CURLE_OK && us > 0 ? (uint64_t)us : 0;
}
