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
#include "serverlog.h"

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

/* MySQL internals manual: COM_BINLOG_DUMP_GTID, which Connector/C does not know. */
static int
ask_gtids(struct dump *d, const struct gtids *from, uint32_t server_id, struct error *e)
{
	enum { COM_BINLOG_DUMP_GTID = 30, THROUGH_GTID = 4 };
	char head[2 + 4 + 4 + 8], *p = head;
	struct buf body, set;
	int rc;

	if (buf_init(&body, MAX_GTID_SET) == -1)
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	if (buf_init(&set, MAX_GTID_SET) == -1) {
		buf_free(&body);
		return error_set(e, RC_TEMP, "%s", strerror(errno));
	}
	*p++ = THROUGH_GTID;
	*p++ = 0;
	p = put_u32(p, server_id);
	p = put_u32(p, 0);	/* no file's name */
	p = put_u32(put_u32(p, 4), 0);
	rc = gtids_put_wire(&set, from) == -1 || buf_add(&body, head, sizeof(head)) == -1 ||
	    buf_room(&body, 4) == NULL ? error_set(e, RC_FAIL, "too long a GTID set") : 0;
	if (rc == 0) {
		put_u32(body.data + body.len, (uint32_t)set.len);
		body.len += 4;
		rc = buf_add(&body, set.data, set.len) == -1 ? error_set(e, RC_FAIL, "too long a GTID set") : 0;
	}
	if (rc == 0 && d->my->methods->db_command(d->my, (enum enum_server_command)COM_BINLOG_DUMP_GTID, body.data,
	    body.len, 1, NULL) != 0)
		rc = db_error(d->my, e, "ask for the binary log");
	buf_free(&set);
	buf_free(&body);
	return rc;
}

int
dump_start_gtids(struct dump *d, struct gtids *from, uint32_t server_id, struct error *e)
{
	const struct pos none = { .offset = 4 };

	if (!d->server.mariadb)
		return register_replica(d, server_id, e) == -1 ? -1 : ask_gtids(d, from, server_id, e);
	if (gtids_text(from) == NULL)
		return error_set(e, RC_TEMP, "GTID set: %s", strerror(errno));
	if (db_run(d->my, e, "SET @slave_connect_state='%s', @slave_gtid_strict_mode=0, @slave_gtid_ignore_duplicates=0",
	    gtids_text(from)) == -1)
		return -1;
	return dump_start(d, &none, server_id, true, e);
}

/* What the server answers instead of an event. */
static int
read_error(struct dump *d, struct error *e)
{
	char oldest[SERVERLOG_TEXT];
	const char *text = mysql_error(d->my);

	if (strstr(text, "same server_uuid") != NULL || strstr(text, "same server_id") != NULL)
		return error_set(e, RC_FAIL, "the server: %s (error %u): each reader needs a --server-id of its own", text,
		    mysql_errno(d->my));
	if (mysql_errno(d->my) != ER_MASTER_FATAL_ERROR_READING_BINLOG)
		return db_error(d->my, e, "read the binary log");
	serverlog_oldest(&d->options, oldest);
	return error_set(e, RC_POSITION, "the server: %s (error %u); the oldest file that it has is %s", text,
	    mysql_errno(d->my), oldest);
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
