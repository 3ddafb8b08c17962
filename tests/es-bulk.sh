# What tests of es-bulk on an engine share. Sourced, after servers.sh.
# shellcheck shell=sh disable=SC2154,SC2034

name=eb$$	# database name of this test's tables
row() { # TABLE KEY OFFSET [MEMBERS]
	echo "{\"op\":\"insert\",\"db\":\"$name\",\"table\":\"$1\",\"key\":[\"$2\"],\"pos\":\"b.000001:$3\",\"row\":{\"id\":$2,\"at\":$3${4:-}}}"
}
commit() { echo "{\"op\":\"commit\",\"pos\":\"b.000001:$1\"}"; }
source='{"op":"source","server":"s1","epoch":0}'
doc() { es GET "/$name.$1/_doc/$2"; }
# feed FILE NAME STATUS [OPTION...]
feed() {
	feed_file=$1 feed_name=$2 feed_rc=$3
	shift 3
	rc=0
	es-bulk --config "$tmp/es.json" "$@" <"$tmp/$feed_file" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc" "$feed_rc" "$es_kind: $feed_name" || diag "$(cat "$tmp/err")"
}
# its indices, of the engine in use
clean() {
	es GET '/_cat/indices?h=index' | grep "^$name" | while read -r i; do es DELETE "/$i"; done >"$tmp/told"
}
configure() {
	(
		umask 077
		echo "$es_password" >"$tmp/es.password"
		jq -n --arg a "$es_url" --arg u "$es_user" --arg p "$tmp/es.password" --arg c "$es_ca" '{elastic: ({address: $a} +
			(if $u == "" then {} else {username: $u, password_file: $p} end) + (if $c == "" then {} else {ca_file: $c} end))}' >"$tmp/es.json"
	)
	at_exit clean
}
