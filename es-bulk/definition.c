/* SPDX-License-Identifier: ISC */
/* Definitions. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "es-bulk/definition.h"

#define MAX_MAPPING ((size_t)16 << 20)	/* bytes of one table's */

/* One member of what --mapping-file reads. */
static int
print_mapping(struct stream *s, const struct target *t, struct error *e)
{
	struct buf b;
	int rc = -1;

	if (buf_init(&b, MAX_MAPPING) == -1)
		return error_set(e, RC_TEMP, "mapping: %s", strerror(errno));
	if (buf_puts(&b, s->printed++ == 0 ? "{\n" : ",\n") == -1 || json_put_str(&b, t->table) == -1 ||
	    buf_putc(&b, ':') == -1)
		error_set(e, RC_TEMP, "mapping: %s", strerror(errno));
	else if (index_put_body(&b, t, s->bulk.lacks, e) == 0 &&
	    (rc = write_all(STDOUT_FILENO, b.data, b.len)) == -1)
		error_set(e, RC_TEMP, "write to standard output: %s", strerror(errno));
	buf_free(&b);
	return rc;
}

/* Is the table one that is rebuilt when it is stale? */
static bool
has_rebuilds(const struct stream *s, const struct target *t)
{
	return s->o.bulk.rebuilds && s->o.bulk.mode == BULK_WRITE && !target_by_row(t) && !target_is_joined(t);
}

/* Does its index say that it is stale? 1, 0; -1: as bulk_step. */
static int
awaits_rebuild(struct stream *s, const struct target *t, struct error *e)
{
	struct index x;
	int rc;

	if (!has_rebuilds(s, t))
		return 0;
	if (bulk_drain(&s->bulk, e) == -1)
		return -1;
	if ((rc = index_look(&s->bulk, t->places, &x, e)) == 1)
		rc = x.stale != NULL;
	index_free(&x);
	return rc;
}

static int
check(const struct target *t, const struct change *c, struct error *e)
{
	if (c->key.p == NULL)
		return error_set(e, RC_USAGE, "line %" PRIu64 ": table %s has no key: it cannot be kept in step; give it a "
		    "primary key, or a unique one of NOT NULL columns, or leave it out", c->number, t->table);
	if (rule_check(t->rule, t->table, c->columns.p, c->columns.n, e) == -1 ||
	    (t->mapping != t->rule && rule_check(t->mapping, t->table, c->columns.p, c->columns.n, e) == -1) ||
	    (t->when != t->rule && rule_check(t->when, t->table, c->columns.p, c->columns.n, e) == -1))
		return -1;
	return 0;
}

/* The definition does not pass, *e says why. It may be what the table is stale for: others need not stand still for it. */
static int
leave(struct stream *s, struct target *t, struct error *e)
{
	struct error why = *e;
	int rc = why.rc == RC_USAGE ? awaits_rebuild(s, t, e) : 0;

	if (rc == 0)
		*e = why;
	if (rc != 1)
		return -1;
	if (!t->unfit)
		log_warn("a stale table whose rows are left to its rebuild: %s", why.text);
	t->unfit = true;
	target_uncheck(t);
	return 0;
}

/* A schema line comes again after each start and rotation: only what it changes costs a look at the index. */
int
definition_take(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	if (t == NULL)
		return -1;
	if (c->key.p != NULL && target_is_defined(t, c->key, c->columns) && target_is_checked(t))
		return 0;
	if (check(t, c, e) == -1)
		return leave(s, t, e);
	if (target_define(t, c->key, c->columns, e) == -1)
		return -1;
	t->unfit = false;
	target_uncheck(t);
	if (s->o.print_mapping && print_mapping(s, t, e) == -1)
		return -1;
	return target_by_row(t) ? 0 : stream_check_index(s, t->places, c->pos, e);
}

int
definition_no_load(const struct target *t, const struct change *c, struct error *e)
{
	return error_set(e, RC_USAGE, "line %" PRIu64 ": a load of table %s, which cannot be kept in step as it is defined now",
	    c->number, t->table);
}

int
definition_stale(struct stream *s, const struct change *c, struct error *e)
{
	struct target *t = target_find(&s->targets, &s->reader, c, e);

	if (t == NULL || (has_rebuilds(s, t) && bulk_drain(&s->bulk, e) == -1))
		return -1;
	return has_rebuilds(s, t) ? index_stale(&s->bulk, t->places, c, e) : 0;
}
