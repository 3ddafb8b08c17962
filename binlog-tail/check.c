/* SPDX-License-Identifier: ISC */
/* Are the server's settings, our privileges and the chosen tables fit for a stream? */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <mysqld_error.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/shape.h"

#include "catalog.h"
#include "check.h"
#include "logs.h"

#define DAY_S 86400
#define LAG_S 60	/* of a replica that keeps up */

enum level { OK, WARNING, FAILURE };

struct check {
	MYSQL *my;
	const struct db_options *options;
	const struct tail *tail;
	const struct state *state;	/* NULL: not asked for */
	struct db_server server;
	uint32_t server_id;
	int64_t expire_s;
	bool failed;
	struct pos pos;
	struct error *e;
};

/* One line. advice may be NULL; fmt is the text. */
static int
say(struct check *c, const char *what, enum level level, const char *advice, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

static int
say(struct check *c, const char *what, enum level level, const char *advice, const char *fmt, ...)
{
	static const char *const levels[] = { "ok", "warning", "failure" };
	char text[1024];
	struct buf b;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->failed = c->failed || level == FAILURE;
	if (buf_init(&b, 16384) == -1)
		return error_set(c->e, RC_TEMP, "%s", strerror(errno));
	rc = buf_putf(&b, "{\"check\":\"%s\",\"level\":\"%s\",\"text\":", what, levels[level]) == -1 ||
	    json_put_str(&b, text) == -1 || (advice != NULL && (buf_puts(&b, ",\"advice\":") == -1 ||
	    json_put_str(&b, advice) == -1)) || buf_puts(&b, "}\n") == -1 ? -1 : 0;
	if (rc == 0 && fwrite(b.data, 1, b.len, stdout) != b.len)
		rc = -1;
	if (rc == -1)
		error_set(c->e, RC_TEMP, "write: %s", strerror(errno));
	buf_free(&b);
	return rc;
}

/* A global variable; "" where the server has none of that name. */
static int
variable(struct check *c, const char *name, char value[128])
{
	struct db_row r;

	value[0] = '\0';
	if (db_row(c->my, &r, c->e, "SHOW GLOBAL VARIABLES WHERE variable_name = '%s'", name) == -1)
		return -1;
	if (r.found && r.cells[1] != NULL)
		snprintf(value, 128, "%s", r.cells[1]);
	db_row_free(&r);
	return 0;
}

enum { ON_MYSQL = 1, ON_MARIADB = 2, ON_BOTH = ON_MYSQL | ON_MARIADB };

/* What a variable must be, or (not: true) must not be. A server that does not know it passes. */
static const struct setting {
	const char *name;
	uint8_t on;
	bool not;
	const char *value;
	enum level level;
	const char *why, *advice;
} settings[] = {
	{ "log_bin", ON_BOTH, false, "ON", FAILURE, "there is no binary log to read", "start the server with log_bin" },
	{ "binlog_format", ON_BOTH, false, "ROW", FAILURE, "statements are logged instead of rows",
	    "SET GLOBAL binlog_format=ROW, and reconnect what is connected" },
	{ "binlog_row_image", ON_BOTH, false, "FULL", WARNING, "rows come without their unchanged columns (partial)",
	    "SET GLOBAL binlog_row_image=FULL" },
	{ "binlog_row_metadata", ON_MYSQL, false, "FULL", WARNING,
	    "events do not name their columns: after an ALTER TABLE, rows logged before it cannot be read by a stream that "
	    "comes too late", "SET GLOBAL binlog_row_metadata=FULL" },
	{ "binlog_row_value_options", ON_MYSQL, false, "", WARNING, "partial JSON updates are read with binlog_row_image=FULL only",
	    "SET GLOBAL binlog_row_value_options=''" },
	{ "gtid_mode", ON_MYSQL, false, "ON", WARNING, "without GTIDs a stream cannot go on at another server",
	    "SET GLOBAL enforce_gtid_consistency=ON, then gtid_mode to ON, a step at a time" },
	{ "server_id", ON_BOTH, true, "0", FAILURE, "a server without an id takes no replicas", "set server_id" },
};

static int
check_setting(struct check *c, const struct setting *s)
{
	char value[128];

	if ((s->on & (c->server.mariadb ? ON_MARIADB : ON_MYSQL)) == 0)
		return 0;
	if (variable(c, s->name, value) == -1)
		return -1;
	if (value[0] == '\0' && s->value[0] != '\0')
		return 0;
	if ((strcasecmp(value, s->value) == 0) == s->not)
		return say(c, s->name, s->level, s->advice, "%s is %s: %s", s->name, value, s->why);
	return say(c, s->name, OK, NULL, "%s is %s", s->name, value[0] == '\0' ? "empty" : value);
}

int
check_warn(MYSQL *my, const struct db_server *server, struct error *e)
{
	struct check c = { .my = my, .server = *server, .e = e };
	const struct setting *s;
	char value[128];
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		s = &settings[i];
		if (s->level != FAILURE || (s->on & (server->mariadb ? ON_MARIADB : ON_MYSQL)) == 0)
			continue;
		if (variable(&c, s->name, value) == -1)
			return -1;
		if (value[0] != '\0' && (strcasecmp(value, s->value) == 0) == s->not)
			log_warn("%s is %s: %s: %s", s->name, value, s->why, s->advice);
	}
	return 0;
}

/* How long the server keeps its log: expire_s, 0 for ever. */
static int
check_expiry(struct check *c)
{
	char seconds[128], days[128];

	if (variable(c, "binlog_expire_logs_seconds", seconds) == -1 || variable(c, "expire_logs_days", days) == -1)
		return -1;
	c->expire_s = strtoll(seconds, NULL, 10);
	if (c->expire_s == 0)
		c->expire_s = (int64_t)(strtod(days, NULL) * DAY_S);
	if (c->expire_s == 0)
		return say(c, "expire", OK, NULL, "the binary log is kept until it is purged by hand");
	return say(c, "expire", c->expire_s < DAY_S ? WARNING : OK, c->expire_s < DAY_S ?
	    "keep it for longer than the stream may ever stand still: SET GLOBAL binlog_expire_logs_seconds=604800" : NULL,
	    "the binary log is kept for %" PRId64 " seconds", c->expire_s);
}

/* `2 d 3 h`, `5 min` */
static const char *
span(int64_t s, char text[48])
{
	if (s >= DAY_S)
		snprintf(text, 48, "%" PRId64 " d %" PRId64 " h", s / DAY_S, s % DAY_S / 3600);
	else if (s >= 3600)
		snprintf(text, 48, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	else
		snprintf(text, 48, "%" PRId64 " min", s / 60);
	return text;
}

/* A file's age counts from when it was written to last, which is when the next one was made. */
static int
say_kept(struct check *c, const struct pos *pos, const struct logs *l, size_t file)
{
	static const char *const advice = "let the stream catch up, or keep the log for longer: SET GLOBAL binlog_expire_logs_seconds";
	char here[POS_TEXT], left[48];
	int64_t made, left_s;

	pos_text(pos, here);
	if (c->expire_s == 0)
		return say(c, "position", OK, NULL, "the stored position %s is kept until it is purged by hand", here);
	if (file + 1 == l->count)
		return say(c, "position", OK, NULL, "the stored position %s is in the file that is being written: it is kept for "
		    "%s once the next one begins", here, span(c->expire_s, left));
	if (logs_created(c->options, l->files[file + 1], &made, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : say(c, "position", WARNING, NULL, "%s", c->e->text);
	left_s = made + c->expire_s - (int64_t)time(NULL);
	if (left_s <= 0)
		return say(c, "position", WARNING, advice, "the stored position %s may be purged at any time", here);
	return say(c, "position", file == 0 || left_s < c->expire_s / 4 ? WARNING : OK, file == 0 || left_s < c->expire_s / 4 ?
	    advice : NULL, "the stored position %s is kept for %s at least%s", here, span(left_s, left),
	    file == 0 ? ", in the oldest file that there is" : "");
}

/* How long the stored position can still be resumed from. */
static int
check_kept(struct check *c)
{
	static const char *const advice = "load the tables again: m2e load --all";
	const struct pos *pos = c->state == NULL ? NULL : &c->state->pos;
	char here[POS_TEXT];
	struct logs l;
	int file, rc;

	if (pos == NULL || !pos_is_set(pos))
		return 0;
	pos_text(pos, here);
	if (c->state->server[0] != '\0' && strcmp(c->state->server, c->server.id) != 0)
		return say(c, "position", WARNING, NULL, "the stored position %s is of server %s, this one is %s", here,
		    c->state->server, c->server.id);
	if (logs_load(&l, c->my, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : 0;	/* what is missing for it has been told */
	file = logs_find(&l, pos->file);
	rc = file == -1 ? say(c, "position", FAILURE, advice, "the stored position %s is purged, the oldest file is %s", here,
	    l.files[0]) : say_kept(c, pos, &l, (size_t)file);
	logs_free(&l);
	return rc;
}

/* What the server itself is behind, the documents are, too. */
static int
check_lag(struct check *c)
{
	int64_t lag;

	if (db_replica_lag(c->my, &c->server, &lag, c->e) == -1)
		return c->e->rc == RC_TEMP ? -1 : 0;	/* a server that is no replica tells that without a privilege for it */
	if (lag == DB_LAG_NONE)
		return 0;
	if (lag == DB_LAG_STOPPED)
		return say(c, "replica", WARNING, "start its replication", "this server is a replica, and does not follow its source");
	return say(c, "replica", lag > LAG_S ? WARNING : OK, NULL, "this server is a replica, %" PRId64 " s behind its source", lag);
}

/* A failed statement: a privilege that is missing, with the GRANT that gives it. */
static int
denied(struct check *c, const char *what, const char *grant, const char *on)
{
	char advice[512], user[160] = "USER";
	struct error ignored;
	struct db_row r;

	if (db_row(c->my, &r, &ignored, "SELECT CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''')") == 0) {
		if (r.found && r.cells[0] != NULL)
			snprintf(user, sizeof(user), "%s", r.cells[0]);
		db_row_free(&r);
	}
	snprintf(advice, sizeof(advice), "GRANT %s ON %s TO %s", grant, on, user);
	return say(c, what, FAILURE, advice, "%s", c->e->text);
}

/* Where the log stands: needs REPLICATION CLIENT. */
static int
check_position(struct check *c)
{
	bool monitor = c->server.mariadb && c->server.version >= 100502;

	if (db_position(c->my, &c->server, &c->pos, NULL, c->e) == -1)
		return denied(c, "privilege", monitor ? "BINLOG MONITOR" : "REPLICATION CLIENT", "*.*");
	return say(c, "privilege", OK, NULL, "may see where the binary log stands");
}

static int
put_server(struct check *c, int64_t created)
{
	struct buf b;
	int rc;

	if (buf_init(&b, 4096) == -1)
		return error_set(c->e, RC_TEMP, "%s", strerror(errno));
	rc = buf_puts(&b, "{\"server\":") == -1 || json_put_str(&b, c->server.id) == -1 ||
	    buf_puts(&b, ",\"version\":") == -1 || json_put_str(&b, c->server.version_text) == -1 ? -1 : 0;
	if (rc == 0 && pos_is_set(&c->pos))
		rc = buf_puts(&b, ",\"pos\":\"") == -1 || pos_put(&b, &c->pos) == -1 || buf_putc(&b, '"') == -1 ? -1 : 0;
	if (rc == 0 && pos_is_set(&c->pos) && created != 0)
		rc = buf_putf(&b, ",\"created\":%" PRId64, created);
	if (rc == 0)
		rc = buf_puts(&b, "}\n");
	if (rc == 0)
		fwrite(b.data, 1, b.len, stdout);
	else
		error_set(c->e, RC_TEMP, "%s", strerror(errno));
	buf_free(&b);
	return rc;
}

/* Where the log stands may be what we may not see: then the server begins with its oldest file. */
static int
check_dump(struct check *c, int64_t *created)
{
	if (logs_created(c->options, c->pos.file, created, c->e) == 0)
		return say(c, "privilege", OK, NULL, "may read the binary log");
	return c->e->rc == RC_TEMP ? -1 : denied(c, "privilege", "REPLICATION SLAVE", "*.*");
}

static int
check_own_id(struct check *c)
{
	char value[128];

	if (c->server_id == 0)
		return 0;
	if (variable(c, "server_id", value) == -1)
		return -1;
	if (strtoull(value, NULL, 10) == c->server_id)
		return say(c, "database.server_id", FAILURE, "choose another one, or none for a random one",
		    "server id %" PRIu32 " is the server's own", c->server_id);
	return say(c, "database.server_id", OK, NULL, "server id %" PRIu32 " is not the server's own", c->server_id);
}

/* Rows of a transaction that is prepared now will be logged as committed later, or not at all. */
static int
check_xa(struct check *c)
{
	struct error ignored;
	struct db_row r;
	int rc;

	if (db_row(c->my, &r, &ignored, "XA RECOVER") == -1)
		return 0;	/* MySQL asks a privilege for it that we can do without */
	rc = r.found && c->tail->xa.hold ? say(c, "xa", OK, NULL, "an XA transaction is prepared: its rows are held") :
	    r.found ? say(c, "xa", WARNING, "finish it, or leave the tables that it changes out, or hold its rows: --xa=hold",
	    "an XA transaction is prepared: rows of chosen tables in one end the stream") :
	    say(c, "xa", OK, NULL, "no XA transaction is prepared");
	db_row_free(&r);
	return rc;
}

static int
check_columns(struct check *c, const struct table *t)
{
	size_t i;

	for (i = 0; i < t->count; i++)
		if (t->columns[i].generated)
			return say(c, "generated", OK, NULL, "%s.%s, column %s is generated: it comes as the server logs it, "
			    "a changed expression is no change of rows", t->db, t->name, t->columns[i].name);
	return 0;
}

static int
check_table(struct check *c, const struct catalog_table *x)
{
	char on[600], *create = db_show_create(c->my, x->db, x->name, c->e);
	struct table *t;
	int rc = 0;

	if (create == NULL) {
		if (c->e->rc == RC_TEMP)
			return -1;
		snprintf(on, sizeof(on), "`%s`.`%s`", x->db, x->name);
		return c->e->rc == RC_OK ? 0 : denied(c, "privilege", "SELECT", on);
	}
	if ((t = table_from_create(create, strlen(create), x->db, c->e)) == NULL)
		rc = c->e->rc == RC_TEMP ? -1 : say(c, "tables", FAILURE, NULL, "%s.%s: %s", x->db, x->name, c->e->text);
	else if (t->key_count == 0)
		rc = say(c, "key", FAILURE, "add a primary key, or leave the table out",
		    "%s.%s has no primary key and no unique key without NULLs (FLOAT and DOUBLE are none): its rows cannot "
		    "be told apart", x->db, x->name);
	else
		rc = say(c, "key", OK, NULL, "%s.%s has a key", x->db, x->name);
	if (rc == 0 && t != NULL && shape_table(t, &c->tail->o->values, c->e) == -1)
		rc = say(c, "columns", FAILURE, "leave other columns out", "%s", c->e->text);
	if (rc == 0 && t != NULL)
		rc = check_columns(c, t);
	table_free(t);
	free(create);
	return rc;
}

/* Rows that a foreign key changes are in no event, but with MySQL from 9.6 on. */
static int
check_cascades(struct check *c)
{
	MYSQL_RES *res;
	struct pos from;
	MYSQL_ROW row;
	int rc = 0;

	if (!c->server.mariadb && c->server.version >= 90600)
		return 0;
	if (mysql_query(c->my, "SELECT constraint_schema, table_name, constraint_name FROM "
	    "information_schema.referential_constraints WHERE delete_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') "
	    "OR update_rule IN ('CASCADE', 'SET NULL', 'SET DEFAULT') ORDER BY 1, 2, 3") != 0 ||
	    (res = mysql_store_result(c->my)) == NULL)
		return db_error(c->my, c->e, "list the foreign keys");
	while (rc == 0 && (row = mysql_fetch_row(res)) != NULL)
		if (row[0] != NULL && row[1] != NULL && tail_chooses(c->tail, row[0], row[1], &from))
			rc = say(c, "cascade", WARNING, "make it RESTRICT and change the rows by statements",
			    "%s.%s: this server does not log what foreign key %s changes by CASCADE or SET NULL", row[0],
			    row[1], row[2]);
	mysql_free_result(res);
	return rc;
}

/* Chosen by name, and not there. */
static int
check_missing(struct check *c, const struct catalog *l)
{
	const struct glob_list *chosen = &c->tail->o->tables;
	struct glob_list one = { .count = 1 };
	struct catalog_table x;
	bool found;
	size_t i;

	for (i = 0; i < chosen->count; i++) {
		one.items = &chosen->items[i];
		x = (struct catalog_table){ 0 };
		for (found = false; !found && catalog_next(l, &x);)
			found = glob_find(&one, x.db, x.name) != NULL;
		if (!found && say(c, "tables", strpbrk(one.items->pattern, "*?[") == NULL ? FAILURE : WARNING,
		    "check the name; or GRANT SELECT on it", "%s: there is no such table, or no privilege to see it",
		    one.items->pattern) == -1)
			return -1;
	}
	return 0;
}

/* A column to be left out that is not there may have another name. */
static int
check_patterns(struct check *c)
{
	const struct columns *l = c->tail->o->values.columns;
	const char *text;
	size_t i;

	for (i = 0; l != NULL && (text = shape_unused(l, i)) != NULL; i++)
		if (say(c, "columns", strpbrk(text, "*?") == NULL ? FAILURE : WARNING, "check the name",
		    "%s: no chosen table has such a column", text) == -1)
			return -1;
	return 0;
}

static int
check_tables(struct check *c)
{
	struct catalog_table x = { 0 };
	struct catalog l;
	int rc;

	if (catalog_load(&l, c->my, c->tail, c->e) == -1)
		return -1;
	rc = check_missing(c, &l);
	while (rc == 0 && catalog_next(&l, &x))
		rc = check_table(c, &x);
	catalog_free(&l);
	return rc == 0 && check_patterns(c) == 0 ? check_cascades(c) : -1;
}

static int
check_all(struct check *c)
{
	int64_t created = 0;
	size_t i;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (check_setting(c, &settings[i]) == -1)
			return -1;
	if (check_expiry(c) == -1 || check_own_id(c) == -1 || check_position(c) == -1 || check_dump(c, &created) == -1 ||
	    check_kept(c) == -1 || check_lag(c) == -1 || check_xa(c) == -1 || check_tables(c) == -1)
		return -1;
	return put_server(c, created);
}

int
check_run(const struct db_options *o, const struct tail *t, uint32_t server_id, const struct state *state, struct error *e)
{
	struct check c = { .options = o, .tail = t, .server_id = server_id, .state = state, .e = e };
	int rc;

	if ((c.my = db_connect(o, e)) == NULL)
		return -1;
	rc = db_server(c.my, &c.server, e) == -1 ? -1 : check_all(&c);
	mysql_close(c.my);
	if (fflush(stdout) == EOF && rc == 0)
		rc = error_set(e, RC_FAIL, "write to standard output: %s", strerror(errno));
	return rc == 0 && c.failed ? 1 : rc;
}
