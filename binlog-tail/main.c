/* SPDX-License-Identifier: ISC */
/* binlog-tail: changes from the binary log, as a stream of events. Options and wiring only. */
#include <err.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"
#include "lib/db.h"
#include "lib/log.h"
#include "lib/shape.h"
#include "lib/stop.h"

#include "catalog.h"
#include "check.h"
#include "file.h"
#include "live.h"
#include "logs.h"

#define RETRY_FOR_S 60
#define MAPPED_BYTES (256 << 10)	/* larger blocks grow where they are and are given back, which keeps the peak low */

enum { OPT_CONFIG = SHAPE_OPT_END, OPT_SERVER_ID, OPT_STATE, OPT_FROM, OPT_UNTIL, OPT_FAILOVER, OPT_XA, OPT_FOLLOW, OPT_TABLE, OPT_EXCLUDE,
    OPT_NO_OLD, OPT_ONLY, OPT_QUERY, OPT_EXPLAIN, OPT_EPOCH, OPT_PARENT_FD, OPT_RETRY_FOR, OPT_CHECK, OPT_TABLES, OPT_IDENTIFY, OPT_FIND, OPT_SCHEMA, OPT_ANONYMOUS,
    OPT_NAME, OPT_HELP,
    OPT_VERSION };

static const struct option longopts[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	DB_LONG_OPTIONS,
	{ "server-id", required_argument, NULL, OPT_SERVER_ID },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "until", required_argument, NULL, OPT_UNTIL },
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "failover", required_argument, NULL, OPT_FAILOVER },
	{ "xa", required_argument, NULL, OPT_XA },
	{ "table", required_argument, NULL, OPT_TABLE },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	SHAPE_LONG_OPTIONS,
	{ "no-old", no_argument, NULL, OPT_NO_OLD },
	{ "only", required_argument, NULL, OPT_ONLY },
	{ "query", no_argument, NULL, OPT_QUERY },
	{ "explain", required_argument, NULL, OPT_EXPLAIN },
	{ "epoch", required_argument, NULL, OPT_EPOCH },
	{ "parent-fd", required_argument, NULL, OPT_PARENT_FD },
	{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "tables", no_argument, NULL, OPT_TABLES },
	{ "identify", no_argument, NULL, OPT_IDENTIFY },
	{ "find", required_argument, NULL, OPT_FIND },
	{ "schema", required_argument, NULL, OPT_SCHEMA },
	{ "anonymous", no_argument, NULL, OPT_ANONYMOUS },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 }
};

struct opts {
	const char *config_file, *state_dir, *from, *until, *failover, *xa, *server_id, *epoch, *schema, *explain, *find;
	struct shape shape;
	struct db_args db;
	const char **tables, **excluded;	/* as given, each NULL-terminated */
	size_t tables_count, excluded_count;
	int parent_fd;
	bool check, list_tables, identify;
	struct tail_options tail;
	struct live_options live;
	struct file_options file;
};

static _Noreturn void
usage(FILE *to, int rc)
{
	fputs("usage: binlog-tail [--config FILE] [--host HOST] [--port PORT] [--socket PATH] [--user NAME]\n"
	    "           [--password-file FILE] [--ssl-mode MODE] [--ssl-ca FILE] [--ssl-cert FILE]\n"
	    "           [--ssl-key FILE] [--server-public-key-path FILE] [--defaults-file FILE]\n"
	    "           [--defaults-group-suffix SUFFIX] [--server-id N]\n"
	    "           [--state DIR] [--from POS|GTIDS|start|now] [--until POS|GTIDS|now]\n"
	    "           [--failover gtid|stop] [--xa stop|hold]\n"
	    "           [--table DB.TABLE[@POS]]... [--exclude DB.TABLE]... [--numbers number|safe]\n"
	    "           [--zero-dates null|keep] [--binary base64|hex] [--columns DB.TABLE.COLUMN]...\n"
	    "           [--exclude-columns DB.TABLE.COLUMN]... [--no-old] [--only OP,...] [--query]\n"
	    "           [--epoch N] [--retry-for SECONDS]\n"
	    "           [--anonymous] [--parent-fd N] [-v] [-q]\n"
	    "       binlog-tail [option]... [--schema FILE.sql] [--name NAME] [--follow] FILE...\n"
	    "       binlog-tail --explain POS [option]... [FILE]\n"
	    "       binlog-tail --check|--tables|--identify|--find start|now|POS|@SECONDS [option]...\n"
	    "       binlog-tail --help\n"
	    "       binlog-tail --version\n", to);
	exit(rc);
}

static _Noreturn void
fail(const struct error *e)
{
	log_error("%s", e->text);
	exit(e->rc);
}

static _Noreturn void
wrong(const char *option, const char *value, const char *why)
{
	log_error("--%s %s: %s", option, value, why);
	exit(RC_USAGE);
}

static long long
number(const char *option, const char *value, long long min, long long max)
{
	const char *why;
	long long n = strtonum(value, min, max, &why);

	if (why != NULL)
		wrong(option, value, why);
	return n;
}

static void
add(const char ***list, size_t *count, const char *item)
{
	if ((*list = reallocarray(*list, *count + 1, sizeof(**list))) == NULL)
		err(RC_TEMP, NULL);
	(*list)[(*count)++] = item;
}

/* --only: the bits of its words. Control lines always pass, so their names are none. */
static unsigned
only(const char *list)
{
	static const struct { const char *op; unsigned bit; } ops[] = {
		{ "insert", ONLY_INSERT }, { "update", ONLY_UPDATE }, { "delete", ONLY_DELETE },
		{ "ddl", ONLY_CONTROL }, { "truncate", ONLY_CONTROL }, { "drop", ONLY_CONTROL },
		{ "rename", ONLY_CONTROL }, { "stale", ONLY_CONTROL }, { "commit", ONLY_CONTROL },
	};
	const char *p = list;
	unsigned bits = 0;
	size_t i, n;

	for (;; p += n + 1) {
		n = strcspn(p, ",");
		for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
			if (strncmp(ops[i].op, p, n) == 0 && ops[i].op[n] == '\0')
				break;
		if (i == sizeof(ops) / sizeof(ops[0]))
			wrong("only", list, "not a list of ops");
		bits |= ops[i].bit;
		if (p[n] == '\0')
			return bits;
	}
}

/* One of two words, of an option or else the configuration. */
static bool
choice(const struct config *c, const char *option, const char *value, const char *off, const char *on)
{
	char path[64];

	if (value == NULL) {
		snprintf(path, sizeof(path), "database.%s", option);
		value = config_get(c, path);
	}
	if (strcmp(value, on) != 0 && strcmp(value, off) != 0)
		wrong(option, value, "no such choice");
	return strcmp(value, on) == 0;
}

static void
take_option(struct opts *o, int ch)
{
	struct error e;
	int rc;

	switch (ch) {
	case OPT_CONFIG: o->config_file = optarg; break;
	case OPT_SERVER_ID: o->server_id = optarg; break;
	case OPT_STATE: o->state_dir = optarg; break;
	case OPT_FROM: o->from = optarg; break;
	case OPT_UNTIL: o->until = optarg; break;
	case OPT_FOLLOW: o->file.follow = true; break;
	case OPT_FAILOVER: o->failover = optarg; break;
	case OPT_XA: o->xa = optarg; break;
	case OPT_TABLE: add(&o->tables, &o->tables_count, optarg); break;
	case OPT_EXCLUDE: add(&o->excluded, &o->excluded_count, optarg); break;
	case OPT_NO_OLD: o->tail.no_old = true; break;
	case OPT_ONLY: o->tail.only |= only(optarg); break;
	case OPT_QUERY: o->tail.query = true; break;
	case OPT_EXPLAIN: o->explain = optarg; break;
	case OPT_EPOCH: o->epoch = optarg; break;
	case OPT_PARENT_FD: o->parent_fd = (int)number("parent-fd", optarg, 0, 1 << 20); break;
	case OPT_RETRY_FOR: o->live.retry_for_s = (uint32_t)number("retry-for", optarg, 0, 86400); break;
	case OPT_SCHEMA: o->schema = optarg; break;
	case OPT_ANONYMOUS: o->tail.anonymous = true; break;
	case OPT_NAME: o->file.name = optarg; break;
	case OPT_CHECK: o->check = true; break;
	case OPT_IDENTIFY: o->identify = true; break;
	case OPT_FIND: o->find = optarg; break;
	case OPT_TABLES: o->list_tables = true; break;
	case OPT_HELP: usage(stdout, 0);
	case OPT_VERSION:
		puts("binlog-tail " VERSION);
		exit(0);
	case 'v': log_louder(); break;
	case 'q': log_quieter(); break;
	default:
		if (!db_arg(&o->db, ch, optarg) && (rc = shape_arg(&o->shape, ch, optarg, &e)) != 1) {
			if (rc == -1)
				fail(&e);
			usage(stderr, RC_USAGE);
		}
	}
}

/* --table and --exclude; without --table the configuration's list. */
static void
take_tables(struct opts *o, const struct config *c)
{
	const char *db = config_get(c, "database.name");
	struct error e = { 0 };
	size_t i;
	char *item;

	for (i = 0; i < o->tables_count; i++)
		if (glob_add(&o->tail.tables, o->tables[i], db, &e) == -1)
			fail(&e);
	for (i = 0; i < o->excluded_count; i++)
		if (glob_add(&o->tail.excluded, o->excluded[i], db, &e) == -1)
			fail(&e);
	for (i = 0; o->tables_count == 0 && (item = config_item(c, "database.tables", i)) != NULL; i++) {
		if (glob_add(&o->tail.tables, item, db, &e) == -1)
			fail(&e);
		free(item);
	}
}

/* A place that is a GTID set. Of which kind of server it is must be known where files tell it: at once. */
static bool
take_gtids(struct gtids *g, const char *text)
{
	struct error e;

	return text[0] != '\0' && gtids_parse_any(g, text, &e) == 0;
}

/* Where the stream begins and ends, and in which epoch. */
static uint32_t
take_positions(struct opts *o, const struct state *s, struct tail *t)
{
	struct executed *x = &t->executed;
	struct pos *until = &t->until;
	uint32_t epoch = s != NULL && pos_is_set(&s->pos) ? s->pos.epoch : 0;
	struct error e;

	if (o->file.count > 0 && ((o->from != NULL && strcmp(o->from, "now") == 0) ||
	    (o->until != NULL && strcmp(o->until, "now") == 0)))
		wrong(o->from != NULL ? "from" : "until", "now", "files have no now");
	if (o->from == NULL && (s == NULL || !pos_is_set(&s->pos)) && o->file.count > 0) {
		o->live.from = FROM_START;
	} else if (o->from == NULL) {
		if (s == NULL || !pos_is_set(&s->pos)) {
			log_error("nothing says where to begin: --from, or --state with a stored position, is needed");
			exit(RC_USAGE);
		}
		o->live.from_pos = s->pos;
		o->live.from_state = true;
	} else if (strcmp(o->from, "start") == 0) {
		o->live.from = FROM_START;
	} else if (strcmp(o->from, "now") == 0) {
		o->live.from = FROM_NOW;
	} else if (take_gtids(&x->from, o->from)) {
		o->live.from = FROM_GTIDS;
		o->live.from_gtids = o->from;
	} else {
		if (pos_parse(&o->live.from_pos, o->from, &e) == -1)
			wrong("from", o->from, e.text);
		if (o->live.from_pos.epoch != 0)
			epoch = o->live.from_pos.epoch;
	}
	if (o->epoch != NULL)
		epoch = (uint32_t)number("epoch", o->epoch, 0, MAX_EPOCH);
	if (o->until != NULL && strcmp(o->until, "now") == 0) {
		o->live.until_now = true;
	} else if (o->until != NULL && take_gtids(&x->until, o->until)) {
		;
	} else if (o->until != NULL) {
		if (pos_parse(until, o->until, &e) == -1)
			wrong("until", o->until, e.text);
		if (until->epoch == 0)
			until->epoch = epoch;
	}
	return epoch;
}

/* --explain: the file is read from its start, as rows need the table maps before them. */
static uint32_t
take_explained(struct opts *o)
{
	struct error e;

	if (pos_parse(&o->tail.explain, o->explain, &e) == -1)
		wrong("explain", o->explain, e.text);
	o->tail.anonymous = true;
	o->live.from = FROM_POS;
	o->live.from_pos = o->tail.explain;
	o->live.from_pos.offset = FILE_START;
	o->live.until_now = true;
	return o->tail.explain.epoch;
}

static void
take_files(struct opts *o, char *const *paths, size_t count)
{
	size_t i;

	o->file.paths = paths;
	o->file.count = count;
	for (i = 0; i < count; i++)
		if (strcmp(paths[i], "-") == 0 && o->file.name == NULL) {
			log_error("--name is needed: the log's name is part of every position");
			exit(RC_USAGE);
		}
	if (o->file.follow && (count == 0 || strcmp(paths[count - 1], "-") == 0)) {
		log_error("--follow: a file that grows must be named");
		exit(RC_USAGE);
	}
	if (count > 0 && (o->check || o->list_tables || o->identify || o->find != NULL))
		usage(stderr, RC_USAGE);
}

static uint32_t
choose_server_id(const struct opts *o, const struct config *c)
{
	if (o->server_id != NULL)
		return (uint32_t)number("server-id", o->server_id, 1, UINT32_MAX);
	if (config_get(c, "database.server_id") != NULL)
		return (uint32_t)config_number(c, "database.server_id", 0);
	return 1 + arc4random_uniform(UINT32_MAX);	/* a clash among a few replicas is next to impossible */
}

/* The stream itself. */
static int
stream(struct opts *o, struct tail *t)
{
	struct state state = { 0 };
	struct stop stop;
	int rc;

	if (o->state_dir != NULL && (state_load(&state, o->state_dir, t->e) == -1 ||
	    history_load(&t->history, o->state_dir, t->e) == -1))
		return -1;
	o->live.state = o->state_dir != NULL ? &state : NULL;
	if (o->tables_count == 0 && state.covered.count > 0) {
		glob_free(&o->tail.tables);
		o->tail.tables = state.covered;
		memset(&state.covered, 0, sizeof(state.covered));
	}
	t->source.epoch = o->explain != NULL ? take_explained(o) : take_positions(o, o->live.state, t);
	t->xa.blind = o->live.from != FROM_POS;
	t->xa.dir = o->state_dir;
	if (stop_watch(&stop, o->parent_fd, STOP_WAITS, t->e) == -1)
		return -1;
	if (o->explain == NULL)
		o->file.from = o->live.from_pos;
	o->file.from_gtids = o->live.from_gtids;
	o->file.stop = &stop;
	rc = o->file.count > 0 ? file_run(t, &o->file) : live_run(t, &o->live);
	state_free(&state);
	if (rc == 0 && o->explain != NULL && !t->explained)
		return error_set(t->e, RC_POSITION, "--explain %s: no event is there", o->explain);
	if (*t->o->values.bad_bytes > 0)
		log_warn("bytes that are not valid in their column's character set became U+FFFD count=%llu",
		    (unsigned long long)*t->o->values.bad_bytes);
	return rc;
}

static int
check(struct opts *o, struct tail *t, uint32_t server_id)
{
	struct state state = { 0 };
	int rc;

	if (o->state_dir != NULL && state_load(&state, o->state_dir, t->e) == -1)
		return -1;
	rc = check_run(&o->live.db, t, server_id, o->state_dir != NULL ? &state : NULL, t->e);
	state_free(&state);
	return rc;
}

static int
run(struct opts *o, struct config *c)
{
	struct error e = { 0 };
	uint64_t bad_bytes = 0;
	struct tail t;
	int rc;

	if (db_options_init(&o->live.db, c, &o->db, &e) == -1 ||
	    shape_options(&o->shape, c, &o->tail.values, &e) == -1)
		fail(&e);
	if (o->tail.query && o->tail.values.columns != NULL) {
		log_error("--query: statements would show the columns that are left out");
		exit(RC_USAGE);
	}
	take_tables(o, c);
	o->tail.values.bad_bytes = &bad_bytes;
	o->live.server_id = choose_server_id(o, c);
	o->live.failover = choice(c, "failover", o->failover, "stop", "gtid");
	o->live.epoch_given = o->epoch != NULL;
	o->tail.leave_out = strcmp(config_get(c, "on_schema_change"), "resync") == 0;
	if (tail_init(&t, &o->tail, &e) == -1)
		fail(&e);
	t.xa.hold = choice(c, "xa", o->xa, "stop", "hold");
	if (o->schema != NULL && names_load_file(&t.names, o->schema, config_get(c, "database.name"), &e) == -1)
		fail(&e);
	if (o->check)
		rc = check(o, &t, o->server_id != NULL || config_get(c, "database.server_id") != NULL ? o->live.server_id : 0);
	else if (o->list_tables)
		rc = catalog_print(&o->live.db, &t, &e);
	else if (o->identify)
		rc = catalog_identify(&o->live.db, &e);
	else if (o->find != NULL)
		rc = logs_print(&o->live.db, o->find, &e);
	else
		rc = stream(o, &t);
	tail_free(&t);
	db_options_free(&o->live.db);
	if (rc == -1)
		fail(&e);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = { .parent_fd = -1, .live.retry_for_s = RETRY_FOR_S };
	struct config c;
	struct error e;
	int ch, rc;

	log_init("binlog-tail");
	mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES);
	while ((ch = getopt_long(argc, argv, "vq", longopts, NULL)) != -1)
		take_option(&o, ch);
	take_files(&o, argv + optind, (size_t)(argc - optind));
	if (config_load(&c, o.config_file, &e) == -1)
		fail(&e);
	rc = run(&o, &c);
	config_free(&c);
	glob_free(&o.tail.tables);
	glob_free(&o.tail.excluded);
	shape_free(&o.shape);
	free(o.tables);
	free(o.excluded);
	return rc;
}
