#!/bin/sh
# Rows for a minute without a control line (H20): a filter drops them, and no position would ever be saved. And: an
# engine that takes nothing for all that time costs no memory, whatever is read.
. "${0%/*}/tap.sh"
trap '' PIPE # a reader that ends between a look and a line

row() { echo "{\"op\":\"insert\",\"db\":\"d\",\"table\":\"t\",\"key\":[\"$1\"],\"pos\":\"b.000001:$2\",\"row\":{\"id\":$1}}"; }
heartbeat='{"op":"heartbeat","pos":"b.000001:4"}'
# start NAME OPTION...: es-bulk reads from $tmp/NAME.in; its id in pid_NAME
start() {
	name=$1
	shift
	mkfifo "$tmp/$name.in"
	es-bulk "$@" <"$tmp/$name.in" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	eval "pid_$name=$!"
	tap_pids="$tap_pids $!"
}

mkfifo "$tmp/stop"
sleep 3600 >"$tmp/stop" &
tap_pids="$tap_pids $!"
python3 "$root/tests/faulty.py" "$tmp/port" <"$tmp/stop" 2>"$tmp/engine.err" &
tap_pids="$tap_pids $!"
wait_until 10 test -s "$tmp/port" || bail "no engine: $(cat "$tmp/engine.err")"
url=http://127.0.0.1:$(cat "$tmp/port")
python3 "$root/tests/faulty.py" "$tmp/port2" <"$tmp/stop" 2>"$tmp/engine2.err" &
tap_pids="$tap_pids $!"
wait_until 10 test -s "$tmp/port2" || bail "no engine: $(cat "$tmp/engine2.err")"
url2=http://127.0.0.1:$(cat "$tmp/port2")
curl -sS -d '{"no_bulk":true}' "$url2/_test" >"$tmp/told"
start warned --url "$url"
start fatal --url "$url" --require-acks
start fine --url "$url" --require-acks
start stuck --url "$url2" --require-acks --max-wait 1
exec 4>"$tmp/warned.in" 5>"$tmp/fatal.in" 6>"$tmp/fine.in"
begun=$(date +%s)
# an engine that takes nothing: what is read and cannot be sent is bounded, and a time in which nothing is read is no fault
# of a filter
python3 -c '
import sys
try:
    for i in range(300000):
        sys.stdout.write("{\"op\":\"insert\",\"db\":\"d\",\"table\":\"t\",\"key\":[\"%d\"],\"pos\":\"b.000001:%d\",\"row\":{\"id\":%d,\"v\":\"%s\"}}\n" % (i, i + 10, i, "x" * 1000))
except BrokenPipeError:
    pass' >"$tmp/stuck.in" 2>"$tmp/feeder.err" &
tap_pids="$tap_pids $!"
echo "$heartbeat" | tee /dev/fd/4 /dev/fd/5 >&6
n=0
# shellcheck disable=SC2154 # pid_...
while [ $(($(date +%s) - begun)) -lt 75 ]; do
	alive "$pid_fatal" || break
	n=$((n + 1))
	row 1 $((n + 10)) >&4
	row 1 $((n + 10)) >&5 2>/dev/null
	{ row 1 $((n + 10)); echo "$heartbeat"; } >&6
	sleep 1
done
finish 10 "$pid_fatal"
is "$rc" 1 '--require-acks: rows for a minute without a control line'
took=$(($(date +%s) - begun))
ok '... not before' test "$took" -ge 58
like "$(cat "$tmp/fatal.err")" 'rows for 60 s without a control line' '... are told'
ok 'without it they are a warning' wait_until 10 grep -q 'WARN.*rows for 60 s without' "$tmp/warned.err"
ok '... and the stream goes on' alive "$pid_warned"
unlike "$(cat "$tmp/fine.err")" 'without a control line' 'with control lines there is none'
ok 'an engine that is away is no filter' alive "$pid_stuck"
case $bin in
*asan*) skip 'the sanitizers hold memory of their own' ;;
*)
	peak=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid_stuck/status")
	least=$(awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid_fine/status")
	diag "stuck: peak $peak KiB, an idle one $least KiB"
	ok '... nor a reason to hold what is read' test $((peak - least)) -le $((24 * 1024))
	;;
esac
ok '... it is told' grep -q 'trying again' "$tmp/stuck.err"
ok '... without a flood' test "$(wc -l <"$tmp/stuck.err")" -le 5
kill -9 "$pid_stuck"
done_testing
