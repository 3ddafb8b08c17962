/* SPDX-License-Identifier: ISC */
/* Document ids. */
#include <errno.h>
#include <sha256.h>
#include <string.h>

#include "es-bulk/docid.h"

/* Copies keys whose strings need no thought: no escape, no `|`, short enough, not empty. 0: another kind, b as before. */
static int
put_plain(struct buf *b, struct slice key)
{
	const char *p = key.p + 1, *end = key.p + key.n - 1;
	char *to, *start;

	if (key.n > MAX_ID || (start = to = buf_room(b, key.n)) == NULL)
		return 0;
	for (*to++ = '"'; p < end; p++) {
		if (*p != '"')
			return 0;	/* white space */
		for (p++; *p != '"'; p++) {
			if (*p == '\\' || *p == '|')
				return 0;
			*to++ = *p;
		}
		if (++p == end)
			break;
		if (*p != ',')
			return 0;
		*to++ = '|';
	}
	if (to == start + 1)
		return 0;
	*to++ = '"';
	b->len += (size_t)(to - start);
	return 1;
}

/* One value with its `|` and `\` escaped, from its JSON string. */
static int
add_escaped(struct buf *id, const char *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (((p[i] == '|' || p[i] == '\\') && buf_putc(id, '\\') == -1) || buf_putc(id, p[i]) == -1)
			return -1;
	return 0;
}

static int
put_id(struct buf *b, const struct buf *id)
{
	char hex[SHA256_DIGEST_STRING_LENGTH];

	/* the key of one empty string; no escaping ends in a lone backslash */
	if (id->len == 0)
		return json_put_string(b, "\\", 1, NULL);
	if (id->len <= MAX_ID)
		return json_put_string(b, id->data, id->len, NULL);
	SHA256Data((const uint8_t *)id->data, id->len, hex);
	return buf_putf(b, "\"sha256:%s\"", hex);
}

int
docid_put(struct change_reader *r, struct buf *b, struct slice key, struct error *e)
{
	struct buf id, value;
	int t, first, rc = -1;

	if (put_plain(b, key) == 1)
		return 0;
	if (json_parse_checked(&r->json, key.p, key.n, e) == -1)
		return -1;
	if (buf_init(&id, 2 * key.n + MAX_ID) == -1)
		return error_set(e, RC_TEMP, "document id: %s", strerror(errno));
	if (buf_init(&value, key.n + MAX_ID) == -1)
		goto out;
	for (first = t = json_first(&r->json, 0); t != -1; t = json_next(&r->json, t)) {
		value.len = 0;
		if ((t != first && buf_putc(&id, '|') == -1) || json_text(&r->json, t, &value) == -1 ||
		    add_escaped(&id, value.data, value.len) == -1)
			goto out;
	}
	rc = put_id(b, &id);
out:
	if (rc == -1)
		error_set(e, RC_TEMP, "document id: %s", strerror(errno));
	if (value.data != NULL)
		buf_free(&value);
	buf_free(&id);
	return rc;
}
