#!/bin/sh
# dump-reader on dumps that real servers' programs wrote: every type, every shape of a dump, and where each is cut.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

read_dump() { dump-reader -q "$@" >"$tmp/got.ndjson" 2>"$tmp/said"; }
equals_tables() {
	DB_SOCKET=$db_socket DB_KIND=$db_kind DUMPED=1 "$root/tests/stream.py" "$tmp/got.ndjson" "$@"
}
member() { jq -r "select(.op == \"$1\") | $2" <"$tmp/got.ndjson" | sort -u; }

# dump OPTION...: the server's own program, as root; into $tmp/dump.sql
dump() {
	if [ "$db_kind" = mysql ]; then
		"$mysql_bin/mysqldump" --no-defaults -u root -S "$db_socket" --set-gtid-purged=OFF "$@"
	else
		"$db_dump" --no-defaults -u root -S "$db_socket" "$@"
	fi >"$tmp/dump.sql" 2>"$tmp/dump.err" || bail "$(cat "$tmp/dump.err")"
}
position_option() { if [ "$db_kind" = mysql ]; then echo --source-data="$1"; else echo --master-data="$1"; fi; }

tables() {
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	sql "USE $db; SET sql_mode = '', time_zone = '+00:00';
		CREATE TABLE vacant (id int PRIMARY KEY);
		CREATE TABLE \`odd \`\`name\` (\`a b\` int, \`\`\`q\` varchar(40), PRIMARY KEY (\`\`\`q\`, \`a b\`));
		INSERT INTO \`odd \`\`name\` VALUES (1, 'it''s'), (2, '),(3,\\'x\\');-- no comment'), (3, '\\\\'), (4, '/* neither */'), (5, 'tail;');
		CREATE TABLE gen (id int PRIMARY KEY, a int, v int AS (a * 2), s int AS (a + 1) STORED);
		INSERT INTO gen (id, a) VALUES (1, 10), (2, NULL);
		CREATE TABLE nokey (a int, b varchar(10)); INSERT INTO nokey VALUES (1, 'x'), (1, 'x');
		CREATE VIEW seen AS SELECT id FROM types;
		CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, what text);
		INSERT INTO log VALUES (NULL, 'first'), (NULL, REPEAT('it''s \\\\ \"long\" ', 20000));"
	sql_client "$db" <<-'END'
		DELIMITER ;;
		CREATE TRIGGER keep AFTER DELETE ON types FOR EACH ROW BEGIN INSERT INTO log (what) VALUES ('gone; -- it''s'); END;;
		CREATE PROCEDURE nothing() BEGIN SELECT 'INSERT INTO types VALUES (1);'; END;;
		DELIMITER ;
	END
}

# the rest of a dump is the same, whatever was asked for: rows as they are
shapes() {
	set -- '--opt' '--skip-extended-insert --complete-insert' '--compact' '--hex-blob --routines --events' '--replace' \
		'--insert-ignore' '--skip-opt --create-options' '--skip-comments' '--no-autocommit --order-by-primary' \
		'--compatible=ansi --default-character-set=utf8mb4' '--skip-tz-utc' '--no-create-info' '--skip-quote-names --tables' '--default-character-set=binary' '--default-character-set=utf8mb4 --skip-add-locks'
	# of the other MariaDB what it writes in its own way
	[ "$db_kind" != mariadb-11 ] || set -- '--opt' '--hex-blob --routines --events' '--compatible=ansi --default-character-set=utf8mb4' '--skip-tz-utc'
	for shape; do
		# shellcheck disable=SC2086 # options
		dump --single-transaction $shape "$db" types vacant log
		case $shape in
		*compact* | *skip-comments* | --skip-opt* | *skip-tz-utc*) set -- --database "$db" --time-zone "$(sql 'SELECT TIME_FORMAT(
			TIMEDIFF(NOW(), UTC_TIMESTAMP()), "%H:%i")' | sed 's/^[^-]/+&/')" ;;
		--no-create-info)
			mv "$tmp/dump.sql" "$tmp/rows.sql"
			dump --no-data "$db" types vacant log
			mv "$tmp/dump.sql" "$tmp/schema.sql" && mv "$tmp/rows.sql" "$tmp/dump.sql"
			set -- --schema "$tmp/schema.sql"
			;;
		*) set -- ;;
		esac
		ok "$db_kind: $shape" read_dump "$@" "$tmp/dump.sql"
		ok "$db_kind: $shape: the rows are those of SELECT" equals_tables "$db.types" "$db.log"
	done
}

whole() {
	dump --single-transaction --hex-blob "$(position_option 2)" --routines --databases "$db"
	ok "$db_kind: a whole database" read_dump --source here --epoch 3 "$tmp/dump.sql"
	ok "$db_kind: its rows are those of SELECT" equals_tables "$db.types" "$db.vacant" "$db.log"
	like "$(head -n 1 "$tmp/got.ndjson")" '^\{"op":"source","server":"here","epoch":3,"version":"[0-9.]+' \
		"$db_kind: the source line comes first"
	pos=3/$(sed -n "s/^-- CHANGE.*LOG_FILE='\([^']*\)'.*_POS=\([0-9]*\);/\1:\2/p" "$tmp/dump.sql")
	for op in schema snapshot 'done'; do
		is "$(member $op .pos)" "$pos" "$db_kind: every $op line has the dump's position"
	done
	is "$(member 'done' '"\(.table) \(.rows)"' | tr '\n' ',')" \
		'gen 2,log 2,nokey 2,odd `name 5,types 7,vacant 0,' "$db_kind: done says how many rows each table has"
	is "$(jq -r '.op + " " + .table' <"$tmp/got.ndjson" | uniq | grep -c types)" 3 "$db_kind: schema, rows, done, in this order"
	is "$(member snapshot 'select(.table == "odd `name") | (.key | tojson) + (.row | tojson)' | head -n 2 | tail -n 1)" \
		'["/* neither */","4"]{"a b":4,"`q":"/* neither */"}' "$db_kind: odd names and strings are what they are"
	is "$(member snapshot 'select(.table == "nokey") | .key')" null "$db_kind: a table without key has none"
	like "$(cat "$tmp/said")" "no key.*$db.nokey" "$db_kind: and it is said"
	is "$(member schema 'select(.table == "gen") | .columns[] | select(.generated) | .name' | tr '\n' ' ')" 's v ' \
		"$db_kind: generated columns are named so"
	if [ "$db_kind" = mysql ]; then
		is "$(member snapshot 'select(.table == "gen") | .row | tojson' | tail -n 1)" '{"id":2,"a":null}' \
			"$db_kind: rows come without what mysqldump leaves out"
		is "$(grep -c 'generated columns' "$tmp/said")" 1 "$db_kind: which is said once a table"
	else
		is "$(member snapshot 'select(.table == "gen") | .row | tojson' | head -n 1)" '{"id":1,"a":10,"v":20,"s":11}' \
			"$db_kind: mariadb-dump writes generated columns"
	fi
	is "$(member snapshot 'select(.partial) | .table')" '' "$db_kind: no row is partial"
	cp "$tmp/got.ndjson" "$tmp/whole.ndjson"
	# shellcheck disable=SC2094
	dump-reader -q --source here --epoch 3 <"$tmp/dump.sql" >"$tmp/got.ndjson" 2>/dev/null
	same "$tmp/got.ndjson" "$tmp/whole.ndjson" "$db_kind: from standard input it is the same"
	read_dump --table "$db.t*" --exclude '*.types' "$tmp/dump.sql"
	is "$(member snapshot .table)" '' "$db_kind: --exclude outranks --table"
	read_dump --table "$db.?og" "$tmp/dump.sql"
	is "$(jq -r .table <"$tmp/got.ndjson" | sort -u | tr '\n' ' ')" 'log null ' "$db_kind: --table takes patterns"
	dump --single-transaction "$(position_option 1)" "$db" log
	read_dump "$tmp/dump.sql"
	like "$(member 'done' .pos)" '^[a-z]*bin[a-z]*.[0-9]+:[0-9]+$' "$db_kind: a position that is a statement counts as well"
	dump --single-transaction --where 'id = 1' "$db" types log
	read_dump "$tmp/dump.sql"
	is "$(member snapshot .key[0]) $(member 'done' .table)" '1 ' "$db_kind: what is a part of a table is not done"
	dump --single-transaction --all-databases
	ok "$db_kind: all databases" read_dump "$tmp/dump.sql"
	is "$(member snapshot .db | grep -cx mysql)" 0 "$db_kind: the server's own tables are not asked for"
}

# Cut anywhere, a dump is known to be cut, and no table that is not whole is done.
cuts() {
	dump --single-transaction --databases "$db"
	size=$(stat -c %s "$tmp/dump.sql") step=$((size / 60)) at=1000 bad=''
	while [ "$at" -lt $((size - 60)) ]; do
		head -c "$at" "$tmp/dump.sql" >"$tmp/cut.sql"
		read_dump "$tmp/cut.sql"
		got=$?
		grep -Eq 'truncated|ends inside' "$tmp/said" || bad="$bad $at(silent)"
		[ "$got" = 1 ] || bad="$bad $at(status $got)"
		jq -r 'select(.op == "done") | .table' <"$tmp/got.ndjson" | while read -r table; do
			head -c "$at" "$tmp/dump.sql" | grep -aq "^UNLOCK TABLES" || echo "$table"
		done | grep -q . && bad="$bad $at(done)"
		at=$((at + step))
	done
	is "$bad" '' "$db_kind: a dump that is cut anywhere is refused, without done for the table that was cut"
	sed '/^-- Dump completed/d' "$tmp/dump.sql" >"$tmp/cut.sql"
	rc_is 1 "$db_kind: also one that lacks its last line alone" dump-reader -q "$tmp/cut.sql"
}

for kind in mariadb mariadb-11 mysql; do
	need_database "$kind"
	new_database
	tables
	shapes
	whole
	[ "$kind" = mariadb-11 ] || cuts
	sql "DROP DATABASE $db"
done

done_testing
