/* SPDX-License-Identifier: ISC */
/* The lines of a load. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "lib/json.h"
#include "lib/log.h"
#include "lib/retry.h"
#include "lib/shape.h"

#include "load.h"
#include "work.h"

int
load_init(struct load *l, int fd, const char *resume, struct error *e)
{
	char *end;

	l->values.bad_bytes = &l->bad_bytes;
	l->sent_ms = now_ms();
	if (output_init(&l->out, fd, MAX_EVENT_LINE, e) == -1)
		return -1;
	if (resume == NULL)
		return 0;
	l->resume.pending = true;
	errno = 0;
	l->resume.offset = strtoull(resume, &end, 10);
	if (errno == 0 && end != resume && *end == '-' && strlen(end) == 9) {
		l->resume.crc = (uint32_t)strtoul(end + 1, &end, 16);
		if (*end == '\0')
			return 0;
	}
	return error_set(e, RC_USAGE, "--resume %s: not a token of a progress line", resume);
}

void
load_free(struct load *l)
{
	while (l->count > 0) {
		table_free(l->all[--l->count]->table);
		free(l->all[l->count]);
	}
	free(l->all);
	free(l->gtids);
	output_free(&l->out);
}

/* The servers' own databases, which a dump of all databases has, go nowhere unless they are named. */
static bool
is_system(const char *db)
{
	static const char *const names[] = { "mysql", "sys", "information_schema", "performance_schema" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(db, names[i]) == 0)
			return true;
	return false;
}

bool
load_wants(const struct load *l, const char *db, const char *table)
{
	return (l->tables->count == 0 ? !is_system(db) : glob_find(l->tables, db, table) != NULL) &&
	    glob_find(l->exclude, db, table) == NULL;
}

struct load_table *
load_find(const struct load *l, const char *db, const char *table)
{
	size_t i;

	/* the newest first: dumps have a table's rows behind its definition */
	for (i = l->count; i-- > 0;)
		if (strcmp(l->all[i]->table->name, table) == 0 && strcmp(l->all[i]->table->db, db) == 0)
			return l->all[i];
	return NULL;
}

static int
no_memory(struct error *e, const char *what)
{
	return error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "%s: %s", what, strerror(errno));
}

struct load_table *
load_define(struct load *l, struct table *t, struct error *e)
{
	struct load_table *known = load_find(l, t->db, t->name), **grown;

	if (known != NULL && known->fixed) {
		table_free(t);
		return known;
	}
	if (known == NULL) {
		known = calloc(1, sizeof(*known));
		grown = reallocarray(l->all, l->count + 1, sizeof(*grown));
		if (grown != NULL)
			l->all = grown;
		if (grown == NULL || known == NULL) {
			free(known);
			table_free(t);
			no_memory(e, "tables");
			return NULL;
		}
		l->all[l->count++] = known;
	} else if (l->open == known && load_open(l, NULL, e) == -1) {
		table_free(t);
		return NULL;
	}
	table_free(known->table);
	*known = (struct load_table){ .table = t };
	return known;
}

static int
line_end(struct load *l, int rc, struct error *e)
{
	return rc == -1 ? no_memory(e, "output") : output_line_end(&l->out, e);
}

static int
put_source(struct load *l, struct error *e)
{
	if (l->source_sent)
		return 0;
	l->source_sent = true;
	return line_end(l, event_put_source(&l->out.buf, &l->source), e);
}

static int
check_pos(struct load *l, struct error *e)
{
	if (pos_is_set(&l->pos))
		return 0;
	if (l->require_pos)
		return error_set(e, RC_FAIL, "the dump has no position (--master-data, --source-data), and --pos gives none");
	if (!l->told_pos)
		log_warn("the dump has no position: its rows go without one and never replace what a stream has written");
	l->told_pos = true;
	return 0;
}

int
load_begin(struct load *l, struct error *e)
{
	return check_pos(l, e) == -1 ? -1 : put_source(l, e);
}

int
load_schema(struct load *l, struct load_table *t, struct error *e)
{
	if (t->schema_sent)
		return 0;
	if (load_begin(l, e) == -1)
		return -1;
	t->schema_sent = true;
	if (shape_table(t->table, &l->values, e) == -1)
		return -1;
	if (t->table->key_count == 0)
		log_warn("table has no key that tells its rows apart: it cannot be kept in step table=%s.%s",
		    t->table->db, t->table->name);
	return line_end(l, table_put_schema(&l->out.buf, t->table, "dump", &l->pos), e);
}

int
load_put_head(struct buf *b, const char *op, const struct load_table *t, uint64_t rows)
{
	if (buf_putf(b, "{\"op\":\"%s\",", op) == -1 || buf_add(b, t->table->label, t->table->label_len) == -1)
		return -1;
	return buf_putf(b, ",\"rows\":%" PRIu64, rows);
}

static int
done_line(struct buf *b, const struct load_table *t, const struct pos *pos, const char *gtids)
{
	if (load_put_head(b, "done", t, t->rows) == -1)
		return -1;
	if (pos_is_set(pos) && (buf_puts(b, ",\"pos\":\"") == -1 || pos_put(b, pos) == -1 || buf_putc(b, '"') == -1))
		return -1;
	if (gtids != NULL && (buf_puts(b, ",\"gtids\":") == -1 || json_put_str(b, gtids) == -1))
		return -1;
	return buf_puts(b, "}\n");
}

int
load_done(struct load *l, struct load_table *t, struct error *e)
{
	t->done = true;
	l->last.table = NULL;
	if (t->filtered) {	/* a load that is done may sweep away what it did not bring */
		log_warn("the dump has a part of the table's rows (--where): not done table=%s.%s", t->table->db,
		    t->table->name);
		return 0;
	}
	log_info("table complete table=%s.%s rows=%" PRIu64, t->table->db, t->table->name, t->rows);
	if (l->resume.pending)
		return 0;	/* its lines went out, and were acknowledged, before the resume point */
	if (load_schema(l, t, e) == -1)
		return -1;
	return line_end(l, done_line(&l->out.buf, t, &l->pos, l->gtids), e);
}

int
load_open(struct load *l, struct load_table *t, struct error *e)
{
	struct load_table *before = l->open;

	l->open = t;
	if (l->work != NULL)
		return 0;
	if (before != NULL && before != t && !before->done && load_done(l, before, e) == -1)
		return -1;
	if (t != NULL && t->done) {
		log_warn("rows of a table come in parts: its done line came too early table=%s.%s", t->table->db,
		    t->table->name);
		t->done = false;
	}
	if (t != NULL)
		t->begun = true;
	return 0;
}

uint32_t
load_mark(const char *text, size_t n)
{
	return (uint32_t)crc32(0, (const Bytef *)text, (uInt)(n < MARK_BYTES ? n : MARK_BYTES));
}

static int
put_progress(struct load *l, const struct load_table *t, uint64_t offset, uint32_t crc, struct error *e)
{
	struct buf *b = &l->out.buf;

	l->sent_until = offset;
	l->sent_ms = now_ms();
	l->last.table = NULL;
	if (load_put_head(b, "progress", t, t->rows) == -1)
		return no_memory(e, "output");
	return line_end(l, buf_putf(b, ",\"resume\":\"%" PRIu64 "-%08" PRIx32 "\"}\n", offset, crc), e);
}

/* Whether the row at offset is where to go on. */
static int
look_for_resume(struct load *l, uint64_t offset, const char *text, size_t n, struct error *e)
{
	if (offset < l->resume.offset)
		return 0;
	if (offset > l->resume.offset || load_mark(text, n) != l->resume.crc)
		return error_set(e, RC_POSITION, "--resume: this is another dump than the one that was begun");
	l->resume.pending = false;
	l->sent_until = offset;
	log_info("going on where the load stopped byte=%" PRIu64, offset);
	return 1;
}

/* The clock is asked for every 64th row only. */
static bool
progress_is_due(const struct load *l, uint64_t offset)
{
	return offset - l->sent_until >= PROGRESS_BYTES ||
	    (l->rows % 64 == 63 && now_ms() - l->sent_ms >= PROGRESS_MS);
}

int
load_row(struct load *l, struct load_table *t, uint64_t offset, const char *text, size_t n, struct error *e)
{
	int rc;

	l->bad_before = l->bad_bytes;
	if (l->work != NULL)
		return work_row(l->work, offset, text, n, e);
	if (l->resume.pending && (rc = look_for_resume(l, offset, text, n, e)) != 1) {
		t->rows++;
		return rc;
	}
	if (!t->schema_sent && load_schema(l, t, e) == -1)
		return -1;
	if (progress_is_due(l, offset) && put_progress(l, t, offset, load_mark(text, n), e) == -1)
		return -1;
	if (l->waits) {
		l->last.table = t;
		l->last.offset = offset;
		l->last.n = n < MARK_BYTES ? n : MARK_BYTES;
		memcpy(l->last.text, text, l->last.n);
	}
	t->rows++;
	return 1;
}

int
load_put(struct load *l, const struct load_table *t, const struct value *values, struct error *e)
{
	const struct row_event r = { .op = "snapshot", .table = t->table, .row = values, .key = values, .pos = &l->pos,
	    .generated_absent = true };
	size_t was = l->out.buf.len;
	int end = table_row_end(t->table);

	if (end != -1 && values[end].type != VALUE_ABSENT && !value_is_forever(&values[end]))
		return 0;	/* --dump-history: it is no more */
	l->rows++;
	if (event_put_row(&l->out.buf, &r, &l->values, e) == -1)
		return -1;
	if (l->strict && l->bad_bytes > l->bad_before) {
		l->out.buf.len = was;
		return error_set(e, RC_FAIL, "%s.%s: bytes that their character set does not have (--strict)",
		    t->table->db, t->table->name);
	}
	stats_count(&l->stats, t->table->db, t->table->name, 1, l->out.buf.len - was);
	return l->work != NULL ? 0 : output_line_end(&l->out, e);
}

int
load_end(struct load *l, struct error *e)
{
	size_t i;

	if (load_open(l, NULL, e) == -1)
		return -1;
	for (i = 0; i < l->count; i++)
		if (!l->all[i]->begun && !l->all[i]->fixed && !l->all[i]->skipped)
			log_warn("the dump defines a table and shows no sign of its rows: not done table=%s.%s",
			    l->all[i]->table->db, l->all[i]->table->name);
	if (l->resume.pending)
		return error_set(e, RC_POSITION, "--resume: the dump ends before byte %" PRIu64, l->resume.offset);
	return put_source(l, e) == -1 ? -1 : load_flush(l, e);
}

int
load_flush(void *arg, struct error *e)
{
	struct load *l = arg;

	return output_flush(&l->out, e);
}

int
load_wait(void *arg, struct error *e)
{
	struct load *l = arg;

	/* the next row is not known: what goes on with the last one repeats it */
	if (l->last.table != NULL && now_ms() - l->sent_ms >= PROGRESS_MS &&
	    put_progress(l, l->last.table, l->last.offset, load_mark(l->last.text, l->last.n), e) == -1)
		return -1;
	return output_flush(&l->out, e);
}
