#!/bin/sh
# Where a stream may begin: only where its position means what it meant. Everything else is status 4.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# state POS [MEMBER=VALUE...]: as m2e-state keeps it
state() {
	rm -rf "$tmp/state"
	m2e-state --state "$tmp/state" set position "$@" 2>"$tmp/state.err" || diag "$(cat "$tmp/state.err")"
}
source_of() { jq -r "select(.op == \"source\").$1" "$tmp/$2" | sed -n 1p; }
purged() {
	sql "PURGE BINARY LOGS TO '$(position | cut -d: -f1)'"
	[ "$(oldest)" = "$(position | cut -d: -f1)" ]
}
oldest() { sql 'SHOW BINARY LOGS' | awk 'NR == 1 { print $1 }'; }
reset_log() {
	if [ "$db_kind" = mysql ]; then
		sql 'RESET BINARY LOGS AND GTIDS'
	else
		sql 'RESET MASTER'
	fi
}

# checkpointed: MariaDB adds an event to a new file when the old one is done with, in its own time
checkpointed() {
	[ "$db_kind" = mysql ] || sql "SHOW BINLOG EVENTS IN '$(position | cut -d: -f1)'" | awk '$3 == "Binlog_checkpoint" { n = $6 }
		END { exit n != "'"$(position | cut -d: -f1)"'" }'
}

positions() {
	new_database
	t=--table=$db.t
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(10)); INSERT INTO t VALUES (1, 'a')"
	rc_is 2 "$1: neither --from nor a state" binlog-tail --table "$db.t"
	rc_is 2 "$1: a malformed position" binlog-tail --from nonsense

	# from the stored position, in mid-file
	tail_run --from now --until now "$t"
	is "$rc" 0 "$1: --until now"
	is "$(jq -r .op "$tmp/out" | paste -sd' ')" 'source heartbeat' "$1: nothing to read, but where we are"
	is "$(jq -r 'select(.op == "heartbeat").pos' "$tmp/out")" "$(position)" "$1: which is the log's end"
	cp "$tmp/out" "$tmp/begin"
	at=$(position)
	state "$at" server="$(source_of server begin)" created="$(source_of created begin)"
	sql "USE $db; INSERT INTO t VALUES (2, 'b'); FLUSH BINARY LOGS; INSERT INTO t VALUES (3, 'c')"
	wait_until 30 checkpointed
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 0 "$1: from the state"
	is "$(rows_of t "$tmp/out" | paste -sd' ')" '["insert",["2"],{"id":2,"v":"b"}] ["insert",["3"],{"id":3,"v":"c"}]' \
		"$1: what came since, over a change of file"
	is "$(jq -r 'select(.op == "source" or .op == "schema" or .row) | .op' "$tmp/out" | paste -sd' ')" \
		'source schema insert source schema insert' "$1: source and schema lines again in the new file"
	is "$(jq -r 'select(.op == "source").epoch' "$tmp/out" | paste -sd' ')" '0 0' "$1: the next file is the same epoch"
	is "$(jq -s '[.[] | select(.pos)] | . == sort_by([(.pos | split(":")[0]), (.pos | split(":")[1] | tonumber)])' "$tmp/out")" true \
		"$1: positions ascend"
	is "$(jq -r 'select(.op == "commit" or .op == "heartbeat").pos' "$tmp/out" | tail -n 1)" "$(position)" "$1: up to the end"

	# every commit is a place to resume: what follows is the same
	tail_run --from "$at" --until now "$t"
	grep -v '"op":"heartbeat"' "$tmp/out" >"$tmp/whole"
	for from in $(jq -r 'select(.op == "commit").pos' "$tmp/whole"); do
		tail_run --from "$from" --until now "$t"
		grep '"row":' "$tmp/out" >"$tmp/part"
		grep '"row":' "$tmp/whole" | tail -n "$(grep -c '' "$tmp/part")" >"$tmp/rest"
		same "$tmp/part" "$tmp/rest" "$1: resumed at $from"
	done
	tail_run --from "$at" --until "$(jq -r 'select(.op == "commit").pos' "$tmp/whole" | sed -n 1p)" "$t"
	is "$(rows_of t "$tmp/out")" '["insert",["2"],{"id":2,"v":"b"}]' "$1: --until a position"
	tail_run --from "$at" --until now --table "$db.t@$(jq -r 'select(.row).pos' "$tmp/whole" | tail -n 1)"
	is "$(rows_of t "$tmp/out")" '["insert",["3"],{"id":3,"v":"c"}]' "$1: --table with a position"
	tail_run --from "$at" --until now --epoch 3 "$t"
	is "$(jq -r 'select(.pos).pos' "$tmp/out" | grep -vc '^3/')" 0 "$1: --epoch is part of every position"
	tail_run --from start --until now "$t"
	is "$(jq -r 'select(.row) | .row.id' "$tmp/out" | paste -sd' ')" '1 2 3' "$1: --from start"

	# inside a transaction
	inside=$(jq -r 'select(.row).pos' "$tmp/whole" | tail -n 1)
	tail_run --from "$(jq -r 'select(.op == "schema").pos' "$tmp/whole" | tail -n 1)" --until now "$t"
	is "$rc" 4 "$1: a position inside a transaction"
	is "$(rows_of t "$tmp/out")" '' "$1: gives no row"
	tail_run --from "$inside" --until now "$t"
	ok "$1: a position inside an event ($rc)" [ "$rc" = 4 ]

	# another server, another file of the same name
	state "$at" server=12345
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: another server"
	like "$(cat "$tmp/err")" 12345 "$1: both are named"
	state "$at" server="$(source_of server begin)" created=1500000000
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: a file of the same name that was created at another time"
	is "$(cat "$tmp/out")" '' "$1: not a line"

	# beyond the end, unknown, purged
	tail_run --from "$(position | sed 's/:.*/:99999999/')" "$t"
	is "$rc" 4 "$1: beyond the file's end"
	like "$(cat "$tmp/err")" "oldest file that it has is $(oldest)" "$1: the oldest file is named"
	tail_run --from binlog.999999:4 "$t"
	is "$rc" 4 "$1: no such file"
	# a file that a dump thread on its way out still holds is kept
	wait_until 30 purged || bail 'the server does not purge'
	tail_run --from "$at" --until now "$t"
	is "$rc" 4 "$1: purged"
	like "$(cat "$tmp/err")" "oldest file that it has is $(oldest)" "$1: the oldest file that is left is named"

	# positions start again
	at=$(position)
	tail_run --from now --until now "$t"
	state "$at" server="$(source_of server out)" created="$(source_of created out)"
	sleep 1.1 # a file's time of creation is in seconds
	reset_log
	sql "FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS; FLUSH BINARY LOGS"
	while earlier "$(position | cut -d: -f1)" "$(echo "$at" | cut -d: -f1)"; do sql 'FLUSH BINARY LOGS'; done
	sql "USE $db; INSERT INTO t VALUES $(seq -s, -f "(%.0f, 'filler')" 1000 1999)"
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: RESET MASTER"
}

own_database mariadb
positions MariaDB
sql "DROP DATABASE $db"
own_database mysql
positions MySQL
done_testing
