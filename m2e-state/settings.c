/* SPDX-License-Identifier: ISC */
/* m2e-state config. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/config.h"

#include "settings.h"

static int
load(struct config *c, const char *file, struct error *e)
{
	return config_load(c, file[0] == '\0' ? NULL : file, e);
}

int
settings_check(const char *file, struct error *e)
{
	struct config c;
	size_t i;
	int rc = 0;
	char *secret;

	if (load(&c, file, e) == -1)
		return -1;
	for (i = 0; rc == 0 && i < config_keys_count; i++) {
		if (config_keys[i].type != CONFIG_SECRET)
			continue;
		secret = config_secret(&c, config_keys[i].path, e);
		if (secret == NULL && e->rc != RC_OK)
			rc = -1;
		free(secret);
	}
	config_free(&c);
	return rc;
}

static void
print_list(const struct config *c, const char *path, const char *before)
{
	char *item;
	size_t i;

	for (i = 0; (item = config_item(c, path, i)) != NULL; i++) {
		printf("%s%s\n", before, item);
		free(item);
	}
}

int
settings_print(const char *file, struct error *e)
{
	const struct config_key *k;
	struct config c;
	char before[128];

	if (load(&c, file, e) == -1)
		return -1;
	for (k = config_keys; k < config_keys + config_keys_count; k++) {
		snprintf(before, sizeof(before), "%s=", k->path);
		if (k->retired != NULL || config_get(&c, k->path) == NULL)
			continue;
		if (k->type == CONFIG_LIST)
			print_list(&c, k->path, before);
		else
			printf("%s%s\n", before, k->type == CONFIG_SECRET ? "***" : config_get(&c, k->path));
	}
	config_free(&c);
	return 0;
}

int
settings_get(const char *file, const char *key, struct error *e)
{
	const struct config_key *k = config_keys, *end = config_keys + config_keys_count;
	struct config c;
	int rc = 0;

	while (k < end && strcmp(k->path, key) != 0)
		k++;
	if (k == end)
		return error_set(e, RC_USAGE, "there is no key %s", key);
	if (k->type == CONFIG_SECRET)
		return error_set(e, RC_USAGE, "%s is a secret, and is not printed", key);
	if (load(&c, file, e) == -1)
		return -1;
	if (config_get(&c, key) == NULL) {
		error_set(e, RC_FAIL, "%s is not set", key);
		rc = 1;
	} else if (k->type == CONFIG_LIST) {
		print_list(&c, key, "");
	} else {
		puts(config_get(&c, key));
	}
	config_free(&c);
	return rc;
}
