/* SPDX-License-Identifier: ISC */
/* The engine's addresses, and our credentials. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/access.h"

/* What each key that chooses a kind of credentials stands for. */
static const struct {
	const char *path;	/* "…" or "…_file" being set chooses it */
	enum auth_kind kind;
} kinds[] = {
	{ "elastic.username", AUTH_BASIC },
	{ "elastic.api_key", AUTH_API_KEY },
	{ "elastic.bearer_token", AUTH_BEARER },
	{ "elastic.aws_region", AUTH_AWS },
};

static const char *
file_of(const struct config *c, const char *path)
{
	char file[128];

	snprintf(file, sizeof(file), "%s_file", path);
	return config_get(c, file);
}

static bool
is_secret(const char *path)
{
	return strcmp(path, "elastic.api_key") == 0 || strcmp(path, "elastic.bearer_token") == 0;
}

/* Its value, or the file that it stands in. */
static int
read_secret(struct secret *s, const struct config *c, const char *path, struct error *e)
{
	const char *value = config_get(c, path);

	memset(s, 0, sizeof(*s));
	if (value == NULL)
		s->file = file_of(c, path);
	else if ((s->value = strdup(value)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", path, strerror(errno));
	return 0;
}

static int
read_auth(struct auth *a, const struct config *c, struct error *e)
{
	const char *chosen = NULL;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (config_get(c, kinds[i].path) == NULL && (!is_secret(kinds[i].path) || file_of(c, kinds[i].path) == NULL))
			continue;
		if (chosen != NULL)
			return error_set(e, RC_USAGE, "%s and %s: one of them only", chosen, kinds[i].path);
		chosen = kinds[i].path;
		a->kind = kinds[i].kind;
	}
	if (a->kind != AUTH_BASIC && (config_get(c, "elastic.password") != NULL || file_of(c, "elastic.password") != NULL))
		return error_set(e, RC_USAGE, "a password without a user name (elastic.username, --user)");
	a->user = config_get(c, "elastic.username");
	a->region = config_get(c, "elastic.aws_region");
	a->service = config_get(c, "elastic.aws_service");
	a->credentials_file = config_get(c, "elastic.aws_credentials_file");
	a->profile = config_get(c, "elastic.aws_profile");
	if (a->kind == AUTH_NONE || a->kind == AUTH_AWS)
		return 0;
	return read_secret(&a->secret, c, a->kind == AUTH_BASIC ? "elastic.password" : chosen, e);
}

static int
read_urls(struct http_options *o, const struct config *c, struct error *e)
{
	char **urls = calloc(MAX_NODES, sizeof(*urls)), *url;
	size_t n;

	o->urls = urls;
	for (n = 0; urls != NULL && (url = config_item(c, "elastic.address", n)) != NULL; n++) {
		if (n == MAX_NODES) {
			free(url);
			return error_set(e, RC_USAGE, "elastic.address: more than %d", MAX_NODES);
		}
		urls[n] = url;
		o->urls_count = n + 1;
	}
	if (urls == NULL)
		return error_set(e, RC_TEMP, "elastic.address: %s", strerror(errno));
	return n > 0 ? 0 : error_set(e, RC_USAGE, "elastic.address: none is given");
}

int
access_read(struct http_options *o, const struct config *c, struct error *e)
{
	o->ca_file = config_get(c, "elastic.ca_file");
	o->ca_fingerprint = config_get(c, "elastic.ca_fingerprint");
	o->cert_file = config_get(c, "elastic.cert_file");
	o->key_file = config_get(c, "elastic.key_file");
	o->insecure = config_bool(c, "elastic.insecure");
	o->compress = config_bool(c, "elastic.compress");
	o->proxy = config_get(c, "elastic.proxy");
	o->proxy_user = config_get(c, "elastic.proxy_username");
	if (o->ca_file != NULL && o->ca_fingerprint != NULL)
		return error_set(e, RC_USAGE, "elastic.ca_file and elastic.ca_fingerprint: one of them only");
	if (o->key_file != NULL && o->cert_file == NULL)
		return error_set(e, RC_USAGE, "elastic.key_file without elastic.cert_file");
	if (o->proxy != NULL && strchr(o->proxy, '@') != NULL)
		return error_set(e, RC_USAGE, "elastic.proxy holds a user name: give it by elastic.proxy_username, the password "
		    "by elastic.proxy_password");
	return read_urls(o, c, e) == -1 || read_auth(&o->auth, c, e) == -1 ||
	    read_secret(&o->key_password, c, "elastic.key_password", e) == -1 ||
	    read_secret(&o->proxy_password, c, "elastic.proxy_password", e) == -1 ? -1 : 0;
}

void
access_free(struct http_options *o)
{
	size_t i;

	for (i = 0; i < o->urls_count; i++)
		free(o->urls[i]);
	free((void *)(uintptr_t)o->urls);
	o->urls = NULL;
	o->urls_count = 0;
	auth_free(&o->auth);
	secret_free(&o->key_password);
	secret_free(&o->proxy_password);
}
