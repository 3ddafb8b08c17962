/* SPDX-License-Identifier: ISC */
/* Where the names, signs and keys of a table's columns come from. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/log.h"
#include "lib/shape.h"

#include "described.h"
#include "doubt.h"
#include "event.h"
#include "names.h"
#include "query.h"
#include "server.h"
#include "tail.h"

static void
definition_free(struct definition *d)
{
	table_free(d->table);
	free(d);
}

void
names_free(struct names *n)
{
	struct definition *d;
	struct seen_ddl *s;

	while ((d = n->list) != NULL) {
		n->list = d->next;
		definition_free(d);
	}
	while ((s = n->seen) != NULL) {
		n->seen = s->next;
		free(s->db);
		free(s->table);
		free(s);
	}
	while (n->watched != NULL) {
		d = n->watched;
		n->watched = d->next;
		definition_free(d);
	}
	while (n->file_count > 0)
		table_free(n->file[--n->file_count]);
	free(n->file);
	server_free(n->server);
	memset(n, 0, sizeof(*n));
}

static struct definition **
find(struct definition **list, const char *db, const char *table)
{
	while (*list != NULL && (strcmp((*list)->table->name, table) != 0 || strcmp((*list)->table->db, db) != 0))
		list = &(*list)->next;
	return list;
}

struct definition *
names_find(const struct names *n, const char *db, const char *table)
{
	return *find((struct definition **)(uintptr_t)&n->list, db, table);
}

/* Without regard to case, as some servers compare names: one statement too many does no harm. */
static bool
same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcasecmp(a, b) == 0;
}

/* Is of_db.of_table the table named, or, where table is NULL, one of the database? */
static bool
covers(const char *db, const char *table, const char *of_db, const char *of_table)
{
	return same(db, of_db) && (table == NULL || same(table, of_table));
}

/* Notes that a DDL statement on the table (NULL: all of the database) stands at p. */
static int
see(struct names *n, const char *db, const char *table, const struct pos *p)
{
	struct seen_ddl *s;

	for (s = n->seen; s != NULL; s = s->next)
		if (same(s->db, db) && same(s->table, table))
			break;
	if (s == NULL) {
		if ((s = calloc(1, sizeof(*s))) == NULL)
			return -1;
		s->next = n->seen;
		n->seen = s;
		if ((s->db = strdup(db)) == NULL || (table != NULL && (s->table = strdup(table)) == NULL))
			return -1;
	}
	s->pos = *p;
	return 0;
}

int
names_forget(struct tail *t, const char *db, const char *table)
{
	struct names *n = &t->names;
	struct definition **at = &n->list, *gone;

	n->generation++;
	while ((gone = *at) != NULL) {
		if (!covers(db, table, gone->table->db, gone->table->name)) {
			at = &gone->next;
			continue;
		}
		*at = gone->next;
		definition_free(gone);
	}
	return see(n, db, table, &t->at.pos) == -1 ? tail_memory(t) : 0;
}

/* The last DDL statement seen that names the table, or may. */
static struct pos
last_ddl(const struct names *n, const char *db, const char *table)
{
	struct pos last = { 0 };
	const struct seen_ddl *s;

	for (s = n->seen; s != NULL; s = s->next)
		if (covers(s->db, s->table, db, table) && (!pos_is_set(&last) || pos_cmp(&s->pos, &last) > 0))
			last = s->pos;
	return last;
}

static struct table *
from_history(struct tail *t, const char *db, const char *table)
{
	struct pos ddl = last_ddl(&t->names, db, table), since;

	return history_find(&t->history, db, table, &t->at.pos, &ddl, &since, t->e);
}

int
names_watch_key(struct tail *t, const char *db, const char *table)
{
	struct definition **at = find(&t->names.list, db, table), *d = *at;

	if (*find(&t->names.watched, db, table) != NULL)
		return 1;
	if (d != NULL) {
		*at = d->next;
	} else {
		if ((d = calloc(1, sizeof(*d))) == NULL || (d->table = from_history(t, db, table)) == NULL) {
			free(d);
			return 0;
		}
	}
	d->next = t->names.watched;
	t->names.watched = d;
	return 1;
}

/* Did a statement that was watched change the key? */
static int
compare_key(struct tail *t, const struct table *new)
{
	struct definition **at = find(&t->names.watched, new->db, new->name), *old = *at;
	bool equal;
	size_t i;

	if (old == NULL)
		return 0;
	equal = old->table->key_count == new->key_count;
	for (i = 0; equal && i < new->key_count; i++)
		equal = strcmp(old->table->columns[old->table->key[i]].name, new->columns[new->key[i]].name) == 0;
	*at = old->next;
	definition_free(old);
	return equal ? 0 : query_put_stale(t, new->db, new->name, "its key is another one", &t->at.pos);
}

/* Puts a definition in place of the one at hand, unless they are the same. */
static struct definition *
keep(struct tail *t, struct table *table, const char *from)
{
	struct definition **at = find(&t->names.list, table->db, table->name), *d = *at;

	if (d != NULL && strcmp(d->from, from) == 0 && table_equal(d->table, table)) {
		table_free(table);
		return d;
	}
	if (d != NULL) {
		*at = d->next;
		definition_free(d);
		t->names.generation++;	/* other table maps of it may point there */
	}
	if ((d = calloc(1, sizeof(*d))) == NULL) {
		table_free(table);
		tail_memory(t);
		return NULL;
	}
	d->table = table;
	if (shape_table(table, &t->o->values, t->e) == -1) {
		definition_free(d);
		return NULL;
	}
	d->row_end = table_row_end(table);
	d->from = from;
	d->ignored = table->count == 0;
	d->next = t->names.list;
	t->names.list = d;
	return compare_key(t, table) == -1 ? NULL : d;
}

/* A copy of what --schema says, under the name that the table has here. NULL with e->rc == RC_OK: it does not. */
static struct table *
from_file(struct tail *t, const struct table_map *m)
{
	const struct names *n = &t->names;
	struct table *copy = NULL;
	size_t i, k;

	for (i = 0; i < n->file_count; i++)
		if (strcmp(n->file[i]->name, m->name) == 0 &&
		    (n->file[i]->db[0] == '\0' || strcmp(n->file[i]->db, m->db) == 0))
			break;
	if (i == n->file_count || (copy = table_new(m->db, m->name, t->e)) == NULL)
		return NULL;
	for (k = 0; k < n->file[i]->count; k++) {
		const struct column *c = &n->file[i]->columns[k];

		if (table_add_column(copy, c->name, c->type, c->charset == NULL ? NULL : charset_name(c->charset),
		    c->nullable, c->generated, c->invisible, t->e) == -1)
			break;
		copy->columns[k].version = c->version;
	}
	if (k < n->file[i]->count || table_set_key(copy, n->file[i]->key, n->file[i]->key_count, t->e) == -1) {
		table_free(copy);
		return NULL;
	}
	return copy;
}

/* Rows of that name are skipped until a statement names it. */
static struct definition *
ignore(struct tail *t, const char *db, const char *name)
{
	struct table *none = table_new(db, name, t->e);

	return none == NULL ? NULL : keep(t, none, "log");
}

/* Its rows are skipped, as a sequence's are, until a statement that names it gives it a definition that can be known. */
static struct definition *
leave_out(struct tail *t, const struct table_map *m)
{
	struct definition *d = ignore(t, m->db, m->name);

	if (d == NULL)
		return NULL;
	d->announced = 1;	/* the warning is enough */
	log_warn("rows are left out, as the names of their columns are not known any more table=%s.%s file=%s offset=%" PRIu64,
	    m->db, m->name, t->at.pos.file, t->at.pos.offset);
	t->group.lines = true;
	return query_put_stale(t, m->db, m->name, "rows whose columns' names are not known any more are left out",
	    &t->at.pos) == -1 ? NULL : d;
}

static struct definition *
from_server(struct tail *t, const struct table_map *m)
{
	struct table *table;
	int rc;

	if (t->names.server == NULL) {
		event_error(t, "table %s.%s: its columns are not known: %s, and neither the schema history nor a file "
		    "tells (--state, --schema)", m->db, m->name, t->names.lack);
		return NULL;
	}
	rc = server_define(t->names.server, m->db, m->name, &t->at.pos, t->names.lack, &table, t->e);
	if (rc == 1 && t->o->leave_out) {
		t->e->rc = RC_OK;
		return leave_out(t, m);
	}
	if (rc != 0) {
		event_at(t);
		return NULL;
	}
	return keep(t, table, "server");
}

int
names_sequence(struct tail *t, const char *db, const char *name)
{
	return ignore(t, db, name) == NULL ? -1 : 0;
}

static bool
is_anonymous(const struct definition *d)
{
	return strcmp(d->from, ANONYMOUS) == 0;
}

/* --anonymous: the last resort, made anew for each table map. */
static struct definition *
from_nothing(struct tail *t, const struct table_map *m)
{
	struct table *table = described_anonymous(m, t->mariadb, t->e);

	if (table != NULL)
		return keep(t, table, ANONYMOUS);
	event_at(t);
	return NULL;
}

static struct definition *
from_server_or_nothing(struct tail *t, const struct table_map *m, bool asked)
{
	struct definition *d = NULL;

	if (!t->o->anonymous)
		return from_server(t, m);
	if (t->names.server != NULL && !asked && ((d = from_server(t, m)) != NULL || t->e->rc != RC_FAIL))
		return d;
	return from_nothing(t, m);
}

/* What the event tells, if that is all there is to know. NULL with t->e->rc == RC_OK: it is not; t->names.lack says why. */
static struct definition *
from_event(struct tail *t, const struct table_map *m)
{
	struct table *table = described_table(m, t->mariadb, t->e);
	struct doubt doubt;

	if (table != NULL && (!t->mariadb || !doubt_find(table, t->at.format.version, &doubt)))
		return keep(t, table, "event");
	if (table == NULL)
		strlcpy(t->names.lack, "the event does not name them, as with binlog_row_metadata=FULL it would",
		    sizeof(t->names.lack));
	else
		snprintf(t->names.lack, sizeof(t->names.lack), "%s%s may be %s, which MariaDB's events do not tell",
		    doubt.column == NULL ? "" : "column ", doubt.column == NULL ? "it" : doubt.column, doubt.may_be);
	table_free(table);
	if (t->e->rc != RC_OK)
		event_at(t);
	return NULL;
}

static struct definition *
look_up(struct tail *t, const struct table_map *m)
{
	struct definition *d = names_find(&t->names, m->db, m->name), *told;
	struct table *table;
	bool asked;

	if (d != NULL && d->ignored)
		return d;
	if ((told = from_event(t, m)) != NULL || t->e->rc != RC_OK)
		return told;
	if (d != NULL && !is_anonymous(d))
		return d;
	asked = d != NULL;
	if ((table = from_history(t, m->db, m->name)) != NULL)
		return keep(t, table, "history");
	if (t->e->rc != RC_OK) {
		error_at(t->e, "schema history");
		return NULL;
	}
	if ((table = from_file(t, m)) != NULL)
		return keep(t, table, "file");
	return t->e->rc == RC_OK ? from_server_or_nothing(t, m, asked) : NULL;
}

/* Every column of the table map against the definition: names are never put on other columns than their own. */
static int
fit(struct tail *t, const struct table_map *m, const struct definition *d)
{
	const struct table *table = d->table;
	char text[CELL_TEXT];
	const char *why;
	size_t i = 0;

	if (m->count != table->count)
		return event_error(t, "table %s.%s: the definition (from: %s) has %zu columns, the table map %zu", m->db,
		    m->name, d->from, table->count, m->count);
	for (i = 0, why = NULL; i < m->count && why == NULL; i++)
		why = cell_misfit(&m->cells[i], &table->columns[i], text);
	if (why != NULL)
		i--;
	else
		why = described_misfit(m, table, &i);
	if (why != NULL)
		return event_error(t, "table %s.%s, column %zu: the definition (from: %s) says %s %s%s, the table map %s",
		    m->db, m->name, i + 1, d->from, table->columns[i].name, table->columns[i].type,
		    table->columns[i].nullable ? "" : " not null", why);
	return 0;
}

static int
check_readable(struct tail *t, const struct table_map *m, const struct table *table)
{
	const char *why;
	size_t i;

	for (i = 0; i < m->count; i++)
		if (!table->columns[i].hidden && (why = cell_unread(&m->cells[i])) != NULL)
			return event_error(t, "table %s.%s, column %s: %s: leave it out (--exclude-columns)", m->db,
			    m->name, table->columns[i].name, why);
	return 0;
}

int
names_resolve(struct tail *t, struct table_map *m)
{
	struct definition *d;
	size_t i;

	if (m->definition != NULL && m->names == t->names.generation)
		return 0;
	if ((d = look_up(t, m)) == NULL)
		return -1;
	if (d->ignored && d->announced == 0) {
		d->announced = 1;
		log_info("a sequence is no table: it is left out name=%s.%s", m->db, m->name);
	}
	if (!d->ignored && ((!is_anonymous(d) && fit(t, m, d) == -1) || check_readable(t, m, d->table) == -1))
		return -1;
	for (i = 0; i < m->count && !d->ignored; i++)
		cell_bind(&m->cells[i], &d->table->columns[i]);
	m->definition = d;
	m->names = t->names.generation;
	return 0;
}
