# shellcheck shell=sh disable=SC2034,SC2154
# Two servers of a test's own, of which the second replicates the first; sourced after servers.sh.

# pair KIND: the first is at hand; a_socket, a_port, a_server and b_socket, b_port
pair() {
	own_database "$1" --server-id=11
	a_socket=$db_socket a_port=$db_port a_server=$server
	if [ "$1" = mysql ]; then
		own_database mysql --server-id=12
	else
		own_database mariadb --server-id=12 --log-slave-updates
	fi
	b_socket=$db_socket b_port=$db_port
	to_first
	fresh_log
	to_second
	fresh_log
	if [ "$1" = mysql ]; then
		sql "CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=$a_port, SOURCE_USER='m2e', SOURCE_PASSWORD='m2e',
			SOURCE_AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=1; START REPLICA" || bail 'no replication'
	else
		sql "CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=$a_port, MASTER_USER='m2e', MASTER_PASSWORD='m2e',
			MASTER_USE_GTID=slave_pos; START SLAVE" || bail 'no replication'
	fi
	to_first
}
to_first() { db_socket=$a_socket db_port=$a_port; }
to_second() { db_socket=$b_socket db_port=$b_port; }
# fresh_log: so that both begin alike, as accounts are made on each
fresh_log() {
	if [ "$db_kind" = mysql ]; then
		sql 'RESET BINARY LOGS AND GTIDS'
	else
		sql 'RESET MASTER; SET GLOBAL gtid_slave_pos = ""'
	fi
}
executed() {
	if [ "$db_kind" = mysql ]; then
		sql 'SELECT @@GLOBAL.gtid_executed' --raw | tr -d '\n'
	else
		sql 'SELECT @@GLOBAL.gtid_binlog_pos'
	fi
}
second_is_even() {
	to_first
	first_has=$(executed)
	to_second
	second_has=$(executed)
	to_first
	[ "$first_has" = "$second_has" ]
}
end_replication() {
	to_second
	if [ "$db_kind" = mysql ]; then sql 'STOP REPLICA; RESET REPLICA ALL'; else sql 'STOP SLAVE; RESET SLAVE ALL'; fi
	to_first
}

# restart_first KIND: after its end
restart_first() { "$root/scripts/server" start "$1" "$a_server" "$a_port" --server-id=11 2>"$tmp/restart.err"; }

# stand_in NAME TARGET_PORT [SETTING...]: the address that clients know, which leads to one of them; its port in $stand_in_port
stand_in() {
	rm -f "$tmp/stand-in.new"
	stand_in_name=$1 stand_in_target=$2
	shift 2
	spawn "$stand_in_name" python3 "$root/tests/proxy.py" "$tmp/stand-in.new" "$stand_in_target" "port=${stand_in_port:-0}" "$@"
	stand_in_pid=$spawned
	wait_until 10 test -e "$tmp/stand-in.new" || bail 'no proxy'
	stand_in_port=$(cat "$tmp/stand-in.new")
}
no_stand_in() {
	kill -s KILL "$stand_in_pid"
	finish 5 "$stand_in_pid"
}
