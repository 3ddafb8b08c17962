/* SPDX-License-Identifier: ISC */
/* Flat records. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "table.h"

void
record_init(struct record *r, const struct member *members)
{
	*r = (struct record){ .members = members };
}

void
record_free(struct record *r)
{
	size_t i;

	for (i = 0; i < MAX_MEMBERS; i++)
		free(r->values[i]);
	memset(r->values, 0, sizeof(r->values));
}

static int
member_index(const struct record *r, const char *name)
{
	int i;

	for (i = 0; r->members[i].name != NULL; i++)
		if (strcmp(r->members[i].name, name) == 0)
			return i;
	return -1;
}

static bool
is_number(const char *s, bool fraction)
{
	size_t n = strspn(s, "0123456789");

	if (n == 0 || n > 20 || (s[0] == '0' && n > 1))
		return false;
	if (fraction && s[n] == '.' && s[n + 1] != '\0')
		n += 1 + strspn(s + n + 1, "0123456789");
	return s[n] == '\0';
}

/* NULL: it fits; else what it should have been. */
static const char *
mismatch(enum member_kind kind, const char *value)
{
	struct error ignored;
	struct pos pos;

	switch (kind) {
	case MEMBER_COUNT:
		return is_number(value, false) ? NULL : "must be a whole number";
	case MEMBER_TIME:
		return is_number(value, true) ? NULL : "must be a time in Unix seconds";
	case MEMBER_POS:
		return pos_parse(&pos, value, &ignored) == 0 ? NULL : "must be a position, [EPOCH/]FILE:OFFSET";
	case MEMBER_STATUS:
		return status_find(value) != STATUS_NONE ? NULL : "must be one of " STATUS_NAMES;
	default:
		return NULL;
	}
}

/* The token's text, malloc'ed; NULL: not of the type that the kind is written in. */
static char *
token_text(const struct json *j, int t, enum member_kind kind)
{
	const char *raw;
	size_t n;

	if (kind != MEMBER_COUNT && kind != MEMBER_TIME)
		return json_strdup(j, t);
	if (json_type(j, t) != JSON_NUMBER)
		return NULL;
	raw = json_raw(j, t, &n);
	return strndup(raw, n);
}

int
record_parse(struct record *r, const struct json *j, int object, const char *other, struct error *e)
{
	const char *why;
	size_t n;
	int i, t;

	if (json_type(j, object) != JSON_OBJECT)
		return error_set(e, RC_FAIL, "not a JSON object");
	for (t = json_first(j, object); t != -1; t = json_next(j, t)) {
		if (other != NULL && json_is(j, t, other))
			continue;
		for (i = 0; r->members[i].name != NULL && !json_is(j, t, r->members[i].name); i++)
			;
		if (r->members[i].name == NULL) {
			why = json_raw(j, t, &n);
			return error_set(e, RC_FAIL, "unknown member \"%.*s\"", (int)(n < 64 ? n : 64), why);
		}
		if (r->values[i] != NULL)
			return error_set(e, RC_FAIL, "%s stands there twice", r->members[i].name);
		if ((r->values[i] = token_text(j, t + 1, r->members[i].kind)) == NULL)
			return error_set(e, RC_FAIL, "%s is of the wrong type", r->members[i].name);
		if ((why = mismatch(r->members[i].kind, r->values[i])) != NULL)
			return error_set(e, RC_FAIL, "%s %s", r->members[i].name, why);
	}
	return 0;
}

int
record_put(struct buf *b, const struct record *r)
{
	bool bare;
	int i, n = 0;

	for (i = 0; r->members[i].name != NULL; i++) {
		if (r->values[i] == NULL)
			continue;
		bare = r->members[i].kind == MEMBER_COUNT || r->members[i].kind == MEMBER_TIME;
		if ((n++ > 0 && buf_putc(b, ',') == -1) || json_put_str(b, r->members[i].name) == -1 ||
		    buf_putc(b, ':') == -1)
			return -1;
		if ((bare ? buf_puts(b, r->values[i]) : json_put_str(b, r->values[i])) == -1)
			return -1;
	}
	return 0;
}

const char *
record_get(const struct record *r, const char *name)
{
	int i = member_index(r, name);

	return i == -1 ? NULL : r->values[i];
}

int
record_set(struct record *r, const char *name, const char *value, struct error *e)
{
	int i = member_index(r, name);
	char *copy = NULL;
	const char *why;

	if (i == -1)
		return error_set(e, RC_USAGE, "there is no member %s", name);
	if (value != NULL && (why = mismatch(r->members[i].kind, value)) != NULL)
		return error_set(e, RC_USAGE, "%s %s: %s", name, why, value);
	if (value != NULL && (copy = strdup(value)) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", name, strerror(errno));
	free(r->values[i]);
	r->values[i] = copy;
	return 0;
}

int
record_assign(struct record *r, const char *assignment, struct error *e)
{
	const char *equal = strchr(assignment, '=');
	char *name;
	int rc;

	if (equal == NULL)
		return error_set(e, RC_USAGE, "not MEMBER=VALUE: %s", assignment);
	if ((name = strndup(assignment, (size_t)(equal - assignment))) == NULL)
		return error_set(e, RC_TEMP, "%s: %s", assignment, strerror(errno));
	rc = record_set(r, name, equal[1] == '\0' ? NULL : equal + 1, e);
	free(name);
	return rc;
}

int
record_pos(const struct record *r, const char *name, struct pos *pos)
{
	const char *text = record_get(r, name);
	struct error ignored;

	return text != NULL && pos_parse(pos, text, &ignored) == 0;
}

int
record_set_pos(struct record *r, const char *name, const struct pos *pos, struct error *e)
{
	char text[POS_TEXT];

	return record_set(r, name, pos_text(pos, text), e);
}
