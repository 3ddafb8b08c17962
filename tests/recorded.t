#!/bin/sh
# shellcheck disable=SC2086 # lists of options
# Recorded logs of three servers in many configurations lead to the tables that the servers had, at each step.
. "${0%/*}/tap.sh"

# binlog_row_metadata was not FULL and the tables' definitions are those of the end: what was altered cannot be named
altered=ints,ints2,nopk,nopk2,tx,tx2,gen,sv

tar -xJf "$root/tests/recorded/sets.tar.xz" -C "$tmp"
recorded() { python3 "$root/tests/recorded.py" "$@"; }
# excluded TABLE,…: as options
excluded() { echo "$1" | tr , '\n' | sed -n 's/./--exclude *.&/p'; }

# replay FOLDER: the stream in $tmp/SET.ndjson, what cannot be named in $left_out
replay() {
	left_out=
	grep -q 'binlog-row-metadata=FULL' "$1/script.sql" || left_out=$altered
	files=$(echo "$1"/binlog.0*) without=$(excluded "$left_out")
	set -f
	run binlog-tail -q --xa=hold --schema "$1/schema.sql" $without $files
	set +f
	mv "$tmp/out" "$tmp/${1##*/}.ndjson"
}

for folder in "$tmp"/*-*; do
	set=${folder##*/}
	replay "$folder"
	case $set in
	*-statement)
		is "$rc" 1 "$set: statements that change rows are refused"
		like "$(cat "$tmp/err")" 'binlog\.000001:[0-9]+.*binlog_format=ROW' "$set: by position and reason"
		continue
		;;
	mysql-5.6-cascade) left_out=child ;; # of whose changes this server logs no rows
	esac
	is "$rc" 0 "$set: is read" || diag "$(cat "$tmp/err")"
	ok "$set: leads to the tables" recorded "$folder" "$left_out" <"$tmp/$set.ndjson" || diag "$(cat "$tmp/out")"
done

# what is wrong is seen
for wrong in '/"op":"update".*"table":"times","key":\["3"\]/d' '0,/"iu":4294967295/s//"iu":-1/' \
	'/"op":"delete".*"table":"many","key":\["21"\]/d' '0,/"d65":9999999/s//"d65":9999998/' 's/"op":"rename"/"op":"heartbeat"/' \
	'/"table":"geo"/s/\[1.5,-2.5\]/[-2.5,1.5]/' '/"op":"insert".*"table":"nopk"/s/"two"/"twp"/' 's/\("op":"commit".*"rows":\)4}/\13}/' '/"op":"truncate"/d'; do
	sed "$wrong" "$tmp/mysql-9-gtid.ndjson" >"$tmp/wrong"
	is "$(cmp -s "$tmp/wrong" "$tmp/mysql-9-gtid.ndjson" && echo same)" '' "there is: $wrong"
	run recorded "$tmp/mysql-9-gtid" <"$tmp/wrong"
	isnt "$rc" 0 "and is seen"
done

# other sets, and another's checker, where they are. (It takes "int unsigned" for "int", without brackets before
# "unsigned"; so says a line of it.)
corpora=${M2E_CORPORA:-$root/../shared/data}
second_opinion() {
	run "$corpora/check-truth" --skip "$left_out" "$1" <"$tmp/${1##*/}.ndjson"
	is "$(grep -v -e "^line [0-9]*: ints.z is ('int', '', False), the script says" -e '^note: ' \
		-e ' values compared, [0-9]* differences$' "$tmp/out")" '' "${1##*/}: check-truth finds nothing else"
}
if [ -x "$corpora/check-truth" ]; then
	for folder in "$corpora"/recorded/*-*; do
		case $folder in
		*-statement) continue ;; # of the latter it compares what comes before
		esac
		replay "$folder"
		second_opinion "$folder"
	done
fi
done_testing
