#!/bin/sh
# Definitions that change under a whole m2e whose on_schema_change is resync: what the old index cannot take of a table is left
# to its rebuild, no row becomes a dead letter, nobody else waits, and in the end every document equals its row.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

rows=1200	# more than delivery.max_dead
numbers() { seq "$1" "$2" | sed 's/.*/(&, &, "&", "2026-01-02")/' | paste -sd,; }
table() { # NAME: and its first rows
	echo "CREATE TABLE $1 (id int PRIMARY KEY, n int, v varchar(30), d date); INSERT INTO $1 VALUES $(numbers 1 "${2:-50}");"
}

# kind|table|statements: each table has columns id, n, v, d, and rows 1 to 50 (big: as many as make too many dead letters)
kinds() {
	cat <<-'SQL'
		a number becomes text|big|ALTER TABLE big MODIFY n varchar(30); UPDATE big SET n = CONCAT('is ', id)
		a date becomes text|worded|ALTER TABLE worded MODIFY d varchar(30); UPDATE worded SET d = 'some day' WHERE id < 20; DELETE FROM worded WHERE id = 21
		text becomes a number|counted|ALTER TABLE counted MODIFY v bigint; UPDATE counted SET v = 7 WHERE id < 20
		another column takes the name|renamed|ALTER TABLE renamed DROP COLUMN n, CHANGE v n varchar(30); UPDATE renamed SET n = 'text' WHERE id < 20
		dropped, and there again as another|again|ALTER TABLE again DROP COLUMN n; ALTER TABLE again ADD COLUMN n varchar(30); UPDATE again SET n = 'text' WHERE id < 20
		another key|keyed|ALTER TABLE keyed DROP PRIMARY KEY, ADD PRIMARY KEY (v); UPDATE keyed SET v = CONCAT(v, '-') WHERE id < 20
		another character set|latin|ALTER TABLE latin CONVERT TO CHARACTER SET latin1; UPDATE latin SET v = 'ä' WHERE id < 20
		a column that fills rows|filled|ALTER TABLE filled ADD COLUMN more int NOT NULL DEFAULT 7; UPDATE filled SET n = 0 WHERE id < 20
		emptied first|emptied|TRUNCATE emptied; ALTER TABLE emptied MODIFY n varchar(30); INSERT INTO emptied VALUES (1, 'text', 'v', NULL), (60, 'text', 'v', NULL)
		made anew|anew|DROP TABLE anew; CREATE TABLE anew (id varchar(9) PRIMARY KEY, n varchar(30)); INSERT INTO anew VALUES ('x', 'text'), ('1', 'text')
		changed twice|twice|ALTER TABLE twice MODIFY n varchar(30); UPDATE twice SET n = 'text' WHERE id < 20; UPDATE twice SET n = NULL; ALTER TABLE twice MODIFY n date; UPDATE twice SET n = '2026-03-04' WHERE id < 20
		swapped|swapped|CREATE TABLE other (id int PRIMARY KEY, n varchar(30)); INSERT INTO other VALUES (1, 'text'), (70, 'text'); RENAME TABLE swapped TO _swapped_old, other TO swapped; INSERT INTO swapped VALUES (71, 'text'); DROP TABLE _swapped_old
	SQL
}

# es-bulk waits before it compares a rebuilt index, as long as $tmp/hold is there.
mkdir "$tmp/bin"
for program in "$bin"/*; do
	ln -s "$program" "$tmp/bin/"
done
rm "$tmp/bin/m2e" "$tmp/bin/es-bulk"
cp "$bin/m2e" "$tmp/bin/"
cat >"$tmp/bin/es-bulk" <<-SH
	#!/bin/sh
	case "\$*" in
	*--rebuild*--verify*)
		[ ! -e "$tmp/hold" ] || : >"$tmp/held"
		while [ -e "$tmp/hold" ]; do sleep 0.1; done
		;;
	esac
	exec "$bin/es-bulk" "\$@"
SH
chmod +x "$tmp/bin/es-bulk"
PATH=$tmp/bin:$PATH

rebuilt() { grep -q "INFO m2e: rebuilt table=$db.$1 " "$tmp/m2e.err"; }
# What others write arrives meanwhile.
others_go_on() { # NAME
	others=$((${others:-100} + 1))
	sql "INSERT INTO $db.other_table VALUES ($others, 1, 'v', NULL)"
	ok "$db_kind: $1: another table's rows arrive" wait_until 30 es HEAD "/$db.other_table/_doc/$others" || m2e_log
}

evolves() { # DATABASE KINDS: the words that kinds must have, an extended regular expression
	need_database "$1"
	new_database
	kinds | grep -E "$2" >"$tmp/kinds"
	tables=$(cut -d '|' -f 2 "$tmp/kinds")
	{
		for t in $tables keyless ruled other_table; do
			table "$t" "$([ "$t" != big ] || echo $rows)"
		done
	} | sql_client "$db"
	m2e_config "$db.*"
	jq --arg t "$db.ruled" '. + {on_schema_change: "resync", load: {keep_old: 0}} | .elastic.tables = {($t): {rename: {n: "number"}}}' \
		"$tmp/m2e.json" >"$tmp/m2e.new" && mv "$tmp/m2e.new" "$tmp/m2e.json"
	m2e_start
	# shellcheck disable=SC2046,SC2086
	ok "$db_kind: the tables are in step" wait_until 120 all_syncing $(printf "$db.%s " $tables keyless ruled other_table) || m2e_log

	sql "USE $db; ALTER TABLE keyless DROP PRIMARY KEY; INSERT INTO keyless VALUES (1, 1, 'twice', NULL), (51, 51, 'v', NULL)"
	others_go_on 'a table without key'
	sql "USE $db; ALTER TABLE ruled DROP COLUMN n; INSERT INTO ruled (id, v) VALUES (51, 'v')"
	others_go_on 'a column that the configuration names is gone'
	while IFS='|' read -r kind _ statements; do
		sql "USE $db; $statements" || fail "$db_kind: $kind: the statements"
	done <"$tmp/kinds"
	others_go_on 'all of it at once'
	while IFS='|' read -r kind t _; do
		ok "$db_kind: $kind: rebuilt" wait_until 120 rebuilt "$t" || m2e_log
	done <"$tmp/kinds"
	given_up() { grep -q "the rebuild is given up.* table=$db.$1" "$tmp/m2e.err"; }
	ok "$db_kind: a table without key cannot be" wait_until 60 given_up keyless || m2e_log
	ok "$db_kind: nor one that lacks a column" wait_until 60 given_up ruled || m2e_log
	sql "USE $db; DELETE FROM keyless WHERE v = 'twice'; ALTER TABLE keyless ADD PRIMARY KEY (id); ALTER TABLE ruled ADD COLUMN n varchar(30); UPDATE ruled SET n = 'text' WHERE id < 20"
	ok "$db_kind: with a key again it is rebuilt, and nobody asked" wait_until 60 rebuilt keyless || m2e_log
	ok "$db_kind: so is the other" wait_until 60 rebuilt ruled || m2e_log

	: >"$tmp/hold"
	rm -f "$tmp/held"
	sql "USE $db; ALTER TABLE other_table MODIFY n varchar(30); UPDATE other_table SET n = 'text' WHERE id < 20"
	ok "$db_kind: a rebuild that is about to be compared" wait_until 60 test -e "$tmp/held" || m2e_log
	sql "USE $db; ALTER TABLE other_table MODIFY d varchar(30), ADD COLUMN more int NOT NULL DEFAULT 7; UPDATE other_table SET d = 'some day' WHERE id < 20"
	ok "$db_kind: the stream is past another statement on its table" wait_caught_up 30 || m2e_log
	rm "$tmp/hold"
	ok "$db_kind: it is rebuilt" wait_until 60 rebuilt other_table || m2e_log
	is "$(grep -c "its rebuild begins again table=$db.other_table: ALTER" "$tmp/m2e.err") $(grep -c "rebuilt table=$db.other_table " "$tmp/m2e.err")" '1 1' "$db_kind: ... from the beginning"

	# shellcheck disable=SC2046,SC2086
	ok "$db_kind: all are in step" wait_until 60 all_syncing $(printf "$db.%s " $tables keyless ruled other_table) || m2e_log
	ok "$db_kind: and caught up" wait_caught_up 30 || m2e_log
	# shellcheck disable=SC2046,SC2086
	ok "$db_kind: every document equals its row" index_equals $(printf "$db.%s " $tables keyless other_table) || m2e_log
	ok "$db_kind: m2e verify says so, too" m2e -q -c "$tmp/m2e.json" verify || m2e_log
	is "$(cat "$tmp/state/dead.ndjson" 2>/dev/null)" '' "$db_kind: no row was a dead letter"
	is "$(grep -c 'to be rebuilt table=.*\.big$' "$tmp/m2e.err")" 1 "$db_kind: that one is to be rebuilt is told once"
	m2e_stop
	is "$rc" 0 "$db_kind: it stops cleanly"
	rm -rf "$tmp/state" "$tmp/m2e.err"
	es DELETE "/$db.*" >/dev/null
}

need_opensearch
evolves mariadb .
evolves mysql 'big|again|keyed'
done_testing
