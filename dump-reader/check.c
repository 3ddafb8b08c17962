/* SPDX-License-Identifier: ISC */
/* What reading tables live takes, tried out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"

#include "check.h"
#include "definition.h"
#include "ledger.h"
#include "snapshot.h"
#include "xa.h"

#define MAX_FACT 65536

struct check {
	MYSQL *my;
	struct db_server server;
	const struct live_options *o;
	const struct stop *stop;
	char user[160];		/* as GRANT takes it */
	bool needed, failed;
	bool unread;		/* a table cannot be read */
	struct error *e;
};

static int
say(struct check *c, const char *what, bool ok, const char *text, const char *advice)
{
	struct buf b;
	int rc;

	c->failed = c->failed || (!ok && c->needed);
	if (buf_init(&b, MAX_FACT) == -1)
		return error_set(c->e, RC_TEMP, "check: %s", strerror(errno));
	rc = buf_putf(&b, "{\"check\":\"%s\",\"level\":\"%s\",\"text\":", what, ok ? "ok" : c->needed ? "failure" : "warning") == -1 ||
	    json_put_str(&b, text) == -1 || (advice != NULL && (buf_puts(&b, ",\"advice\":") == -1 ||
	    json_put_str(&b, advice) == -1)) || buf_puts(&b, "}\n") == -1 || fwrite(b.data, 1, b.len, stdout) != b.len ? -1 : 0;
	buf_free(&b);
	return rc == -1 ? error_set(c->e, RC_TEMP, "check: %s", strerror(errno)) : 0;
}

/* What failed, with the GRANT that mends it. */
static int
denied(struct check *c, const char *grant)
{
	char text[sizeof(c->e->text)], advice[1024];

	strlcpy(text, c->e->text, sizeof(text));
	snprintf(advice, sizeof(advice), "GRANT %s TO %s", grant, c->user);
	return say(c, "live", false, text, advice);
}

static int
read_user(struct check *c)
{
	struct db_row r;

	if (db_row(c->my, &r, c->e, "SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')") == -1)
		return -1;
	strlcpy(c->user, r.found && r.cells[0] != NULL ? r.cells[0] : "USER", sizeof(c->user));
	db_row_free(&r);
	return 0;
}

/* The ways of a proof, in the order in which it takes them. */
static int
check_proof(struct check *c, const char *locks)
{
	char here[POS_TEXT], text[POS_TEXT + 64];
	struct pos pos;

	if (xa_finish(c->my, &c->server, c->stop, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : strstr(c->e->text, "XA_RECOVER_ADMIN") != NULL ?
		    denied(c, "XA_RECOVER_ADMIN ON *.*") : say(c, "live", false, c->e->text, NULL);
	if (!c->server.mariadb && db_position(c->my, &c->server, &pos, NULL, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : denied(c, "REPLICATION CLIENT ON *.*");
	if (snapshot_begin(c->my, &c->server, locks, c->stop, &pos, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : c->server.mariadb ? say(c, "live", false, c->e->text, NULL) :
		    denied(c, c->server.version < 80000 ? "LOCK TABLES ON *.*" :
		    "BACKUP_ADMIN ON *.*, GRANT SELECT ON performance_schema.log_status");
	if (c->unread)
		return 0;
	snprintf(text, sizeof(text), "tables can be read live: what a SELECT sees is proven at %s", pos_text(&pos, here));
	return say(c, "live", true, text, NULL);
}

/* Its definition may be seen with any privilege, its rows with SELECT only. */
static int
try_table(struct check *c, const struct live_table *t, struct buf *sql)
{
	uint64_t hash;

	buf_clear(sql);
	if (buf_puts(sql, "SELECT * FROM ") == -1 || db_put_name(sql, t->db) == -1 || buf_putc(sql, '.') == -1 ||
	    db_put_name(sql, t->name) == -1 || buf_puts(sql, " LIMIT 0") == -1 || buf_str(sql) == NULL)
		return error_set(c->e, RC_TEMP, "check: %s", strerror(errno));
	return definition_read(c->my, t->db, t->name, NULL, &hash, c->e) == -1 ? -1 : db_run(c->my, c->e, "%s", sql->data);
}

static int
check_tables(struct check *c, struct ledger *w)
{
	char grant[700];
	struct buf sql;
	size_t i;
	int rc = 0;

	if (buf_init(&sql, MAX_FACT) == -1)
		return error_set(c->e, RC_TEMP, "check: %s", strerror(errno));
	for (i = 0; rc == 0 && i < w->count; i++) {
		if (try_table(c, &w->tables[i], &sql) == 0)
			continue;
		c->unread = true;
		snprintf(grant, sizeof(grant), "SELECT ON `%s`.`%s`", w->tables[i].db, w->tables[i].name);
		rc = c->e->rc == RC_TEMP ? -1 : denied(c, grant);
	}
	buf_free(&sql);
	return rc;
}

static int
check(struct check *c)
{
	struct ledger w;
	struct buf locks = { 0 };
	int rc = -1;

	if (read_user(c) == -1 || ledger_init(&w, STDOUT_FILENO, c->e) == -1)
		return -1;
	if (live_tables(&w, c->my, c->o, c->e) == 0 && check_tables(c, &w) == 0) {
		if (w.count == 0)
			rc = say(c, "live", false, "no table fits database.tables, or no privilege to see it", NULL);
		else if (live_put_locks(&locks, &w, c->e) == 0)
			rc = check_proof(c, locks.data);
	}
	buf_free(&locks);
	ledger_free(&w);
	return rc;
}

int
check_run(const struct live_options *o, bool needed, const struct stop *stop, struct error *e)
{
	struct check c = { .o = o, .needed = needed, .stop = stop, .e = e };
	int rc;

	if ((c.my = live_connect(o, &c.server, e)) == NULL)
		return -1;
	rc = check(&c);
	mysql_close(c.my);
	if (fflush(stdout) == EOF && rc == 0)
		rc = error_set(e, RC_FAIL, "write to standard output: %s", strerror(errno));
	return rc == 0 && c.failed ? 1 : rc;
}
