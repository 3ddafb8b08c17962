#!/bin/sh
# A signal ends what blocks at once: a read of a log that comes through a pipe, whose lines go out while it is quiet, and a
# connection that is being made.
. "${0%/*}/tap.sh"

tar -xJf "$root/tests/recorded/sets.tar.xz" -C "$tmp" mysql-5.6-cascade
log=$tmp/mysql-5.6-cascade/binlog.000001
schema=$tmp/mysql-5.6-cascade/schema.sql
binlog-tail -q --schema "$schema" "$log" | grep -v '"op":"heartbeat"' >"$tmp/whole"
commit=$(grep '"op":"commit"' "$tmp/whole" | sed -n 3p)
end=$(echo "$commit" | jq -r '.pos | split(":")[1]')
line=$(grep -n -F "$commit" "$tmp/whole" | cut -d: -f1)
head -n "$line" "$tmp/whole" >"$tmp/want"
isnt "$end" '' 'a commit in the middle'

# stopped BYTES STATUS WHAT: with so many of the log's bytes in the pipe, whose writer goes on holding it
stopped() {
	mkfifo "$tmp/pipe$1"
	# shellcheck disable=SC2016
	spawn "read$1" sh -c 'exec binlog-tail --schema "$0" --name binlog.000001 - <"$1"' "$schema" "$tmp/pipe$1"
	exec 7>"$tmp/pipe$1"
	head -c "$1" "$log" >&7
	ok "$3: its lines are out" wait_until 20 grep -qF "$commit" "$tmp/read$1.out"
	stop "$spawned" || :
	exec 7>&-
	is "$rc" "$2" "$3: status"
	grep -v '"op":"heartbeat"' "$tmp/read$1.out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$3: nothing else"
}

stopped "$end" 0 "a transaction's end"
like "$(tail -n 1 "$tmp/read$end.out")" "\"op\":\"heartbeat\",\"pos\":\"binlog.000001:$end\"" '  the position comes last'
stopped $((end + 10)) 0 "inside the first event behind it"
# BEGIN, whose header has its length
stopped $((end + $(od -An -tu4 -j $((end + 9)) -N 4 "$log"))) 75 'inside a transaction'
like "$(cat "$tmp"/read*.err)" 'stopped inside a transaction' '  which is said'
# a server that takes connections and says nothing
spawn silent python3 -c 'import socket, signal
s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1], flush=True)
s.accept()
print("taken", flush=True)
signal.pause()'
wait_until 20 test -s "$tmp/silent.out"
echo m2e >"$tmp/password"
chmod 600 "$tmp/password"
spawn connect binlog-tail --host 127.0.0.1 --port "$(cat "$tmp/silent.out")" --user m2e --password-file "$tmp/password" --from start
ok 'a connection is being made' wait_until 20 grep -q taken "$tmp/silent.out"
kill "$spawned"
finish 5 "$spawned" || : # it would be given up after 10 s
is "$rc" 0 '  and ended at once'
done_testing
