#!/bin/sh
# After a mixed workload the index equals the tables, by load and by live stream, on both servers and both engines.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

# What changes while the stream runs: all shapes of statements.
workload() {
	sql "USE $db; SET time_zone = '+00:00', sql_mode = '';
		CREATE TEMPORARY TABLE digits (d int); INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
		CREATE TEMPORARY TABLE d1 AS SELECT * FROM digits; CREATE TEMPORARY TABLE d2 AS SELECT * FROM digits;
		CREATE TEMPORARY TABLE d3 AS SELECT * FROM digits; CREATE TEMPORARY TABLE d4 AS SELECT * FROM digits;
		INSERT INTO orders SELECT 1000 + d1.d + 10 * d2.d + 100 * d3.d + 1000 * d4.d + 10000 * digits.d, 'a',
			CONCAT('bulk ', digits.d), d1.d / 3, NULL FROM digits, d1, d2, d3, d4;
		UPDATE orders SET note = CONCAT(note, ' changed'), total = NULL WHERE id BETWEEN 5000 AND 25000;
		DELETE FROM orders WHERE id BETWEEN 20000 AND 40000;
		UPDATE orders SET id = id + 1000000 WHERE id BETWEEN 50000 AND 50500;
		UPDATE orders SET part = 'b' WHERE id BETWEEN 60000 AND 60100;
		START TRANSACTION; UPDATE orders SET id = id + 2000000 WHERE id = 70000; INSERT INTO orders VALUES (70000, 'a', 'twin', 1, NULL);
		DELETE FROM orders WHERE id = 70000 AND part = 'a'; INSERT INTO orders VALUES (70000, 'a', 'again', 2, NULL); COMMIT;
		START TRANSACTION; DELETE FROM orders WHERE id = 80000; ROLLBACK;
		REPLACE INTO orders VALUES (80001, 'a', 'replaced', 3, NULL);
		INSERT INTO orders VALUES (80002, 'a', 'odku', 3, NULL) ON DUPLICATE KEY UPDATE note = 'updated';
		INSERT INTO orders VALUES (1, 'pipe|back\\\\slash', 'key with marks', 1, NULL), (2, 'ünï 😀', 'utf8 key', 1, NULL);
		INSERT INTO orders VALUES (3, 'blob', 'one megabyte', 1, REPEAT(x'00ff10', 350000));
		INSERT INTO wide VALUES ('A1', 'x'), ('A2', 'y'); UPDATE wide SET code = CONCAT(code, 'z') WHERE code = 'A1'; DELETE FROM wide WHERE code = 'A2';
		FLUSH BINARY LOGS;"
	sed -e 's/CREATE TABLE types/CREATE TABLE live/' -e 's/INSERT INTO types/INSERT INTO live/' "$root/tests/types.sql" |
		sed -n '/^INSERT/,$p' | { echo "USE $db; SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00';"; cat; } | sql
	sql "USE $db; SET sql_mode = ''; UPDATE live SET vc = 'touched', i = i - 1 WHERE id IN (2, 3); DELETE FROM live WHERE id = 5;"
}

# A FLOAT from a dump has the digits that the server printed.
loaded_equals() {
	if [ "$M2E_LOAD_METHOD" = dump ]; then DUMPED=1 index_equals "$@"; else index_equals "$@"; fi
}

whole_pipe() {
	new_database
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	{ echo "USE $db;"; sed -n '/^SET/p; /^CREATE/,/^)/p' "$root/tests/types.sql" | sed 's/CREATE TABLE types/CREATE TABLE live/'; } | sql
	sql "USE $db; CREATE TABLE orders (id bigint, part varchar(20) NOT NULL, note varchar(100), total decimal(20,4), body mediumblob,
		PRIMARY KEY (part, id)); INSERT INTO orders VALUES (-5, 'a', 'before', 1.5, 'x'), (18, 'b', NULL, NULL, NULL);
		CREATE TABLE wide (code char(8) PRIMARY KEY, v text) CHARACTER SET latin1;"
	m2e_config "$db.types" "$db.live" "$db.orders" "$db.wide"
	m2e_start
	ok "$1: all tables are in step" wait_until 60 all_syncing "$db.types" "$db.live" "$db.orders" "$db.wide" || {
		m2e_log
		done_testing
	}
	ok "$1: what was loaded equals the table" loaded_equals "$db.types" || m2e_log
	workload
	ok "$1: the stream catches up" wait_caught_up 90 || m2e_log
	ok "$1: every document equals its row" index_equals "$db.live" "$db.orders" "$db.wide" || m2e_log
	ok "$1: also those that nothing touched" loaded_equals "$db.types"
	m2e_stop
	is "$rc" 0 "$1: it stops cleanly"
	is "$(cat "$tmp/state/dead.ndjson" 2>/dev/null)" '' "$1: no dead letters"
	sql "USE $db; UPDATE wide SET v = 'while away'; TRUNCATE orders; INSERT INTO orders VALUES (9, 'c', 'after truncate', 2, NULL);"
	m2e_start
	ok "$1: what happened meanwhile arrives" wait_caught_up 60 || m2e_log
	ok "$1: also a TRUNCATE" index_equals "$db.orders" "$db.wide" || m2e_log
	m2e_stop
	rm -rf "$tmp/state"
}

need_mariadb
need_opensearch
export M2E_LOAD_METHOD=auto
whole_pipe 'MariaDB, OpenSearch, read live'
need_mysql
need_elasticsearch
M2E_LOAD_METHOD=dump
whole_pipe 'MySQL, Elasticsearch, from dumps'
done_testing
