#!/bin/sh
# What is wrong with a server's settings is told, with what mends it; and that two readers have one server id.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# said NAME: level, and what mends it
said() { jq -r --arg name "$1" 'select(.check == $name) | "\(.level) \(.advice // "")"' "$tmp/out"; }
# setting NAME VALUE LEVEL ADVICE: wrong it is told; mended by that advice it is not
setting() {
	was=$(sql "SELECT @@GLOBAL.$1")
	sql "SET GLOBAL $1 = $2"
	tail_run --check --table "$db.*"
	like "$(said "${5:-$1}")" "^$3 .*$4" "$kind: $1 = $2"
	sql "SET GLOBAL $1 = '$was'" 2>/dev/null || sql "SET GLOBAL $1 = $was"
	tail_run --check --table "$db.*"
	like "$(said "${5:-$1}")" '^ok ' "$kind: $1 = $was"
}

settings() {
	kind=$1
	own_database "$kind"
	new_database
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY)"
	[ "$kind" = mariadb ] || sql 'SET GLOBAL binlog_row_metadata = FULL'
	setting binlog_format "'STATEMENT'" failure 'SET GLOBAL binlog_format=ROW'
	setting binlog_row_image "'MINIMAL'" warning 'SET GLOBAL binlog_row_image=FULL'
	setting binlog_expire_logs_seconds 3600 warning 'SET GLOBAL binlog_expire_logs_seconds=604800' expire
	if [ "$kind" = mysql ]; then
		setting binlog_row_metadata "'MINIMAL'" warning 'SET GLOBAL binlog_row_metadata=FULL'
		setting binlog_row_value_options "'PARTIAL_JSON'" warning "SET GLOBAL binlog_row_value_options=''"
		setting gtid_mode "'ON_PERMISSIVE'" warning 'gtid_mode to ON'
	fi
	tail_run --check --server-id "$(sql 'SELECT @@GLOBAL.server_id')"
	like "$(said database.server_id)" '^failure .*another' "$kind: a server id that is the server's own"

	sql 'SET GLOBAL binlog_format = STATEMENT'
	tail_run --from now --until now
	like "$(cat "$tmp/err")" 'WARN .*binlog_format is STATEMENT.*SET GLOBAL binlog_format=ROW' "$kind: a stream that begins tells it, too"
	sql 'SET GLOBAL binlog_format = ROW'

	sql "USE $db; XA START 'x'; INSERT INTO t VALUES (1); XA END 'x'; XA PREPARE 'x'"
	[ "$kind" = mariadb ] || sql "GRANT XA_RECOVER_ADMIN ON *.* TO $db_user"
	tail_run --check
	like "$(said xa)" '^warning .*--xa=hold' "$kind: a prepared XA transaction"
	tail_run --check --xa=hold
	like "$(said xa)" '^ok ' "$kind: with --xa=hold it does no harm"
	sql "XA ROLLBACK 'x'"

	tail_spawn one --server-id 77 --from now
	one=$spawned
	tail_spawn two --server-id 77 --from now
	two=$spawned
	finish 20 "$one"
	is "$rc" 1 "$kind: of two readers with one server id the first is ended"
	like "$(cat "$tmp/one.err")" 'ERROR .*server-id of its own' "$kind: which is told"
	stop "$two"
	is "$rc" 0 "$kind: the second one is not"
	sql "DROP DATABASE $db"
}

settings mariadb
settings mysql
done_testing
