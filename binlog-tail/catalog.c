/* SPDX-License-Identifier: ISC */
/* The chosen tables that exist now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"

#define MAX_CATALOG (64 << 20)	/* bytes of names: half a million tables with long ones */

void
catalog_free(struct catalog *c)
{
	buf_free(&c->names);
}

bool
catalog_next(const struct catalog *c, struct catalog_table *t)
{
	const char *end = c->names.data + c->names.len;

	t->db = t->name == NULL ? c->names.data : t->name + strlen(t->name) + 1;
	if (t->db >= end)
		return false;
	t->name = t->db + strlen(t->db) + 1;
	return true;
}

int
catalog_load(struct catalog *c, MYSQL *my, const struct tail *t, struct error *e)
{
	MYSQL_RES *res;
	struct pos from;
	MYSQL_ROW row;
	int rc = 0;

	if (buf_init(&c->names, MAX_CATALOG) == -1)
		return error_set(e, RC_TEMP, "list the tables: %s", strerror(errno));
	if (mysql_query(my, "SELECT table_schema, table_name FROM information_schema.tables "
	    "WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1, 2") != 0 ||
	    (res = mysql_store_result(my)) == NULL) {
		catalog_free(c);
		return db_error(my, e, "list the tables");
	}
	while (rc == 0 && (row = mysql_fetch_row(res)) != NULL)
		if (row[0] != NULL && row[1] != NULL && tail_chooses(t, row[0], row[1], &from) &&
		    (buf_add(&c->names, row[0], strlen(row[0]) + 1) == -1 ||
		    buf_add(&c->names, row[1], strlen(row[1]) + 1) == -1))
			rc = error_set(e, RC_TEMP, "list the tables: %s", strerror(errno));
	mysql_free_result(res);
	if (rc == -1)
		catalog_free(c);
	return rc;
}

int
catalog_print(const struct db_options *o, const struct tail *t, struct error *e)
{
	struct catalog_table x = { 0 };
	struct catalog c;
	MYSQL *my;
	int rc;

	if ((my = db_connect(o, e)) == NULL)
		return -1;
	if ((rc = catalog_load(&c, my, t, e)) == 0) {
		while (catalog_next(&c, &x))
			printf("%s.%s\n", x.db, x.name);
		catalog_free(&c);
		if (fflush(stdout) == EOF)
			rc = error_set(e, RC_FAIL, "write to standard output: %s", strerror(errno));
	}
	mysql_close(my);
	return rc;
}

int
catalog_identify(const struct db_options *o, struct error *e)
{
	struct db_server server;
	MYSQL *my;
	int rc;

	if ((my = db_connect(o, e)) == NULL)
		return -1;
	if ((rc = db_server(my, &server, e)) == 0 && (printf("%s\n", server.id) < 0 || fflush(stdout) == EOF))
		rc = error_set(e, RC_FAIL, "write to standard output: %s", strerror(errno));
	mysql_close(my);
	return rc;
}
