#!/bin/sh
# One row gives the same bytes by every road: binary log, dump, SELECT by key, tables read live; of every type and every kind of key, on
# both servers. (A FLOAT in a dump has only the digits that its server printed: the one exception.)
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

position() {
	if [ "$db_kind" = mysql ]; then
		sql 'SHOW BINARY LOG STATUS'
	else
		sql 'SHOW MASTER STATUS'
	fi | awk '{ print $1 ":" $2 }'
}
# rows FILE: table, key and row of each, byte by byte as they stand
rows() {
	sed -n '/"row":/s/^.*"table":\("[^"]*"\),"key":\(\[[^]]*\]\).*,"row":\({.*}\)}$/\1 \2 \3/p' "$1" | sort
}
hex_dump() {
	if [ "$db_kind" = mysql ]; then
		"$mysql_bin/mysqldump" --no-defaults -u root -S "$db_socket" --set-gtid-purged=OFF --hex-blob "$db" "$@"
	else
		mariadb-dump --no-defaults -u root -S "$db_socket" --hex-blob "$db" "$@"
	fi
}
schemas() { grep '"op":"schema"' "$1" | sed 's/,"from":.*//' | sort; }
without_float() { sed 's/,"f":[^,]*,/,/' "$1"; }

on_server() {
	new_database
	config "$db.*" >"$tmp/config.json"
	from=$(position)
	{ echo "USE $db;"; cat "$root/tests/types.sql" "$root/tests/keys.sql" "$root/tests/geometry.sql" \
		"$root/tests/types-$db_kind.sql"; } | sql ||
		fail "$db_kind: the tables"
	{ echo "USE $db;"; cat <<-'SQL'; } | sql
		SET sql_mode = '';
		CREATE TABLE big (id int PRIMARY KEY, b longblob, t longtext);
		INSERT INTO big VALUES (1, REPEAT(x'00275c0aff', 200000), REPEAT('a\\''"\nü😀', 90000));
		CREATE TABLE inv (id int PRIMARY KEY, a int DEFAULT 7 INVISIBLE, z int);
		INSERT INTO inv (id, z) VALUES (1, 2);
	SQL
	# MySQL's binary JSON is not read from its log yet
	[ "$db_kind" = mysql ] || { echo "USE $db;"; cat <<-'SQL'; } | sql
		CREATE TABLE j (id int PRIMARY KEY, j json);
		INSERT INTO j VALUES (1, '{"b": [1, 2.50, -3e2, "\\u00fc\\n\\"", null, true], "a": {}}'), (2, '[]'), (3, '"x"'), (4, NULL), (5, '17');
	SQL
	sql "SELECT table_name FROM information_schema.tables WHERE table_schema = '$db' AND table_name NOT LIKE 'none%'" >"$tmp/tables"
	# shellcheck disable=SC2046 # one option a table
	ok "$db_kind: a dump" dump-reader -q --config "$tmp/config.json" --take-dump "$tmp/dump.sql" $(sed "s/^/--table $db./" "$tmp/tables")
	dump-reader -q "$tmp/dump.sql" >"$tmp/dump.ndjson"
	# shellcheck disable=SC2046 # table names are single words
	hex_dump $(cat "$tmp/tables") >"$tmp/hex.sql"
	dump-reader -q "$tmp/hex.sql" >"$tmp/hex.ndjson" || cat "$tmp/hex.ndjson" >&2
	dump-reader -q --config "$tmp/config.json" --keys "$tmp/dump.ndjson" >"$tmp/keys.ndjson"
	# in pages of one row: each key that there is, is where a page begins
	dump-reader -q --live --config "$tmp/config.json" --exclude "$db.none*" --page-rows 1 >"$tmp/live.ndjson"
	is "$?" 0 "$db_kind: read live"
	binlog-tail -q --config "$tmp/config.json" --from "$from" --until now --table "$db.*" >"$tmp/tail.ndjson"
	is "$?" 0 "$db_kind: the log"
	for road in dump hex keys live tail; do
		rows "$tmp/$road.ndjson" >"$tmp/$road.all"
		grep -v '^"big"' "$tmp/$road.all" >"$tmp/$road.rows"
		grep '^"big"' "$tmp/$road.all" | md5sum >>"$tmp/$road.rows" # too long for a person's eyes
		schemas "$tmp/$road.ndjson" >"$tmp/$road.schemas"
		without_float "$tmp/$road.rows" >"$tmp/$road.nofloat"
	done
	is "$(wc -l <"$tmp/tail.all")" "$(sql "$(sed "s/.*/SELECT COUNT(*) FROM $db.\`&\` UNION ALL/" "$tmp/tables") SELECT 0" |
		awk '{ n += $1 } END { print n }')" "$db_kind: all rows"
	same "$tmp/keys.rows" "$tmp/tail.rows" "$db_kind: by key and by log: the same bytes"
	same "$tmp/live.rows" "$tmp/tail.rows" "$db_kind: read live and by log: the same bytes"
	same "$tmp/dump.nofloat" "$tmp/tail.nofloat" "$db_kind: by dump and by log: the same bytes"
	same "$tmp/hex.rows" "$tmp/dump.rows" "$db_kind: by a dump in hex: the same bytes"
	same "$tmp/dump.schemas" "$tmp/keys.schemas" "$db_kind: the same definition in a dump and on the server"
	same "$tmp/live.schemas" "$tmp/keys.schemas" "$db_kind: and when it is read live"
	same "$tmp/tail.schemas" "$tmp/keys.schemas" "$db_kind: and in the log"
	is "$(sed -n 's/^"geometries" \["4"\] //p' "$tmp/tail.rows")" '{"id":4,"g":{"type":"GeometryCollection","geometries":[]},"p":{"type":"Point","coordinates":[1,2]},"l":null,"a":null,"mp":null,"ml":null,"ma":null,"c":{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}]},{"type":"Point","coordinates":[3,4]}]}}' \
		"$db_kind: collections"
	[ "$db_kind" = mariadb ] || is "$(sed -n 's/^.*"table":"places".*{"name":"p",\([^}]*\)}.*/\1/p' "$tmp/tail.ndjson" | head -n 1)" \
		'"type":"point","srid":4326' "$db_kind: a column's spatial reference system"
	isnt "$(cat "$tmp/dump.rows")" "$(cat "$tmp/tail.rows")" "$db_kind: (a FLOAT in a dump does lack digits)"
	sql "DROP DATABASE $db"
}

need_mariadb
on_server
need_mysql
on_server
done_testing
