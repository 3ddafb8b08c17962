/* SPDX-License-Identifier: ISC */
/* The loop that moves everything. */
#include <sys/signalfd.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"

#include "es-bulk/bulk.h"
#include "es-bulk/target.h"

#define TELL_MS 10000		/* between two lines on troubles */
#define STOP_MS 10000		/* what SIGTERM leaves for the requests in flight */
#define MAX_DIGITS 20		/* of a version */

int
bulk_init(struct bulk *b, const struct bulk_options *o, struct error *e)
{
	sigset_t set;
	unsigned int i;

	memset(b, 0, sizeof(*b));
	b->signal_fd = b->dead.fd = -1;
	b->o = *o;
	if (o->mode == BULK_PRINT)
		b->o.jobs = 1;	/* so that the order printed is the input's */
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1 ||
	    (b->signal_fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)) == -1)
		return error_set(e, RC_TEMP, "signals: %s", strerror(errno));
	b->metrics.file = o->metrics_file;
	throttle_init(&b->throttle, o->batch_bytes, b->o.jobs);
	b->retry = (struct retry){ .first_ms = FIRST_WAIT_MS, .ceiling_ms = o->max_wait_ms };
	if (http_init(&b->http, b->o.http, e) == -1 || http_call_init(&b->http, &b->call, e) == -1 ||
	    ack_init(&b->ack, STDOUT_FILENO, o->max_line + 1, e) == -1 ||
	    dead_open(&b->dead, o->dead_file, o->max_dead, e) == -1)
		return -1;
	if ((b->lanes = calloc(b->o.jobs, sizeof(*b->lanes))) == NULL)
		return error_set(e, RC_TEMP, "lanes: %s", strerror(errno));
	for (i = 0; i < b->o.jobs; i++)
		if (lane_init(b, &b->lanes[i], e) == -1)
			return -1;
	return 0;
}

void
bulk_free(struct bulk *b)
{
	unsigned int i;

	if (b->lanes != NULL)
		metrics_write(b, true);
	for (i = 0; b->lanes != NULL && i < b->o.jobs; i++)
		lane_free(b, &b->lanes[i]);
	free(b->lanes);
	http_call_free(&b->http, &b->call);
	ack_free(&b->ack);
	dead_close(&b->dead);
	http_free(&b->http);
	if (b->signal_fd != -1)
		close(b->signal_fd);
}

void
bulk_trouble(struct bulk *b, const char *why)
{
	uint64_t now = now_ms();

	if (b->trouble.times++ == 0)
		b->trouble.since_ms = b->trouble.moved_ms = now;
	if (b->trouble.told_ms != 0 && now - b->trouble.told_ms < TELL_MS)
		return;
	if (b->trouble.told && strcmp(b->trouble.why, why) == 0)
		return;
	snprintf(b->trouble.why, sizeof(b->trouble.why), "%s", why);
	b->trouble.told = true;
	b->trouble.told_ms = now;
	log_warn("the engine does not take it now, trying again url=%s error=\"%s\"", b->http.base, why);
}

int
bulk_wait(struct bulk *b, struct retry *r, uint32_t asked_ms, const char *why, uint32_t *wait_ms, struct error *e)
{
	uint64_t now = now_ms(), over;

	*wait_ms = retry_wait_ms(r);
	if (asked_ms != 0)
		*wait_ms = asked_ms;
	bulk_trouble(b, why);
	if (r->tries > b->o.max_retries)
		return error_set(e, RC_TEMP, "given up after %" PRIu32 " tries (--max-retries): %s", r->tries, why);
	if (b->o.retry_for_ms == 0)
		return 0;
	over = b->trouble.moved_ms + b->o.retry_for_ms;
	if (now >= over)
		return error_set(e, RC_TEMP, "given up after %" PRIu64 " s in which nothing went through (--retry-for): %s",
		    (now - b->trouble.moved_ms) / 1000, why);
	if (*wait_ms > over - now)
		*wait_ms = (uint32_t)(over - now);
	return 0;
}

void
bulk_well(struct bulk *b)
{
	unsigned int i;

	for (i = 0; i < b->o.jobs; i++)
		if (b->lanes[i].state == LANE_WAITING)
			return;
	if (b->trouble.told)
		log_info("the engine takes it again url=%s after_ms=%" PRIu64 " tries=%" PRIu64, b->http.base,
		    now_ms() - b->trouble.since_ms, b->trouble.times);
	b->trouble.told = false;
	b->trouble.times = 0;
}

/* What is written to standard output must follow what the dead-letter file says. */
static int
acknowledge(struct bulk *b, struct error *e)
{
	uint64_t done = b->rows, oldest;
	unsigned int i;

	if (dead_sync(&b->dead, e) == -1)
		return -1;
	if (ack_next(&b->ack) == UINT64_MAX)
		return 0;
	for (i = 0; i < b->o.jobs; i++)
		if ((oldest = lane_oldest(&b->lanes[i])) < done)
			done = oldest;
	return ack_advance(&b->ack, done, e);
}

/* Requests of lanes. */
static unsigned int
under_way(const struct bulk *b)
{
	unsigned int i, n = 0;

	for (i = 0; i < b->o.jobs; i++)
		n += b->lanes[i].state == LANE_SENT;
	return n;
}

static void
wake_in(uint64_t ms, int *timeout_ms)
{
	if (*timeout_ms < 0 || ms < (uint64_t)*timeout_ms)
		*timeout_ms = (int)ms;
}

/* Do the lane's rows wait for company? */
static bool
lingers(const struct bulk *b, const struct lane *l, uint64_t *now, int *timeout_ms)
{
	uint64_t over = l->filling->since_ms + b->o.linger_ms;

	if (b->o.linger_ms == 0 || l->full || b->hurry || b->stop_ms != 0)
		return false;
	if (*now == 0)
		*now = now_ms();
	if (*now >= over)
		return false;
	wake_in(over - *now, timeout_ms);
	return true;
}

/* Starts what can be started. *timeout_ms: until the next lane wakes. */
static int
start_lanes(struct bulk *b, bool starved, int *timeout_ms, struct error *e)
{
	uint64_t now = 0;
	unsigned int i, first = b->turn++;

	for (i = 0; i < b->o.jobs && under_way(b) < b->throttle.window; i++) {
		struct lane *l = &b->lanes[(first + i) % b->o.jobs];

		if (l->state == LANE_WAITING) {
			if (now == 0)
				now = now_ms();
			if (l->wake_ms <= now) {
				if (lane_again(b, l, e) == -1)
					return -1;
			} else {
				wake_in(l->wake_ms - now, timeout_ms);
			}
		} else if (l->state == LANE_IDLE && l->filling->count > 0 && (starved || l->full) &&
		    !lingers(b, l, &now, timeout_ms) && lane_send(b, l, e) == -1) {
			return -1;
		}
	}
	return 0;
}

static int
end_lanes(struct bulk *b, struct error *e)
{
	unsigned int i;

	for (i = 0; i < b->o.jobs; i++) {
		struct lane *l = &b->lanes[i];

		if (l->state == LANE_SENT && l->call.done && lane_ended(b, l, e) == -1)
			return -1;
	}
	return 0;
}

static void
take_signal(struct bulk *b)
{
	struct signalfd_siginfo info;

	if (read(b->signal_fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (b->stop_ms != 0) {
		b->stop_ms = 1;	/* told twice: at once */
		return;
	}
	log_info("told to stop: finishing what was read signal=%" PRIu32, info.ssi_signo);
	b->stop_ms = now_ms() + STOP_MS;
}

static int
wait_for(struct bulk *b, int timeout_ms, bool *readable, struct error *e)
{
	struct curl_waitfd fds[2] = {
		{ .fd = b->signal_fd, .events = CURL_WAIT_POLLIN },
		{ .fd = STDIN_FILENO, .events = CURL_WAIT_POLLIN },
	};

	if (output_flush(&b->ack.out, e) == -1)
		return -1;
	if (b->stop_ms != 0 && (timeout_ms < 0 || timeout_ms > 200))
		timeout_ms = 200;
	if (http_wait(&b->http, fds, readable == NULL ? 1 : 2, timeout_ms < 0 ? 60000 : timeout_ms, e) == -1)
		return -1;
	if (fds[0].revents != 0)
		take_signal(b);
	if (readable != NULL)
		*readable = fds[1].revents != 0;
	return 0;
}

int
bulk_step(struct bulk *b, bool starved, int wait_ms, bool *readable, struct error *e)
{
	int ended;

	metrics_write(b, false);
	if (readable != NULL)
		*readable = false;
	if (b->stop_ms != 0 && now_ms() >= b->stop_ms)
		return error_set(e, RC_TEMP, "stopped by a signal before all that was read was done");
	if (start_lanes(b, starved, &wait_ms, e) == -1 || http_move(&b->http, &ended, e) == -1)
		return -1;
	if (ended > 0 && end_lanes(b, e) == -1) {
		struct error ignored;

		acknowledge(b, &ignored);	/* what is done is done */
		output_flush(&b->ack.out, &ignored);
		return -1;
	}
	if (acknowledge(b, e) == -1)
		return -1;
	if (b->o.mode == BULK_PRINT && readable == NULL)
		return 0;	/* what was to be printed is */
	return wait_for(b, ended > 0 ? 0 : wait_ms, readable, e);
}

static bool
fits(const struct bulk *b, const struct lane *l, size_t n)
{
	const struct batch *f = l->filling;

	return f->count == 0 || (f->count < b->o.batch_count && f->body.len + n <= b->throttle.bytes &&
	    f->events.len + n <= b->throttle.bytes);
}

/* Each lane gets its part of all hashes. A snapshot that has a position needs no order, as whatever changed later has a
 * higher version: these fill one lane after another, and engines take documents in the order of their ids faster. */
static struct lane *
lane_for(struct bulk *b, const struct change *c, uint64_t hash, size_t n)
{
	unsigned int i;

	if (c->op != OP_SNAPSHOT || c->pos.p == NULL || b->o.mode != BULK_WRITE)
		return &b->lanes[(hash >> 32) * b->o.jobs >> 32];
	for (i = 0; i < b->o.jobs && !fits(b, &b->lanes[b->loading], n); i++) {
		b->lanes[b->loading].full = true;
		b->loading = (b->loading + 1) % b->o.jobs;
	}
	return &b->lanes[b->loading];
}

static bool
can_send_full(const struct bulk *b)
{
	unsigned int i;

	for (i = 0; i < b->o.jobs; i++)
		if (b->lanes[i].state == LANE_IDLE && b->lanes[i].full)
			return under_way(b) < b->throttle.window;
	return false;
}

/* The filling batch for the change; waits for room where there is none for n bytes more. */
static struct batch *
find_room(struct bulk *b, const struct change *c, uint64_t hash, size_t n, struct error *e)
{
	struct lane *l = lane_for(b, c, hash, n);
	uint64_t from;

	if (fits(b, l, n))
		return l->filling;
	from = now_ms();
	for (; !fits(b, l, n); l = lane_for(b, c, hash, n)) {
		l->full = true;
		if (bulk_step(b, l->state != LANE_IDLE, can_send_full(b) ? 0 : -1, NULL, e) == -1)
			return NULL;
	}
	b->blocked_ms += now_ms() - from;
	return l->filling;
}

static uint64_t
hash_id(uint64_t h, const char *p, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); p += sizeof(word), n -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
		h ^= h >> 29;
	}
	for (; n > 0; p++, n--)
		h = (h ^ (uint8_t)*p) * 1099511628211ULL;
	h *= 0x9e3779b97f4a7c15ULL;
	return h ^ h >> 32;
}

int
bulk_put(struct bulk *b, const struct change *c, const struct located *l, struct slice row, struct error *e)
{
	static const char between[] = ",\"version\":", tail[] = ",\"version_type\":\"external_gte\"}}\n";
	const struct place *p = l->place;
	const struct slice start = row.p == NULL || b->o.mode == BULK_VERIFY ? p->delete_start : p->index_start;
	uint64_t hash = hash_id(p->hash, l->name.data, l->id_n);
	size_t action = start.n + l->name.len + sizeof(between) + MAX_DIGITS + sizeof(tail), at;
	struct batch *batch = find_room(b, c, hash, action + c->len, e);
	char *to;

	if (batch == NULL)
		return -1;
	if (batch->count == 0 && b->o.linger_ms != 0)
		batch->since_ms = now_ms();
	if ((to = buf_room(&batch->body, action)) == NULL)
		return error_set(e, RC_TEMP, "batch: %s", strerror(errno));
	at = batch->body.len;
	to = mempcpy(to, start.p, start.n);
	to = mempcpy(to, l->name.data, l->name.len);
	to = mempcpy(to, between, sizeof(between) - 1);
	batch->body.len = (size_t)(to - batch->body.data);
	buf_putu(&batch->body, c->version);	/* there is room */
	buf_add(&batch->body, tail, sizeof(tail) - 1);
	if (batch_add(batch, c, b->rows, hash, at, row, e) == -1)
		return -1;
	if (p->stale && c->op != OP_SNAPSHOT)
		batch->items[batch->count - 1].rebuilt = l->place;
	if (b->o.mode == BULK_WRITE)
		batch_fold(batch, start, (struct slice){ l->name.data, l->name.len });
	return 0;
}

void
bulk_leave(struct bulk *b, struct place *p, uint64_t line, const char *why)
{
	b->count.left++;
	if (!p->told)
		log_warn("a row that a stale table's index cannot take is left to its rebuild, and so are all others like it "
		    "table=%s line=%" PRIu64 " error=\"%s\"", p->target->table, line, why);
	p->told = true;
}

int
bulk_drain(struct bulk *b, struct error *e)
{
	uint64_t from = now_ms();
	unsigned int i = 0;

	b->hurry = true;
	while (i < b->o.jobs) {
		if (lane_oldest(&b->lanes[i]) == UINT64_MAX) {
			i++;
			continue;
		}
		i = 0;
		if (bulk_step(b, true, -1, NULL, e) == -1)
			return -1;
	}
	b->hurry = false;
	b->blocked_ms += now_ms() - from;
	return acknowledge(b, e);
}

int
bulk_control(struct bulk *b, const struct change *c, struct error *e)
{
	uint64_t from;

	if (b->o.mode != BULK_WRITE)
		return 0;
	if (ack_full(&b->ack)) {
		from = now_ms();
		b->hurry = true;
		while (ack_full(&b->ack))
			if (bulk_step(b, true, -1, NULL, e) == -1)
				return -1;
		b->hurry = false;
		b->blocked_ms += now_ms() - from;
	}
	return ack_add(&b->ack, c, b->rows, e);
}

int
bulk_ask(struct bulk *b, const char *method, const char *path, const struct buf *body, struct error *e)
{
	uint64_t from = now_ms(), wake;
	uint32_t wait;
	char why[256];
	bool broken;
	size_t at = 0;

	b->asked_again = false;
	for (;; b->asked_again = true) {
		if (http_start(&b->http, &b->call, method, path, body == NULL ? NULL : body->data,
		    body == NULL ? 0 : body->len, false, e) == -1)
			return -1;
		while (!b->call.done)
			if (bulk_step(b, true, -1, NULL, e) == -1)
				return -1;
		broken = b->call.status == 200 && b->call.answer.len > 0 &&
		    json_check(b->call.answer.data, b->call.answer.len, &at) == -1;
		if (b->call.code == CURLE_OK && !http_is_temporary(&b->call) && !broken)
			break;
		if (broken)
			snprintf(why, sizeof(why), "an answer that is no JSON at byte %zu", at + 1);
		else
			http_reason(&b->call, why, sizeof(why));
		if (b->impatient || (!broken && !http_is_temporary(&b->call)))
			return error_set(e, http_is_temporary(&b->call) ? RC_TEMP : RC_FAIL, "%s: %s", b->http.base, why);
		if (bulk_wait(b, &b->retry, b->call.retry_after_ms, why, &wait, e) == -1)
			return -1;
		wake = now_ms() + wait;
		for (uint64_t now = now_ms(); now < wake; now = now_ms())
			if (bulk_step(b, true, (int)(wake - now), NULL, e) == -1)
				return -1;
	}
	retry_reset(&b->retry);
	bulk_well(b);
	b->blocked_ms += now_ms() - from;
	return 0;
}

int
bulk_refused(const struct bulk *b, const char *what, struct error *e)
{
	char why[512];

	return error_set(e, RC_FAIL, "%s: %s", what, http_reason(&b->call, why, sizeof(why)));
}
