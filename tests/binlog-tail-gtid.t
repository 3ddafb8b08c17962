#!/bin/sh
# By GTID: where a stream begins and ends, on one server and from one to another. What cannot be proven is status 4.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"
. "${0%/*}/replicas.sh"

ids() { jq -r 'select(.row) | .row.id' "$1" | paste -sd' '; }
gtids_of() { jq -r 'select(.gtids) | .gtids' "$1" | tail -n 1; }
# state_of FILE: what m2e-state keeps of that stream
state_of() {
	rm -rf "$tmp/state"
	m2e-state --state "$tmp/state" save <"$1" 2>"$tmp/state.err" || diag "$(cat "$tmp/state.err")"
}
controls() { grep -e '"op":"\(source\|commit\|heartbeat\)"' "$1"; }
one_server() {
	new_database
	t=--table=$db.t
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(10)); INSERT INTO t VALUES (1, 'a')"
	begun=$(executed)
	sql "USE $db; INSERT INTO t VALUES (2, 'b'); FLUSH BINARY LOGS; INSERT INTO t VALUES (3, 'c')"
	[ "$db_kind" = mariadb ] || sql "USE $db; SET gtid_next = 'AUTOMATIC:tag_a'; INSERT INTO t VALUES (4, 'd'); INSERT INTO t VALUES (5, 'e')"
	[ "$db_kind" = mysql ] || sql "USE $db; SET gtid_domain_id = 7; INSERT INTO t VALUES (4, 'd'); INSERT INTO t VALUES (5, 'e')"
	middle=$(executed)
	sql "USE $db; INSERT INTO t VALUES (6, 'f'); INSERT INTO t VALUES (7, 'g')"
	tail_run --from "$begun" --until now "$t"
	is "$rc $(ids "$tmp/out")" '0 2 3 4 5 6 7' "$1: from a GTID set" || diag "$(cat "$tmp/err")"
	is "$(gtids_of "$tmp/out")" "$(executed)" "$1: the set that is said is the server's own"
	cp "$tmp/out" "$tmp/whole"
	tail_run --from "$begun" --until "$middle" "$t"
	is "$rc $(ids "$tmp/out")" '0 2 3 4 5' "$1: until a GTID set"
	tail_run --from start --until "$middle" "$t"
	is "$rc $(ids "$tmp/out")" '0 1 2 3 4 5' "$1: from the start until a GTID set"
	tail_run --from "$middle" --until now "$t"
	is "$(ids "$tmp/out")" '6 7' "$1: resumed, with tags and domains"
	jq -c 'select(.row) | [.key, .pos]' "$tmp/out" >"$tmp/got"
	jq -c 'select(.row) | [.key, .pos]' "$tmp/whole" | tail -n 2 >"$tmp/want"
	same "$tmp/got" "$tmp/want" "$1: at the same positions"
	set=1 all=$(jq -r 'select(.op == "commit") | .gtids' "$tmp/whole")
	for gtids in $all; do
		set=$((set + 1))
		tail_run --from "$gtids" --until now "$t"
		is "$(ids "$tmp/out")" "$(jq -r 'select(.row) | .row.id' "$tmp/whole" | sed "1,$((set - 1))d" | paste -sd' ')" "$1: from $gtids"
	done

	# a position in mid-file: the set is known from the file's start on
	at=$(jq -r 'select(.op == "commit").pos' "$tmp/whole" | tail -n 2 | head -n 1)
	tail_run --from "$at" --until "$(executed)" "$t"
	is "$rc $(ids "$tmp/out")" '0 7' "$1: from a position until a GTID set" || diag "$(cat "$tmp/err")"

	# files
	rm -rf "$tmp/files"
	mkdir "$tmp/files"
	sql 'FLUSH BINARY LOGS'
	cp "$a_server"/data/binlog.[0-9]* "$tmp/files/"
	sql "SHOW CREATE TABLE $db.t" --raw | sed '1s/^[^	]*	//; $s/$/;/' >"$tmp/schema.sql"
	run binlog-tail --schema "$tmp/schema.sql" "$t" --from "$begun" --until "$middle" "$tmp"/files/*
	is "$rc $(ids "$tmp/out")" '0 2 3 4 5' "$1: files by GTID" || diag "$(cat "$tmp/err")"
	last=$(find "$tmp/files" -name 'binlog.*' | sort | tail -n 1)
	run binlog-tail --schema "$tmp/schema.sql" "$t" --from "$begun" "$last"
	is "$rc" 4 "$1: files that begin behind the set"
	like "$(cat "$tmp/err")" 'begins behind the GTID set' "$1: it says so"
	rc_is 2 "$1: a set of the other kind" binlog-tail --schema "$tmp/schema.sql" "$t" --from "$other_kind" "$tmp"/files/*

	# what was never executed, and what is gone
	tail_run --from "$never" --until now "$t"
	is "$rc" 4 "$1: a set that the server has not executed"
	tail_run --from "$other_kind" --until now "$t"
	is "$rc" 2 "$1: a set of the other kind of server"
	wait_until 30 second_is_even
	sql "PURGE BINARY LOGS TO '$(position | cut -d: -f1)'"
	tail_run --from "$begun" --until now "$t"
	is "$rc" 4 "$1: a set whose successors are purged"
	like "$(cat "$tmp/err")" 'oldest file that it has is .*; behind the GTIDs ' "$1: the oldest set that is there is told" ||
		diag "$(cat "$tmp/err")"
}

failover() {
	sql "TRUNCATE $db.t; INSERT INTO $db.t VALUES (1, 'a')"
	tail_run --from start --until now "$t"
	controls "$tmp/out" >"$tmp/said"
	state_of "$tmp/said"
	first=$(jq -r 'select(.op == "source").server' "$tmp/said" | head -n 1)
	sql "USE $db; INSERT INTO t VALUES (2, 'b'); INSERT INTO t VALUES (3, 'c')"
	wait_until 30 second_is_even || bail 'the second server does not follow'
	to_second
	tail_run --state "$tmp/state" --failover=stop --until now "$t"
	is "$rc" 4 "$1: another server, and --failover=stop"
	like "$(cat "$tmp/err")" "$first.*forbids" "$1: it says what forbids it"
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc $(ids "$tmp/out")" '0 2 3' "$1: the second server goes on by GTID" || diag "$(cat "$tmp/err")"
	is "$(jq -r 'select(.op == "source").epoch' "$tmp/out" | sort -u)" 1 "$1: in the next epoch"
	isnt "$(jq -r 'select(.op == "source").server' "$tmp/out" | head -n 1)" "$first" "$1: the source line names it"
	is "$(jq -r 'select(.pos).pos' "$tmp/out" | grep -vc '^1/')" 0 "$1: which every position has"
	controls "$tmp/out" >"$tmp/more"
	ok "$1: the state takes it" m2e-state --state "$tmp/state" save <"$tmp/more"
	sql "USE $db; INSERT INTO t VALUES (4, 'd')"
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc $(ids "$tmp/out")" '0 4' "$1: and goes on there" || diag "$(cat "$tmp/err")"
	is "$(jq -r 'select(.op == "source").epoch' "$tmp/out" | sort -u)" 1 "$1: in the same epoch"

	# back, to one that lacks what was sent
	controls "$tmp/out" >"$tmp/more"
	m2e-state --state "$tmp/state" save <"$tmp/more"
	end_replication
	to_first
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: back to a server that lacks a transaction"
	like "$(cat "$tmp/err")" 'has not executed all that was sent: it lacks ' "$1: which is named"
	is "$(cat "$tmp/out")" '' "$1: not a line"

	# a position alone proves nothing
	m2e-state --state "$tmp/state" set position "$(position)" server="$first" 2>/dev/null
	to_second
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: without a set nothing leads on"
	to_first
}

# the second server takes the first one's place under a stream
in_stream() {
	sql "TRUNCATE $db.t"
	wait_until 30 second_is_even
	unset stand_in_port
	stand_in stand_in_1 "$a_port"
	db_port=$stand_in_port
	begun=$(to_first; executed)
	tail_spawn moved --ssl-mode disabled --from "$begun" "$t"
	moved=$spawned
	to_first
	sql "INSERT INTO $db.t VALUES (1, 'a')"
	wait_until 20 grep -q '"key":\["1"\]' "$tmp/moved.out" || diag "$(cat "$tmp/moved.err")"
	no_stand_in
	sql "INSERT INTO $db.t VALUES (2, 'b')"
	wait_until 30 second_is_even
	stand_in stand_in_2 "$b_port"
	ok "$1: a stream goes on at the second server" wait_until 30 grep -q '"key":\["2"\]' "$tmp/moved.out" || diag "$(cat "$tmp/moved.err")"
	stop "$moved"
	is "$rc" 0 "$1: a signal ends it there"
	no_stand_in
	is "$(ids "$tmp/moved.out")" '1 2' "$1: each row once"
	is "$(jq -r 'select(.row).pos' "$tmp/moved.out" | sed 's/[a-z].*//' | paste -sd' ')" ' 1/' "$1: each in its epoch"
	like "$(cat "$tmp/moved.err")" 'WARN .*going on by GTID' "$1: it is told"
}

# the log is another one, on the same server
reset() {
	tail_run --from start --until now "$t"
	controls "$tmp/out" >"$tmp/said"
	state_of "$tmp/said"
	fresh_log
	sql "USE $db; INSERT INTO t VALUES (100, 'x')"
	tail_run --state "$tmp/state" --until now "$t"
	is "$rc" 4 "$1: RESET MASTER: the set is not executed there"
	is "$(ids "$tmp/out")" '' "$1: nothing is sent"
}

other_kind=0-1-1 never=00000000-0000-0000-0000-000000000001:1-3
pair mysql
one_server MySQL
in_stream MySQL
failover MySQL
reset MySQL
other_kind=00000000-0000-0000-0000-000000000001:1-3 never=0-99-5
pair mariadb
one_server MariaDB
in_stream MariaDB
failover MariaDB
reset MariaDB
done_testing
