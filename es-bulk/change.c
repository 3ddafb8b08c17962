/* SPDX-License-Identifier: ISC */
/* The stream's lines. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "es-bulk/change.h"

#define MAX_HEAD 1024	/* bytes; longer ones are read anew each time */
#define MAX_TEXT (1 << 20)	/* a name is at most 64 characters, a position 280; a key's text may be longer */

static const char *const op_names[] = {
	"insert", "update", "delete", "snapshot", "source", "schema", "ddl", "truncate", "drop", "rename", "stale",
	"commit", "heartbeat", "progress", "done",
};

/* What is being read, and where. */
struct scan {
	const char *p, *end;
	const char *expected;	/* what did not stand at p */
	struct change *c;
	unsigned int seen;	/* bits by index into members */
};

static bool
fail(struct scan *s, const char *expected)
{
	s->expected = expected;
	return false;
}

static void
skip_space(struct scan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

static bool
take(struct scan *s, char c, const char *expected)
{
	skip_space(s);
	if (s->p == s->end || *s->p != c)
		return fail(s, expected);
	s->p++;
	return true;
}

/* Any value, checked; *v shows it as it stands. */
static bool
take_value(struct scan *s, struct slice *v)
{
	const char *end;

	skip_space(s);
	if ((end = json_skip(s->p, s->end, &s->p)) == NULL)
		return fail(s, "a JSON value");
	v->p = s->p;
	v->n = (size_t)(end - s->p);
	s->p = end;
	return true;
}

static bool
take_string(struct scan *s, struct slice *v)
{
	skip_space(s);
	if (s->p == s->end || *s->p != '"')
		return fail(s, "a string");
	if (!take_value(s, v))
		return false;
	v->p++;
	v->n -= 2;
	return true;
}

static bool
take_op(struct scan *s, void *to)
{
	const char *at;
	struct slice v;
	size_t i;

	skip_space(s);
	at = s->p;
	if (!take_string(s, &v))
		return false;
	for (i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (strlen(op_names[i]) == v.n && memcmp(op_names[i], v.p, v.n) == 0) {
			*(enum op *)to = (enum op)i;
			return true;
		}
	s->p = at;
	return fail(s, "an op that this version knows");
}

/* From here on: null counts as absent, since a filter that builds lines anew writes it so. */
static bool
take_null(struct scan *s)
{
	skip_space(s);
	if (s->end - s->p < 4 || memcmp(s->p, "null", 4) != 0)
		return false;
	s->p += 4;
	return true;
}

static bool
take_text(struct scan *s, void *to)
{
	return take_null(s) || take_string(s, to);
}

static bool
take_array(struct scan *s, void *to)
{
	if (take_null(s))
		return true;
	skip_space(s);
	return s->p < s->end && *s->p == '[' ? take_value(s, to) : fail(s, "an array");
}

static bool
take_key(struct scan *s, void *to)
{
	struct slice v, *key = to;
	const char *from;

	if (take_null(s))
		return true;
	if (!take(s, '[', "an array of strings"))
		return false;
	from = s->p - 1;
	do {
		if (!take_string(s, &v))
			return false;
		skip_space(s);
	} while (s->p < s->end && *s->p == ',' && s->p++);
	if (!take(s, ']', "] or , and a string"))
		return false;
	key->p = from;
	key->n = (size_t)(s->p - from);
	return true;
}

static bool
take_object(struct scan *s, void *to)
{
	if (take_null(s))
		return true;
	skip_space(s);
	return s->p < s->end && *s->p == '{' ? take_value(s, to) : fail(s, "an object");
}

static bool
take_flag(struct scan *s, void *to)
{
	struct slice v;

	if (take_null(s))
		return true;
	skip_space(s);
	if (s->p == s->end || (*s->p != 't' && *s->p != 'f'))
		return fail(s, "true or false");
	*(bool *)to = *s->p == 't';
	return take_value(s, &v);
}

static bool
take_number(struct scan *s, void *to)
{
	uint64_t *number = to;
	const char *at;
	struct slice v;
	size_t i;

	if (take_null(s))
		return true;
	skip_space(s);
	at = s->p;
	if (!take_value(s, &v))
		return false;
	for (i = 0, *number = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9' || *number > (UINT64_MAX - 9) / 10) {
			s->p = at;
			return fail(s, "a whole number");
		}
		*number = *number * 10 + (uint64_t)(v.p[i] - '0');
	}
	return true;
}

static bool
take_name(struct scan *s, void *to)
{
	const char *at;

	if (take_null(s))
		return true;
	skip_space(s);
	at = s->p;
	if (take_value(s, to) && (*at == '"' || *at == '-' || (*at >= '0' && *at <= '9')))
		return true;
	return s->expected != NULL ? false : fail(s, "a string or number");
}

/* In the order in which they come, so that each search begins where the last one ended. */
static const struct member {
	const char *name;
	size_t n;
	bool (*take)(struct scan *, void *);
	size_t at;
} members[] = {
#define MEMBER(name, field, take) { name, sizeof(name) - 1, take, offsetof(struct change, field) }
	MEMBER("op", op, take_op),
	MEMBER("db", db, take_text),
	MEMBER("table", table, take_text),
	MEMBER("key", key, take_key),
	MEMBER("old_key", old_key, take_key),
	MEMBER("pos", pos, take_text),
	MEMBER("partial", partial, take_flag),
	MEMBER("old", old, take_object),
	MEMBER("row", row, take_object),
	MEMBER("to_db", to_db, take_text),
	MEMBER("to_table", to_table, take_text),
	MEMBER("columns", columns, take_array),
	MEMBER("server", server, take_name),
	MEMBER("epoch", epoch, take_number),
#undef MEMBER
};
#define MEMBERS (sizeof(members) / sizeof(members[0]))

static size_t
member_index(struct slice name, size_t from)
{
	size_t i, at;

	for (i = 0; i < MEMBERS; i++) {
		at = from + i < MEMBERS ? from + i : from + i - MEMBERS;
		if (members[at].n == name.n && memcmp(members[at].name, name.p, name.n) == 0)
			return at;
	}
	return MEMBERS;
}

/* The member that stands at p and is what nearly every row has there, its name and colon passed; MEMBERS: another. */
static size_t
usual_member(struct scan *s)
{
	static const struct {
		char text[7];	/* "…": */
		uint8_t index;
	} usual[] = { { "\"key\":", 3 }, { "\"pos\":", 5 }, { "\"old\":", 7 }, { "\"row\":", 8 } };
	size_t i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]) && s->end - s->p > 6; i++)
		if (memcmp(s->p, usual[i].text, 6) == 0) {
			s->p += 6;
			return usual[i].index;
		}
	return MEMBERS;
}

/* The members from p on, up to the closing brace and the line's end. */
static bool
take_members(struct scan *s, size_t next)
{
	struct slice name, unknown;
	size_t i;

	do {
		const char *at = s->p;

		if ((i = usual_member(s)) == MEMBERS) {
			if (!take_string(s, &name) || !take(s, ':', ":"))
				return false;
			i = member_index(name, next);
		}
		if (i == MEMBERS) {
			if (!take_value(s, &unknown))
				return false;
		} else {
			if ((s->seen & 1U << i) != 0) {
				s->p = at;
				return fail(s, "a member that does not stand here twice");
			}
			s->seen |= 1U << i;
			if (!members[i].take(s, (char *)s->c + members[i].at))
				return false;
			next = i + 1 == MEMBERS ? 0 : i + 1;
		}
		skip_space(s);
	} while (s->p < s->end && *s->p == ',' && s->p++);
	if (!take(s, '}', "} or , and a member"))
		return false;
	skip_space(s);
	return s->p == s->end || fail(s, "the line's end");
}

/* Does the line begin as the last row's did? Then op, db and table are known. */
static bool
known_head(struct change_reader *r, struct scan *s)
{
	size_t n = r->head.len;

	if (n == 0 || (size_t)(s->end - s->p) <= n || s->p[n] != ',' || memcmp(s->p, r->head.data, n) != 0)
		return false;
	s->p += n + 1;
	s->seen = 7;	/* op, db, table */
	return true;
}

static void
take_head(const struct change_reader *r, struct change *c)
{
	c->op = r->known.op;
	c->db.p = c->line + (r->known.db.p - r->head.data);
	c->db.n = r->known.db.n;
	c->table.p = c->line + (r->known.table.p - r->head.data);
	c->table.n = r->known.table.n;
}

/* Keeps the head of a line whose table is the first thing behind op and db. */
static void
keep_head(struct change_reader *r, const struct change *c)
{
	const char *end = c->table.p + c->table.n + 1;
	size_t n = (size_t)(end - c->line);

	r->head.len = 0;
	if (n > MAX_HEAD || c->db.p > c->table.p || c->key.p < end || c->table.p > c->key.p ||
	    buf_add(&r->head, c->line, n) == -1)
		return;
	/* only if nothing else stands in it: three names, three values */
	if (n != strlen("{'op':'','db':'','table':''") + strlen(op_names[c->op]) + c->db.n + c->table.n) {
		r->head.len = 0;
		return;
	}
	r->known = *c;
	r->known.db.p = r->head.data + (c->db.p - c->line);
	r->known.table.p = r->head.data + (c->table.p - c->line);
}

#define MAX_SHOWN 40	/* bytes of a line in a message */

static int
line_error(const struct change *c, const struct scan *s, struct error *e)
{
	size_t at = (size_t)(s->p - c->line), left = c->len - at, i, n;
	char found[MAX_SHOWN + 1];

	for (n = left < MAX_SHOWN ? left : MAX_SHOWN, i = 0; i < n; i++)
		found[i] = s->p[i] >= ' ' && s->p[i] <= '~' ? s->p[i] : '?';
	found[n] = '\0';
	return error_set(e, RC_FAIL, "line %" PRIu64 ", byte %zu: expected %s, found %s", c->number, at + 1, s->expected,
	    left == 0 ? "the line's end" : found);
}

static int
missing(const struct change *c, const char *name, struct error *e)
{
	return error_set(e, RC_FAIL, "line %" PRIu64 ": %s without %s", c->number, op_names[c->op], name);
}

/* Positions of one file differ in their offset only. */
static int
read_version(struct change_reader *r, struct change *c, struct error *e)
{
	size_t n = c->pos.n;
	uint64_t offset = 0, scale = 1;
	struct pos pos;

	c->version = 1;
	if (c->pos.p == NULL)
		return 0;
	while (n > 0 && c->pos.p[n - 1] >= '0' && c->pos.p[n - 1] <= '9' && scale < 1000000000000ULL) {
		offset += (uint64_t)(c->pos.p[--n] - '0') * scale;
		scale *= 10;
	}
	if (n > 0 && n < c->pos.n && offset <= MAX_OFFSET && n == r->file.len &&
	    memcmp(r->file.data, c->pos.p, n) == 0) {
		c->version = r->base + offset;
		if (c->version < 2)
			c->version = 2;
		return 0;
	}
	r->text.len = r->file.len = 0;
	if (change_text(r, c->pos, &r->text, e) == -1)
		return -1;
	if (buf_str(&r->text) == NULL)
		return error_set(e, RC_TEMP, "position: %s", strerror(errno));
	if (pos_parse(&pos, r->text.data, e) == -1 || pos_version(&pos, &c->version, e) == -1) {
		e->rc = RC_FAIL;
		return error_at(e, "line %" PRIu64, c->number);
	}
	r->base = c->version - pos.offset;
	if (c->version == 2 || memchr(c->pos.p, '\\', c->pos.n) != NULL ||
	    buf_add(&r->file, c->pos.p, n) == -1)
		r->file.len = 0;
	return 0;
}

static int
check_row(const struct change *c, struct error *e)
{
	if (c->db.p == NULL || c->table.p == NULL)
		return missing(c, "db and table", e);
	if (c->row.p == NULL && c->op != OP_DELETE)
		return missing(c, "row", e);
	return 0;
}

static int
check_control(const struct change *c, struct error *e)
{
	switch (c->op) {
	case OP_SCHEMA:
	case OP_TRUNCATE:
	case OP_DROP:
	case OP_RENAME:
	case OP_STALE:
	case OP_DONE:
		return c->db.p == NULL || c->table.p == NULL ? missing(c, "db and table", e) : 0;
	case OP_COMMIT:
	case OP_HEARTBEAT:
		return c->pos.p == NULL ? missing(c, "pos", e) : 0;
	default:
		return 0;
	}
}

int
change_read(struct change_reader *r, const char *line, size_t len, uint64_t number, struct change *c,
    struct error *e)
{
	struct scan s = { .p = line, .end = line + len, .c = c };
	bool known;

	known = known_head(r, &s);
	memset(c, 0, known ? offsetof(struct change, to_db) : sizeof(*c));
	c->line = line;
	c->len = len;
	c->number = number;
	c->version = 1;
	if (known)
		take_head(r, c);
	if (!known && !take(&s, '{', "an event: one JSON object a line"))
		return line_error(c, &s, e);
	if (!take_members(&s, known ? 3 : 0))
		return line_error(c, &s, e);
	if ((s.seen & 1) == 0)
		return error_set(e, RC_FAIL, "line %" PRIu64 ": no event: it has no op", number);
	if (!change_is_row(c))
		/* a commit's position need not fold: only what is written with it must */
		return check_control(c, e) == -1 || (c->op != OP_COMMIT && c->op != OP_HEARTBEAT &&
		    read_version(r, c, e) == -1) ? -1 : 0;
	if (check_row(c, e) == -1 || read_version(r, c, e) == -1)
		return -1;
	if (!known)
		keep_head(r, c);
	return 0;
}

int
change_text(struct change_reader *r, struct slice s, struct buf *b, struct error *e)
{
	struct error ignored;

	if (memchr(s.p, '\\', s.n) == NULL) {
		if (buf_add(b, s.p, s.n) == 0)
			return 0;
	} else if (json_parse_checked(&r->json, s.p - 1, s.n + 2, &ignored) == 0 &&
	    json_text(&r->json, 0, b) == 0) {
		return 0;
	}
	return error_set(e, errno == EMSGSIZE ? RC_FAIL : RC_TEMP, "text of %zu bytes: %s", s.n, strerror(errno));
}

const char *
op_name(enum op op)
{
	return op_names[op];
}

int
change_reader_init(struct change_reader *r, struct error *e)
{
	memset(r, 0, sizeof(*r));
	if (buf_init(&r->head, MAX_HEAD) == -1 || buf_init(&r->file, MAX_BINLOG_NAME + 32) == -1 ||
	    buf_init(&r->text, MAX_TEXT) == -1)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	return 0;
}

void
change_reader_free(struct change_reader *r)
{
	buf_free(&r->head);
	buf_free(&r->file);
	buf_free(&r->text);
	json_free(&r->json);
}
