/* SPDX-License-Identifier: ISC */
/* usage: rows SOCKET DB TABLE: the table's schema line and its rows, read by lib/ from SELECT's text. */
#include <stdio.h>
#include <stdlib.h>

#include "lib/db.h"
#include "lib/event.h"

static void
die(const struct error *e)
{
	fprintf(stderr, "rows: %s\n", e->text);
	exit(1);
}

static void
put_select(struct buf *b, const struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++) {
		buf_puts(b, i == 0 ? "SELECT " : ",");
		db_put_name(b, t->columns[i].name);
	}
	buf_puts(b, " FROM ");
	db_put_name(b, t->db);
	buf_putc(b, '.');
	db_put_name(b, t->name);
}

static void
put_row(struct buf *b, const struct table *t, MYSQL_ROW cells, const unsigned long *lengths)
{
	static const struct value_options plain;
	struct value *values = calloc(t->count, sizeof(*values));
	struct row_event r = { .op = "snapshot", .table = t, .row = values, .key = values };
	struct error e;
	size_t i;

	for (i = 0; i < t->count; i++)
		if (value_from_text(&values[i], &t->columns[i], cells[i] == NULL ? TEXT_NULL : TEXT_STRING, cells[i], lengths[i],
		    &plain, &e) == -1)
			die(&e);
	if (event_put_row(b, &r, &plain, &e) == -1)
		die(&e);
	free(values);
}

int
main(int argc, char *argv[])
{
	struct db_options o = { .user = "root", .ssl_mode = "disabled" };
	struct pos none = { 0 };
	struct error e = { 0 };
	struct table *t;
	struct buf b;
	MYSQL_RES *res;
	MYSQL_ROW row;
	MYSQL *my;
	char *sql;

	if (argc != 4 || buf_init(&b, MAX_EVENT_LINE) == -1)
		return 2;
	o.socket = argv[1];
	if ((my = db_connect(&o, &e)) == NULL || (sql = db_show_create(my, argv[2], argv[3], &e)) == NULL ||
	    (t = table_from_create(sql, strlen(sql), argv[2], &e)) == NULL)
		die(&e);
	put_select(&b, t);
	if (mysql_real_query(my, b.data, b.len) != 0 || (res = mysql_use_result(my)) == NULL) {
		db_error(my, &e, "SELECT");
		die(&e);
	}
	buf_clear(&b);
	table_put_schema(&b, t, "server", &none);
	while ((row = mysql_fetch_row(res)) != NULL)
		put_row(&b, t, row, mysql_fetch_lengths(res));
	fwrite(b.data, 1, b.len, stdout);
	mysql_free_result(res);
	mysql_close(my);
	table_free(t);
	free(sql);
	buf_free(&b);
	return 0;
}
