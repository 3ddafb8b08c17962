/* SPDX-License-Identifier: ISC */
/* Settings of a load. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

#include "es-bulk/index.h"
#include "es-bulk/load.h"

#define MAX_SETTINGS (1 << 20)	/* bytes */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "load: %s", strerror(errno));
}

/* The table's settings of a load; none, where other tables are in the index. *j is to be freed. */
static int
read_wanted(const struct target *t, struct json *j, struct error *e)
{
	const struct rule *r = t->rule;
	const char *text = "{}";
	size_t n = 2;

	memset(j, 0, sizeof(*j));
	if (r != NULL && r->load != -1 && !target_is_joined(t))
		text = json_slice(r->json, r->load, &n);
	return json_parse_checked(j, text, n, e);
}

/* `"index.NAME":VALUE` */
static int
put_setting(struct buf *b, const char *name, const struct json *j, int value)
{
	static const char prefix[] = "index.";
	const char *raw = "null";
	size_t n = 4;

	if (value != -1)
		raw = json_slice(j, value, &n);
	if (b->len > 1 && buf_putc(b, ',') == -1)
		return -1;
	if (buf_putc(b, '"') == -1 || (strncmp(name, prefix, sizeof(prefix) - 1) != 0 && buf_puts(b, prefix) == -1) ||
	    buf_puts(b, name) == -1 || buf_puts(b, "\":") == -1)
		return -1;
	return buf_add(b, raw, n);
}

/* The value that the index has now; -1: the default. has: an answer of /INDEX/_settings?flat_settings. */
static int
value_now(const struct json *has, const char *name)
{
	int first = json_first(has, 0), settings = first == -1 ? -1 : json_member(has, first + 1, "settings"), value;
	char *full;

	if ((value = json_member(has, settings, name)) != -1 || asprintf(&full, "index.%s", name) == -1)
		return value;
	value = json_member(has, settings, full);
	free(full);
	return value;
}

/* wanted's settings: as they are to be, and as they were. */
static int
put_both(struct buf *to_be, struct buf *were, const struct json *wanted, const struct json *has)
{
	int at, rc = 0;
	char *name;

	if (buf_putc(to_be, '{') == -1 || buf_putc(were, '{') == -1)
		return -1;
	for (at = json_first(wanted, 0); at != -1 && rc == 0; at = json_next(wanted, at)) {
		if ((name = json_strdup(wanted, at)) == NULL || strpbrk(name, "\"\\") != NULL ||
		    put_setting(to_be, name, wanted, at + 1) == -1 ||
		    put_setting(were, name, has, value_now(has, name)) == -1)
			rc = -1;
		free(name);
	}
	return rc == -1 || buf_putc(to_be, '}') == -1 || buf_putc(were, '}') == -1 || buf_str(were) == NULL ? -1 : 0;
}

/* Keeps it in the index's _meta; NULL: nothing. */
static int
remember(struct bulk *b, const struct place *p, const char *were, struct error *e)
{
	struct index x;
	int rc = index_look(b, p, &x, e);

	if (rc == 0)
		rc = error_set(e, RC_FAIL, "alias %s is gone", p->alias);
	if (rc == 1) {
		free(x.load);
		if ((x.load = were == NULL ? NULL : strdup(were)) == NULL && were != NULL)
			rc = no_memory(e);
		else
			rc = index_put_meta(b, p, &x, e);
	}
	index_free(&x);
	return rc;
}

/* These settings are an economy: where the engine refuses them the load is slower, that is all. */
static void
tell_refusal(const struct bulk *b, const struct place *p)
{
	char why[512];

	log_warn("the engine refuses the settings of a load table=%s error=\"%s\"", p->target->table,
	    http_reason(&b->call, why, sizeof(why)));
}

static int
put_settings(struct bulk *b, const struct place *p, const struct buf *body, struct error *e)
{
	if (index_ask(b, "PUT", p->alias, "/_settings", body, e) == -1)
		return -1;
	if (b->call.status != 200)
		tell_refusal(b, p);
	return 0;
}

static int
begin(struct bulk *b, struct place *p, const struct json *wanted, struct buf *to_be, struct buf *were, struct error *e)
{
	struct json has = { 0 };
	int rc;

	if (index_ask(b, "GET", p->alias, "/_settings?flat_settings=true", NULL, e) == -1)
		return -1;
	if (b->call.status != 200) {
		tell_refusal(b, p);
		return 0;
	}
	rc = json_parse(&has, b->call.answer.data, b->call.answer.len, e);
	if (rc == 0 && put_both(to_be, were, wanted, &has) == -1)
		rc = no_memory(e);
	json_free(&has);
	if (rc == 0)
		rc = remember(b, p, were->data, e);
	return rc == 0 ? put_settings(b, p, to_be, e) : -1;
}

int
load_begin(struct bulk *b, struct place *p, struct error *e)
{
	struct buf to_be, were;
	struct json wanted;
	int rc;

	if (read_wanted(p->target, &wanted, e) == -1)
		return -1;
	if (json_first(&wanted, 0) == -1) {
		json_free(&wanted);
		p->loading = true;
		return 0;
	}
	if (buf_init(&to_be, MAX_SETTINGS) == -1)
		rc = no_memory(e);
	else if (buf_init(&were, MAX_SETTINGS) == -1) {
		rc = no_memory(e);
		buf_free(&to_be);
	} else {
		rc = begin(b, p, &wanted, &to_be, &were, e);
		buf_free(&to_be);
		buf_free(&were);
	}
	json_free(&wanted);
	p->loading = rc == 0;
	return rc;
}

int
load_end(struct bulk *b, struct place *p, struct error *e)
{
	struct buf body = { 0 };
	struct index x;
	int rc = index_look(b, p, &x, e);

	p->loading = false;
	if (rc == 1 && x.load != NULL) {
		body.data = x.load;
		body.len = strlen(x.load);
		if ((rc = index_ask(b, "PUT", x.name, "/_settings", &body, e)) == 0 && b->call.status != 200)
			rc = bulk_refused(b, x.name, e);
		if (rc == 0)
			rc = remember(b, p, NULL, e);
		if (rc == 0)
			rc = index_refresh(b, p, e);
		if (rc == 0)
			log_info("settings are again as before the load index=%s", x.name);
	}
	index_free(&x);
	return rc == -1 ? -1 : 0;
}
