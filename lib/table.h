/* SPDX-License-Identifier: ISC */
/* A table's definition: columns, key; from CREATE TABLE text, from and to schema lines. */
#ifndef LIB_TABLE_H
#define LIB_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/charset.h"
#include "lib/error.h"
#include "lib/json.h"
#include "lib/pos.h"

#define MAX_COLUMNS 4096	/* both servers' limit */

/* How a column's values are read and written; its SQL type decides, never a value. */
enum column_kind {
	COLUMN_INT,		/* TINYINT…BIGINT */
	COLUMN_DECIMAL, COLUMN_FLOAT, COLUMN_DOUBLE, COLUMN_BIT, COLUMN_YEAR,
	COLUMN_DATE, COLUMN_TIME, COLUMN_DATETIME, COLUMN_TIMESTAMP,
	COLUMN_TEXT,		/* CHAR, VARCHAR, …TEXT */
	COLUMN_BINARY,		/* BINARY, VARBINARY, …BLOB */
	COLUMN_ENUM, COLUMN_SET,
	COLUMN_JSON, COLUMN_GEOMETRY, COLUMN_UUID, COLUMN_INET4, COLUMN_INET6, COLUMN_VECTOR,
};

/* When a row of a system-versioned table (MariaDB) begins and ends to count. Rows leave these out: only current ones
 * are shown, which have the same end. */
enum column_version { VERSION_NONE, VERSION_START, VERSION_END };

struct member {			/* of an ENUM or SET, in UTF-8 */
	char *text;
	size_t len;
};

struct column {
	char *name;
	char *label;		/* `"name":`, escaped, ready to be copied into a row by put_blocks */
	size_t label_len;
	char *type;		/* normalised: `int unsigned`, `decimal(10,2)`, `enum('a','b')` */
	enum column_kind kind;
	uint8_t bytes;		/* COLUMN_INT: 1, 2, 3, 4, 8 */
	uint8_t fraction;	/* temporal kinds: digits behind the second, 0 to 6 */
	uint8_t precision, scale;	/* COLUMN_DECIMAL */
	uint32_t length;	/* COLUMN_BIT: bits; BINARY(n): n; CHAR, VARCHAR: characters; VECTOR: floats; YEAR(2): 2; else 0 */
	bool is_unsigned, nullable, generated, invisible;
	bool fixed;		/* CHAR, BINARY: BINARY is padded to length */
	bool hidden;		/* its values are not shown (shape_table) */
	enum column_version version;	/* table_add_column's caller sets it */
	int64_t srid;		/* COLUMN_GEOMETRY: the only spatial reference system that it takes; -1: any, or not known */
	const struct charset *charset;	/* COLUMN_TEXT, COLUMN_ENUM, COLUMN_SET; NULL for the others */
	bool converts;		/* its text is not in UTF-8; */
	bool keeps_ascii;	/* but where there is nothing but ASCII it is */
	struct member *members;
	size_t members_count;
};

struct table {
	char *db, *name;
	char *label;		/* `"db":"…","table":"…"` */
	size_t label_len;
	struct column *columns;
	size_t count;
	size_t *key;		/* indexes into columns, in key order; key_count 0: there is none that identifies rows */
	size_t key_count;
	bool shaped;		/* shape_table has seen it */
};

/* Reads one CREATE TABLE statement as SHOW CREATE TABLE and dumps print it (MySQL 5.5 to 9, MariaDB 10 and 11;
 * versioned comments are read as text). db: used when the name has none. The key is the primary key, else the
 * first UNIQUE key whose columns are whole and NOT NULL; one with a FLOAT or DOUBLE column is none, and a system-versioned
 * table's ROW END, the same in all current rows, is no part of it. Its hidden columns row_start and row_end, which the
 * servers do not print, are the table's last ones.
 * NULL: RC_FAIL, the message names the byte. A table made by table_free's caller. */
struct table *table_from_create(const char *sql, size_t len, const char *db, struct error *);
/* What stands behind ALTER TABLE's name, as phpMyAdmin writes it behind the rows: keys, and columns said again with the type
 * that they have. RC_FAIL for all that changes more. */
int	 table_alter(struct table *, const char *items, size_t len, struct error *);
/* The same from a schema line's object (token 0 of j): columns[].name/type/charset/…, key by column names. */
struct table *table_from_schema(const struct json *j, struct error *);
void	 table_free(struct table *);
/* For other sources (a table map's metadata): an empty table, then one column at a time, then the key by index. */
struct table *table_new(const char *db, const char *name, struct error *);
/* type: as struct column has it. charset: NULL where the kind has none or it is unknown (RC_FAIL for text then); binary
 * makes BINARY of CHAR, BLOB of TEXT and so on, as the servers do. */
int	 table_add_column(struct table *, const char *name, const char *type, const char *charset,
	    bool nullable, bool generated, bool invisible, struct error *);
int	 table_set_key(struct table *, const size_t *columns, size_t count, struct error *);
/* -1: no such column. Names are compared without regard to ASCII case, as the servers do. */
int	 table_column(const struct table *, const char *name, size_t len);
/* The column that says when a row ends to count; -1: the table is not system-versioned. */
int	 table_row_end(const struct table *);
/* Same columns, types, and key? */
bool	 table_equal(const struct table *, const struct table *);
/* Appends the schema line with its LF. from: "server", "dump", …; pos may be unset. -1: as buf_add. */
int	 table_put_schema(struct buf *, const struct table *, const char *from, const struct pos *);

#endif
