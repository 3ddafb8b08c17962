/* SPDX-License-Identifier: ISC */
/* es-bulk: change events from standard input into Elasticsearch or OpenSearch. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "lib/config.h"
#include "lib/json.h"
#include "lib/log.h"

#include "es-bulk/access.h"
#include "es-bulk/check.h"
#include "es-bulk/ids.h"
#include "es-bulk/rebuild.h"
#include "es-bulk/stream.h"

#define MIB ((size_t)1 << 20)
#define MAX_TIMEOUT_S 1800	/* index.gc_deletes of our indices is an hour: a late twin must meet its tombstone */

enum {
	OPT_CONFIG = 1000, OPT_URL, OPT_DEAD_LETTER, OPT_REQUEST_TIMEOUT, OPT_MAX_WAIT, OPT_MAX_LINE, OPT_REQUIRE_ACKS,
	OPT_TRUNCATE, OPT_DROP, OPT_RENAME, OPT_PARTIAL, OPT_WHEN, OPT_PRINT_MAPPING, OPT_DRY_RUN, OPT_VERIFY, OPT_CHECK,
	OPT_ON_ERROR, OPT_MAX_RETRIES, OPT_RETRY_FOR, OPT_LINGER, OPT_STATS, OPT_METRICS_FILE,
	OPT_COUNT, OPT_LIST, OPT_REBUILD, OPT_SWAP, OPT_ABANDON, OPT_DROP_INDEX, OPT_DROP_INDICES, OPT_HELP, OPT_VERSION,
	OPT_USER = 2000, OPT_PASSWORD_FILE, OPT_API_KEY_FILE, OPT_BEARER_TOKEN_FILE, OPT_AWS_REGION, OPT_AWS_SERVICE,
	OPT_CA_FILE, OPT_CA_FINGERPRINT, OPT_CERT_FILE, OPT_KEY_FILE, OPT_INSECURE, OPT_PROXY, OPT_COMPRESS, OPT_JOBS,
	OPT_BATCH_BYTES, OPT_BATCH_COUNT, OPT_MAX_DEAD, OPT_INDEX, OPT_MAPPING_FILE,
};

/* Options that are keys of the configuration, from OPT_USER on: their values go before the environment's and the file's. */
static const char *const settings[] = {
	"elastic.username", "elastic.password_file", "elastic.api_key_file", "elastic.bearer_token_file",
	"elastic.aws_region", "elastic.aws_service", "elastic.ca_file", "elastic.ca_fingerprint", "elastic.cert_file",
	"elastic.key_file", "elastic.insecure", "elastic.proxy", "elastic.compress", "delivery.jobs",
	"delivery.batch_bytes", "delivery.batch_count", "delivery.max_dead", "elastic.index", "elastic.mapping_file",
};
#define SETTINGS (sizeof(settings) / sizeof(settings[0]))

static const struct option longopts[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "url", required_argument, NULL, OPT_URL },
	{ "user", required_argument, NULL, OPT_USER },
	{ "password-file", required_argument, NULL, OPT_PASSWORD_FILE },
	{ "api-key-file", required_argument, NULL, OPT_API_KEY_FILE },
	{ "bearer-token-file", required_argument, NULL, OPT_BEARER_TOKEN_FILE },
	{ "aws-region", required_argument, NULL, OPT_AWS_REGION },
	{ "aws-service", required_argument, NULL, OPT_AWS_SERVICE },
	{ "ca-file", required_argument, NULL, OPT_CA_FILE },
	{ "ca-fingerprint", required_argument, NULL, OPT_CA_FINGERPRINT },
	{ "cert-file", required_argument, NULL, OPT_CERT_FILE },
	{ "key-file", required_argument, NULL, OPT_KEY_FILE },
	{ "insecure", no_argument, NULL, OPT_INSECURE },
	{ "proxy", required_argument, NULL, OPT_PROXY },
	{ "compress", no_argument, NULL, OPT_COMPRESS },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "batch-bytes", required_argument, NULL, OPT_BATCH_BYTES },
	{ "batch-count", required_argument, NULL, OPT_BATCH_COUNT },
	{ "dead-letter", required_argument, NULL, OPT_DEAD_LETTER },
	{ "max-dead", required_argument, NULL, OPT_MAX_DEAD },
	{ "on-error", required_argument, NULL, OPT_ON_ERROR },
	{ "max-retries", required_argument, NULL, OPT_MAX_RETRIES },
	{ "retry-for", required_argument, NULL, OPT_RETRY_FOR },
	{ "linger", required_argument, NULL, OPT_LINGER },
	{ "stats", no_argument, NULL, OPT_STATS },
	{ "metrics-file", required_argument, NULL, OPT_METRICS_FILE },
	{ "request-timeout", required_argument, NULL, OPT_REQUEST_TIMEOUT },
	{ "max-wait", required_argument, NULL, OPT_MAX_WAIT },
	{ "max-line", required_argument, NULL, OPT_MAX_LINE },
	{ "require-acks", no_argument, NULL, OPT_REQUIRE_ACKS },
	{ "truncate", required_argument, NULL, OPT_TRUNCATE },
	{ "drop", required_argument, NULL, OPT_DROP },
	{ "rename", required_argument, NULL, OPT_RENAME },
	{ "partial", required_argument, NULL, OPT_PARTIAL },
	{ "index", required_argument, NULL, OPT_INDEX },
	{ "when", required_argument, NULL, OPT_WHEN },
	{ "mapping-file", required_argument, NULL, OPT_MAPPING_FILE },
	{ "print-mapping", no_argument, NULL, OPT_PRINT_MAPPING },
	{ "dry-run", no_argument, NULL, OPT_DRY_RUN },
	{ "verify", no_argument, NULL, OPT_VERIFY },
	{ "check", no_argument, NULL, OPT_CHECK },
	{ "count", no_argument, NULL, OPT_COUNT },
	{ "list", no_argument, NULL, OPT_LIST },
	{ "rebuild", no_argument, NULL, OPT_REBUILD },
	{ "swap", no_argument, NULL, OPT_SWAP },
	{ "abandon", no_argument, NULL, OPT_ABANDON },
	{ "drop-index", no_argument, NULL, OPT_DROP_INDEX },
	{ "drop-indices", no_argument, NULL, OPT_DROP_INDICES },
	{ "verbose", no_argument, NULL, 'v' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char usage_text[] =
"usage: es-bulk [-qv] [--config FILE] [--url URL] [--user NAME] [--password-file FILE]\n"
"               [--api-key-file FILE] [--bearer-token-file FILE] [--aws-region REGION]\n"
"               [--aws-service es|aoss] [--ca-file FILE] [--ca-fingerprint HEX] [--cert-file FILE]\n"
"               [--key-file FILE] [--insecure] [--proxy URL] [--compress] [--jobs N] [--batch-bytes N]\n"
"               [--batch-count N] [--dead-letter FILE] [--max-dead N] [--request-timeout SECONDS]\n"
"               [--max-wait SECONDS] [--max-line BYTES] [--require-acks] [--truncate apply|ignore|stop]\n"
"               [--drop apply|ignore|stop] [--rename ignore|stop] [--partial merge|stop]\n"
"               [--index TEMPLATE] [--when TABLE=JSON] [--mapping-file FILE] [--print-mapping] [--dry-run]\n"
"               [--on-error dead-letter|stop] [--max-retries N] [--retry-for SECONDS] [--linger MS]\n"
"               [--stats] [--metrics-file FILE] [--rebuild] [--verify]\n"
"       es-bulk [OPTION...] --check [DB.TABLE...]\n"
"       es-bulk [OPTION...] --count|--list|--swap|--abandon|--drop-indices DB.TABLE...\n"
"       es-bulk [OPTION...] --drop-index INDEX...\n"
"       es-bulk --help | --version\n";

/* Asks or tells the engine something of the tables (or indices) that are named. */
typedef int command(struct bulk *, struct target_list *, char *const *names, size_t count, struct error *);

/* What the command line says; unset where it says nothing. */
struct opts {
	const char *config;
	const char *given[SETTINGS];
	struct buf urls;	/* each with LF behind it */
	struct buf whens;	/* JSON: {TABLE:{"when":…},…} without its last brace */
	command *command;	/* instead of a stream; NULL: none */
	bool stop_on_error;
	struct http_options http;
	struct stream_options stream;
};

static _Noreturn void
usage(FILE *to, int rc)
{
	fputs(usage_text, to);
	exit(rc);
}

static long long
number(const char *name, const char *text, long long min, long long max)
{
	const char *why;
	long long n = strtonum(text, min, max, &why);

	if (why != NULL) {
		log_error("--%s %s: %s (%lld to %lld)", name, text, why, min, max);
		exit(RC_USAGE);
	}
	return n;
}

static enum policy
policy(const char *name, const char *text, bool may_apply)
{
	if (may_apply && strcmp(text, "apply") == 0)
		return POLICY_APPLY;
	if (strcmp(text, "ignore") == 0)
		return POLICY_IGNORE;
	if (strcmp(text, "stop") == 0)
		return POLICY_STOP;
	log_error("--%s %s: must be %signore or stop", name, text, may_apply ? "apply, " : "");
	exit(RC_USAGE);
}

static bool
stops_on_error(const char *text)
{
	if (strcmp(text, "dead-letter") != 0 && strcmp(text, "stop") != 0) {
		log_error("--on-error %s: must be dead-letter or stop", text);
		exit(RC_USAGE);
	}
	return *text == 's';
}

static bool
merges(const char *text)
{
	if (strcmp(text, "merge") != 0 && strcmp(text, "stop") != 0) {
		log_error("--partial %s: must be merge or stop", text);
		exit(RC_USAGE);
	}
	return *text == 'm';
}

/* TABLE=JSON */
static void
add_when(struct buf *b, const char *text)
{
	const char *is = strchr(text, '=');

	if (is == NULL) {
		log_error("--when %s: must be TABLE=JSON", text);
		exit(RC_USAGE);
	}
	if ((b->data == NULL && buf_init(b, MIB) == -1) || buf_putc(b, b->len == 0 ? '{' : ',') == -1 ||
	    json_put_string(b, text, (size_t)(is - text), NULL) == -1 || buf_puts(b, ":{\"when\":") == -1 ||
	    buf_puts(b, is + 1) == -1 || buf_putc(b, '}') == -1) {
		log_error("--when %s: too long", text);
		exit(RC_USAGE);
	}
}

static void
add_url(struct buf *b, const char *url)
{
	if ((b->data == NULL && buf_init(b, MIB) == -1) || buf_puts(b, url) == -1 || buf_putc(b, '\n') == -1) {
		log_error("--url %s: too long", url);
		exit(RC_USAGE);
	}
}

static void
take_command(struct opts *o, command *c)
{
	if (o->command != NULL)
		usage(stderr, RC_USAGE);
	o->command = c;
}

static void
option(struct opts *o, int ch)
{
	struct stream_options *s = &o->stream;

	if (ch >= OPT_USER) {
		o->given[ch - OPT_USER] = optarg == NULL ? "true" : optarg;
		return;
	}
	switch (ch) {
	case OPT_CONFIG: o->config = optarg; break;
	case OPT_URL: add_url(&o->urls, optarg); break;
	case OPT_DEAD_LETTER: s->bulk.dead_file = optarg; break;
	case OPT_REQUEST_TIMEOUT:
		o->http.timeout_s = (long)number("request-timeout", optarg, 1, MAX_TIMEOUT_S);
		break;
	case OPT_MAX_WAIT: s->bulk.max_wait_ms = (uint32_t)number("max-wait", optarg, 1, 3600) * 1000; break;
	case OPT_ON_ERROR: o->stop_on_error = stops_on_error(optarg); break;
	case OPT_MAX_RETRIES: s->bulk.max_retries = (uint32_t)number("max-retries", optarg, 0, INT32_MAX); break;
	case OPT_RETRY_FOR: s->bulk.retry_for_ms = (uint64_t)number("retry-for", optarg, 1, 864000) * 1000; break;
	case OPT_LINGER: s->bulk.linger_ms = (uint32_t)number("linger", optarg, 0, 60000); break;
	case OPT_STATS: s->stats = true; break;
	case OPT_METRICS_FILE: s->bulk.metrics_file = optarg; break;
	case OPT_MAX_LINE: s->bulk.max_line = (size_t)number("max-line", optarg, 1024, 1 << 30); break;
	case OPT_REQUIRE_ACKS: s->require_acks = true; break;
	case OPT_TRUNCATE: s->truncate = policy("truncate", optarg, true); break;
	case OPT_DROP: s->drop = policy("drop", optarg, true); break;
	case OPT_RENAME: s->rename = policy("rename", optarg, false); break;
	case OPT_PARTIAL: s->merge_partial = merges(optarg); break;
	case OPT_WHEN: add_when(&o->whens, optarg); break;
	case OPT_PRINT_MAPPING: s->bulk.mode = BULK_PRINT; s->print_mapping = true; break;
	case OPT_DRY_RUN: s->bulk.mode = BULK_PRINT; break;
	case OPT_CHECK: take_command(o, check_engine); break;
	case OPT_COUNT: take_command(o, count_documents); break;
	case OPT_LIST: take_command(o, ids_print); break;
	case OPT_DROP_INDEX: take_command(o, drop_indices); break;
	case OPT_DROP_INDICES: take_command(o, drop_tables); break;
	case OPT_SWAP: take_command(o, rebuild_swap); s->tables.suffix = REBUILD_SUFFIX; break;
	case OPT_ABANDON: take_command(o, rebuild_abandon); s->tables.suffix = REBUILD_SUFFIX; break;
	case OPT_REBUILD: s->tables.suffix = REBUILD_SUFFIX; break;
	case OPT_VERIFY: s->bulk.mode = BULK_VERIFY; break;
	case 'v': log_louder(); break;
	case 'q': log_quieter(); break;
	case OPT_HELP: usage(stdout, RC_OK);
	case OPT_VERSION: puts("es-bulk " VERSION); exit(RC_OK);
	default: usage(stderr, RC_USAGE);
	}
}

/* Options before the environment and the file. */
static int
take_options(struct opts *o, struct config *c, struct error *e)
{
	size_t i;

	for (i = 0; i < SETTINGS; i++)
		if (o->given[i] != NULL && config_set(c, settings[i], o->given[i], "option", e) == -1)
			return -1;
	if (o->urls.data == NULL)
		return 0;
	return buf_str(&o->urls) == NULL ? error_set(e, RC_TEMP, "--url: no memory") :
	    config_set(c, "elastic.address", o->urls.data, "option", e);
}

static int
settle_whens(struct opts *o, struct error *e)
{
	if (o->whens.data == NULL)
		return 0;
	if (buf_putc(&o->whens, '}') == -1 || buf_str(&o->whens) == NULL)
		return error_set(e, RC_USAGE, "--when: too long");
	return rules_init(&o->stream.tables.whens, o->whens.data, "--when", e);
}

/* What is said of tables. */
static int
settle_tables(struct opts *o, const struct config *c, struct error *e)
{
	struct target_options *t = &o->stream.tables;

	if (template_parse(&t->index, config_get(c, "elastic.index"), e) == -1)
		return error_at(e, "elastic.index");
	return settle_whens(o, e) == -1 || rules_init(&t->rules, config_get(c, "elastic.tables"), "elastic.tables", e) == -1 ||
	    rules_read(&t->mappings, config_get(c, "elastic.mapping_file"), e) == -1 ? -1 : 0;
}

static int
settle(struct opts *o, struct config *c, struct error *e)
{
	struct bulk_options *b = &o->stream.bulk;

	if (take_options(o, c, e) == -1 || settle_tables(o, c, e) == -1 || access_read(&o->http, c, e) == -1)
		return -1;
	b->http = &o->http;
	b->jobs = (unsigned int)config_number(c, "delivery.jobs", 2);
	if (o->stop_on_error)
		b->dead_file = NULL;
	b->rebuilds = !o->stop_on_error && strcmp(config_get(c, "on_schema_change"), "resync") == 0;
	b->batch_bytes = (size_t)config_number(c, "delivery.batch_bytes", 2 * (long long)MIB);
	b->batch_count = (size_t)config_number(c, "delivery.batch_count", 5000);
	b->max_dead = (uint64_t)config_number(c, "delivery.max_dead", 1000);
	return 0;
}

/* The tables to ask about: those named, else those of the configuration. */
static char **
tables_of(const struct config *c, char **argv, int n, size_t *count)
{
	char **tables = calloc((size_t)n + 1, sizeof(*tables)), **grown, *item;
	const char *db = config_get(c, "database.name");
	size_t i;

	for (*count = 0; tables != NULL && *count < (size_t)n; ++*count)
		tables[*count] = strdup(argv[*count]);
	for (i = 0; tables != NULL && n == 0 && (item = config_item(c, "database.tables", i)) != NULL; i++) {
		if (strchr(item, '.') == NULL && db != NULL) {
			char *whole;

			if (asprintf(&whole, "%s.%s", db, item) != -1) {
				free(item);
				item = whole;
			}
		}
		if ((grown = reallocarray(tables, *count + 1, sizeof(*tables))) == NULL) {
			free(item);
			break;
		}
		tables = grown;
		tables[(*count)++] = item;
	}
	return tables;
}

static int
run(struct opts *o, const struct config *c, char **argv, int n, struct error *e)
{
	struct stream s = { 0 };
	char **tables = NULL;
	size_t count = 0, i;
	int rc;

	if (stream_init(&s, &o->stream, e) == -1) {
		stream_free(&s);
		return -1;
	}
	if (o->command != NULL) {
		if ((tables = tables_of(c, argv, n, &count)) == NULL)
			rc = error_set(e, RC_TEMP, "no memory");
		else
			rc = o->command(&s.bulk, &s.targets, tables, count, e);
		for (i = 0; i < count; i++)
			free(tables[i]);
		free(tables);
	} else {
		rc = stream_run(&s, e);
	}
	stream_free(&s);
	return rc;
}

int
main(int argc, char *argv[])
{
	struct opts o = {
		.http.timeout_s = 60,
		.stream = {
			.truncate = POLICY_APPLY, .drop = POLICY_IGNORE, .rename = POLICY_STOP, .merge_partial = true,
			.bulk = { .max_wait_ms = 30000, .max_retries = UINT32_MAX, .max_line = 100 * MIB },
		},
	};
	struct config c = { 0 };
	struct error e = { 0 };
	int ch, rc = -1;

	log_init("es-bulk");
	while ((ch = getopt_long(argc, argv, "qv", longopts, NULL)) != -1)
		option(&o, ch);
	argc -= optind;
	argv += optind;
	if (argc > 0 ? o.command == NULL : o.command != NULL && o.command != check_engine)
		usage(stderr, RC_USAGE);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (config_load(&c, o.config, &e) == 0 && settle(&o, &c, &e) == 0)
		rc = run(&o, &c, argv, argc, &e);
	if (rc == -1) {
		log_error("%s", e.text);
		rc = e.rc;
	}
	access_free(&o.http);
	rules_free(&o.stream.tables.rules);
	rules_free(&o.stream.tables.mappings);
	rules_free(&o.stream.tables.whens);
	template_free(&o.stream.tables.index);
	if (o.whens.data != NULL)
		buf_free(&o.whens);
	if (o.urls.data != NULL)
		buf_free(&o.urls);
	config_free(&c);
	curl_global_cleanup();
	return rc;
}
