#!/bin/sh
# m2e's decisions, with programs that only play their parts (m2e-state is the real one).
. "${0%/*}/tap.sh"

mkdir "$tmp/bin" "$tmp/play"
cp "$bin/m2e" "$tmp/bin/"
ln -s "$bin/m2e-state" "$tmp/bin/m2e-state"
# A part: $tmp/play/PROGRAM holds the statuses of its runs in the pipe, one a line; the last one goes for all that follow.
cat >"$tmp/bin/es-bulk" <<-'END'
	#!/bin/sh
	part=${0##*/}
	n=$(($(cat "$PLAY/$part.n" 2>/dev/null || echo 0) + 1))
	echo $n >"$PLAY/$part.n"
	echo "$part $*" >>"$PLAY/log"
	status=$(sed -n "${n}p" "$PLAY/$part" 2>/dev/null)
	[ -n "$status" ] || status=$(tail -n 1 "$PLAY/$part" 2>/dev/null)
	ulimit -c 0
	[ "${status:-0}" != faulty ] || kill -SEGV $$
	case $part in
	es-bulk) cat ;;
	*)
		echo '{"op":"source","server":"7","epoch":0,"created":1}'
		echo "{\"op\":\"commit\",\"pos\":\"binlog.000001:$((1000 + n))\",\"ts\":1,\"rows\":1}"
		;;
	esac
	[ "${status:-0}" != stay ] || {
		trap 'exit 0' TERM
		while :; do sleep 0.1; done
	}
	[ "${status:-0}" != killed ] || kill -9 $$
	exit "${status:-0}"
END
cat >"$tmp/bin/binlog-tail" <<-'END'
	#!/bin/sh
	case "$*" in
	*--tables* | *--identify*)
		[ ! -e "$PLAY/shot" ] || { read -r signal <"$PLAY/shot"; rm "$PLAY/shot"; ulimit -c 0; kill -"$signal" $$; }
		;;
	esac
	case "$*" in
	*--tables*) cat "$PLAY/tables" ;;
	*--identify*) echo 7 ;;
	*) exec "${0%/*}/tail-part" "$@" ;;
	esac
END
ln -s es-bulk "$tmp/bin/tail-part"
chmod +x "$tmp/bin/"*
export PLAY="$tmp/play"

echo '{"state_dir":"'"$tmp/state"'","database":{"tables":["d.t"]}}' >"$tmp/m2e.json"
# Everything is loaded already, so that only the stream plays.
fresh() {
	rm -rf "$tmp/state" "$tmp/play"
	mkdir "$tmp/play"
	echo d.t >"$tmp/play/tables"
	for s in status=created status=dumping status=dumped status=moving; do
		m2e-state --state "$tmp/state" set table d.t $s || bail 'no state'
	done
	m2e-state --state "$tmp/state" set table d.t status=moved s0=binlog.000001:4 server=7 epoch=0 || bail 'no state'
	m2e-state --state "$tmp/state" join d.t || bail 'no join'
}
play() { # PROGRAM STATUS...
	play_part=$1
	shift
	printf '%s\n' "$@" >"$tmp/play/$play_part"
}
m2e_ends() { # STATUS NAME
	rc_is "$1" "$2" timeout 60 "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
}

while read -r tail bulk want; do
	fresh
	play tail-part "$tail"
	play es-bulk "$bulk"
	m2e_ends "$want" "binlog-tail $tail, es-bulk $bulk: m2e ends with $want"
done <<-END
	75 1 1
	75 2 2
	1 2 2
	4 75 4
	4 1 1
	killed 1 1
END

fresh
play tail-part 75 killed 0 1
play es-bulk 0
m2e_ends 1 'what passes by itself is started again, until a person must act'
is "$(cat "$tmp/play/tail-part.n")" 4 'it was started four times'

fresh
echo KILL >"$tmp/play/shot"
play tail-part 1
play es-bulk 0
m2e_ends 1 'what asks the database at the start is killed: it is asked again'
is "$(cat "$tmp/play/tail-part.n")" 1 'and the run begins'

fresh
echo SEGV >"$tmp/play/shot"
play tail-part 1
play es-bulk 0
m2e_ends 139 'if it died by its own fault, the run cannot start'
ok 'nor does it' test ! -e "$tmp/play/tail-part.n"

fresh
play tail-part 75
play es-bulk faulty
m2e_ends 1 'a program that dies by its own fault at one place, again and again, ends the run'
is "$(cat "$tmp/play/es-bulk.n")" 5 'at the fifth time'
like "$(cat "$tmp/err")" 'crash loop' 'and the log says why'

fresh
play tail-part 75
play es-bulk 0
rc_is 75 'a bounded run gives up' timeout 100 "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run --until now
is "$(cat "$tmp/play/tail-part.n")" 6 'after some tries'

fresh
m2e-state --state "$tmp/state" leave d.t
m2e-state --state "$tmp/state" set table d.t status=moved
play tail-part 0
mv "$tmp/bin/m2e-state" "$tmp/bin/real"
cat >"$tmp/bin/m2e-state" <<-SH
	#!/bin/sh
	case "\$*" in *' join '*) exit 75 ;; esac
	exec "$bin/m2e-state" "\$@"
SH
chmod +x "$tmp/bin/m2e-state"
rc_is 75 'nor does a bounded run wait for ever to join a table' timeout 100 "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run --until now
mv "$tmp/bin/real" "$tmp/bin/m2e-state"

fresh
play tail-part 4
m2e_ends 4 'a position that cannot be resumed ends the run'
like "$(cat "$tmp/err")" 'm2e load --all' 'and the log names the command'

fresh
play tail-part stay
spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
pid=$spawned
ok 'it streams' wait_until 10 grep -q tail-part "$tmp/play/log"
rc_is 75 'a second one on the same directory leaves' "$tmp/bin/m2e" -c "$tmp/m2e.json" run
like "$(cat "$tmp/err")" "pid $pid" 'and names the first'
ok 'm2e stop ends it' "$tmp/bin/m2e" -c "$tmp/m2e.json" stop
finish 10 "$pid"
is "$rc" 0 'cleanly'

fresh
play tail-part stay
spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
pid=$spawned
wait_until 10 grep -q tail-part "$tmp/play/log"
kill -9 "$(cat "$tmp/state/run/main.pid")"
ok 'a program that is killed comes again' wait_until 10 sh -c "[ \"\$(cat '$tmp/play/tail-part.n')\" = 2 ]"
stop "$pid"
is "$rc" 0 'SIGTERM stops it cleanly'

# m2e-state dies at its Nth look at the tables: what cannot be read is no empty list
rm "$tmp/bin/m2e-state"
cat >"$tmp/bin/m2e-state" <<-SH
	#!/bin/sh
	case "\$*" in
	*'get tables'* | *'get covered'*)
		n=\$((\$(cat "\$PLAY/looks" 2>/dev/null || echo 0) + 1))
		echo \$n >"\$PLAY/looks"
		[ "\$n" != "\$(cat "\$PLAY/die" 2>/dev/null)" ] || kill -9 \$\$
		;;
	esac
	exec "$bin/m2e-state" "\$@"
SH
chmod +x "$tmp/bin/m2e-state"
for look in 1 2 3 4 5 6 7 8; do
	fresh
	[ $((look % 2)) = 0 ] || m2e-state --state "$tmp/state" leave d.t
	[ $((look % 2)) = 0 ] || m2e-state --state "$tmp/state" set table d.t status=moved
	play tail-part stay
	echo $look >"$tmp/play/die"
	spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
	pid=$spawned
	ok "m2e-state killed at look $look: the table is streamed" wait_until 20 grep -q 'tail-part.*d.t@' "$tmp/play/log" || cat "$tmp/run.err" >&2
	stop "$pid"
	is "$rc $(m2e-state --state "$tmp/state" get table d.t)" '0 syncing' 'and nothing else became of it'
done

# every second answer of m2e-state is lost: it is asked again
rm "$tmp/bin/m2e-state"
cat >"$tmp/bin/m2e-state" <<-SH
	#!/bin/sh
	case " \$* " in
	*' get '*)
		n=\$((\$(cat "\$PLAY/gets" 2>/dev/null || echo 0) + 1))
		echo \$n >"\$PLAY/gets"
		[ \$((n % 2)) != "\$(cat "\$PLAY/parity")" ] || kill -9 \$\$
		;;
	esac
	exec "$bin/m2e-state" "\$@"
SH
chmod +x "$tmp/bin/m2e-state"
for parity in 0 1; do
	fresh
	for s in status=created status=dumping status=dumped status=moving; do
		"$bin/m2e-state" --state "$tmp/state" set table d.u $s
	done
	"$bin/m2e-state" --state "$tmp/state" set table d.u status=moved s0=binlog.000001:4 server=7 epoch=0
	printf 'd.t\nd.u\n' >"$tmp/play/tables"
	echo $parity >"$tmp/play/parity"
	play tail-part 0 0 stay
	spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
	pid=$spawned
	ok "of m2e-state's answers every second is lost ($parity): both tables are streamed" wait_until 30 grep -q 'tail-part.*d.t@.*d.u@' "$tmp/play/log" || cat "$tmp/run.err" >&2
	unlike "$(cat "$tmp/play/log")" '--until ( |$)' 'up to a position that is known'
	stop "$pid"
	is "$rc $("$bin/m2e-state" --state "$tmp/state" get tables | cut -f 1,2 | tr '\t\n' '  ')" '0 d.t syncing d.u syncing ' 'and nothing else became of them'
done
ln -sf "$bin/m2e-state" "$tmp/bin/m2e-state"

fresh
echo d.other >"$tmp/play/tables"
play tail-part stay
spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
pid=$spawned
ok 'a table that is no longer chosen leaves the stream' wait_until 10 sh -c "! m2e-state --state '$tmp/state' get covered | grep -q d.t"
stop "$pid"

fresh
play tail-part stay
spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
pid=$spawned
wait_until 10 grep -q tail-part "$tmp/play/log"
"$tmp/bin/m2e" -c "$tmp/m2e.json" pause d.t d.none 2>"$tmp/err"
is "$? $(m2e-state --state "$tmp/state" get table d.t)" '1 paused' 'a request is carried out for each of its tables, and answered for all'
like "$(cat "$tmp/err")" 'known here.*d\.none' 'with the reason'
kill -9 "$pid"
finish 10 "$pid"
printf 'resume\nd.t\n' >"$tmp/state/requests/1.ask"
spawn run "$tmp/bin/m2e" -c "$tmp/m2e.json" -v run
pid=$spawned
ok 'what was asked and not answered is done by the next run' wait_until 20 grep -q 'resumed table=d.t' "$tmp/run.err"
stop "$pid"

fresh
play tail-part stay
printf '{"pos":"binlog' >"$tmp/state/position.json"
m2e_ends 1 'a damaged state directory is no empty one'
done_testing
