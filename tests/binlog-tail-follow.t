#!/bin/sh
# Files in order, files that still grow, and logs whose files do not follow one another.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

ids() { jq -r 'select(.row) | .row.id' "$1" | paste -sd' '; }
wait_id() { wait_until 20 grep -q "\"key\":\[\"$1\"\]" "$2"; } # ID FILE
# offline OPTION...: files without a server
offline() { run timeout 60 binlog-tail --schema "$tmp/schema.sql" --table "$db.t" "$@"; }

follow() {
	own_database "$1"
	data=$server/data
	new_database
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(10)); INSERT INTO t VALUES (1, 'a')"
	sql "SHOW CREATE TABLE $db.t" --raw | sed '1s/^[^	]*	//; $s/$/;/' >"$tmp/schema.sql"
	file=$(position | cut -d: -f1)
	spawn follow binlog-tail --schema "$tmp/schema.sql" --table "$db.t" --follow "$data/$file"
	ok "$1: --follow reads what is there" wait_id 1 "$tmp/follow.out" || diag "$(cat "$tmp/follow.err")"
	sql "INSERT INTO $db.t VALUES (2, 'b')"
	ok "$1: and what is written" wait_id 2 "$tmp/follow.out"
	sql "FLUSH BINARY LOGS; INSERT INTO $db.t VALUES (3, 'c')"
	ok "$1: and the next file" wait_id 3 "$tmp/follow.out"
	"$root/scripts/server" stop "$server"
	"$root/scripts/server" start "$1" "$server" "$server_port"
	sql "INSERT INTO $db.t VALUES (4, 'd')"
	ok "$1: also after the server was stopped" wait_id 4 "$tmp/follow.out" || diag "$(cat "$tmp/follow.err")"
	"$root/scripts/server" kill "$server"
	"$root/scripts/server" start "$1" "$server" "$server_port"
	sql "INSERT INTO $db.t VALUES (5, 'e')"
	ok "$1: or killed" wait_id 5 "$tmp/follow.out"
	stop "$spawned"
	is "$rc" 0 "$1: a signal ends it"
	is "$(ids "$tmp/follow.out")" '1 2 3 4 5' "$1: each row once"
	is "$(tail -n 1 "$tmp/follow.out" | jq -r '.op, .pos' | paste -sd' ')" "heartbeat $(position)" "$1: the last line is the position"
	until=$(position)
	sql "INSERT INTO $db.t VALUES (6, 'f')"
	offline --follow --until "$until" "$data/$file"
	is "$rc $(ids "$tmp/out")" '0 1 2 3 4 5' "$1: --until ends it, too"

	# a transaction that is half written
	head -c "$(jq -r 'select(.op == "insert" and .row.id == 1).pos | split(":")[1]' "$tmp/follow.out")" "$data/$file" >"$tmp/half.000001"
	spawn half binlog-tail --schema "$tmp/schema.sql" --table "$db.t" --follow "$tmp/half.000001"
	wait_until 20 grep -q '"op":"source"' "$tmp/half.out"
	stop "$spawned"
	is "$rc" 75 "$1: stopped inside a transaction"
	is "$(ids "$tmp/half.out")" '' "$1: of which nothing is told"
}

order() {
	rm -rf "$tmp/files"
	mkdir "$tmp/files"
	sql 'FLUSH BINARY LOGS'
	cp "$data"/binlog.[0-9]* "$tmp/files/"
	rm "$tmp/files/$(position | cut -d: -f1)"
	all=$(echo "$tmp"/files/*)
	# shellcheck disable=SC2086
	offline $all
	is "$rc $(ids "$tmp/out")" '0 1 2 3 4 5 6' "$1: files in their order"
	second=$(find "$tmp/files" -type f | sort | tail -n 2 | head -n 1)
	# shellcheck disable=SC2046
	offline $(find "$tmp/files" -type f ! -path "$second" | sort)
	is "$rc" 1 "$1: one is missing"
	like "$(cat "$tmp/err")" "${second##*/} is missing between" "$1: which one, is told"
	# shellcheck disable=SC2086
	offline $all "${all##* }"
	is "$rc" 1 "$1: one is there twice"
	offline --from "${second##*/}:99999999" "$second"
	is "$rc" 4 "$1: a position behind a file's end"
	size=$(wc -c <"$second")
	offline --from "${second##*/}:$((size - 1))" "$second"
	is "$rc" 4 "$1: a position inside its last event"

	# another name: proven by GTIDs, or refused
	last=${all##* }
	cp "$last" "$tmp/files/renamed.000001"
	# shellcheck disable=SC2086
	offline ${all% *} "$tmp/files/renamed.000001"
	is "$rc $(ids "$tmp/out")" '0 1 2 3 4 5 6' "$1: another basename"  || diag "$(cat "$tmp/err")"
	is "$(jq -r 'select(.row.id == 6 or .row.id == 1).pos' "$tmp/out" | sed 's/:.*//' | paste -sd' ')" "$file 1/renamed.000001" "$1: in the next epoch"
	is "$(jq -r 'select(.op == "source").epoch' "$tmp/out" | uniq | paste -sd' ')" '0 1' "$1: which its source line has"
	offline "${all%% *}" "$tmp/files/renamed.000001"
	is "$rc" 4 "$1: another basename, with something between"
	like "$(cat "$tmp/err")" 'transactions between them are missing' "$1: it says so"
	is "$(grep -c '"epoch":1' "$tmp/out")" 0 "$1: no line of it"
}

follow mariadb
order mariadb
follow mysql
order mysql
done_testing
