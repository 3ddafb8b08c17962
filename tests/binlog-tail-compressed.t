#!/bin/sh
# Compressed events of both servers: what they hold is what it is without compression.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# facts FILE: what does not depend on where things stand and when
facts() { jq -c 'select(.op | IN("heartbeat", "source", "schema") | not) | [.op, .table, .key, .old_key, .old, .row, .sql, .rows]' "$1"; }

workload() {
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(100)); CREATE TABLE other (id int PRIMARY KEY, v varchar(100));
		UPDATE types SET i = 5, vc = CONCAT(COALESCE(vc, ''), '+'); UPDATE types SET id = id + 100 WHERE id = 3; DELETE FROM types WHERE id = 2;
		START TRANSACTION; INSERT INTO other VALUES (1, 'a'), (2, 'b'); INSERT INTO t VALUES (1, REPEAT('x', 90));
		INSERT INTO t SELECT id + 10, v FROM t; SAVEPOINT a; DELETE FROM t; ROLLBACK TO a; REPLACE INTO t VALUES (1, 'again'); COMMIT;
		INSERT INTO t SELECT 100 + seq, 'the same' FROM (WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < 900)
			SELECT seq FROM s) x; UPDATE t SET v = NULL WHERE id > 100;
		TRUNCATE other; INSERT INTO t VALUES (5000, 'last')"
}

# ascending FILE: do the rows of each transaction stand one behind the other?
ascending() { jq -r 'select(.row) | .pos' "$1" | sort -c -s -t: -k1,1 -k2,2n; }

compressed() {
	new_database
	from=$(position)
	workload
	tail_run --from "$from" --until now --table "$db.*"
	is "$rc" 0 "$1: without compression"
	facts "$tmp/out" >"$tmp/want"
	cp "$tmp/out" "$tmp/plain"
	sql "DROP DATABASE $db; CREATE DATABASE $db"
	sql "$2"
	from=$(position)
	workload
	tail_run --from "$from" --until now --table "$db.*"
	is "$rc" 0 "$1: with compression" || diag "$(cat "$tmp/err")"
	cp "$tmp/out" "$tmp/live"
	facts "$tmp/live" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: the same rows and statements"
	ok "$1: positions ascend" ascending "$tmp/live"
	file=$server/data/${from%:*}
	ok "$1: the log is smaller" [ "$((${from#*:} * 2))" -gt "$(wc -c <"$file")" ] || diag "$from $(wc -c <"$file")"

	# one table alone: the same positions
	tail_run --from "$from" --until now --table "$db.t"
	jq -c 'select(.row and .table == "t") | [.pos, .key]' "$tmp/live" >"$tmp/want"
	jq -c 'select(.row) | [.pos, .key]' "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: positions do not depend on which tables are chosen"

	# from a file, in two parts, and of one table from a place on
	for table in types t other; do
		sql "SHOW CREATE TABLE $db.$table" --raw | sed '1s/^[^	]*	//; $s/$/;/'
	done >"$tmp/schema.sql"
	at=$(jq -r 'select(.op == "commit").pos' "$tmp/live" | tail -n 3 | head -n 1)
	set -- "$1" --schema "$tmp/schema.sql" --table "$db.*"
	name=$1
	shift
	run binlog-tail "$@" --from "$from" --until "$at" "$file"
	facts "$tmp/out" >"$tmp/got"
	run binlog-tail "$@" --from "$at" "$file"
	facts "$tmp/out" >>"$tmp/got"
	facts "$tmp/live" >"$tmp/want"
	same "$tmp/got" "$tmp/want" "$name: from a file, in two parts"
	run binlog-tail --schema "$tmp/schema.sql" --table "$db.t@$at" --from "$from" "$file"
	is "$(jq -c 'select(.row).key' "$tmp/out" | paste -sd' ')" '["5000"]' "$name: --table with a position"

	# what was logged since the rows: the server's names hold only where no statement touched the table
	sql "USE $db; CREATE TABLE late (id int PRIMARY KEY, v int)"
	from=$(position)
	sql "USE $db; INSERT INTO late VALUES (1, 1); CREATE TABLE noise (id int PRIMARY KEY, v varchar(300) COMMENT 'rather a long statement');
		INSERT INTO noise VALUES (1, REPEAT('z', 300))"
	tail_run --from "$from" --until now --table "$db.late"
	is "$rc" 0 "$name: statements on other tables do not matter" || diag "$(cat "$tmp/err")"
	sql "USE $db; ALTER TABLE late CHANGE v w int COMMENT 'a statement that is long enough to be compressed by the server'"
	[ "$db_kind" = mysql ] || {
		tail_run --from "$from" --until now --table "$db.late"
		is "$rc" 1 "$name: one on the table does"
		like "$(cat "$tmp/err")" 'names of its columns are not known here' "$name: and says so"
	}
}

own_database mariadb
compressed MariaDB 'SET GLOBAL log_bin_compress = ON, log_bin_compress_min_len = 10'
sql "DROP DATABASE $db"
own_database mysql
compressed MySQL 'SET GLOBAL binlog_transaction_compression = ON'
done_testing
