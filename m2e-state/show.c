/* SPDX-License-Identifier: ISC */
/* Printing the state. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dead.h"
#include "position.h"
#include "show.h"
#include "state.h"
#include "table.h"

static int
print_member(const struct record *r, const char *what, const char *member, struct error *e)
{
	const struct member *m = r->members;
	const char *value;

	while (m->name != NULL && strcmp(m->name, member) != 0)
		m++;
	if (m->name == NULL)
		return error_set(e, RC_USAGE, "%s has no member %s", what, member);
	if ((value = record_get(r, member)) == NULL) {
		error_set(e, RC_FAIL, "%s: %s is not set", what, member);
		return 1;
	}
	puts(value);
	return 0;
}

int
show_position_member(const struct store *dir, const char *member, struct error *e)
{
	struct position p;
	int rc = position_load(&p, dir, e);

	if (rc == -1)
		return -1;
	if (rc == 0) {
		error_set(e, RC_FAIL, "no position is stored");
		rc = 1;
	} else {
		rc = print_member(&p.r, "the position", member != NULL ? member : "pos", e);
	}
	position_free(&p);
	return rc;
}

int
show_covered(const struct store *dir, struct error *e)
{
	char text[POS_TEXT];
	struct position p;
	size_t i;

	if (position_load(&p, dir, e) == -1)
		return -1;
	for (i = 0; i < p.count; i++)
		printf("%s\t%s\n", p.covers[i].table, pos_text(&p.covers[i].from, text));
	position_free(&p);
	return 0;
}

int
show_table_member(const struct store *tables, const char *dotted, const char *member, struct error *e)
{
	struct tabfile t;
	int rc = tabfile_load_named(&t, tables, dotted, e);

	if (rc == -1)
		return -1;
	if (rc == 0) {
		error_set(e, RC_FAIL, "table %s is not known", dotted);
		rc = 1;
	} else {
		rc = print_member(&t.r, dotted, member != NULL ? member : "status", e);
	}
	tabfile_free(&t);
	return rc;
}

int
show_tables(const struct store *tables, struct error *e)
{
	struct tabfile_list l;
	size_t i;

	if (tabfile_list(&l, tables, e) == -1)
		return -1;
	for (i = 0; i < l.count; i++)
		printf("%s.%s\t%s%s\n", record_get(&l.items[i].r, "db"), record_get(&l.items[i].r, "table"),
		    record_get(&l.items[i].r, "status"), record_get(&l.items[i].r, "added") != NULL ? "\tadded" : "");
	tabfile_list_free(&l);
	return 0;
}

static int
print_json(const struct state *s, struct error *e)
{
	struct buf b;
	int rc = -1;

	if (buf_init(&b, 2UL * MAX_STATE_FILE) == 0 && state_put_json(&b, s) == 0) {
		fwrite(b.data, 1, b.len, stdout);
		rc = 0;
	} else {
		error_set(e, RC_TEMP, "out of memory");
	}
	buf_free(&b);
	return rc;
}

#define NAME_ROOM 1024		/* two names of 64 characters, and more */

enum { COLUMN_TABLE, COLUMN_STATUS, COLUMN_ROWS, COLUMN_S0, COLUMN_POS, COLUMN_WHY, COLUMNS };

/* A table in the stream is where the stream is; its own file says up to where it was loaded. */
static const char *
place(const struct state *s, const struct tabfile *t, const char *name, char *text)
{
	const struct cover *c = position_find(&s->position, name);
	struct pos main;

	if (c == NULL || !record_pos(&s->position.r, "pos", &main))
		return record_get(&t->r, "pos");
	return pos_text(pos_cmp(&main, &c->from) < 0 ? &c->from : &main, text);
}

static size_t
rows(const struct state *s)
{
	return s->tables.count + s->rebuilds.count;
}

/* name and text: room for what is put together. */
static const char *
cell(const struct state *s, size_t row, int column, char name[NAME_ROOM], char text[POS_TEXT])
{
	static const char *const members[COLUMNS] = { "table", "status", "rows", "s0", "pos", "why" };
	static const char *const titles[COLUMNS] = { "TABLE", "STATUS", "ROWS", "S0", "CAUGHT UP TO", "WHY" };
	const struct tabfile *t;
	const char *value;
	bool rebuild = row > s->tables.count;

	if (row == 0)
		return titles[column];
	t = rebuild ? &s->rebuilds.items[row - 1 - s->tables.count] : &s->tables.items[row - 1];
	snprintf(name, NAME_ROOM, "%s.%s%s", record_get(&t->r, "db"), record_get(&t->r, "table"),
	    rebuild ? " (rebuild)" : "");
	if (column == COLUMN_TABLE)
		return name;
	value = column == COLUMN_POS && !rebuild ? place(s, t, name, text) : record_get(&t->r, members[column]);
	return value != NULL ? value : "-";
}

/* Characters, not bytes, so that names in any script line up. */
static int
width(const char *s)
{
	int n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

/* A reason comes from a stream: what would move the cursor is shown as a question mark. */
static void
print_cell(const char *s)
{
	for (; *s != '\0'; s++)
		putchar((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s);
}

static void
print_table(const struct state *s)
{
	char name[NAME_ROOM], place_text[POS_TEXT];
	const char *text;
	int widths[COLUMNS] = { 0 }, column, pad;
	size_t row;

	for (row = 0; row <= rows(s); row++)
		for (column = 0; column < COLUMNS; column++)
			if ((pad = width(cell(s, row, column, name, place_text))) > widths[column])
				widths[column] = pad;
	for (row = 0; row <= rows(s); row++) {
		for (column = 0; column < COLUMNS; column++) {
			text = cell(s, row, column, name, place_text);
			pad = column == COLUMNS - 1 ? 0 : widths[column] - width(text);
			if (column == COLUMN_ROWS)
				printf("%*s", pad, "");
			print_cell(text);
			printf("%*s%s", column == COLUMN_ROWS ? 0 : pad, "", column == COLUMNS - 1 ? "\n" : "  ");
		}
	}
}

static void
print_text(const struct state *s)
{
	const struct record *r = &s->position.r;
	double lag = state_lag(s);

	if (!s->have_position) {
		puts("position: none stored yet");
	} else {
		printf("position: %s", record_get(r, "pos"));
		if (record_get(r, "server") != NULL)
			printf(" of server %s", record_get(r, "server"));
		if (record_get(r, "gtids") != NULL)
			printf(", GTIDs %s", record_get(r, "gtids"));
		putchar('\n');
	}
	if (lag >= 0)
		printf("lag: %.1f s\n", lag);
	printf("dead letters: %" PRIu64 "\n", s->dead);
	if (rows(s) > 0) {
		putchar('\n');
		print_table(s);
	}
}

int
show_all(const struct store *dir, const struct store *tables, bool json, struct error *e)
{
	struct state s = { 0 };
	int rc = 0;

	if (state_read(&s, dir, tables, e) == -1)
		return -1;
	if (json)
		rc = print_json(&s, e);
	else
		print_text(&s);
	state_free(&s);
	return rc;
}
