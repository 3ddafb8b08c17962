#!/bin/sh
# Statements that the manual calls harmless change no row, on no server, and make no table stale; all others do.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

for kind in $databases; do
	need_database "$kind"
	new_database
	tail_options
	rm -rf "$tmp/state"
	mkdir "$tmp/state"
	status='SHOW MASTER STATUS'
	[ "$kind" != mysql ] || status='SHOW BINARY LOG STATUS'
	# shellcheck disable=SC2086
	run env DB_SOCKET="$db_socket" STATE="$tmp/state" python3 "$root/tests/ddl.py" "$db" "$status" $to_server
	is "$rc $(cat "$tmp/out")" '0 0 wrong' "$kind: $(cat "$tmp/err")"
	sql "DROP DATABASE $db"
done
done_testing
