/* SPDX-License-Identifier: ISC */
/* lib/sql.c, lib/create.c, lib/table.c: CREATE TABLE as the servers print it, and schema lines. */
#include <stdlib.h>

#include "lib/sql.h"
#include "lib/table.h"

#include "tests/tap.h"

#define NITEMS(a) (sizeof(a) / sizeof((a)[0]))

static struct error e;

/* "name type charset? null? generated? invisible? from|until?, … [key]" */
static void
describe(struct buf *b, const struct table *t)
{
	const struct column *c;
	size_t i;

	buf_clear(b);
	for (i = 0; i < t->count; i++) {
		c = &t->columns[i];
		buf_putf(b, "%s%s %s", i == 0 ? "" : ", ", c->name, c->type);
		buf_putf(b, "%s%s%s%s%s", c->charset == NULL ? "" : " ", c->charset == NULL ? "" : charset_name(c->charset),
		    c->nullable ? " null" : "", c->generated ? " generated" : "", c->invisible ? " invisible" : "");
		buf_puts(b, c->version == VERSION_START ? " from" : c->version == VERSION_END ? " until" : "");
	}
	for (i = 0; i < t->key_count; i++)
		buf_putf(b, "%s%s", i == 0 ? " [" : ",", t->columns[t->key[i]].name);
	buf_puts(b, t->key_count > 0 ? "]" : "");
	buf_str(b);
}

/* A copy without room to spare, so that a sanitizer sees one byte too many. */
static struct table *
create(const char *sql, const char *db)
{
	size_t n = strlen(sql);
	char *copy = malloc(n);
	struct table *t;

	memcpy(copy, sql, n);
	t = table_from_create(copy, n, db, &e);
	free(copy);
	return t;
}

/* Its schema line gives the same table again, and that one the same line. */
static bool
survives(const struct table *t)
{
	struct pos p = { .file = "binlog.000001", .offset = 4 };
	struct json j = { 0 };
	struct buf once, twice;
	struct table *again;
	bool same;

	buf_init(&once, 1 << 24);
	buf_init(&twice, 1 << 24);
	if (table_put_schema(&once, t, "server", &p) == -1 || json_parse(&j, once.data, once.len, &e) == -1 ||
	    (again = table_from_schema(&j, &e)) == NULL)
		return false;
	same = table_equal(t, again) && table_put_schema(&twice, again, "server", &p) == 0 && once.len == twice.len &&
	    memcmp(once.data, twice.data, once.len) == 0;
	table_free(again);
	json_free(&j);
	buf_free(&once);
	buf_free(&twice);
	return same;
}

struct create_case {
	const char *name, *sql, *want;	/* want NULL: it is refused */
};

static void
try_create(const struct create_case *cases, size_t n)
{
	struct table *t;
	struct buf b;
	size_t i;

	buf_init(&b, 1 << 20);
	for (i = 0; i < n; i++) {
		t = create(cases[i].sql, "d");
		if (cases[i].want == NULL) {
			ok(t == NULL && e.rc == RC_FAIL && e.text[0] != '\0', "refused: %s", cases[i].name);
		} else if (t == NULL) {
			ok(false, "%s", cases[i].name);
			fprintf(stderr, "# %s\n", e.text);
		} else {
			describe(&b, t);
			is_text(b.data, cases[i].want, cases[i].name);
			ok(survives(t), "%s: its schema line says the same", cases[i].name);
		}
		table_free(t);
	}
	buf_free(&b);
}

/* ---- what servers print ---- */

static const struct create_case printed[] = {
	{ "MariaDB 10.11's numbers",
	  "CREATE TABLE `n` (\n  `a b` int(3) unsigned zerofill NOT NULL,\n  `sel``ect` decimal(10,0) DEFAULT NULL,\n"
	  "  `x\"y` decimal(65,30) unsigned zerofill DEFAULT NULL,\n  `ключ` float(7,4) DEFAULT NULL,\n"
	  "  `f2` float(30,0) DEFAULT NULL,\n  `d1` double(22,11) unsigned zerofill DEFAULT NULL,\n"
	  "  `y4` year(4) DEFAULT NULL,\n  `bo` tinyint(1) DEFAULT -5,\n  `m` mediumint(9) DEFAULT NULL,\n"
	  "  `b1` bit(1) DEFAULT b'1',\n  `b64` bit(64) NOT NULL,\n  `d` decimal(5,2) DEFAULT -1.50,\n"
	  "  PRIMARY KEY (`b64`,`a b`),\n  UNIQUE KEY `u1` (`bo`)\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=latin1 COLLATE=latin1_swedish_ci COMMENT='charset=utf8 \"x\" ''y'''",
	  "a b int unsigned, sel`ect decimal(10,0) null, x\"y decimal(65,30) unsigned null, ключ float null, f2 float null, "
	  "d1 double unsigned null, y4 year null, bo tinyint null, m mediumint null, b1 bit(1) null, b64 bit(64), "
	  "d decimal(5,2) null [b64,a b]" },
	{ "MySQL 9's",
	  "CREATE TABLE `n` (\n  `i` int DEFAULT '-5',\n  `u` bigint unsigned NOT NULL AUTO_INCREMENT,\n  `d` decimal(5,2) DEFAULT '-1.50',\n"
	  "  `y` year DEFAULT NULL,\n  `f` float DEFAULT NULL,\n  UNIQUE KEY `u` (`u`)\n"
	  ") ENGINE=InnoDB AUTO_INCREMENT=7 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
	  "i int null, u bigint unsigned, d decimal(5,2) null, y year null, f float null [u]" },
	{ "times and their defaults",
	  "CREATE TABLE `t` (\n  `dt` datetime(6) DEFAULT current_timestamp(6) ON UPDATE current_timestamp(6),\n"
	  "  `ts` timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),\n  `h` timestamp NULL DEFAULT '2020-01-01 00:00:00',\n"
	  "  `t` time(2) DEFAULT NULL,\n  `d` date DEFAULT (curdate() + interval 1 day),\n"
	  "  `e` datetime DEFAULT current_timestamp() ON UPDATE current_timestamp()\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "dt datetime(6) null, ts timestamp(3), h timestamp null, t time(2) null, d date null, e datetime null" },
	{ "strings that look like SQL",
	  "CREATE TABLE `s` (\n  `c` varchar(40) DEFAULT ')',\n  `d` varchar(40) NOT NULL DEFAULT '(',\n"
	  "  `check` varchar(40) DEFAULT 'check (json_valid(`x`))' COMMENT 'NOT NULL PRIMARY KEY, ''quoted'' \"d\" \\\\ and\\nline `b`',\n"
	  "  `h` varchar(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT concat('a','b\\'c)'),\n"
	  "  `g` binary(3) DEFAULT '\\n\\0\\0',\n  UNIQUE KEY `u)` (`d`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='('''",
	  "c varchar(40) utf8mb4 null, d varchar(40) utf8mb4, check varchar(40) utf8mb4 null, h varchar(50) utf8mb4 null, "
	  "g binary(3) null [d]" },
	{ "generated columns of MariaDB",
	  "CREATE TABLE `g` (\n  `a` int(11) DEFAULT NULL,\n  `e` int(11) GENERATED ALWAYS AS (`a` + 1) VIRTUAL,\n"
	  "  `f` int(11) GENERATED ALWAYS AS (char_length(concat(`a`,'),('))) STORED COMMENT 'x',\n  `o` int(11) AS (a) PERSISTENT,\n"
	  "  UNIQUE KEY `e` (`e`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci",
	  "a int null, e int null generated, f int null generated, o int null generated" },
	{ "and of MySQL, with invisible columns",
	  "CREATE TABLE `g` (\n  `my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */,\n"
	  "  `c` varchar(20) GENERATED ALWAYS AS (lower(_utf8mb4'ABC)')) STORED /*!80023 INVISIBLE */ COMMENT 'x',\n"
	  "  `v` int GENERATED ALWAYS AS ((`my_row_id` + 1)) VIRTUAL NOT NULL,\n"
	  "  `m` varchar(20) /*!50606 STORAGE DISK */ /*!50606 COLUMN_FORMAT FIXED */ DEFAULT NULL,\n"
	  "  PRIMARY KEY (`my_row_id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci",
	  "my_row_id bigint unsigned invisible, c varchar(20) utf8mb4 null generated invisible, v int generated, "
	  "m varchar(20) utf8mb4 null [my_row_id]" },
	{ "checks, and the one that means JSON",
	  "CREATE TABLE `j` (\n  `a` int(11) INVISIBLE DEFAULT 1,\n"
	  "  `j` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL COMMENT 'j' CHECK (json_valid(`j`)),\n"
	  "  `j1` longtext DEFAULT NULL CHECK (json_length(`j1`) > 1),\n  `j3` varchar(100) DEFAULT NULL CHECK (json_valid(`j3`)),\n"
	  "  `j4` longtext DEFAULT NULL CHECK (json_valid(`j4`) and 1),\n  `j5` longtext DEFAULT NULL CHECK (json_valid(`j`)),\n"
	  "  `j6` longtext CHARACTER SET latin1 COLLATE latin1_swedish_ci DEFAULT NULL CHECK (json_valid(`j6`)),\n"
	  "  `j7` longtext DEFAULT NULL,\n  `j``8` longtext CHECK (json_valid(`j``8`)),\n"
	  "  `g` int(11) DEFAULT NULL CHECK (`g` > 0 and `g` in (1,2,3)),\n"
	  "  CONSTRAINT `x` CHECK (json_valid(`j7`)),\n  CONSTRAINT `ck` CHECK (`j` <> 'x,)')\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "a int null invisible, j json null, j1 longtext utf8mb4 null, j3 varchar(100) utf8mb4 null, j4 longtext utf8mb4 null, "
	  "j5 longtext utf8mb4 null, j6 longtext latin1 null, j7 longtext utf8mb4 null, j`8 json null, g int null" },
	{ "MySQL's JSON and checks",
	  "CREATE TABLE `j` (\n  `j` json DEFAULT (json_array(1,2)),\n  `b` blob DEFAULT (concat(_utf8mb4'x',_utf8mb4')')),\n"
	  "  `m` longtext,\n  CONSTRAINT `zz` CHECK (json_valid(`m`)) /*!80016 NOT ENFORCED */,\n"
	  "  CONSTRAINT `k2_chk_1` CHECK (((`m` > 0) and (`m` in (1,2,3))))\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "j json null, b blob null, m longtext utf8mb4 null" },
	{ "compressed, uuid, inet, versions left out",
	  "CREATE TABLE `m` (\n  `u` uuid DEFAULT uuid(),\n  `i4` inet4 DEFAULT NULL,\n  `i6` inet6 DEFAULT NULL,\n"
	  "  `c` varchar(100) /*M!100301 COMPRESSED*/ DEFAULT NULL,\n  `cb` blob /*M!100301 COMPRESSED*/ DEFAULT NULL,\n"
	  "  `ns` int(11) DEFAULT NULL WITHOUT SYSTEM VERSIONING\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 WITH SYSTEM VERSIONING",
	  "u uuid null, i4 inet4 null, i6 inet6 null, c varchar(100) utf8mb4 null, cb blob null, ns int null, "
	  "row_start timestamp(6) generated invisible from, row_end timestamp(6) generated invisible until" },
	{ "geometry and vectors",
	  "CREATE TABLE `y` (\n  `a` int NOT NULL,\n  `v` vector(3) DEFAULT NULL,\n  `w` vector(2048) DEFAULT NULL,\n"
	  "  `g` geometry NOT NULL /*!80003 SRID 4326 */,\n  `p` point NOT NULL,\n  `c` geomcollection DEFAULT NULL,\n"
	  "  `e` geometrycollection DEFAULT NULL,\n  PRIMARY KEY (`a`),\n  SPATIAL KEY `g` (`g`),\n  VECTOR KEY `v` (`v`) `M`=6 `DISTANCE`=euclidean\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "a int, v vector(3) null, w vector(2048) null, g geometry, p point, c geometrycollection null, e geometrycollection null [a]" },
	{ "keys of every kind",
	  "CREATE TABLE `y` (\n  `a` int NOT NULL,\n  `m` varchar(20) NOT NULL,\n  `j` json DEFAULT NULL,\n  UNIQUE KEY `fu` (((`a` + 1))),\n"
	  "  UNIQUE KEY `pre` (`m`(10)),\n  UNIQUE KEY `desc` (`a` DESC,`m`) USING BTREE COMMENT 'x,',\n  KEY `fx` ((lower(`m`)),`a` DESC) /*!80000 INVISIBLE */,\n"
	  "  KEY `mv` ((cast(`j` as unsigned array))),\n  KEY `ii` (`a`) IGNORED,\n  FULLTEXT KEY `ft` (`m`) /*!50100 WITH PARSER `ngram` */ ,\n"
	  "  CONSTRAINT `f` FOREIGN KEY (`a`) REFERENCES `d2`.`k5` (`v`) ON DELETE SET NULL ON UPDATE CASCADE\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "a int, m varchar(20) utf8mb4, j json null [a,m]" },
	{ "a FLOAT key is none, the next one counts",
	  "CREATE TABLE `k` (\n  `i` float NOT NULL,\n  `j` int(11) NOT NULL,\n  `n` int(11) DEFAULT NULL,\n  UNIQUE KEY `i` (`i`),\n"
	  "  UNIQUE KEY `n` (`n`),\n  UNIQUE KEY `j` (`j`),\n  PRIMARY KEY (`i`,`j`)\n) ENGINE=InnoDB",
	  "i float, j int, n int null [j]" },
	{ "the primary key counts wherever it stands", "CREATE TABLE `k` (`a` int NOT NULL, `b` int, UNIQUE KEY (`a`), PRIMARY KEY (`b`))",
	  "a int, b int [b]" },
	{ "a primary key with a prefix", "CREATE TABLE `k` (`a` text NOT NULL, PRIMARY KEY (`a`(10)))", "a text utf8mb4 [a]" },
	{ "periods",
	  "CREATE TABLE `m2` (\n  `id` int(11) NOT NULL,\n  `s` date NOT NULL,\n  `e` date NOT NULL,\n  PERIOD FOR `p` (`s`, `e`),\n"
	  "  PRIMARY KEY (`id`,`p` WITHOUT OVERLAPS),\n  UNIQUE KEY `id` (`id`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4\n"
	  " PARTITION BY HASH (`id`)\nPARTITIONS 3",
	  "id int, s date, e date [id]" },
	{ "system versions by transaction",
	  "CREATE TABLE `m4` (\n  `id` int(11) NOT NULL,\n  `rs` bigint(20) unsigned GENERATED ALWAYS AS ROW START,\n"
	  "  `re` bigint(20) unsigned GENERATED ALWAYS AS ROW END,\n  PRIMARY KEY (`id`,`re`),\n  PERIOD FOR SYSTEM_TIME (`rs`, `re`)\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION p0 HISTORY, PARTITION pn CURRENT)",
	  "id int, rs bigint unsigned generated from, re bigint unsigned generated until [id]" },
	{ "system versions: current rows have the same end",
	  "CREATE TABLE `m3` (\n  `id` int(11) NOT NULL,\n  `rs` timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE,\n"
	  "  `re` timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE,\n  PRIMARY KEY (`id`,`re`),\n  PERIOD FOR SYSTEM_TIME (`rs`, `re`)\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci WITH SYSTEM VERSIONING",
	  "id int, rs timestamp(6) generated invisible from, re timestamp(6) generated invisible until [id]" },
	{ "partitions of MySQL",
	  "CREATE TABLE `y3` (\n  `id` int NOT NULL,\n  `d` char(1) DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=cp1251\n"
	  "/*!50500 PARTITION BY RANGE  COLUMNS(d)\nSUBPARTITION BY HASH (`id`)\nSUBPARTITIONS 2\n"
	  "(PARTITION `p)` VALUES LESS THAN ('2020-01-01') COMMENT = 'x\\'y' ENGINE = InnoDB,\n PARTITION p1 VALUES LESS THAN (MAXVALUE) ENGINE = InnoDB) */",
	  "id int, d char(1) cp1251 null" },
	{ "members of ENUM and SET",
	  "CREATE TABLE `e` (\n  `e` enum('a','b''c','d\\\\e','f,g','','h\"i','NOT NULL','ü','l\\nm') DEFAULT NULL,\n"
	  "  `s` set('x','y''z','q\\\\') CHARACTER SET latin1 DEFAULT 'x,q\\\\',\n"
	  "  `b` enum('a\\0b','c') CHARACTER SET binary DEFAULT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "e enum('a','b''c','d\\\\e','f,g','','h\"i','NOT NULL','ü','l\nm') utf8mb4 null, s set('x','y''z','q\\\\') latin1 null, "
	  "b enum('a\\0b','c') binary null" },
	{ "character sets: the column's, its collation's, the table's",
	  "CREATE TABLE `c` (\n  `a` varchar(1) CHARACTER SET koi8r COLLATE koi8r_bin DEFAULT NULL,\n  `b` varchar(1) COLLATE greek_bin DEFAULT NULL,\n"
	  "  `c` varchar(1) DEFAULT NULL,\n  `d` varchar(1) CHARACTER SET utf8 DEFAULT NULL,\n  `e` varchar(1) CHARACTER SET utf8mb3 COLLATE utf8mb3_uca1400_ai_ci,\n"
	  "  `f` varchar(1) COLLATE uca1400_ai_ci NOT NULL\n) ENGINE=InnoDB DEFAULT CHARSET=latin2 COLLATE=latin2_bin",
	  "a varchar(1) koi8r null, b varchar(1) greek null, c varchar(1) latin2 null, d varchar(1) utf8 null, e varchar(1) utf8mb3 null, "
	  "f varchar(1) latin2" },
	{ "a table's collation alone, then without its character set",
	  "CREATE TABLE `c` (`a` text) COLLATE=sjis_bin", "a text sjis null" },
	{ "MariaDB's collations for every character set",
	  "CREATE TABLE `c` (\n  `a` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci DEFAULT NULL,\n  `b` text\n"
	  ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_uca1400_as_cs",
	  "a varchar(20) utf8mb4 null, b text utf8mb3 null" },
	{ "ANSI_QUOTES: a backslash is one",
	  "CREATE TABLE \"c:\\\" (\n  \"a\\b\" int NOT NULL,\n  \"q\"\"\\\" varchar(3) DEFAULT 'it''s \\'\\\\' COMMENT 'x',\n  PRIMARY KEY (\"a\\b\"),\n"
	  "  CONSTRAINT \"\\\" UNIQUE (\"q\"\"\\\")\n)",
	  "a\\b int, q\"\\ varchar(3) utf8mb4 null [a\\b]" },
	{ "sql_quote_show_create=0",
	  "CREATE TABLE k (\n  period int DEFAULT NULL,\n  vector int DEFAULT NULL,\n  `key` int DEFAULT NULL,\n  `a b` int NOT NULL,\n  серия int,\n"
	  "  j longtext CHECK (json_valid(j)),\n  KEY kk (vector,period),\n  UNIQUE KEY u (`a b`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
	  "period int null, vector int null, key int null, a b int, серия int null, j json null [a b]" },
};

/* ---- what people write ---- */

static const struct create_case written[] = {
	{ "types of several words",
	  "create table if not exists x.w (nc national varchar(10), nch nchar(3), nv nvarchar(4), ncv national char varying(5), nvc nchar varchar(6), "
	  "cv character varying(20), lv long varchar, lvb long varbinary, lo long, lcv long char varying, dp double precision(5,2) unsigned, "
	  "cb char(7) byte, vb varchar(9) character set binary, tb text charset binary, ca char(5) ascii, cu char(5) unicode, cbi varchar(5) binary) "
	  "character set = latin1",
	  "nc varchar(10) utf8mb3 null, nch char(3) utf8mb3 null, nv varchar(4) utf8mb3 null, ncv varchar(5) utf8mb3 null, nvc varchar(6) utf8mb3 null, "
	  "cv varchar(20) latin1 null, lv mediumtext latin1 null, lvb mediumblob null, lo mediumtext latin1 null, lcv mediumtext latin1 null, "
	  "dp double unsigned null, cb binary(7) null, vb varbinary(9) null, tb blob null, ca char(5) latin1 null, cu char(5) ucs2 null, "
	  "cbi varchar(5) latin1 null" },
	{ "other names of types",
	  "create table w (a int1, b int2 unsigned, c int3, d int4, e int8, f middleint, g float4, h float8, i fixed(5,2), j numeric(5), k dec, l real, "
	  "m bool, n boolean, o integer(4), p bit, q char, r binary, s year(2), t decimal(0,0), u float(24), v float(25), w float(53), x float(53,0))",
	  "a tinyint null, b smallint unsigned null, c mediumint null, d int null, e bigint null, f mediumint null, g float null, h double null, "
	  "i decimal(5,2) null, j decimal(5,0) null, k decimal(10,0) null, l double null, m tinyint null, n tinyint null, o int null, p bit(1) null, "
	  "q char(1) utf8mb4 null, r binary(1) null, s year(2) null, t decimal(10,0) null, u float null, v double null, w double null, x float null" },
	{ "a table in binary", "create table w (a char(3), b varchar(3), c tinytext, d text, e mediumtext, f longtext, g enum('a'), h text charset ascii) charset binary",
	  "a binary(3) null, b varbinary(3) null, c tinyblob null, d blob null, e mediumblob null, f longblob null, g enum('a') binary null, h text ascii null" },
	{ "SERIAL", "create table w (a int, id serial)", "a int null, id bigint unsigned [id]" },
	{ "keys beside their columns, the first counts",
	  "create table w (a int not null unique key comment 'key', b int not null unique, c int unique, unique (b))", "a int, b int, c int null [a]" },
	{ "a primary key beside its column", "create table w (a int not null unique, b int primary key)", "a int, b int [b]" },
	{ "KEY alone", "create table w (a int not null unique, b int auto_increment key)", "a int, b int [b]" },
	{ "REFERENCES beside a column", "create table w (a int references t (a) match full on delete set null on update no action, b int)", "a int null, b int null" },
	{ "constraints without names", "create table w (a int not null, constraint unique (a), constraint check (a > 0), constraint foreign key (a) references t (a))", "a int [a]" },
	{ "MySQL 5.5's", "CREATE TABLE `w` (\n  `t` timestamp NOT NULL DEFAULT '0000-00-00 00:00:00',\n  `s` set('a','b') NOT NULL DEFAULT ''\n) ENGINE=MyISAM DEFAULT CHARSET=utf8 DELAY_KEY_WRITE=1",
	  "t timestamp, s set('a','b') utf8" },
	{ "comments", "/* x */ create -- y\n table # z\n w /*! ( */ a /*!50000 int not null */ /* ) */, b int /*M!100100 unsigned */)", "a int, b int unsigned null" },
	{ "double quotes for strings", "create table w (e enum(\"a\", \"b\\\"c\", 'd') default \"a\")", "e enum('a','b\"c','d') utf8mb4 null" },
	{ "OR REPLACE", "create or replace table w (a int)", "a int null" },
};

static const struct create_case refused[] = {
	{ "nothing", "", NULL }, { "no table", "CREATE VIEW v AS SELECT 1", NULL }, { "LIKE", "CREATE TABLE a LIKE b", NULL },
	{ "cut in a string", "CREATE TABLE a (b int COMMENT 'x", NULL }, { "cut in a comment", "CREATE TABLE a (b int /* x", NULL },
	{ "cut in an executable comment", "CREATE TABLE a (b int) /*!50100 PARTITION", NULL },
	{ "cut in the list", "CREATE TABLE a (b int,", NULL }, { "cut in brackets", "CREATE TABLE a (b int DEFAULT (1", NULL },
	{ "an unknown type", "CREATE TABLE a (b thing)", NULL }, { "no type", "CREATE TABLE a (b)", NULL },
	{ "an unknown character set", "CREATE TABLE a (b text CHARACTER SET klingon)", NULL },
	{ "a character set of nobody", "CREATE TABLE a (b text) CHARSET=klingon", NULL },
	{ "DECIMAL too wide", "CREATE TABLE a (b decimal(66,1))", NULL }, { "DECIMAL(266), not (10)", "CREATE TABLE a (b decimal(266,2))", NULL },
	{ "its scale too long", "CREATE TABLE a (b decimal(40,39))", NULL }, { "its scale longer than it", "CREATE TABLE a (b decimal(5,6))", NULL },
	{ "BIT(65)", "CREATE TABLE a (b bit(65))", NULL }, { "BIT(0)", "CREATE TABLE a (b bit(0))", NULL },
	{ "DATETIME(7)", "CREATE TABLE a (b datetime(7))", NULL }, { "DATETIME(256), not (0)", "CREATE TABLE a (b datetime(256))", NULL },
	{ "a length that wraps", "CREATE TABLE a (b varchar(18446744073709551617))", NULL },
	{ "ENUM without members", "CREATE TABLE a (b enum)", NULL }, { "a member that is none", "CREATE TABLE a (b enum(1))", NULL },
	{ "a key without columns", "CREATE TABLE a (b int, UNIQUE KEY)", NULL }, { "a NUL in a name", "CREATE TABLE a (\"b\\0\" int, '' int)", NULL },
};

static void
test_databases(void)
{
	struct table *t = create("CREATE TABLE `a``b`.`t.t` (a int)", "other");

	ok(t != NULL && strcmp(t->db, "a`b") == 0 && strcmp(t->name, "t.t") == 0, "its own database, before another");
	is_text(t == NULL ? NULL : t->label, "\"db\":\"a`b\",\"table\":\"t.t\"", "the label names both");
	table_free(t);
	t = create("CREATE TABLE t (a int)", NULL);
	ok(t == NULL && e.rc == RC_FAIL, "without any database it is refused");
	table_free(t);
}

/* No recursion and no square: neither many keywords nor many columns are a matter of time or stack. */
static void
test_long(void)
{
	struct table *t;
	struct buf b;
	int i;

	buf_init(&b, 1 << 26);
	buf_puts(&b, "CREATE TABLE t (a int, ");
	for (i = 0; i < 1000000; i++)
		buf_puts(&b, "CONSTRAINT c ");
	buf_puts(&b, "UNIQUE (a))");
	t = create(buf_str(&b), "d");
	ok(t != NULL, "a million constraint names");
	table_free(t);
	buf_clear(&b);
	buf_puts(&b, "CREATE TABLE t (a int");
	for (i = 1; i < MAX_COLUMNS; i++)
		buf_putf(&b, ", c%d int", i);
	buf_puts(&b, ")");
	t = create(buf_str(&b), "d");
	ok(t != NULL && t->count == MAX_COLUMNS, "as many columns as there may be");
	table_free(t);
	b.len--;
	buf_puts(&b, ", x int)");
	t = create(buf_str(&b), "d");
	ok(t == NULL && e.rc == RC_FAIL, "and not one more");
	table_free(t);
	buf_clear(&b);
	buf_puts(&b, "CREATE TABLE t (e enum('0'");
	for (i = 1; i < 65535; i++)
		buf_putf(&b, ",'%0100d'", i);
	buf_puts(&b, "))");
	t = create(buf_str(&b), "d");
	ok(t != NULL && t->columns[0].members_count == 65535 && survives(t), "an ENUM of 65535 long members");
	table_free(t);
	buf_free(&b);
}

/* ---- schema lines ---- */

static void
test_schema_lines(void)
{
#define LINE(columns) "{\"op\":\"schema\",\"db\":\"d\",\"table\":\"t\"," columns "}"
	static const struct { const char *name, *line; bool want; } cases[] = {
		{ "one column", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"int\"}]"), true },
		{ "a key", LINE("\"key\":[\"A\"],\"columns\":[{\"name\":\"a\",\"type\":\"int\"}]"), true },
		{ "a key that names no column", LINE("\"key\":[\"b\"],\"columns\":[{\"name\":\"a\",\"type\":\"int\"}]"), false },
		{ "text without its character set", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"text\"}]"), false },
		{ "text with one", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"text\",\"charset\":\"big5\"}]"), true },
		{ "a character set that is no string", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"text\",\"charset\":1}]"), false },
		{ "no columns", LINE("\"columns\":null"), false }, { "a column that is a string", LINE("\"columns\":[\"a\"]"), false },
		{ "a column without type", LINE("\"columns\":[{\"name\":\"a\"}]"), false },
		{ "an unknown type", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"thing\"}]"), false },
		{ "more behind a type", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"int not null\"}]"), false },
		{ "an open type", LINE("\"columns\":[{\"name\":\"a\",\"type\":\"varchar(2\",\"charset\":\"ascii\"}]"), false },
		{ "no table", "{\"db\":\"d\",\"columns\":[]}", false }, { "an array", "[]", false },
	};
	struct json j = { 0 };
	struct table *t;
	size_t i;

	for (i = 0; i < NITEMS(cases); i++) {
		t = json_parse(&j, cases[i].line, strlen(cases[i].line), &e) == 0 ? table_from_schema(&j, &e) : NULL;
		ok((t != NULL) == cases[i].want && (t != NULL || e.rc == RC_FAIL), "schema line: %s", cases[i].name);
		table_free(t);
	}
	json_free(&j);
}

static void
test_equal(void)
{
	static const char *const others[] = {
		"CREATE TABLE t (a int NOT NULL, b varchar(3))", "CREATE TABLE t (a int NOT NULL, b varchar(3), PRIMARY KEY (a), c int)",
		"CREATE TABLE t (a int NOT NULL, b varchar(4), PRIMARY KEY (a))", "CREATE TABLE t (a int unsigned NOT NULL, b varchar(3), PRIMARY KEY (a))",
		"CREATE TABLE t (a int NOT NULL, b varchar(3) NOT NULL, PRIMARY KEY (a))", "CREATE TABLE u (a int NOT NULL, b varchar(3), PRIMARY KEY (a))",
		"CREATE TABLE t (a int NOT NULL, b varchar(3) CHARSET ascii, PRIMARY KEY (a))", "CREATE TABLE t (a int NOT NULL, B varchar(3), PRIMARY KEY (a))",
		"CREATE TABLE t (a int NOT NULL, b varchar(3) AS (1), PRIMARY KEY (a))", "CREATE TABLE t (a int NOT NULL, b varchar(3) INVISIBLE, PRIMARY KEY (a))",
		"CREATE TABLE t (a int NOT NULL, b varchar(3) NOT NULL, PRIMARY KEY (a, b))", "CREATE TABLE x.t (a int NOT NULL, b varchar(3), PRIMARY KEY (a))",
	};
	struct table *t = create("CREATE TABLE t (a int(3) NOT NULL, b varchar(3), PRIMARY KEY (a), KEY (b)) ENGINE=InnoDB", "d");
	struct table *u = create("CREATE TABLE t (a int, b character varying(3) DEFAULT 'x' CHARSET utf8mb4, PRIMARY KEY (A))", "d");
	size_t i;

	ok(t != NULL && u != NULL && table_equal(t, u), "tables are equal when their columns and keys are");
	table_free(u);
	for (i = 0; i < NITEMS(others) && t != NULL; i++) {
		u = create(others[i], "d");
		ok(u != NULL && !table_equal(t, u) && !table_equal(u, t), "and not equal to %s", others[i]);
		table_free(u);
	}
	table_free(t);
}

/* ---- tokens ---- */

static void
test_tokens(void)
{
	static const struct { const char *sql, *want; } cases[] = {
		{ "a b.c,(1 2x 'x''y' \"d\" `e``f`);", "w:a w:b m:. w:c m:, m:( n:1 w:2x s:x'y s:d q:e`f m:) m:; end" },
		{ "a/*x*/b -- c\n#d\ne--f", "w:a w:b w:e m:- m:- w:f end" },
		{ "/*!50000 a /* b */ c*/ d /*M!100100 e*/", "w:a w:c w:d w:e end" },
		{ "DROP /*!40005 TEMPORARY */ TABLE", "w:DROP w:TEMPORARY w:TABLE end" },
		{ "/*!*/a/*!12*/", "w:a end" }, { "*/", "m:* m:/ end" }, { "'\\'\\n\\Z\\%'", "s:'\n\x1a% end" },
		{ "'a", "bad" }, { "'a\\", "bad" }, { "'a\\'", "bad" }, { "`a\\`", "q:a\\ end" }, { "/* a", "bad" }, { "/*", "bad" },
		{ "/*/", "bad" }, { "/*! a", "w:a bad" }, { "--", "end" }, { "--a", "m:- m:- w:a end" }, { "# a", "end" }, { "", "end" },
		{ "ключ $a_1", "w:ключ w:$a_1 end" }, { "1e5 0x1F 1.5", "w:1e5 w:0x1F n:1 m:. n:5 end" },
	};
	static const char kinds[] = { [SQL_WORD] = 'w', [SQL_NAME] = 'q', [SQL_STRING] = 's', [SQL_NUMBER] = 'n', [SQL_MARK] = 'm' };
	struct sql_token t;
	struct sql s;
	char *copy, name[64];
	struct buf b;
	size_t i;

	buf_init(&b, 4096);
	for (i = 0; i < NITEMS(cases); i++) {
		buf_clear(&b);
		copy = malloc(strlen(cases[i].sql) + 1);
		memcpy(copy, cases[i].sql, strlen(cases[i].sql));
		sql_init(&s, copy, strlen(cases[i].sql));
		for (t = sql_next(&s); t.type != SQL_END && t.type != SQL_BAD; t = sql_next(&s)) {
			buf_putf(&b, "%c:", kinds[t.type]);
			sql_put_text(&t, &b);
			buf_putc(&b, ' ');
		}
		buf_puts(&b, t.type == SQL_END ? "end" : "bad");
		snprintf(name, sizeof(name), "tokens of case %zu", i + 1);
		is_text(buf_str(&b), cases[i].want, name);
		free(copy);
	}
	buf_free(&b);
}

int
main(void)
{
	test_tokens();
	try_create(printed, NITEMS(printed));
	try_create(written, NITEMS(written));
	try_create(refused, NITEMS(refused));
	test_databases();
	test_long();
	test_schema_lines();
	test_equal();
	return done_testing();
}
