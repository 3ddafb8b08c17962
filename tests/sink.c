/* SPDX-License-Identifier: ISC */
/* A search engine that keeps nothing, as fast as can be: what es-bulk is measured against.
 * sink PORT: answers bulk requests as if all were well, and whatever else es-bulk asks of an empty cluster. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

/* One request: bulk lines are counted as they pass, over the borders of the pieces in which they come. */
struct request {
	unsigned long items;
	size_t column;		/* of the line at hand, where the next piece goes on */
	bool in_source, has_source, bulk;
	char *body;		/* of anything but a bulk request */
	size_t len;
};

static char *made;		/* `{"INDEX":BODY}` of the one index that was made: what its mapping is asked for */

static void
count_lines(struct request *r, const char *p, size_t n)
{
	const char *lf;
	size_t k;

	for (; n > 0; p += k, n -= k) {
		if (!r->in_source && r->column <= 2 && r->column + n > 2) {
			r->items++;
			r->has_source = p[2 - r->column] != 'd';	/* not so {"delete" */
		}
		lf = memchr(p, '\n', n);
		k = lf == NULL ? n : (size_t)(lf + 1 - p);
		r->column += k;
		if (lf != NULL) {
			r->in_source = !r->in_source && r->has_source;
			r->column = 0;
		}
	}
}

static struct MHD_Response *
bulk_answer(const struct request *r)
{
	static const char head[] = "{\"took\":1,\"errors\":false,\"items\":[", item[] = "{\"index\":{\"status\":200}}";
	size_t n = sizeof(head) + r->items * sizeof(item) + 2;
	char *body = malloc(n), *p = body;
	unsigned long i;

	p = mempcpy(p, head, sizeof(head) - 1);
	for (i = 0; i < r->items; i++) {
		if (i > 0)
			*p++ = ',';
		p = mempcpy(p, item, sizeof(item) - 1);
	}
	p = mempcpy(p, "]}", 2);
	return MHD_create_response_from_buffer((size_t)(p - body), body, MHD_RESPMEM_MUST_FREE);
}

static struct MHD_Response *
text_answer(const char *text)
{
	return MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
}

static struct MHD_Response *
make_index(const char *url, const struct request *r)
{
	free(made);
	if (asprintf(&made, "{\"%s\":%.*s}", url + 1, (int)r->len, r->body) == -1)
		made = NULL;
	return text_answer("{\"acknowledged\":true}");
}

static enum MHD_Result
answer(struct MHD_Connection *c, const char *method, const char *url, const struct request *r)
{
	unsigned int status = 200;
	struct MHD_Response *a;
	enum MHD_Result rc;

	if (r->bulk) {
		a = bulk_answer(r);
	} else if (strcmp(url, "/") == 0) {
		a = text_answer("{\"version\":{\"number\":\"9.0.0\"},\"tagline\":\"You Know, for Search\"}");
	} else if (strcmp(method, "PUT") == 0 && strchr(url + 1, '/') == NULL) {
		a = make_index(url, r);
	} else if (strcmp(method, "GET") == 0 && strstr(url, "/_mapping") != NULL && made != NULL) {
		a = text_answer(made);
	} else if (strcmp(method, "GET") == 0 && strstr(url, "/_settings") != NULL) {
		a = text_answer("{}");
	} else if (strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0) {
		status = 404;
		a = text_answer("{\"error\":{\"type\":\"index_not_found_exception\",\"reason\":\"none\"},\"status\":404}");
	} else {
		a = text_answer("{\"acknowledged\":true}");
	}
	MHD_add_response_header(a, "Content-Type", "application/json");
	MHD_add_response_header(a, "X-Elastic-Product", "Elasticsearch");
	rc = MHD_queue_response(c, status, a);
	MHD_destroy_response(a);
	return rc;
}

static enum MHD_Result
on_request(void *cls, struct MHD_Connection *c, const char *url, const char *method, const char *version,
    const char *data, size_t *size, void **state)
{
	struct request *r = *state;

	(void)cls;
	(void)version;
	if (r == NULL) {
		*state = r = calloc(1, sizeof(*r));
		r->bulk = strstr(url, "_bulk") != NULL;
		return MHD_YES;
	}
	if (*size > 0) {
		if (r->bulk) {
			count_lines(r, data, *size);
		} else if ((r->body = realloc(r->body, r->len + *size)) != NULL) {
			memcpy(r->body + r->len, data, *size);
			r->len += *size;
		}
		*size = 0;
		return MHD_YES;
	}
	return answer(c, method, url, r);
}

static void
on_end(void *cls, struct MHD_Connection *c, void **state, enum MHD_RequestTerminationCode code)
{
	(void)cls;
	(void)c;
	(void)code;
	if (*state != NULL)
		free(((struct request *)*state)->body);
	free(*state);
}

int
main(int argc, char *argv[])
{
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct MHD_Daemon *d;

	if (argc != 2) {
		fputs("usage: sink PORT\n", stderr);
		return 2;
	}
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	d = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, on_request, NULL,
	    MHD_OPTION_SOCK_ADDR, &at, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)1 << 20, MHD_OPTION_END);
	if (d == NULL) {
		fputs("sink: cannot listen\n", stderr);
		return 1;
	}
	for (;;)
		pause();
}
