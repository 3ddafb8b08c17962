#!/bin/sh
# Lost connections, signals, slow and absent readers: the stream has every line once, and none is cut.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

command -v python3 >/dev/null || skip_all 'no python3'

# proxy [SETTING...]: between us and the server at hand; tail_run and tail_spawn go through it
proxy() {
	rm -f "$tmp/proxy.port"
	spawn proxy python3 "$root/tests/proxy.py" "$tmp/proxy.port" "$real_port" "$@"
	proxy_pid=$spawned
	wait_until 10 test -e "$tmp/proxy.port" || bail 'no proxy'
	db_port=$(cat "$tmp/proxy.port")
}
no_proxy() {
	tail_rc=$rc
	stop "$proxy_pid"
	rc=$tail_rc db_port=$real_port
}
# plain FILE: what must be there once: no heartbeats, no repeated source and schema lines, no GTID sets (which a stream that
# begins inside a file need not know)
plain() { sed -e '/^{"op":"\(heartbeat\|source\|schema\)"/d' -e 's/,"gtids":"[^"]*"//' "$1"; }
dump_threads() {
	sql "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
}
kill_dumps() {
	for id in $(dump_threads); do
		sql "KILL $id" 2>/dev/null
	done
}
# a reader that takes BYTES, then waits for the file `go`
slow_reader() { # BYTES OPTION...
	bytes=$1
	shift
	rm -f "$tmp/go" "$tmp/waits" "$tmp/status"
	tail_options
	# shellcheck disable=SC2016,SC2086
	spawn slow sh -c 'tmp=$1 bytes=$2; shift 2
		{ "$@" & echo $! >"$tmp/tail.pid"; wait $!; echo $? >"$tmp/status"; } |
			{ head -c "$bytes"; : >"$tmp/waits"; while [ ! -e "$tmp/go" ]; do sleep 0.05; done; cat; }' \
		sh "$tmp" "$bytes" binlog-tail $to_server "$@"
	wait_until 30 test -e "$tmp/waits" || diag "$(cat "$tmp/slow.err")"
}

# anywhere: some numbers of bytes
anywhere() {
	awk -v seed="${SEED:-$$}" 'BEGIN { srand(seed); for (i = 0; i < 4; i++) printf "%s%d", i ? "," : "", rand() * 7000000 }'
}
# cut_at NAME SSL-MODE CUTS...: the stream from $from to now is $tmp/want, whatever is cut
cut_at() {
	cut_name=$1 cut_mode=$2
	shift 2
	for cuts; do
		proxy "cut=$cuts"
		tail_run --ssl-mode "$cut_mode" --from "$from" --until now "$t"
		no_proxy
		is "$rc" 0 "$cut_name: cut after $cuts bytes"
		plain "$tmp/out" >"$tmp/got"
		same "$tmp/got" "$tmp/want" "$cut_name: nothing is missing or there twice"
	done
}

lost() {
	real_port=$db_port
	new_database
	t="--table=$db.*"
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(100)); CREATE TABLE s (id int PRIMARY KEY)"
	from=$(position)
	sql "USE $db; CREATE TEMPORARY TABLE d (d int); INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9);
		CREATE TEMPORARY TABLE d1 AS SELECT * FROM d; CREATE TEMPORARY TABLE d2 AS SELECT * FROM d;
		CREATE TEMPORARY TABLE d3 AS SELECT * FROM d; CREATE TEMPORARY TABLE d4 AS SELECT * FROM d;
		INSERT INTO s VALUES (1);
		INSERT INTO t SELECT d.d + 10 * d1.d + 100 * d2.d + 1000 * d3.d + 10000 * d4.d, REPEAT('x', 60) FROM d, d1, d2, d3, d4;
		INSERT INTO s VALUES (2); UPDATE t SET v = 'short' WHERE id < 10; ALTER TABLE s COMMENT = 'harmless'; INSERT INTO s VALUES (3)"
	tail_run --from "$from" --until now "$t"
	is "$rc" 0 "$1: the whole stream"
	cp "$tmp/out" "$tmp/calm"
	plain "$tmp/calm" >"$tmp/want"
	is "$(jq -r 'select(.op == "commit").rows' "$tmp/calm" | paste -sd' ')" '1 100000 1 10 0 1' "$1: its transactions"

	# the server cuts us off inside a transaction of 100,000 rows
	slow_reader 3000000 --from "$from" --until now "$t"
	kill_dumps
	: >"$tmp/go"
	ok "$1: killed in mid-transaction" finish 60 "$spawned"
	is "$(cat "$tmp/status")" 0 "$1: it goes on"
	like "$(cat "$tmp/slow.err")" 'WARN .*trying again' "$1: and says so"
	plain "$tmp/slow.out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: no line is missing or there twice"

	# a signal inside a transaction
	slow_reader 3000000 --from "$from" "$t"
	kill "$(cat "$tmp/tail.pid")"
	sleep 0.2
	: >"$tmp/go"
	ok "$1: SIGTERM in mid-transaction" finish 60 "$spawned"
	is "$(cat "$tmp/status")" 0 "$1: SIGTERM is a clean end"
	is "$(jq -r 'select(.op == "commit").rows' "$tmp/slow.out" | paste -sd' ')" '1 100000' "$1: at the transaction's end"
	is "$(tail -n 1 "$tmp/slow.out" | jq -r '.op, .pos' | paste -sd' ')" \
		"heartbeat $(jq -r 'select(.op == "commit").pos' "$tmp/slow.out" | tail -n 1)" "$1: its last line is where to resume"
	at=$(tail -n 1 "$tmp/slow.out" | jq -r .pos)
	tail_run --from "$at" --until now "$t"
	{ plain "$tmp/slow.out"; plain "$tmp/out"; } >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: what comes from there is the rest"

	# idle: a signal, and the supervisor's death, end it at once
	tail_spawn idle --from now "$t"
	stop "$spawned"
	is "$rc" 0 "$1: SIGTERM while idle"
	is "$(tail -n 1 "$tmp/idle.out" | jq -r '.op, .pos' | paste -sd' ')" "heartbeat $(position)" "$1: with the position"
	mkfifo "$tmp/life.$1"
	sleep 1000 >"$tmp/life.$1" &
	parent=$!
	tail_options
	# shellcheck disable=SC2016,SC2086
	spawn orphan sh -c 'exec binlog-tail "$@" 6<"$0"' "$tmp/life.$1" $to_server --from now --parent-fd 6 "$t"
	ok "$1: it runs while the supervisor does" wait_until 20 grep -q heartbeat "$tmp/orphan.out"
	kill "$parent"
	wait "$parent" 2>/dev/null
	finish 5 "$spawned"
	is "$rc" 0 "$1: the supervisor died"

	# the same while nobody takes what it writes, inside a transaction
	mkfifo "$tmp/stuck.$1"
	exec 9<>"$tmp/stuck.$1"
	sleep 1000 >"$tmp/life.$1" 9<&- &
	parent=$!
	# shellcheck disable=SC2016,SC2086
	spawn stuck sh -c 'life=$1 out=$2; shift 2; exec binlog-tail "$@" 6<"$life" >"$out" 9<&-' sh \
		"$tmp/life.$1" "$tmp/stuck.$1" $to_server --from "$from" --parent-fd 6 "$t"
	ok "$1: its output fills" wait_until 20 pipe_is_full
	kill "$parent"
	wait "$parent" 2>/dev/null
	finish 10 "$spawned"
	is "$rc" 75 "$1: the supervisor died, and its reader does not read"
	exec 9<&-

	# heartbeats: at least one a second; inside a transaction with the last one's end
	tail_spawn idle --from now "$t"
	# shellcheck disable=SC2016
	wait_until 10 sh -c '[ $(grep -c heartbeat "$0") -ge 3 ]' "$tmp/idle.out"
	stop "$spawned"
	ok "$1: idle heartbeats" [ "$(lines '"op":"heartbeat"' "$tmp/idle.out")" -ge 3 ]
	proxy rate=2500000
	tail_run --ssl-mode disabled --from "$from" --until now "$t"
	no_proxy
	jq -c 'select(.op == "heartbeat" or .op == "commit")' "$tmp/out" >"$tmp/marks"
	is "$(jq -s '[.[:(map(.rows == 100000) | index(true))][] | select(.op == "heartbeat")] | length > 0' "$tmp/marks")" true \
		"$1: heartbeats inside a transaction"
	is "$(jq -s '[., .[1:]] | transpose | map(select(.[1] != null and .[1].op == "heartbeat" and .[0].pos != .[1].pos)) | length' "$tmp/marks")" 0 \
		"$1: they have the last transaction's end"
	plain "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: nothing else differs"

	# the connection is cut anywhere; TLS has its own ways to say so
	cut_at "$1" disabled 100,3000,5000,7000 20000,50000,200000 3000000,4000000,1000000 "$(anywhere)" 6000000,6500000,7000000,100
	[ "$db_kind" = mariadb ] || cut_at "$1, TLS" required 100,2000,5000,9000 "$(anywhere)"

	# bytes change on the way
	proxy flip=2000000
	tail_run --ssl-mode disabled --from "$from" --until now "$t"
	no_proxy
	is "$rc" 1 "$1: a byte that changed"
	like "$(cat "$tmp/err")" 'its checksum is wrong' "$1: is found out"
	head -n "$(plain "$tmp/out" | grep -c '')" "$tmp/want" >"$tmp/head"
	plain "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/head" "$1: what came before it is right"

	# silence
	proxy mute=2000000
	tail_run --ssl-mode disabled --from "$from" --until now "$t"
	no_proxy
	is "$rc" 0 "$1: a connection that fell silent"
	plain "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: is opened again"
}

# rows that the server compresses: events are not whole before their last byte
compressed() {
	from=$(position)
	if [ "$db_kind" = mysql ]; then
		on='SET SESSION binlog_transaction_compression = ON'
	else
		on='SET GLOBAL log_bin_compress = ON'
	fi
	sql "$on; USE $db; INSERT INTO s VALUES (10); UPDATE t SET v = CONCAT(id, 'packed', SHA2(id, 256)) WHERE id < 20000; INSERT INTO s VALUES (11)"
	tail_run --from "$from" --until now "$t"
	is "$rc" 0 "$1, compressed: the whole stream"
	plain "$tmp/out" >"$tmp/want"
	is "$(jq -r 'select(.op == "commit").rows' "$tmp/want" | paste -sd' ')" '1 20000 1' "$1, compressed: its transactions"
	cut_at "$1, compressed" disabled 5000,9000,100000,300000,600000
}

# server kill -9'd and started again under a reader in mid-transaction
restarted() {
	slow_reader 3000000 --from "$from" --until "$(jq -r 'select(.op == "commit").pos' "$tmp/calm" | tail -n 1)" "$t"
	"$root/scripts/server" kill "$server"
	: >"$tmp/go"
	wait_until 20 grep -q 'trying again' "$tmp/slow.err"
	"$root/scripts/server" start "$db_kind" "$server" "$db_port"
	ok "$1: the server was killed" finish 60 "$spawned"
	is "$(cat "$tmp/status")" 0 "$1: and started again"
	plain "$tmp/slow.out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$1: nothing is missing or there twice"

	# a server that says nothing: a signal ends the wait for it
	tail_spawn idle --from now "$t"
	server_pid=$(cat "$server/pid")
	kill -s STOP "$server_pid"
	sleep 0.7	# its last heartbeat
	kill "$spawned"
	finish 3 "$spawned"
	is "$rc" 0 "$1: SIGTERM while nothing comes"
	kill -s CONT "$server_pid"

	tail_spawn away --from now --retry-for 1 "$t"
	"$root/scripts/server" kill "$server"
	finish 20 "$spawned"
	is "$rc" 75 "$1: a server that does not come back"
	tail_run --from now --retry-for 0 "$t"
	is "$rc" 75 "$1: no server"
	like "$(cat "$tmp/err")" "connect to 127.0.0.1:$db_port" "$1: it is named"
}

# binlog-tail-reconnect-mysql.t is this one on MySQL: the two run side by side
own_database "${reconnect_on:-mariadb}"
lost "$db_kind"
compressed "$db_kind"
from=$(jq -r 'select(.op == "commit").pos' "$tmp/calm" | head -n 1) # behind the first transaction
tail_run --from "$from" --until "$(jq -r 'select(.op == "commit").pos' "$tmp/calm" | tail -n 1)" "$t"
plain "$tmp/out" >"$tmp/want"
restarted "$db_kind"
done_testing
