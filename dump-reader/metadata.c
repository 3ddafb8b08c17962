/* SPDX-License-Identifier: ISC */
/* mydumper's metadata. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/line.h"
#include "lib/sql.h"

#include "metadata.h"

#define MAX_METADATA_LINE ((size_t)4 << 20)	/* bytes: GTID sets of many servers are long */

enum section { SECTION_OTHER, SECTION_SOURCE, SECTION_TABLE };

struct reader {
	struct metadata *m;
	enum section section;
	char *db, *table;	/* of the section, until its rows are known */
};

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "metadata: %s", strerror(errno));
}

void
metadata_free(struct metadata *m)
{
	while (m->count > 0) {
		free(m->tables[--m->count].db);
		free(m->tables[m->count].table);
	}
	free(m->tables);
	free(m->gtids);
	memset(m, 0, sizeof(*m));
}

const struct metadata_table *
metadata_find(const struct metadata *m, const char *db, const char *table)
{
	size_t i;

	for (i = 0; i < m->count; i++)
		if (strcmp(m->tables[i].db, db) == 0 && strcmp(m->tables[i].table, table) == 0)
			return &m->tables[i];
	return NULL;
}

static bool
begins(const char *text, const char *with)
{
	return strncasecmp(text, with, strlen(with)) == 0;
}

/* [`db`.`table`], [source], [master]; those of replicas say where they read, which is another server's position. */
static int
on_section(struct reader *r, const char *line, struct error *e)
{
	struct sql_token db, table;
	struct sql s;

	free(r->db);
	free(r->table);
	r->db = r->table = NULL;
	r->section = begins(line, "[source]") || begins(line, "[master]") ? SECTION_SOURCE : SECTION_OTHER;
	sql_init(&s, line + 1, strlen(line + 1));
	s.ansi_quotes = true;
	db = sql_next(&s);
	if (db.type != SQL_NAME || !sql_take_mark(&s, '.'))
		return 0;
	table = sql_next(&s);
	if (table.type != SQL_NAME)
		return 0;
	r->section = SECTION_TABLE;
	r->db = sql_strdup(&db);
	r->table = sql_strdup(&table);
	return r->db == NULL || r->table == NULL ? no_memory(e) : 0;
}

/* GTID sets of several lines are one. */
static int
add_gtids(struct metadata *m, const char *text, struct error *e)
{
	size_t had = m->gtids == NULL ? 0 : strlen(m->gtids);
	char *grown = realloc(m->gtids, had + strlen(text) + 1), *to;

	if (grown == NULL)
		return no_memory(e);
	m->gtids = grown;
	for (to = grown + had; *text != '\0'; text++)
		if (!isspace((unsigned char)*text))
			*to++ = *text;
	*to = '\0';
	return 0;
}

static int
on_source(struct reader *r, const char *key, const char *value, struct error *e)
{
	struct pos *pos = &r->m->pos;

	if (strcasecmp(key, "Log") == 0 || strcasecmp(key, "File") == 0 || strcasecmp(key, "SOURCE_LOG_FILE") == 0) {
		if (strlcpy(pos->file, value, sizeof(pos->file)) >= sizeof(pos->file))
			return error_set(e, RC_FAIL, "the binary log's name is too long: %s", value);
	} else if (strcasecmp(key, "Pos") == 0 || strcasecmp(key, "Position") == 0 ||
	    strcasecmp(key, "SOURCE_LOG_POS") == 0) {
		pos->offset = strtoull(value, NULL, 10);
	} else if (strcasecmp(key, "GTID") == 0 || strcasecmp(key, "Executed_Gtid_Set") == 0) {
		free(r->m->gtids);
		r->m->gtids = NULL;
		return *value == '\0' ? 0 : add_gtids(r->m, value, e);
	}
	return 0;
}

static int
on_table(struct reader *r, const char *key, const char *value, struct error *e)
{
	struct metadata_table *grown;
	char *name;

	if (strcasecmp(key, "real_table_name") == 0) {
		if ((name = strdup(value)) == NULL)
			return no_memory(e);
		free(r->table);
		r->table = name;
	} else if (strcasecmp(key, "rows") == 0 && r->table != NULL) {
		grown = reallocarray(r->m->tables, r->m->count + 1, sizeof(*grown));
		if (grown == NULL)
			return no_memory(e);
		r->m->tables = grown;
		grown[r->m->count++] = (struct metadata_table){ .db = r->db, .table = r->table,
		    .rows = strtoull(value, NULL, 10) };
		r->db = r->table = NULL;
		r->section = SECTION_OTHER;
	}
	return 0;
}

/* Splits `key: value` or `key = value`, "quotes" taken off. */
static char *
split(char *line, const char *at)
{
	char *value = line + (at - line), *end;

	*value++ = '\0';
	for (end = line + strlen(line); end > line && isspace((unsigned char)end[-1]); )
		*--end = '\0';
	while (isspace((unsigned char)*value))
		value++;
	for (end = value + strlen(value); end > value && isspace((unsigned char)end[-1]); )
		*--end = '\0';
	if (end - value >= 2 && *value == '"' && end[-1] == '"') {
		end[-1] = '\0';
		value++;
	}
	return value;
}

/* A line, as a C string; what stands in comments counts too: mydumper comments a position out where it has GTIDs. */
static int
on_line(struct reader *r, char *line, struct error *e)
{
	const char *mark;
	char *value;

	if (r->section == SECTION_SOURCE && r->m->gtids != NULL && *r->m->gtids != '\0' &&
	    r->m->gtids[strlen(r->m->gtids) - 1] == ',')
		return add_gtids(r->m, line, e);
	while (isspace((unsigned char)*line) || *line == '#')
		line++;
	if (begins(line, "Finished dump at:"))
		r->m->finished = true;
	if (begins(line, "SHOW "))
		r->section = begins(line, "SHOW MASTER STATUS") || begins(line, "SHOW BINARY LOG STATUS") ? SECTION_SOURCE :
		    SECTION_OTHER;
	if (*line == '[')
		return on_section(r, line, e);
	if (r->section == SECTION_OTHER || (mark = strpbrk(line, ":=")) == NULL)
		return 0;
	value = split(line, mark);
	return r->section == SECTION_SOURCE ? on_source(r, line, value, e) : on_table(r, line, value, e);
}

int
metadata_read(struct metadata *m, int fd, const char *name, struct error *e)
{
	struct reader r = { .m = m };
	struct line_reader lines;
	char *line, *copy;
	size_t n;
	int rc;

	memset(m, 0, sizeof(*m));
	if (line_init(&lines, fd, MAX_METADATA_LINE, e) == -1)
		return -1;
	while ((rc = line_read(&lines, &line, &n, e)) == 1) {
		if ((copy = strndup(line, n)) == NULL)
			rc = no_memory(e);
		else
			rc = on_line(&r, copy, e);
		free(copy);
		if (rc == -1)
			break;
	}
	line_free(&lines);
	free(r.db);
	free(r.table);
	if (m->pos.offset == 0)
		m->pos.file[0] = '\0';
	return rc == -1 ? error_at(e, "%s", name) : 0;
}
