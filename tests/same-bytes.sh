# shellcheck shell=sh
# What same-bytes.t and same-bytes-more.t do; sourced after servers.sh and tail.sh.
: "${root:?} ${tmp:?}"

# rows FILE: table, key and row of each, byte by byte as they stand
rows() {
	sed -n '/"row":/s/^.*"table":\("[^"]*"\),"key":\(\[[^]]*\]\).*,"row":\({.*}\)}$/\1 \2 \3/p' "$1" | sort
}
hex_dump() {
	set -- -u root -S "$db_socket" --hex-blob "$db" "$@"
	[ "$db_kind" != mysql ] || set -- --set-gtid-purged=OFF "$@"
	"$db_dump" --no-defaults "$@"
}
schemas() { grep '"op":"schema"' "$1" | sed 's/,"from":.*//' | sort; }
without_float() { sed 's/,"f":[^,]*,/,/' "$1"; }

dumps_equal() {
	same "$tmp/dump.nofloat" "$tmp/tail.nofloat" "$db_kind: by dump and by log: the same bytes"
	same "$tmp/hex.rows" "$tmp/dump.rows" "$db_kind: by a dump in hex: the same bytes"
	same "$tmp/dump.schemas" "$tmp/tail.schemas" "$db_kind: and in a dump"
	isnt "$(cat "$tmp/dump.rows")" "$(cat "$tmp/tail.rows")" "$db_kind: (a FLOAT in a dump does lack digits)"
}

on_server() {
	new_database
	config "$db.*" >"$tmp/config.json"
	from=$(position)
	parts='types keys long geometry charsets'
	[ "$db_family" = mysql ] || parts="$parts types-mariadb"
	[ ! -f "$root/tests/types-$db_kind.sql" ] || [ "$db_kind" = mariadb ] || parts="$parts types-$db_kind"
	for part in $parts; do
		{ echo "USE $db;"; cat "$root/tests/$part.sql"; } | sql || fail "$db_kind: $part.sql"
	done
	sql "SELECT table_name FROM information_schema.tables WHERE table_schema = '$db' AND table_name NOT LIKE 'none%'" >"$tmp/tables"
	# in pages of one row: each key that there is, is where a page begins
	dump-reader -q --live --config "$tmp/config.json" --exclude "$db.none*" --page-rows 1 >"$tmp/live.ndjson"
	is "$?" 0 "$db_kind: read live"
	roads='live tail'
	if [ -n "$db_dump" ]; then
		# shellcheck disable=SC2046 # one option a table
		ok "$db_kind: a dump" dump-reader -q --config "$tmp/config.json" --take-dump "$tmp/dump.sql" $(sed "s/^/--table $db./" "$tmp/tables")
		dump-reader -q "$tmp/dump.sql" >"$tmp/dump.ndjson"
		# shellcheck disable=SC2046 # table names are single words
		hex_dump $(cat "$tmp/tables") >"$tmp/hex.sql"
		ok "$db_kind: a dump in hex" dump-reader -q "$tmp/hex.sql" && mv "$tmp/out" "$tmp/hex.ndjson"
		roads="dump hex $roads"
	fi
	if [ "$db_kind" != mysql-5.6 ]; then # which has no way to prove what a SELECT sees
		dump-reader -q --config "$tmp/config.json" --keys "$tmp/live.ndjson" >"$tmp/keys.ndjson"
		roads="keys $roads"
	fi
	binlog-tail -q --config "$tmp/config.json" --from "$from" --until now --table "$db.*" >"$tmp/tail.ndjson"
	is "$?" 0 "$db_kind: the log"
	for road in $roads; do
		rows "$tmp/$road.ndjson" >"$tmp/$road.all"
		grep -v '^"big"' "$tmp/$road.all" >"$tmp/$road.rows"
		grep '^"big"' "$tmp/$road.all" | md5sum >>"$tmp/$road.rows" # too long for a person's eyes
		schemas "$tmp/$road.ndjson" >"$tmp/$road.schemas"
		without_float "$tmp/$road.rows" >"$tmp/$road.nofloat"
	done
	is "$(wc -l <"$tmp/tail.all")" "$(sql "$(sed "s/.*/SELECT COUNT(*) FROM $db.\`&\` UNION ALL/" "$tmp/tables") SELECT 0" |
		awk '{ n += $1 } END { print n }')" "$db_kind: all rows"
	same "$tmp/live.rows" "$tmp/tail.rows" "$db_kind: read live and by log: the same bytes"
	same "$tmp/live.schemas" "$tmp/tail.schemas" "$db_kind: the same definition in the log and when it is read live"
	is "$(sed -n 's/^"geometries" \["4"\] .*,"c"://p' "$tmp/tail.rows")" \
		'{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,2]}]}]},{"type":"Point","coordinates":[3,4]}]}}' \
		"$db_kind: collections"
	[ "$db_kind" != mysql ] || is "$(sed -n 's/^.*"table":"places".*{"name":"p",\([^}]*\)}.*/\1/p' "$tmp/tail.ndjson" | head -n 1)" \
		'"type":"point","srid":4326' "$db_kind: a column's spatial reference system"
	if [ "$db_kind" != mysql-5.6 ]; then
		same "$tmp/keys.rows" "$tmp/tail.rows" "$db_kind: by key and by log: the same bytes"
		same "$tmp/keys.schemas" "$tmp/tail.schemas" "$db_kind: and by key"
	fi
	[ -z "$db_dump" ] || dumps_equal
	sql "DROP DATABASE $db"
}
