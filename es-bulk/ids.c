/* SPDX-License-Identifier: ISC */
/* Ids, back to the keys that they were made of (es-bulk.1, DOCUMENTS). */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/json.h"

#include "es-bulk/ids.h"
#include "es-bulk/index.h"
#include "es-bulk/list.h"

#define MAX_ID_LINE (1 << 16)

struct ids {
	struct bulk *bulk;
	struct buf head, text, value;	/* the line's part before the key; an id's text; one value of it */
	struct json json;
	uint64_t hashed;
	bool joined;			/* the first value is no part of the key */
};

/* The values between `|`, as a JSON array. -1: as buf_add. */
static int
put_key(struct buf *out, struct ids *x)
{
	const char *p = x->text.data, *end = p + x->text.len;
	size_t many = 0;
	bool first = true, alone = x->text.len == 1 && *p == '\\';	/* the key of one empty string */

	for (; first || p < end; first = false) {
		if (!first)
			p++;
		x->value.len = 0;
		for (; p < end && *p != '|' && !alone; p++) {
			if (*p == '\\' && p + 1 < end)
				p++;
			if (buf_putc(&x->value, *p) == -1)
				return -1;
		}
		if (alone)
			p = end;
		if (first && x->joined)
			continue;
		if (buf_putc(out, many++ == 0 ? '[' : ',') == -1 || json_put_string(out, x->value.data, x->value.len, NULL) == -1)
			return -1;
	}
	return buf_putc(out, ']');
}

static int
print(void *arg, const struct list_hit *h, struct error *e)
{
	static const char hashed[] = "sha256:";
	struct ids *x = arg;
	struct buf *out = &x->bulk->ack.out.buf;

	x->text.len = 0;
	if (json_parse_checked(&x->json, h->id.p, h->id.n, e) == -1)
		return -1;
	if (json_text(&x->json, 0, &x->text) == -1)
		goto fail;
	if (x->text.len == sizeof(hashed) - 1 + 64 && memcmp(x->text.data, hashed, sizeof(hashed) - 1) == 0) {
		x->hashed++;
		return 0;
	}
	if (buf_add(out, x->head.data, x->head.len) == -1 || put_key(out, x) == -1 || buf_puts(out, "}\n") == -1)
		goto fail;
	return output_line_end(&x->bulk->ack.out, e);
fail:
	return error_set(e, RC_TEMP, "list: %s", strerror(errno));
}

static int
print_table(struct ids *x, struct target_list *l, const char *name, struct error *e)
{
	const struct list_user user = { .each = print, .arg = x };
	struct target *t = target_named(l, name, e);
	struct place *p;

	if (t == NULL || index_find_places(x->bulk, l, t, e) == -1)
		return -1;
	if (t->rule != NULL && t->rule->id != -1)
		return error_set(e, RC_USAGE, "table %s: its ids are not its key (id in elastic.tables): they cannot be turned "
		    "into keys", name);
	x->joined = target_is_joined(t);
	x->head.len = 0;
	if (buf_puts(&x->head, "{\"op\":\"delete\",\"db\":") == -1 ||
	    json_put_string(&x->head, t->table, t->db_len, NULL) == -1 || buf_puts(&x->head, ",\"table\":") == -1 ||
	    json_put_str(&x->head, t->table + t->db_len + 1) == -1 || buf_puts(&x->head, ",\"key\":") == -1)
		return error_set(e, RC_TEMP, "list: %s", strerror(errno));
	for (p = t->places; p != NULL; p = p->next)
		if (list_documents(x->bulk, p, &user, e) == -1)
			return -1;
	return 0;
}

int
ids_print(struct bulk *b, struct target_list *l, char *const *tables, size_t count, struct error *e)
{
	struct ids x = { .bulk = b };
	int rc = 0;
	size_t i;

	if (buf_init(&x.head, MAX_ID_LINE) == -1 || buf_init(&x.text, MAX_ID_LINE) == -1 ||
	    buf_init(&x.value, MAX_ID_LINE) == -1)
		rc = error_set(e, RC_TEMP, "list: %s", strerror(errno));
	for (i = 0; i < count && rc == 0; i++)
		rc = print_table(&x, l, tables[i], e);
	if (rc == 0)
		rc = output_flush(&b->ack.out, e);
	if (rc == 0 && x.hashed > 0)
		rc = error_set(e, RC_FAIL, "ids that are hashes of longer ones, of which no key can be told: %" PRIu64, x.hashed);
	json_free(&x.json);
	buf_free(&x.head);
	buf_free(&x.text);
	buf_free(&x.value);
	return rc;
}
