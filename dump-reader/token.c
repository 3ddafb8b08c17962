/* SPDX-License-Identifier: ISC */
/* Resume tokens of live loads. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"

#include "token.h"

#define MAX_TOKEN ((size_t)64 << 20)

static int
put_pos(struct buf *b, const struct pos *p)
{
	return buf_puts(b, ",\"s0\":\"") == -1 || pos_put(b, p) == -1 ? -1 : buf_putc(b, '"');
}

static int
put_name(struct buf *b, const struct live_table *t)
{
	return buf_putc(b, '[') == -1 || json_put_str(b, t->db) == -1 || buf_putc(b, ',') == -1 ||
	    json_put_str(b, t->name) == -1 ? -1 : buf_putc(b, ']');
}

static int
put_table(struct buf *b, const struct live_table *t)
{
	const char *before = ",\"ranges\":[[";
	const struct range *r;

	if (buf_puts(b, "{\"table\":") == -1 || put_name(b, t) == -1 || put_pos(b, &t->s0) == -1 ||
	    buf_putf(b, ",\"definition\":\"%016" PRIx64 "\",\"rows\":%" PRIu64, t->proven ? t->definition : 0, t->rows) == -1)
		return -1;
	/* a pass has no place to go on from, and what failed is tried anew */
	for (r = t->failed || t->one_pass || (t->layout != NULL && !t->layout->paged) ? NULL : t->ranges; r != NULL; r = r->next) {
		if (buf_puts(b, before) == -1 || buf_puts(b, r->from == NULL ? "null" : r->from) == -1 ||
		    buf_putc(b, ',') == -1 || buf_puts(b, r->to == NULL ? "null" : r->to) == -1)
			return -1;
		before = "],[";
	}
	return buf_puts(b, *before == ']' ? "]]}" : "}");
}

static int
put_token(struct buf *b, const struct ledger *w)
{
	const struct live_table *t;
	size_t i;

	if (buf_puts(b, "{\"server\":") == -1 || json_put_str(b, w->source.server) == -1 || put_pos(b, &w->s0) == -1)
		return -1;
	/* all before this table have begun */
	if (w->next > 0 && (buf_puts(b, ",\"last\":") == -1 || put_name(b, &w->tables[w->next - 1]) == -1))
		return -1;
	if (buf_putf(b, ",\"rest\":\"%016" PRIx64 "\",\"tables\":[", w->rest) == -1)
		return -1;
	for (i = 0, t = w->begun; t != NULL; t = t->next_begun)
		if ((i++ > 0 && buf_putc(b, ',') == -1) || put_table(b, t) == -1)
			return -1;
	return buf_puts(b, "]}");
}

int
token_put(struct buf *b, const struct ledger *w)
{
	struct buf token;
	int rc;

	if (buf_init(&token, MAX_TOKEN) == -1)
		return -1;
	rc = put_token(&token, w);
	if (rc == 0)
		rc = json_put_string(b, token.data, token.len, NULL);
	buf_free(&token);
	return rc;
}

/* ---- reading ---- */

static int
malformed(struct error *e)
{
	return error_set(e, RC_USAGE, "--resume: not a token of a progress line of tables read live");
}

static int
read_pos(const struct json *j, int object, struct pos *pos, struct error *e)
{
	int t = json_member(j, object, "s0");
	char *text = t == -1 ? NULL : json_strdup(j, t);
	int rc = text == NULL || pos_parse(pos, text, e) == -1 ? malformed(e) : 0;

	free(text);
	return rc;
}

static int
read_hash(const struct json *j, int object, const char *name, uint64_t *hash, struct error *e)
{
	int t = json_member(j, object, name);
	char *text = t == -1 ? NULL : json_strdup(j, t), *end;
	int rc = 0;

	if (text == NULL || strlen(text) != 16 || (*hash = strtoull(text, &end, 16), *end != '\0'))
		rc = malformed(e);
	free(text);
	return rc;
}

/* ["db","table"]: -1, else malloc'ed. */
static int
read_name(const struct json *j, int token, char **db, char **name, struct error *e)
{
	int first = token == -1 || json_type(j, token) != JSON_ARRAY || json_size(j, token) != 2 ? -1 : json_first(j, token);

	*db = first == -1 ? NULL : json_strdup(j, first);
	*name = first == -1 ? NULL : json_strdup(j, json_next(j, first));
	if (*db != NULL && *name != NULL)
		return 0;
	free(*db);
	free(*name);
	*db = *name = NULL;
	malformed(e);
	return -1;
}

/* A bound's own text, malloc'ed; NULL for null. */
static int
read_bound(const struct json *j, int token, char **bound, struct error *e)
{
	const char *p;
	size_t n;

	*bound = NULL;
	if (json_type(j, token) == JSON_NULL)
		return 0;
	if (json_type(j, token) != JSON_ARRAY)
		return malformed(e);
	p = json_slice(j, token, &n);
	return (*bound = strndup(p, n)) == NULL ? error_set(e, RC_TEMP, "--resume: %s", strerror(errno)) : 0;
}

static int
read_ranges(const struct json *j, int array, struct live_table *t, struct error *e)
{
	char *from, *to;
	int at, first;

	if (array == -1)
		return ledger_add_range(t, NULL, NULL, e);
	if (json_type(j, array) != JSON_ARRAY)
		return malformed(e);
	for (at = json_first(j, array); at != -1; at = json_next(j, at)) {
		if (json_type(j, at) != JSON_ARRAY || json_size(j, at) != 2)
			return malformed(e);
		first = json_first(j, at);
		if (read_bound(j, first, &from, e) == -1)
			return -1;
		if (read_bound(j, json_next(j, first), &to, e) == -1) {
			free(from);
			return -1;
		}
		if (ledger_add_range(t, from, to, e) == -1)
			return -1;
	}
	return t->ranges == NULL ? malformed(e) : 0;
}

static struct live_table *
find(struct ledger *w, const char *db, const char *name)
{
	size_t i;

	for (i = 0; i < w->count; i++)
		if (strcmp(w->tables[i].db, db) == 0 && strcmp(w->tables[i].name, name) == 0)
			return &w->tables[i];
	return NULL;
}

static int
read_table(struct ledger *w, const struct json *j, int object, struct error *e)
{
	int rows = json_member(j, object, "rows");
	struct live_table *t;
	uint64_t definition;
	char *db, *name;
	int rc = 0;

	if (read_name(j, json_member(j, object, "table"), &db, &name, e) == -1)
		return -1;
	if ((t = find(w, db, name)) == NULL) {
		log_error("table %s.%s is gone, which was being read", db, name);
		w->table_failed = true;
	} else if (rows == -1 || json_u64(j, rows, &t->rows) == -1) {
		rc = malformed(e);
	} else if ((rc = read_pos(j, object, &t->s0, e)) == 0 &&
	    (rc = read_hash(j, object, "definition", &definition, e)) == 0) {
		t->proven = definition == t->definition;
		t->begun = true;
		t->next_begun = w->begun;
		w->begun = t;
		rc = read_ranges(j, json_member(j, object, "ranges"), t, e);
	}
	free(db);
	free(name);
	return rc;
}

/* Tables up to the last that had begun are done, unless the token lists them. */
static int
read_last(struct ledger *w, const struct json *j, struct error *e)
{
	int token = json_member(j, 0, "last");
	char *db, *name;
	size_t i;
	int d;

	if (token == -1)
		return 0;
	if (read_name(j, token, &db, &name, e) == -1)
		return -1;
	for (i = 0; i < w->count; i++) {
		d = strcmp(w->tables[i].db, db);
		if (d < 0 || (d == 0 && strcmp(w->tables[i].name, name) <= 0)) {
			w->rest ^= ledger_hash(&w->tables[i]);
			w->next = i + 1;
		}
	}
	free(db);
	free(name);
	return 0;
}

static int
read_token(struct ledger *w, const struct json *j, bool *same, struct error *e)
{
	int server = json_member(j, 0, "server"), tables = json_member(j, 0, "tables"), at;
	uint64_t rest;

	if (server == -1 || tables == -1 || json_type(j, tables) != JSON_ARRAY || read_pos(j, 0, &w->s0, e) == -1 ||
	    read_hash(j, 0, "rest", &rest, e) == -1)
		return malformed(e);
	if (!json_is(j, server, w->source.server) || w->s0.epoch != w->source.epoch)
		return error_set(e, RC_POSITION, "--resume: that load was of another server or epoch");
	if (read_last(w, j, e) == -1)
		return -1;
	*same = rest == w->rest;
	for (at = json_first(j, tables); at != -1; at = json_next(j, at))
		if (read_table(w, j, at, e) == -1)
			return -1;
	return 0;
}

int
token_read(struct ledger *w, const char *text, bool *same, struct error *e)
{
	struct json j = { 0 };
	int rc = json_parse(&j, text, strlen(text), e) == -1 ? malformed(e) : read_token(w, &j, same, e);

	json_free(&j);
	return rc;
}
