# shellcheck shell=sh disable=SC2034
# For tests of binlog-tail against a server; sourced after tap.sh and servers.sh.
: "${tmp:?}"

# tail_options: how to reach the server at hand; its account
tail_options() {
	printf '%s\n' "$db_password" >"$tmp/password"
	chmod 600 "$tmp/password"
	set -- --host "$db_host" --port "$db_port" --user "$db_user" --password-file "$tmp/password"
	# shellcheck disable=SC2124
	to_server=$@
}
# tail_run OPTION...: to its end, as run
tail_run() {
	tail_options
	# shellcheck disable=SC2086
	run timeout 60 binlog-tail $to_server "$@"
}
# tail_spawn NAME OPTION...: in the background, as spawn; returns when it streams
tail_spawn() {
	tail_name=$1
	shift
	tail_options
	# shellcheck disable=SC2086
	spawn "$tail_name" binlog-tail $to_server "$@"
	wait_until 20 grep -q '"op":"source"' "$tmp/$tail_name.out" || diag "$(cat "$tmp/$tail_name.err")"
}

# position: where the server's log stands
position() {
	if [ "$db_kind" = mysql ]; then
		sql 'SHOW BINARY LOG STATUS'
	else
		sql 'SHOW MASTER STATUS'
	fi | awk '{ print $1 ":" $2 }'
}
# earlier NAME NAME: in the order of log files
earlier() { expr "x$1" \< "x$2" >/dev/null; }
# seen FILE: has the stream in FILE come to where the server's log stands?
seen() { grep -q "\"pos\":\"$(position)\"" "$1"; }
# lines PATTERN FILE: how many
lines() { grep -c -e "$1" "$2"; }
# rows_of TABLE FILE: the row lines' op, key and row
rows_of() {
	jq -c "select(.row and .table == \"$1\") | [.op, .key, .row]" "$2"
}
