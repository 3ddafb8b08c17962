#!/bin/sh
# A replica is read live once it has what the source had at a position, by GTID; and not while it is too far behind.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

# on ROLE: what follows talks to the source or the replica
on() { eval "db_socket=\$$1_socket"; }
replicate() {
	on source
	if [ "$db_kind" = mysql ]; then
		done_gtids=$(sql 'SELECT @@global.gtid_executed' | tr -d '\n' | sed 's/\\n//g')
		on replica
		sql "RESET BINARY LOGS AND GTIDS; SET GLOBAL gtid_purged = '$done_gtids';
			CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = $source_port, SOURCE_USER = 'm2e',
			SOURCE_PASSWORD = 'm2e', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1; START REPLICA"
	else
		done_gtids=$(sql 'SELECT @@global.gtid_binlog_pos')
		on replica
		sql "SET GLOBAL gtid_slave_pos = '$done_gtids'; CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = $source_port,
			MASTER_USER = 'm2e', MASTER_PASSWORD = 'm2e', MASTER_USE_GTID = slave_pos; START SLAVE"
	fi
}
# applying START|STOP: on the replica
applying() {
	on replica
	if [ "$db_kind" = mysql ]; then sql "$1 REPLICA SQL_THREAD"; else sql "$1 SLAVE SQL_THREAD"; fi
}
# Where the source stands, as m2e-state would have it
place() {
	on source
	if [ "$db_kind" = mysql ]; then
		pos=$(sql 'SHOW BINARY LOG STATUS' | awk '{ print $1 ":" $2 }')
		gtids=$(sql 'SELECT @@global.gtid_executed' | sed 's/\\n//g') id=$(sql 'SELECT @@server_uuid')
	else
		pos=$(sql 'SHOW MASTER STATUS' | awk '{ print $1 ":" $2 }') gtids=$(sql 'SELECT @@global.gtid_binlog_pos')
		id=$(sql 'SELECT @@server_id')
	fi
}
rows_are() { [ "$(sql 'SELECT COUNT(*) FROM repl.t')" = "$1" ]; }
on_replica() { dump-reader --socket "$replica_socket" --user root --password-file "$tmp/no.password" --live --table repl.t "$@"; }
spawn_on_replica() {
	spawn waiting dump-reader --socket "$replica_socket" --user root --password-file "$tmp/no.password" --live --table repl.t "$@"
}

echo >"$tmp/no.password"
for kind in mariadb mysql; do
	own_database "$kind" --server-id=11
	# shellcheck disable=SC2034 # for on
	source_socket=$db_socket source_port=$db_port source_dir=$server
	own_database "$kind" --server-id=12
	replica_socket=$db_socket
	replicate
	on source
	sql "CREATE DATABASE repl; CREATE TABLE repl.t (id int PRIMARY KEY); INSERT INTO repl.t VALUES (1), (2), (3)"
	on replica
	ok "$kind: it replicates" wait_until 20 rows_are 3
	said() { binlog-tail --socket "$replica_socket" --user root --password-file "$tmp/no.password" -q --table repl.t --check | jq -r 'select(.check == "replica").text'; }
	like "$(said)" 'a replica, [0-9]+ s behind' "$kind: the check tells how far it is behind"
	applying STOP
	like "$(said)" 'does not follow its source' "$kind: ... or that it does not follow"
	applying START
	place
	rc_is 4 "$kind: a replica is not read as if it were the source" on_replica -q --source "$id"
	rc_is 2 "$kind: nor by a position alone" on_replica -q --source "$id" --pos "$pos"
	ok "$kind: once it has what the source had at a position" on_replica -q --source "$id" --pos "$pos" --gtids "$gtids"
	is "$(jq -r 'select(.op == "source") | .server' "$tmp/out") $(jq -r 'select(.pos) | .pos' "$tmp/out" | sort -u)" "$id $pos" \
		'  its rows have the position of the source'

	applying STOP
	on source
	sql 'INSERT INTO repl.t VALUES (4)'
	place
	spawn_on_replica --source "$id" --pos "$pos" --gtids "$gtids"
	on replica
	waits() { sql 'SHOW PROCESSLIST' | grep -qE 'GTID_(SET|WAIT)'; }
	ok "$kind: one that is behind is waited for" wait_until 20 waits
	applying START
	ok '  until it is there' finish 60 "$spawned"
	is "$(jq -r 'select(.row) | .key[0]' "$tmp/waiting.out" | paste -sd' ')" '1 2 3 4' '  with all rows'

	applying STOP
	spawn_on_replica --max-lag 600
	ok "$kind: --max-lag waits while nothing is replicated" wait_until 20 grep -q 'replication does not run' "$tmp/waiting.err"
	applying START
	ok '  and goes on' finish 60 "$spawned"
	is "$(jq -r 'select(.op == "done") | .rows' "$tmp/waiting.out")" 4 '  to the end'
	"$root/scripts/server" kill "$server" >/dev/null 2>&1
	"$root/scripts/server" kill "$source_dir" >/dev/null 2>&1
done
done_testing
