#!/bin/sh
# Log files give what the server gives; cut and changed ones never give a wrong row.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# events FILE: what does not depend on the road
events() { sed -e '/^{"op":"\(heartbeat\|source\|schema\)"/d' -e 's/,"gtids":"[^"]*"//' "$1"; }

files() {
	new_database
	from=$(position)
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	sql "USE $db; UPDATE types SET i = 5; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1), (2); FLUSH BINARY LOGS;
		INSERT INTO t VALUES (3); TRUNCATE t; DELETE FROM types WHERE id > 3; FLUSH BINARY LOGS"
	tail_run --from "$from" --until now --table "$db.*"
	cp "$tmp/out" "$tmp/live"
	events "$tmp/live" >"$tmp/want"
	rm -rf "$tmp/files"
	mkdir "$tmp/files"
	first=$(echo "$from" | cut -d: -f1)
	for f in "$server"/data/binlog.[0-9]*; do
		earlier "${f##*/}" "$first" || cp "$f" "$tmp/files/"
	done
	for table in types t; do
		sql "SHOW CREATE TABLE $db.$table" --raw | sed '1s/^[^	]*	//; $s/$/;/'
	done >"$tmp/schema.sql"
	set -- "$1" --schema "$tmp/schema.sql" --table "$db.*"
	name=$1
	shift
	rc_is 0 "$name: files" binlog-tail "$@" --from "$from" "$tmp"/files/*
	cp "$tmp/out" "$tmp/offline"
	events "$tmp/offline" >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$name: the same as from the server"
	is "$(tail -n 1 "$tmp/offline" | jq -r .op)" heartbeat "$name: the end's position comes last"
	like "$(grep -m1 '"op":"schema"' "$tmp/offline")" '"from":"file"' "$name: names come from --schema"
	export DB="$db"
	run sh -c 'name=$1; shift; cat "$@" | binlog-tail --schema "$0" --table "$DB.*" --name "$name" -' "$tmp/schema.sql" "$first" "$tmp/files/$first"
	is "$rc" 0 "$name: standard input"
	events "$tmp/out" >"$tmp/got"
	head -n "$(grep -c '' "$tmp/got")" "$tmp/want" >"$tmp/head"
	same "$tmp/got" "$tmp/head" "$name: is the same, too"
	rc_is 2 "$name: standard input without a name" binlog-tail -
	rc_is 2 "$name: files have no now" binlog-tail --until now "$tmp/files/$first"
	rc_is 1 "$name: not a log" binlog-tail "$root/Makefile"
	rc_is 1 "$name: no such file" binlog-tail "$tmp/none"

	# until, resumed at each commit
	for at in $(jq -r 'select(.op == "commit").pos' "$tmp/live" | sed -n '2p;4p;9p;$p'); do
		binlog-tail -q "$@" --from "$from" --until "$at" "$tmp"/files/* >"$tmp/before"
		file=$(echo "$at" | cut -d: -f1)
		left=$(for f in "$tmp"/files/*; do earlier "${f##*/}" "$file" || echo "$f"; done)
		# shellcheck disable=SC2086
		binlog-tail -q "$@" --from "$at" $left >"$tmp/after"
		{ events "$tmp/before"; events "$tmp/after"; } >"$tmp/got"
		same "$tmp/got" "$tmp/want" "$name: cut in two at $at"
	done

	# a file that is cut short: inside an event an error, at its end none; never another row
	size=$(wc -c <"$tmp/files/$first")
	wrong='' ended=0
	for n in $(awk -v size="$size" 'BEGIN { srand(7); for (i = 0; i < 60; i++) print int(rand() * size) }') $((size - 1)); do
		head -c "$n" "$tmp/files/$first" >"$tmp/$first"
		run binlog-tail -q "$@" --from "$from" "$tmp/$first"
		case $rc in 0) ended=$((ended + 1)) ;; 1) ;; *) wrong="$wrong $n:$rc" ;; esac
		events "$tmp/out" >"$tmp/got"
		head -n "$(grep -c '' "$tmp/got")" "$tmp/want" | cmp -s - "$tmp/got" || wrong="$wrong $n"
	done
	is "$wrong" '' "$name: files that are cut short"
	rm "$tmp/$first"

	# a bit that changed
	wrong=''
	# shellcheck disable=SC2013 # numbers
	for n in $(awk -v size="$size" 'BEGIN { srand(9); for (i = 0; i < 60; i++) print 4 + int(rand() * (size - 4)) }'); do
		python3 - "$tmp/files/$first" "$n" >"$tmp/$first" <<-'END'
			import sys
			data = bytearray(open(sys.argv[1], "rb").read())
			data[int(sys.argv[2])] ^= 16
			sys.stdout.buffer.write(data)
		END
		run binlog-tail -q "$@" --from "$from" "$tmp/$first"
		[ "$rc" = 1 ] || [ "$n" -lt 300 ] || [ "$n" -lt "${from#*:}" ] || wrong="$wrong $n:$rc"
		[ "$rc" -le 4 ] || wrong="$wrong $n:$rc"
		events "$tmp/out" >"$tmp/got"
		head -n "$(grep -c '' "$tmp/got")" "$tmp/want" | cmp -s - "$tmp/got" || wrong="$wrong $n"
	done
	is "$wrong" '' "$name: files with a bit that changed"
	rm "$tmp/$first"
}

own_database mariadb
files MariaDB
sql "DROP DATABASE $db"
own_database mysql
files MySQL
done_testing
