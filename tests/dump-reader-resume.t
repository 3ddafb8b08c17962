#!/bin/sh
# A load that is killed again and again, at random, and resumed: at its end each row is there, under one position.
# ROUNDS: kills a form, 3 by default.
# shellcheck disable=SC2016 # backticks are SQL's
. "${0%/*}/tap.sh"

rounds=${ROUNDS:-3}
seed=$(($(date +%s) % 100000))
diag "seed $seed"

# 20 MB in three tables, one of them in two files
awk -v dir="$tmp" 'BEGIN {
	for (s = "text"; length(s) < 900; s = s s)
		;
	for (t = 1; t <= 3; t++) {
		create = "CREATE TABLE `t" t "` (`k` int NOT NULL, `v` varchar(900), PRIMARY KEY (`k`));\n"
		printf "%s", create >(dir "/create." t)
		for (i = 1; i <= 8000; i++)
			printf "%d\t%d %s\n", i, i * 7919 % 1000003, substr(s, 1, i * 7919 % 1500) >(dir "/t" t ".txt")
	}
}'
{
	echo '-- MySQL dump 10.13'
	echo "-- CHANGE MASTER TO MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=4;"
	for t in 1 2 3; do
		cat "$tmp/create.$t"
		echo "INSERT INTO \`t$t\` VALUES"
		sed "s/\(.*\)	\(.*\)/(\1,'\2'),/; \$s/,\$/;/" "$tmp/t$t.txt"
	done
	echo '-- Dump completed'
} >"$tmp/dump.sql"
gzip -1 -k "$tmp/dump.sql"
mkdir "$tmp/my" "$tmp/tab"
echo 'CREATE DATABASE d;' >"$tmp/my/d-schema-create.sql"
printf '[source]\nFile = b.000001\nPosition = 4\n[`d`.`t1`]\nrows = 8000\n[`d`.`t2`]\nrows = 8000\n# Finished dump at: x\n' >"$tmp/my/metadata"
for t in 1 2 3; do
	cp "$tmp/create.$t" "$tmp/my/d.t$t-schema.sql"
	for part in 1 2; do
		{
			echo "INSERT INTO \`t$t\` VALUES"
			sed -n "$((part * 4000 - 3999)),$((part * 4000))p" "$tmp/t$t.txt" | sed "s/\(.*\)	\(.*\)/(\1,'\2'),/; \$s/,\$/;/"
		} >"$tmp/my/d.t$t.0000$part.sql"
	done
	{ echo '-- MySQL dump 10.13'; echo '-- Host: localhost    Database: d'; cat "$tmp/create.$t"; echo '-- Dump completed'; } >"$tmp/tab/t$t.sql"
	mv "$tmp/t$t.txt" "$tmp/tab/"
done
zstd -q --rm "$tmp/my/d.t2.00001.sql"

rows() { grep -h '"op":"snapshot"' "$@" | sed 's/,"pos":"[^"]*"//' | LC_ALL=C sort; }
dump-reader -q --database d "$tmp/dump.sql" >"$tmp/whole.ndjson" 2>/dev/null
rows "$tmp/whole.ndjson" >"$tmp/want"
is "$(wc -l <"$tmp/want")" 24000 'the rows of three tables'

# A pipe of its own for each: of an old one somebody may still hold an end.
new_fifo() {
	rm -f "$tmp/fifo"
	mkfifo "$tmp/fifo"
}

# killed BYTES OPTION...: dump-reader is killed when so much of its output is read, which is kept in whole lines
killed() {
	bytes=$1
	shift
	new_fifo
	dump-reader -q "$@" >"$tmp/fifo" 2>"$tmp/err" &
	reader=$!
	head -c "$bytes" <"$tmp/fifo" >"$tmp/part"
	kill -9 "$reader" 2>/dev/null
	rc=0
	wait "$reader" 2>/dev/null || rc=$?
	if [ -n "$(tail -c 1 "$tmp/part")" ]; then
		sed -i '$d' "$tmp/part"
	fi
	cat "$tmp/part" >>"$tmp/all"
}
is_done() {
	[ "$(grep -h '"op":"done"' "$@" | jq -r '.table + " " + (.rows | tostring)' | sort -u | tr '\n' ',')" = 't1 8000,t2 8000,t3 8000,' ]
}
token() { tac "$tmp/all" | grep -m 1 '"op":"progress"' | jq -r .resume; }

# survives NAME OPTION... FILE
survives() {
	name=$1 at='' resumed=0
	shift
	: >"$tmp/all"
	for round in $(seq "$rounds"); do
		seed=$(((seed * 1103 + 12345) % 99991))
		# shellcheck disable=SC2086 # nothing, or two words
		killed $((seed % 25 * 400000 + 1000)) ${at:+--resume $at} "$@"
		at=$(token)
		[ -z "$at" ] || resumed=$((resumed + 1))
	done
	# shellcheck disable=SC2086
	dump-reader -q ${at:+--resume $at} "$@" >"$tmp/part" 2>"$tmp/err"
	is "$?" 0 "$name: after $round kills ($resumed tokens) it ends"
	cat "$tmp/part" >>"$tmp/all"
	rows "$tmp/all" | uniq >"$tmp/got"
	same "$tmp/got" "$tmp/want" '  each row is there, none that is strange'
	ok '  every table is done, with all its rows' is_done "$tmp/all"
	is "$(grep -o '"pos":"[^"]*"' "$tmp/all" | sort -u | wc -l)" 1 '  under one position'
	diag "$name: $(rows "$tmp/all" | wc -l) rows written for 24000"
}

survives 'a file' --database d "$tmp/dump.sql"
awk -v out="$tmp/part." '/^CREATE/ { n++ } n && !/^-- Dump/ { print >(out n) }' "$tmp/dump.sql"
{ grep -m 1 '^-- CHANGE' "$tmp/dump.sql"; for t in 1 2 3; do echo "source part.$t"; done; } >"$tmp/parts.sql"
survives 'one that names the others' --database d "$tmp/parts.sql"
survives 'a compressed one' --database d "$tmp/dump.sql.gz"
survives 'a folder of mydumper' "$tmp/my"
survives 'a folder, two processes' --jobs 2 "$tmp/my"
survives 'a folder of --tab' --jobs 2 --pos b.000001:4 "$tmp/tab"

# Every token of a load gives all that follows it: nothing before it is missing, whoever wrote it.
dump-reader -q --jobs 2 "$tmp/my" >"$tmp/all" 2>/dev/null
grep -n '"progress"' "$tmp/all" >"$tmp/progress"
ok 'a folder has progress lines' test "$(wc -l <"$tmp/progress")" -ge 1
bad=
while IFS=: read -r line json; do
	head -n "$line" "$tmp/all" >"$tmp/before"
	dump-reader -q --resume "$(printf '%s\n' "$json" | jq -r .resume)" "$tmp/my" >"$tmp/after" 2>/dev/null || bad="$bad $line(status)"
	rows "$tmp/before" "$tmp/after" | uniq | cmp -s - "$tmp/want" || bad="$bad $line(rows)"
	is_done "$tmp/before" "$tmp/after" || bad="$bad $line(done)"
done <"$tmp/progress"
is "$bad" '' 'each of their tokens goes on where it was written'

token=$(token)
cp -r "$tmp/my" "$tmp/other"
echo >>"$tmp/other/d.t3.00002.sql"
rc_is 4 'another folder is not resumed' dump-reader --resume "$token" "$tmp/other"
rc_is 4 'nor one with another row there' dump-reader --resume "$(echo "$token" | sed 's/-[0-9a-f]\{8\}/-00000000/g')" "$tmp/my"
rc_is 2 'nor by a token that is none' dump-reader --resume 1-2 "$tmp/my"
rc_is 2 '  or is broken' dump-reader --resume "$token/9" "$tmp/my"
rc_is 2 "a folder's token is none of a file" dump-reader --resume "$token" --database d "$tmp/dump.sql"

# ends NAME COMMAND: three readers, of which the first lines are read, until COMMAND; whole lines come, and status 75
ends() {
	new_fifo
	dump-reader -q --jobs 3 --pos b.000001:4 "$tmp/tab" >"$tmp/fifo" 2>"$tmp/err" &
	reader=$!
	exec 7<"$tmp/fifo"
	head -c 1000 <&7 >"$tmp/part"
	wait_until 10 pgrep -P "$reader"
	eval "$2"
	cat <&7 >>"$tmp/part"
	exec 7<&-
	rc=0
	wait "$reader" || rc=$?
	is "$rc" 75 "$1: status 75"
}
ends 'a reader that is killed ends the others' 'kill -9 $(pgrep -P "$reader" | head -n 1)'
ends 'SIGTERM ends all readers' 'kill -TERM "$reader"'
is "$(tail -c 1 "$tmp/part" | od -An -tx1)" ' 0a' '  behind a whole line'

done_testing
