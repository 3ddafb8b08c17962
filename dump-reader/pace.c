/* SPDX-License-Identifier: ISC */
/* Holding a load back. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/retry.h"

#include "pace.h"

#define LOOK_MS 1000	/* between two questions for the delay */
#define NAP_MS 200

int
pace_init(struct pace *p, const struct db_options *o, uint64_t rate, int64_t max_lag_s, const struct stop *stop,
    struct error *e)
{
	int64_t lag;

	*p = (struct pace){ .stop = stop, .rate = rate, .max_lag_s = max_lag_s, .began_ms = now_ms() };
	pthread_mutex_init(&p->lock, NULL);
	if (max_lag_s < 0)
		return 0;
	if ((p->my = db_connect(o, e)) == NULL || db_server(p->my, &p->server, e) == -1 || db_replica_lag(p->my, &p->server, &lag, e) == -1)
		return -1;
	return lag == DB_LAG_NONE ? error_set(e, RC_USAGE, "--max-lag: this server is no replica") : 0;
}

void
pace_free(struct pace *p)
{
	if (p->my != NULL)
		mysql_close(p->my);
	pthread_mutex_destroy(&p->lock);
}

/* Once a second, by one reader at a time: the others wait behind it. */
static int
wait_for_replica(struct pace *p, struct error *e)
{
	bool told = false;
	int64_t lag;

	while (now_ms() >= p->look_ms) {
		if (stop_asked(p->stop, e) == -1 || db_replica_lag(p->my, &p->server, &lag, e) == -1)
			return -1;
		if (lag >= 0 && lag <= p->max_lag_s) {
			p->look_ms = now_ms() + LOOK_MS;
			break;
		}
		if (!told && lag < 0)
			log_warn("waiting: replication does not run");
		else if (!told)
			log_info("waiting for the replica seconds_behind=%" PRId64, lag);
		told = true;
		if (stop_wait(p->stop, -1, LOOK_MS, e) == -1)
			return -1;
	}
	return 0;
}

/* Milliseconds until so many rows are due. */
static uint64_t
early_ms(struct pace *p, uint64_t rows)
{
	uint64_t due, now = now_ms() - p->began_ms;

	p->rows += rows;
	due = p->rate == 0 ? 0 : (uint64_t)((double)p->rows * 1000 / (double)p->rate);
	return due > now ? due - now : 0;
}

int
pace_wait(struct pace *p, uint64_t rows, struct error *e)
{
	uint64_t ms;
	int rc;

	pthread_mutex_lock(&p->lock);
	rc = p->max_lag_s >= 0 ? wait_for_replica(p, e) : 0;
	ms = early_ms(p, rows);
	pthread_mutex_unlock(&p->lock);
	for (; rc != -1 && ms > 0; ms -= ms < NAP_MS ? ms : NAP_MS)
		rc = stop_wait(p->stop, -1, (int)(ms < NAP_MS ? ms : NAP_MS), e);
	return rc == -1 ? -1 : 0;
}
