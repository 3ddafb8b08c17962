/* SPDX-License-Identifier: ISC */
/* A connection to MySQL or MariaDB, by Connector/C. */
#ifndef LIB_DB_H
#define LIB_DB_H

#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mysql.h>

#include "lib/buf.h"
#include "lib/config.h"
#include "lib/error.h"
#include "lib/pos.h"

/* The options that every program with the database's credential has; each stands over a configuration key. */
enum {
	DB_OPT_HOST = 256, DB_OPT_PORT, DB_OPT_SOCKET, DB_OPT_USER, DB_OPT_PASSWORD_FILE, DB_OPT_SSL_MODE,
	DB_OPT_SSL_CA, DB_OPT_SSL_CERT, DB_OPT_SSL_KEY, DB_OPT_PUBLIC_KEY, DB_OPT_DEFAULTS_FILE, DB_OPT_DEFAULTS_SUFFIX,
	DB_OPT_END
};
#define DB_LONG_OPTIONS \
	{ "host", required_argument, NULL, DB_OPT_HOST }, \
	{ "port", required_argument, NULL, DB_OPT_PORT }, \
	{ "socket", required_argument, NULL, DB_OPT_SOCKET }, \
	{ "user", required_argument, NULL, DB_OPT_USER }, \
	{ "password-file", required_argument, NULL, DB_OPT_PASSWORD_FILE }, \
	{ "ssl-mode", required_argument, NULL, DB_OPT_SSL_MODE }, \
	{ "ssl-ca", required_argument, NULL, DB_OPT_SSL_CA }, \
	{ "ssl-cert", required_argument, NULL, DB_OPT_SSL_CERT }, \
	{ "ssl-key", required_argument, NULL, DB_OPT_SSL_KEY }, \
	{ "server-public-key-path", required_argument, NULL, DB_OPT_PUBLIC_KEY }, \
	{ "defaults-file", required_argument, NULL, DB_OPT_DEFAULTS_FILE }, \
	{ "defaults-group-suffix", required_argument, NULL, DB_OPT_DEFAULTS_SUFFIX }
struct db_args {
	const char *value[DB_OPT_END - DB_OPT_HOST];
};
/* Keeps optarg if ch is one of them. */
bool	 db_arg(struct db_args *, int ch, const char *optarg);
/* Has a server been named, by its host or its socket? */
bool	 db_arg_server(const struct db_args *);

struct db_options {
	/* borrowed from the configuration; ssl_mode is at least verify-ca when there is a CA to verify with */
	const char *host, *socket, *user, *ssl_mode, *ssl_ca, *ssl_cert, *ssl_key, *server_public_key;
	char *password;
	unsigned int port;
	unsigned int read_timeout_s;	/* 0: none */
};
/* Puts the arguments over the configuration, an option file below it, and takes what a connection needs from it. */
int	 db_options_init(struct db_options *, struct config *, const struct db_args *, struct error *);
void	 db_options_free(struct db_options *);

/* Connects: utf8mb4, UTC, sql_mode '', net_write_timeout raised so that a blocked reader is no failure. NULL: RC_TEMP
 * where trying again may help (no connection, too many, shutting down), else RC_FAIL; the server's text is in it. */
MYSQL	*db_connect(const struct db_options *, struct error *);
/* The connection's last error into e, with the same choice of status; what: the operation. Returns -1. */
int	 db_error(MYSQL *, struct error *, const char *what);
/* Runs a statement that gives no rows that matter. */
int	 db_run(MYSQL *, struct error *, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The first row of a result, kept: cells[i] NULL for NULL or beyond its columns. found: false when there was no row. */
#define DB_CELLS 8
struct db_row {
	MYSQL_RES *result;
	const char *cells[DB_CELLS];
	bool found;
};
int	 db_row(MYSQL *, struct db_row *, struct error *, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void	 db_row_free(struct db_row *);

struct db_server {
	bool mariadb;
	unsigned long version;	/* 101119 for 10.11.19 */
	char version_text[64];
	char id[64];		/* server_uuid; MariaDB, and MySQL without one: server_id */
};
int	 db_server(MYSQL *, struct db_server *, struct error *);
/* The server's current binlog position, epoch 0; and its executed GTID set (malloc'ed, "" = none; gtids may be NULL).
 * It leads what is visible to SELECT: never a snapshot's position by itself. RC_FAIL: no binlog, or no privilege. */
int	 db_position(MYSQL *, const struct db_server *, struct pos *, char **gtids, struct error *);
/* How many seconds its own replication is behind, with several sources the slowest one. */
enum { DB_LAG_STOPPED = -1, DB_LAG_NONE = -2 };	/* it does not run; the server is no replica */
int	 db_replica_lag(MYSQL *, const struct db_server *, int64_t *seconds, struct error *);
/* Was the last statement refused because there is no such table or database? */
bool	 db_is_missing(MYSQL *);
/* SHOW CREATE TABLE's text, malloc'ed; NULL with e->rc == RC_OK: there is no such table. */
char	*db_show_create(MYSQL *, const char *db, const char *table, struct error *);
/* Appends `name` in backticks. */
int	 db_put_name(struct buf *, const char *name);

#endif
