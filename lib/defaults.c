/* SPDX-License-Identifier: ISC */
/* Option files. */
#include <sys/stat.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/defaults.h"
#include "lib/log.h"

#define OWN_GROUP "m2e"
#define MAX_WHERE 512

static const char *const groups[] = { "client", "client-server", "client-mariadb", OWN_GROUP };

struct reader {
	struct config *config;
	const char *file, *suffix;
	unsigned long line;
	char where[MAX_WHERE];
	bool own, inside;	/* the group at hand: OWN_GROUP, one of ours */
	bool ssl;		/* ssl is on; the mode may still say more */
	struct error *e;
};

static int	 take_option(struct reader *, const char *name, char *value);
static int	 take_mode(struct reader *, const char *path, char *value);
static int	 take_ssl(struct reader *, const char *path, char *value);
static int	 take_verify(struct reader *, const char *path, char *value);

static const struct option {
	const char *name, *path;
	int (*take)(struct reader *, const char *path, char *value);	/* NULL: as it stands */
} options[] = {
	{ "host", "database.host" }, { "port", "database.port" }, { "socket", "database.socket" },
	{ "user", "database.username" }, { "password", "database.password" },
	{ "ssl-mode", "database.ssl_mode", take_mode }, { "ssl", "database.ssl_mode", take_ssl },
	{ "ssl-verify-server-cert", "database.ssl_mode", take_verify },
	{ "ssl-ca", "database.ssl_ca" }, { "ssl-cert", "database.ssl_cert" }, { "ssl-key", "database.ssl_key" },
	{ "server-public-key-path", "database.server_public_key" },
};
#define OPTIONS (sizeof(options) / sizeof(options[0]))

static int
wrong(struct reader *r, const char *why)
{
	return error_set(r->e, RC_USAGE, "%s: %s", r->where, why);
}

static int
set(struct reader *r, const char *path, const char *value)
{
	return config_set(r->config, path, value, r->where, r->e);
}

/* VERIFY_CA is our verify-ca. */
static int
take_mode(struct reader *r, const char *path, char *value)
{
	char *p;

	for (p = value; *p != '\0'; p++)
		*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
	return set(r, path, value);
}

/* 1; 0; -1: neither. No value means on. */
static int
truth(const char *value)
{
	static const char *const on[] = { "", "1", "on", "true" }, *const off[] = { "0", "off", "false" };
	size_t i;

	for (i = 0; i < 4; i++)
		if (strcasecmp(value, on[i]) == 0)
			return 1;
	for (i = 0; i < 3; i++)
		if (strcasecmp(value, off[i]) == 0)
			return 0;
	return -1;
}

static bool
verifies(const struct reader *r)
{
	return strncmp(config_get(r->config, "database.ssl_mode"), "verify-", 7) == 0;
}

static int
take_ssl(struct reader *r, const char *path, char *value)
{
	int on = truth(value);

	if (on == -1)
		return wrong(r, "ssl is on or off");
	return on && verifies(r) ? 0 : set(r, path, on ? "required" : "disabled");
}

/* What MariaDB's clients have in the place of modes. */
static int
take_verify(struct reader *r, const char *path, char *value)
{
	int on = truth(value);

	if (on == -1)
		return wrong(r, "ssl-verify-server-cert is on or off");
	return on || verifies(r) ? set(r, path, on ? "verify-identity" : "required") : 0;
}

/* skip-X and disable-X are X=0; loose-X is X. Returns the name behind the prefix. */
static const char *
strip_prefix(const char *name, bool *off)
{
	if (strncmp(name, "loose-", 6) == 0)
		name += 6;
	*off = strncmp(name, "skip-", 5) == 0 || strncmp(name, "disable-", 8) == 0;
	return *off ? strchr(name, '-') + 1 : name;
}

/* Option files are shared with other programs: what is not about the connection is theirs. */
static int
take_option(struct reader *r, const char *name, char *value)
{
	static char zero[] = "0";
	bool off;
	size_t i;

	name = strip_prefix(name, &off);
	for (i = 0; i < OPTIONS; i++)
		if (strcmp(name, options[i].name) == 0)
			break;
	if (i == OPTIONS) {
		if (r->own || strncmp(name, "ssl", 3) == 0 || strncmp(name, "tls", 3) == 0)
			return wrong(r, "this option is not known");
		return 0;
	}
	if (off)
		value = zero;
	return options[i].take != NULL ? options[i].take(r, options[i].path, value) : set(r, options[i].path, value);
}

static bool
is_ours(struct reader *r, const char *group)
{
	size_t i, n;

	for (i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		n = strlen(groups[i]);
		if (strncmp(group, groups[i], n) == 0 &&
		    (group[n] == '\0' || (r->suffix != NULL && strcmp(group + n, r->suffix) == 0))) {
			r->own = strcmp(groups[i], OWN_GROUP) == 0;
			return true;
		}
	}
	return false;
}

static char *
trim(char *s)
{
	char *end;

	while (isspace((unsigned char)*s))
		s++;
	for (end = s + strlen(s); end > s && isspace((unsigned char)end[-1]); end--)
		;
	*end = '\0';
	return s;
}

/* Where a comment begins that stands behind a value: quotes and escapes hide its mark. */
static void
cut_comment(char *s)
{
	char quote = '\0';

	for (; *s != '\0'; s++) {
		if (*s == '\\' && s[1] != '\0')
			s++;
		else if (quote != '\0' ? *s == quote : *s == '"' || *s == '\'')
			quote = quote != '\0' ? '\0' : *s;
		else if (*s == '#' && quote == '\0')
			break;
	}
	*s = '\0';
}

/* Quotes around it go, and escapes are what they stand for; a backslash before another byte stays. */
static char *
unquote(char *s)
{
	static const char names[] = "btnrs\\\"'", bytes[] = "\b\t\n\r \\\"'";
	size_t n = strlen(s);
	const char *known;
	char *from, *to;

	if (n > 1 && (*s == '"' || *s == '\'') && s[n - 1] == *s) {
		s[n - 1] = '\0';
		s++;
	}
	for (from = to = s; *from != '\0'; from++) {
		known = *from == '\\' && from[1] != '\0' ? strchr(names, from[1]) : NULL;
		*to++ = known != NULL ? bytes[known - names] : *from;
		from += known != NULL;
	}
	*to = '\0';
	return s;
}

static int
take_line(struct reader *r, char *line)
{
	char *value, *p;

	line = trim(line);
	snprintf(r->where, sizeof(r->where), "%s, line %lu", r->file, r->line);
	if (*line == '\0' || *line == '#' || *line == ';')
		return 0;
	if (*line == '!')
		return wrong(r, "!include and !includedir are not followed: name that file");
	if (*line == '[') {
		if ((p = strchr(line, ']')) == NULL)
			return wrong(r, "a group without ]");
		*p = '\0';
		r->own = false;
		r->inside = is_ours(r, line + 1);
		return 0;
	}
	if (!r->inside)
		return 0;
	cut_comment(line);
	if ((value = strchr(line, '=')) != NULL)
		*value++ = '\0';
	line = trim(line);
	for (p = line; *p != '\0'; p++)
		if (*p == '_')
			*p = '-';
	return take_option(r, line, value == NULL ? line + strlen(line) : unquote(trim(value)));
}

static int
read_lines(struct reader *r, FILE *f)
{
	char *line = NULL;
	size_t cap = 0;
	int rc = 0;

	while (rc == 0 && getline(&line, &cap, f) != -1) {
		r->line++;
		rc = take_line(r, line);
	}
	if (rc == 0 && ferror(f))
		rc = error_set(r->e, RC_USAGE, "%s: %s", r->file, strerror(errno));
	if (line != NULL)
		explicit_bzero(line, cap);
	free(line);
	return rc;
}

/* The file's values go to a configuration of their own first, as its later lines stand over its earlier ones. */
int
defaults_read(struct config *c, const char *file, const char *suffix, struct error *e)
{
	struct config own = { .values = calloc(config_keys_count, sizeof(*own.values)) };
	struct reader r = { .config = &own, .file = file, .suffix = suffix, .e = e };
	FILE *f = fopen(file, "re");
	struct stat st;
	bool has_host;
	size_t i;
	int rc;

	if (own.values == NULL || f == NULL) {
		rc = error_set(e, RC_USAGE, "%s: %s", file, strerror(errno));
	} else if ((rc = read_lines(&r, f)) == 0) {
		if (config_is_set(&own, "database.password") && fstat(fileno(f), &st) == 0 && (st.st_mode & S_IROTH) != 0)
			log_warn("%s holds a password and others may read it: chmod 600 it", file);
		/* a host that something above it names is not this file's socket */
		has_host = config_is_set(c, "database.host");
		for (i = 0; i < OPTIONS && rc == 0; i++)
			if (config_is_set(&own, options[i].path) && !config_is_set(c, options[i].path) &&
			    (!has_host || strcmp(options[i].name, "socket") != 0))
				rc = config_set(c, options[i].path, config_get(&own, options[i].path), file, e);
	}
	if (f != NULL)
		fclose(f);
	config_free(&own);
	return rc;
}
