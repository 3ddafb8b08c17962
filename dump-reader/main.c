/* SPDX-License-Identifier: ISC */
/* dump-reader: tables as they are, from a dump or by key, as a stream of rows (dump-reader.1). */
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mysql.h>

#include "lib/config.h"
#include "lib/db.h"
#include "lib/log.h"
#include "lib/shape.h"

#include "check.h"
#include "folder.h"
#include "keys.h"
#include "live.h"
#include "take.h"
#include "unpack.h"
#include "work.h"

enum {
	OPT_CONFIG = SHAPE_OPT_END, OPT_TABLE, OPT_EXCLUDE, OPT_SOURCE, OPT_EPOCH, OPT_CREATED, OPT_RESUME,
	OPT_TIME_ZONE, OPT_DATABASE, OPT_POS, OPT_PARENT_FD, OPT_KEYS, OPT_TAKE_DUMP, OPT_LIVE, OPT_CHECK, OPT_WHERE,
	OPT_RATE, OPT_MAX_LAG, OPT_GTIDS, OPT_PAGE_ROWS, OPT_STATS, OPT_HELP,
	OPT_VERSION, OPT_SCHEMA, OPT_REQUIRE_POS, OPT_STRICT, OPT_JOBS, OPT_UNPACK, OPT_CHARSET,
	OPT_FIELDS_TERMINATED, OPT_FIELDS_ENCLOSED, OPT_FIELDS_ESCAPED, OPT_LINES_TERMINATED
};

static const struct option long_options[] = {
	{ "keys", required_argument, NULL, OPT_KEYS },
	{ "take-dump", required_argument, NULL, OPT_TAKE_DUMP },
	{ "live", no_argument, NULL, OPT_LIVE },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "where", required_argument, NULL, OPT_WHERE },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "max-lag", required_argument, NULL, OPT_MAX_LAG },
	{ "gtids", required_argument, NULL, OPT_GTIDS },
	{ "page-rows", required_argument, NULL, OPT_PAGE_ROWS },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "table", required_argument, NULL, OPT_TABLE },
	{ "exclude", required_argument, NULL, OPT_EXCLUDE },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "epoch", required_argument, NULL, OPT_EPOCH },
	{ "created", required_argument, NULL, OPT_CREATED },
	{ "pos", required_argument, NULL, OPT_POS },
	{ "resume", required_argument, NULL, OPT_RESUME },
	{ "database", required_argument, NULL, OPT_DATABASE },
	{ "schema", required_argument, NULL, OPT_SCHEMA },
	{ "unpack", required_argument, NULL, OPT_UNPACK },
	{ "default-character-set", required_argument, NULL, OPT_CHARSET },
	{ "require-pos", no_argument, NULL, OPT_REQUIRE_POS },
	{ "strict", no_argument, NULL, OPT_STRICT },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "fields-terminated-by", required_argument, NULL, OPT_FIELDS_TERMINATED },
	{ "fields-enclosed-by", required_argument, NULL, OPT_FIELDS_ENCLOSED },
	{ "fields-optionally-enclosed-by", required_argument, NULL, OPT_FIELDS_ENCLOSED },
	{ "fields-escaped-by", required_argument, NULL, OPT_FIELDS_ESCAPED },
	{ "lines-terminated-by", required_argument, NULL, OPT_LINES_TERMINATED },
	{ "time-zone", required_argument, NULL, OPT_TIME_ZONE },
	SHAPE_LONG_OPTIONS,
	{ "parent-fd", required_argument, NULL, OPT_PARENT_FD },
	DB_LONG_OPTIONS,
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

struct options {
	const char *config, *unpack, *keys, *take_dump, *resume, *pos;
	struct shape shape;
	struct db_args db;
	struct glob_list tables, exclude;
	struct source source;
	struct value_options values;
	struct dump_options dump;
	bool require_pos, strict;
	struct live_options live;	/* of which it takes the rest over */
	bool is_live, check;
	int parent_fd;
};

static _Noreturn void
usage(FILE *to, int rc)
{
	fputs("usage: dump-reader [--source SERVER] [--epoch N] [--created TIME] [--pos POS] [--resume TOKEN]\n"
	    "                   [--database NAME] [--time-zone OFFSET] [--schema FILE] [--require-pos] [--strict]\n"
	    "                   [--jobs N] [--fields-terminated-by TEXT] [--fields-enclosed-by CHAR]\n"
	    "                   [--fields-optionally-enclosed-by CHAR] [--fields-escaped-by CHAR]\n"
	    "                   [--lines-terminated-by TEXT] [--default-character-set NAME] [--unpack FOLDER]\n"
	    "                   [--stats] [OPTION ...] [FILE | FOLDER | -]\n"
	    "       dump-reader --live | --host NAME [--table DB.TABLE ...] [--jobs N] [--where SQL] [--rate N]\n"
	    "                   [--page-rows N] [--max-lag SECONDS] [--resume TOKEN] [--source SERVER] [--pos POS --gtids SET]\n"
	    "                   [--epoch N] [--created TIME] [--stats] [DATABASE ...] [OPTION ...]\n"
	    "       dump-reader --keys FILE [--source SERVER] [--epoch N] [--created TIME] [DATABASE ...] [OPTION ...]\n"
	    "       dump-reader --take-dump FILE --table DB.TABLE ... [DATABASE ...] [--parent-fd N] [-qv]\n"
	    "       dump-reader --check [--table DB.TABLE ...] [DATABASE ...] [--parent-fd N] [-qv]\n"
	    "       dump-reader --help | --version\n"
	    "OPTION:   --config FILE, --table DB.TABLE, --exclude DB.TABLE, --numbers number|safe,\n"
	    "          --zero-dates null|keep, --binary base64|hex, --columns DB.TABLE.COLUMN,\n"
	    "          --exclude-columns DB.TABLE.COLUMN, --parent-fd N, -q, -v\n"
	    "DATABASE: --config FILE, --host NAME, --port N, --socket FILE, --user NAME, --password-file FILE,\n"
	    "          --ssl-mode MODE, --ssl-ca FILE, --ssl-cert FILE, --ssl-key FILE,\n"
	    "          --server-public-key-path FILE, --defaults-file FILE, --defaults-group-suffix SUFFIX\n", to);
	exit(rc);
}

static int64_t
number_arg(const char *option, const char *text, int64_t min, int64_t max)
{
	const char *why;
	long long v = strtonum(text, min, max, &why);

	if (why != NULL) {
		log_error("--%s %s: %s", option, text, why);
		exit(RC_USAGE);
	}
	return v;
}

/* With the escapes that the server reads in mysqldump's options. */
static int
fields_mark(struct options *o, const char *what, const char *text, struct error *e)
{
	char mark[MAX_FIELD_MARK], *to = mark;

	for (; *text != '\0' && to < mark + sizeof(mark) - 1; text++) {
		if (*text != '\\' || text[1] == '\0') {
			*to++ = *text;
			continue;
		}
		text++;
		*to++ = (char)(*text == 't' ? '\t' : *text == 'n' ? '\n' : *text == 'r' ? '\r' : *text);
	}
	*to = '\0';
	return *text != '\0' ? error_set(e, RC_USAGE, "a mark of fields or lines is longer than %d bytes", MAX_FIELD_MARK - 1) :
	    fields_set(&o->dump.format, what, mark, e);
}

/* What text alone cannot hold. -1: the message is in e. */
static int
take_option(struct options *o, int ch, const char *arg, struct error *e)
{
	e->rc = RC_OK;
	switch (ch) {
	case OPT_CONFIG: o->config = arg; break;
	case OPT_KEYS: o->keys = arg; break;
	case OPT_TAKE_DUMP: o->take_dump = arg; break;
	case OPT_LIVE: o->is_live = true; break;
	case OPT_CHECK: o->check = true; break;
	case OPT_WHERE: o->live.where = arg; break;
	case OPT_RATE: o->live.rate = (uint64_t)number_arg("rate", arg, 1, 1000000000); break;
	case OPT_MAX_LAG: o->live.max_lag_s = number_arg("max-lag", arg, 0, 1000000); break;
	case OPT_GTIDS: o->live.gtids = arg; break;
	case OPT_PAGE_ROWS: o->live.page_rows = (uint64_t)number_arg("page-rows", arg, 1, MAX_PAGE_ROWS); break;
	case OPT_STATS: o->live.stats = true; break;
	case OPT_RESUME: o->resume = arg; break;
	case OPT_DATABASE: o->dump.database = arg; break;
	case OPT_SCHEMA: o->dump.schema = arg; break;
	case OPT_UNPACK: o->unpack = arg; break;
	case OPT_CHARSET:
		o->dump.charset = charset_find(arg);
		return o->dump.charset != NULL && (charset_max_bytes(o->dump.charset) == 1 || charset_is_utf8(o->dump.charset)) ?
		    0 : error_set(e, RC_USAGE, "--default-character-set %s: not one that dumps are read in", arg);
	case OPT_REQUIRE_POS: o->require_pos = true; break;
	case OPT_STRICT: o->strict = true; break;
	case OPT_JOBS: o->dump.jobs = (unsigned)number_arg("jobs", arg, 1, MAX_JOBS); break;
	case OPT_FIELDS_TERMINATED: return fields_mark(o, "terminated", arg, e);
	case OPT_FIELDS_ENCLOSED: return fields_mark(o, "enclosed", arg, e);
	case OPT_FIELDS_ESCAPED: return fields_mark(o, "escaped", arg, e);
	case OPT_LINES_TERMINATED: return fields_mark(o, "ended", arg, e);
	case OPT_POS: o->pos = arg; break;
	case OPT_TABLE: return glob_add(&o->tables, arg, NULL, e);
	case OPT_EXCLUDE: return glob_add(&o->exclude, arg, NULL, e);
	case OPT_EPOCH: o->source.epoch = (uint32_t)number_arg("epoch", arg, 0, MAX_EPOCH); break;
	case OPT_CREATED: o->source.created = number_arg("created", arg, 0, INT64_MAX); break;
	case OPT_PARENT_FD: o->parent_fd = (int)number_arg("parent-fd", arg, 0, 1 << 20); break;
	case OPT_TIME_ZONE:
		o->dump.has_zone = dump_zone(arg, &o->dump.utc_offset_s);
		return o->dump.has_zone ? 0 : error_set(e, RC_USAGE, "--time-zone %s: not as +02:00", arg);
	case OPT_SOURCE:
		if (strlcpy(o->source.server, arg, sizeof(o->source.server)) >= sizeof(o->source.server))
			return error_set(e, RC_USAGE, "--source %s: too long", arg);
		break;
	case 'q': log_quieter(); break;
	case 'v': log_louder(); break;
	case OPT_HELP: usage(stdout, RC_OK);
	case OPT_VERSION:
		puts("dump-reader " VERSION);
		exit(RC_OK);
	default:
		if (!db_arg(&o->db, ch, arg) && shape_arg(&o->shape, ch, arg, e) == 0)
			usage(stderr, RC_USAGE);
	}
	return e->rc == RC_OK ? 0 : -1;
}

static int
take_pos(struct options *o, struct error *e)
{
	if (o->pos == NULL)
		return 0;
	if (pos_parse(&o->dump.pos, o->pos, e) == -1)
		return error_at(e, "--pos");
	if (o->dump.pos.epoch != 0 && o->source.epoch != 0 && o->dump.pos.epoch != o->source.epoch)
		return error_set(e, RC_USAGE, "--pos and --epoch name different epochs");
	if (o->source.epoch == 0)
		o->source.epoch = o->dump.pos.epoch;
	o->dump.pos.epoch = o->source.epoch;
	return 0;
}

static int
read_dump(struct options *o, const char *file, const struct stop *stop, struct error *e)
{
	struct load l = { .tables = &o->tables, .exclude = &o->exclude, .values = o->values, .source = o->source,
	    .require_pos = o->require_pos, .strict = o->strict };
	struct stat st;
	int rc = fields_check(&o->dump.format, e);
	bool folder;

	if (rc == 0 && o->unpack != NULL) {
		rc = unpack(file, o->unpack, stop, e);
		file = o->unpack;
	}
	folder = stat(file, &st) == 0 && S_ISDIR(st.st_mode);
	o->dump.epoch = o->source.epoch;
	stats_init(&l.stats, o->live.stats);
	if (rc == 0)
		rc = load_init(&l, STDOUT_FILENO, folder ? NULL : o->resume, e);
	if (rc == 0)
		rc = folder ? folder_load(&l, file, &o->dump, o->resume, stop, e) : dump_load(&l, file, &o->dump, stop, e);
	stats_end(&l.stats);
	load_free(&l);
	return rc;
}

static int
read_keys(struct options *o, struct config *c, const struct stop *stop, struct error *e)
{
	struct keys_options k = { .file = o->keys, .tables = &o->tables, .exclude = &o->exclude, .source = o->source,
	    .values = o->values };
	int rc = db_options_init(&k.db, c, &o->db, e);

	if (rc == 0)
		rc = keys_run(&k, stop, e);
	db_options_free(&k.db);
	return rc;
}

/* Without --table: those of the configuration. */
static int
configured_tables(struct glob_list *l, const struct config *c, struct error *e)
{
	char *item;
	size_t i;
	int rc = 0;

	for (i = 0; rc == 0 && (item = config_item(c, "database.tables", i)) != NULL; i++) {
		rc = glob_add(l, item, config_get(c, "database.name"), e);
		free(item);
	}
	return rc;
}

static int
read_live(struct options *o, struct config *c, const struct stop *stop, struct error *e)
{
	struct live_options *l = &o->live;
	int rc;

	if (pos_is_set(&o->dump.pos) != (l->gtids != NULL))
		return error_set(e, RC_USAGE, "of tables read live --pos and --gtids go together");
	if (o->tables.count == 0 && configured_tables(&o->tables, c, e) == -1)
		return -1;
	l->jobs = o->dump.jobs;
	l->tables = &o->tables;
	l->exclude = &o->exclude;
	l->source = o->source;
	l->values = o->values;
	l->resume = o->resume;
	l->pos = o->dump.pos;
	if ((rc = db_options_init(&l->db, c, &o->db, e)) == 0)
		rc = !o->check ? live_run(l, stop, e) :
		    check_run(l, strcmp(config_get(c, "load.method"), "live") == 0, stop, e);
	db_options_free(&l->db);
	return rc;
}

static int
take_dump(struct options *o, struct config *c, const struct stop *stop, struct error *e)
{
	struct take_options t = { .file = o->take_dump, .tables = &o->tables,
	    .program = config_get(c, "mysqldump_path") };
	int rc = db_options_init(&t.db, c, &o->db, e);

	if (rc == 0)
		rc = take_run(&t, stop, e);
	db_options_free(&t.db);
	return rc;
}

static int
run(struct options *o, const char *file, struct error *e)
{
	struct config c = { 0 };
	struct stop stop;
	int rc = -1;

	if (stop_watch(&stop, o->parent_fd, STOP_WRITES, e) == -1 || take_pos(o, e) == -1 ||
	    config_load(&c, o->config, e) == -1)
		return -1;
	if (shape_options(&o->shape, &c, &o->values, e) == -1)
		goto out;
	if (o->take_dump != NULL)
		rc = take_dump(o, &c, &stop, e);
	else if (o->keys != NULL)
		rc = read_keys(o, &c, &stop, e);
	else if (o->is_live || o->check)
		rc = read_live(o, &c, &stop, e);
	else
		rc = read_dump(o, file, &stop, e);
out:
	config_free(&c);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct options o = { .parent_fd = -1, .dump.jobs = 1, .live = { .page_rows = MAX_PAGE_ROWS, .max_lag_s = -1 } };
	struct error e = { 0 };
	int ch, rc, modes;

	log_init("dump-reader");
	fields_init(&o.dump.format);
	while ((ch = getopt_long(argc, argv, "qv", long_options, NULL)) != -1)
		if (take_option(&o, ch, optarg, &e) == -1) {
			log_error("%s", e.text);
			return e.rc;
		}
	/* who names a server and no file means its tables */
	if (optind == argc && o.keys == NULL && o.take_dump == NULL && !o.check && db_arg_server(&o.db))
		o.is_live = true;
	modes = (o.keys != NULL) + (o.take_dump != NULL) + o.is_live + o.check;
	if (modes > 1 || argc - optind > (modes == 0))
		usage(stderr, RC_USAGE);
	rc = run(&o, optind < argc ? argv[optind] : "-", &e);
	glob_free(&o.tables);
	glob_free(&o.exclude);
	shape_free(&o.shape);
	if (rc == -1)
		log_error("%s", e.text);
	return rc == -1 ? e.rc : rc;
}
