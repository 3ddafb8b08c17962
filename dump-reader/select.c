/* SPDX-License-Identifier: ISC */
/* Prepared SELECTs. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mysqld_error.h>

#include "lib/db.h"
#include "lib/octets.h"

#include "select.h"

#define TEXT_BYTES 64		/* of a text result's first buffer */
#define KEEP_TEXT (1 << 20)	/* a rare huge value does not keep its memory */

struct select_result {
	union {
		int64_t i;
		uint64_t u;
		float f;
		double d;
		MYSQL_TIME time;
	} fixed;
	char *text;
	unsigned long cap, len;
	my_bool null;
};

struct select_param {
	union {
		uint64_t u;
		MYSQL_TIME time;
	};
	char text[OCTETS_TEXT];	/* what is made of a value */
	unsigned long len;
	MYSQL_BIND bind;
};

/* How a kind's values come, MYSQL_TYPE_BLOB: as bytes. A member of an ENUM or a SET is asked for by its number: its
 * text depends on a character set, and two may look the same. */
static enum enum_field_types
type_of(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_INT:
	case COLUMN_YEAR:
	case COLUMN_ENUM:
	case COLUMN_SET: return MYSQL_TYPE_LONGLONG;
	case COLUMN_FLOAT: return MYSQL_TYPE_FLOAT;
	case COLUMN_DOUBLE: return MYSQL_TYPE_DOUBLE;
	case COLUMN_DATE: return MYSQL_TYPE_DATE;
	case COLUMN_TIME: return MYSQL_TYPE_TIME;
	case COLUMN_DATETIME: return MYSQL_TYPE_DATETIME;
	case COLUMN_TIMESTAMP: return MYSQL_TYPE_TIMESTAMP;
	default: return MYSQL_TYPE_BLOB;
	}
}

/* What the client library does not know (MySQL's VECTOR), or what would come as text. */
static const char *
cast_of(enum column_kind kind)
{
	switch (kind) {
	case COLUMN_ENUM:
	case COLUMN_SET: return " AS UNSIGNED)";
	case COLUMN_VECTOR: return " AS BINARY)";
	default: return NULL;
	}
}

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "SELECT: %s", strerror(errno));
}

int
select_session(MYSQL *my, struct error *e)
{
	return db_run(my, e, "SET character_set_results=NULL");
}

static const struct column *
column_of(const struct select *s, size_t i)
{
	return &s->table->columns[s->columns[i]];
}

static int
bind_result(struct select *s, size_t i)
{
	const struct column *c = column_of(s, i);
	struct select_result *r = &s->results[i];
	MYSQL_BIND *b = &s->binds[i];

	b->buffer_type = type_of(c->kind);
	b->is_unsigned = c->kind != COLUMN_INT || c->is_unsigned;
	b->length = &r->len;
	b->is_null = &r->null;
	b->buffer = &r->fixed;
	b->buffer_length = sizeof(r->fixed);
	if (b->buffer_type != MYSQL_TYPE_BLOB)
		return 0;
	if ((r->text = malloc(TEXT_BYTES)) == NULL)
		return -1;
	b->buffer = r->text;
	b->buffer_length = r->cap = TEXT_BYTES;
	return 0;
}

int
select_init(struct select *s, MYSQL *my, const struct table *t, const size_t *columns, size_t count, struct error *e)
{
	size_t i, most = columns == NULL ? t->count : count;

	*s = (struct select){ .my = my, .table = t };
	if ((s->columns = calloc(most + 1, sizeof(*s->columns))) == NULL)
		return no_memory(e);
	for (i = 0; i < most; i++)
		if (columns != NULL)
			s->columns[s->count++] = columns[i];
		else if (!t->columns[i].hidden && t->columns[i].version == VERSION_NONE)
			s->columns[s->count++] = i;
	s->binds = calloc(s->count + 1, sizeof(*s->binds));
	s->results = calloc(s->count + 1, sizeof(*s->results));
	s->params = calloc(MAX_PARAMS + 1, sizeof(*s->params));
	s->values = calloc(t->count + 1, sizeof(*s->values));
	if (s->binds == NULL || s->results == NULL || s->params == NULL || s->values == NULL)
		return no_memory(e);
	for (i = 0; i < s->count; i++)
		if (bind_result(s, i) == -1)
			return no_memory(e);
	return 0;
}

void
select_free(struct select *s)
{
	size_t i;

	select_end(s);
	if (s->stmt != NULL)
		mysql_stmt_close(s->stmt);
	for (i = 0; s->results != NULL && i < s->count; i++)
		free(s->results[i].text);
	free(s->columns);
	free(s->binds);
	free(s->results);
	free(s->params);
	free(s->values);
	*s = (struct select){ 0 };
}

int
select_put(struct buf *b, const struct select *s)
{
	const struct column *c;
	const char *type;
	size_t i;

	for (i = 0; i < s->count; i++) {
		c = column_of(s, i);
		type = cast_of(c->kind);
		if (buf_puts(b, i == 0 ? "SELECT " : ",") == -1 || (type != NULL && buf_puts(b, "CAST(") == -1) ||
		    db_put_name(b, c->name) == -1 || (type != NULL && buf_puts(b, type) == -1))
			return -1;
	}
	if (buf_puts(b, " FROM ") == -1 || db_put_name(b, s->table->db) == -1 || buf_putc(b, '.') == -1)
		return -1;
	return db_put_name(b, s->table->name);
}

/* The server's errors are the connection's, too; the library's own are the statement's alone. */
static int
failed(struct select *s, struct error *e)
{
	if (mysql_errno(s->my) != 0)
		db_error(s->my, e, "SELECT");
	else
		error_set(e, RC_FAIL, "SELECT: %s (error %u)", mysql_stmt_error(s->stmt), mysql_stmt_errno(s->stmt));
	if (mysql_errno(s->my) == ER_TABLE_DEF_CHANGED)	/* altered since the snapshot: the next one fits again */
		e->rc = RC_TEMP;
	return error_at(e, "table %s.%s", s->table->db, s->table->name);
}

int
select_prepare(struct select *s, const struct buf *sql, struct error *e)
{
	select_end(s);
	s->params_count = 0;
	if (s->stmt != NULL)
		mysql_stmt_close(s->stmt);
	if ((s->stmt = mysql_stmt_init(s->my)) == NULL)
		return no_memory(e);
	return mysql_stmt_prepare(s->stmt, sql->data, sql->len) == 0 ? 0 : failed(s, e);
}

static MYSQL_BIND *
next_param(struct select *s, enum enum_field_types type, const void *p, size_t n, struct error *e)
{
	struct select_param *param = &s->params[s->params_count];

	if (s->params_count == MAX_PARAMS) {
		error_set(e, RC_FAIL, "SELECT: more than %d parameters", MAX_PARAMS);
		return NULL;
	}
	s->params_count++;
	param->bind = (MYSQL_BIND){ .buffer_type = type, .buffer = (void *)(uintptr_t)p, .buffer_length = n };
	param->len = n;
	param->bind.length = &param->len;
	return &param->bind;
}

int
select_add_number(struct select *s, uint64_t u, struct error *e)
{
	struct select_param *param = &s->params[s->params_count];
	MYSQL_BIND *b = next_param(s, MYSQL_TYPE_LONGLONG, &param->u, sizeof(param->u), e);

	if (b == NULL)
		return -1;
	param->u = u;
	b->is_unsigned = true;
	return 0;
}

static int
add_time(struct select *s, const struct column *c, const struct value_time *t, struct error *e)
{
	struct select_param *param = &s->params[s->params_count];

	if (next_param(s, type_of(c->kind), &param->time, sizeof(param->time), e) == NULL)
		return -1;
	param->time = (MYSQL_TIME){ .year = t->year, .month = t->month, .day = t->day, .hour = t->hour,
	    .minute = t->minute, .second = t->second, .second_part = t->micro, .neg = t->negative };
	param->time.time_type = c->kind == COLUMN_TIME ? MYSQL_TIMESTAMP_TIME :
	    c->kind == COLUMN_DATE ? MYSQL_TIMESTAMP_DATE : MYSQL_TIMESTAMP_DATETIME;
	if (c->kind == COLUMN_TIME) {	/* an hour is one byte on the way */
		param->time.day = t->hour / 24;
		param->time.hour = t->hour % 24;
	}
	return 0;
}

/* As text: a number 0 would be the year 2000 to MySQL. */
static int
add_year(struct select *s, uint64_t year, struct error *e)
{
	struct select_param *param = &s->params[s->params_count];

	snprintf(param->text, sizeof(param->text), "%04u", (unsigned)(year % 10000));
	return next_param(s, MYSQL_TYPE_STRING, param->text, 4, e) == NULL ? -1 : 0;
}

static int
add_octets(struct select *s, const struct column *c, const uint8_t *octets, struct error *e)
{
	struct select_param *param = &s->params[s->params_count];

	return next_param(s, MYSQL_TYPE_STRING, param->text, octets_text(c->kind, octets, param->text), e) == NULL ? -1 : 0;
}

static int
add_int(struct select *s, int64_t i, struct error *e)
{
	if (select_add_number(s, (uint64_t)i, e) == -1)
		return -1;
	s->params[s->params_count - 1].bind.is_unsigned = false;
	return 0;
}

int
select_add(struct select *s, const struct column *c, const struct value *v, struct error *e)
{
	enum enum_field_types type = c->kind == COLUMN_BINARY ? MYSQL_TYPE_BLOB : MYSQL_TYPE_STRING;

	switch (v->type) {
	case VALUE_INT: return add_int(s, v->i, e);
	case VALUE_UINT: return c->kind == COLUMN_YEAR ? add_year(s, v->u, e) : select_add_number(s, v->u, e);
	case VALUE_TIME: return add_time(s, c, &v->time, e);
	case VALUE_OCTETS: return add_octets(s, c, v->octets, e);
	case VALUE_DIGITS: return next_param(s, MYSQL_TYPE_NEWDECIMAL, v->bytes.p, v->bytes.n, e) == NULL ? -1 : 0;
	case VALUE_BYTES:
	case VALUE_UTF8: return next_param(s, type, v->bytes.p, v->bytes.n, e) == NULL ? -1 : 0;
	default: return error_set(e, RC_FAIL, "column %s (%s): not a key's value", c->name, c->type);
	}
}

int
select_run(struct select *s, struct error *e)
{
	MYSQL_BIND binds[MAX_PARAMS];
	size_t i;

	select_end(s);
	if (mysql_stmt_param_count(s->stmt) != s->params_count)
		return error_set(e, RC_FAIL, "SELECT: %zu parameters for %lu", s->params_count,
		    mysql_stmt_param_count(s->stmt));
	for (i = 0; i < s->params_count; i++)
		binds[i] = s->params[i].bind;
	if ((s->params_count > 0 && mysql_stmt_bind_param(s->stmt, binds) != 0) || mysql_stmt_execute(s->stmt) != 0)
		return failed(s, e);
	s->params_count = 0;
	s->running = true;
	if (mysql_stmt_field_count(s->stmt) != s->count)
		return error_set(e, RC_FAIL, "SELECT: %u columns for %zu", mysql_stmt_field_count(s->stmt), s->count);
	return mysql_stmt_bind_result(s->stmt, s->binds) == 0 ? 0 : failed(s, e);
}

/* Text that did not fit: room for it, and the text. */
static int
take_long(struct select *s, size_t i, struct error *e)
{
	struct select_result *r = &s->results[i];
	MYSQL_BIND *b = &s->binds[i];
	unsigned long cap = r->cap > 0 ? r->cap : TEXT_BYTES;

	while (cap < r->len)
		cap = cap > ULONG_MAX / 2 ? r->len : cap * 2;
	free(r->text);
	r->cap = b->buffer_length = 0;
	if ((b->buffer = r->text = malloc(cap)) == NULL)
		return no_memory(e);
	r->cap = b->buffer_length = cap;
	return mysql_stmt_fetch_column(s->stmt, b, (unsigned int)i, 0) == 0 ? 0 : failed(s, e);
}

static void
take_time(struct value *v, const MYSQL_TIME *t)
{
	v->type = VALUE_TIME;
	v->time = (struct value_time){ .negative = t->neg, .year = (uint16_t)t->year, .month = (uint8_t)t->month,
	    .day = (uint8_t)t->day, .hour = (uint16_t)t->hour, .minute = (uint8_t)t->minute, .second = (uint8_t)t->second,
	    .micro = (uint32_t)t->second_part };
}

static int
take_value(struct value *v, const struct column *c, const struct select_result *r, struct error *e)
{
	static const struct value_options none;

	if (r->null) {
		v->type = VALUE_NULL;
		return 0;
	}
	switch (type_of(c->kind)) {
	case MYSQL_TYPE_LONGLONG:
		v->type = c->kind == COLUMN_INT && !c->is_unsigned ? VALUE_INT : VALUE_UINT;
		v->u = r->fixed.u;
		return 0;
	case MYSQL_TYPE_FLOAT:
		v->type = VALUE_FLOAT;
		v->f = r->fixed.f;
		return 0;
	case MYSQL_TYPE_DOUBLE:
		v->type = VALUE_DOUBLE;
		v->d = r->fixed.d;
		return 0;
	case MYSQL_TYPE_BLOB:	/* the form of bytes that are the column's own, whatever its character set */
		return value_from_text(v, c, c->kind == COLUMN_TEXT ? TEXT_HEX : TEXT_STRING, r->text, r->len, &none, e);
	default:
		take_time(v, &r->fixed.time);
		return 0;
	}
}

int
select_row(struct select *s, struct error *e)
{
	int rc = mysql_stmt_fetch(s->stmt);
	const struct column *c;
	bool moved = false;
	size_t i;

	if (rc == MYSQL_NO_DATA)
		return 0;
	if (rc != 0 && rc != MYSQL_DATA_TRUNCATED)
		return failed(s, e);
	for (i = 0; i < s->count; i++) {
		if (s->binds[i].buffer_type == MYSQL_TYPE_BLOB && !s->results[i].null && s->results[i].len > s->results[i].cap) {
			if (take_long(s, i, e) == -1)
				return -1;
			moved = true;
		}
		c = column_of(s, i);
		if (take_value(&s->values[c - s->table->columns], c, &s->results[i], e) == -1)
			return error_at(e, "table %s.%s", s->table->db, s->table->name);
	}
	return moved && mysql_stmt_bind_result(s->stmt, s->binds) != 0 ? failed(s, e) : 1;
}

void
select_end(struct select *s)
{
	struct select_result *r;
	size_t i;

	if (s->running)
		mysql_stmt_free_result(s->stmt);
	s->running = false;
	for (i = 0; s->results != NULL && i < s->count; i++) {
		r = &s->results[i];
		if (r->cap <= KEEP_TEXT)
			continue;
		free(r->text);
		r->cap = 0;
		if ((r->text = malloc(TEXT_BYTES)) != NULL)
			r->cap = TEXT_BYTES;
		s->binds[i].buffer = r->text;
		s->binds[i].buffer_length = r->cap;
	}
}
