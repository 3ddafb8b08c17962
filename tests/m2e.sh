# shellcheck shell=sh
# A whole m2e for a test, on the servers of servers.sh; sourced after it.
: "${tmp:?} ${db_socket?}"

# m2e_config TABLE...: writes $tmp/m2e.json
m2e_config() { config "$@" >"$tmp/m2e.json"; }
m2e_start() {
	spawn m2e m2e -c "$tmp/m2e.json" -v run
	m2e_pid=$spawned
}
# The exit status lands in $rc.
m2e_stop() {
	m2e -q -c "$tmp/m2e.json" stop
	finish 60 "$m2e_pid"
}
m2e_log() { tail -n 60 "$tmp/m2e.err" | sed 's/^/# /' >&2; }

server_position() {
	if [ "$db_kind" = mysql ]; then
		sql 'SHOW BINARY LOG STATUS' | cut -f 1,2 | tr '\t' :
	else
		sql 'SHOW MASTER STATUS' | cut -f 1,2 | tr '\t' :
	fi
}
# saved_past FILE:OFFSET: has everything up to there been acknowledged?
saved_past() {
	saved=$(m2e-state --state "$tmp/state" get position pos 2>/dev/null) || return 1
	saved=${saved##*/}
	[ "${saved%:*}" = "${1%:*}" ] && [ "${saved#*:}" -ge "${1#*:}" ] && return
	[ "$(printf '%s\n%s\n' "${saved%:*}" "${1%:*}" | sort | head -n 1)" != "${saved%:*}" ]
}
# wait_caught_up SECONDS
wait_caught_up() { wait_until "$1" saved_past "$(server_position)"; }

table_status() { m2e-state --state "$tmp/state" get table "$1" status 2>/dev/null; }
all_syncing() {
	for all_t in "$@"; do
		[ "$(table_status "$all_t")" = syncing ] || return 1
	done
}

# index_equals TABLE...: compares every document (compare.py)
index_equals() {
	DB_SOCKET=$db_socket DB_KIND=$db_kind ES_URL=$es_url ES_AUTH=${es_user:+$es_user:$es_password} ES_CA=$es_ca \
		"$root/tests/compare.py" "$@"
}
