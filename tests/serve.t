#!/bin/sh
# The state over HTTP: what show says, and what a monitoring system collects; read anew each time, from loopback only.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"

dir=$tmp/state
port=$("$root/scripts/server" port)
url=http://127.0.0.1:$port
m() { m2e-state -q --state "$dir" "$@"; }
get() { curl -sS -m 10 -o "$tmp/body" -w '%{http_code}' "$@" 2>&1; }
metric() { sed -n "s/^$1 //p" "$tmp/body"; }

for listen in nonsense 127.0.0.1 localhost:9 127.0.0.1:http :9 '[::1:9'; do
	rc_is 2 "no address: $listen" m2e-state --state "$dir" serve --listen "$listen"
done
rc_is 2 '--listen is for serve' m2e-state --state "$dir" show --listen "127.0.0.1:$port"

spawn serve m2e-state --state "$dir" serve --listen "127.0.0.1:$port"
serve=$spawned
ok 'it listens before there is a state' wait_until 20 curl -sS -m 10 "$url/status"
is "$(get "$url/status")" 200 'an empty one'
is "$(jq -c '[.position, .tables, .dead]' "$tmp/body")" '[null,[],0]' '... says so'
rc_is 1 'the port is taken' m2e-state --state "$dir" serve --listen "127.0.0.1:$port"

for s in status=created status=moving; do m set table 'd.a"\b' $s; done
m set table 'd.a"\b' status=moved s0=binlog.000001:4 server=7 epoch=0 rows=3
m join 'd.a"\b'
{
	echo '{"op":"source","server":"7","epoch":0,"created":1}'
	echo "{\"op\":\"commit\",\"pos\":\"binlog.000001:500\",\"ts\":$(($(date +%s) - 100)),\"rows\":1}"
} | m save
echo '{"error":{},"event":{}}' >"$dir/dead.ndjson"
is "$(get "$url/status")" 200 'a state'
is "$(jq -S 'del(.lag)' "$tmp/body")" "$(m show --json | jq -S 'del(.lag)')" 'is that which show prints'
is "$(get "$url/metrics")" 200 'metrics'
is "$(metric m2e_dead_letters) $(metric m2e_tables_streamed) $(metric m2e_epoch)" '1 1 0' 'have the counts'
lag=$(metric m2e_lag_seconds)
ok 'the lag' sh -c "[ ${lag%.*} -ge 100 ] && [ ${lag%.*} -lt 1000 ]"
like "$(cat "$tmp/body")" '^m2e_table_status\{table="d\.a\\"\\\\b",status="syncing"\} 1$' "a table's status, its name as it must be written"
like "$(cat "$tmp/body")" '^m2e_table_rows\{.*\} 3$' 'and its rows'
is "$(grep -v '^#' "$tmp/body" | grep -cvE '^m2e_[a-z_]+(\{([a-z]+="([^"\\]|\\.)*",?)+\})? -?[0-9][0-9.e+-]*$')" 0 'each line is one of the format'
is "$(get -I "$url/metrics") $(grep -c m2e_ "$tmp/body")" '200 0' 'HEAD'
is "$(get "$url/") $(get "$url/status/..%2f..%2fetc%2fpasswd") $(get -X DELETE "$url/status") $(get -d x=1 "$url/status")" '404 404 405 405' 'and nothing else'
printf '{"pos":' >"$dir/position.json"
is "$(get "$url/status")" 500 'a damaged state is no empty one'
like "$(cat "$tmp/serve.err")" 'ERROR .*position.json' '... and is told in the log'
rm -rf "$dir"
is "$(get "$url/status") $(jq -c .tables "$tmp/body")" '200 []' 'another directory may take the place'
# connections that send nothing hold nobody up for long
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	spawn "idle$n" python3 -c "import socket, time
s = [socket.create_connection(('127.0.0.1', $port)) for i in range(2)]
for x in s: x.settimeout(60)
x = [x.recv(1) for x in s]"
	idle=$spawned
done
ok 'idle connections are ended' finish 60 "$idle"
is "$(get "$url/status")" 200 'then it answers'
stop "$serve"
is "$rc" 0 'SIGTERM ends it'
if m2e-state --state "$dir" serve --listen "[::1]:$port" >"$tmp/six" 2>&1 & six=$!; tap_pids="$tap_pids $six"; wait_until 5 curl -sS -m 5 "http://[::1]:$port/status"; then
	pass 'IPv6'
	stop "$six"
else
	skip 'no IPv6 here'
fi
done_testing
