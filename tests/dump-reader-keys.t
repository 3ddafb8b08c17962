#!/bin/sh
# dump-reader --keys: each row as it is now, or a delete; keys of every kind, on both servers.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

# keys FILE [OPTION...]
keys() {
	keys_file=$1
	shift
	run dump-reader --config "$tmp/config.json" --keys "$keys_file" "$@"
}
event() { # OP TABLE KEY [MEMBERS]
	printf '{"op":"%s","db":"%s","table":"%s","key":%s%s,"row":{}}\n' "$1" "$db" "$2" "$3" "${4:-}"
}
lines() { jq -r 'select(.row) | .op + " " + (.key | tojson)' <"$tmp/out" | tr '\n' ' '; }
rows() { grep '"op":"snapshot"' "$1" | sed 's/"pos":"[^"]*",//' | sort; }

on_server() {
	new_database
	config "$db.*" >"$tmp/config.json"
	{ echo "USE $db;"; cat "$root/tests/types.sql" "$root/tests/keys.sql"; } | sql
	if [ "$db_kind" = mysql ]; then
		"$mysql_bin/mysqldump" --no-defaults -u root -S "$db_socket" --set-gtid-purged=OFF --hex-blob "$db"
	else
		mariadb-dump --no-defaults -u root -S "$db_socket" --hex-blob "$db"
	fi >"$tmp/dump.sql"
	dump-reader -q "$tmp/dump.sql" >"$tmp/dump.ndjson" 2>/dev/null
	keys "$tmp/dump.ndjson"
	is "$rc" 0 "$db_kind: every row of a dump is read again"
	cp "$tmp/out" "$tmp/keys.ndjson"
	rows "$tmp/dump.ndjson" | grep -v '"table":"types"' >"$tmp/want"
	rows "$tmp/keys.ndjson" | grep -v '"table":"types"' >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$db_kind: keys of every kind are found, as the rows of the dump"
	is "$(grep -c '"op":"delete"' "$tmp/keys.ndjson")" 0 "$db_kind: none is gone"
	ok "$db_kind: every value is that of SELECT, FLOAT too" env DB_SOCKET="$db_socket" DB_KIND="$db_kind" \
		"$root/tests/stream.py" "$tmp/keys.ndjson" "$db.types"
	like "$(head -n 1 "$tmp/keys.ndjson")" '^\{"op":"source","server":"[-0-9a-f]+","epoch":0,"version":"' "$db_kind: the source is named"
	server_id=$(head -n 1 "$tmp/keys.ndjson" | jq -r .server)
	is "$(jq -r 'select(.op != "source") | .pos' <"$tmp/keys.ndjson" | sort -u | wc -l)" 1 "$db_kind: one position for all"
	is "$(jq -r 'select(.op == "schema") | .from' <"$tmp/keys.ndjson" | sort -u)" server "$db_kind: definitions are the server's"

	# All gone: the same keys become deletes
	sql "USE $db; SET foreign_key_checks = 0; $(sql "SELECT CONCAT('DELETE FROM ', table_name, ';') FROM information_schema.tables WHERE table_schema = '$db'")"
	keys "$tmp/dump.ndjson"
	is "$rc $(grep -c '"op":"snapshot"' "$tmp/out")" '0 0' "$db_kind: of rows that are gone none is shown"
	jq -c 'select(.row) | [.table, .key]' <"$tmp/dump.ndjson" | sort >"$tmp/want"
	jq -c 'select(.op == "delete" and .partial) | [.table, .key]' <"$tmp/out" | sort >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$db_kind: each becomes a delete, under the same key"
	is "$(grep '"table":"k_many"' "$tmp/out" | grep -o '"row":.*' | tail -n 1)" \
		'"row":{"a":1,"b":"X2","c":"AQ==","d":"2026-01-02"}}' "$db_kind: with the key's columns as row"

	# A collation takes them for one, documents do not
	sql "INSERT INTO $db.k_text VALUES ('abc', 1), ('b', 2); INSERT INTO $db.k_char VALUES ('x', 1)"
	{ event update k_text '["ABC"]'; event update k_text '["b "]'; event update k_char '["x"]'; } >"$tmp/e"
	keys "$tmp/e"
	is "$(lines)" "snapshot [\"abc\"] $([ "$db_kind" = mysql ] || echo 'snapshot ["b"] ')delete [\"ABC\"] delete [\"b \"] snapshot [\"x\"] " \
		"$db_kind: a key that is the same to a collation (MariaDB's ignore trailing spaces) is another document"

	# C8: the update is in the dead letters, the row has been deleted since
	sql "CREATE TABLE $db.t (id int PRIMARY KEY, v varchar(20)); INSERT INTO $db.t VALUES (1, 'one'), (2, 'two'), (3, 'three')"
	{
		printf '{"error":{"status":400,"type":"mapper_parsing_exception"},"event":%s}\n' "$(event update t '["1"]' ',"old":{"v":"x"}')"
		printf '{"error":{},"event":%s}\n' "$(event insert t '["2"]')"
		event update t '["3"]' ',"old_key":["4"]'
		event delete t '["2"]'
		echo '{"op":"commit","pos":"binlog.000001:4","rows":1}'
		echo '{"op":"heartbeat","pos":"binlog.000001:4"}'
		event insert t '["2"]'
	} >"$tmp/dead"
	sql "DELETE FROM $db.t WHERE id = 1; UPDATE $db.t SET v = 'now' WHERE id = 2"
	keys "$tmp/dead"
	is "$rc $(lines)" '0 snapshot ["2"] snapshot ["3"] delete ["1"] delete ["4"] ' \
		"$db_kind: dead letters: rows as they are, each once, deletes for what is gone, old keys too"
	like "$(cat "$tmp/out")" '"key":\["2"\].*"v":"now"' "$db_kind: as they are now"
	is "$(keys "$tmp/dead" --exclude "$db.*"; lines)" '' "$db_kind: --exclude"
	keys - <"$tmp/dead" # from standard input
	is "$rc $(lines)" '0 snapshot ["2"] snapshot ["3"] delete ["1"] delete ["4"] ' "$db_kind: from standard input"

	# What is not understood
	printf '%s' "$(event insert t '["2"]')" >"$tmp/e"
	{ event insert t '["3"]'; cat "$tmp/e"; } >"$tmp/cut"
	keys "$tmp/cut"
	is "$rc $(lines)" '75 snapshot ["3"] ' "$db_kind: a last line that is cut: all before it, then 75"
	for bad in 'not json' '{}' '{"op":"upsert"}' '{"op":"insert","db":"'"$db"'","table":"t","row":{"v":1}}' '[]' \
		"$(event insert t '["1 OR 1=1"]')" "$(event insert t '["1","2"]')" "$(event insert t '[1]')" "$(event insert t '"1"')" \
		"$(event insert k_varbinary '["xyz"]')" "$(event insert k_decimal '["1e5"]')" "$(event insert k_bit '["-1"]')" \
		"$(event insert nosuch '["1"]')" "$(event insert t '["1"]' ',"pos":"here"')"; do
		{ event insert t '["3"]'; printf '%s\n' "$bad"; } >"$tmp/bad"
		keys "$tmp/bad"
		is "$rc" 1 "$db_kind: refused: $(printf %s "$bad" | cut -c 1-80)"
		like "$(cat "$tmp/err")" 'bad: line 2: ' '  by its line'
	done
	keys "$tmp/dead" --source nobody
	is "$rc" 4 "$db_kind: another server than --source: 4"
	keys "$tmp/dead" --source "$server_id"
	is "$rc" 0 "$db_kind: the one it is"
	event insert t '["3"]' ',"pos":"binlog.999999:4"' >"$tmp/e"
	keys "$tmp/e"
	is "$rc" 4 "$db_kind: an event beyond the server's position: 4"
	event insert t '["3"]' ',"pos":"2/binlog.000001:4"' >"$tmp/e"
	keys "$tmp/e"
	is "$rc" 4 "$db_kind: of a later epoch: 4"
	keys "$tmp/e" --epoch 2
	is "$rc $(lines)" '0 snapshot ["3"] ' "$db_kind: of this one it is fine"
	like "$(cat "$tmp/out")" 'snapshot.*"pos":"2/binlog' "$db_kind: and in the position"

	# An event that is younger than the position makes a new one
	mkfifo "$tmp/events"
	spawn young dump-reader --config "$tmp/config.json" --keys "$tmp/events"
	exec 7>"$tmp/events"
	event update t '["2"]' ',"pos":"binlog.000001:4"' >&7
	ok "$db_kind: an idle pipe does not hold keys back" wait_until 20 grep -q '"key":\["2"\]' "$tmp/young.out"
	sql "UPDATE $db.t SET v = 'younger' WHERE id = 3"
	now=$(sql "$([ "$db_kind" = mysql ] && echo SHOW BINARY LOG STATUS || echo SHOW MASTER STATUS)" | awk '{ print $1 ":" $2 }')
	event update t '["3"]' ",\"pos\":\"$now\"" >&7
	exec 7>&-
	finish 20 "$spawned"
	like "$(cat "$tmp/young.out")" 'younger' "$db_kind: a younger event is read under a younger position"
	is "$(jq -r '.pos // empty' "$tmp/young.out" | sort -u | wc -l)" 2 "$db_kind: its own"
	rm "$tmp/events"

	# Many: more than a batch
	sql "INSERT INTO $db.t SELECT 1000 + a.id * 40 + b.id, 'many' FROM
		(SELECT 0 id $(seq -f 'UNION SELECT %g' 1 39 | tr '\n' ' ')) a, (SELECT 0 id $(seq -f 'UNION SELECT %g' 1 39 | tr '\n' ' ')) b"
	seq 900 2700 | while read -r i; do event insert t "[\"$i\"]"; done >"$tmp/many"
	keys "$tmp/many"
	is "$rc $(grep -c '"snapshot"' "$tmp/out") $(grep -c '"delete"' "$tmp/out")" '0 1600 201' "$db_kind: more keys than a batch holds"
	is "$(jq -r 'select(.row) | .key[0]' "$tmp/out" | sort -n | uniq | wc -l)" 1801 "$db_kind: each once"
	is "$(grep -c '"schema"' "$tmp/out")" 1 "$db_kind: under one schema line"
	sql "DROP DATABASE $db"
}

need_mysql
on_server
need_mariadb
on_server

keys "$tmp/nosuch"
is "$rc" 1 'a file that is not there: 1'
keys "$tmp/dead" --port 1
is "$rc" 75 'a server that is not there: 75'
keys "$tmp/dead" --user nobody_$$
is "$rc" 1 'an account that is not there: 1'
rc_is 2 'both modes at once: 2' dump-reader --keys a --take-dump b

done_testing
