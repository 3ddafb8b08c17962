/* SPDX-License-Identifier: ISC */
/* The state over HTTP: each answer reads the directory anew. */
#include <sys/socket.h>

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <microhttpd.h>

#include "lib/log.h"

#include "serve.h"
#include "state.h"

#define MAX_CONNECTIONS 32	/* for one monitoring system, or a few */
#define IDLE_S 5

/* \ " and LF are written with a \ (Prometheus manual, "Text-based format"). */
static int
put_label(struct buf *b, const char *name, const char *value)
{
	int rc = buf_putf(b, "%s=\"", name);

	for (; *value != '\0'; value++)
		rc |= *value == '\n' ? buf_puts(b, "\\n") :
		    (*value == '"' || *value == '\\' ? buf_putc(b, '\\') : 0) | buf_putc(b, *value);
	return rc | buf_putc(b, '"');
}

static int
put_head(struct buf *b, const char *name, const char *help)
{
	return buf_putf(b, "# HELP m2e_%s %s\n# TYPE m2e_%s gauge\n", name, help, name);
}

static int
put_number(struct buf *b, const char *name, const char *help, double value)
{
	return put_head(b, name, help) | buf_putf(b, "m2e_%s %.15g\n", name, value);
}

/* One line a table: its member as the value, or as a label of a 1. */
static int
put_tables(struct buf *b, const struct state *s, const char *name, const char *help, const char *member, bool label)
{
	char table[1024];
	const char *value;
	int rc = put_head(b, name, help);
	size_t i;

	for (i = 0; i < s->tables.count; i++) {
		const struct record *r = &s->tables.items[i].r;

		if ((value = record_get(r, member)) == NULL)
			continue;
		snprintf(table, sizeof(table), "%s.%s", record_get(r, "db"), record_get(r, "table"));
		rc |= buf_putf(b, "m2e_%s{", name) | put_label(b, "table", table);
		if (label)
			rc |= buf_putc(b, ',') | put_label(b, member, value);
		rc |= buf_putf(b, "} %s\n", label ? "1" : value);
	}
	return rc;
}

static int
put_metrics(struct buf *b, const struct state *s)
{
	const char *ts = s->have_position ? record_get(&s->position.r, "ts") : NULL;
	const char *epoch = s->have_position ? record_get(&s->position.r, "epoch") : NULL;
	int rc = put_number(b, "dead_letters", "Documents that the engine refused.", (double)s->dead);

	if (ts != NULL)
		rc |= put_number(b, "lag_seconds", "Time since the newest stored change was made.", state_lag(s)) |
		    put_number(b, "position_timestamp_seconds", "When the newest stored change was made.", strtod(ts, NULL));
	if (epoch != NULL)
		rc |= put_number(b, "epoch", "How often positions have begun again.", strtod(epoch, NULL));
	rc |= put_number(b, "tables_streamed", "Tables that the stream covers.", (double)s->position.count);
	rc |= put_number(b, "rebuilds", "Tables that are loaded anew beside their index.", (double)s->rebuilds.count);
	return rc | put_tables(b, s, "table_status", "1, with the status that the table has.", "status", true) |
	    put_tables(b, s, "table_rows", "Rows that the table's last load has brought so far.", "rows", false);
}

static const struct page {
	const char *path, *type;
	int (*put)(struct buf *, const struct state *);
} pages[] = {
	{ "/status", "application/json", state_put_json },
	{ "/metrics", "text/plain; version=0.0.4", put_metrics },
};

/* The directory may be made, or replaced, at any time. */
static int
read_and_put(struct buf *b, const char *path, const struct page *page, struct error *e)
{
	struct store dir, tables;
	struct state s = { 0 };
	int rc = -1;

	if (store_open(&dir, path, false, e) == -1)
		return -1;
	if (store_open_in(&tables, &dir, TABLES_DIR, false, e) == 0) {
		if (state_read(&s, &dir, &tables, e) == 0) {
			rc = page->put(b, &s) == 0 ? 0 : error_set(e, RC_TEMP, "out of memory");
			state_free(&s);
		}
		store_close(&tables);
	}
	store_close(&dir);
	return rc;
}

static enum MHD_Result
reply(struct MHD_Connection *c, unsigned int status, const char *type, const char *text, size_t n)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(n, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (r == NULL)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result
reply_text(struct MHD_Connection *c, unsigned int status, const char *text)
{
	return reply(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result
reply_page(struct MHD_Connection *c, const char *dir, const struct page *page)
{
	struct error e = { 0 };
	enum MHD_Result rc;
	struct buf b;

	if (buf_init(&b, 2UL * MAX_STATE_FILE) == -1)
		return MHD_NO;
	if (read_and_put(&b, dir, page, &e) == 0) {
		rc = reply(c, MHD_HTTP_OK, page->type, b.data, b.len);
	} else {
		log_error("%s", e.text);
		rc = reply_text(c, MHD_HTTP_INTERNAL_SERVER_ERROR, "the state cannot be read, see the log\n");
	}
	buf_free(&b);
	return rc;
}

static enum MHD_Result
answer(void *dir, struct MHD_Connection *c, const char *url, const char *method, const char *version, const char *upload,
    size_t *upload_size, void **seen)
{
	static int mark;
	size_t i;

	(void)version, (void)upload;
	if (*seen == NULL) {	/* the head alone has come */
		*seen = &mark;
		return MHD_YES;
	}
	if (*upload_size > 0) {
		*upload_size = 0;
		return MHD_YES;
	}
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return reply_text(c, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
	for (i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(url, pages[i].path) == 0)
			return reply_page(c, dir, &pages[i]);
	return reply_text(c, MHD_HTTP_NOT_FOUND, "there are /status and /metrics\n");
}

/* ADDRESS:PORT, [ADDRESS]:PORT */
static struct addrinfo *
find_address(const char *listen, struct error *e)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(listen, ':'), *start = listen, *end = colon;
	struct addrinfo *found = NULL;
	char host[64];

	if (colon != NULL && listen[0] == '[' && colon[-1] == ']') {
		start++;
		end--;
	}
	if (colon == NULL || (size_t)(end - start) >= sizeof(host) || end == start) {
		error_set(e, RC_USAGE, "--listen %s: not ADDRESS:PORT", listen);
		return NULL;
	}
	memcpy(host, start, (size_t)(end - start));
	host[end - start] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		error_set(e, RC_USAGE, "--listen %s: not an address and port in numbers", listen);
	return found;
}

int
serve_run(const char *state_dir, const char *listen, struct error *e)
{
	struct addrinfo *at = find_address(listen, e);
	struct MHD_Daemon *daemon;
	sigset_t ends;
	int sig;

	if (at == NULL)
		return -1;
	/* before the daemon's thread is there, so that it leaves them to us */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigprocmask(SIG_BLOCK, &ends, NULL);
	daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | (at->ai_family == AF_INET6 ? MHD_USE_IPv6 : 0),
	    0, NULL, NULL, answer, (void *)(uintptr_t)state_dir, MHD_OPTION_SOCK_ADDR, at->ai_addr,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)IDLE_S,
	    MHD_OPTION_END);
	freeaddrinfo(at);
	if (daemon == NULL)
		return error_set(e, RC_FAIL, "cannot listen on %s: %s", listen, strerror(errno));
	log_info("serving listen=%s state=%s", listen, state_dir);
	sigwait(&ends, &sig);
	MHD_stop_daemon(daemon);
	return 0;
}
