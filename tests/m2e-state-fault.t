#!/bin/sh
# shellcheck disable=SC2016,SC2317,SC2329 # scripts of their own, functions that are called by name
# The state directory under full disks and crashes: at every single system call it is whole before or after, never
# between, and the same command again completes it.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"

case ${B:-build} in
/*) fault=$B/tests/fault.so ;;
*) fault=$root/${B:-build}/tests/fault.so ;;
esac
[ -e "$fault" ] || skip_all "no $fault (make $fault)"
command -v jq >/dev/null || skip_all 'no jq'

source_line='{"op":"source","server":"1","epoch":0,"version":"10.11.19","created":1795000000}'
commit() { printf '{"op":"commit","pos":"binlog.000001:%s","gtids":"0-1-%s","ts":1795000001,"rows":1}\n' "$1" "$1"; }
schema() { printf '{"op":"schema","db":"w","table":"a","key":["ID"],"columns":[{"name":"c%s","type":"int"}],"from":"event","pos":"binlog.000001:%s"}\n' "$1" "$1"; }
ddl() { printf '{"op":"ddl","db":"w","sql":"ALTER","tables":[["w","a"]],"pos":"binlog.000001:%s","ts":1}\n' "$1"; }

# The main stream at 500 covers a; b and c have caught up to 600 and 700.
start=$tmp/start
m2e-state -q --state "$start" set position binlog.000001:500 server=1 created=1795000000
for table in a:500 b:600 c:700; do
	{
		echo "$source_line"
		printf '{"op":"done","db":"w","table":"%s","rows":1,"pos":"binlog.000001:%s"}\n' "${table%:*}" "${table#*:}"
	} | m2e-state --state "$start" save --table "w.${table%:*}"
	for status in moving moved; do m2e-state --state "$start" set table "w.${table%:*}" status=$status; done
done
m2e-state --state "$start" join w.a

# What is in a directory, but for locks; an empty history is none.
content() {
	for content_file in "$1"/*json "$1"/tables/*.json; do
		[ ! -s "$content_file" ] || { echo "${content_file#"$1"/}"; cat "$content_file"; }
	done
}

# at N HOW COMMAND...: m2e-state COMMAND in a copy of the start, its N-th call fails so. No: it makes fewer calls.
dir=$tmp/state
at() {
	rm -rf "$dir" "$tmp/done"
	cp -R "$start" "$dir"
	at_fault="write,fsync,rename,ftruncate:$1:$2"
	shift 2
	rc=0
	env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD="$fault" FAULT="$at_fault" \
		FAULT_DONE="$tmp/done" m2e-state -q --state "$dir" "$@" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" || rc=$?
	[ -e "$tmp/done" ]
}

# everywhere NAME CHECK COMMAND...: the fault at each call in turn, of each kind; CHECK looks at $dir and $rc after it and
# says what is wrong; AGAIN, if it is set, then completes what was begun: the directory must be as if nothing had been.
everywhere() {
	name=$1 check=$2
	shift 2
	rm -rf "$tmp/whole"
	cp -R "$start" "$tmp/whole"
	m2e-state -q --state "$tmp/whole" "$@" <"$tmp/in" || fail "$name: without any fault"
	content "$tmp/whole" >"$tmp/wanted"
	for how in ENOSPC EIO short kill killed; do
		call=1 wrong=''
		while at $call $how "$@"; do
			case $how,$rc in
			kill*,137 | [!k]*,0 | EIO,1 | ENOSPC,75 | short,75) ;;
			*) wrong="$wrong $call:status-$rc" ;;
			esac
			[ "$how" = kill ] || [ "$how" = killed ] || [ "$rc" = 0 ] ||
				grep -q "^ERROR m2e-state: .*$dir" "$tmp/err" || wrong="$wrong $call:message"
			m2e-state -q --state "$dir" show >/dev/null 2>"$tmp/err" || wrong="$wrong $call:$(cat "$tmp/err")"
			wrong="$wrong$($check)"
			again "$@" || wrong="$wrong $call:again-$?"
			content "$dir" >"$tmp/got"
			cmp -s "$tmp/got" "$tmp/wanted" || wrong="$wrong $call:result"
			call=$((call + 1))
		done
		[ $call -gt 3 ] || wrong="$wrong only-$call-calls"
		is "$wrong" '' "$name: $how at each of $((call - 1)) calls"
	done
}

### save: definitions before the position that covers them, the covered tables kept

{
	echo "$source_line"
	schema 550
	commit 600
	schema 650
	echo '{"op":"stale","db":"w","table":"a","why":"MODIFY","pos":"binlog.000001:700"}'
	ddl 700
	commit 750
	schema 760
	commit 800
} >"$tmp/all"
cp "$tmp/all" "$tmp/in"

saved_well() {
	pos=$(m2e-state --state "$dir" get position)
	case ${pos#binlog.000001:} in
	500 | 600 | 750 | 800) ;;
	*) echo " $call:pos-$pos" ;;
	esac
	[ "$rc" != 0 ] || [ "$pos" = binlog.000001:800 ] || echo " $call:claimed"
	[ "$(m2e-state --state "$dir" get covered)" = "$(printf 'w.a\tbinlog.000001:500')" ] || echo " $call:covered"
	for definition in 550 650 700 760; do
		[ "${pos#*:}" -lt "$definition" ] || grep -q "binlog.000001:$definition\"" "$dir/schema.ndjson" ||
			echo " $call:$definition-missing"
	done
	[ "${pos#*:}" -lt 700 ] || [ "$(m2e-state --state "$dir" get table w.a)" = stale ] || echo " $call:not-stale"
}
# The stream is sent again from the stored position on.
again() {
	from=$(m2e-state --state "$dir" get position)
	awk -v from="${from#*:}" -F 'binlog.000001:' '{ split($2, at, "\""); if (NF == 1 || at[1] + 0 >= from) print }' \
		"$tmp/all" | m2e-state -q --state "$dir" save --every 0 2>"$tmp/err"
}
everywhere save saved_well save --every 0

### join: a chosen table is covered, or its own file still says where to catch up; both tables enter, or none

again() { m2e-state -q --state "$dir" "$@" 2>"$tmp/err"; }
joined_well() {
	m2e-state --state "$dir" get covered >"$tmp/covered"
	for table in b:600 c:700; do
		if grep -q "^w.${table%:*}	binlog.000001:${table#*:}\$" "$tmp/covered"; then
			continue
		fi
		[ "$(m2e-state --state "$dir" get table "w.${table%:*}" pos)" = "binlog.000001:${table#*:}" ] ||
			echo " $call:${table%:*}-lost"
		[ "$(m2e-state --state "$dir" get table "w.${table%:*}")" = moved ] || echo " $call:${table%:*}-not-moved"
	done
	case $(grep -c '' "$tmp/covered") in
	1 | 3) ;;
	*) echo " $call:half" ;;
	esac
	[ "$rc" != 0 ] || [ "$(m2e-state --state "$dir" get tables | grep -c syncing)" = 3 ] || echo " $call:claimed"
}
everywhere join joined_well join w.b w.c

### leave: covered, or its own file says up to where it was

m2e-state --state "$start" join w.b w.c
{ echo "$source_line"; commit 900; } | m2e-state --state "$start" save
left_well() {
	m2e-state --state "$dir" get covered >"$tmp/covered"
	for table in a b; do
		grep -q "^w.$table	" "$tmp/covered" ||
			[ "$(m2e-state --state "$dir" get table "w.$table" pos)" = binlog.000001:900 ] || echo " $call:$table-lost"
	done
	grep -q '^w.c	binlog.000001:700$' "$tmp/covered" || echo " $call:c"
}
everywhere leave left_well leave w.a w.b

### set: the old file or the new one

set_well() {
	content "$dir" >"$tmp/now"
	content "$start" >"$tmp/before"
	cmp -s "$tmp/now" "$tmp/before" || cmp -s "$tmp/now" "$tmp/wanted" || echo " $call:between"
	[ "$rc" != 0 ] || cmp -s "$tmp/now" "$tmp/wanted" || echo " $call:claimed"
}
everywhere 'set table' set_well set table w.a status=created
everywhere 'set position' set_well set position binlog.000001:4

### what a power cut would leave: all is on disk before what relies on it

# ordered LOG: what was renamed or relied on without having been synced
ordered() {
	awk '
		$1 == "write" || $1 == "ftruncate" { dirty[$2] = 1 }
		$1 == "fsync" { dirty[$2] = 0; if ($2 == folder) renamed = "" }
		$1 == "rename" {
			if (renamed != "") print "the folder was not synced after", renamed
			for (file in dirty) {
				if (file !~ ("/" $2 "$")) continue
				if (dirty[file]) print file, "was not synced"
				folder = substr(file, 1, length(file) - length($2) - 1)
			}
			for (file in dirty)
				if ($3 == "position.json" && dirty[file] && file ~ /schema.ndjson$/) print "a position before its definitions"
			renamed = $3
		}
		END { if (renamed != "") print "the folder was not synced after", renamed }' "$1"
}
logged() { # COMMAND...: its calls in $tmp/log
	rm -f "$tmp/log"
	env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD="$fault" FAULT_LOG="$tmp/log" \
		m2e-state -q --state "$dir" "$@" <"$tmp/in" 2>"$tmp/err"
}
rm -rf "$dir"
logged save --every 0
is "$(ordered "$tmp/log")" '' 'save'
like "$(cat "$tmp/log")" 'rename position.json.tmp position.json' 'it has renamed'
logged set table w.b status=created
is "$(ordered "$tmp/log")" '' 'set table'

# faulty FAULT COMMAND...: the same with a fault
faulty() { FAULT=$1; export FAULT; shift; logged "$@"; faulty_rc=$?; unset FAULT; return $faulty_rc; }
calls() { sed -n 's/^\(fsync\) .*schema.ndjson$/\1/p; s/^\(rename\) position.*/\1/p' "$tmp/log" | paste -sd,; }
rm -rf "$dir"
{ echo "$source_line"; schema 550; } >"$tmp/in"
faulty fsync:3:kill save 2>/dev/null
is "$(grep -c '' "$dir/schema.ndjson")" 1 'a definition whose writer was killed before its fsync is there'
{ echo "$source_line"; schema 550; commit 600; } >"$tmp/in"
logged save
is "$(grep -c '' "$dir/schema.ndjson"),$(calls)" 1,fsync,rename 'and is synced before a position relies on it'

# The same while another save runs, which has read and synced the history already.
mkfifo "$tmp/live"
rm -f "$tmp/live.log"
spawn live env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD="$fault" \
	FAULT_LOG="$tmp/live.log" sh -c 'exec m2e-state -q --state "$0" save --every 0 <"$1"' "$dir" "$tmp/live"
live=$spawned
exec 8>"$tmp/live"
{ echo "$source_line"; schema 700; commit 800; } >&8
stored() { [ "$(m2e-state --state "$dir" get position)" = "binlog.000001:$1" ]; }
wait_until 10 stored 800
{ echo "$source_line"; schema 900; } >"$tmp/in"
faulty fsync:3:kill save --table w.b 2>/dev/null
is "$(grep -c '' "$dir/schema.ndjson")" 3 'a second pipe is killed before its fsync'
{ schema 900; commit 1000; } >&8
exec 8>&-
finish 10 "$live"
cp "$tmp/live.log" "$tmp/log"
is "$(grep -c '' "$dir/schema.ndjson"),$(calls)" 3,fsync,rename,fsync,rename 'the first one syncs what it finds of the other'

# After a failed fsync the next one may well succeed: what it was about is lost all the same.
rm -rf "$dir"
{ echo "$source_line"; schema 550; commit 600; } >"$tmp/in"
faulty fsync:3:EIO save
is "$?,$(calls)" 1, 'a history that could not be synced: no position, and no second try'
cp "$tmp/all" "$tmp/in"

### at most once a second

{ echo "$source_line"; for i in $(seq 1000 1999); do commit "$i"; done; } >"$tmp/in"
logged save
is "$(m2e-state --state "$dir" get position)" binlog.000001:1999 'of 1000 commits at once the newest is stored'
ok 'in a few files' test "$(grep -c '^rename' "$tmp/log")" -le 3
cp "$tmp/all" "$tmp/in"

### a disk that stays full

rm -rf "$dir"
cp -R "$start" "$dir"
rc=0
env ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" LD_PRELOAD="$fault" FAULT=write:1:ENOSPC FAULT_STICKS=1 \
	m2e-state --state "$dir" save <"$tmp/in" 2>"$tmp/err" || rc=$?
is "$rc" 75 'a full disk'
like "$(cat "$tmp/err")" "$dir/.*: No space left on device" 'says so'
content "$dir" >"$tmp/got"
content "$start" >"$tmp/before"
same "$tmp/got" "$tmp/before" 'and nothing has changed'
is "$(find "$dir" -name '*.tmp' | wc -l)" 0 'nor is anything left lying about'

### kill -9 at any moment of a running stream

# stream FROM: commits from there on, without end, with a definition of its own now and then
stream() {
	awk -v at="$1" -v source="$source_line" 'BEGIN {
		print source
		for (at++; at < 60000000; at++)
			if (at % 7 == 0)
				printf "{\"op\":\"schema\",\"db\":\"w\",\"table\":\"a\",\"key\":[],\"columns\":[\"%d\"],\"from\":\"event\",\"pos\":\"binlog.000001:%d\"}\n", at, at
			else
				printf "{\"op\":\"commit\",\"pos\":\"binlog.000001:%d\",\"ts\":1,\"rows\":1}\n", at
	}' 2>/dev/null
}
rm -rf "$dir"
mkfifo "$tmp/fifo"
round=0 wrong='' last=0 moved=0
while [ $round -lt "${KILL_ROUNDS:-40}" ]; do
	round=$((round + 1))
	m2e-state -q --state "$dir" save --every $((round % 2)) <"$tmp/fifo" 2>"$tmp/err" &
	pid=$!
	# tee's file has at least what save has read
	stream "$last" | tee "$tmp/fed" >"$tmp/fifo" 2>/dev/null &
	feeder=$!
	sleep "$(awk -v seed=$round 'BEGIN { srand(seed); printf "%.3f", rand() * 0.09 }')"
	kill -9 $pid
	wait $pid 2>/dev/null
	wait $feeder 2>/dev/null
	if pos=$(m2e-state --state "$dir" get position 2>"$tmp/err"); then
		pos=${pos#*:}
	else
		pos=0
		[ ! -s "$tmp/err" ] || wrong="$wrong $round:$(cat "$tmp/err")"
	fi
	[ "$pos" -ge "$last" ] || wrong="$wrong $round:back-to-$pos"
	[ "$pos" = 0 ] || [ "$pos" = "$last" ] || grep -q "\"op\":\"commit\",\"pos\":\"binlog.000001:$pos\"" "$tmp/fed" ||
		wrong="$wrong $round:ahead-$pos"
	[ "$pos" = "$last" ] || moved=$((moved + 1))
	grep '"op":"schema".*}$' "$tmp/fed" | awk -v pos="$pos" -F 'binlog.000001:' '$2 + 0 < pos' | LC_ALL=C sort >"$tmp/needed"
	LC_ALL=C sort "$dir/schema.ndjson" 2>/dev/null | LC_ALL=C comm -23 "$tmp/needed" - >"$tmp/missing"
	[ ! -s "$tmp/missing" ] || wrong="$wrong $round:$(grep -c '' "$tmp/missing")-definitions-missing"
	last=$pos
done
is "$wrong" '' "killed $round times: the position is whole, never ahead, never without its definitions"
ok "it moved in between ($moved times, to $last)" test $moved -gt $((round / 4))

done_testing
