#!/bin/sh
# Standard output: whatever becomes of it, no line is cut or lost.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

command -v python3 >/dev/null || skip_all 'no python3'

case ${B:-build} in
/*) fault=$B/tests/fault.so ;;
*) fault=$root/${B:-build}/tests/fault.so ;;
esac
# a dump, and the same rows as a log: 2000 lines of 200 bytes
{
	echo 'CREATE TABLE t (id int NOT NULL, v varchar(200) NOT NULL, PRIMARY KEY (id));'
	awk 'BEGIN { for (i = 0; i < 2000; i++) printf "INSERT INTO t VALUES (%d,\"%0200d\");\n", i, i }'
} >"$tmp/dump.sql"
python3 - "$tmp/binlog.000001" <<'END'
import struct, sys
at = 4
def event(kind, body):
    global at
    at += 19 + len(body)
    return struct.pack("<IBIIIH", 1, kind, 1, 19 + len(body), at, 0) + body
sizes = [0] * 40
sizes[1], sizes[15 - 1], sizes[19 - 1], sizes[30 - 1] = 13, 84, 8, 10
out = open(sys.argv[1], "wb")
out.write(b"\xfebin" + event(15, struct.pack("<H50sIB", 4, b"9.0.0", 1, 19) + bytes(sizes) + b"\0\0\0\0\0"))
out.write(event(34, bytes(25)) + event(2, struct.pack("<IIBHH", 1, 0, 1, 0, 0) + b"d\0BEGIN"))
for i in range(2000):
    v = b"%0200d" % i
    out.write(event(19, struct.pack("<IHH", 7, 0, 1) + b"\1d\0\1t\0\2\3\x0f\2\xc8\0\0"))
    out.write(event(30, struct.pack("<IHHH", 7, 0, 1, 2) + b"\2\xff\0" + struct.pack("<IB", i, 200) + v))
out.write(event(16, bytes(8)))
END
# a reader that stops behind the first bytes
cat >"$tmp/reads.py" <<'END'
import os, signal, sys
os.write(1, os.read(0, 700))
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(os.getpid()))
os.rename(sys.argv[1] + ".new", sys.argv[1])
os.kill(os.getpid(), signal.SIGSTOP)
while data := os.read(0, 65536):
    os.write(1, data)
END
reads='dump-reader -q --database d '"$tmp/dump.sql"
tails='binlog-tail -q --anonymous '"$tmp/binlog.000001"

whole() { # NAME COMMAND...
	name=$1
	shift
	rc_is 0 "$name: all of it" "$@"
	cp "$tmp/out" "$tmp/want"
	is "$(grep -c '"row":' "$tmp/want")" 2000 "$name: each row"
	size=$(wc -c <"$tmp/want")

	# a full disk
	rc=0
	"$@" >/dev/full 2>"$tmp/err" || rc=$?
	is "$rc" 1 "$name: a full disk"
	like "$(cat "$tmp/err")" 'standard output: No space left' "$name: is told"
	case $bin in
	*asan*) skip 'the sanitizers come before what is preloaded' ;;
	*)
		for how in ENOSPC short EIO; do
			echo before >"$tmp/got"
			rc=0
			LD_PRELOAD=$fault FAULT=write:3:$how FAULT_STICKS=1 "$@" >>"$tmp/got" 2>"$tmp/err" || rc=$?
			is "$rc" 1 "$name: $how"
			{ echo before; head -c "$(($(wc -c <"$tmp/got") - 7))" "$tmp/want"; } >"$tmp/head"
			same "$tmp/got" "$tmp/head" "$name: $how: a file has what came before"
			is "$(tail -c 1 "$tmp/got" | od -An -tx1)" ' 0a' "$name: $how: and ends with a whole line"
			ok "$name: $how: not with none" test "$(wc -c <"$tmp/got")" -gt 66000
		done
		;;
	esac

	# readers that stop, that are slow, that leave
	rm -f "$tmp/reader"
	# shellcheck disable=SC2016
	spawn stopped sh -c 'reads=$1 reader=$2; shift 2; { "$@"; echo $? >"$reader.status"; } | python3 "$reads" "$reader"' \
		sh "$tmp/reads.py" "$tmp/reader" "$@"
	wait_until 20 test -s "$tmp/reader"
	reader=$(cat "$tmp/reader")
	ok "$name: a reader stops, and the pipe fills" wait_until 20 python3 -c 'import fcntl, struct, sys, termios
pipe = open("/proc/%s/fd/0" % sys.argv[1])
sys.exit(struct.unpack("i", fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)))[0] < 60000)' "$reader"
	kill -CONT "$reader"
	finish 60 "$spawned"
	grep -v '"op":"progress"' "$tmp/stopped.out" >"$tmp/got"	# these follow the clock
	rc=$(cat "$tmp/reader.status")
	is "$rc" 0 "$name: a reader that was stopped"
	same "$tmp/got" "$tmp/want" "$name: has all of it"
	"$@" 2>/dev/null | python3 -c 'import os, sys, time
while data := os.read(0, 700):
    sys.stdout.buffer.write(data)' >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$name: a reader of small pieces"
	{ "$@" 2>"$tmp/err"; echo $? >"$tmp/status"; } | head -c $((size / 2)) >"$tmp/got"
	is "$(cat "$tmp/status")" 75 "$name: a reader that left"
	head -c "$(wc -c <"$tmp/got")" "$tmp/want" >"$tmp/head"
	same "$tmp/got" "$tmp/head" "$name: had what it took"
}
# shellcheck disable=SC2086
whole dump-reader $reads
# shellcheck disable=SC2086
whole binlog-tail $tails

# several connections at once: the thread that writes is not the one that waits
need_mariadb
new_database
sql "USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(200)); CREATE TABLE b LIKE a; INSERT INTO a SELECT seq, REPEAT('x', 150) FROM seq_1_to_5000;
	INSERT INTO b SELECT * FROM a"
printf '%s\n' "$db_password" >"$tmp/password"
chmod 600 "$tmp/password"
mkfifo "$tmp/stuck" "$tmp/life"
exec 9<>"$tmp/stuck"
sleep 1000 >"$tmp/life" 9<&- &
parent=$!
# shellcheck disable=SC2016
spawn jobs sh -c 'life=$1 out=$2; shift 2; exec dump-reader -q --jobs 2 --parent-fd 6 "$@" 6<"$life" >"$out" 9<&-' sh "$tmp/life" "$tmp/stuck" \
	--host "$db_host" --port "$db_port" --user "$db_user" --password-file "$tmp/password" --table "$db.*"
ok 'dump-reader --jobs: its output fills' wait_until 60 pipe_is_full
kill "$parent"
wait "$parent" 2>/dev/null
finish 10 "$spawned"
is "$rc" 75 'dump-reader --jobs: the supervisor died, and nobody reads'
exec 9<&-
done_testing
