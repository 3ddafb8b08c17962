#!/bin/sh
# The database fails over to its replica while m2e runs: it goes on there by GTID, and every document equals its row.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"
. "${0%/*}/replicas.sh"

failover() {
	pair "$2"
	db=failover_$2_$$
	at_exit "es DELETE '/$db.*' >/dev/null 2>&1"
	sql "CREATE DATABASE $db; USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(50)); INSERT INTO a VALUES (1, 'one'), (2, 'two'), (3, 'three')"
	unset stand_in_port
	stand_in first "$a_port"
	db_port=$stand_in_port
	m2e_config "$db.a"
	jq '.database.ssl_mode = "disabled"' "$tmp/m2e.json" >"$tmp/m2e.new" && mv "$tmp/m2e.new" "$tmp/m2e.json"
	m2e_start
	to_first
	ok "$1: the table is in step" wait_until 60 all_syncing "$db.a" || m2e_log
	sql "UPDATE $db.a SET v = 'changed' WHERE id = 1; INSERT INTO $db.a VALUES (4, 'four')"
	ok "$1: the first server's changes arrive" wait_caught_up 30 || m2e_log
	wait_until 30 second_is_even || bail 'the replica does not follow'
	no_stand_in
	sql "UPDATE $db.a SET v = 'unseen' WHERE id = 2; DELETE FROM $db.a WHERE id = 3"
	wait_until 30 second_is_even || bail 'the replica does not follow'
	to_second
	sql "INSERT INTO $db.a VALUES (5, 'after'); UPDATE $db.a SET v = 'again' WHERE id = 1"
	stand_in second "$b_port"
	ok "$1: it goes on at the second server" wait_until 60 epoch_is 1 || m2e_log
	ok "$1: and catches up" wait_caught_up 60 || m2e_log
	ok "$1: every document equals its row" index_equals "$db.a" || m2e_log
	is "$(es GET "/$db.a/_mapping" | jq -r '.[].mappings._meta.m2e.epoch')" 1 "$1: the index knows the epoch"
	m2e_stop
	is "$rc" 0 "$1: it stops cleanly"
	sql "INSERT INTO $db.a VALUES (6, 'while away')"
	m2e_start
	ok "$1: started again it goes on in the same epoch" wait_caught_up 60 || m2e_log
	ok "$1: with what it missed" index_equals "$db.a"
	is "$(m2e-state --state "$tmp/state" get position epoch)" 1 "$1: which is still the second one"
	m2e_stop

	# back to the first one, which lacks what was sent
	no_stand_in
	stand_in back "$a_port"
	m2e_start
	finish 60 "$m2e_pid"
	is "$rc" 4 "$1: a server that lacks a transaction is refused"
	like "$(cat "$tmp/m2e.err")" 'it lacks ' "$1: it says which"
	no_stand_in
	rm -rf "$tmp/state"
}
epoch_is() { [ "$(m2e-state --state "$tmp/state" get position epoch)" = "$1" ]; }

need_opensearch
failover MariaDB mariadb
failover MySQL mysql
done_testing
