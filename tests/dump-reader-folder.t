#!/bin/sh
# dump-reader on folders: what mydumper and mysqldump --tab write from real servers, read by one process and by several;
# what is cut, strange or resumed.
# shellcheck disable=SC2016 # backticks are SQL's
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

# rows FILE: its rows without their positions, sorted, as side by side they come in any order
rows() { grep '"op":"snapshot"' "$1" | sed 's/,"pos":"[^"]*"//' | LC_ALL=C sort; }
# well_formed FILE: schema before rows, done behind all of them and once, a source line at the beginning only
well_formed() {
	jq -sr 'if .[0].op != "source" or (map(select(.op == "source")) | length) != 1 then "source" else empty end,
		(to_entries | group_by(.value.db + "." + .value.table)[] | map(.value) | select(.[0].op != "source") |
			(map(.op) | map(select(. != "progress"))) as $ops |
			if $ops[0] != "schema" or ($ops | map(select(. == "schema")) | length) != 1 then "schema " + .[0].table
			elif $ops[-1] != "done" or ($ops | map(select(. == "done")) | length) != 1 then "done " + .[0].table
			elif .[-1].rows != ($ops | length) - 2 then "count " + .[0].table else empty end)' <"$1"
}

tables() {
	{ echo "USE $db;"; cat "$root/tests/types.sql"; } | sql
	sql "USE $db; SET sql_mode = '', time_zone = '+00:00';
		CREATE TABLE tabbed LIKE types; ALTER TABLE tabbed DROP cu, DROP cg;
		CREATE TABLE vacant (id int PRIMARY KEY);
		CREATE TABLE big (id int PRIMARY KEY, v varchar(200), at timestamp NULL);
		INSERT INTO big SELECT a.n + 10 * b.n + 100 * c.n + 1000 * d.n, REPEAT(LPAD(HEX((a.n + 10 * b.n) * 7919), 8, '0'), 20), '2026-01-02 03:04:05'
			FROM (SELECT 0 n $digits) a, (SELECT 0 n $digits) b, (SELECT 0 n $digits) c,
				(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3) d;
		CREATE VIEW seen AS SELECT id FROM big;"
	sql "USE $db; SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';
		INSERT INTO tabbed SELECT $(sql "SELECT GROUP_CONCAT(column_name ORDER BY ordinal_position) FROM information_schema.columns
			WHERE table_schema = '$db' AND table_name = 'tabbed'") FROM types"
}
digits=$(seq 1 9 | sed 's/^/UNION SELECT /' | tr '\n' ' ')

# plain TABLE...: what the folders are compared to
plain() {
	"$db_dump" --no-defaults -u root -S "$db_socket" --single-transaction "$db" "$@" 2>/dev/null |
		dump-reader -q >"$tmp/plain.ndjson" 2>"$tmp/said" || bail "$(cat "$tmp/said")"
	rows "$tmp/plain.ndjson" >"$tmp/plain.rows"
}

# equals NAME [OPTION...] FOLDER: it gives the same rows
equals() {
	equals_name=$1
	shift
	ok "$equals_name" sh -c 'out=$1 err=$2; shift 2; dump-reader -q "$@" >"$out" 2>"$err" || { cat "$err"; exit 1; }' sh \
		"$tmp/got.ndjson" "$tmp/said" "$@" || return
	rows "$tmp/got.ndjson" >"$tmp/got.rows"
	same "$tmp/got.rows" "$tmp/plain.rows" '  the rows are those of a plain dump'
	is "$(well_formed "$tmp/got.ndjson")" '' '  each table is whole: schema, rows, done'
}

mydumpers() {
	if ! command -v mydumper >/dev/null; then
		skip 'no mydumper'
		return
	fi
	plain types big vacant tabbed
	for options in '' ${1:+"$@"}; do
		rm -rf "$tmp/my"
		# shellcheck disable=SC2086 # options
		mydumper -u root -S "$db_socket" -B "$db" -k -o "$tmp/my" $options >"$tmp/mydumper.out" 2>&1 ||
			bail "mydumper: $(cat "$tmp/mydumper.out")"
		equals "$db_kind: mydumper $options" "$tmp/my"
		equals "  two processes" --jobs 2 "$tmp/my"
	done
	pos=$(sed -n 's/^[[:space:]]*Log: //p' "$tmp/my/metadata"):$(sed -n 's/^[[:space:]]*Pos: //p' "$tmp/my/metadata")
	[ "$pos" != : ] || pos=null # this mydumper asks MySQL 8.4 and later in vain
	is "$(jq -r 'select(.op == "done") | .pos' "$tmp/got.ndjson" | sort -u)" "$pos" '  with the position of its metadata'
	equals '  --table' --table "*.big" --table '*.types' --table '*.vacant' --table '*.tabb?d' "$tmp/my"
	zstd -q --rm "$tmp/my/"*.types.sql
	equals '  a file of it compressed afterwards' "$tmp/my"
	sed -i '/^Finished/d' "$tmp/my/metadata"
	rc_is 1 '  not finished: told' dump-reader -q "$tmp/my"
	is "$(grep -c '"done"' "$tmp/out") $(grep -c '"snapshot"' "$tmp/out")" "0 $(wc -l <"$tmp/plain.rows")" '  all rows, nothing done'
}

# take_tab OPTION...: a folder of files for these tables
take_tab() {
	rm -rf "$tmp/tab"
	mkdir -m 777 "$tmp/tab"
	"$db_dump" --no-defaults -u root -S "$db_socket" --tab="$tmp/tab" "$@" ${tab_options:+"$tab_options"} "$db" tabbed big vacant seen 2>"$tmp/tab.err" ||
		bail "--tab: $(cat "$tmp/tab.err")"
}

# tab OPTION...: with these options of the dump program, which dump-reader has too
tab() {
	take_tab "$@"
	equals "$db_kind: --tab $*" "$@" "$tmp/tab"
	equals '  two processes' --jobs 2 "$@" "$tmp/tab"
	gzip "$tmp/tab/big.txt"
	equals '  compressed afterwards' "$@" "$tmp/tab"
}

tabs() {
	tab_options=
	[ "$db_kind" != mysql ] || tab_options=--set-gtid-purged=OFF
	plain tabbed big vacant
	tab
	tab '--fields-terminated-by=,' '--fields-enclosed-by="' '--lines-terminated-by=\r\n'
	tab '--fields-terminated-by=::' '--fields-optionally-enclosed-by=%' '--fields-escaped-by=!'
	take_tab --default-character-set=latin1 # what latin1 lacks is lost
	rc_is 0 "$db_kind: --tab --default-character-set=latin1" dump-reader -q "$tmp/tab"
	is "$(rows "$tmp/out" | grep -vc '"table":"tabbed"')" "$(grep -vc '"table":"tabbed"' "$tmp/plain.rows")" '  rows'
	like "$(rows "$tmp/out")" '"vc":"ünï \?".*"cl":"Zürich"' '  text is converted'
	truncate -s -1 "$tmp/tab/big.txt"
	rc_is 1 "$db_kind: a file of lines that is cut" dump-reader -q --jobs 2 --table '*.big' "$tmp/tab"
	like "$(cat "$tmp/err")" 'big.txt: byte [0-9]+: the last line has no end' '  is told so'
	is "$(grep -c '"done"' "$tmp/out")" 0 '  and is not done'
	"$db_dump" --no-defaults -u root -S "$db_socket" --tab="$tmp/tab" "$db" types 2>/dev/null
	rc_is 1 "$db_kind: columns that --tab writes so that their ends are not found" dump-reader -q --table '*.types' "$tmp/tab"
	like "$(cat "$tmp/err")" 'column cu is written in ucs2' '  are refused'
}

for kind in mariadb mysql; do
	"need_$kind"
	new_database
	tables
	if [ "$kind" = mysql ]; then mydumpers '-c -F 1' '-e'; else mydumpers '-r 1500' '-c -F 1' '--complete-insert -s 20000' '-e'; fi
	tabs
	sql "DROP DATABASE $db"
done

# LOAD DATA and the new metadata, as mydumper writes them since 0.11
mkdir "$tmp/new"
echo 'CREATE DATABASE `sh-op`;' >"$tmp/new/mydumper_0-schema-create.sql"
cat >"$tmp/new/mydumper_0.t-schema.sql" <<'END'
/*!40101 SET NAMES binary*/;
/*!40103 SET TIME_ZONE='+00:00' */;
CREATE TABLE `t` (`id` int NOT NULL, `v` varchar(20), `b` blob, `j` json, `x` bit(9), PRIMARY KEY (`id`)) DEFAULT CHARSET=utf8mb4;
END
cp "$tmp/new/mydumper_0.t-schema.sql" "$tmp/new/mydumper_0.mydumper_1-schema.sql"
sed -i 's/TABLE `t`/TABLE `odd ``name.0`/' "$tmp/new/mydumper_0.mydumper_1-schema.sql"
cat >"$tmp/new/mydumper_0.t.00000.sql" <<'END'
/*!40101 SET NAMES binary*/;
/*!40103 SET TIME_ZONE='+00:00' */;
LOAD DATA LOCAL INFILE 'mydumper_0.t.00000.dat' REPLACE INTO TABLE `t` CHARACTER SET binary FIELDS TERMINATED BY '\t' ENCLOSED BY '' ESCAPED BY '\\' LINES STARTING BY '' TERMINATED BY '\n' (`id`,`v`,@b,@j,`x`)SET `b`=UNHEX(@b),`j`=CONVERT(@j USING UTF8MB4);
END
{
	printf '1\ta\\tb\\\\\\n\\"ü\tDEADbeef\t{\\"a\\": \\"\\\\n\\"}\t\\0\001\n'
	printf '2\t\\N\t\\N\t\\N\t\\N\n3\t\t\t[]\t\001\377\n'
} >"$tmp/new/mydumper_0.t.00000.dat"
sed 's/00000/00001/; s/ENCLOSED BY .. ESC/ENCLOSED BY '"'\"'"' ESC/; s/\\t/,/; s/(`id`/IGNORE 1 LINES (`id`/' \
	"$tmp/new/mydumper_0.t.00000.sql" >"$tmp/new/mydumper_0.t.00001.sql"
printf '"id","v","b","j","x"\n4,"x,""y\\"\n",,"1",\\N\n5,NULL,"",NULL,"a"\n' >"$tmp/new/mydumper_0.t.00001.dat"
echo 'INSERT INTO `odd ``name.0` VALUES(1,"v",0xff,CONVERT("[1]" USING UTF8MB4),"a");' >"$tmp/new/mydumper_0.mydumper_1.00000.sql"
cat >"$tmp/new/metadata" <<'END'
# Started dump at: 2026-09-19 18:15:36
[config]
quote-character = BACKTICK

[source]
# Channel_Name = '' # It can be use to setup replication FOR CHANNEL
executed_gtid_set = "f176933a-b455-11f1-985d-06a506a33bb1:1-10"
# SOURCE_LOG_FILE = "binlog.000002"
# SOURCE_LOG_POS = 839

[replication]
# SOURCE_LOG_FILE = "other.000001"
# SOURCE_LOG_POS = 4

[`sh-op`.`t`]
real_table_name=t
rows = 5

[`sh-op`.`mydumper_1`]
real_table_name=odd `name.0
rows = 1
# Finished dump at: 2026-09-19 18:15:36
END
run dump-reader -q --time-zone UTC "$tmp/new"
is "$rc" 0 'LOAD DATA and the new metadata'
is "$(rows "$tmp/out" | jq -c '[.db, .table, .row]')" '["sh-op","odd `name.0",{"id":1,"v":"v","b":"/w==","j":[1],"x":97}]
["sh-op","t",{"id":1,"v":"a\tb\\\n\"ü","b":"3q2+7w==","j":{"a":"\n"},"x":1}]
["sh-op","t",{"id":2,"v":null,"b":null,"j":null,"x":null}]
["sh-op","t",{"id":3,"v":"","b":"","j":[],"x":511}]
["sh-op","t",{"id":4,"v":"x,\"y\"\n","b":"","j":1,"x":null}]
["sh-op","t",{"id":5,"v":null,"b":"","j":null,"x":97}]' '  its rows'
is "$(jq -r 'select(.op == "done") | [.table, .rows, .pos, .gtids] | join(" ")' "$tmp/out")" \
	'odd `name.0 1 binlog.000002:839 f176933a-b455-11f1-985d-06a506a33bb1:1-10
t 5 binlog.000002:839 f176933a-b455-11f1-985d-06a506a33bb1:1-10' '  position and GTIDs are those of the source'

# broken NAME SED FILE MESSAGE [TABLES]: a copy of that folder with one change is refused, and its table is not done
broken() {
	rm -rf "$tmp/broken"
	cp -r "$tmp/new" "$tmp/broken"
	sed -i "$2" "$tmp/broken/$3"
	rc_is 1 "refused: $1" dump-reader -q --table "${5:-sh-op.t}" "$tmp/broken"
	like "$(cat "$tmp/err")" "$4" '  and why'
	is "$(grep -c '"done".*"table":"t"' "$tmp/out")" 0 '  not done'
}
broken 'fewer rows than metadata says' 's/^rows = 5/rows = 6/' metadata 'has 5 rows, and metadata says 6'
broken 'a line with more fields' '1s/$/\tmore/' mydumper_0.t.00000.dat 'dat: byte 0: sh-op.t: a row of 6 values, not 5'
broken 'with fewer' '2s/^2\t//' mydumper_0.t.00000.dat 'a row of 4 values'
broken 'text that is no number' '2s/^2/two/' mydumper_0.t.00000.dat 'dat: byte [0-9]+: column id'
broken 'hex that is none' 's/DEAD/DEAX/' mydumper_0.t.00000.dat 'in hex was expected'
broken 'a file that is not there' 's/00000.dat/nosuch.dat/' mydumper_0.t.00000.sql 'nosuch.dat: No such file'
broken 'a file elsewhere' 's/INFILE .mydumper_0/INFILE '"'\/etc\/passwd"'/' mydumper_0.t.00000.sql 'broken/passwd.t.00000.dat'
broken 'a column that is not there' 's/`v`/`w`/' mydumper_0.t.00000.sql 'not a column of sh-op.t'
broken 'a variable that goes nowhere' 's/SET `b`[^,]*,/SET /' mydumper_0.t.00000.sql 'a variable that no column gets'
broken 'an expression' 's/UNHEX/MD5/' mydumper_0.t.00000.sql 'LOAD DATA is not understood'
broken 'an unknown character set' 's/SET binary/SET klingon/' mydumper_0.t.00000.sql 'unknown character set'
broken 'fields without ends' "s/TERMINATED BY '.t'/TERMINATED BY ''/" mydumper_0.t.00000.sql 'fixed width'
broken 'rows of another table' 's/TABLE `t`/TABLE `odd ``name.0`/' mydumper_0.t.00000.sql 'rows of sh-op.odd .name.0 in a file of sh-op.t' 'sh-op.*'
broken 'an unfinished dump with another number of rows' '/^# Finished/d; s/^rows = 5/rows = 6/' metadata 'metadata says 6'
# A stream of it
stream() { # FOLDER: as mydumper writes it since 0.13
	for f in "$1"/*; do
		printf '\n-- %s %s\n' "${f##*/}" "$(stat -c %s "$f")"
		cat "$f"
	done
}
dump-reader -q --time-zone UTC "$tmp/new" >"$tmp/want.ndjson" 2>/dev/null
gzip -k "$tmp/new/mydumper_0.t.00001.dat" && mv "$tmp/new/mydumper_0.t.00001.dat" "$tmp/kept.dat"
stream "$tmp/new" >"$tmp/stream"
rm "$tmp/new/mydumper_0.t.00001.dat.gz" && mv "$tmp/kept.dat" "$tmp/new/mydumper_0.t.00001.dat"
for how in 'cat' 'zstd -qc' 'gzip -c'; do
	rm -rf "$tmp/unpacked"
	$how "$tmp/stream" | dump-reader -q --time-zone UTC --unpack "$tmp/unpacked" >"$tmp/out" 2>"$tmp/err"
	same "$tmp/out" "$tmp/want.ndjson" "a stream, $how, is the folder that it was"
done
rc_is 1 '--unpack: a folder that is there is left alone' dump-reader --unpack "$tmp/unpacked" "$tmp/stream"
for at in 3 30 700 $(($(stat -c %s "$tmp/stream") - 3)); do
	rm -rf "$tmp/unpacked"
	head -c "$at" "$tmp/stream" >"$tmp/cut"
	rc_is 1 "  a stream that is cut behind $at bytes" dump-reader --unpack "$tmp/unpacked" "$tmp/cut"
	like "$(cat "$tmp/err")" 'truncated' '    is told so'
	is "$(wc -c <"$tmp/out")" 0 '    and gives nothing'
done
for bad in '-- ../evil 3' '-- /etc/evil 3' '-- .evil 3' '-- a' '-- a x' '-- a 99999999999999999999' 'SELECT 1;'; do
	rm -rf "$tmp/unpacked"
	printf '\n%s\nxyz' "$bad" >"$tmp/cut"
	rc_is 1 "  no line of a stream: $bad" dump-reader --unpack "$tmp/unpacked" "$tmp/cut"
	is "$(find "$tmp/unpacked" -type f)$(find "$tmp" -name '*evil*')" '' '    no file is made of it'
done
# dumpling's CSV, by its defaults
mkdir "$tmp/csv"
echo 'CREATE DATABASE `d`;' >"$tmp/csv/d-schema-create.sql"
echo 'CREATE TABLE `t` (`id` int NOT NULL, `g` int GENERATED ALWAYS AS (`id` + 1) VIRTUAL, `v` varchar(20), `b` varbinary(9), PRIMARY KEY (`id`));' >"$tmp/csv/d.t-schema.sql"
printf 'Started dump at: 2026-01-02 03:04:05\nSHOW MASTER STATUS:\n\tLog: b.000001\n\tPos: 4\n\tGTID:\n\nFinished dump at: 2026-01-02 03:04:06\n' >"$tmp/csv/metadata"
printf '"id","v","b"\r\n1,"a\\"b,\\n\\\\","\\0\377"\r\n2,\\N,\\N\r\n3,"","NULL"\r\n' >"$tmp/csv/d.t.000000000.csv"
printf '"id","v","b"\n4,"ü","x"\n' | gzip >"$tmp/csv/d.t.000000001.csv.gz"
run dump-reader -q "$tmp/csv"
is "$rc $(rows "$tmp/out" | jq -c .row | paste -sd' ')" '0 {"id":1,"v":"a\"b,\n\\","b":"AP8="} {"id":2,"v":null,"b":null} {"id":3,"v":"","b":"TlVMTA=="} {"id":4,"v":"ü","b":"eA=="}' \
	'CSV of dumpling, lines ended either way'
is "$(jq -r 'select(.op == "done") | [.table, .rows, .pos] | join(" ")' "$tmp/out")" 't 4 b.000001:4' '  done, with the position'
sed -i 1d "$tmp/csv/d.t.000000000.csv"
rc_is 1 '  without the line that names the columns it is refused' dump-reader -q "$tmp/csv"
like "$(cat "$tmp/err")" '000000000.csv: byte 0: not a column of d.t' '  and why'

touch "$tmp/new/strange.bin"
rc_is 1 'a file that is none of a dump is told, not passed over' dump-reader -q "$tmp/new"
like "$(cat "$tmp/err")" 'strange.bin: not known' '  by its name'
rm "$tmp/new/strange.bin"
rc_is 1 '--require-pos' dump-reader -q --require-pos "$root/tests"
sed -i '/SOURCE_LOG/d' "$tmp/new/metadata"
rc_is 1 '--require-pos: a folder without a position' dump-reader -q --require-pos "$tmp/new"
is "$(grep -c snapshot "$tmp/out")" 0 '  gives no rows'
rc_is 1 'a folder that does not exist' dump-reader "$tmp/nosuch"
mkdir "$tmp/empty"
rc_is 0 'an empty one has no tables' dump-reader "$tmp/empty"

done_testing
