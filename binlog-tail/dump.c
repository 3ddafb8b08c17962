/* SPDX-License-Identifier: ISC */
/* A replication connection (MySQL internals manual: COM_BINLOG_DUMP, COM_REGISTER_SLAVE). */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <mysql.h>
#include <ma_pvio.h>	/* needs mysql.h before it */
#include <mysqld_error.h>

#include "dump.h"

/* COM_BINLOG_DUMP's flags. Bit 2 asks MariaDB for its annotations, but MySQL for another kind of heartbeats. */
enum { DUMP_NON_BLOCK = 1, DUMP_ANNOTATE = 2 };

#define EOF_PACKET_BYTES 9	/* a shorter packet that begins with 0xfe is no event */

/* So that the server sends every event as it stands in the file, MariaDB's own kinds included. CRC32 means that we can
 * read checksums: the server adds none, but it would take those away that there are. The names with "source" are MySQL's
 * from 8.4 on. */
static int
prepare(struct dump *d, struct error *e)
{
	if (d->server.mariadb)
		return db_run(d->my, e, "SET @master_binlog_checksum='CRC32', @mariadb_slave_capability=4, "
		    "@master_heartbeat_period=%d", DUMP_HEARTBEAT_NS);
	return db_run(d->my, e, "SET @master_binlog_checksum='CRC32', @source_binlog_checksum='CRC32', "
	    "@master_heartbeat_period=%d, @source_heartbeat_period=%d", DUMP_HEARTBEAT_NS, DUMP_HEARTBEAT_NS);
}

int
dump_open(struct dump *d, const struct db_options *o, struct error *e)
{
	d->options = *o;
	d->options.read_timeout_s = DUMP_READ_TIMEOUT_S;
	if ((d->my = db_connect(&d->options, e)) == NULL)
		return -1;
	if (db_server(d->my, &d->server, e) == -1 || prepare(d, e) == -1) {
		dump_close(d);
		return -1;
	}
	return 0;
}

void
dump_close(struct dump *d)
{
	if (d->my != NULL)
		mysql_close(d->my);
	d->my = NULL;
}

static char *
put_u32(char *to, uint32_t v)
{
	to[0] = (char)v;
	to[1] = (char)(v >> 8);
	to[2] = (char)(v >> 16);
	to[3] = (char)(v >> 24);
	return to + 4;
}

/* So that SHOW REPLICAS and SHOW SLAVE HOSTS list us. */
static int
register_replica(struct dump *d, uint32_t server_id, struct error *e)
{
	static const char name[] = "binlog-tail";
	char body[64], *p = put_u32(body, server_id);

	*p++ = (char)(sizeof(name) - 1);
	memcpy(p, name, sizeof(name) - 1);
	p += sizeof(name) - 1;
	memset(p, 0, 4);	/* no user, no password, port 0 */
	p = put_u32(p + 4, 0);	/* rank */
	p = put_u32(p, 0);	/* our source's id: not told */
	if (d->my->methods->db_command(d->my, COM_REGISTER_SLAVE, body, (size_t)(p - body), 0, NULL) != 0)
		return db_error(d->my, e, "register as a replica");
	return 0;
}

int
dump_start(struct dump *d, const struct pos *from, uint32_t server_id, bool whole, struct error *e)
{
	unsigned flags = !whole ? DUMP_NON_BLOCK : d->server.mariadb ? DUMP_ANNOTATE : 0;
	char body[16 + MAX_BINLOG_NAME], *p;
	size_t n = strlen(from->file);

	if (whole && register_replica(d, server_id, e) == -1)
		return -1;
	p = put_u32(body, (uint32_t)from->offset);
	*p++ = (char)flags;
	*p++ = 0;
	p = put_u32(p, server_id);
	memcpy(p, from->file, n);
	p += n;
	if (d->my->methods->db_command(d->my, COM_BINLOG_DUMP, body, (size_t)(p - body), 1, NULL) != 0)
		return db_error(d->my, e, "ask for the binary log");
	return 0;
}

void
dump_oldest(const struct db_options *o, char file[MAX_BINLOG_NAME + 1])
{
	struct error ignored;
	struct db_row r;
	MYSQL *my;

	file[0] = '\0';
	if ((my = db_connect(o, &ignored)) == NULL)
		return;
	if (db_row(my, &r, &ignored, "SHOW BINARY LOGS") == 0) {
		if (r.found && r.cells[0] != NULL)
			snprintf(file, MAX_BINLOG_NAME + 1, "%s", r.cells[0]);
		db_row_free(&r);
	}
	mysql_close(my);
}

/* What the server answers instead of an event. */
static int
read_error(struct dump *d, struct error *e)
{
	char oldest[MAX_BINLOG_NAME + 1];
	const char *text = mysql_error(d->my);

	if (mysql_errno(d->my) != ER_MASTER_FATAL_ERROR_READING_BINLOG)
		return db_error(d->my, e, "read the binary log");
	if (strstr(text, "same server_uuid") != NULL || strstr(text, "same server_id") != NULL)
		return error_set(e, RC_FAIL, "the server: %s (--server-id: another one is needed)", text);
	dump_oldest(&d->options, oldest);
	return error_set(e, RC_POSITION, "the server: %s (error %u); the oldest file that it has is %s", text,
	    mysql_errno(d->my), oldest[0] == '\0' ? "not known" : oldest);
}

int
dump_read(struct dump *d, const uint8_t **event, size_t *n, struct error *e)
{
	unsigned long len = mysql_net_read_packet(d->my);
	const uint8_t *p;

	if (len == packet_error)	/* a 32-bit -1 in a 64-bit variable */
		return read_error(d, e);
	p = d->my->net.read_pos;
	if (len > 0 && p[0] == 0xfe && len < EOF_PACKET_BYTES)
		return 0;
	if (len == 0 || p[0] != 0)
		return error_set(e, RC_FAIL, "read the binary log: a packet that is no event");
	*event = p + 1;
	*n = len - 1;
	return 1;
}

bool
dump_pending(const struct dump *d)
{
	const MARIADB_PVIO *io = d->my->net.pvio;
	struct pollfd p = { .fd = dump_fd(d), .events = POLLIN };

	if (io->cache != NULL && io->cache + io->cache_size > io->cache_pos)
		return true;
	return poll(&p, 1, 0) != 0;
}

int
dump_fd(const struct dump *d)
{
	return (int)mysql_get_socket(d->my);
}
