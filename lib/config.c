/* SPDX-License-Identifier: ISC */
/* The configuration file and its environment. */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/config.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/rule.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"	/* gcc 12 loses sight of what is kept in values[i] */
#endif

#define MAX_CONFIG (1 << 20)	/* bytes; a person writes it */

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

static size_t
key_index(const char *path)
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

/* Does the text fit the key's type? where: file and line, or the variable. No message shows a value: it may be a
 * password under the wrong key. */
static int
check_value(const struct config_key *k, const char *value, const char *where, struct error *e)
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

/* The token's value as text. NULL: it is of another type than the key. */
static char *
token_value(const struct json *j, int t, const struct config_key *k)
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

static const char *
type_name(const struct config_key *k)
{
	switch (k->type) {
	case CONFIG_NUMBER: return "a number";
	case CONFIG_BOOL: return "true or false";
	case CONFIG_LIST: return k->lone ? "a string or an array of strings" : "an array of strings, none of them empty";
	case CONFIG_TABLES: return "an object";
	default: return "a string";
	}
}

/* Do keys called `name.…` exist? */
static bool
is_section(const char *name)
{
	size_t i, n = strlen(name);

	for (i = 0; i < config_keys_count; i++)
		if (strncmp(config_keys[i].path, name, n) == 0 && config_keys[i].path[n] == '.')
			return true;
	return false;
}

/* Takes the value over; *slot is one of config.values. */
static void
keep(char **slot, char *value)
{
	free(*slot);
	*slot = value;
}

static int
read_key(struct config *c, const struct json *j, int t, const char *path, const char *file, const char *where,
    struct error *e)
{
	size_t i = key_index(path);
	const struct config_key *k = &config_keys[i];
	char *value;

	if (i == config_keys_count)
		return error_set(e, RC_USAGE, "%s: unknown key %s", where, path);
	if (c->values[i] != NULL)
		return error_set(e, RC_USAGE, "%s: %s stands here twice", where, path);
	if ((value = token_value(j, t + 1, k)) == NULL)
		return error_set(e, RC_USAGE, "%s: %s must be %s", where, path, type_name(k));
	keep(&c->values[i], value);
	if (k->type == CONFIG_TABLES && rules_check(j, t + 1, file, path, e) == -1)
		return -1;
	if (k->retired != NULL)
		log_warn("%s: %s is ignored: %s", where, path, k->retired);
	return check_value(k, value, where, e);
}

/* section "": the whole file. */
static int
read_object(struct config *c, const struct json *j, int object, const char *section, const char *file, struct error *e)
{
	char path[128], where[512], *name;
	bool dotted;
	int t, rc;

	for (t = json_first(j, object); t != -1; t = json_next(j, t)) {
		snprintf(where, sizeof(where), "%s:%u", file, json_line(j, t));
		if ((name = json_strdup(j, t)) == NULL)
			return error_set(e, RC_USAGE, "%s: a key that can't be read", where);
		snprintf(path, sizeof(path), "%s%s%s", section, *section == '\0' ? "" : ".", name);
		dotted = strchr(name, '.') != NULL;
		free(name);
		if (dotted)
			rc = error_set(e, RC_USAGE, "%s: unknown key %s: a section is an object, not a dot", where, path);
		else if (*section != '\0' || !is_section(path))
			rc = read_key(c, j, t, path, file, where, e);
		else if (json_type(j, t + 1) != JSON_OBJECT)
			rc = error_set(e, RC_USAGE, "%s: %s must be an object", where, path);
		else
			rc = read_object(c, j, t + 1, path, file, e);
		if (rc == -1)
			return -1;
	}
	return 0;
}

static int
read_whole(const char *file, struct buf *b, struct stat *st, struct error *e)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), rc = -1;
	ssize_t n = 0;
	char *to;

	if (fd == -1)
		return error_set(e, RC_USAGE, "%s: %s", file, strerror(errno));
	if (fstat(fd, st) == -1)
		goto out;
	while ((to = buf_room(b, 4096)) != NULL && (n = read(fd, to, 4096)) > 0)
		b->len += (size_t)n;
	rc = to == NULL || n == -1 ? -1 : 0;
out:
	if (rc == -1)
		error_set(e, RC_USAGE, "%s: %s", file, strerror(errno));
	close(fd);
	return rc;
}

/* The message shows nothing of the text, which may hold a password. */
static int
parse_file(struct json *j, const char *file, const struct buf *b, struct error *e)
{
	unsigned int line = 1;
	size_t at = 0, i;

	if (json_check(b->data, b->len, &at) == -1) {
		for (i = 0; i < at && i < b->len; i++)
			line += b->data[i] == '\n';
		return error_set(e, RC_USAGE, "%s:%u: not JSON here", file, line);
	}
	if (json_parse_checked(j, b->data, b->len, e) == -1)
		return error_at(e, "%s", file);
	if (json_type(j, 0) != JSON_OBJECT)
		return error_set(e, RC_USAGE, "%s: must be one JSON object", file);
	return 0;
}

/* `database.password_file` for `database.password`, and the other way round; config_keys_count for other keys. */
static size_t
partner(size_t key)
{
	const char *path = config_keys[key].path;
	size_t n = strlen(path);
	char other[128];

	if (config_keys[key].type == CONFIG_SECRET)
		snprintf(other, sizeof(other), "%s_file", path);
	else if (n > 5 && strcmp(path + n - 5, "_file") == 0)
		snprintf(other, sizeof(other), "%.*s", (int)n - 5, path);
	else
		return config_keys_count;
	return key_index(other);
}

static int
check_secrets(const struct config *c, const char *file, bool others_read, struct error *e)
{
	size_t i;

	for (i = 0; i < config_keys_count; i++) {
		if (config_keys[i].type != CONFIG_SECRET || c->values[i] == NULL)
			continue;
		if (c->values[partner(i)] != NULL)
			return error_set(e, RC_USAGE, "%s: %s and %s_file: one of them only", file,
			    config_keys[i].path, config_keys[i].path);
		if (others_read)
			log_warn("%s holds a password and others may read it: chmod 600 it, or name a %s_file", file,
			    config_keys[i].path);
	}
	return 0;
}

static int
read_file(struct config *c, const char *file, struct error *e)
{
	struct json j = { 0 };
	struct stat st;
	struct buf b;
	int rc;

	if (buf_init(&b, MAX_CONFIG) == -1)
		return error_set(e, RC_TEMP, "%s: %s", file, strerror(errno));
	if ((rc = read_whole(file, &b, &st, e)) == 0 && (rc = parse_file(&j, file, &b, e)) == 0 &&
	    (rc = read_object(c, &j, 0, "", file, e)) == 0)
		rc = check_secrets(c, file, (st.st_mode & S_IROTH) != 0, e);
	json_free(&j);
	explicit_bzero(b.data, b.len);
	buf_free(&b);
	return rc;
}

/* A variable's list is separated by commas or white space. */
static void
split_list(char *p)
{
	for (; *p != '\0'; p++)
		if (*p == ',' || isspace((unsigned char)*p))
			*p = '\n';
}

/* Is it the variable of a key, or of no section at all? */
static bool
is_known_variable(const char *name, size_t n)
{
	char variable[128];
	bool ours = false;
	size_t i, section;

	for (i = 0; i < config_keys_count; i++) {
		config_variable(config_keys[i].path, variable, sizeof(variable));
		if (strlen(variable) == n && strncmp(name, variable, n) == 0)
			return true;
		section = strcspn(config_keys[i].path, ".");
		if (config_keys[i].path[section] == '.')	/* M2E_, the section, _ */
			ours |= strncmp(name, variable, 4 + section + 1) == 0;
	}
	return !ours;
}

/* M2E_DATABASE_HOTS would else be one more value that nobody reads. Variables of no section are not ours to judge. */
static int
check_environment(struct error *e)
{
	char *const *at;
	size_t n;

	for (at = environ; at != NULL && *at != NULL; at++) {
		n = strcspn(*at, "=");
		if (!is_known_variable(*at, n))
			return error_set(e, RC_USAGE, "%.*s: no key has this variable", (int)n, *at);
	}
	return 0;
}

/* The variable's value; an empty one is as good as none. */
static const char *
variable_value(size_t key)
{
	char name[128];
	const char *value;

	config_variable(config_keys[key].path, name, sizeof(name));
	value = getenv(name);
	return value == NULL || *value == '\0' ? NULL : value;
}

/* JSON in a variable: checked as in the file. */
static int
check_tables(const char *value, const char *name, const char *path, struct error *e)
{
	struct json j = { 0 };
	size_t at = 0;
	int rc;

	if (json_check(value, strlen(value), &at) == -1 || json_parse_checked(&j, value, strlen(value), e) == -1 ||
	    json_type(&j, 0) != JSON_OBJECT)
		rc = error_set(e, RC_USAGE, "%s: %s must be a JSON object", name, path);
	else
		rc = rules_check(&j, 0, name, path, e);
	json_free(&j);
	return rc;
}

/* A password by variable takes the place of the file's password_file, and the other way round. */
static int
read_variable(struct config *c, size_t i, const char *value, struct error *e)
{
	const struct config_key *k = &config_keys[i];
	size_t other = partner(i);
	char name[128], *copy;

	config_variable(k->path, name, sizeof(name));
	if (other < config_keys_count) {
		if (variable_value(other) != NULL)
			return error_set(e, RC_USAGE, "%s: %s and %s: one of them only", name, k->path,
			    config_keys[other].path);
		keep(&c->values[other], NULL);
	}
	if ((copy = strdup(value)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", name, strerror(errno));
	if (k->type == CONFIG_LIST)
		split_list(copy);
	keep(&c->values[i], copy);
	if (k->type == CONFIG_TABLES)
		return check_tables(copy, name, k->path, e);
	return check_value(k, copy, name, e);
}

static int
read_environment(struct config *c, struct error *e)
{
	const char *value;
	size_t i;

	for (i = 0; i < config_keys_count; i++)
		if ((value = variable_value(i)) != NULL && read_variable(c, i, value, e) == -1)
			return -1;
	return check_environment(e);
}

int
config_load(struct config *c, const char *file, struct error *e)
{
	memset(e, 0, sizeof(*e));
	if ((c->values = calloc(config_keys_count, sizeof(*c->values))) == NULL)
		return error_set(e, RC_TEMP, "configuration: %s", strerror(errno));
	if ((file != NULL && read_file(c, file, e) == -1) || read_environment(c, e) == -1) {
		config_free(c);
		return -1;
	}
	return 0;
}

int
config_set(struct config *c, const char *path, const char *value, const char *option, struct error *e)
{
	size_t i = key_index(path);
	char *copy;

	if (check_value(&config_keys[i], value, option, e) == -1)
		return -1;
	if ((copy = strdup(value)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", option, strerror(errno));
	keep(&c->values[i], copy);
	if (config_keys[i].type != CONFIG_SECRET && partner(i) < config_keys_count)
		keep(&c->values[partner(i)], NULL);	/* a file of a password in place of the password */
	return 0;
}

void
config_free(struct config *c)
{
	size_t i;

	for (i = 0; c->values != NULL && i < config_keys_count; i++)
		free(c->values[i]);
	free(c->values);
	c->values = NULL;
}

const char *
config_get(const struct config *c, const char *path)
{
	size_t i = key_index(path);

	return c->values[i] != NULL ? c->values[i] : config_keys[i].preset;
}

bool
config_is_set(const struct config *c, const char *path)
{
	size_t i = key_index(path);

	return c->values[i] != NULL || (config_keys[i].type == CONFIG_SECRET && c->values[partner(i)] != NULL);
}

int64_t
config_number(const struct config *c, const char *path, int64_t fallback)
{
	const char *value = config_get(c, path);

	return value == NULL ? fallback : strtoll(value, NULL, 10);
}

bool
config_bool(const struct config *c, const char *path)
{
	const char *value = config_get(c, path);

	return value != NULL && strcmp(value, "true") == 0;
}

char *
config_item(const struct config *c, const char *path, size_t i)
{
	const char *p = config_get(c, path);
	size_t n;

	for (; p != NULL && *p != '\0'; p += n + (p[n] == '\n')) {
		n = strcspn(p, "\n");
		if (n > 0 && i-- == 0)
			return strndup(p, n);
	}
	return NULL;
}

char *
secret_read(const char *file, struct error *e)
{
	char *line = NULL;
	size_t cap = 0;
	FILE *f = fopen(file, "re");
	struct stat st;
	ssize_t n;

	if (f != NULL && fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) != 0)
		log_warn("%s holds a password and others may read it: chmod 600 it", file);
	if (f == NULL || (n = getline(&line, &cap, f)) == -1) {
		error_set(e, RC_USAGE, "%s: %s", file, f == NULL ? strerror(errno) : "empty");
		free(line);
		line = NULL;
	} else if (line[n - 1] == '\n') {
		line[n - 1] = '\0';
	}
	if (f != NULL)
		fclose(f);
	return line;
}

char *
config_secret(const struct config *c, const char *path, struct error *e)
{
	const char *value = config_get(c, path), *file;
	char file_path[128];

	memset(e, 0, sizeof(*e));
	if (value != NULL)
		return strdup(value);
	snprintf(file_path, sizeof(file_path), "%s_file", path);
	file = config_get(c, file_path);
	return file == NULL ? NULL : secret_read(file, e);
}
