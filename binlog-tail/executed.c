/* SPDX-License-Identifier: ISC */
/* The stream's place among GTIDs. MySQL's sets are sets. MariaDB's say where each domain stood: what its log has up to that
 * very transaction is not wanted again, whatever the numbers are. */
#include <string.h>

#include "lib/log.h"

#include "event.h"
#include "executed.h"
#include "tail.h"

int
executed_init(struct executed *x, struct error *e)
{
	memset(x, 0, sizeof(*x));
	if (gtids_init(&x->set, e) == -1 || gtids_init(&x->from, e) == -1 || gtids_init(&x->until, e) == -1)
		return -1;
	return gtids_init(&x->listed, e);
}

void
executed_free(struct executed *x)
{
	gtids_free(&x->set);
	gtids_free(&x->from);
	gtids_free(&x->until);
	gtids_free(&x->listed);
}

void
executed_kind(struct executed *x, bool mariadb)
{
	x->set.mariadb = x->listed.mariadb = mariadb;
}

int
executed_fits(struct tail *t)
{
	const struct executed *x = &t->executed;

	if ((!x->from.known || x->from.mariadb == t->mariadb) && (!x->until.known || x->until.mariadb == t->mariadb))
		return 0;
	return error_set(t->e, RC_USAGE, "--from, --until: the GTIDs of a log of %s look otherwise",
	    t->mariadb ? "MariaDB" : "MySQL");
}

int
executed_from(struct executed *x, const char *set, bool mariadb, bool server, struct error *e)
{
	x->from.mariadb = mariadb;
	executed_kind(x, mariadb);
	x->from_server = server;
	x->file_checked = server;
	return gtids_parse(&x->set, set, e) == -1 || gtids_parse(&x->from, set, e) == -1 ? -1 : 0;
}

static int
refuse(struct tail *t, const char *what)
{
	event_error(t, "%s", what);
	t->e->rc = RC_POSITION;
	return -1;
}

/* MariaDB's: the domain that has not come to where the stream begins. */
static struct gtid_source *
waiting(const struct executed *x, uint32_t domain)
{
	size_t i;

	for (i = 0; x->from.known && x->from.mariadb && i < x->from.count; i++)
		if (x->from.sources[i].newest && x->from.sources[i].domain == domain)
			return &x->from.sources[i];
	return NULL;
}

/* Does the first file begin at, or before, where the stream does? */
static int
check_file(struct tail *t)
{
	struct executed *x = &t->executed;
	const struct gtid_source *s;
	struct gtid_source *from;
	size_t i;

	x->file_checked = true;
	if (!t->mariadb)
		return gtids_contain(&x->from, &x->listed) ? 0 : -1;
	for (s = x->listed.sources, i = 0; i < x->listed.count; i++, s++) {
		from = waiting(x, s->domain);
		if (from == NULL || (s->server == from->server && s->last >= from->last)) {
			if (from == NULL || !s->newest || s->last > from->last)
				return -1;
			from->newest = false;	/* there it is */
		}
	}
	return 0;
}

int
executed_unproven(struct tail *t)
{
	return refuse(t, "the file does not follow the last one, and transactions between them are missing, or may be: "
	    "its GTIDs do not tell otherwise");
}

static int
prove(struct tail *t)
{
	struct executed *x = &t->executed;

	if (!x->set.known || gtids_is_empty(&x->set) || !gtids_contain(&x->set, &x->listed))
		return executed_unproven(t);
	x->unproven = false;
	return event_next_epoch(t);
}

int
executed_read_list(struct tail *t, struct cursor *c)
{
	struct executed *x = &t->executed;

	if (!t->at.counted)
		return 0;
	if ((t->mariadb ? gtids_read_list(&x->listed, c, t->e) : gtids_read_previous(&x->listed, c, t->e)) == -1)
		return -1;
	if (x->from.known && !x->file_checked && check_file(t) == -1)
		return refuse(t, "the oldest file begins behind the GTID set to begin at: what is between them is missing");
	if (x->unproven && prove(t) == -1)
		return -1;
	return gtids_join(&x->set, &x->listed, t->e);
}

int
executed_begin(struct tail *t, const struct gtid *id)
{
	struct executed *x = &t->executed;
	struct gtid_source *from;

	if (!x->from.known)
		return 0;
	if (id->kind == GTID_NONE)
		return refuse(t, "a transaction without a GTID: whether it is in the set to begin at cannot be told");
	if (!t->mariadb)
		return gtids_have(&x->from, id);
	if ((from = waiting(x, id->domain)) == NULL)
		return 0;
	if (!x->from_server && id->server == from->server && id->n > from->last)
		return refuse(t, "the GTID to begin at is not in the log");
	if (x->from_server || (id->server == from->server && id->n == from->last))
		from->newest = false;
	return !x->from_server;
}

int
executed_end(struct tail *t, const struct gtid *id)
{
	struct executed *x = &t->executed;

	if (id->kind == GTID_NONE)
		gtids_forget(&x->set);
	if (gtids_add(&x->set, id, t->e) == -1)
		return -1;
	if (!x->set.known && x->until.known)
		return refuse(t, "--until: which GTIDs are executed up to here is not known");
	return 0;
}

int
executed_finish(struct tail *t)
{
	const struct executed *x = &t->executed;
	size_t i;

	for (i = 0; x->from.known && x->from.mariadb && i < x->from.count; i++)
		if (x->from.sources[i].newest)
			return error_set(t->e, RC_POSITION, "the files do not have the GTID %u-%u-%llu to begin at",
			    (unsigned)x->from.sources[i].domain, (unsigned)x->from.sources[i].server,
			    (unsigned long long)x->from.sources[i].last);
	return 0;
}
