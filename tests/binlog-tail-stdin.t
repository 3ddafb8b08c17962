#!/bin/sh
# A log that comes through a pipe: lines go out while it is quiet, and a signal ends a blocked read at once.
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
done_testing
