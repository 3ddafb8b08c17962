/* SPDX-License-Identifier: ISC */
/* m2e-state: the state directory (m2e-state.1). */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/config.h"
#include "lib/error.h"
#include "lib/log.h"

#include "dead.h"
#include "join.h"
#include "position.h"
#include "rewind.h"
#include "save.h"
#include "serve.h"
#include "settings.h"
#include "show.h"
#include "table.h"

#define MAX_EVERY_MS 3600000

struct options {
	const char *state, *config, *table, *listen;
	bool json, rebuild;
	unsigned int every_ms;
};

/* What a command gets: its arguments, and the state directory when it wants one. */
struct call {
	const struct options *o;
	char **args;
	int count;
	struct store dir, tables;	/* tables: those that are rebuilt, with --rebuild */
};

static _Noreturn void
usage(FILE *to, int rc)
{
	fputs("usage: m2e-state [--state DIR] [--config FILE] [--rebuild] [-qv] COMMAND\n"
	    "       get position [MEMBER] | get table DB.TABLE [MEMBER]\n"
	    "       get covered | get tables\n"
	    "       set position POS [MEMBER=VALUE ...] | set table DB.TABLE MEMBER=VALUE ...\n"
	    "       save [--table DB.TABLE] [--every MS]\n"
	    "       join DB.TABLE ... | leave DB.TABLE ... | forget DB.TABLE ...\n"
	    "       adopt [check] DB.TABLE\n"
	    "       rewind POS [MEMBER=VALUE ...]\n"
	    "       show [--json]\n"
	    "       serve [--listen ADDRESS:PORT]\n"
	    "       config [FILE] [check | get KEY]\n"
	    "       dead count | list | print | drop [N | DB.TABLE ...] | dead settle TAKEN AGAIN\n"
	    "       m2e-state --help | --version\n", to);
	exit(rc);
}

static int
not_understood(struct error *e)
{
	return error_set(e, RC_USAGE, "not a command that is known; --help lists them");
}

/* 1: what was asked for is not there. */
static int
run_get(struct call *c, struct error *e)
{
	if (strcmp(c->args[0], "position") == 0 && c->count <= 2)
		return show_position_member(&c->dir, c->args[1], e);
	if (strcmp(c->args[0], "table") == 0 && (c->count == 2 || c->count == 3))
		return show_table_member(&c->tables, c->args[1], c->args[2], e);
	if (strcmp(c->args[0], "tables") == 0 && c->count == 1)
		return show_tables(&c->tables, e);
	if (strcmp(c->args[0], "covered") == 0 && c->count == 1)
		return show_covered(&c->dir, e);
	return not_understood(e);
}

static int
run_set(struct call *c, struct error *e)
{
	if (strcmp(c->args[0], "position") == 0)
		return position_assign(&c->dir, c->args + 1, e);
	if (strcmp(c->args[0], "table") == 0 && c->count >= 3)
		return tabfile_assign(&c->tables, c->args[1], c->args + 2, e);
	return not_understood(e);
}

static int
run_save(struct call *c, struct error *e)
{
	/* what was read is stored at the end of input, and only there is nothing left to store */
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	return save_run(&c->dir, &c->tables, c->o->table, c->o->every_ms, STDIN_FILENO, e);
}

static int
run_join(struct call *c, struct error *e)
{
	return join_tables(&c->dir, &c->tables, c->args, e);
}

static int
run_rewind(struct call *c, struct error *e)
{
	return rewind_stream(&c->dir, &c->tables, c->args, e);
}

static int
run_leave(struct call *c, struct error *e)
{
	return leave_tables(&c->dir, &c->tables, c->args, e);
}

static int
run_adopt(struct call *c, struct error *e)
{
	bool check = c->count == 2;

	if (c->o->rebuild || (check && strcmp(c->args[0], "check") != 0))
		return not_understood(e);
	return adopt_table(&c->dir, &c->tables, c->args[check ? 1 : 0], check, e);
}

static int
run_forget(struct call *c, struct error *e)
{
	return forget_tables(&c->tables, c->args, e);
}

static int
run_serve(struct call *c, struct error *e)
{
	return serve_run(c->dir.path, c->o->listen != NULL ? c->o->listen : SERVE_LISTEN, e);
}

static int
run_show(struct call *c, struct error *e)
{
	return show_all(&c->dir, &c->tables, c->o->json, e);
}

static int
run_config(struct call *c, struct error *e)
{
	const char *file = c->o->config != NULL ? c->o->config : "";
	char **args = c->args;
	int count = c->count;

	if (count > 0 && strcmp(args[0], "check") != 0 && strcmp(args[0], "get") != 0) {
		file = *args++;
		count--;
	}
	if (count != 1)
		log_quieter();	/* what there is to warn of, `check` has said: sh asks for one key after another */
	if (count == 0)
		return settings_print(file, e);
	if (count == 1 && strcmp(args[0], "check") == 0)
		return settings_check(file, e);
	if (count == 2 && strcmp(args[0], "get") == 0)
		return settings_get(file, args[1], e);
	return not_understood(e);
}

static const struct dead_command {
	const char *name;
	int (*run)(const struct store *, const struct dead_choice *, struct error *);
} dead_commands[] = {
	{ "count", dead_print_count },
	{ "list", dead_print_list },
	{ "print", dead_print_lines },
	{ "drop", dead_drop },
};

static int
run_dead(struct call *c, struct error *e)
{
	const struct dead_command *d = dead_commands, *end = d + sizeof(dead_commands) / sizeof(*d);
	struct dead_choice *choice;
	int rc;

	if (strcmp(c->args[0], "settle") == 0 && c->count == 3)
		return dead_settle(&c->dir, c->args[1], c->args[2], e);
	while (d < end && strcmp(d->name, c->args[0]) != 0)
		d++;
	if (d == end)
		return not_understood(e);
	if ((choice = dead_choose(c->args + 1, e)) == NULL)
		return -1;
	rc = d->run(&c->dir, choice, e);
	dead_choice_free(choice);
	return rc;
}

enum { DIR_NONE, DIR_READ, DIR_WRITE };

static const struct command {
	const char *name;
	int (*run)(struct call *, struct error *);	/* 0, -1, or 1: not there */
	int least, most;				/* arguments */
	int dir;					/* a directory to write to is made when it is missing */
} commands[] = {
	{ "get", run_get, 1, 3, DIR_READ },
	{ "set", run_set, 2, 64, DIR_WRITE },
	{ "save", run_save, 0, 0, DIR_WRITE },
	{ "join", run_join, 1, INT32_MAX, DIR_WRITE },
	{ "leave", run_leave, 1, INT32_MAX, DIR_WRITE },
	{ "adopt", run_adopt, 1, 2, DIR_WRITE },
	{ "forget", run_forget, 1, INT32_MAX, DIR_WRITE },
	{ "rewind", run_rewind, 1, 16, DIR_WRITE },
	{ "show", run_show, 0, 0, DIR_READ },
	{ "serve", run_serve, 0, 0, DIR_READ },
	{ "config", run_config, 0, 3, DIR_NONE },
	{ "dead", run_dead, 1, INT32_MAX, DIR_READ },
};

static const struct command *
find_command(const char *name, int args, const struct options *o)
{
	const struct command *c;

	for (c = commands; c < commands + sizeof(commands) / sizeof(commands[0]); c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		if (args < c->least || args > c->most || (o->table != NULL && c->run != run_save) ||
		    (o->listen != NULL && c->run != run_serve) || (o->json && c->run != run_show))
			return NULL;
		return c;
	}
	return NULL;
}

/* The state directory by option, environment or configuration file; malloc'ed. */
static char *
state_path(const struct options *o, struct error *e)
{
	struct config config;
	const char *path;
	char *copy = NULL;

	if (o->state != NULL)
		return strdup(o->state);
	if (config_load(&config, o->config == NULL || o->config[0] == '\0' ? NULL : o->config, e) == -1)
		return NULL;
	if ((path = config_get(&config, "state_dir")) == NULL)
		error_set(e, RC_USAGE, "which state directory? --state DIR, or state_dir in the configuration");
	else
		copy = strdup(path);
	config_free(&config);
	return copy;
}

static int
run(const struct command *command, struct call *c, struct error *e)
{
	bool create = command->dir == DIR_WRITE;
	char *path;
	int rc;

	if (command->dir == DIR_NONE)
		return command->run(c, e);
	if ((path = state_path(c->o, e)) == NULL)
		return -1;
	rc = store_open(&c->dir, path, create, e);
	free(path);
	if (rc == -1)
		return -1;
	if ((rc = store_open_in(&c->tables, &c->dir, c->o->rebuild ? REBUILD_DIR : TABLES_DIR, create, e)) == 0) {
		rc = command->run(c, e);
		store_close(&c->tables);
	}
	store_close(&c->dir);
	return rc;
}

/* The exit status, after its reason was told. */
static int
finish(int rc, const struct error *e)
{
	if (rc == 1) {
		log_debug("%s", e->text);
		return RC_FAIL;
	}
	if (rc == 0 && (fflush(stdout) == EOF || ferror(stdout))) {
		log_error("standard output: %s", strerror(errno));
		return errno == EPIPE ? RC_TEMP : RC_FAIL;
	}
	if (rc == 0)
		return RC_OK;
	log_error("%s", e->text);
	return e->rc == RC_OK ? RC_FAIL : e->rc;
}

enum { OPT_HELP = 256, OPT_VERSION, OPT_EVERY, OPT_LISTEN };

static const struct option longopts[] = {
	{ "state", required_argument, NULL, 's' },
	{ "config", required_argument, NULL, 'c' },
	{ "table", required_argument, NULL, 't' },
	{ "every", required_argument, NULL, OPT_EVERY },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "rebuild", no_argument, NULL, 'r' },
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

int
main(int argc, char *argv[])
{
	struct options o = { .every_ms = 1000 };
	struct error e = { 0 };
	struct call call = { .o = &o };
	const struct command *command;
	const char *why;
	int ch;

	log_init("m2e-state");
	signal(SIGPIPE, SIG_IGN);
	while ((ch = getopt_long(argc, argv, "qv", longopts, NULL)) != -1) {
		switch (ch) {
		case 's': o.state = optarg; break;
		case 'c': o.config = optarg; break;
		case 't': o.table = optarg; break;
		case OPT_LISTEN: o.listen = optarg; break;
		case 'r': o.rebuild = true; break;
		case 'j': o.json = true; break;
		case OPT_EVERY:
			o.every_ms = (unsigned int)strtonum(optarg, 0, MAX_EVERY_MS, &why);
			if (why != NULL) {
				log_error("--every %s: %s", optarg, why);
				return RC_USAGE;
			}
			break;
		case 'q': log_quieter(); break;
		case 'v': log_louder(); break;
		case OPT_HELP: usage(stdout, RC_OK);
		case OPT_VERSION: puts("m2e-state " VERSION); return RC_OK;
		default: usage(stderr, RC_USAGE);
		}
	}
	argv += optind;
	argc -= optind;
	if (argc == 0 || (command = find_command(argv[0], argc - 1, &o)) == NULL)
		usage(stderr, RC_USAGE);
	call.args = argv + 1;
	call.count = argc - 1;
	return finish(run(command, &call, &e), &e);
}
