#!/bin/sh
# System-versioned tables of MariaDB: their log has the history, too, as may a dump; the stream has current rows alone.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
# shellcheck source=tests/servers.sh
. "${0%/*}/servers.sh"

changes() {
	echo "INSERT INTO $1 (id, a) VALUES (1, 2), (2, 2), (3, 3); UPDATE $1 SET a = 3 WHERE id = 1; UPDATE $1 SET id = 5 WHERE id = 1;
		DELETE FROM $1 WHERE id = 2; REPLACE INTO $1 (id, a) VALUES (5, 9); DELETE HISTORY FROM $1;
		INSERT INTO $1 (id, a) VALUES (5, 10) ON DUPLICATE KEY UPDATE a = VALUES(a);"
}

# told TABLE: what its rows are in the end, as the stream tells it
told() {
	run binlog-tail --config "$tmp/config.json" --table "$db.$1" --from "$from" --until now
	[ "$rc" = 0 ] || { cat "$tmp/err"; return; }
	jq -cn 'reduce (inputs | select(.row != null)) as $e ({}; (if $e.old_key then del(.[$e.old_key[0]]) else . end)
		| if $e.op == "delete" then del(.[$e.key[0]]) else .[$e.key[0]] = ((.[$e.key[0]] // {}) + $e.row) end)' "$tmp/out"
}

on_server() {
	new_database
	inserts=4
	[ "$db_kind" = mariadb ] || inserts=3 # REPLACE is logged as an update
	for image in FULL MINIMAL; do
		sql "CREATE OR REPLACE TABLE hidden (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING;
			CREATE OR REPLACE TABLE shown (id INT, a INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START,
			e TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e), PRIMARY KEY (id)) WITH SYSTEM VERSIONING" "$db"
		from=$(sql 'SHOW MASTER STATUS' | awk '{ print $1 ":" $2 }')
		config "$db.*" >"$tmp/config.json"
		sql "SET binlog_row_image = $image; $(changes hidden) $(changes shown)" "$db"
		for table in hidden shown; do
			is "$(told "$table")" '{"3":{"id":3,"a":3},"5":{"id":5,"a":10}}' "$image, $table: the rows that count"
			is "$(grep -c '"op":"insert"' "$tmp/out")" "$inserts" "$image, $table: no insert of history"
			is "$(sql "SELECT COUNT(*) FROM $table FOR SYSTEM_TIME ALL WHERE id = 5" "$db")" 2 'though there is some'
		done
	done

	"$db_dump" --help | grep -q dump-history && history=--dump-history
	for option in '' ${history:-}; do
		# shellcheck disable=SC2086 # an option or nothing
		"$db_dump" --no-defaults -u root -S "$db_socket" --single-transaction $option "$db" >"$tmp/dump.sql"
		ok "a dump${option:+ with $option}" dump-reader -q "$tmp/dump.sql"
		is "$(jq -c 'select(.row) | [.table, .row]' "$tmp/out" | sort | paste -sd ' ')" \
			'["hidden",{"id":3,"a":3}] ["hidden",{"id":5,"a":10}] ["shown",{"id":3,"a":3}] ["shown",{"id":5,"a":10}]' \
			'has the rows that count'
	done
	sql "DROP DATABASE $db"
}

for kind in mariadb mariadb-11; do
	need_database "$kind"
	on_server
done
done_testing
