/* SPDX-License-Identifier: ISC */
/* Taking the main stream back. */
#include <unistd.h>

#include "position.h"
#include "rewind.h"
#include "table.h"

/* What the table has been brought in of since S0, beside the stream, may be sent again as well. */
static int
uncover(struct cover *c, const struct store *tables, const struct pos *to, struct error *e)
{
	struct tabfile t;
	struct pos s0;

	if (tabfile_load_named(&t, tables, c->table, e) == -1)
		return -1;
	if (record_pos(&t.r, "s0", &s0)) {
		if (pos_cmp(&s0, to) < 0)
			s0 = *to;
		if (pos_cmp(&s0, &c->from) < 0)
			c->from = s0;
	}
	tabfile_free(&t);
	return 0;
}

static int
check_earlier(const struct position *p, const struct pos *to, struct error *e)
{
	char here[POS_TEXT], there[POS_TEXT];
	struct pos was;

	if (!record_pos(&p->r, "pos", &was))
		return error_set(e, RC_FAIL, "no position is stored");
	pos_text(&was, here);
	pos_text(to, there);
	if (to->epoch != was.epoch)
		return error_set(e, RC_USAGE, "%s is of another epoch than the stored %s", there, here);
	return pos_cmp(to, &was) <= 0 ? 0 :
	    error_set(e, RC_USAGE, "%s is ahead of the stored %s: changes would be skipped", there, here);
}

/* A table that counts from further back than the stream goes on is as before: this may be cut off from what follows. */
static int
uncover_all(const struct store *dir, const struct store *tables, const struct pos *to, struct error *e)
{
	int lock = store_lock(dir, POSITION_FILE, 0, e), rc = -1;
	struct position p;
	size_t i;

	if (lock == -1)
		return -1;
	if (position_load(&p, dir, e) != -1) {
		rc = check_earlier(&p, to, e);
		for (i = 0; rc == 0 && i < p.count; i++)
			rc = uncover(&p.covers[i], tables, to, e);
		if (rc == 0)
			rc = position_write(&p, dir, e);
		position_free(&p);
	}
	close(lock);
	return rc;
}

int
rewind_stream(const struct store *dir, const struct store *tables, char *const args[], struct error *e)
{
	struct pos to;

	if (pos_parse(&to, args[0], e) == -1 || uncover_all(dir, tables, &to, e) == -1)
		return -1;
	return position_assign(dir, args, e);
}
