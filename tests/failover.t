#!/bin/sh
# The database dies under load while a table is being loaded, and its replica takes over: the stream goes on there by GTID, the
# load begins again, and every document equals its row.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"
. "${0%/*}/replicas.sh"

# Writes to the server at SOCKET for as long as its file is there.
writer() {
	w=0
	while [ -e "$tmp/write" ]; do
		w=$((w + 1))
		sql "USE $db; START TRANSACTION; INSERT INTO a (v) VALUES ('$w'), ('ü'); UPDATE a SET v = CONCAT('w', $w) WHERE id % 97 = $w % 97;
			DELETE FROM a WHERE id % 101 = $w % 101 LIMIT 3; COMMIT; UPDATE big SET v = '$w' WHERE id = $w * 13;
			DELETE FROM big WHERE id = $w * 7 + 1; UPDATE big SET id = id + 1000000 WHERE id = $w * 11 + 2" || return
	done
}
write_on() {
	: >"$tmp/write"
	(
		db_socket=$1
		writer
	) 2>/dev/null &
	writer_pid=$!
}
no_write() {
	rm -f "$tmp/write"
	wait $writer_pid
}
at_exit "rm -f '$tmp/write'"

tables() {
	sql "CREATE DATABASE $db; USE $db; CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, v varchar(50));
		INSERT INTO a VALUES (1, 'one'), (2, 'two'), (3, 'three'); CREATE TABLE later (id int PRIMARY KEY, v varchar(50));
		INSERT INTO later VALUES (1, 'x'); CREATE TABLE big (id int PRIMARY KEY, v varchar(250));
		INSERT INTO big VALUES (1, REPEAT('x', 200)), (2, REPEAT('y', 200)), (3, REPEAT('z', 200)), (4, REPEAT('ü', 200)), (5, '');"
	for n in 5 10 20 40 80 160 320 640 1280 2560 5120 10240; do
		echo "INSERT INTO big SELECT id + $n, v FROM big;"
	done | sql_client "$db"
}
epoch_is() { [ "$(m2e-state --state "$tmp/state" get position epoch)" = "$1" ]; }
has_rows() { [ "$(m2e-state --state "$tmp/state" get table "$1" rows)" -gt 1000 ]; }

failover() {
	pair "$2"
	db=failover_$2_$$
	at_exit "es DELETE '/$db.*' >/dev/null 2>&1"
	tables
	unset stand_in_port
	stand_in first "$a_port" rate=150000
	db_port=$stand_in_port
	m2e_config "$db.a"
	jq '.database.ssl_mode = "disabled"' "$tmp/m2e.json" >"$tmp/m2e.new" && mv "$tmp/m2e.new" "$tmp/m2e.json"
	m2e_start
	to_first
	ok "$1: the table is in step" wait_until 60 all_syncing "$db.a" || m2e_log
	write_on "$a_socket"
	ok "$1: another is added" m2e -c "$tmp/m2e.json" add "$db.big"
	ok "$1: and begins to be loaded" wait_until 60 has_rows "$db.big" || m2e_log
	isnt "$(table_status "$db.big")" syncing "$1: it is not done yet"
	no_stand_in
	sleep 1
	no_write
	wait_until 30 second_is_even || bail 'the replica does not follow'
	"$root/scripts/server" kill "$a_server"

	to_second
	write_on "$b_socket"
	stand_in second "$b_port"
	ok "$1: the stream goes on at the second server" wait_until 60 epoch_is 1 || m2e_log
	ok "$1: the table that was being loaded comes into step" wait_until 60 all_syncing "$db.a" "$db.big" || m2e_log
	like "$(cat "$tmp/m2e.err")" "it begins again table=$db.big" "$1: as it was loaded from the beginning"
	ok "$1: another one is added there" m2e -c "$tmp/m2e.json" add "$db.later"
	ok "$1: and comes into step" wait_until 60 all_syncing "$db.later" || m2e_log
	no_write
	ok "$1: all catch up" wait_caught_up 60 || m2e_log
	ok "$1: m2e verify" m2e -c "$tmp/m2e.json" verify
	ok "$1: every document equals its row" index_equals "$db.a" "$db.big" "$db.later" || m2e_log
	is "$(es GET "/$db.a/_mapping" | jq -r '.[].mappings._meta.m2e.epoch')" 1 "$1: the index knows the epoch"
	m2e_stop
	is "$rc" 0 "$1: it stops cleanly"
	sql "INSERT INTO $db.a VALUES (600000, 'while away')"
	m2e_start
	ok "$1: started again it goes on in the same epoch" wait_caught_up 60 || m2e_log
	ok "$1: with what it missed" index_equals "$db.a"
	is "$(m2e-state --state "$tmp/state" get position epoch)" 1 "$1: which is still the second one"
	m2e_stop

	# back to the first one, which lacks what was sent
	no_stand_in
	restart_first "$2" || bail 'the first server does not come back'
	stand_in back "$a_port"
	m2e_start
	finish 60 "$m2e_pid"
	is "$rc" 4 "$1: a server that lacks a transaction is refused"
	like "$(cat "$tmp/m2e.err")" 'it lacks ' "$1: it says which"
	no_stand_in
	rm -rf "$tmp/state"
}

need_opensearch
failover MariaDB mariadb
failover MySQL mysql
done_testing
