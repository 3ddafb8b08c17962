#!/bin/sh
# --explain: the bytes that it shows are those of the file, the values those of the stream.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

command -v python3 >/dev/null || skip_all 'no python3'

# bytes_hold FILE TEXT: every line of TEXT with an offset shows what FILE has there
bytes_hold() {
	python3 - "$1" "$2" <<-'END'
		import re, sys
		data, lines = open(sys.argv[1], "rb").read(), 0
		for line in open(sys.argv[2], encoding="utf-8"):
		    if m := re.match(r" *(\d+)  ((?:[0-9a-f]{2} )+)", line):
		        at, shown = int(m[1]), bytes.fromhex(m[2])
		        assert data[at:at + len(shown)] == shown, line
		        lines += 1
		assert lines > 5, lines
	END
}
# values WHICH: {column: value} of the lines of $tmp/out that have that word before them
values() {
	python3 - "$1" "$tmp/out" <<-'END'
		import json, re, sys
		row = {}
		for line in open(sys.argv[2], encoding="utf-8"):
		    if m := re.match(r".{38}" + sys.argv[1] + r": (\S+) .*? = (.*)$", line):
		        row[m[1]] = json.loads(m[2])
		print(json.dumps(row, separators=(",", ":"), ensure_ascii=False))
	END
}

explain() {
	new_database
	t="--table=$db.t"
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(20), d datetime(2), n bigint unsigned, b blob)"
	from=$(position)
	on=''
	[ "$db_kind" = mariadb ] || on="SET SESSION binlog_rows_query_log_events = ON;"
	sql "$on USE $db; INSERT INTO t VALUES (1, 'ü', '2026-01-02 03:04:05.67', 4294967296, x'00ff'), (2, NULL, NULL, NULL, NULL);
		UPDATE t SET v = 'other', n = 3 WHERE id = 1; DELETE FROM t WHERE id = 2"
	tail_run --from "$from" --until now "$t"
	jq -c 'select(.row)' "$tmp/out" >"$tmp/rows"
	file=${from%:*}
	path=${db_socket%/*}/data/$file
	at() { sed -n "$1p" "$tmp/rows" | jq -r .pos; }

	tail_run --explain "$(at 2)"
	is "$rc" 0 "$1: live"
	cp "$tmp/out" "$tmp/live"
	ok "$1: the bytes are those of the file" bytes_hold "$path" "$tmp/live"
	cp "$tmp/live" "$tmp/out"
	like "$(cat "$tmp/live")" "inserted row $(at 2) \(here\)$" "$1: the row that was asked for"
	like "$(cat "$tmp/live")" "inserted row $(at 1)$" "$1: is one of its event's"
	like "$(cat "$tmp/live")" "rows of table $db.t, .*: server$" "$1: the server names its columns"
	is "$(values after)" '{"id":2,"v":null,"d":null,"n":null,"b":null}' "$1: its values"
	tail_run --explain "$(at 3)"
	is "$(values before) $(values after)" "$(jq -c .row "$tmp/rows" | sed -n '1p;3p' | paste -sd' ')" "$1: of an update both"
	unlike "$(cat "$tmp/out")" '"op"' "$1: nothing else"

	# a file; every event of it has an explanation
	rc_is 0 "$1: a file" binlog-tail --explain "$(at 4)" "$path"
	is "$(values before)" '{"@1":2,"@2":null,"@3":null,"@4":null,"@5":null}' "$1: without names"
	pos=4 wrong='' events=0
	while [ "$pos" != end ] && [ $events -lt 60 ]; do
		run binlog-tail --explain "$file:$pos" "$path"
		next=$(sed -n '1s/.*, \([0-9]*\) bytes.*/\1/p' "$tmp/out")
		if [ "$rc" = 4 ]; then
			pos=end
		elif [ "$rc" != 0 ] || [ -z "$next" ]; then
			wrong="$wrong $pos:$rc" pos=end
		else
			cat "$tmp/out" >>"$tmp/everything"
			pos=$((pos + next)) events=$((events + 1))
		fi
	done
	is "$wrong" '' "$1: each event"
	ok "$1: and all their bytes" bytes_hold "$path" "$tmp/everything"
	for what in "server $(sql 'SELECT VERSION()' | cut -c1-5)" 'statement "CREATE TABLE' "database \"$db\"" "table $db.t, 5 columns" \
		'column 2: VARCHAR or VARBINARY \(type 15, metadata 80\), nullable' 'statement "UPDATE t SET' 'transaction [0-9]+'; do
		like "$(cat "$tmp/everything")" "$what" "$1: $what"
	done
	rm -f "$tmp/everything"

	# what is left out is left out here, too
	rc_is 0 "$1: with columns left out" binlog-tail --explain "$(at 1)" --exclude-columns '*.t.@2' "$path"
	like "$(cat "$tmp/out")" 'after: @2 [a-z0-9()]* = \(left out\)' "$1: their values are"
	unlike "$(cat "$tmp/out")" 'c3 bc|ü|[0-9a-f]{2} [0-9a-f]{2} ' "$1: and so are all bytes"
	rc_is 4 "$1: no such position" binlog-tail --explain "$file:99999999" "$path"
	tail_run --explain "$file:99999999"
	is "$rc" 4 "$1: nor live"
	rc_is 2 "$1: not a position" binlog-tail --explain here "$path"
}

own_database mariadb
explain MariaDB
own_database mysql
explain MySQL

# a compressed transaction: its events, without offsets
from=$(position)
sql "SET SESSION binlog_transaction_compression = ON; USE $db; INSERT INTO t VALUES (5, 'packed', NULL, 5, NULL), (6, 'packed', NULL, 6, NULL)"
tail_run --from "$from" --until now "$t"
at=$(jq -r 'select(.row.id == 6).pos' "$tmp/out")
tail_run --explain "$at"
like "$(cat "$tmp/out")" "inserted row $at \(here\)" 'a row of a compressed transaction'
like "$(cat "$tmp/out")" '^                                      .*transaction-payload|in it: table-map' 'its events are shown'
is "$(values after)" '{"id":6,"v":"packed","d":null,"n":6,"b":null}' 'with their values'
done_testing
