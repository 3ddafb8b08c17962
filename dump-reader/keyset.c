/* SPDX-License-Identifier: ISC */
/* Paging by key. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "keyset.h"
#include "literal.h"

#define MAX_SQL ((size_t)16 << 20)	/* bytes of a page's: 4096 names */

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "pages: %s", strerror(errno));
}

static const struct column *
key_column(const struct keyset *k, size_t i)
{
	return &k->table->columns[k->table->key[i]];
}

static bool
is_numbered(const struct column *c)
{
	return c->kind == COLUMN_ENUM || c->kind == COLUMN_SET;
}

enum { SHOW_UNIQUE = 1, SHOW_NAME = 2, SHOW_COLUMN = 4, SHOW_COLLATION = 5, SHOW_PART = 7, SHOW_TYPE = 10, SHOW_VISIBLE = 13 };

/* Is the row of SHOW INDEX about the i-th column of the key, whole, in an ordered index that may be used? */
static bool
fits(struct keyset *k, const struct db_server *server, MYSQL_ROW row, unsigned int fields, size_t i)
{
	/* MySQL says what is visible, MariaDB what is ignored */
	if (fields > SHOW_VISIBLE && row[SHOW_VISIBLE] != NULL &&
	    strcasecmp(row[SHOW_VISIBLE], server->mariadb ? "NO" : "YES") != 0)
		return false;
	if (i >= k->table->key_count || row[SHOW_COLUMN] == NULL || row[SHOW_PART] != NULL || row[SHOW_COLLATION] == NULL ||
	    row[SHOW_TYPE] == NULL || strcmp(row[SHOW_TYPE], "BTREE") != 0 || strcmp(row[SHOW_UNIQUE], "0") != 0 ||
	    strcasecmp(row[SHOW_COLUMN], key_column(k, i)->name) != 0)
		return false;
	k->descends[i] = strcmp(row[SHOW_COLLATION], "D") == 0;
	return true;
}

/* The rows of an index stand together, in its columns' order. */
static int
choose_index(struct keyset *k, const struct db_server *server, MYSQL_RES *res)
{
	unsigned int fields = mysql_num_fields(res);
	size_t n = 0, seen = 0;
	char *name = NULL;
	MYSQL_ROW row;

	while (fields > SHOW_TYPE && (row = mysql_fetch_row(res)) != NULL) {
		if (name == NULL || strcmp(name, row[SHOW_NAME]) != 0) {
			if (name != NULL && n == k->table->key_count && n == seen)
				break;
			free(name);
			if ((name = strdup(row[SHOW_NAME])) == NULL)
				return -1;
			n = seen = 0;
		}
		if (n == seen && fits(k, server, row, fields, n))
			n++;
		seen++;
	}
	if (name != NULL && n == k->table->key_count && n == seen) {
		k->index = name;
		return 1;
	}
	free(name);
	return 0;
}

int
keyset_find(struct keyset *k, MYSQL *my, const struct db_server *server, const struct table *t, struct error *e)
{
	const char *sql = NULL;
	MYSQL_RES *res = NULL;
	struct buf b;
	int rc = -1;

	*k = (struct keyset){ .table = t };
	if (t->key_count == 0 || t->key_count > MAX_KEYSET_COLUMNS || is_numbered(key_column(k, 0)))
		return 0;
	if (buf_init(&b, MAX_SQL) == -1)
		return no_memory(e);
	if (buf_puts(&b, "SHOW INDEX FROM ") == -1 || db_put_name(&b, t->db) == -1 || buf_putc(&b, '.') == -1 ||
	    db_put_name(&b, t->name) == -1 || (sql = buf_str(&b)) == NULL)
		no_memory(e);
	else if (mysql_query(my, sql) != 0 || (res = mysql_store_result(my)) == NULL)
		db_error(my, e, sql);
	else if ((rc = choose_index(k, server, res)) == -1)
		no_memory(e);
	if (res != NULL)
		mysql_free_result(res);
	buf_free(&b);
	return rc;
}

void
keyset_free(struct keyset *k)
{
	free(k->index);
	k->index = NULL;
}

/* One element of a bound. */
static int
put_element(struct buf *b, const struct column *c, const struct value *v, uint64_t *bad, struct error *e)
{
	const struct value_options text = { .bad_bytes = bad };

	if (is_numbered(c) && v->type == VALUE_UINT)
		return buf_putf(b, "\"%llu\"", (unsigned long long)v->u) == -1 ? no_memory(e) : 0;
	if (c->kind == COLUMN_TEXT)
		return value_put_json(b, c, v, &text, e);
	return value_put_key(b, c, v, e);
}

int
keyset_put_bound(struct buf *b, const struct keyset *k, const struct value *values, struct error *e)
{
	uint64_t bad = 0;
	size_t i;

	for (i = 0; i < k->table->key_count; i++) {
		if (buf_putc(b, i == 0 ? '[' : ',') == -1)
			return no_memory(e);
		if (put_element(b, key_column(k, i), &values[k->table->key[i]], &bad, e) == -1)
			return -1;
	}
	if (buf_putc(b, ']') == -1)
		return no_memory(e);
	return bad == 0;
}

static int
put_condition(struct buf *b, const struct column *c, const char *op)
{
	return db_put_name(b, c->name) == -1 || buf_puts(b, op) == -1 ? -1 : buf_putc(b, '?');
}

/* a>? OR (a=? AND (b>? OR (b=? AND c>?))): a row value comparison would not use the index. upper: the other way round,
 * the bound being one of them. */
static int
put_bound_sql(struct buf *b, const struct keyset *k, bool upper)
{
	size_t i, n = k->table->key_count;
	const char *op;

	for (i = 0; i < n; i++) {
		op = k->descends[i] == upper ? ">" : "<";
		if (put_condition(b, key_column(k, i), op) == -1 || (upper && i + 1 == n && (--b->len, buf_puts(b, "=?") == -1)))
			return -1;
		if (i + 1 < n && (buf_puts(b, " OR (") == -1 || put_condition(b, key_column(k, i), "=") == -1 ||
		    buf_puts(b, " AND (") == -1))
			return -1;
	}
	for (i = 1; i < n; i++)
		if (buf_puts(b, "))") == -1)
			return -1;
	return 0;
}

int
keyset_put_page(struct buf *b, const struct keyset *k, const struct keyset_page *p)
{
	static const char first[] = " WHERE (", next[] = ") AND (";
	const char *before = first;
	size_t i;

	if (buf_puts(b, " FORCE INDEX (") == -1 || db_put_name(b, k->index) == -1 || buf_putc(b, ')') == -1)
		return -1;
	if (p->where != NULL) {	/* it may end with a comment */
		if (buf_puts(b, before) == -1 || buf_puts(b, p->where) == -1 || buf_putc(b, '\n') == -1)
			return -1;
		before = next;
	}
	if (p->from != NULL) {
		if (buf_puts(b, before) == -1 || put_bound_sql(b, k, false) == -1)
			return -1;
		before = next;
	}
	if (p->to != NULL) {
		if (buf_puts(b, before) == -1 || put_bound_sql(b, k, true) == -1)
			return -1;
		before = next;
	}
	if (before == next && buf_putc(b, ')') == -1)
		return -1;
	for (i = 0; i < k->table->key_count; i++)
		if (buf_puts(b, i == 0 ? " ORDER BY " : ",") == -1 || db_put_name(b, key_column(k, i)->name) == -1 ||
		    (k->descends[i] && buf_puts(b, " DESC") == -1))
			return -1;
	return 0;
}

/* The values of a bound; they borrow from scratch. */
static int
read_bound(struct value *values, const struct keyset *k, const char *bound, struct buf *scratch, struct error *e)
{
	static const struct value_options none;
	size_t i, was, n = k->table->key_count;
	const struct column *c;
	struct json j = { 0 };
	int at, rc = 0;

	if (json_parse(&j, bound, strlen(bound), e) == -1)
		return -1;
	if (json_type(&j, 0) != JSON_ARRAY || (size_t)json_size(&j, 0) != n)
		rc = error_set(e, RC_USAGE, "not a key of %s.%s: %.100s", k->table->db, k->table->name, bound);
	else if (buf_room(scratch, strlen(bound)) == NULL)	/* values borrow from it: it must not move */
		rc = no_memory(e);
	for (i = 0, at = json_first(&j, 0); rc == 0 && i < n; i++, at = json_next(&j, at)) {
		c = key_column(k, i);
		was = scratch->len;
		if (json_type(&j, at) != JSON_STRING || json_text(&j, at, scratch) == -1)
			rc = error_set(e, RC_USAGE, "not a key of %s.%s: %.100s", k->table->db, k->table->name, bound);
		else if (is_numbered(c))
			rc = value_from_text(&values[i], c, TEXT_NUMBER, scratch->data + was, scratch->len - was, &none, e);
		else
			rc = literal_value(&values[i], c, scratch->data + was, scratch->len - was, e);
	}
	json_free(&j);
	return rc;
}

static int
add_bound(const struct keyset *k, const struct value *values, struct select *s, struct error *e)
{
	size_t i, n = k->table->key_count;

	for (i = 0; i < n; i++)
		if (select_add(s, key_column(k, i), &values[i], e) == -1 ||
		    (i + 1 < n && select_add(s, key_column(k, i), &values[i], e) == -1))
			return -1;
	return 0;
}

int
keyset_add_page(const struct keyset *k, const struct keyset_page *p, struct select *s, struct buf *scratch,
    struct error *e)
{
	struct value from[MAX_KEYSET_COLUMNS], to[MAX_KEYSET_COLUMNS];
	size_t n = (p->from == NULL ? 0 : strlen(p->from)) + (p->to == NULL ? 0 : strlen(p->to));

	buf_clear(scratch);
	if (buf_room(scratch, n) == NULL)
		return no_memory(e);
	if (p->from != NULL && (read_bound(from, k, p->from, scratch, e) == -1 || add_bound(k, from, s, e) == -1))
		return -1;
	if (p->to != NULL && (read_bound(to, k, p->to, scratch, e) == -1 || add_bound(k, to, s, e) == -1))
		return -1;
	return 0;
}

/* … WHERE a=? AND b=? [AND (bound)] */
static int
put_one(struct buf *b, const struct keyset *k, bool behind)
{
	size_t i;

	for (i = 0; i < k->table->key_count; i++)
		if (buf_puts(b, i == 0 ? " WHERE " : " AND ") == -1 || put_condition(b, key_column(k, i), "=") == -1)
			return -1;
	if (behind && (buf_puts(b, " AND (") == -1 || put_bound_sql(b, k, false) == -1 || buf_putc(b, ')') == -1))
		return -1;
	return 0;
}

/* Is there a row with the key `at`, and, when from is not NULL, is it behind that one? */
static int
is_there(const struct keyset *k, struct select *s, const char *from, const char *at, struct buf *sql, struct buf *scratch,
    struct error *e)
{
	struct value key[MAX_KEYSET_COLUMNS], bound[MAX_KEYSET_COLUMNS];
	size_t i;
	int rc;

	buf_clear(sql);
	buf_clear(scratch);
	if (select_put(sql, s) == -1 || put_one(sql, k, from != NULL) == -1 ||
	    buf_room(scratch, strlen(at) + (from == NULL ? 0 : strlen(from))) == NULL)
		return no_memory(e);
	if (select_prepare(s, sql, e) == -1 || read_bound(key, k, at, scratch, e) == -1)
		return -1;
	for (i = 0; i < k->table->key_count; i++)
		if (select_add(s, key_column(k, i), &key[i], e) == -1)
			return -1;
	if (from != NULL && (read_bound(bound, k, from, scratch, e) == -1 || add_bound(k, bound, s, e) == -1))
		return -1;
	if (select_run(s, e) == -1)
		return -1;
	rc = select_row(s, e);
	select_end(s);
	return rc;
}

int
keyset_advances(const struct keyset *k, MYSQL *my, const char *from, const char *at, struct error *e)
{
	struct buf sql = { 0 }, scratch = { 0 };
	struct select s = { 0 };
	int rc = -1;

	if (buf_init(&sql, MAX_SQL) == -1 || buf_init(&scratch, MAX_SQL) == -1)
		no_memory(e);
	else if (select_init(&s, my, k->table, k->table->key, k->table->key_count, e) == 0 &&
	    (rc = is_there(k, &s, from, at, &sql, &scratch, e)) == 0 &&
	    (rc = is_there(k, &s, NULL, at, &sql, &scratch, e)) != -1)
		rc = rc == 1 ? 0 : 2;
	select_free(&s);
	buf_free(&sql);
	buf_free(&scratch);
	return rc;
}
