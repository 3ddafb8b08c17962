/* SPDX-License-Identifier: ISC */
/* Settings of single tables: their form. What they mean is es-bulk's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rule.h"

const struct rule_key rule_keys[] = {
	{ "index", RULE_TEXT },
	{ "id", RULE_TEXTS },
	{ "routing", RULE_TEXTS },
	{ "join", RULE_JOIN },
	{ "when", RULE_TESTS },
	{ "include", RULE_TEXTS },
	{ "exclude", RULE_TEXTS },
	{ "rename", RULE_NAMES },
	{ "booleans", RULE_TEXTS },
	{ "soft_delete", RULE_TEXT },
	{ "pipeline", RULE_TEXT },
	{ "types", RULE_FIELDS },
	{ "settings", RULE_OBJECT },
	{ "mappings", RULE_OBJECT },
	{ "load", RULE_OBJECT },
};
const size_t rule_keys_count = sizeof(rule_keys) / sizeof(rule_keys[0]);

const char *
rule_shape_name(enum rule_shape shape)
{
	static const char *const names[] = {
		[RULE_TEXT] = "a string",
		[RULE_TEXTS] = "an array of strings",
		[RULE_FIELDS] = "an object of strings or objects",
		[RULE_NAMES] = "an object of strings",
		[RULE_OBJECT] = "an object",
		[RULE_TESTS] = "an object of conditions",
		[RULE_JOIN] = "an object of field, name, of and parent",
	};

	return names[shape];
}

static bool
is_text(const struct json *j, int t)
{
	char *text = json_type(j, t) == JSON_STRING ? json_strdup(j, t) : NULL;
	bool ok = text != NULL && *text != '\0';

	free(text);
	return ok;
}

static bool
is_value(const struct json *j, int t)
{
	return json_type(j, t) != JSON_OBJECT && json_type(j, t) != JSON_ARRAY;
}

static bool
is_value_or_array(const struct json *j, int t)
{
	int at;

	for (at = json_type(j, t) == JSON_ARRAY ? json_first(j, t) : -1; at != -1; at = json_next(j, at))
		if (!is_value(j, at))
			return false;
	return json_type(j, t) != JSON_OBJECT;
}

static bool
is_condition(const struct json *j, int t)
{
	static const char *const orders[] = { "gt", "gte", "lt", "lte" };
	size_t i;
	int at;

	if (json_type(j, t) != JSON_OBJECT)
		return is_value_or_array(j, t);
	for (at = json_first(j, t); at != -1; at = json_next(j, at)) {
		if (json_is(j, at, "not") && is_value_or_array(j, at + 1))
			continue;
		for (i = 0; i < sizeof(orders) / sizeof(orders[0]) && !json_is(j, at, orders[i]); i++)
			;
		if (i == sizeof(orders) / sizeof(orders[0]) || !is_value(j, at + 1))
			return false;
	}
	return true;
}

static bool
is_field(const struct json *j, int t)
{
	return is_text(j, t) || json_type(j, t) == JSON_OBJECT;
}

/* Is it an object (each name: a text) or array whose values all are such? */
static bool
all_are(const struct json *j, int t, enum json_type type, bool (*is)(const struct json *, int))
{
	int at;

	if (json_type(j, t) != type)
		return false;
	for (at = json_first(j, t); at != -1; at = json_next(j, at))
		if (type == JSON_OBJECT ? !is_text(j, at) || !is(j, at + 1) : !is(j, at))
			return false;
	return true;
}

static bool
is_join(const struct json *j, int t)
{
	int at;

	if (json_type(j, t) != JSON_OBJECT)
		return false;
	for (at = json_first(j, t); at != -1; at = json_next(j, at))
		if (json_is(j, at, "parent") ? json_size(j, at + 1) == 0 || !all_are(j, at + 1, JSON_ARRAY, is_text) :
		    !(json_is(j, at, "field") || json_is(j, at, "name") || json_is(j, at, "of")) || !is_text(j, at + 1))
			return false;
	return true;
}

bool
rule_has_shape(const struct json *j, int t, enum rule_shape shape)
{
	switch (shape) {
	case RULE_TEXT: return is_text(j, t);
	case RULE_TEXTS: return all_are(j, t, JSON_ARRAY, is_text);
	case RULE_FIELDS: return all_are(j, t, JSON_OBJECT, is_field);
	case RULE_NAMES: return all_are(j, t, JSON_OBJECT, is_text);
	case RULE_JOIN: return is_join(j, t);
	case RULE_TESTS: return all_are(j, t, JSON_OBJECT, is_condition);
	default: return json_type(j, t) == JSON_OBJECT;
	}
}

static const struct rule_key *
find_key(const struct json *j, int t)
{
	size_t i;

	for (i = 0; i < rule_keys_count; i++)
		if (json_is(j, t, rule_keys[i].name))
			return &rule_keys[i];
	return NULL;
}

/* Does the name at t stand in its object a second time? */
static bool
is_twice(const struct json *j, int object, int t)
{
	char *name = json_strdup(j, t);
	bool twice = name != NULL && json_member(j, object, name) != t + 1;

	free(name);
	return twice;
}

static int
wrong(const struct json *j, int t, const char *file, const char *path, const char *what, struct error *e)
{
	char *name = json_strdup(j, t);

	error_set(e, RC_USAGE, "%s:%u: %s: %s %s", file, json_line(j, t), path, name == NULL ? "a name" : name, what);
	free(name);
	return -1;
}

static int
check_table(const struct json *j, int object, const char *file, const char *path, struct error *e)
{
	const struct rule_key *k;
	char what[128];
	int t;

	for (t = json_first(j, object); t != -1; t = json_next(j, t)) {
		if ((k = find_key(j, t)) == NULL)
			return wrong(j, t, file, path, "is no key of a table", e);
		if (is_twice(j, object, t))
			return wrong(j, t, file, path, "stands here twice", e);
		if (!rule_has_shape(j, t + 1, k->shape)) {
			snprintf(what, sizeof(what), "must be %s", rule_shape_name(k->shape));
			return wrong(j, t, file, path, what, e);
		}
	}
	return 0;
}

int
rules_check(const struct json *j, int object, const char *file, const char *path, struct error *e)
{
	char *name, where[512];
	int t, rc;

	for (t = json_first(j, object); t != -1; t = json_next(j, t)) {
		if ((name = json_strdup(j, t)) == NULL || strchr(name, '.') == NULL) {
			free(name);
			return wrong(j, t, file, path, "is no table (DB.TABLE)", e);
		}
		snprintf(where, sizeof(where), "%s: %s", path, name);
		free(name);
		if (is_twice(j, object, t))
			return wrong(j, t, file, path, "stands here twice", e);
		rc = json_type(j, t + 1) == JSON_OBJECT ? check_table(j, t + 1, file, where, e) :
		    wrong(j, t, file, path, "must be an object", e);
		if (rc == -1)
			return -1;
	}
	return 0;
}
