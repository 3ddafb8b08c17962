#!/bin/sh
# The live stream against what SELECT shows, its lines, its choices, and what it refuses; on all servers.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# changes STATEMENTS OPTION...: what a stream of them is, in $tmp/out
changes() {
	from=$(position)
	sql "USE $db; $1"
	shift
	tail_run --from "$from" --until now --table "$db.*" "$@"
}
ops() { jq -r .op "$tmp/out" | grep -v heartbeat | paste -sd' '; }
# equals FILE TABLE: the stream in FILE, from the table's beginning, leads to what it holds
equals() { DB_SOCKET=$db_socket DB_KIND=$db_kind python3 "$root/tests/stream.py" "$1" "$db.$2"; }

lines_and_values() {
	# every type with its extremes; updates, key changes, deletes
	from=$(position)
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	sql "USE $db; SET sql_mode = '', time_zone = '+03:00'; UPDATE types SET vc = CONCAT(COALESCE(vc, ''), '+'), t6 = ADDTIME(t6, '00:00:00.500000'),
		ts4 = NOW(4) WHERE id < 5; UPDATE types SET id = id + 100 WHERE id IN (2, 3); DELETE FROM types WHERE id = 1;
		INSERT INTO types (id, biu) VALUES (-1, 9007199254740993); REPLACE INTO types (id, i) VALUES (4, 44)"
	tail_run --from "$from" --until now --table "$db.*"
	is "$rc" 0 "$1: every type"
	cp "$tmp/out" "$tmp/all"
	ok "$1: the stream leads to what SELECT shows" equals "$tmp/all" types
	is "$(jq -c 'select(.op == "update" and .key == ["102"]) | [.old_key, .old.id]' "$tmp/all")" '[["2"],2]' "$1: a key that changed"
	is "$(jq -c 'select(.op == "delete" and .key == ["1"]) | .row | length' "$tmp/all")" \
		"$(sql "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = '$db' AND table_name = 'types'")" \
		"$1: a deleted row is whole"
	is "$(jq -c 'select(.op == "update" and .key == ["3"]) | .old | keys' "$tmp/all")" '["t6","ts4","vc"]' "$1: old has what changed, and nothing else"
	is "$(jq -r 'keys_unsorted | .[0], .[-1]' "$tmp/all" | sed -n 'N; s/\n/ /p' | grep -c -v '^op')" 0 "$1: op comes first"
	is "$(grep '"row":' "$tmp/all" | jq -r 'keys_unsorted | .[-1]' | sort -u)" row "$1: row comes last"
	tail_run --from "$from" --until now --table "$db.*"
	grep -v '"op":"heartbeat"' "$tmp/all" >"$tmp/first"
	grep -v '"op":"heartbeat"' "$tmp/out" >"$tmp/second"
	same "$tmp/second" "$tmp/first" "$1: the same input gives the same bytes"
	tail_run --from "$from" --until now --table "$db.*" --numbers safe --no-old --zero-dates keep
	is "$(jq -c 'select(.row.id == -1) | .row.biu' "$tmp/out")" '"9007199254740993"' "$1: --numbers=safe"
	is "$(grep -c '"old":' "$tmp/out")" 0 "$1: --no-old"
	is "$(jq -c 'select(.op == "insert" and .row.id == 3) | .row.dt' "$tmp/out")" '"0000-00-00"' "$1: --zero-dates=keep"

	# transactions and their lines
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(20)); CREATE TABLE u (id int PRIMARY KEY)"
	changes "START TRANSACTION; INSERT INTO t VALUES (1, 'a'), (2, 'b'); UPDATE t SET v = 'c' WHERE id = 2; INSERT INTO u VALUES (1); COMMIT"
	is "$(ops)" 'source schema insert insert update schema insert commit' "$1: one transaction"
	is "$(jq -r 'select(.op == "commit") | .rows' "$tmp/out")" 4 "$1: it counts its rows"
	is "$(jq -r 'select(.row).pos' "$tmp/out" | sort -u | grep -c '')" 4 "$1: every row has its own position"
	like "$(jq -r 'select(.op == "commit").ts' "$tmp/out")" '^[0-9]+(\.[0-9]+)?$' "$1: and a time"
	changes "START TRANSACTION; INSERT INTO t VALUES (3, 'x'); ROLLBACK; START TRANSACTION; INSERT INTO t VALUES (4, 'x'); SAVEPOINT a;
		INSERT INTO t VALUES (5, 'x'); ROLLBACK TO a; COMMIT"
	is "$(jq -r 'select(.row) | .row.id' "$tmp/out" | paste -sd' ')" 4 "$1: what was rolled back is not there"
	changes "INSERT INTO u VALUES (2)" --exclude "$db.u"
	is "$(ops)" 'source' "$1: others' transactions are heartbeats only"
	is "$(jq -r 'select(.op == "heartbeat").pos' "$tmp/out" | tail -n 1)" "$(position)" "$1: up to where they go"
	changes "INSERT INTO t VALUES (6, 'x'); INSERT INTO u VALUES (6)" --exclude "$db.t"
	is "$(jq -r 'select(.row) | .table' "$tmp/out")" u "$1: --exclude"

	# GTIDs
	changes "INSERT INTO t VALUES (7, 'x')"
	if [ "$db_family" = mariadb ]; then
		is "$(jq -r 'select(.op == "commit").gtids' "$tmp/out")" "$(sql 'SELECT @@gtid_binlog_pos')" "$1: the set of GTIDs"
		like "$(jq -r 'select(.op == "commit").gtid' "$tmp/out")" '^0-1-[0-9]+$' "$1: and the transaction's own"
	elif [ "$db_kind" = mysql-5.6 ]; then # without by default
		is "$(jq -c 'select(.op == "commit") | [.gtid, .gtids]' "$tmp/out")" '[null,null]' "$1: no GTIDs"
	else
		sql 'FLUSH BINARY LOGS'
		changes "INSERT INTO t VALUES (8, 'x')"
		from=$(position | sed 's/:.*/:4/')
		tail_run --from "$from" --until now --table "$db.*"
		is "$(jq -r 'select(.op == "commit").gtids' "$tmp/out" | tail -n 1)" "$(sql 'SELECT @@gtid_executed' | tr -d '\n' | sed 's/\\n//g')" "$1: the set of GTIDs"
		like "$(jq -r 'select(.op == "commit").gtid' "$tmp/out" | tail -n 1)" '^[0-9a-f-]{36}:[0-9]+$' "$1: and the transaction's own"
	fi
}

statements() {
	# DDL: what is said, and of which tables
	changes "TRUNCATE t"
	is "$(ops)" 'source ddl truncate commit' "$1: TRUNCATE"
	is "$(jq -c 'select(.op == "ddl") | [.db, .sql, .tables]' "$tmp/out")" "[\"$db\",\"TRUNCATE t\",[[\"$db\",\"t\"]]]" "$1: the ddl line"
	changes "ALTER TABLE t ADD INDEX (v); ALTER TABLE t ADD COLUMN n int; ALTER TABLE t COMMENT = 'x'; CREATE INDEX i ON t (n)"
	is "$(ops)" 'source ddl commit ddl commit ddl commit ddl commit' "$1: harmless statements"
	changes "ALTER TABLE t ADD COLUMN d int NOT NULL DEFAULT 7"
	is "$(ops)" 'source ddl stale commit' "$1: a statement that changes rows"
	changes "RENAME TABLE t TO t2, t2 TO t3; RENAME TABLE t3 TO t"
	is "$(ops)" 'source ddl rename rename stale stale stale stale commit ddl rename stale stale commit' "$1: RENAME"
	changes "RENAME TABLE t TO other" --exclude "$db.other"
	is "$(jq -r 'select(.op == "stale" or .op == "rename") | .op + " " + .table' "$tmp/out" | paste -sd' ')" 'rename t stale t' "$1: RENAME away"
	changes "RENAME TABLE other TO t" --exclude "$db.other"
	is "$(jq -r 'select(.op == "stale" or .op == "rename") | .op + " " + .table' "$tmp/out" | paste -sd' ')" 'stale t' "$1: RENAME onto its name"
	at=$(position)
	changes "TRUNCATE t; INSERT INTO t (id, d) VALUES (1, 1); TRUNCATE t; DROP TABLE u"
	is "$(ops)" 'source ddl truncate commit schema insert commit ddl truncate commit ddl drop stale commit' "$1: DROP"
	tail_run --from "$at" --until now --table "$db.t@$(jq -r 'select(.row).pos' "$tmp/out")"
	is "$(jq -r 'select(.op != "heartbeat") | .op + " " + (.table // "")' "$tmp/out" | paste -sd,)" \
		'source ,ddl ,commit ,schema t,insert t,commit ,ddl ,truncate t,commit ,ddl ,commit ' "$1: @POS: neither rows nor TRUNCATE before it"
	changes "CREATE TEMPORARY TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t ADD b int; DROP TEMPORARY TABLE t; GRANT SELECT ON $db.* TO m2e@'%'"
	is "$(ops)" 'source' "$1: TEMPORARY tables are never ours"
	changes "CREATE VIEW w AS SELECT 1 AS one; DROP VIEW w; CREATE PROCEDURE p() SELECT 1; DROP PROCEDURE p; ANALYZE TABLE t; OPTIMIZE TABLE t"
	is "$(ops)" 'source' "$1: harmless statements of other kinds"
	sql "CREATE DATABASE ${db}_x; CREATE TABLE ${db}_x.t (id int PRIMARY KEY)"
	at=$(position)
	sql "DROP DATABASE ${db}_x"
	tail_run --from "$at" --until now --table "${db}_x.t" --table "$db.*"
	is "$(jq -c 'select(.op != "heartbeat" and .op != "source" and .op != "commit") | [.op, .db, .table, .tables]' "$tmp/out" | paste -sd' ')" \
		"[\"ddl\",\"$(jq -r 'select(.op == "ddl").db' "$tmp/out")\",null,[[\"${db}_x\",null]]] [\"drop\",\"${db}_x\",\"t\",null] [\"stale\",\"${db}_x\",\"t\",null]" "$1: DROP DATABASE"
	changes "CREATE TABLE c AS SELECT 1 AS id"
	is "$rc" 0 "$1: CREATE TABLE ... SELECT"
	is "$(jq -c 'select(.row).row' "$tmp/out")" '{"id":1}' "$1: has its rows"

	# statement format
	changes "SET SESSION binlog_format = STATEMENT; INSERT INTO t (id, d) VALUES (50, 1)" 2>/dev/null
	is "$rc" 1 "$1: a statement that changes rows"
	like "$(cat "$tmp/err")" 'binlog_format=ROW' "$1: says why"
	is "$(jq -c 'select(.row)' "$tmp/out")" '' "$1: and gives none"
	changes "SET SESSION binlog_format = STATEMENT; CREATE TEMPORARY TABLE t (a int); DROP TEMPORARY TABLE t"
	is "$(ops)" 'source' "$1: TEMPORARY tables as statements"

	# XA
	changes "XA START 'x'; INSERT INTO t (id, d) VALUES (60, 1); XA END 'x'; XA PREPARE 'x'; XA ROLLBACK 'x'"
	# MySQL 5.6 logs nothing before XA COMMIT
	is "$rc" "$([ "$db_kind" = mysql-5.6 ] && echo 0 || echo 1)" "$1: rows of an XA transaction"
	is "$(jq -c 'select(.row)' "$tmp/out")" '' "$1: none of them is shown"
	tail_run --from "$from" --until now --table "$db.c"
	is "$rc" 0 "$1: nor do they matter where the table is not asked for"

	# partial rows
	sql "USE $db; CREATE TABLE p (id int PRIMARY KEY, a int, b text)"
	for image in MINIMAL NOBLOB; do
		changes "SET SESSION binlog_row_image = $image; INSERT INTO p VALUES (1, 1, 'x'); UPDATE p SET a = 2; UPDATE p SET id = 2; DELETE FROM p"
		is "$(jq -c 'select(.row) | [.op, .key, .old_key, .partial]' "$tmp/out" | sed -n '2,4p' | paste -sd' ')" \
			'["update",["1"],null,true] ["update",["2"],["1"],true] ["delete",["2"],null,true]' "$1: $image: partial rows with their keys"
		is "$(jq -c 'select(.op == "update").row' "$tmp/out" | sed -n 1p | jq -c '[.id, .a, has("b")]')" '[1,2,false]' "$1: $image: what is known is there"
	done

	# no transactions
	sql "USE $db; CREATE TABLE m (id int PRIMARY KEY) ENGINE = MyISAM"
	changes "INSERT INTO m VALUES (1), (2); DELETE FROM m WHERE id = 1"
	is "$(jq -r 'select(.op == "commit").rows' "$tmp/out" | paste -sd' ')" '2 1' "$1: MyISAM"
	sql "USE $db; INSERT INTO m VALUES (3), (4), (4)" 2>/dev/null

	# MariaDB logs what is rolled back beside things that know no rollback
	if [ "$db_family" = mariadb ]; then
		changes "START TRANSACTION; INSERT INTO t (id, d) VALUES (70, 1); SAVEPOINT a; INSERT INTO t (id, d) VALUES (71, 1);
			CREATE TEMPORARY TABLE x (a int); ROLLBACK TO a; COMMIT"
		is "$(jq -r 'select(.op == "stale").table' "$tmp/out")" t "$1: a table of which logged rows were rolled back is stale"
	fi

	# characters of another client
	from=$(position)
	printf 'USE %s; CREATE TABLE l (id int PRIMARY KEY COMMENT "\344", e enum("\366","b") CHARACTER SET latin1)' "$db" |
		mariadb --no-defaults --default-character-set=latin1 -u root -S "$db_socket"
	sql "USE $db; INSERT INTO l VALUES (1, 'ö')"
	tail_run --from "$from" --until now --table "$db.*"
	like "$(jq -r 'select(.op == "ddl").sql' "$tmp/out")" 'ä.*ö' "$1: a statement in latin1 is shown in UTF-8"
	is "$(jq -c 'select(.row).row' "$tmp/out")" '{"id":1,"e":"ö"}' "$1: so is its ENUM"
}

choices() {
	tail_run --tables --table "$db.?"
	is "$(paste -sd' ' "$tmp/out")" "$db.c $db.l $db.m $db.p $db.t" "$1: --tables"
	tail_run --identify
	is "$(cat "$tmp/out")" "$(tail_run --from now --until now; jq -r 'select(.op == "source").server' "$tmp/out")" "$1: --identify"
	tail_run --check --table "$db.t" --table "$db.c" --table "$db.none"
	is "$rc" 1 "$1: --check finds a failure"
	is "$(jq -r 'select(.level == "failure") | .text' "$tmp/out" | grep -c -e "$db.none" -e "$db.c has no primary key")" 2 "$1: they are the missing table and key"
	is "$(jq -r 'select(.level == "failure") | .check' "$tmp/out" | paste -sd' ')" 'tables key' "$1: and nothing else"
	is "$(jq -r 'select(.server).pos' "$tmp/out")" "$(position)" "$1: it tells where the log stands"
	tail_run --check --table "$db.t"
	is "$rc" 0 "$1: --check finds no failure"
	sql "CREATE USER poor@'%' IDENTIFIED BY 'm2e'; GRANT SELECT ON $db.p TO poor@'%'"
	db_user=poor
	tail_run --check --table "$db.p"
	is "$rc" 1 "$1: --check without privileges"
	like "$(jq -r 'select(.level == "failure").advice' "$tmp/out")" "GRANT (REPLICATION CLIENT|BINLOG MONITOR) ON \*\.\* TO 'poor'@'%'" "$1: tells the GRANT"
	tail_run --from now --table "$db.p"
	is "$rc" 1 "$1: a stream without privileges"
	sql "DROP USER poor@'%'"
	db_user=nobody
	tail_run --from now --table "$db.p"
	is "$rc" 1 "$1: no such account"
	like "$(cat "$tmp/err")" 'Access denied' "$1: the server's own words"
	db_user=m2e
	for mode in disabled required; do
		tail_run --ssl-mode "$mode" --from now --until now
		case $db_kind/$mode in
		mariadb/required | mysql-5.6/required) is "$rc" 1 "$1: --ssl-mode=$mode, which this server has not" ;;
		*) is "$rc" 0 "$1: --ssl-mode=$mode" ;;
		esac
	done
}

# What is set globally must not hide a column or a quote.
settings() {
	rows() { "${bin%/bin}/tests/rows" "$db_socket" "$db" "$1"; }
	sql "SET GLOBAL sql_quote_show_create = 0"
	sql "CREATE TABLE \`a b\` (\`c d\` INT PRIMARY KEY, period INT, \`key\` INT)" "$db"
	is "$(rows 'a b' | jq -c '[.key, (.columns | map(.name))]')" '[["c d"],["c d","period","key"]]' "$1: names in quotes"
	[ "$db_kind" = mysql ] || return
	sql 'SET GLOBAL show_gipk_in_create_table_and_information_schema = 0;
		SET sql_generate_invisible_primary_key = 1; CREATE TABLE gipk (a INT); INSERT INTO gipk VALUES (5)' "$db"
	is "$(rows gipk | sed 1d | jq -c '[.key, .row]')" '[["1"],{"my_row_id":1,"a":5}]' "$1: a key made by the server"
}

on_server() {
	new_database
	lines_and_values "$1"
	statements "$1"
	choices "$1"
	settings "$1"
}

for kind in $databases; do
	own_database "$kind" # others must not see our statements
	on_server "$kind"
	sql "DROP DATABASE $db"
done
done_testing
