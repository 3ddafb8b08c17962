#!/bin/sh
# --only and --query: some of the rows, and the statements that changed them.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# ops FILE: each line that is no source, schema or heartbeat
ops() { jq -r 'select(.op != "source" and .op != "schema" and .op != "heartbeat") | .op + (.key // [] | map(" " + .) | join(""))' "$1" | paste -sd, -; }

only() {
	new_database
	t="--table=$db.t"
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v int); CREATE TABLE other (id int)"
	from=$(position)
	sql "USE $db; INSERT INTO t VALUES (1, 1), (2, 2); UPDATE t SET v = 3 WHERE id = 1; UPDATE t SET id = 9 WHERE id = 1;
		DELETE FROM t WHERE id = 2; TRUNCATE t; INSERT INTO t VALUES (5, 5)"
	tail_run --from "$from" --until now "$t"
	is "$(ops "$tmp/out")" 'insert 1,insert 2,commit,update 1,commit,update 9,commit,delete 2,commit,ddl,truncate,commit,insert 5,commit' "$1: all of it"
	jq -c 'select(.op == "commit").pos' "$tmp/out" >"$tmp/want"
	tail_run --from "$from" --until now "$t" --only insert
	is "$(ops "$tmp/out")" 'insert 1,insert 2,commit,commit,commit,commit,ddl,truncate,commit,insert 5,commit' "$1: --only insert"
	tail_run --from "$from" --until now "$t" --only update,insert
	is "$(ops "$tmp/out")" 'insert 1,insert 2,commit,update 1,commit,update 9,commit,commit,ddl,truncate,commit,insert 5,commit' "$1: --only update,insert"
	tail_run --from "$from" --until now "$t" --only delete,truncate
	is "$(ops "$tmp/out")" 'commit,commit,delete 1,commit,delete 2,commit,ddl,truncate,commit,commit' "$1: --only delete,truncate takes old keys away, too"
	is "$(jq -c 'select(.op == "delete") | [.key, .old_key, .old, .row]' "$tmp/out" | head -n 1)" '[["1"],null,null,{"id":1,"v":3}]' "$1: as it was"
	is "$(jq -r 'select(.op == "commit").rows' "$tmp/out" | paste -sd' ' -)" '0 0 1 1 0 0' "$1: commits count what came"
	tail_run --from "$from" --until now "$t" --only truncate
	is "$(ops "$tmp/out")" 'commit,commit,commit,commit,ddl,truncate,commit,commit' "$1: no rows at all"
	jq -c 'select(.op == "commit").pos' "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: the commits are the same"

	# a table without a key, and what statements they were
	on="SET SESSION binlog_rows_query_log_events = ON" off="SET SESSION binlog_rows_query_log_events = OFF"
	[ "$db_kind" = mysql ] || on="SET SESSION binlog_annotate_row_events = ON" off="SET SESSION binlog_annotate_row_events = OFF"
	sql "USE $db; ALTER TABLE other ADD v text"
	from=$(position)
	long=$(printf '%400s' x | tr ' ' y)
	sql "USE $db; $on; INSERT INTO other VALUES (1, 'ü\"'), (2, '$long'); UPDATE other SET v = 'z'; BEGIN; INSERT INTO t VALUES (7, 7);
		DELETE FROM t WHERE id = 5; COMMIT; $off; DELETE FROM t WHERE id = 7"
	tail_run --from "$from" --until now --table "$db.*" --query
	is "$(jq -r 'select(.row) | .query // "-"' "$tmp/out" | paste -sd'|' -)" \
		"INSERT INTO other VALUES (1, 'ü\"'), (2, '$long')|-|UPDATE other SET v = 'z'|-|INSERT INTO t VALUES (7, 7)|DELETE FROM t WHERE id = 5|-" \
		"$1: --query"
	jq -c 'del(.query)' "$tmp/out" | grep -v heartbeat >"$tmp/got"
	tail_run --from "$from" --until now "$t" --query
	is "$(jq -r 'select(.row) | .query // "-"' "$tmp/out" | paste -sd'|' -)" "INSERT INTO t VALUES (7, 7)|DELETE FROM t WHERE id = 5|-" \
		"$1: of the tables that are chosen"
	tail_run --from "$from" --until now --table "$db.*"
	jq -c . "$tmp/out" | grep -v heartbeat >"$tmp/want"
	same "$tmp/got" "$tmp/want" "$1: nothing else is different"
	tail_run --from "$from" --until now "$t" --query --only delete
	is "$(jq -r 'select(.row) | .query // "-"' "$tmp/out" | paste -sd'|' -)" "DELETE FROM t WHERE id = 5|-" "$1: with --only"
	tail_run --from "$from" --until now "$t" --query --exclude-columns "$db.t.v"
	is "$rc" 2 "$1: not with columns that are left out"
}

rc_is 2 'no such op' binlog-tail --only insert,replace --from now
rc_is 2 'an empty list' binlog-tail --only '' --from now
own_database mariadb # others log statements, too
only MariaDB
own_database mysql
only MySQL
done_testing
