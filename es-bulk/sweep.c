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
	const struct change *change;
	uint64_t last;
	uint64_t listed, deleted;
	struct located document;	/* the one at hand, as its row had it */
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

	w->listed++;
	if (h->version > w->last)
		return 0;
	w->deleted++;
	w->document.name.len = 0;
	if (buf_add(&w->document.name, h->id.p, h->id.n) == -1 || (h->routing.p != NULL &&
	    (buf_puts(&w->document.name, ",\"routing\":") == -1 ||
	    buf_add(&w->document.name, h->routing.p, h->routing.n) == -1)))
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	w->document.id_n = h->id.n;
	return bulk_put(w->bulk, w->change, &w->document, (struct slice){ NULL, 0 }, e);
}

int
sweep(struct bulk *b, struct place *p, const struct change *c, uint64_t last, struct error *e)
{
	struct sweep w = { .bulk = b, .change = c, .last = last, .document.place = p };
	const struct list_user user = { .each = delete_one, .again = again, .arg = &w };
	int rc;

	if (buf_init(&w.document.name, MAX_NAME) == -1)
		return error_set(e, RC_TEMP, "sweep: %s", strerror(errno));
	if ((rc = list_documents(b, p, &user, e)) == 0)
		log_info("%s: older documents deleted table=%s listed=%" PRIu64 " deleted=%" PRIu64, op_name(c->op),
		    p->target->table, w.listed, w.deleted);
	buf_free(&w.document.name);
	return rc;
}
