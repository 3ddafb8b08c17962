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
	{ "database.tables", CONFIG_LIST, NULL },
	{ "mysqldump_path", CONFIG_STRING, NULL },
	{ "elastic.address", CONFIG_STRING, "http://127.0.0.1:9200" },
	{ "elastic.username", CONFIG_STRING, NULL },
	{ "elastic.password", CONFIG_SECRET, NULL },
	{ "elastic.password_file", CONFIG_STRING, NULL },
	{ "elastic.ca_file", CONFIG_STRING, NULL },
	{ "elastic.insecure", CONFIG_BOOL, "false" },
	{ "state_dir", CONFIG_STRING, NULL },
	{ "load.dump_dir", CONFIG_STRING, NULL },
	{ "load.keep_dump", CONFIG_BOOL, "false" },
	{ "delivery.jobs", CONFIG_NUMBER, NULL, 1, 64 },
	{ "delivery.batch_bytes", CONFIG_NUMBER, NULL, 1024, 64 << 20 },
	{ "delivery.batch_count", CONFIG_NUMBER, NULL, 1, 100000 },
	{ "delivery.max_dead", CONFIG_NUMBER, NULL, 0, INT32_MAX },
	{ "numbers", CONFIG_CHOICE, "number", .choices = "number|safe" },
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

/* Does the text fit the key's type? where: file and line, or the variable. */
static int
check_value(const struct config_key *k, const char *value, const char *where, struct error *e)
{
	char *end;
	long long v;

	switch (k->type) {
	case CONFIG_NUMBER:
		errno = 0;
		v = strtoll(value, &end, 10);
		if (errno != 0 || *value == '\0' || *end != '\0' || v < k->min || v > k->max)
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
	default:
		return 0;
	}
}

/* The token's value as text: a list's strings joined by LF. NULL: it is of another type than the key. */
static char *
token_value(const struct json *j, int t, const struct config_key *k)
{
	enum json_type type = json_type(j, t);
	const char *raw;
	struct buf b;
	char *text = NULL;
	size_t n;
	int at, rc = 0;

	if (k->type == CONFIG_NUMBER || k->type == CONFIG_BOOL) {
		raw = json_raw(j, t, &n);
		return type == JSON_STRING || type == JSON_OBJECT || type == JSON_ARRAY ? NULL : strndup(raw, n);
	}
	if (k->type != CONFIG_LIST)
		return type == JSON_STRING ? json_strdup(j, t) : NULL;
	if (type != JSON_ARRAY || buf_init(&b, MAX_CONFIG) == -1)
		return NULL;
	for (at = json_first(j, t); at != -1 && rc == 0; at = json_next(j, at)) {
		rc = json_text(j, at, &b);
		if (rc == 0)
			rc = buf_putc(&b, '\n');
	}
	if (rc == 0)
		text = strndup(b.data, b.len);
	buf_free(&b);
	return text;
}

static const char *
type_name(const struct config_key *k)
{
	switch (k->type) {
	case CONFIG_NUMBER: return "a number";
	case CONFIG_BOOL: return "true or false";
	case CONFIG_LIST: return "an array of strings";
	default: return "a string";
	}
}

static int
read_object(struct config *c, const struct json *j, int object, const char *prefix, const char *file, struct error *e)
{
	char path[128], where[512];
	const struct config_key *k;
	size_t i;
	char *name;
	int t;

	for (t = json_first(j, object); t != -1; t = json_next(j, t)) {
		if ((name = json_strdup(j, t)) == NULL)
			return error_set(e, RC_USAGE, "%s:%u: a key that can't be read", file, json_line(j, t));
		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix == '\0' ? "" : ".", name);
		free(name);
		snprintf(where, sizeof(where), "%s:%u", file, json_line(j, t));
		if ((i = key_index(path)) == config_keys_count) {
			if (json_type(j, t + 1) != JSON_OBJECT || *prefix != '\0')
				return error_set(e, RC_USAGE, "%s: unknown key %s", where, path);
			if (read_object(c, j, t + 1, path, file, e) == -1)
				return -1;
			continue;
		}
		k = &config_keys[i];
		if (c->values[i] != NULL)
			return error_set(e, RC_USAGE, "%s: %s stands here twice", where, path);
		if ((c->values[i] = token_value(j, t + 1, k)) == NULL)
			return error_set(e, RC_USAGE, "%s: %s must be %s", where, path, type_name(k));
		if (check_value(k, c->values[i], where, e) == -1)
			return -1;
		if (k->retired != NULL)
			log_warn("%s: %s is ignored: %s", where, path, k->retired);
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

static int
read_file(struct config *c, const char *file, struct error *e)
{
	struct json j = { 0 };
	struct stat st;
	struct buf b;
	size_t i;
	int rc;

	if (buf_init(&b, MAX_CONFIG) == -1)
		return error_set(e, RC_TEMP, "%s: %s", file, strerror(errno));
	if ((rc = read_whole(file, &b, &st, e)) == 0 && (rc = json_parse(&j, b.data, b.len, e)) == -1) {
		e->rc = RC_USAGE;
		error_at(e, "%s", file);
	}
	if (rc == 0 && json_type(&j, 0) != JSON_OBJECT)
		rc = error_set(e, RC_USAGE, "%s: must be one JSON object", file);
	if (rc == 0)
		rc = read_object(c, &j, 0, "", file, e);
	for (i = 0; rc == 0 && i < config_keys_count; i++)
		if (config_keys[i].type == CONFIG_SECRET && c->values[i] != NULL && (st.st_mode & 044) != 0)
			log_warn("%s holds a password and others may read it: chmod 600 it, or name a %s_file", file,
			    config_keys[i].path);
	json_free(&j);
	buf_free(&b);
	return rc;
}

/* A variable's list is separated by commas or white space. */
static int
read_environment(struct config *c, struct error *e)
{
	const char *value;
	char name[128], *p;
	size_t i;

	for (i = 0; i < config_keys_count; i++) {
		config_variable(config_keys[i].path, name, sizeof(name));
		if ((value = getenv(name)) == NULL)
			continue;
		free(c->values[i]);
		if ((c->values[i] = strdup(value)) == NULL)
			return error_set(e, RC_TEMP, "%s: %s", name, strerror(errno));
		if (config_keys[i].type == CONFIG_LIST)
			for (p = c->values[i]; *p != '\0'; p++)
				if (*p == ',' || *p == ' ')
					*p = '\n';
		if (check_value(&config_keys[i], c->values[i], name, e) == -1)
			return -1;
	}
	return 0;
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
	free(c->values[i]);
	c->values[i] = copy;
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
	ssize_t n;

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
