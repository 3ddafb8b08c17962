/* SPDX-License-Identifier: ISC */
/* The main stream's position. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "position.h"

static const struct member members[] = {
	{ "epoch", MEMBER_COUNT },
	{ "server", MEMBER_TEXT },
	{ "pos", MEMBER_POS },
	{ "created", MEMBER_TIME },
	{ "gtids", MEMBER_TEXT },
	{ "ts", MEMBER_TIME },
	{ NULL }
};

static int
parse_cover(struct position *p, const struct json *j, int t, struct error *e)
{
	struct error ignored;
	char *table = json_strdup(j, t), *text = json_strdup(j, t + 1);
	struct pos from;
	int rc;

	if (table == NULL || text == NULL || pos_parse(&from, text, &ignored) == -1)
		rc = error_set(e, RC_FAIL, "tables: %s must have a position", table != NULL ? table : "one");
	else
		rc = position_cover(p, table, &from, e);
	free(table);
	free(text);
	return rc;
}

static int
parse_covers(struct position *p, const struct json *j, int object, struct error *e)
{
	int t;

	if (object == -1)
		return 0;
	if (json_type(j, object) != JSON_OBJECT)
		return error_set(e, RC_FAIL, "tables must be an object");
	for (t = json_first(j, object); t != -1; t = json_next(j, t))
		if (parse_cover(p, j, t, e) == -1)
			return -1;
	return 0;
}

/* What has to be there, and agree, before anybody may resume from it. */
static int
check_whole(const struct position *p, struct error *e)
{
	const char *epoch = record_get(&p->r, "epoch");
	struct pos pos;

	if (!record_pos(&p->r, "pos", &pos))
		return error_set(e, RC_FAIL, "pos is missing");
	if (epoch == NULL || strtoull(epoch, NULL, 10) != pos.epoch)
		return error_set(e, RC_FAIL, "epoch and pos do not agree");
	return 0;
}

int
position_load(struct position *p, const struct store *store, struct error *e)
{
	struct json j = { 0 };
	struct buf b;
	int rc;

	*p = (struct position){ 0 };
	record_init(&p->r, members);
	if (buf_init(&b, MAX_STATE_FILE) == -1)
		return error_set(e, RC_TEMP, POSITION_FILE ": %s", strerror(errno));
	if ((rc = store_read(store, POSITION_FILE, &b, e)) == 1 &&
	    (json_parse(&j, b.data, b.len, e) == -1 || record_parse(&p->r, &j, 0, "tables", e) == -1 ||
	    parse_covers(p, &j, json_member(&j, 0, "tables"), e) == -1 || check_whole(p, e) == -1)) {
		rc = error_at(e, "%s/" POSITION_FILE, store->path);
		position_free(p);
	}
	json_free(&j);
	buf_free(&b);
	return rc;
}

static int
put_covers(struct buf *b, const struct position *p)
{
	char text[POS_TEXT];
	size_t i;

	for (i = 0; i < p->count; i++) {
		if ((i > 0 && buf_putc(b, ',') == -1) || json_put_str(b, p->covers[i].table) == -1 ||
		    buf_putc(b, ':') == -1 || json_put_str(b, pos_text(&p->covers[i].from, text)) == -1)
			return -1;
	}
	return 0;
}

int
position_write(const struct position *p, const struct store *store, struct error *e)
{
	struct buf b;
	int rc = -1;

	if (buf_init(&b, MAX_STATE_FILE) == -1 || buf_putc(&b, '{') == -1 || record_put(&b, &p->r) == -1 ||
	    buf_puts(&b, ",\"tables\":{") == -1 || put_covers(&b, p) == -1 || buf_puts(&b, "}}\n") == -1)
		error_set(e, RC_FAIL, POSITION_FILE ": %s", strerror(errno));
	else
		rc = store_write(store, POSITION_FILE, &b, e);
	buf_free(&b);
	return rc;
}

void
position_free(struct position *p)
{
	record_free(&p->r);
	while (p->count > 0)
		free(p->covers[--p->count].table);
	free(p->covers);
	p->covers = NULL;
}

/* Members that this kind of record has not are left out: a table's file keeps no GTID set. */
static int
set_if_any(struct record *r, const char *name, const char *value, struct error *e)
{
	const struct member *m;

	for (m = r->members; m->name != NULL; m++)
		if (strcmp(m->name, name) == 0)
			return record_set(r, name, value, e);
	return 0;
}

int
point_set(struct record *r, const struct point *to, struct error *e)
{
	char epoch[16];

	snprintf(epoch, sizeof(epoch), "%" PRIu32, to->pos.epoch);
	if (record_set_pos(r, "pos", &to->pos, e) == -1 || record_set(r, "epoch", epoch, e) == -1 ||
	    record_set(r, "server", to->server, e) == -1 || record_set(r, "created", to->created, e) == -1 ||
	    set_if_any(r, "gtids", to->gtids, e) == -1 || set_if_any(r, "ts", to->ts, e) == -1) {
		e->rc = RC_FAIL;	/* a line's fault, not the command's */
		return -1;
	}
	return 0;
}

static bool
differ(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) != 0;
}

int
point_advance(struct record *r, const struct point *to, struct error *e)
{
	char here[POS_TEXT], there[POS_TEXT];
	struct pos pos;

	if (!record_pos(r, "pos", &pos))
		return point_set(r, to, e);
	pos_text(&pos, here);
	pos_text(&to->pos, there);
	if (pos_cmp(&to->pos, &pos) < 0)
		return error_set(e, RC_FAIL, "position %s is before the stored %s", there, here);
	if (to->pos.epoch == pos.epoch) {
		if (differ(record_get(r, "server"), to->server))
			return error_set(e, RC_FAIL, "position %s is of server %s, the stored %s of server %s, "
			    "in the same epoch", there, to->server, here, record_get(r, "server"));
		if (!pos_same_basename(pos.file, to->pos.file) ||
		    (strcmp(pos.file, to->pos.file) == 0 && differ(record_get(r, "created"), to->created)))
			return error_set(e, RC_FAIL, "position %s is of another log than the stored %s, "
			    "in the same epoch", there, here);
	}
	return point_set(r, to, e);
}

struct cover *
position_find(const struct position *p, const char *table)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (strcmp(p->covers[i].table, table) == 0)
			return &p->covers[i];
	return NULL;
}

int
position_cover(struct position *p, const char *table, const struct pos *from, struct error *e)
{
	struct cover *c = position_find(p, table);

	if (c != NULL) {
		if (pos_cmp(&c->from, from) < 0)
			c->from = *from;
		return 0;
	}
	if ((c = reallocarray(p->covers, p->count + 1, sizeof(*c))) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	p->covers = c;
	c += p->count;
	if ((c->table = strdup(table)) == NULL)
		return error_set(e, RC_TEMP, "tables: %s", strerror(errno));
	c->from = *from;
	p->count++;
	return 0;
}

void
position_uncover(struct position *p, struct cover *c)
{
	free(c->table);
	p->count--;
	memmove(c, c + 1, (size_t)(p->covers + p->count - c) * sizeof(*c));
}

/* What was known about the old place is not known about another one. */
static int
forget_place(struct record *r, const struct pos *was, const struct pos *now, struct error *e)
{
	if (pos_cmp(was, now) == 0 && strcmp(was->file, now->file) == 0)
		return 0;
	if (record_set(r, "gtids", NULL, e) == -1 || record_set(r, "ts", NULL, e) == -1)
		return -1;
	if (was->epoch != now->epoch && record_set(r, "server", NULL, e) == -1)
		return -1;
	return was->epoch == now->epoch && strcmp(was->file, now->file) == 0 ? 0 :
	    record_set(r, "created", NULL, e);
}

static int
assign(struct position *p, const struct pos *was, const struct pos *now, char *const args[], struct error *e)
{
	char epoch[16];
	size_t i;

	if (pos_is_set(was) && forget_place(&p->r, was, now, e) == -1)
		return -1;
	snprintf(epoch, sizeof(epoch), "%" PRIu32, now->epoch);
	if (record_set_pos(&p->r, "pos", now, e) == -1 || record_set(&p->r, "epoch", epoch, e) == -1)
		return -1;
	for (i = 1; args[i] != NULL; i++) {
		if (strncmp(args[i], "pos=", 4) == 0 || strncmp(args[i], "epoch=", 6) == 0)
			return error_set(e, RC_USAGE, "POS itself gives epoch and place: %s", args[i]);
		if (record_assign(&p->r, args[i], e) == -1)
			return -1;
	}
	return 0;
}

int
position_assign(const struct store *store, char *const args[], struct error *e)
{
	char here[POS_TEXT] = "none", there[POS_TEXT];
	struct pos was = { 0 }, now;
	struct position p;
	uint64_t version;
	int lock, rc = -1;

	if (pos_parse(&now, args[0], e) == -1 || pos_version(&now, &version, e) == -1 ||
	    (lock = store_lock(store, POSITION_FILE, 0, e)) == -1)
		return -1;
	if (position_load(&p, store, e) != -1) {
		if (record_pos(&p.r, "pos", &was))
			pos_text(&was, here);
		if (assign(&p, &was, &now, args, e) == 0 && (rc = position_write(&p, store, e)) == 0)
			log_info("position set%s from=%s to=%s",
			    pos_is_set(&was) && pos_cmp(&now, &was) < 0 ? " back" : "", here, pos_text(&now, there));
		position_free(&p);
	}
	close(lock);
	return rc;
}
