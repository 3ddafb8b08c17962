/* SPDX-License-Identifier: ISC */
/* The chosen tables that exist now. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"

void
catalog_free(struct catalog *c)
{
	while (c->count > 0) {
		c->count--;
		free(c->tables[c->count].db);
		free(c->tables[c->count].name);
	}
	free(c->tables);
	c->tables = NULL;
}

static int
add(struct catalog *c, const char *db, const char *name)
{
	struct catalog_table *grown = reallocarray(c->tables, c->count + 1, sizeof(*grown));

	if (grown == NULL)
		return -1;
	c->tables = grown;
	grown[c->count].db = strdup(db);
	grown[c->count].name = strdup(name);
	c->count++;
	return grown[c->count - 1].db == NULL || grown[c->count - 1].name == NULL ? -1 : 0;
}

int
catalog_load(struct catalog *c, MYSQL *my, const struct tail *t, struct error *e)
{
	MYSQL_RES *res;
	struct pos from;
	MYSQL_ROW row;
	int rc = 0;

	memset(c, 0, sizeof(*c));
	if (mysql_query(my, "SELECT table_schema, table_name FROM information_schema.tables "
	    "WHERE table_type IN ('BASE TABLE', 'SYSTEM VERSIONED') ORDER BY 1, 2") != 0 ||
	    (res = mysql_store_result(my)) == NULL)
		return db_error(my, e, "list the tables");
	while (rc == 0 && (row = mysql_fetch_row(res)) != NULL)
		if (row[0] != NULL && row[1] != NULL && tail_chooses(t, row[0], row[1], &from) &&
		    add(c, row[0], row[1]) == -1)
			rc = error_set(e, RC_TEMP, "list the tables: %s", strerror(errno));
	mysql_free_result(res);
	if (rc == -1)
		catalog_free(c);
	return rc;
}

int
catalog_print(const struct db_options *o, const struct tail *t, struct error *e)
{
	struct catalog c;
	MYSQL *my;
	size_t i;
	int rc;

	if ((my = db_connect(o, e)) == NULL)
		return -1;
	if ((rc = catalog_load(&c, my, t, e)) == 0) {
		for (i = 0; i < c.count; i++)
			printf("%s.%s\n", c.tables[i].db, c.tables[i].name);
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
