/* SPDX-License-Identifier: ISC */
/* Sweeps. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "lib/log.h"

#include "es-bulk/list.h"
#include "es-bulk/sweep.h"

#define MAX_NAME (1 << 20)	/* bytes of an id and its routing */

struct sweep {
	struct bulk *bulk;
	struct place *place;
	const struct change *change;
	uint64_t last, as;
	uint64_t listed, deleted;
	struct buf document;	/* the id of one and its routing, as its row had them */
};

static void
again(void *arg)
{
	struct sweep *w = arg;

	w->listed = w->deleted = 0;
}

static int
delete_one(void *arg, const struct list_hit *h, struct error *e)
{
	struct sweep *w = arg;
	struct slice text = h->id;
	uint64_t hash;
	size_t i;

	w->listed++;
	if (h->version > w->last)
		return 0;
	w->deleted++;
	if (h->routing.p != NULL) {
		w->document.len = 0;
		if (buf_add(&w->document, h->id.p, h->id.n) == -1 || buf_puts(&w->document, ",\"routing\":") == -1 ||
		    buf_add(&w->document, h->routing.p, h->routing.n) == -1)
			return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
		text = (struct slice){ w->document.data, w->document.len };
	}
	for (hash = w->place->hash, i = 0; i < text.n; i++)
		hash = (hash ^ (uint8_t)text.p[i]) * 1099511628211ULL;
	return bulk_put(w->bulk, w->change, w->place->delete_start, w->place->delete_start_len, text, w->as,
	    hash ^ hash >> 32, (struct slice){ NULL, 0 }, e);
}

int
sweep(struct bulk *b, struct place *p, const struct change *c, uint64_t last, uint64_t as, struct error *e)
{
	struct sweep w = { .bulk = b, .place = p, .change = c, .last = last, .as = as };
	const struct list_user user = { .each = delete_one, .again = again, .arg = &w };
	int rc;

	if (buf_init(&w.document, MAX_NAME) == -1)
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	if ((rc = list_documents(b, p, &user, e)) == 0)
		log_info("%s: older documents deleted table=%s listed=%" PRIu64 " deleted=%" PRIu64, op_name(c->op),
		    p->target->table, w.listed, w.deleted);
	buf_free(&w.document);
	return rc;
}
