/* SPDX-License-Identifier: ISC */
/* Rows by key. What the server's collation takes for the same key may be another document, so what it finds is told
 * apart by the keys' exact text: the row found goes out under its own key, the key asked for may still be a delete. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shape.h"

#include "fetch.h"
#include "literal.h"

#define MAX_KEYS_TEXT ((size_t)64 << 20)	/* of one batch: keys are 3072 bytes at most, in SQL twice as long */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "keys: %s", strerror(errno));
}

static int
read_table(struct fetch *f, struct error *e)
{
	char *create = db_show_create(f->my, f->db, f->name, e);

	if (create == NULL)
		return e->rc != RC_OK ? -1 : error_set(e, RC_FAIL, "table %s.%s is gone: whether its documents go too is for "
		    "a person to say", f->db, f->name);
	f->table = table_from_create(create, strlen(create), f->db, e);
	free(create);
	if (f->table == NULL)
		return -1;
	if (f->table->key_count == 0)
		return error_set(e, RC_FAIL, "table %s.%s has no key", f->db, f->name);
	f->values = calloc(f->table->count, sizeof(*f->values));
	return f->values == NULL ? no_memory(e) : 0;
}

struct fetch *
fetch_new(MYSQL *my, const char *db, const char *name, struct error *e)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->db = strdup(db)) == NULL || (f->name = strdup(name)) == NULL ||
	    buf_init(&f->keys, MAX_KEYS_TEXT) == -1 || buf_init(&f->literals, MAX_KEYS_TEXT) == -1 ||
	    buf_init(&f->sql, 2 * MAX_KEYS_TEXT) == -1 || buf_init(&f->scratch, MAX_KEYS_TEXT) == -1) {
		no_memory(e);
		fetch_free(f);
		return NULL;
	}
	f->my = my;
	if (read_table(f, e) == -1) {
		fetch_free(f);
		return NULL;
	}
	return f;
}

void
fetch_free(struct fetch *f)
{
	if (f == NULL)
		return;
	select_free(&f->select);
	table_free(f->table);
	buf_free(&f->keys);
	buf_free(&f->literals);
	buf_free(&f->sql);
	buf_free(&f->scratch);
	free(f->values);
	free(f->db);
	free(f->name);
	free(f);
}

/* FNV-1a. */
static uint32_t
hash(const char *p, size_t n)
{
	uint32_t h = 2166136261U;

	while (n-- > 0)
		h = (h ^ (uint8_t)*p++) * 16777619U;
	return h;
}

/* The slot of the key, or the free one where it would go. */
static uint16_t *
find_slot(struct fetch *f, const char *key, size_t n)
{
	uint32_t i = hash(key, n) % FETCH_SLOTS;
	const struct wanted *w;

	for (; f->slots[i] != 0; i = (i + 1) % FETCH_SLOTS) {
		w = &f->wanted[f->slots[i] - 1];
		if (w->len == n && memcmp(f->keys.data + w->at, key, n) == 0)
			break;
	}
	return &f->slots[i];
}

/* The i-th column's part of a key, as text in scratch from `was` on. */
static int
key_text(struct fetch *f, const struct json *j, int element, size_t was, struct error *e)
{
	f->scratch.len = was;
	if (json_type(j, element) != JSON_STRING)
		return error_set(e, RC_FAIL, "table %s.%s: a key's values are strings", f->db, f->name);
	return json_text(j, element, &f->scratch) == -1 ? no_memory(e) : 0;
}

/* Appends the key as this program writes it to keys, and `a`=… AND `b`=… to literals. */
static int
put_key(struct fetch *f, const struct json *j, int token, struct error *e)
{
	int element = json_first(j, token);
	const struct column *c;
	size_t i, n;

	for (i = 0; i < f->table->key_count; i++, element = json_next(j, element)) {
		c = &f->table->columns[f->table->key[i]];
		if (key_text(f, j, element, 0, e) == -1)
			return -1;
		n = f->scratch.len;
		if (buf_putc(&f->keys, i == 0 ? '[' : ',') == -1 ||
		    json_put_string(&f->keys, f->scratch.data, n, NULL) == -1 ||
		    (i > 0 && buf_puts(&f->literals, " AND ") == -1) || db_put_name(&f->literals, c->name) == -1 ||
		    buf_putc(&f->literals, '=') == -1)
			return no_memory(e);
		if (literal_put(&f->literals, f->my, c, f->scratch.data, n, e) == -1)
			return error_at(e, "table %s.%s", f->db, f->name);
	}
	return buf_putc(&f->keys, ']') == -1 ? no_memory(e) : 0;
}

int
fetch_add(struct fetch *f, const struct json *j, int token, struct error *e)
{
	struct wanted w = { .at = f->keys.len, .literal = f->literals.len };
	uint16_t *slot;

	if (json_type(j, token) != JSON_ARRAY || (size_t)json_size(j, token) != f->table->key_count)
		return error_set(e, RC_FAIL, "table %s.%s: its key has %zu columns, the event's has another number", f->db,
		    f->name, f->table->key_count);
	if (f->count == FETCH_KEYS || f->keys.len > FETCH_BYTES)
		return 1;
	if (put_key(f, j, token, e) == -1)
		return -1;
	w.len = f->keys.len - w.at;
	w.literal_len = f->literals.len - w.literal;
	slot = find_slot(f, f->keys.data + w.at, w.len);
	if (*slot != 0) {
		f->keys.len = w.at;
		f->literals.len = w.literal;
		return 0;
	}
	f->wanted[f->count++] = w;
	*slot = (uint16_t)f->count;
	return 0;
}

static int
put_table(struct fetch *f)
{
	if (buf_puts(&f->sql, " FROM ") == -1 || db_put_name(&f->sql, f->db) == -1 || buf_putc(&f->sql, '.') == -1)
		return -1;
	return db_put_name(&f->sql, f->name);
}

static int
put_select(struct fetch *f)
{
	size_t i;

	buf_clear(&f->sql);
	if (select_put(&f->sql, &f->select) == -1)
		return -1;
	for (i = 0; i < f->count; i++)	/* OR, not a list of rows: older servers find those without the index */
		if (buf_puts(&f->sql, i == 0 ? " WHERE (" : ") OR (") == -1 ||
		    buf_add(&f->sql, f->literals.data + f->wanted[i].literal, f->wanted[i].literal_len) == -1)
			return -1;
	return buf_putc(&f->sql, ')');
}

static int
put_snapshot(struct fetch *f, struct output *out, const struct pos *pos, const struct value_options *o, struct error *e)
{
	const struct value *values = f->select.values;
	const struct table *t = f->table;
	const struct row_event r = { .op = "snapshot", .table = t, .row = values, .key = values, .pos = pos };
	uint16_t *slot;
	size_t i;

	buf_clear(&f->scratch);
	for (i = 0; i < t->key_count; i++) {
		if (buf_putc(&f->scratch, i == 0 ? '[' : ',') == -1)
			return no_memory(e);
		if (value_put_key(&f->scratch, &t->columns[t->key[i]], &values[t->key[i]], e) == -1)
			return -1;
	}
	if (buf_putc(&f->scratch, ']') == -1)
		return no_memory(e);
	slot = find_slot(f, f->scratch.data, f->scratch.len);
	if (*slot != 0)
		f->wanted[*slot - 1].found = true;
	return event_put_row(&out->buf, &r, o, e) == -1 ? -1 : output_line_end(out, e);
}

static int
put_rows(struct fetch *f, struct output *out, const struct pos *pos, const struct value_options *o, struct error *e)
{
	int rc;

	if (put_select(f) == -1)
		return no_memory(e);
	if (select_prepare(&f->select, &f->sql, e) == -1 || select_run(&f->select, e) == -1)
		return -1;
	while ((rc = select_row(&f->select, e)) == 1)
		if (put_snapshot(f, out, pos, o, e) == -1)
			return -1;
	select_end(&f->select);
	return rc;
}

/* Is there a row whose key has invalid bytes, of which the key's text may be the hex? 1, 0, -1. */
static int
bytes_exist(struct fetch *f, const struct json *j, struct error *e)
{
	int element = json_first(j, 0), rc, any = 0;
	const struct column *c;
	struct db_row r;
	const char *sql;
	size_t i;

	buf_clear(&f->sql);
	if (buf_puts(&f->sql, "SELECT 1") == -1 || put_table(f) == -1 || buf_puts(&f->sql, " WHERE ") == -1)
		return no_memory(e);
	for (i = 0; i < f->table->key_count; i++, element = json_next(j, element)) {
		c = &f->table->columns[f->table->key[i]];
		if (key_text(f, j, element, 0, e) == -1)
			return -1;
		if ((i > 0 && buf_puts(&f->sql, " AND ") == -1) || db_put_name(&f->sql, c->name) == -1 ||
		    buf_putc(&f->sql, '=') == -1)
			return no_memory(e);
		if ((rc = literal_put_bytes(&f->sql, c, f->scratch.data, f->scratch.len, e)) == -1 ||
		    (rc == 0 && literal_put(&f->sql, f->my, c, f->scratch.data, f->scratch.len, e) == -1))
			return -1;
		any |= rc;
	}
	if (!any)
		return 0;
	if (buf_puts(&f->sql, " LIMIT 1") == -1 || (sql = buf_str(&f->sql)) == NULL)
		return no_memory(e);
	if (db_row(f->my, &r, e, "%s", sql) == -1)
		return -1;
	db_row_free(&r);
	return r.found;
}

static int
put_delete(struct fetch *f, const struct json *j, struct output *out, const struct pos *pos,
    const struct value_options *o, struct error *e)
{
	const struct table *t = f->table;
	const struct row_event r = { .op = "delete", .table = t, .row = f->values, .key = f->values, .pos = pos,
	    .partial = true };
	int element = json_first(j, 0);
	size_t i, was = 0;

	for (i = 0; i < t->count; i++)
		f->values[i].type = VALUE_ABSENT;
	buf_clear(&f->scratch);
	/* the values borrow their text, so scratch must not move */
	if (buf_room(&f->scratch, j->len) == NULL)
		return no_memory(e);
	for (i = 0; i < t->key_count; i++, element = json_next(j, element), was = f->scratch.len)
		if (key_text(f, j, element, was, e) == -1 ||
		    literal_value(&f->values[t->key[i]], &t->columns[t->key[i]], f->scratch.data + was,
		    f->scratch.len - was, e) == -1)
			return error_at(e, "table %s.%s", f->db, f->name);
	return event_put_row(&out->buf, &r, o, e) == -1 ? -1 : output_line_end(out, e);
}

/* The key was not found under its exact text. */
static int
put_gone(struct fetch *f, const struct wanted *w, struct output *out, const struct pos *pos,
    const struct value_options *o, struct error *e)
{
	struct json j = { 0 };
	int rc = json_parse(&j, f->keys.data + w->at, w->len, e);

	if (rc == 0)
		rc = bytes_exist(f, &j, e);
	if (rc == 1)
		rc = error_set(e, RC_FAIL, "table %s.%s: key %.*s may stand for invalid bytes: such a row is not read by key",
		    f->db, f->name, (int)(w->len < 200 ? w->len : 200), f->keys.data + w->at);
	if (rc == 0)
		rc = put_delete(f, &j, out, pos, o, e);
	json_free(&j);
	return rc;
}

int
fetch_run(struct fetch *f, struct output *out, const struct pos *pos, const struct value_options *o, struct error *e)
{
	size_t i;

	if (f->count == 0)
		return 0;
	if (!f->schema_sent && (shape_table(f->table, o, e) == -1 ||
	    select_init(&f->select, f->my, f->table, NULL, 0, e) == -1))
		return -1;
	if (!f->schema_sent && table_put_schema(&out->buf, f->table, "server", pos) == -1)
		return no_memory(e);
	f->schema_sent = true;
	if (put_rows(f, out, pos, o, e) == -1)
		return -1;
	for (i = 0; i < f->count; i++)
		if (!f->wanted[i].found && put_gone(f, &f->wanted[i], out, pos, o, e) == -1)
			return -1;
	f->count = 0;
	memset(f->slots, 0, sizeof(f->slots));
	buf_clear(&f->keys);
	buf_clear(&f->literals);
	return 0;
}
