/* SPDX-License-Identifier: ISC */
/* A lane: requests one after another, and what is done with their answers. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/output.h"

#include "es-bulk/answer.h"
#include "es-bulk/bulk.h"
#include "es-bulk/verify.h"

#define BULK_PATH "/_bulk?require_alias=true&" ANSWER_FILTER

int
lane_init(struct bulk *b, struct lane *l, struct error *e)
{
	/* an action line holds alias and id besides the row */
	size_t max = b->o.max_line + b->o.batch_bytes + (1 << 20);

	memset(l, 0, sizeof(*l));
	l->retry = (struct retry){ .first_ms = FIRST_WAIT_MS, .ceiling_ms = b->o.max_wait_ms };
	l->sent = &l->batches[0];
	l->filling = &l->batches[1];
	if (batch_init(l->sent, max, e) == -1 || batch_init(l->filling, max, e) == -1)
		return -1;
	if (b->o.mode == BULK_VERIFY && buf_init(&l->ask, 2 * max) == -1)
		return error_set(e, RC_TEMP, "lane: %s", strerror(errno));
	return http_call_init(&b->http, &l->call, e);
}

void
lane_free(struct bulk *b, struct lane *l)
{
	http_call_free(&b->http, &l->call);
	batch_free(&l->batches[0]);
	batch_free(&l->batches[1]);
	buf_free(&l->ask);
}

uint64_t
lane_oldest(const struct lane *l)
{
	return l->sent->count > 0 ? batch_oldest(l->sent) : batch_oldest(l->filling);
}

static int
print(struct bulk *b, struct lane *l, struct error *e)
{
	if (write_all(STDOUT_FILENO, l->sent->body.data, l->sent->body.len) == -1)
		return error_set(e, errno == EPIPE ? RC_TEMP : RC_FAIL, "write to standard output: %s",
		    strerror(errno));
	batch_clear(l->sent, b->o.batch_bytes);
	return 0;
}

int
lane_again(struct bulk *b, struct lane *l, struct error *e)
{
	size_t bytes;

	l->asked = l->limit == 0 || l->limit > l->sent->count ? l->sent->count : l->limit;
	bytes = batch_bytes(l->sent, l->asked);
	l->state = LANE_SENT;
	b->count.requests++;
	b->count.bytes += bytes;
	if (b->o.mode == BULK_VERIFY)
		return verify_ask(b, l, e);
	return http_start(&b->http, &l->call, "POST", BULK_PATH, l->sent->body.data, bytes, true, e);
}

int
lane_send(struct bulk *b, struct lane *l, struct error *e)
{
	struct batch *empty = l->sent;

	l->sent = l->filling;
	l->filling = empty;
	l->full = false;
	l->limit = 0;
	b->count.folded += l->sent->count;
	batch_close(l->sent);
	b->count.folded -= l->sent->count;
	return b->o.mode == BULK_PRINT ? print(b, l, e) : lane_again(b, l, e);
}

static int
wait_longer(struct lane *l, const char *why, struct bulk *b, struct error *e)
{
	uint32_t ms;

	if (bulk_wait(b, &l->retry, l->call.retry_after_ms, why, &ms, e) == -1)
		return -1;
	l->wake_ms = now_ms() + ms;
	l->state = LANE_WAITING;
	return 0;
}

static int
stop(const struct lane *l, const struct item *item, struct error *e)
{
	const char *action = l->sent->body.data + item->at;
	char why[512];

	return error_set(e, RC_FAIL, "line %" PRIu64 ": the engine does not take writes: status %u: %s: %.*s",
	    item->number, item->status, answer_reason(item->error, why, sizeof(why)),
	    (int)(item->action < 160 ? item->action : 160) - 1, action);
}

/* The request under way has its answer; refused: at least some of it was too much. */
static void
tell_throttle(struct bulk *b, const struct lane *l, bool refused)
{
	uint64_t us = http_took_us(&l->call), now = now_ms();

	if (!refused)
		throttle_good(&b->throttle, batch_bytes(l->sent, l->asked), us, now);
	else if (throttle_less(&b->throttle, now - us / 1000, now))
		log_debug("the engine has too much to do: from now on requests=%u bytes=%zu", b->throttle.window, b->throttle.bytes);
}

/* The first `asked` items have their verdicts. */
static int
settle(struct bulk *b, struct lane *l, struct error *e)
{
	size_t i, retries = 0;
	char why[256], reason[200];

	for (i = 0; i < l->asked; i++) {
		const struct item *item = &l->sent->items[i];

		switch (item->verdict) {
		case VERDICT_DONE:
			break;
		case VERDICT_STALE:
			b->count.stale++;
			break;
		case VERDICT_DEAD:
			if (item->rebuilt != NULL)
				bulk_leave(b, item->rebuilt, item->number, answer_reason(item->error, reason, sizeof(reason)));
			else if (dead_add(&b->dead, l->sent, item, e) == -1)
				return -1;
			break;
		case VERDICT_STOP:
			return stop(l, item, e);
		case VERDICT_RETRY:
			if (retries++ == 0)
				snprintf(why, sizeof(why), "status %u: %s", item->status,
				    answer_reason(item->error, reason, sizeof(reason)));
			break;
		}
	}
	if (retries < l->asked)
		b->trouble.moved_ms = b->trouble.times > 0 ? now_ms() : 0;
	tell_throttle(b, l, retries > 0);
	b->count.items += l->asked - retries;
	b->count.retried += retries;
	if (retries == 0)
		batch_drop(l->sent, l->asked);
	else if (batch_keep_retries(l->sent, l->asked, e) == -1)
		return -1;
	if (l->limit != 0)
		l->limit *= 2;
	if (retries > 0) {
		if (retries < l->asked)
			retry_reset(&l->retry);	/* some went through */
		return wait_longer(l, why, b, e);
	}
	retry_reset(&l->retry);
	bulk_well(b);
	if (l->sent->count > 0)
		return lane_again(b, l, e);
	batch_clear(l->sent, b->o.batch_bytes);
	l->state = LANE_IDLE;
	return 0;
}

/* The request as a whole is refused for something in it: half of it next, until the document stands alone. */
static int
refused(struct bulk *b, struct lane *l, struct error *e)
{
	struct item *item = &l->sent->items[0];
	size_t bytes = batch_bytes(l->sent, l->asked);

	if (l->asked > 1) {
		l->limit = (l->asked + 1) / 2;
		if (l->call.status == 413 && bytes / 2 >= MIN_BATCH_BYTES && bytes / 2 < b->throttle.max_bytes) {
			throttle_limit(&b->throttle, bytes / 2);
			log_warn("the engine refuses requests of %zu bytes: from now on batch_bytes=%zu", bytes,
			    b->throttle.max_bytes);
		}
		return lane_again(b, l, e);
	}
	item->status = (uint16_t)l->call.status;
	item->error = answer_error(l->call.answer.data, l->call.answer.len);
	item->verdict = answer_verdict(item->status, item->error);
	if (item->verdict == VERDICT_DEAD)
		return settle(b, l, e);
	return stop(l, item, e);
}

int
lane_ended(struct bulk *b, struct lane *l, struct error *e)
{
	const struct http_call *c = &l->call;
	char why[256];

	if (c->code == CURLE_OK && c->status == 200) {
		int rc = b->o.mode == BULK_VERIFY ? verify_read(b, l, e) :
		    answer_read(l->sent, l->asked, c->answer.data, c->answer.len) == 0;

		if (rc != 0)
			return rc == 1 ? settle(b, l, e) : -1;
		snprintf(why, sizeof(why), "an answer that does not fit the request: %.80s",
		    c->answer.len > 80 ? c->answer.data : "");
		return wait_longer(l, why, b, e);
	}
	if (c->code == CURLE_OK && (c->status == 413 || c->status == 400))
		return refused(b, l, e);
	if (c->code == CURLE_WRITE_ERROR && l->asked > 1)	/* an answer over MAX_ANSWER: ask for less */
		return refused(b, l, e);
	if (c->status == 429 || c->status == 503 || c->code == CURLE_OPERATION_TIMEDOUT)
		tell_throttle(b, l, true);
	http_reason(c, why, sizeof(why));
	if (!http_is_temporary(c))
		return error_set(e, RC_FAIL, "%s: %s", b->http.base, why);
	return wait_longer(l, why, b, e);
}
