/* SPDX-License-Identifier: ISC */
/* What the server's log has. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "place.h"
#include "gtid.h"
#include "serverlog.h"

#define SHOWN_SET 200	/* bytes of a set in a message */

static int
lacks(const char *missing, struct error *e)
{
	return error_set(e, RC_POSITION, "the server has not executed all that was sent: it lacks %.*s%s", SHOWN_SET, missing,
	    strlen(missing) > SHOWN_SET ? "…" : "");
}

static int
mysql_has(MYSQL *my, const char *gtids, struct error *e)
{
	struct db_row r;
	int rc;

	if (db_row(my, &r, e, "SELECT GTID_SUBTRACT('%s', @@global.gtid_executed)", gtids) == -1)
		return -1;
	rc = !r.found || r.cells[0] == NULL ? error_set(e, RC_POSITION, "the server does not understand the GTID set") :
	    r.cells[0][0] != '\0' ? lacks(r.cells[0], e) : 0;
	db_row_free(&r);
	return rc;
}

/* Each server's last one of each domain is in the state, other than in the position. */
static int
state_has(const struct gtids *state, const struct gtid_source *x, struct error *e)
{
	char text[GTID_TEXT];
	size_t i;

	for (i = 0; i < state->count; i++)
		if (state->sources[i].domain == x->domain && state->sources[i].server == x->server &&
		    state->sources[i].last >= x->last)
			return 0;
	gtid_text(text, &(struct gtid){ .kind = GTID_MARIADB, .domain = x->domain, .server = x->server, .n = x->last });
	return lacks(text, e);
}

static int
mariadb_has(MYSQL *my, const char *gtids, struct error *e)
{
	struct gtids state = { 0 }, set = { 0 };
	struct db_row r;
	size_t i;
	int rc;

	if (db_row(my, &r, e, "SELECT @@global.gtid_binlog_state") == -1)
		return -1;
	rc = gtids_init(&state, e) == -1 || gtids_init(&set, e) == -1 ? -1 : 0;
	state.mariadb = set.mariadb = true;
	if (rc == 0 && (gtids_parse(&state, r.found && r.cells[0] != NULL ? r.cells[0] : "", e) == -1 ||
	    gtids_parse(&set, gtids, e) == -1)) {
		e->rc = RC_POSITION;
		rc = -1;
	}
	for (i = 0; rc == 0 && i < set.count; i++)
		rc = state_has(&state, &set.sources[i], e);
	gtids_free(&state);
	gtids_free(&set);
	db_row_free(&r);
	return rc;
}

int
serverlog_has(MYSQL *my, const struct db_server *s, const char *gtids, struct error *e)
{
	return s->mariadb ? mariadb_has(my, gtids, e) : mysql_has(my, gtids, e);
}

static void
add_gtids(MYSQL *my, const char *file, char text[SERVERLOG_TEXT])
{
	size_t n = strlen(text);
	struct error ignored;
	struct db_row r;
	int rc;

	if (strcasestr(mysql_get_server_info(my), "mariadb") != NULL)
		rc = db_row(my, &r, &ignored, "SELECT BINLOG_GTID_POS('%s', %d)", file, FILE_START);
	else
		rc = db_row(my, &r, &ignored, "SELECT @@global.gtid_purged");
	if (rc == -1)
		return;
	if (r.found && r.cells[0] != NULL && r.cells[0][0] != '\0')
		snprintf(text + n, SERVERLOG_TEXT - n, "; behind the GTIDs %.*s%s", SHOWN_SET, r.cells[0],
		    strlen(r.cells[0]) > SHOWN_SET ? "…" : "");
	db_row_free(&r);
}

void
serverlog_oldest(const struct db_options *o, char text[SERVERLOG_TEXT])
{
	struct error ignored;
	struct db_row r;
	MYSQL *my;

	strlcpy(text, "not known", SERVERLOG_TEXT);
	if ((my = db_connect(o, &ignored)) == NULL)
		return;
	if (db_row(my, &r, &ignored, "SHOW BINARY LOGS") == 0) {
		if (r.found && r.cells[0] != NULL) {
			snprintf(text, SERVERLOG_TEXT, "%.255s:%d", r.cells[0], FILE_START);
			add_gtids(my, r.cells[0], text);
		}
		db_row_free(&r);
	}
	mysql_close(my);
}
