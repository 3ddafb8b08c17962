/* SPDX-License-Identifier: ISC */
/* Taking a dump. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/retry.h"

#include "child.h"
#include "program.h"
#include "take.h"
#include "xa.h"

#define TELL_MS 10000	/* between two lines on how large the dump has grown */
#define PROVE_MS 20	/* between two looks whether it has its position yet */
#define XA_MS 10000	/* of trying to find an instant without a prepared XA transaction */
#define MAX_HEADER 65536	/* in which the position stands */

struct take {
	const struct take_options *o;
	const struct stop *stop;
	struct program program;
	char *db, *tmp;
	const char **names;	/* borrowed from the options */
	size_t count;
	int fd;
	uint64_t prepares;	/* XA PREPAREs before the program was started, of which none is unfinished */
	bool proven;		/* there was none since, up to its position */
	char last_message[CHILD_LINE];
};

/* DB.TABLE options become one database and its tables. */
static int
take_names(struct take *t, struct error *e)
{
	const struct glob_list *l = t->o->tables;
	const char *pattern, *dot;
	size_t i;

	if (l->count == 0)
		return error_set(e, RC_USAGE, "--take-dump wants --table DB.TABLE");
	if ((t->names = calloc(l->count, sizeof(*t->names))) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	for (i = 0; i < l->count; i++) {
		pattern = l->items[i].pattern;
		dot = strchr(pattern, '.');
		if (strpbrk(pattern, "*?") != NULL || dot == NULL || dot == pattern || dot[1] == '\0')
			return error_set(e, RC_USAGE, "--table %s: a dump is taken of tables by their names", pattern);
		if (t->db == NULL)
			t->db = strndup(pattern, (size_t)(dot - pattern));
		else if (strlen(t->db) != (size_t)(dot - pattern) || strncmp(t->db, pattern, strlen(t->db)) != 0)
			return error_set(e, RC_USAGE, "--table %s: one dump is of one database", pattern);
		if (t->db == NULL)
			return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
		t->names[t->count++] = dot + 1;
	}
	return 0;
}

/* What can be known before: the server answers, and no prepared transaction is in the way. */
static int
ask_server(struct take *t, struct db_server *server, struct error *e)
{
	MYSQL *my = db_connect(&t->o->db, e);
	int rc = -1;

	if (my == NULL)
		return -1;
	if (db_server(my, server, e) == 0 && xa_prepares(my, &t->prepares, e) == 0)
		rc = xa_finish(my, server, t->stop, e);
	mysql_close(my);
	return rc;
}

/* Whether the file has its position already. */
static bool
has_position(const struct take *t)
{
	static const char name[] = "_LOG_POS=";	/* MASTER_, SOURCE_ */
	char *head = malloc(MAX_HEADER);
	ssize_t n = head == NULL ? -1 : pread(t->fd, head, MAX_HEADER, 0);
	bool has = n > 0 && (n == MAX_HEADER || memmem(head, (size_t)n, name, sizeof(name) - 1) != NULL);

	free(head);
	return has;
}

/* The snapshot is the program's: which XA transactions were prepared at its position is known only when there were none.
 * 1: there were none, 0: perhaps. */
static int
prove(struct take *t, struct error *e)
{
	uint64_t prepares = 0;
	MYSQL *my = db_connect(&t->o->db, e);
	int rc = my == NULL ? -1 : xa_prepares(my, &prepares, e);

	if (my != NULL)
		mysql_close(my);
	t->proven = rc == 0 && prepares == t->prepares;
	return rc == -1 ? -1 : t->proven;
}

/* The error number in "Got error: 2002: …", "Error 2013: …" or "… (2013)"; 0: there is none. */
static long
error_number(const char *message)
{
	const char *at = strstr(message, "rror: "), *p;

	if (at != NULL && (at[6] >= '0' && at[6] <= '9'))
		return strtol(at + 6, NULL, 10);
	if ((at = strstr(message, "rror ")) != NULL && at[5] >= '0' && at[5] <= '9')
		return strtol(at + 5, NULL, 10);
	at = strrchr(message, '(');
	for (p = at == NULL ? "" : at + 1; *p >= '0' && *p <= '9'; p++)
		;
	return at != NULL && *p == ')' ? strtol(at + 1, NULL, 10) : 0;
}

/* Server away or busy; 1412: a table was altered behind the snapshot. */
static bool
passes_by_itself(long code)
{
	static const long codes[] = { 1040, 1053, 1203, 1205, 1213, 1317, 1412, 1927, 2002, 2003, 2005, 2006, 2013, 4031 };
	size_t i;

	for (i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	return false;
}

static int
check_status(const struct take *t, int status, struct error *e)
{
	bool killed = WIFSIGNALED(status);

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return error_set(e, killed || passes_by_itself(error_number(t->last_message)) ? RC_TEMP : RC_FAIL,
	    "%s ended with %s %d: %s", t->program.path, killed ? "signal" : "status",
	    killed ? WTERMSIG(status) : WEXITSTATUS(status), t->last_message);
}

static void
tell_size(const struct take *t)
{
	struct stat st;

	if (fstat(t->fd, &st) == 0)
		log_info("taking a dump file=%s bytes=%" PRIdMAX, t->o->file, (intmax_t)st.st_size);
}

/* Runs the program to its end; its messages go to the log. 1: done, 0: it was stopped, an XA transaction came between. */
static int
run_program(struct take *t, const char *const *args, struct error *e)
{
	char line[CHILD_LINE];
	struct child c;
	int rc, proof = 1;

	if (child_start(&c, args, t->fd, e) == -1)
		return -1;
	while (proof == 1 && (rc = child_message(&c, t->stop, t->proven ? TELL_MS : PROVE_MS, line, e)) != 2) {
		if (rc == 1)
			log_warn("%s", strlcpy(t->last_message, line, CHILD_LINE) > 0 ? line : "(an empty line)");
		else if (rc == 0 && t->proven)
			tell_size(t);
		else if (rc == -1 || has_position(t))
			proof = rc == -1 ? -1 : prove(t, e);
	}
	if (proof != 1) {
		child_end(&c);
		return proof;
	}
	if (check_status(t, child_wait(&c), e) == -1)
		return -1;
	return t->proven ? 1 : prove(t, e);
}

/* Again until no XA transaction comes between. */
static int
run_proven(struct take *t, const char *const *args, struct error *e)
{
	uint64_t until = now_ms() + XA_MS;
	struct db_server server;
	int rc;

	while ((rc = run_program(t, args, e)) == 0) {
		if (now_ms() >= until)
			return error_set(e, RC_FAIL, "XA transactions are prepared all the time, so a dump's position is not known to "
			    "be right: --live reads beside them");
		if (ftruncate(t->fd, 0) == -1 || lseek(t->fd, 0, SEEK_SET) == -1)
			return error_set(e, RC_FAIL, "%s: %s", t->tmp, strerror(errno));
		if (ask_server(t, &server, e) == -1)
			return -1;
	}
	return rc == 1 ? 0 : -1;
}

/* Its last line says so: a dump program that was cut off does not always say it by its status. */
static int
check_complete(const struct take *t, off_t *size, struct error *e)
{
	static const char completed[] = "\n-- Dump completed";
	char tail[256];
	struct stat st;
	ssize_t n;

	if (fstat(t->fd, &st) == -1)
		return error_set(e, RC_FAIL, "%s: %s", t->tmp, strerror(errno));
	*size = st.st_size;
	n = pread(t->fd, tail, sizeof(tail), st.st_size > (off_t)sizeof(tail) ? st.st_size - (off_t)sizeof(tail) : 0);
	if (n == -1)
		return error_set(e, RC_FAIL, "%s: %s", t->tmp, strerror(errno));
	if (memmem(tail, (size_t)n, completed, sizeof(completed) - 1) == NULL)
		return error_set(e, RC_FAIL, "%s: %s wrote no \"-- Dump completed\"", t->tmp, t->program.path);
	return 0;
}

static int
keep(const struct take *t, struct error *e)
{
	char *copy = strdup(t->o->file);
	int dir = copy == NULL ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc = 0;

	if (dir == -1 || fsync(t->fd) == -1 || rename(t->tmp, t->o->file) == -1 || fsync(dir) == -1)
		rc = error_set(e, RC_FAIL, "%s: %s", t->o->file, strerror(errno));
	if (dir != -1)
		close(dir);
	free(copy);
	return rc;
}

static int
take_file(struct take *t, int options, struct error *e)
{
	const char **args = program_arguments(&t->program, options, t->db, t->names, t->count, e);
	uint64_t began = now_ms();
	off_t size = 0;
	int rc = -1;

	if (args != NULL && run_proven(t, args, e) == 0 && check_complete(t, &size, e) == 0)
		rc = keep(t, e);
	if (rc == 0)
		log_info("dump taken file=%s bytes=%" PRIdMAX " seconds=%.1f program=%s", t->o->file, (intmax_t)size,
		    (double)(now_ms() - began) / 1000, t->program.path);
	program_free_arguments(args);
	return rc;
}

static int
run(struct take *t, struct error *e)
{
	struct db_server server;
	int options, rc = -1;

	if (take_names(t, e) == -1 || ask_server(t, &server, e) == -1 ||
	    program_find(&t->program, t->o->program, &server, t->stop, e) == -1)
		return -1;
	if (asprintf(&t->tmp, "%s.tmp", t->o->file) == -1) {
		t->tmp = NULL;
		return error_set(e, RC_TEMP, "%s: %s", t->o->file, strerror(errno));
	}
	if ((t->fd = open(t->tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) == -1)
		return error_set(e, RC_FAIL, "%s: %s", t->tmp, strerror(errno));
	if ((options = program_option_file(&t->program, &t->o->db, e)) != -1) {
		rc = take_file(t, options, e);
		close(options);
	}
	if (rc == -1)
		unlink(t->tmp);
	close(t->fd);
	return rc;
}

int
take_run(const struct take_options *o, const struct stop *stop, struct error *e)
{
	struct take t = { .o = o, .stop = stop, .fd = -1 };
	int rc = run(&t, e);

	free(t.names);
	free(t.db);
	free(t.tmp);
	return rc;
}
