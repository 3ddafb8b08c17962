#!/bin/sh
# Two sources, one search engine: a configuration and a state directory each, side by side.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

# source_of KIND: its database in $db, its configuration in $tmp/KIND.json; also the other's table is there, and not followed
source_of() {
	need_database "$1"
	new_database_of "$1"
	m2e_config "$db.t"
	jq --arg dir "$tmp/state.$1" '.state_dir = $dir' "$tmp/m2e.json" >"$tmp/$1.json"
	sql "CREATE TABLE $db.t (id int PRIMARY KEY, v varchar(50)); INSERT INTO $db.t VALUES (1, 'of $1'), (2, 'gone soon')"
	spawn "$1" m2e -c "$tmp/$1.json" -v run
}
new_database_of() {
	db=t_sources_$1_$$
	sql "CREATE DATABASE $db CHARACTER SET utf8mb4" || bail "cannot create database $db"
	at_exit "db_socket='$db_socket'; sql 'DROP DATABASE IF EXISTS $db'"
	at_exit "es DELETE '/$db.*' >/dev/null 2>&1"
}
in_step() { [ "$(m2e-state --state "$tmp/state.$1" get table "$2" status)" = syncing ]; }
found() { [ "$(es GET "/$1/_doc/$2" | jq -r ._source.v)" = "$3" ]; }
is_gone() { [ "$(es GET "/$1/_doc/$2" | jq -r .found)" = false ]; }

need_opensearch
source_of mariadb
a_db=$db a_socket=$db_socket a_pid=$spawned
source_of mysql
b_db=$db b_socket=$db_socket b_pid=$spawned
ok 'the first is in step' wait_until 60 in_step mariadb "$a_db.t" || diag "$(cat "$tmp/mariadb.err")"
ok 'so is the second' wait_until 60 in_step mysql "$b_db.t" || diag "$(cat "$tmp/mysql.err")"
for n in 3 4 5; do
	(db_socket=$a_socket; sql "INSERT INTO $a_db.t VALUES ($n, 'a$n')")
	(db_socket=$b_socket; sql "INSERT INTO $b_db.t VALUES ($n, 'b$n')")
done
(db_socket=$a_socket; sql "DELETE FROM $a_db.t WHERE id = 2")
ok 'changes of the first arrive' wait_until 30 found "$a_db.t" 5 a5
ok '... its delete, too' wait_until 30 is_gone "$a_db.t" 2
ok 'those of the second arrive' wait_until 30 found "$b_db.t" 5 b5
ok '... beside its own rows' found "$b_db.t" 2 'gone soon'
ok 'm2e verify of the first' m2e -c "$tmp/mariadb.json" verify
ok 'm2e verify of the second' m2e -c "$tmp/mysql.json" verify

### one stops, the other goes on

ok 'the first stops' m2e -q -c "$tmp/mariadb.json" stop
finish 30 "$a_pid"
is "$rc" 0 'cleanly'
(db_socket=$b_socket; sql "INSERT INTO $b_db.t VALUES (6, 'b6')")
ok 'the second goes on' wait_until 30 found "$b_db.t" 6 b6

### an index belongs to one table of one source

jq --arg t "$a_db.t" '.elastic.index = $t' "$tmp/mysql.json" >"$tmp/both.json"
m2e -q -c "$tmp/mysql.json" stop
finish 30 "$b_pid"
is "$rc" 0 'the second stops'
(db_socket=$b_socket; sql "INSERT INTO $b_db.t VALUES (7, 'b7')")
rc_is 1 'it does not write to an index of the first' timeout 60 m2e -c "$tmp/both.json" run
like "$(cat "$tmp/err")" 'holds table .*, not .*: the two cannot both be kept there' 'and says what that holds'
ok 'which stays as it was' is_gone "$a_db.t" 7
done_testing
