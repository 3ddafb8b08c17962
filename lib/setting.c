/* SPDX-License-Identifier: ISC */
/* The keys that a configuration may have, and which values each takes. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/setting.h"

const struct config_key config_keys[] = {
	{ "database.driver", CONFIG_CHOICE, "mysql", .choices = "mysql" },
	{ "database.host", CONFIG_STRING, "127.0.0.1" },
	{ "database.port", CONFIG_NUMBER, "3306", 1, 65535 },
	{ "database.socket", CONFIG_STRING, NULL },
	{ "database.name", CONFIG_STRING, NULL },
	{ "database.username", CONFIG_STRING, NULL },
	{ "database.password", CONFIG_SECRET, NULL },
	{ "database.password_file", CONFIG_STRING, NULL },
	{ "database.server_id", CONFIG_NUMBER, NULL, 1, UINT32_MAX },
	{ "database.ssl_mode", CONFIG_CHOICE, "preferred",
	    .choices = "disabled|preferred|required|verify-ca|verify-identity" },
	{ "database.ssl_ca", CONFIG_STRING, NULL },
	{ "database.ssl_cert", CONFIG_STRING, NULL },
	{ "database.ssl_key", CONFIG_STRING, NULL },
	{ "database.server_public_key", CONFIG_STRING, NULL },
	{ "database.defaults_file", CONFIG_STRING, NULL },
	{ "database.defaults_group_suffix", CONFIG_STRING, NULL },
	{ "database.tables", CONFIG_LIST, NULL },
	{ "database.failover", CONFIG_CHOICE, "gtid", .choices = "gtid|stop" },
	{ "database.xa", CONFIG_CHOICE, "stop", .choices = "stop|hold" },
	{ "mysqldump_path", CONFIG_STRING, NULL },
	{ "elastic.address", CONFIG_LIST, "http://127.0.0.1:9200", .lone = true },
	{ "elastic.username", CONFIG_STRING, NULL },
	{ "elastic.password", CONFIG_SECRET, NULL },
	{ "elastic.password_file", CONFIG_STRING, NULL },
	{ "elastic.api_key", CONFIG_SECRET, NULL },
	{ "elastic.api_key_file", CONFIG_STRING, NULL },
	{ "elastic.bearer_token", CONFIG_SECRET, NULL },
	{ "elastic.bearer_token_file", CONFIG_STRING, NULL },
	{ "elastic.aws_region", CONFIG_STRING, NULL },
	{ "elastic.aws_service", CONFIG_CHOICE, "es", .choices = "es|aoss" },
	{ "elastic.aws_credentials_file", CONFIG_STRING, NULL },
	{ "elastic.aws_profile", CONFIG_STRING, "default" },
	{ "elastic.ca_file", CONFIG_STRING, NULL },
	{ "elastic.ca_fingerprint", CONFIG_STRING, NULL },
	{ "elastic.cert_file", CONFIG_STRING, NULL },
	{ "elastic.key_file", CONFIG_STRING, NULL },
	{ "elastic.key_password", CONFIG_SECRET, NULL },
	{ "elastic.key_password_file", CONFIG_STRING, NULL },
	{ "elastic.proxy", CONFIG_STRING, NULL },
	{ "elastic.proxy_username", CONFIG_STRING, NULL },
	{ "elastic.proxy_password", CONFIG_SECRET, NULL },
	{ "elastic.proxy_password_file", CONFIG_STRING, NULL },
	{ "elastic.compress", CONFIG_BOOL, "false" },
	{ "elastic.insecure", CONFIG_BOOL, "false" },
	{ "elastic.index", CONFIG_STRING, "{db}.{table}" },
	{ "elastic.mapping_file", CONFIG_STRING, NULL },
	{ "elastic.tables", CONFIG_TABLES, NULL },
	{ "state_dir", CONFIG_STRING, NULL },
	{ "load.method", CONFIG_CHOICE, "auto", .choices = "auto|live|dump" },
	{ "load.jobs", CONFIG_NUMBER, "1", 1, 16 },
	{ "load.dump_dir", CONFIG_STRING, NULL },
	{ "load.keep_dump", CONFIG_BOOL, "false" },
	{ "load.keep_old", CONFIG_NUMBER, "86400", 0, INT32_MAX },
	{ "on_schema_change", CONFIG_CHOICE, "continue", .choices = "resync|continue|stop" },
	{ "on_purged", CONFIG_CHOICE, "stop", .choices = "stop|resync" },
	{ "delivery.jobs", CONFIG_NUMBER, "2", 1, 64 },
	{ "delivery.batch_bytes", CONFIG_NUMBER, "2097152", 1024, 64 << 20 },
	{ "delivery.batch_count", CONFIG_NUMBER, "5000", 1, 100000 },
	{ "delivery.max_dead", CONFIG_NUMBER, "1000", 0, INT32_MAX },
	{ "numbers", CONFIG_CHOICE, "number", .choices = "number|safe" },
	{ "zero_dates", CONFIG_CHOICE, "null", .choices = "null|keep" },
	{ "binary", CONFIG_CHOICE, "base64", .choices = "base64|hex" },
	{ "columns", CONFIG_LIST, NULL },
	{ "exclude_columns", CONFIG_LIST, NULL },
	{ "world_database_path", CONFIG_STRING, NULL, .retired = "the tables are named in database.tables" },
};
const size_t config_keys_count = sizeof(config_keys) / sizeof(config_keys[0]);

size_t
setting_index(const char *path)
{
	size_t i;

	for (i = 0; i < config_keys_count; i++)
		if (strcmp(config_keys[i].path, path) == 0)
			return i;
	return config_keys_count;
}

void
config_variable(const char *path, char *name, size_t size)
{
	size_t i;

	snprintf(name, size, "M2E_%s", path);
	for (i = 0; name[i] != '\0'; i++)
		name[i] = name[i] == '.' ? '_' : (char)toupper((unsigned char)name[i]);
}

static bool
is_choice(const char *choices, const char *value)
{
	size_t n = strlen(value);
	const char *p;

	for (p = choices; p != NULL; p = *p == '|' ? p + 1 : NULL) {
		if (strncmp(p, value, n) == 0 && (p[n] == '|' || p[n] == '\0'))
			return true;
		p += strcspn(p, "|");
	}
	return false;
}

static bool
has_control(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return true;
	return false;
}

int
setting_check(const struct config_key *k, const char *value, const char *where, struct error *e)
{
	const char *why;

	switch (k->type) {
	case CONFIG_NUMBER:
		strtonum(value, k->min, k->max, &why);
		if (why != NULL || strspn(value, "-0123456789") < strlen(value))
			return error_set(e, RC_USAGE, "%s: %s must be a number from %lld to %lld", where, k->path,
			    (long long)k->min, (long long)k->max);
		return 0;
	case CONFIG_BOOL:
		if (strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
			return error_set(e, RC_USAGE, "%s: %s must be true or false", where, k->path);
		return 0;
	case CONFIG_CHOICE:
		if (!is_choice(k->choices, value))
			return error_set(e, RC_USAGE, "%s: %s must be one of %s", where, k->path, k->choices);
		return 0;
	case CONFIG_STRING:
		if (has_control(value))
			return error_set(e, RC_USAGE, "%s: %s must not hold control characters", where, k->path);
		return 0;
	default:
		return 0;
	}
}

/* An array's strings, each followed by LF; NULL: an element is no string, is empty or holds a control character. */
static char *
list_value(const struct json *j, int t)
{
	char *text = NULL, *item;
	struct buf b;
	bool ok = true;
	int at;

	if (buf_init(&b, MAX_CONFIG) == -1)
		return NULL;
	for (at = json_first(j, t); at != -1 && ok; at = json_next(j, at)) {
		item = json_strdup(j, at);
		ok = item != NULL && *item != '\0' && !has_control(item) && buf_puts(&b, item) == 0 &&
		    buf_putc(&b, '\n') == 0;
		free(item);
	}
	if (ok)
		text = strndup(b.data, b.len);
	buf_free(&b);
	return text;
}

/* A list of one, written as the string alone. */
static char *
lone_value(const struct json *j, int t)
{
	char *item = json_strdup(j, t);

	if (item != NULL && *item != '\0' && !has_control(item))
		return item;
	free(item);
	return NULL;
}

/* The object's text, on one line. */
static char *
object_text(const struct json *j, int t)
{
	struct error ignored;
	char *text = NULL;
	const char *raw;
	struct buf b;
	size_t n;

	if (buf_init(&b, MAX_CONFIG) == -1)
		return NULL;
	raw = json_slice(j, t, &n);
	if (json_put_minified(&b, raw, n, &ignored) == 0)
		text = strndup(b.data, b.len);
	buf_free(&b);
	return text;
}

char *
setting_text(const struct json *j, int t, const struct config_key *k)
{
	enum json_type type = json_type(j, t);
	const char *raw;
	size_t n;

	switch (k->type) {
	case CONFIG_NUMBER:
		raw = json_raw(j, t, &n);
		return type == JSON_NUMBER ? strndup(raw, n) : NULL;
	case CONFIG_BOOL:
		return type == JSON_TRUE || type == JSON_FALSE ? strdup(type == JSON_TRUE ? "true" : "false") : NULL;
	case CONFIG_LIST:
		return type == JSON_ARRAY ? list_value(j, t) : k->lone ? lone_value(j, t) : NULL;
	case CONFIG_TABLES:
		return type == JSON_OBJECT ? object_text(j, t) : NULL;
	default:
		return json_strdup(j, t);
	}
}

const char *
setting_type(const struct config_key *k)
{
	switch (k->type) {
	case CONFIG_NUMBER: return "a number";
	case CONFIG_BOOL: return "true or false";
	case CONFIG_LIST: return k->lone ? "a string or an array of strings" : "an array of strings, none of them empty";
	case CONFIG_TABLES: return "an object";
	default: return "a string";
	}
}

bool
setting_is_section(const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < config_keys_count; i++)
		if (strncmp(config_keys[i].path, name, n) == 0 && config_keys[i].path[n] == '.')
			return true;
	return false;
}
