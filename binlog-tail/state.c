/* SPDX-License-Identifier: ISC */
/* The state directory's position.json. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/json.h"

#include "state.h"

#define MAX_POSITION_FILE (64 << 20)	/* bytes: m2e-state's own limit */

void
state_free(struct state *s)
{
	free(s->gtids);
	glob_free(&s->covered);
	memset(s, 0, sizeof(*s));
}

/* 1; 0: there is no such file. */
static int
read_file(const char *path, struct buf *b, struct error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;
	char *to;

	if (fd == -1)
		return errno == ENOENT ? 0 : error_set(e, RC_FAIL, "%s: %s", path, strerror(errno));
	while ((to = buf_room(b, 4096)) != NULL && (n = read(fd, to, 4096)) > 0)
		b->len += (size_t)n;
	close(fd);
	return to == NULL || n == -1 ? error_set(e, RC_FAIL, "%s: %s", path, strerror(errno)) : 1;
}

static int
take_text(const struct json *j, const char *member, char **text, struct error *e)
{
	int token = json_member(j, 0, member);

	*text = NULL;
	if (token == -1 || json_type(j, token) == JSON_NULL)
		return 0;
	if ((*text = json_strdup(j, token)) == NULL)
		return error_set(e, RC_FAIL, "%s is not a string", member);
	return 0;
}

static int
take_members(struct state *s, const struct json *j, struct error *e)
{
	int created = json_member(j, 0, "created"), epoch = json_member(j, 0, "epoch");
	char *pos, *server;
	uint64_t n;
	int rc = 0;

	if (take_text(j, "pos", &pos, e) == -1)
		return -1;
	if (pos == NULL)
		return error_set(e, RC_FAIL, "pos is missing");
	if ((rc = pos_parse(&s->pos, pos, e)) == -1)
		e->rc = RC_FAIL;
	free(pos);
	if (rc == -1 || take_text(j, "server", &server, e) == -1)
		return -1;
	if (server != NULL && strlcpy(s->server, server, sizeof(s->server)) >= sizeof(s->server))
		rc = error_set(e, RC_FAIL, "server is too long");
	free(server);
	if (rc == -1 || take_text(j, "gtids", &s->gtids, e) == -1)
		return -1;
	if (created != -1 && json_i64(j, created, &s->created) == -1)
		return error_set(e, RC_FAIL, "created is not a number");
	if (epoch != -1) {
		if (json_u64(j, epoch, &n) == -1 || n > MAX_EPOCH)
			return error_set(e, RC_FAIL, "epoch is not a number from 0 to %d", MAX_EPOCH);
		s->pos.epoch = (uint32_t)n;
	}
	return 0;
}

/* Table names are names here, not patterns. */
static int
put_escaped(struct buf *b, const char *name)
{
	for (; *name != '\0'; name++)
		if ((strchr("*?[\\", *name) != NULL && buf_putc(b, '\\') == -1) || buf_putc(b, *name) == -1)
			return -1;
	return 0;
}

static int
take_covered(struct state *s, const struct json *j, int name, struct error *e)
{
	char *table = json_strdup(j, name), *from = json_strdup(j, name + 1);
	struct buf b;
	int rc = -1;

	if (buf_init(&b, 1 << 16) == -1 || table == NULL || from == NULL || put_escaped(&b, table) == -1 ||
	    buf_putf(&b, "@%s", from) == -1 || buf_str(&b) == NULL)
		error_set(e, RC_FAIL, "tables: not table names with positions");
	else
		rc = glob_add(&s->covered, b.data, NULL, e);
	buf_free(&b);
	free(table);
	free(from);
	return rc;
}

static int
take_tables(struct state *s, const struct json *j, struct error *e)
{
	int tables = json_member(j, 0, "tables"), t, rc = 0;

	if (tables == -1)
		return 0;
	for (t = json_first(j, tables); t != -1 && rc == 0; t = json_next(j, t))
		rc = take_covered(s, j, t, e);
	return rc;
}

int
state_load(struct state *s, const char *dir, struct error *e)
{
	struct json j = { 0 };
	char path[4096];
	struct buf b;
	int rc;

	memset(s, 0, sizeof(*s));
	if (snprintf(path, sizeof(path), "%s/position.json", dir) >= (int)sizeof(path))
		return error_set(e, RC_FAIL, "%s: too long a name", dir);
	if (buf_init(&b, MAX_POSITION_FILE) == -1)
		return error_set(e, RC_TEMP, "%s: %s", path, strerror(errno));
	if ((rc = read_file(path, &b, e)) == 1) {
		if ((rc = json_parse(&j, b.data, b.len, e)) == 0 &&
		    ((rc = take_members(s, &j, e)) == -1 || (rc = take_tables(s, &j, e)) == -1))
			state_free(s);
		if (rc == -1)
			error_at(e, "%s", path);
	}
	json_free(&j);
	buf_free(&b);
	return rc;
}
