/* SPDX-License-Identifier: ISC */
/* Binlog events: their header, the format event, and which types there are. */
#ifndef FORMAT_H
#define FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cursor.h"

#define MAX_EVENT ((size_t)1 << 31)	/* bytes: above the 1 GiB that a packet, and so an event, may have */
#define EVENT_HEADER 19		/* bytes, version 4 (MySQL 5.0 and later) */
#define CHECKSUM_BYTES 4

/* Event types (MySQL source, mysql::binlog::event::Log_event_type; MariaDB source, sql/log_event.h). */
enum {
	EV_START_V3 = 1, EV_QUERY = 2, EV_STOP = 3, EV_ROTATE = 4, EV_INTVAR = 5, EV_LOAD = 6, EV_SLAVE = 7,
	EV_CREATE_FILE = 8, EV_APPEND_BLOCK = 9, EV_EXEC_LOAD = 10, EV_DELETE_FILE = 11, EV_NEW_LOAD = 12,
	EV_RAND = 13, EV_USER_VAR = 14, EV_FORMAT_DESCRIPTION = 15, EV_XID = 16, EV_BEGIN_LOAD_QUERY = 17,
	EV_EXECUTE_LOAD_QUERY = 18, EV_TABLE_MAP = 19, EV_WRITE_ROWS_V0 = 20, EV_UPDATE_ROWS_V0 = 21,
	EV_DELETE_ROWS_V0 = 22, EV_WRITE_ROWS_V1 = 23, EV_UPDATE_ROWS_V1 = 24, EV_DELETE_ROWS_V1 = 25,
	EV_INCIDENT = 26, EV_HEARTBEAT = 27, EV_IGNORABLE = 28, EV_ROWS_QUERY = 29, EV_WRITE_ROWS_V2 = 30,
	EV_UPDATE_ROWS_V2 = 31, EV_DELETE_ROWS_V2 = 32, EV_GTID = 33, EV_ANONYMOUS_GTID = 34,
	EV_PREVIOUS_GTIDS = 35, EV_TRANSACTION_CONTEXT = 36, EV_VIEW_CHANGE = 37, EV_XA_PREPARE = 38,
	EV_PARTIAL_UPDATE = 39, EV_TRANSACTION_PAYLOAD = 40, EV_HEARTBEAT_V2 = 41, EV_GTID_TAGGED = 42,
	EV_ANNOTATE_ROWS = 160, EV_BINLOG_CHECKPOINT = 161, EV_MARIA_GTID = 162, EV_GTID_LIST = 163,
	EV_START_ENCRYPTION = 164, EV_QUERY_COMPRESSED = 165, EV_WRITE_ROWS_COMPRESSED_V1 = 166,
	EV_UPDATE_ROWS_COMPRESSED_V1 = 167, EV_DELETE_ROWS_COMPRESSED_V1 = 168, EV_WRITE_ROWS_COMPRESSED = 169,
	EV_UPDATE_ROWS_COMPRESSED = 170, EV_DELETE_ROWS_COMPRESSED = 171,
};

enum {
	EVF_IN_USE = 0x1,	/* format event: the file is not closed yet */
	EVF_ARTIFICIAL = 0x20,	/* made by the server for us, not in the file */
	EVF_RELAY = 0x40,	/* a replica's own, in its relay log (MySQL 5.6 and later) */
	EVF_IGNORABLE = 0x80,
};

struct event_header {
	uint32_t ts;		/* Unix seconds */
	uint8_t type;
	uint32_t server_id;
	uint32_t size;		/* of the whole event */
	uint32_t log_pos;	/* where it ends, modulo 2^32; 0: not said */
	uint16_t flags;
};

struct format {
	bool known;		/* a format event came */
	bool checksums;		/* CRC32 behind each event */
	bool own_checksum;	/* behind the format event itself: servers that know of them always write one there */
	uint32_t created;	/* when the file was, Unix seconds */
	uint8_t post_header[256];	/* bytes of each type's fixed part; 0: the type is unknown to that server */
	char version[51];	/* the server's that wrote it */
	unsigned server;	/* the same as a number: 50744; 0: it is none */
};

/* -1: shorter than a header. */
int	 header_read(struct event_header *, const uint8_t *event, size_t n);
/* Reads a format event's body (checksum included). *why says what is wrong with it. */
int	 format_read(struct format *, const struct event_header *, const uint8_t *body, size_t n, const char **why);
/* Do the last four bytes hold the CRC32 of those before? */
bool	 checksum_holds(const uint8_t *event, size_t n);

#endif
