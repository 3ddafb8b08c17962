#!/bin/sh
# dump-reader on the forms that dumps come in: compressed, without definitions, with keys behind the rows, with and
# without a position.
# shellcheck disable=SC1003,SC2016 # backticks are SQL's
. "${0%/*}/tap.sh"

# text SQL [OPTION...]: reads it; rows in $tmp/out, messages in $tmp/err
text() {
	printf '%s\n' "$1" >"$tmp/text.sql"
	shift
	run dump-reader --database d "$@" "$tmp/text.sql"
}
rows() { sed -n 's/.*"op":"snapshot".*"row":\(.*\)}$/\1/p' "$tmp/out" | tr '\n' ' '; }
said() { tr '\n' ' ' <"$tmp/err"; }
create='CREATE TABLE `t` (`k` int NOT NULL, `v` varchar(20), `j` json, PRIMARY KEY (`k`));'

# Compression, by the first bytes
{
	echo "$create"
	printf 'INSERT INTO `t` VALUES '
	awk 'BEGIN { for (i = 1; i <= 30000; i++) printf "%s(%d,\047%s\047,NULL)", i == 1 ? "" : ",", i, i * 7919 % 1000003 }'
	echo ';'
} >"$tmp/plain.sql"
dump-reader -q --database d "$tmp/plain.sql" >"$tmp/plain.ndjson" 2>/dev/null
is "$(grep -c '"op":"snapshot"' "$tmp/plain.ndjson")" 30000 'a plain dump'
gzip -c "$tmp/plain.sql" >"$tmp/one.gz"
{ head -c 100000 "$tmp/plain.sql" | gzip -c; tail -c +100001 "$tmp/plain.sql" | gzip -c; } >"$tmp/members.gz"
zstd -qc "$tmp/plain.sql" >"$tmp/one.zst"
{ head -c 100000 "$tmp/plain.sql" | zstd -qc; tail -c +100001 "$tmp/plain.sql" | zstd -qc; } >"$tmp/frames.zst"
for f in one.gz members.gz one.zst frames.zst; do
	dump-reader -q --database d "$tmp/$f" >"$tmp/got.ndjson" 2>/dev/null
	same "$tmp/got.ndjson" "$tmp/plain.ndjson" "$f gives the same lines"
	dump-reader -q --database d <"$tmp/$f" >"$tmp/got.ndjson" 2>/dev/null
	same "$tmp/got.ndjson" "$tmp/plain.ndjson" '  and so it does through standard input'
	head -c 60000 "$tmp/$f" >"$tmp/cut"
	rc_is 1 '  cut, it is told so' dump-reader -q --database d "$tmp/cut"
	like "$(said)" 'compressed byte [0-9]+: cut short' '  and where'
	is "$(grep -c '"done"' "$tmp/out") $(tail -c 1 "$tmp/out")" "0 " '  nothing is done, the last line is whole'
done

# Definitions from elsewhere
echo "$create" >"$tmp/schema.sql"
text "INSERT INTO t VALUES (1,'a',NULL);" --schema "$tmp/schema.sql"
is "$rc $(rows)" '0 {"k":1,"v":"a","j":null} ' '--schema: a dump without definitions'
text "CREATE TABLE t (other int); INSERT INTO t VALUES (1,'a',NULL);" --schema "$tmp/schema.sql"
is "$rc $(rows)" '0 {"k":1,"v":"a","j":null} ' 'they outrank those of the dump'
text 'INSERT INTO u VALUES (1);' --schema "$tmp/schema.sql"
like "$rc $(said)" '1 .*rows of d.u, whose CREATE TABLE' 'a table that is not there either'
rc_is 1 'a file with them that is not there' dump-reader --schema "$tmp/nosuch" /dev/null

# Keys behind the rows
keys_last='-- phpMyAdmin SQL Dump
START TRANSACTION;
CREATE TABLE `t` (`k` int(11) NOT NULL, `u` varchar(9) NOT NULL, `v` char(2) DEFAULT NULL) ENGINE=InnoDB;
INSERT INTO `t` (`k`, `u`, `v`) VALUES (1, "x", NULL),
(2, "y", "b");
CREATE TABLE `w` (`a` int(11) NOT NULL, `b` varchar(9) NOT NULL, `c` int(11));
INSERT INTO `w` VALUES (7, "seven", 1);
ALTER TABLE `t`
  ADD PRIMARY KEY (`k`),
  ADD UNIQUE KEY `u` (`u`), ADD KEY `v` (`v`);
ALTER TABLE `w` ADD UNIQUE KEY `c` (`c`), ADD UNIQUE KEY `ba` (`b`,`a`);
ALTER TABLE `t` MODIFY `k` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=3;
ALTER TABLE `w` ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `t` (`k`) ON DELETE CASCADE;'
text "$keys_last
COMMIT;"
is "$rc $(sed -n 's/.*"op":"snapshot".*"key":\(.*\),"row.*/\1/p' "$tmp/out" | tr '\n' ' ')" '0 ["1"] ["2"] ["seven","7"] ' \
	'keys that ALTER TABLE adds behind the rows'
unlike "$(said)" 'has no key' '  and no word of tables without one'
run sh -c 'cat "$1" | dump-reader --database d' sh "$tmp/text.sql"
like "$rc $(grep -c snapshot "$tmp/out") $(said)" '1 0 .*--schema' 'through a pipe they cannot be looked for'
run sh -c 'cat "$1" | dump-reader --database d --schema "$1"' sh "$tmp/text.sql"
is "$rc $(grep -c '"key":\["' "$tmp/out")" '0 5' '--schema has them, too'
text "$keys_last"
like "$rc $(said)" '1 .*no COMMIT' 'without its COMMIT it is cut'
for change in 'ADD COLUMN x int' 'DROP COLUMN k' 'MODIFY k bigint' 'MODIFY v varchar(9) CHARACTER SET latin1' 'RENAME TO u' \
	'ADD PRIMARY KEY (k), CHANGE k l int'; do
	text "CREATE TABLE t (k int, v varchar(9)); ALTER TABLE t $change; INSERT INTO t VALUES (1,2);"
	like "$rc $(grep -c snapshot "$tmp/out") $(said)" '1 0 .*byte [0-9]+' "refused: ALTER TABLE $change"
done
text 'CREATE TABLE t (k int, v varchar(9)); INSERT INTO t VALUES (1,"x");'
like "$rc $(said)" '0 .*has no key .*d.t' 'a table without any is told'

# Statements
text "$create INSERT INTO t SET v='a;''b', k=1, j=NULL; INSERT INTO \`t\` SET \`k\` = 2 , \`v\`= NULL,j = '{}';
INSERT INTO t SET v='c', k=3, j=NULL;"
is "$rc $(rows)" "0 {\"k\":1,\"v\":\"a;'b\",\"j\":null} {\"k\":2,\"v\":null,\"j\":{}} {\"k\":3,\"v\":\"c\",\"j\":null} " 'INSERT … SET'
for bad in 'k=1' 'k=1, v=2, k=3, j=NULL' 'k=1, v=now(), j=NULL' 'k=1, v, j=NULL' 'k=1 v=2' 'nosuch=1' "k=1, v='x"; do
	text "$create INSERT INTO t SET $bad;"
	like "$rc $(rows)$(said)" '1 .*byte [0-9]+' "refused: SET $bad"
done
text "$create INSERT INTO t VALUES(1,'a',CONVERT(\"{\\\"a\\\": 1}\" USING UTF8MB4)),(2,NULL,convert( '[]' using utf8mb4 ));"
is "$rc $(rows)" '0 {"k":1,"v":"a","j":{"a":1}} {"k":2,"v":null,"j":[]} ' 'CONVERT(… USING UTF8MB4)'
for bad in "CONVERT('[]' USING latin1)" "CONVERT(CONVERT('[]' USING utf8mb4) USING utf8mb4)" "CONVERT('[]', JSON)" "CONVERT('[]' USING utf8mb4"; do
	text "$create INSERT INTO t VALUES (1,NULL,$bad);"
	like "$rc $(said)" '1 .*byte [0-9]+' "refused: $bad"
done
text 'CREATE TABLE g (k int AS (1) STORED); INSERT INTO g () VALUES (), ( );'
is "$rc $(rows)" '0 {} {} ' 'a row of nothing but generated columns'
text "$(printf '\357\273\277')$create INSERT INTO t VALUES (1,NULL,NULL);"
is "$rc $(rows)" '0 {"k":1,"v":null,"j":null} ' 'a byte order mark is no text'
printf '\377\376S\000E\000' >"$tmp/utf16"
rc_is 1 'UTF-16 is refused' dump-reader --database d "$tmp/utf16"
like "$(said)" 'UTF-16' '  by its name'
text '<?xml version="1.0"?><mysqldump/>'
like "$rc $(said)" '1 .*byte 0: a dump in XML is not read' 'so is XML'

# Strings in which a backslash is one
no_escapes="SET sql_mode = 'ANSI,no_backslash_escapes';"
text "$create $no_escapes INSERT INTO t VALUES (1,'a\\''b\\',NULL),(2,'\\',NULL); SET sql_mode = ''; INSERT INTO t VALUES (3,'\\\\',NULL);"
is "$rc $(rows)" '0 {"k":1,"v":"a\\'"'"'b\\","j":null} {"k":2,"v":"\\","j":null} {"k":3,"v":"\\","j":null} ' 'NO_BACKSLASH_ESCAPES, as long as it lasts'
text "$create $no_escapes INSERT INTO t SET v = '\\', k = 1, j = NULL; INSERT INTO t SET k = 2, v = 'a', j = NULL;"
is "$rc $(rows)" '0 {"k":1,"v":"\\","j":null} {"k":2,"v":"a","j":null} ' '  in INSERT SET'
text "$no_escapes CREATE TABLE t (k int COMMENT 'a\\' PRIMARY KEY);"
like "$rc $(said)" '1 .*in rows only' '  in a definition it is refused'
text "SET sql_mode = CONCAT(@@sql_mode, ',NO_BACKSLASH_ESCAPES'); $create"
like "$rc $(said)" '1 .*as a string only' '  and so is a mode that is computed'

# The mysql client's own command
mkdir -p "$tmp/people/rows"
printf '%s\nUSE d;\nSELECT 1;\nsource rows/one.sql ;\nINSERT INTO t VALUES (3,NULL,NULL);\n\\. rows/two.sql\nINSERT INTO t VALUES (6,NULL,NULL);\n' "$create" >"$tmp/people/all.sql"
printf 'INSERT INTO t VALUES (1,NULL,NULL);\nINSERT INTO t VALUES (2,NULL,NULL);\n' >"$tmp/people/rows/one.sql"
printf 'INSERT INTO t VALUES (4,NULL,NULL);\nsource rows/three.sql\n' >"$tmp/people/rows/two.sql"
printf 'INSERT INTO t VALUES (5,NULL,NULL);\n' >"$tmp/people/rows/three.sql"
sed -i 's/ NOT NULL, PRIMARY KEY.*;/);/' "$tmp/people/all.sql" # a dump to look ahead in
run dump-reader -q --database d "$tmp/people/all.sql"
is "$rc $(jq -r 'select(.row) | .row.k' "$tmp/out" | paste -sd' ')" '0 1 2 3 4 5 6' 'source: files are read in its place, from where the dump is'
cp "$tmp/out" "$tmp/want"
(cd "$tmp/people" && run dump-reader -q --database d - <all.sql)
same "$tmp/out" "$tmp/want" '  of standard input, from where it is read'
(cd "$tmp" && run dump-reader -q --database d - <people/all.sql)
like "$(said)" 'standard input: source: rows/one.sql: No such file' '  which there must be'
is "$(grep -c '"done"' "$tmp/out")" 0 '  else nothing is done'
printf 'source rows/one.sql\n' >"$tmp/people/rows/one.sql"
rc_is 1 '  one that reads itself is refused' dump-reader -q --database d "$tmp/people/all.sql"
text 'source /etc/hostname; SELECT 1;'
like "$rc $(said)" '1 .*something else in the line' '  so is a line that goes on behind it'
text '/*M!999999\- enable the sandbox mode */
source /etc/hostname'
like "$rc $(said)" '1 .*not read in the sandbox' '  and a dump in a sandbox reaches no other file'
text "$create USE d
INSERT INTO t VALUES (1,NULL,NULL);"
is "$rc" 1 'USE without its end, which would swallow a statement, is refused'

# Positions
position="-- CHANGE MASTER TO MASTER_LOG_FILE='b.000007', MASTER_LOG_POS=4711;"
rows_of_t="$create INSERT INTO t VALUES (1,NULL,NULL);"
text "$rows_of_t" --require-pos
is "$rc $(grep -c snapshot "$tmp/out")" '1 0' '--require-pos: a dump without a position is refused'
text "$rows_of_t" --require-pos --pos b.000001:4
is "$rc" 0 '  unless --pos gives it'
text "$position
$rows_of_t" --require-pos
is "$rc" 0 '  or the dump'
text "$rows_of_t"
like "$rc $(said)" '0 .*WARN.*no position' 'without it that is said'
text "$position
-- CHANGE MASTER TO MASTER_HOST='x', MASTER_LOG_FILE='other.000001', MASTER_LOG_POS=4;
$rows_of_t"
is "$rc" 1 'two positions (--master-data and --dump-slave) are one too many'
text "SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ '3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,
11111111-71ca-11e1-9e33-c80aa9429562:1-77';
$position
$rows_of_t"
is "$(tail -n 1 "$tmp/out")" '{"op":"done","db":"d","table":"t","rows":1,"pos":"b.000007:4711","gtids":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,11111111-71ca-11e1-9e33-c80aa9429562:1-77"}' \
	"MySQL's GTIDs are in the done line"
text "/* SET @@GLOBAL.GTID_PURGED='+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5';*/
$rows_of_t"
like "$(tail -n 1 "$tmp/out")" '"rows":1,"gtids":"3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5"' '  from a comment too'
for line in "-- SET GLOBAL gtid_slave_pos='0-1-13';" "SET GLOBAL gtid_slave_pos='0-1-13';"; do
	text "$line
$rows_of_t"
	like "$(tail -n 1 "$tmp/out")" '"gtids":"0-1-13"' "MariaDB's: $line"
done

# Invalid bytes
text "$create INSERT INTO t VALUES (1,'a',NULL),(2,'$(printf 'b\377')',NULL),(3,'c',NULL);" --strict
is "$rc $(rows)" '1 {"k":1,"v":"a","j":null} ' '--strict: bytes that are no text are an error, the rows before it are there'
like "$(said)" 'byte 1[0-9]*: d.t: .*--strict' '  with their place'
text "/*!40101 SET NAMES greek */; $create INSERT INTO t VALUES (2,'$(printf 'b\322')',NULL);" --strict
is "$rc $(rows)" '1 ' '  also those that are converted'


# A dump that does not say its character set
text "$create INSERT INTO t VALUES (1,'$(printf 'Z\374rich')',NULL);" --default-character-set latin1
is "$rc $(rows)" '0 {"k":1,"v":"Zürich","j":null} ' '--default-character-set says it'
text "/*!40101 SET NAMES utf8mb4 */; $create INSERT INTO t VALUES (1,'Zürich',NULL);" --default-character-set latin1
is "$rc $(rows)" '0 {"k":1,"v":"Zürich","j":null} ' '  where the dump does not'
for bad in klingon gbk; do
	rc_is 2 "  $bad is none that dumps are read in" dump-reader --default-character-set "$bad" /dev/null
done

done_testing
