/* SPDX-License-Identifier: ISC */
/* The connection to the database. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <errmsg.h>
#include <mysqld_error.h>

#include "lib/db.h"
#include "lib/defaults.h"
#include "lib/stop.h"

#define CONNECT_TIMEOUT_S 10
#define WRITE_TIMEOUT_S 86400	/* net_write_timeout: as long as a sink may be down before the server hangs up */
#define MAX_PACKET (1UL << 30)	/* the servers' own limit */

static const char *const arg_paths[] = { "database.host", "database.port", "database.socket", "database.username",
    "database.password_file", "database.ssl_mode", "database.ssl_ca", "database.ssl_cert", "database.ssl_key",
    "database.server_public_key", "database.defaults_file", "database.defaults_group_suffix" };

bool
db_arg(struct db_args *a, int ch, const char *arg)
{
	if (ch < DB_OPT_HOST || ch >= DB_OPT_END)
		return false;
	a->value[ch - DB_OPT_HOST] = arg;
	return true;
}

bool
db_arg_server(const struct db_args *a)
{
	return a->value[DB_OPT_HOST - DB_OPT_HOST] != NULL || a->value[DB_OPT_SOCKET - DB_OPT_HOST] != NULL;
}

static int
take_tls(struct db_options *o, const struct config *c, struct error *e)
{
	o->ssl_mode = config_get(c, "database.ssl_mode");
	o->ssl_ca = config_get(c, "database.ssl_ca");
	o->ssl_cert = config_get(c, "database.ssl_cert");
	o->ssl_key = config_get(c, "database.ssl_key");
	o->server_public_key = config_get(c, "database.server_public_key");
	if ((o->ssl_cert == NULL) != (o->ssl_key == NULL))
		return error_set(e, RC_USAGE, "of database.ssl_cert and database.ssl_key each needs the other");
	if (strcmp(o->ssl_mode, "disabled") == 0)
		return 0;
	if (strcmp(o->ssl_mode, "verify-ca") == 0 && o->ssl_ca == NULL)
		return error_set(e, RC_USAGE, "database.ssl_mode verify-ca needs database.ssl_ca");
	/* a CA is named to be trusted, and no other */
	if (strcmp(o->ssl_mode, "verify-identity") != 0 && o->ssl_ca != NULL)
		o->ssl_mode = "verify-ca";
	return 0;
}

int
db_options_init(struct db_options *o, struct config *c, const struct db_args *a, struct error *e)
{
	const char *file;
	size_t i;

	memset(o, 0, sizeof(*o));
	for (i = 0; i < sizeof(arg_paths) / sizeof(arg_paths[0]); i++)
		if (a->value[i] != NULL && config_set(c, arg_paths[i], a->value[i], "option", e) == -1)
			return -1;
	file = config_get(c, "database.defaults_file");
	if (file != NULL && defaults_read(c, file, config_get(c, "database.defaults_group_suffix"), e) == -1)
		return -1;
	o->host = config_get(c, "database.host");
	/* a host that was asked for outranks a socket that the configuration names */
	if (a->value[DB_OPT_HOST - DB_OPT_HOST] == NULL || a->value[DB_OPT_SOCKET - DB_OPT_HOST] != NULL)
		o->socket = config_get(c, "database.socket");
	o->user = config_get(c, "database.username");
	if (take_tls(o, c, e) == -1)
		return -1;
	o->port = (unsigned int)config_number(c, "database.port", 3306);
	o->password = a->value[DB_OPT_PASSWORD_FILE - DB_OPT_HOST] != NULL ?
	    secret_read(a->value[DB_OPT_PASSWORD_FILE - DB_OPT_HOST], e) : config_secret(c, "database.password", e);
	return o->password == NULL && e->rc != RC_OK ? -1 : 0;
}

void
db_options_free(struct db_options *o)
{
	if (o->password != NULL)
		explicit_bzero(o->password, strlen(o->password));
	free(o->password);
	o->password = NULL;
}

/* Errors that pass by themselves. */
static bool
is_temporary(unsigned int code)
{
	switch (code) {
	case CR_SOCKET_CREATE_ERROR:
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_IPSOCK_ERROR:
	case CR_UNKNOWN_HOST:
	case CR_SERVER_GONE_ERROR:
	case CR_SERVER_LOST:
	case CR_SERVER_LOST_EXTENDED:
	case CR_OUT_OF_MEMORY:
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_SERVER_SHUTDOWN:
	case ER_NORMAL_SHUTDOWN:
	case ER_CONNECTION_KILLED:
	case ER_QUERY_INTERRUPTED:
	case ER_LOCK_WAIT_TIMEOUT:
	case ER_LOCK_DEADLOCK:
	case ER_OUT_OF_RESOURCES:
		return true;
	default:
		return false;
	}
}

/* TLS has one number for all that may go wrong: a connection that ended is no refused certificate. */
static bool
is_tls_cut(unsigned int code, const char *text)
{
	static const char *const cuts[] = { "eof", "EOF", "reset by peer", "roken pipe", "timed out", "Success" };
	size_t i;

	for (i = 0; code == CR_SSL_CONNECTION_ERROR && i < sizeof(cuts) / sizeof(cuts[0]); i++)
		if (strstr(text, cuts[i]) != NULL)
			return true;
	return false;
}

int
db_error(MYSQL *my, struct error *e, const char *what)
{
	unsigned int code = mysql_errno(my);

	return error_set(e, is_temporary(code) || is_tls_cut(code, mysql_error(my)) ? RC_TEMP : RC_FAIL,
	    "%s: %s (error %u)", what, mysql_error(my), code);
}

/* The modes of the mysql client's --ssl-mode. */
static void
set_tls(MYSQL *my, const struct db_options *o)
{
	my_bool on = 1, off = 0;
	bool verify = strcmp(o->ssl_mode, "verify-identity") == 0;

	if (o->server_public_key != NULL)
		mysql_optionsv(my, MYSQL_SERVER_PUBLIC_KEY, o->server_public_key);
	if (strcmp(o->ssl_mode, "disabled") == 0)
		return;
	if (o->ssl_ca != NULL)	/* then Connector/C verifies the chain, if not the name, whatever the next options say */
		mysql_optionsv(my, MYSQL_OPT_SSL_CA, o->ssl_ca);
	if (o->ssl_cert != NULL) {
		mysql_optionsv(my, MYSQL_OPT_SSL_CERT, o->ssl_cert);
		mysql_optionsv(my, MYSQL_OPT_SSL_KEY, o->ssl_key);
	}
	if (strcmp(o->ssl_mode, "preferred") != 0)
		mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, &on);
	mysql_optionsv(my, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verify ? &on : &off);
}

/* MYSQL_OPT_SSL_ENFORCE does not enforce: a server without TLS gets a plain connection unless its certificate is to be
 * verified (Connector/C 3.3). */
static bool
lacks_tls(MYSQL *my, const struct db_options *o)
{
	return strcmp(o->ssl_mode, "disabled") != 0 && strcmp(o->ssl_mode, "preferred") != 0 && o->socket == NULL &&
	    mysql_get_ssl_cipher(my) == NULL;
}

/* What the library waits for, or that it waited for long enough: when it is time to end, too. */
static int
wait_for(MYSQL *my, int status)
{
	short events = (short)((status & MYSQL_WAIT_READ ? POLLIN : 0) | (status & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
	    (status & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
	int timeout_ms = status & MYSQL_WAIT_TIMEOUT ? (int)mysql_get_timeout_value_ms(my) : -1;
	int found = stop_poll(mysql_get_socket(my), events, timeout_ms);

	if (found == 0)
		return MYSQL_WAIT_TIMEOUT;
	/* of a connection that is lost all of it tells */
	if (found & (POLLERR | POLLHUP))
		return status & ~MYSQL_WAIT_TIMEOUT;
	return (found & POLLIN ? MYSQL_WAIT_READ : 0) | (found & POLLOUT ? MYSQL_WAIT_WRITE : 0) |
	    (found & POLLPRI ? MYSQL_WAIT_EXCEPT : 0);
}

/* As mysql_real_connect, but that a request to end ends it. */
static bool
real_connect(MYSQL *my, const struct db_options *o)
{
	MYSQL *connected = NULL;
	int status = mysql_real_connect_start(&connected, my, o->socket != NULL ? NULL : o->host, o->user, o->password, NULL,
	    o->port, o->socket, 0);

	while (status != 0)
		status = mysql_real_connect_cont(&connected, my, wait_for(my, status));
	return connected != NULL;
}

static MYSQL *
open_connection(const struct db_options *o, bool tls, struct error *e)
{
	unsigned int connect_s = CONNECT_TIMEOUT_S, read_s = o->read_timeout_s, tcp = MYSQL_PROTOCOL_TCP;
	unsigned long packet = MAX_PACKET;
	MYSQL *my = mysql_init(NULL);
	char where[512];
	my_bool on = 1;
	bool connected;

	if (my == NULL) {
		error_set(e, RC_TEMP, "connect: %s", strerror(ENOMEM));
		return NULL;
	}
	mysql_optionsv(my, MYSQL_OPT_NONBLOCK, NULL);
	mysql_optionsv(my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	mysql_optionsv(my, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	mysql_optionsv(my, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	if (read_s > 0)
		mysql_optionsv(my, MYSQL_OPT_READ_TIMEOUT, &read_s);
	if (o->socket == NULL)	/* or localhost would mean a socket somewhere */
		mysql_optionsv(my, MYSQL_OPT_PROTOCOL, &tcp);
	set_tls(my, o);
	if (tls)
		mysql_optionsv(my, MYSQL_OPT_SSL_ENFORCE, &on);
	connected = real_connect(my, o);
	if (o->server_public_key != NULL)	/* mysql_close does not free it */
		mysql_optionsv(my, MYSQL_SERVER_PUBLIC_KEY, NULL);
	if (connected) {
		if (!lacks_tls(my, o))
			return my;
		error_set(e, RC_FAIL, "connect to %s:%u: the server does not support TLS, ssl_mode is %s", o->host, o->port,
		    o->ssl_mode);
		mysql_close(my);
		return NULL;
	}
	if (o->socket != NULL)
		snprintf(where, sizeof(where), "connect to %s as %s", o->socket, o->user == NULL ? "" : o->user);
	else
		snprintf(where, sizeof(where), "connect to %s:%u as %s", o->host, o->port,
		    o->user == NULL ? "" : o->user);
	db_error(my, e, where);
	mysql_close(my);
	return NULL;
}

MYSQL *
db_connect(const struct db_options *o, struct error *e)
{
	bool preferred = strcmp(o->ssl_mode, "preferred") == 0 && o->socket == NULL;
	MYSQL *my = open_connection(o, preferred, e);

	/* "preferred" tries TLS first, as the mysql client does; Connector/C has no such mode */
	if (my == NULL && preferred && e->rc == RC_FAIL && strstr(e->text, "SSL") != NULL)
		my = open_connection(o, false, e);
	if (my == NULL)
		return NULL;
	/* the last two: SHOW CREATE TABLE names every column that the log has, in quotes, whatever is set globally */
	if (db_run(my, e, "SET SESSION time_zone='+00:00', sql_mode='', net_write_timeout=%d, wait_timeout=%d, "
	    "sql_quote_show_create=1 /*!80030 , show_gipk_in_create_table_and_information_schema=1 */",
	    WRITE_TIMEOUT_S, WRITE_TIMEOUT_S) == -1) {
		mysql_close(my);
		return NULL;
	}
	return my;
}

static int
run_formatted(MYSQL *my, struct error *e, const char *fmt, va_list ap)
{
	char *sql;
	int n, rc;

	if ((n = vasprintf(&sql, fmt, ap)) == -1)
		return error_set(e, RC_TEMP, "statement: %s", strerror(ENOMEM));
	rc = mysql_real_query(my, sql, (unsigned long)n) == 0 ? 0 : db_error(my, e, sql);
	free(sql);
	return rc;
}

int
db_run(MYSQL *my, struct error *e, const char *fmt, ...)
{
	MYSQL_RES *res;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = run_formatted(my, e, fmt, ap);
	va_end(ap);
	if (rc == 0 && (res = mysql_store_result(my)) != NULL)
		mysql_free_result(res);
	return rc;
}

int
db_row(MYSQL *my, struct db_row *r, struct error *e, const char *fmt, ...)
{
	unsigned int i, n;
	MYSQL_ROW row;
	va_list ap;
	int rc;

	memset(r, 0, sizeof(*r));
	va_start(ap, fmt);
	rc = run_formatted(my, e, fmt, ap);
	va_end(ap);
	if (rc == -1)
		return -1;
	if ((r->result = mysql_store_result(my)) == NULL)
		return mysql_errno(my) == 0 ? 0 : db_error(my, e, fmt);
	if ((row = mysql_fetch_row(r->result)) == NULL)
		return 0;
	r->found = true;
	n = mysql_num_fields(r->result);
	for (i = 0; i < n && i < DB_CELLS; i++)
		r->cells[i] = row[i];
	return 0;
}

void
db_row_free(struct db_row *r)
{
	if (r->result != NULL)
		mysql_free_result(r->result);
	r->result = NULL;
}

int
db_server(MYSQL *my, struct db_server *s, struct error *e)
{
	const char *info = mysql_get_server_info(my);
	struct db_row r;
	int rc = 0;

	memset(s, 0, sizeof(*s));
	s->mariadb = strcasestr(info, "mariadb") != NULL;
	s->version = mysql_get_server_version(my);
	snprintf(s->version_text, sizeof(s->version_text), "%s", info);
	if (!s->mariadb && db_row(my, &r, e, "SHOW GLOBAL VARIABLES LIKE 'server_uuid'") == 0) {
		if (r.found && r.cells[1] != NULL)
			snprintf(s->id, sizeof(s->id), "%s", r.cells[1]);
		db_row_free(&r);
	}
	if (s->id[0] != '\0')
		return 0;
	if (db_row(my, &r, e, "SELECT @@global.server_id") == -1)
		return -1;
	if (r.found && r.cells[0] != NULL)
		snprintf(s->id, sizeof(s->id), "%s", r.cells[0]);
	else
		rc = error_set(e, RC_FAIL, "the server tells no server_id");
	db_row_free(&r);
	return rc;
}

/* MariaDB's set is where the binlog stands, MySQL's what was executed. */
static char *
executed_gtids(MYSQL *my, const struct db_server *s, struct error *e)
{
	struct db_row r;
	char *text, *from, *to;

	if (!s->mariadb && s->version < 50600)
		return strdup("");
	if (db_row(my, &r, e, s->mariadb ? "SELECT @@global.gtid_binlog_pos" : "SELECT @@global.gtid_executed") == -1)
		return NULL;
	text = strdup(r.found && r.cells[0] != NULL ? r.cells[0] : "");
	db_row_free(&r);
	for (from = to = text; from != NULL && *from != '\0'; from++)	/* MySQL breaks the line after each comma */
		if (*from != '\n')
			*to++ = *from;
	if (to != NULL)
		*to = '\0';
	return text;
}

int
db_position(MYSQL *my, const struct db_server *s, struct pos *p, char **gtids, struct error *e)
{
	bool renamed = !s->mariadb && s->version >= 80200;
	struct db_row r;
	char *end;

	if (gtids != NULL && (*gtids = executed_gtids(my, s, e)) == NULL)
		return -1;
	if (db_row(my, &r, e, renamed ? "SHOW BINARY LOG STATUS" : "SHOW MASTER STATUS") == -1)
		return -1;
	memset(p, 0, sizeof(*p));
	if (r.found && r.cells[0] != NULL && r.cells[1] != NULL && strlen(r.cells[0]) <= MAX_BINLOG_NAME) {
		strlcpy(p->file, r.cells[0], sizeof(p->file));
		p->offset = strtoull(r.cells[1], &end, 10);
	}
	db_row_free(&r);
	return pos_is_set(p) ? 0 : error_set(e, RC_FAIL, "the server writes no binary log (log_bin is off)");
}

static int64_t
lag_of(const char *cell)
{
	return cell == NULL ? DB_LAG_STOPPED : strtoll(cell, NULL, 10);
}

int
db_replica_lag(MYSQL *my, const struct db_server *s, int64_t *seconds, struct error *e)
{
	bool renamed = s->mariadb ? s->version >= 100501 : s->version >= 80022;
	MYSQL_FIELD *fields;
	unsigned int i, n;
	MYSQL_RES *res;
	MYSQL_ROW row;
	int64_t lag;

	*seconds = DB_LAG_NONE;
	if (mysql_query(my, renamed ? "SHOW REPLICA STATUS" : "SHOW SLAVE STATUS") != 0 ||
	    (res = mysql_store_result(my)) == NULL)
		return db_error(my, e, "ask for the replica's delay");
	fields = mysql_fetch_fields(res);
	n = mysql_num_fields(res);
	while ((row = mysql_fetch_row(res)) != NULL && *seconds != DB_LAG_STOPPED)
		for (i = 0; i < n; i++)
			if (strcmp(fields[i].name, "Seconds_Behind_Master") == 0 ||
			    strcmp(fields[i].name, "Seconds_Behind_Source") == 0) {
				lag = lag_of(row[i]);
				*seconds = lag == DB_LAG_STOPPED || lag > *seconds ? lag : *seconds;
			}
	mysql_free_result(res);
	return 0;
}

bool
db_is_missing(MYSQL *my)
{
	return mysql_errno(my) == ER_NO_SUCH_TABLE || mysql_errno(my) == ER_BAD_DB_ERROR;
}

char *
db_show_create(MYSQL *my, const char *db, const char *table, struct error *e)
{
	char *text = NULL;
	struct db_row r;
	struct buf b;
	const char *name = NULL;

	if (buf_init(&b, 4096) == -1 || db_put_name(&b, db) == -1 || buf_putc(&b, '.') == -1 ||
	    db_put_name(&b, table) == -1 || (name = buf_str(&b)) == NULL) {
		error_set(e, RC_TEMP, "SHOW CREATE TABLE: %s", strerror(errno));
	} else if (db_row(my, &r, e, "SHOW CREATE TABLE %s", name) == -1) {
		if (db_is_missing(my))
			e->rc = RC_OK;
	} else {
		if (r.found && r.cells[1] != NULL)
			text = strdup(r.cells[1]);
		else
			error_set(e, RC_FAIL, "SHOW CREATE TABLE %s: no answer", name);
		db_row_free(&r);
	}
	buf_free(&b);
	return text;
}

int
db_put_name(struct buf *b, const char *name)
{
	if (buf_putc(b, '`') == -1)
		return -1;
	for (; *name != '\0'; name++)
		if ((*name == '`' && buf_putc(b, '`') == -1) || buf_putc(b, *name) == -1)
			return -1;
	return buf_putc(b, '`');
}
