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
#include "lib/setting.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"	/* gcc 12 loses sight of what is kept in values[i] */
#endif

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
	size_t i = setting_index(path);
	const struct config_key *k = &config_keys[i];
	char *value;

	if (i == config_keys_count)
		return error_set(e, RC_USAGE, "%s: unknown key %s", where, path);
	if (c->values[i] != NULL)
		return error_set(e, RC_USAGE, "%s: %s stands here twice", where, path);
	if ((value = setting_text(j, t + 1, k)) == NULL)
		return error_set(e, RC_USAGE, "%s: %s must be %s", where, path, setting_type(k));
	keep(&c->values[i], value);
	if (k->type == CONFIG_TABLES && rules_check(j, t + 1, file, path, e) == -1)
		return -1;
	if (k->retired != NULL)
		log_warn("%s: %s is ignored: %s", where, path, k->retired);
	return setting_check(k, value, where, e);
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
		else if (*section != '\0' || !setting_is_section(path))
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
	return setting_index(other);
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
	return setting_check(k, copy, name, e);
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
	size_t i = setting_index(path);
	char *copy;

	if (setting_check(&config_keys[i], value, option, e) == -1)
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
	size_t i = setting_index(path);

	return c->values[i] != NULL ? c->values[i] : config_keys[i].preset;
}

bool
config_is_set(const struct config *c, const char *path)
{
	size_t i = setting_index(path);

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
