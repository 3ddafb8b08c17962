/* SPDX-License-Identifier: ISC */
/* es-bulk's rules for tables: the first line is the configuration's elastic.tables, the others are schema lines and rows.
 * Whatever they make of a row is an id, a routing and a document in valid JSON, under a name that an index can have. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "es-bulk/fields.h"
#include "es-bulk/shape.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

struct state {
	struct target_options o;
	struct target_list targets;
	struct change_reader reader;
	struct shape shape;
	struct located at;
	struct buf text;
};

static void
must_be_json(const char *text, size_t n)
{
	size_t at;

	if (json_check(text, n, &at) == -1)
		abort();
}

static void
take_schema(struct state *s, struct target *t, const struct change *c)
{
	struct error e;

	if (c->key.p == NULL || rule_check(t->rule, t->table, c->columns.p, c->columns.n, &e) == -1)
		return;
	if (target_define(t, c->key, c->columns, &e) == -1)
		abort();
	s->text.len = 0;
	if (buf_putc(&s->text, '{') == -1 || fields_put(&s->text, t, 0, NULL, &e) == -1 || buf_putc(&s->text, '}') == -1)
		return;
	must_be_json(s->text.data, s->text.len);
}

/* Has this side a place? */
static bool
take_side(struct state *s, enum side side)
{
	struct error e;

	if (shape_locate(&s->shape, &s->targets, &s->reader, side, &s->at, &e) != 1)
		return false;
	if (s->at.id_n > s->at.name.len || strpbrk(s->at.place->alias, "\\/*?\"<>| ,#:") != NULL)
		abort();
	must_be_json(s->at.name.data, s->at.id_n);
	s->text.len = 0;
	if (buf_puts(&s->text, "{\"_id\":") == -1 || buf_add(&s->text, s->at.name.data, s->at.name.len) == -1 ||
	    buf_putc(&s->text, '}') == -1)
		abort();
	must_be_json(s->text.data, s->text.len);
	return true;
}

static void
take_row(struct state *s, struct target *t, const struct change *c)
{
	struct error e;

	if (shape_read(&s->shape, t, c, &e) == -1)
		abort();
	shape_passes(&s->shape, &e);
	take_side(s, BEFORE);
	if (!take_side(s, AFTER) || c->row.p == NULL)
		return;
	s->text.len = 0;
	if (shape_put(&s->shape, &s->at, c->op == OP_DELETE, &s->text, &e) == 0)
		must_be_json(s->text.data, s->text.len);
}

static void
take_line(struct state *s, const char *line, size_t n)
{
	struct target *t;
	struct change c;
	struct error e;

	if (change_read(&s->reader, line, n, 1, &c, &e) == -1 || c.db.p == NULL || c.table.p == NULL ||
	    (t = target_find(&s->targets, &s->reader, &c, &e)) == NULL)
		return;
	if (c.op == OP_SCHEMA)
		take_schema(s, t, &c);
	else if (change_is_row(&c) && c.key.p != NULL)	/* as row_take has it */
		take_row(s, t, &c);
}

static void
begin(struct state *s)
{
	struct error e;

	if (template_parse(&s->o.index, "{db}.{table}", &e) == -1 || target_list_init(&s->targets, &s->o, &e) == -1 ||
	    change_reader_init(&s->reader, &e) == -1 || shape_init(&s->shape, &e) == -1 ||
	    buf_init(&s->at.name, 16 << 20) == -1 || buf_init(&s->text, 16 << 20) == -1)
		abort();
}

static void
end(struct state *s)
{
	target_list_free(&s->targets);
	change_reader_free(&s->reader);
	shape_free(&s->shape);
	buf_free(&s->at.name);
	buf_free(&s->text);
	template_free(&s->o.index);
	rules_free(&s->o.rules);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *last = p + size, *lf;
	struct state s = { 0 };
	struct error e;
	char *line;
	bool first = true;
	size_t n;

	for (; p < last; p += n + (lf != NULL), first = false) {
		lf = memchr(p, '\n', (size_t)(last - p));
		n = (size_t)((lf == NULL ? last : lf) - p);
		if ((line = strndup(p, n)) == NULL)
			abort();
		if (first && (strlen(line) == 0 || *line != '{' || rules_init(&s.o.rules, line, "input", &e) == -1)) {
			free(line);
			rules_free(&s.o.rules);
			return 0;
		}
		if (first)
			begin(&s);
		else if (strlen(line) == n)
			take_line(&s, line, n);
		free(line);
	}
	if (!first)
		end(&s);
	return 0;
}
