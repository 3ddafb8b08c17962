#!/bin/sh
# XA transactions: their rows are logged when prepared, and come when committed, from a file where they wait.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# xa NAME STATEMENTS: up to its preparation
xa() { sql "USE $db; XA START '$1'; $2; XA END '$1'; XA PREPARE '$1'"; }
# brief FILE: what matters of its lines
brief() {
	jq -r 'if .row then "\(.op) \(.key | join("|"))" elif .op == "commit" then "commit \(.rows)" else empty end' "$1" | grep -v "^commit 0" | paste -sd' '
}
last_pos() { jq -r 'select(.op == "commit" or .op == "heartbeat").pos' "$1" | tail -n 1; }
resumed() { # NAME POS: from there again
	tail_run --xa=hold --from "$2" --until now "$t"
	is "$rc" 0 "$1" || diag "$(cat "$tmp/err")"
}

whole() {
	new_database
	t=--table=$db.t
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY)"
	from=$(position)
	sql "USE $db; INSERT INTO t VALUES (1, 'plain')"
	before=$(position)
	xa one "INSERT INTO t VALUES (2, 'two'), (3, 'three'); UPDATE t SET v = 'deux' WHERE id = 2; INSERT INTO u VALUES (1)"
	sql "USE $db; INSERT INTO t VALUES (4, 'between')"
	xa two "INSERT INTO t VALUES (5, 'never')"
	xa "it''s" "INSERT INTO u VALUES (2)"
	tail_run --from "$from" --until now "$t"
	is "$rc" 1 "$1: rows of XA transactions are refused"
	like "$(cat "$tmp/err")" '--xa=hold' "$1: it says what helps"
	is "$(brief "$tmp/out")" 'insert 1 commit 1' "$1: all before them is there"
	tail_run --from "$from" --until now --table "$db.u" --exclude "$db.t" --exclude "$db.u"
	is "$rc" 0 "$1: of other tables they do no harm"

	tail_run --xa=hold --from "$from" --until now "$t"
	is "$(brief "$tmp/out")" 'insert 1 commit 1 insert 4 commit 1' "$1: prepared, they do not count yet"
	is "$(last_pos "$tmp/out")" "$before" "$1: the place to resume is before the oldest"
	tail_run --xa=hold --from start --until now "$t"
	is "$(last_pos "$tmp/out")" "$before" "$1: also read from the log's start"
	held=$(jq -r 'select(.op == "heartbeat") | .gtids // ""' "$tmp/out" | tail -n 1)
	isnt "$held" '' "$1: a GTID set is said"
	sql "XA COMMIT 'one'"
	commit=$(position)
	tail_run --xa=hold --from "$from" --until now "$t"
	is "$(brief "$tmp/out")" 'insert 1 commit 1 insert 4 commit 1 insert 2 insert 3 update 2 commit 3' "$1: they come with the commit"
	is "$(jq -s '[.[] | select(.row) | .pos | split(":")[1] | tonumber] | . == (unique)' "$tmp/out")" true \
		"$1: each at a position of its own, in order"
	at=$(jq -r 'select(.op == "update").pos' "$tmp/out")
	four=$(jq -r 'select(.key == ["4"]).pos' "$tmp/out")
	two=$(last_pos "$tmp/out")
	ok "$1: which lies in the commit's event" [ "${at#*:}" -lt "${commit#*:}" ]
	ok "$1: and not where they were logged" [ "${at#*:}" -gt "${four#*:}" ]
	ok "$1: the place to resume is before the next one that is prepared" [ "${two#*:}" -gt "${before#*:}" ]
	ok "$1: as long as that is" [ "${two#*:}" -lt "${at#*:}" ]
	resumed "$1: resumed from there" "$two"
	is "$(brief "$tmp/out")" '' "$1: what was committed is not missed, nor is it there twice"
	sql "XA ROLLBACK 'two'; XA COMMIT 'it''s'"
	tail_run --xa=hold --from "$before" --until now "$t"
	is "$(brief "$tmp/out")" 'insert 4 commit 1 insert 2 insert 3 update 2 commit 3' "$1: what was rolled back never comes"
	is "$(last_pos "$tmp/out")" "$(position)" "$1: nothing is held any more"

	# from the GTID set that was said while they were held, nothing is missing
	tail_run --xa=hold --from "$held" --until now "$t"
	is "$rc" 0 "$1: from the GTID set" || diag "$(cat "$tmp/err")"
	is "$(brief "$tmp/out")" 'insert 4 commit 1 insert 2 insert 3 update 2 commit 3' "$1: the same comes"

	at=$(position)
	sql "USE $db; XA START 'p'; INSERT INTO t VALUES (6, 'six'), (7, 'seven'); XA END 'p'; XA COMMIT 'p' ONE PHASE;
		XA START 'r'; SELECT COUNT(*) FROM t; XA END 'r'; XA PREPARE 'r'; XA COMMIT 'r'" >"$tmp/count"
	resumed "$1: in one phase, and one that only reads" "$at"
	is "$(brief "$tmp/out")" 'insert 6 insert 7 commit 2' "$1: its rows"

	# prepared before now: what is lost is said
	xa late "INSERT INTO t VALUES (8, 'eight')"
	tail_spawn late --xa=hold --from now "$t"
	sql "XA COMMIT 'late'; INSERT INTO $db.t VALUES (9, 'nine')"
	wait_until 20 grep -q '"key":\["9"\]' "$tmp/late.out"
	stop "$spawned"
	like "$(cat "$tmp/late.err")" 'WARN .*prepared before the stream began' "$1: one that was prepared before now is warned about"
}

# killed and begun again, cut off, and long: as if it had been read in peace
lost() {
	from=$(position)
	xa long "INSERT INTO t VALUES $(seq -s, -f "(%.0f, REPEAT('x', 50000))" 1000 1099)"
	sql "USE $db; INSERT INTO t VALUES (20, 'x')"
	tail_spawn one --xa=hold --from "$from" "$t"
	wait_until 20 grep -q '"key":\["20"\]' "$tmp/one.out"
	for id in $(sql "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"); do
		sql "KILL $id" 2>/dev/null
	done
	wait_until 20 grep -q 'trying again' "$tmp/one.err"
	sql "XA COMMIT 'long'; INSERT INTO $db.t VALUES (21, 'x')"
	wait_until 20 grep -q '"key":\["21"\]' "$tmp/one.out"
	stop "$spawned"
	grep '"row":' "$tmp/one.out" >"$tmp/got"
	tail_run --xa=hold --from "$from" --until now "$t"
	grep '"row":' "$tmp/out" >"$tmp/want"
	is "$(grep -c '' "$tmp/want")" 102 "$1: many rows"
	same "$tmp/got" "$tmp/want" "$1: a connection that is lost between the two"
	xa kill "INSERT INTO t VALUES (30, 'x')"
	tail_spawn two --xa=hold --from "$from" "$t"
	wait_until 20 sh -c "tail -n 1 '$tmp/two.out' | grep -q heartbeat && grep -q '\"key\":\[\"21\"\]' '$tmp/two.out'"
	kill -s KILL "$spawned"
	finish 5 "$spawned"
	sql "XA COMMIT 'kill'"
	resumed "$1: killed between the two" "$(last_pos "$tmp/two.out")"
	is "$(jq -r 'select(.row) | .key[0]' "$tmp/out")" 30 "$1: nothing is missing"
	# shellcheck disable=SC2086
	rc_is 1 "$1: no room for what is held" env TMPDIR="$tmp/none" binlog-tail --xa=hold $to_server --from "$from" --until now "$t"
	like "$(cat "$tmp/err")" 'file for rows of XA' "$1: is told"
}

own_database mariadb
whole MariaDB
lost MariaDB
own_database mysql
whole MySQL
lost MySQL
done_testing
