/* SPDX-License-Identifier: ISC */
/* The dump programs' ways. */
#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/output.h"

#include "child.h"
#include "program.h"

#define VERSION_MS 10000
#define MAX_ARGUMENTS 40	/* before the tables */

/* "mysqldump  Ver 10.13 Distrib 5.7.44, for Linux", "mysqldump  Ver 9.7.4 for Linux", "mariadb-dump from 11.4.2-MariaDB" */
static int
read_version(struct program *p, const char *text, struct error *e)
{
	const char *at = strstr(text, "Distrib ");
	unsigned a, b, c;

	p->mariadb = strstr(text, "MariaDB") != NULL;
	if (at == NULL)
		at = strstr(text, "from ");
	if (at == NULL)
		at = strstr(text, "Ver ");
	if (at == NULL || sscanf(at + strcspn(at, " "), " %u.%u.%u", &a, &b, &c) != 3)
		return error_set(e, RC_USAGE, "%s --version: not a dump program's: %s", p->path, text);
	p->version = a * 10000 + b * 100 + c;
	return 0;
}

/* 1: it says its version; 0: there is no such program; -1. */
static int
ask_version(struct program *p, const struct stop *stop, struct error *e)
{
	const char *const argv[] = { p->path, "--version", NULL };
	char line[CHILD_LINE], version[CHILD_LINE] = "";
	struct child c;
	int rc, fds[2], status;
	ssize_t n;

	if (pipe2(fds, O_CLOEXEC) == -1)
		return error_set(e, RC_TEMP, "pipe: %s", strerror(errno));
	if ((rc = child_start(&c, argv, fds[1], e)) == 0) {
		while ((rc = child_message(&c, stop, VERSION_MS, line, e)) == 1)
			error_set(e, RC_USAGE, "%s", line);
		if (rc == 0)
			error_set(e, RC_USAGE, "%s --version: no answer", p->path);
		if (rc != 2)
			child_end(&c);
		status = rc == 2 ? child_wait(&c) : 1;
		rc = status == 0 ? 1 : status == 127 << 8 ? 0 : -1;
	}
	close(fds[1]);
	if (rc == 1 && (n = read(fds[0], version, sizeof(version) - 1)) > 0)
		version[n] = '\0';
	close(fds[0]);
	return rc == 1 && read_version(p, version, e) == -1 ? -1 : rc;
}

/* Each asks the server for its position in words that the other's servers lost or never had. */
static bool
fits(const struct program *p, const struct db_server *server)
{
	if (server->mariadb)
		return p->mariadb;
	return !p->mariadb || server->version < 80200;
}

int
program_find(struct program *p, const char *path, const struct db_server *server, const struct stop *stop,
    struct error *e)
{
	const char *const names[] = { path != NULL ? path : server->mariadb ? "mariadb-dump" : "mysqldump",
	    path != NULL ? NULL : server->mariadb ? "mysqldump" : "mariadb-dump" };
	struct program other = { 0 };
	size_t i;
	int rc;

	for (i = 0; i < 2 && names[i] != NULL; i++) {
		*p = (struct program){ .path = names[i] };
		if ((rc = ask_version(p, stop, e)) == -1)
			return -1;
		if (rc == 1 && fits(p, server))
			return 0;
		if (rc == 1)
			other = *p;
	}
	if (other.path != NULL)
		return error_set(e, RC_USAGE, "%s is %s's and the server %s's: set mysqldump_path to a dump program of "
		    "the server's kind", other.path, other.mariadb ? "MariaDB" : "MySQL",
		    server->mariadb ? "MariaDB" : "MySQL");
	return error_set(e, RC_USAGE, "no dump program: %s (set mysqldump_path)", names[0]);
}

/* name="value", as option files have it: a quoted value with backslash escapes. */
static int
put_option(struct buf *b, const char *name, const char *value)
{
	const char *p;

	if (value == NULL)
		return 0;
	if (buf_puts(b, name) == -1 || buf_puts(b, "=\"") == -1)
		return -1;
	for (p = value; *p != '\0'; p++) {
		if ((*p == '\\' || *p == '"') && buf_putc(b, '\\') == -1)
			return -1;
		if (buf_putc(b, *p) == -1)
			return -1;
	}
	return buf_puts(b, "\"\n");
}

static int
put_files(struct buf *b, const struct db_options *o)
{
	if (put_option(b, "ssl-ca", o->ssl_ca) == -1 || put_option(b, "ssl-cert", o->ssl_cert) == -1)
		return -1;
	return put_option(b, "ssl-key", o->ssl_key);
}

/* The modes of --ssl-mode, which only MySQL's program has. */
static int
put_tls(struct buf *b, const struct program *p, const struct db_options *o)
{
	bool off = strcmp(o->ssl_mode, "disabled") == 0, verify = strcmp(o->ssl_mode, "verify-identity") == 0;
	char mode[32];
	size_t i;

	if (!p->mariadb) {
		for (i = 0; i < sizeof(mode) - 1 && o->ssl_mode[i] != '\0'; i++)
			mode[i] = (char)(o->ssl_mode[i] == '-' ? '_' : o->ssl_mode[i] & ~0x20);
		mode[i] = '\0';
		/* without TLS the password travels under the server's public key, which Connector/C asks for as well */
		if (put_option(b, "loose-server-public-key-path", o->server_public_key) == -1 ||
		    (o->server_public_key == NULL && (off || strcmp(o->ssl_mode, "preferred") == 0) &&
		    buf_puts(b, "loose-get-server-public-key\n") == -1))
			return -1;
		return put_option(b, "ssl-mode", mode) == -1 ? -1 : off ? 0 : put_files(b, o);
	}
	if (off)
		return buf_puts(b, "skip-ssl\n");
	if (buf_puts(b, "ssl\n") == -1 || put_files(b, o) == -1)
		return -1;
	return buf_puts(b, verify ? "ssl-verify-server-cert\n" : "skip-ssl-verify-server-cert\n");
}

static int
put_options(struct buf *b, const struct program *p, const struct db_options *o)
{
	if (buf_puts(b, "[client]\n") == -1 || put_option(b, "user", o->user) == -1 ||
	    put_option(b, "password", o->password != NULL ? o->password : "") == -1)
		return -1;
	if (o->socket != NULL)
		return put_option(b, "socket", o->socket);
	if (put_option(b, "host", o->host) == -1 || buf_putf(b, "port=%u\nprotocol=tcp\n", o->port) == -1)
		return -1;
	return put_tls(b, p, o);
}

int
program_option_file(const struct program *p, const struct db_options *o, struct error *e)
{
	struct buf b;
	int fd;

	/* it is gone with the descriptors; both programs take /proc/self/fd/N for a file */
	if ((fd = memfd_create("options", 0)) == -1)
		return error_set(e, RC_TEMP, "memfd_create: %s", strerror(errno));
	if (fchmod(fd, 0600) == -1 || buf_init(&b, 1 << 16) == -1) {
		close(fd);
		return error_set(e, RC_TEMP, "option file: %s", strerror(errno));
	}
	if (put_options(&b, p, o) == -1 || write_all(fd, b.data, b.len) == -1) {
		error_set(e, RC_TEMP, "option file: %s", strerror(errno));
		close(fd);
		fd = -1;
	}
	explicit_bzero(b.data, b.cap);
	buf_free(&b);
	return fd;
}

static const char *const common[] = {
	"--opt",			/* whatever the program's own defaults become: CREATE TABLE, LOCK TABLES around
					 * each table's rows (they tell where it is complete), long INSERTs, --quick */
	"--single-transaction",		/* one consistent snapshot, without locks while the dump runs */
	"--hex-blob",			/* binary values outlive every character set */
	"--tz-utc",
	"--default-character-set=utf8mb4",
	"--max-allowed-packet=1G",	/* the default refuses rows that the server holds */
	"--comments",			/* the position and the completion are comments */
	"--skip-triggers",
	"--no-tablespaces",		/* would need PROCESS */
	"--skip-add-drop-table",	/* nobody shall lose a table by giving this file to a server */
};

const char **
program_arguments(const struct program *p, int option_fd, const char *db, const char *const *names, size_t count,
    struct error *e)
{
	const char **args = calloc(MAX_ARGUMENTS + count, sizeof(*args));
	char *file = NULL;
	size_t n = 0, i;

	if (args == NULL || asprintf(&file, "--defaults-file=/proc/self/fd/%d", option_fd) == -1) {
		free(args);
		error_set(e, RC_TEMP, "arguments: %s", strerror(errno));
		return NULL;
	}
	args[n++] = p->path;
	args[n++] = file;	/* only this one: a dump is the same whatever the machine's option files say */
	for (i = 0; i < sizeof(common) / sizeof(common[0]); i++)
		args[n++] = common[i];
	args[n++] = !p->mariadb && p->version >= 80026 ? "--source-data=2" : "--master-data=2";
	if (!p->mariadb && p->version >= 50600)
		args[n++] = "--set-gtid-purged=OFF";
	if (!p->mariadb && p->version >= 80002)
		args[n++] = "--column-statistics=0";
	args[n++] = "--";
	args[n++] = db;
	for (i = 0; i < count; i++)
		args[n++] = names[i];
	return args;
}

void
program_free_arguments(const char **args)
{
	if (args != NULL)
		free((void *)(uintptr_t)args[1]);
	free(args);
}
