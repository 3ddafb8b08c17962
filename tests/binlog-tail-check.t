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
	retention
	sql "DROP DATABASE $db"
}

# kept LEVEL TEXT NAME: what is said of the position that is stored
kept() {
	tail_run --check --table "$db.*" --state "$tmp/state"
	like "$(jq -r 'select(.check == "position") | .level + " " + .text' "$tmp/out")" "^$1 the stored position .*$2" "$kind: $3"
}
stored() { m2e-state -q --state "$tmp/state" set position "$1" server="${2:-$id}" || bail 'no state'; }
retention() {
	rm -rf "$tmp/state"
	if [ "$kind" = mysql ]; then id=$(sql 'SELECT @@server_uuid'); else id=$(sql 'SELECT @@server_id'); fi
	sql 'FLUSH BINARY LOGS'
	stored "$(position)"
	sql 'SET GLOBAL binlog_expire_logs_seconds = 0'
	kept ok 'until it is purged by hand' 'a log that is never purged'
	sql 'SET GLOBAL binlog_expire_logs_seconds = 604800'
	kept ok '7 d 0 h once the next one begins' 'a position in the file that is being written'
	sql 'FLUSH BINARY LOGS; FLUSH BINARY LOGS'
	kept ok '(6 d 23|7 d 0) h at least$' 'in a file before it'
	stored "$(sql 'SHOW BINARY LOGS' | head -n 1 | cut -f 1):4"
	kept warning 'oldest file' 'in the oldest file'
	stored "$(sql 'SHOW BINARY LOGS' | tail -n 2 | head -n 1 | cut -f 1):4"
	sql 'SET GLOBAL binlog_expire_logs_seconds = 1'
	wait_until 20 sh -c "[ \$(date +%s) -gt $(($(date +%s) + 1)) ]"
	kept warning 'may be purged at any time' 'for longer than it is kept'
	sql "PURGE BINARY LOGS TO '$(sql 'SHOW BINARY LOGS' | tail -n 1 | cut -f 1)'"
	kept failure 'is purged' 'in a file that is gone'
	stored "$(position)" 4077
	kept warning 'of server 4077' "another server's"
}

settings mariadb
settings mysql
done_testing
