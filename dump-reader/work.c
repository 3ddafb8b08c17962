/* SPDX-License-Identifier: ISC */
/* Sharing the files of a load. */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "lib/log.h"
#include "lib/retry.h"

#include "work.h"

/* A unit that is begun and not finished. */
struct work_part {
	enum { PART_FREE, PART_WAITS, PART_READ } state;	/* waits: from the token, for a reader */
	size_t unit;
	uint64_t offset;	/* everything before it is out */
	uint32_t crc;		/* of the row there */
};

/* What the readers have in common, in memory that they share; all under its lock, which also orders their output. */
struct work_shared {
	pthread_mutex_t lock;
	size_t next;		/* units before it are begun */
	uint64_t bytes, sent_ms;	/* of input since the last progress line; its time */
	uint64_t bad_bytes;
	struct work_part parts[MAX_READERS];
	struct work_table {
		uint64_t rows;
		size_t left;	/* units that are not finished */
		bool schema_sent;
	} tables[];
};

static int
no_memory(struct error *e)
{
	return error_set(e, RC_TEMP, "folder: %s", strerror(errno));
}

/* A reader that died with the lock may have written half a line. */
static int
lock(struct work *w, struct error *e)
{
	int rc = pthread_mutex_lock(&w->shared->lock);

	if (rc == EOWNERDEAD)	/* it is ours now, and nobody's once it is given back */
		pthread_mutex_unlock(&w->shared->lock);
	return rc == 0 ? 0 : error_set(e, RC_TEMP, "another reader of the folder died: %s", strerror(rc));
}

static void
unlock(struct work *w)
{
	pthread_mutex_unlock(&w->shared->lock);
}

static int
init_lock(pthread_mutex_t *m)
{
	pthread_mutexattr_t a;

	if (pthread_mutexattr_init(&a) != 0)
		return -1;
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	return pthread_mutex_init(m, &a) == 0 ? 0 : -1;
}

/* Which folder a token is of: the names and sizes of its files. */
static uint32_t
mark_of(const struct work *w)
{
	uLong crc = crc32(0, NULL, 0);
	size_t i;

	for (i = 0; i < w->count; i++) {
		crc = crc32(crc, (const Bytef *)w->units[i].file, (uInt)strlen(w->units[i].file) + 1);
		crc = crc32(crc, (const Bytef *)&w->units[i].size, sizeof(w->units[i].size));
	}
	return (uint32_t)crc;
}

/* One `/UNIT.OFFSET-CRC.ROWS`; false: it is none. */
static bool
parse_part(struct work *w, const char **text, struct work_part *part)
{
	uint64_t rows;
	int n = 0;

	if (sscanf(*text, "/%zu.%" SCNu64 "-%8" SCNx32 ".%" SCNu64 "%n", &part->unit, &part->offset, &part->crc, &rows,
	    &n) != 4 || part->unit >= w->shared->next)
		return false;
	part->state = PART_WAITS;
	w->shared->tables[w->units[part->unit].table].rows = rows;
	*text += n;
	return true;
}

/* MARK/NEXT and a part for each unit that is begun and not finished. */
static int
parse_token(struct work *w, const char *token, struct error *e)
{
	struct work_shared *s = w->shared;
	const char *text;
	uint32_t mark;
	size_t i;
	int n = 0;

	if (sscanf(token, "%8" SCNx32 "/%zu%n", &mark, &s->next, &n) != 2)
		return error_set(e, RC_USAGE, "--resume %s: not a token of a folder's progress line", token);
	if (mark != mark_of(w) || s->next > w->count)
		return error_set(e, RC_POSITION, "--resume: this is another folder than the one that was begun");
	for (text = token + n, i = 0; *text != '\0'; i++)
		if (i == MAX_READERS || !parse_part(w, &text, &s->parts[i]))
			return error_set(e, RC_USAGE, "--resume %s: not a token of a folder's progress line", token);
	for (i = 0; i < s->next; i++)
		s->tables[w->units[i].table].left--;
	for (i = 0; i < MAX_READERS; i++)
		if (s->parts[i].state == PART_WAITS)
			s->tables[w->units[s->parts[i].unit].table].left++;
	return 0;
}

int
work_init(struct work *w, const char *resume, struct error *e)
{
	size_t i;

	w->shared_bytes = sizeof(*w->shared) + w->load->count * sizeof(w->shared->tables[0]);
	w->shared = mmap(NULL, w->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w->shared == MAP_FAILED) {
		w->shared = NULL;
		return no_memory(e);
	}
	if (init_lock(&w->shared->lock) == -1)
		return no_memory(e);
	w->shared->sent_ms = now_ms();
	for (i = 0; i < w->count; i++)
		w->shared->tables[w->units[i].table].left++;
	return resume == NULL ? 0 : parse_token(w, resume, e);
}

void
work_free(struct work *w)
{
	if (w->shared != NULL)
		munmap(w->shared, w->shared_bytes);
	w->shared = NULL;
}

/* The unit's table; the lock is held. */
static struct work_table *
table_of(struct work *w, const struct work_part *p)
{
	return &w->shared->tables[w->units[p->unit].table];
}

static int
put_token(struct work *w, struct buf *b)
{
	const struct work_shared *s = w->shared;
	const struct work_part *p;

	if (buf_putf(b, "%08" PRIx32 "/%zu", mark_of(w), s->next) == -1)
		return -1;
	for (p = s->parts; p < s->parts + MAX_READERS; p++)
		if (p->state != PART_FREE && buf_putf(b, "/%zu.%" PRIu64 "-%08" PRIx32 ".%" PRIu64, p->unit, p->offset,
		    p->crc, table_of(w, p)->rows) == -1)
			return -1;
	return 0;
}

/* What this reader has made goes out; the lock is held. Everything before the offset is out then. */
static int
flush(struct work *w, uint64_t offset, uint32_t crc, struct error *e)
{
	struct work_shared *s = w->shared;

	if (load_flush(w->load, e) == -1)
		return -1;
	s->bytes += offset > w->part->offset ? offset - w->part->offset : 0;
	w->part->offset = offset;
	w->part->crc = crc;
	table_of(w, w->part)->rows += w->rows;
	w->rows = 0;
	return 0;
}

static int
put_progress(struct work *w, struct error *e)
{
	struct work_shared *s = w->shared;
	struct buf *b = &w->load->out.buf;
	uint64_t now = now_ms();

	if (s->bytes < PROGRESS_BYTES && now - s->sent_ms < PROGRESS_MS)
		return 0;
	s->bytes = 0;
	s->sent_ms = now;
	if (load_put_head(b, "progress", w->load->all[w->units[w->part->unit].table], table_of(w, w->part)->rows) == -1 ||
	    buf_puts(b, ",\"resume\":\"") == -1 || put_token(w, b) == -1 || buf_puts(b, "\"}\n") == -1)
		return no_memory(e);
	return load_flush(w->load, e);
}

/* The row at which the unit was left is where to go on. */
static int
look_for_resume(struct work *w, uint64_t offset, const char *text, size_t n, struct error *e)
{
	if (offset < w->resume.offset)
		return 0;
	if (offset > w->resume.offset || load_mark(text, n) != w->resume.crc)
		return error_set(e, RC_POSITION, "--resume: %s is another file than the one that was begun",
		    w->units[w->part->unit].file);
	w->resume.pending = false;
	return 1;
}

int
work_row(struct work *w, uint64_t offset, const char *text, size_t n, struct error *e)
{
	int rc = 0;

	if (w->resume.pending && (rc = look_for_resume(w, offset, text, n, e)) != 1)
		return rc;
	if (w->load->out.buf.len >= OUTPUT_CHUNK) {
		if (lock(w, e) == -1)
			return -1;
		rc = flush(w, offset, load_mark(text, n), e) == -1 || put_progress(w, e) == -1 ? -1 : 0;
		unlock(w);
		if (rc == -1)
			return -1;
	}
	w->rows++;
	return 1;
}

/* A table whose last unit is read is done, unless rows are missing; the lock is held. */
static int
end_table(struct work *w, struct error *e)
{
	size_t i = w->units[w->part->unit].table;
	struct load_table *t = w->load->all[i];
	uint64_t expected = w->expected == NULL ? UINT64_MAX : w->expected[i];

	if (--table_of(w, w->part)->left > 0)
		return 0;
	t->rows = table_of(w, w->part)->rows;
	if (expected != UINT64_MAX && t->rows < expected)
		return error_set(e, RC_FAIL, "%s.%s has %" PRIu64 " rows, and metadata says %" PRIu64 ": the dump is truncated",
		    t->table->db, t->table->name, t->rows, expected);
	if (w->unfinished && expected == UINT64_MAX)
		return 0;
	return load_done(w->load, t, e) == -1 ? -1 : load_flush(w->load, e);
}

static int
end_part(struct work *w, struct error *e)
{
	if (w->resume.pending)
		return error_set(e, RC_POSITION, "--resume: %s ends before byte %" PRIu64, w->units[w->part->unit].file,
		    w->resume.offset);
	if (flush(w, w->part->offset, w->part->crc, e) == -1 || end_table(w, e) == -1)
		return -1;
	w->shared->bad_bytes += w->load->bad_bytes;
	w->load->bad_bytes = 0;
	w->part->state = PART_FREE;
	w->part = NULL;
	return 0;
}

/* One that waits, or the next unit; false: there is none. The lock is held. */
static bool
begin_part(struct work *w)
{
	struct work_shared *s = w->shared;
	struct work_part *p;

	for (p = s->parts; p < s->parts + MAX_READERS && p->state != PART_WAITS; p++)
		;
	if (p == s->parts + MAX_READERS) {
		if (s->next == w->count)
			return false;
		for (p = s->parts; p->state != PART_FREE; p++)	/* as many as readers, so one is free */
			;
		*p = (struct work_part){ .unit = s->next++ };
	}
	p->state = PART_READ;
	w->part = p;
	w->resume.pending = p->offset > 0;
	w->resume.offset = p->offset;
	w->resume.crc = p->crc;
	return true;
}

/* The schema line, unless another reader has sent it; the lock is held. */
static int
begin_table(struct work *w, struct error *e)
{
	struct load_table *t = w->load->all[w->units[w->part->unit].table];

	t->schema_sent = table_of(w, w->part)->schema_sent;
	table_of(w, w->part)->schema_sent = true;
	return load_schema(w->load, t, e) == -1 ? -1 : load_flush(w->load, e);
}

/* Ends the unit that was read and takes the next: 1, 0 there is none, -1. As both happen at once, a table of which not
 * all units are finished always has one that is begun, which keeps its rows in tokens. */
static int
step(struct work *w, struct error *e)
{
	int rc = 0;

	if (lock(w, e) == -1)
		return -1;
	if (w->part != NULL)
		rc = end_part(w, e);
	if (rc == 0 && begin_part(w)) {
		rc = begin_table(w, e) == -1 ? -1 : 1;
	}
	unlock(w);
	return rc;
}

static int
read_units(struct work *w, int (*read)(void *, const struct unit *, struct error *), void *arg, const struct stop *stop,
    struct error *e)
{
	struct error ignored;
	int rc;

	while ((rc = stop_asked(stop, e)) == 0 && (rc = step(w, e)) == 1)
		if ((rc = read(arg, &w->units[w->part->unit], e)) == -1)
			break;
	/* rows that are whole are of use, whatever came behind them */
	if (rc == -1 && lock(w, &ignored) == 0) {
		load_flush(w->load, &ignored);
		unlock(w);
	}
	return rc;
}

/* A reader's process. */
static _Noreturn void
become_reader(struct work *w, int (*read)(void *, const struct unit *, struct error *), void *arg, const struct stop *stop,
    pid_t parent)
{
	struct error e = { 0 };
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(RC_TEMP);
	rc = read_units(w, read, arg, stop, &e);
	if (rc == -1)
		log_error("%s", e.text);
	_exit(rc == -1 ? e.rc : RC_OK);
}

static void
end_all(const pid_t *pids, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		if (pids[i] > 0)
			kill(pids[i], SIGTERM);
}

/* Until all have ended. The first that fails ends the others; its status counts. */
static int
wait_for_all(pid_t *pids, unsigned n, const struct stop *stop, struct error *e)
{
	int status, rc = RC_OK;
	bool asked = false;
	unsigned i;
	pid_t pid;

	while ((pid = waitpid(-1, &status, 0)) != -1 || errno == EINTR) {
		if (!asked && pid == -1 && stop_asked(stop, e) == -1) {
			asked = true;
			end_all(pids, n);
		}
		for (i = 0; i < n; i++)
			if (pids[i] == pid && pid != -1)
				pids[i] = 0;
		if (pid == -1 || (WIFEXITED(status) && WEXITSTATUS(status) == RC_OK))
			continue;
		if (rc == RC_OK && !asked)
			end_all(pids, n);
		if (rc == RC_OK)
			rc = WIFEXITED(status) ? WEXITSTATUS(status) : RC_TEMP;
	}
	if (asked)
		return -1;
	return rc == RC_OK ? 0 : error_set(e, rc, "a reader of the folder ended with status %d", rc);
}

static int
run_readers(struct work *w, unsigned jobs, int (*read)(void *, const struct unit *, struct error *), void *arg,
    const struct stop *stop, struct error *e)
{
	pid_t pids[MAX_READERS], parent = getpid();
	struct error fork_error;
	unsigned i;

	for (i = 0; i < jobs; i++) {
		if ((pids[i] = fork()) == 0)
			become_reader(w, read, arg, stop, parent);
		if (pids[i] != -1)
			continue;
		error_set(&fork_error, RC_TEMP, "fork: %s", strerror(errno));
		end_all(pids, i);
		wait_for_all(pids, i, stop, e);
		*e = fork_error;
		return -1;
	}
	return wait_for_all(pids, jobs, stop, e);
}

int
work_run(struct work *w, unsigned jobs, int (*read)(void *, const struct unit *, struct error *), void *arg,
    const struct stop *stop, struct error *e)
{
	int rc;

	w->load->work = w;
	rc = jobs > 1 ? run_readers(w, jobs, read, arg, stop, e) : read_units(w, read, arg, stop, e);
	w->load->work = NULL;
	w->load->bad_bytes += w->shared->bad_bytes;
	return rc;
}
