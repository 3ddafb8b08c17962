#!/bin/sh
# Memory beyond the start: next to none on ordinary rows, however many a transaction has and however it is stored; at most
# three times the largest event on large ones, which are also longer than a packet.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

case $bin in
*asan*) skip_all 'the sanitizers hold memory of their own' ;;
esac

# peak FROM OPTION...: KiB, in $peak, once the transaction with rows that comes is out; the stream in $tmp/stream.out
peak() {
	tail_options
	from=$1
	shift
	# shellcheck disable=SC2086
	spawn stream binlog-tail -q $to_server --table "$db.*" --from "$from" "$@"
	wait_until 120 arrived || diag "$(cat "$tmp/stream.err")"
	peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$spawned/status")
	stop "$spawned" || diag "status $rc: $(cat "$tmp/stream.err")"
}
arrived() { tail -c 100000 "$tmp/stream.out" | grep -q '"op":"commit".*"rows":[1-9]'; }

grows() { # NAME FROM LIMIT_KIB [OPTION...]
	name=$1 from=$2 limit=$3
	shift 3
	peak "$from" "$@"
	grown=$((peak - start))
	diag "$name: $grown KiB more"
	ok "$name: within the limit" test "$peak" -gt 0 -a "$grown" -le "$limit"
}

memory() {
	new_database
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(2000)); CREATE TABLE big (id int PRIMARY KEY, b longblob)"
	before=$(position)
	sql "USE $db; INSERT INTO t VALUES (-1, 'one')"
	small=$(position)
	peak "$before"
	start=$peak
	diag "$1: $start KiB at the start"
	ok "$1: it starts" test "$start" -gt 0

	sql "USE $db; $2 INSERT INTO t WITH RECURSIVE s (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM s WHERE seq < 100000)
		SELECT seq, CONCAT(seq, REPEAT('x', 300)) FROM s"
	many=$(position)
	grows "$1: a transaction of 100,000 rows" "$small" 8192
	is "$(lines '"op":"insert"' "$tmp/stream.out")" 100000 "$1: all of them are there"
	# an update of 12 MB: its event has them twice
	sql "USE $db; $2 BEGIN; INSERT INTO big VALUES (1, REPEAT(x'00ff10', 4000000)); UPDATE big SET b = REPEAT(x'00ff11', 4000000); COMMIT"
	for form in base64 hex; do
		grows "$1: rows of 12 MB, in $form" "$many" $((8192 + 3 * 24000000 / 1024)) --binary "$form"
		is "$(python3 -c '
import json, sys
form = sys.argv[2]
import base64
back = bytes.fromhex if form == "hex" else base64.b64decode
rows = [json.loads(l) for l in open(sys.argv[1]) if "\"row\":" in l]
print([back(r["row"]["b"]) == x * 4000000 for r, x in zip(rows, (b"\0\xff\x10", b"\0\xff\x11"))], back(rows[1]["old"]["b"])[:3].hex())' \
			"$tmp/stream.out" "$form")" '[True, True] 00ff10' "$1: and they are whole"
	done
}

# Its own, as mariadb-dump falls over a log that has an event beyond max_allowed_packet: it asks BINLOG_GTID_POS, gets NULL,
# and does not look.
own_database mariadb
memory MariaDB 'SET SESSION max_recursive_iterations = 100000;'
need_mysql
memory MySQL 'SET SESSION cte_max_recursion_depth = 100000;'
sql "DROP DATABASE $db"
memory 'MySQL, compressed' 'SET SESSION cte_max_recursion_depth = 100000, binlog_transaction_compression = ON;'
done_testing
