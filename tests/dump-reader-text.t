#!/bin/sh
# dump-reader on text made for it: literals, what is refused and where, positions, time zones, character sets, resuming,
# memory.
# shellcheck disable=SC2016 # backticks are SQL's
. "${0%/*}/tap.sh"

# row TYPE LITERAL [OPTION...]: the value's JSON, or what is said
row() {
	row_type=$1 row_literal=$2
	shift 2
	printf "CREATE TABLE \`t\` (\`k\` int NOT NULL, \`v\` %s, PRIMARY KEY (\`k\`));\nINSERT INTO \`t\` VALUES (1,%s);\n" \
		"$row_type" "$row_literal" >"$tmp/row.sql"
	if dump-reader -q --database d "$@" "$tmp/row.sql" >"$tmp/row.out" 2>"$tmp/row.err"; then
		sed -n 's/.*"row":{"k":1,"v":\(.*\)}}$/\1/p' "$tmp/row.out"
	else
		grep ERROR "$tmp/row.err"
	fi
}
value() { is "$(row "$1" "$2")" "$3" "$1 from $2"; }

value 'varchar(20)' "'plain'" '"plain"'
value 'varchar(20)' "''" '""'
value 'varchar(20)' "'it''s'" "\"it's\""
value 'varchar(20)' "'a\\'b\\\\\\\\'''" "\"a'b\\\\\\\\'\""
value 'varchar(20)' "'\\0\\b\\n\\r\\t\\Z\\q'" '"\u0000\u0008\n\r\t\u001aq"'
value 'varchar(20)' "'5\\%\\_'" '"5\\%\\_"'
value 'varchar(20)' '"say ""hi"" '"it's\"" '"say \"hi\" it'"'s\""
value 'varchar(20)' "_utf8mb4'ü'" '"ü"'
value 'varchar(20)' "_utf8mb4 0xC3BC" '"ü"'
value 'varchar(20)' "_latin1 x'fc'" '"ü"'
value 'varchar(20)' "_binary 'ü'" '"ü"'
value 'varchar(20) CHARACTER SET latin1' '0xFC' '"ü"'
value 'varchar(20)' 'NULL' null
value 'varchar(20)' 'null' null
value 'varchar(20)' '12.50' '"12.50"'
value 'int unsigned' '4294967295' 4294967295
value 'int' "'-5'" -5
value 'bigint unsigned' 18446744073709551615 18446744073709551615
value 'decimal(10,2)' '-0.50' -0.50
value 'decimal(10,2)' '.5' 0.50
value 'decimal(10,2)' '-.5' -0.50
value 'decimal(10,2)' '-.0' 0.00
value 'decimal(10,2)' '+7' 7.00
value 'decimal(10,2)' '7.' 7.00
value 'decimal(10,0)' '7.' 7
value 'decimal(2,2)' "'.25'" 0.25
value 'double' '1e-05' 1e-05
value 'double' '-1.5' -1.5
value 'bit(12)' "b'101010101010'" 2730
value 'bit(12)' '0x0AAA' 2730
value 'bit(12)' "_binary '\\n\\0'" 2560
value 'bit(1)' "b'1'" true
value 'varbinary(20)' '0x00FF' '"AP8="'
value 'varbinary(20)' '0x' '""'
value 'varbinary(20)' "x'00fF'" '"AP8="'
value 'varbinary(20)' "_binary '\\0\\\\\\''" '"AFwn"'
value 'binary(4)' "'ab'" '"YWIAAA=="'
value 'date' "'0000-00-00'" null
value "enum('a','b''c')" "'b''c'" "\"b'c\""
value "set('a','b')" "'a,b'" '["a","b"]'
value 'json' "'{\\\"a\\\": [1, 2.50]}'" '{"a":[1,2.50]}'

like "$(row int "'x'")" "byte [0-9]+.*column v \(int\)" 'a value that is not of its type is refused, by byte and column'
like "$(row int 'now()')" 'byte 9[0-9]: a literal was expected: now\(\)' 'functions are refused'
like "$(row int '1,2')" 'a row of 3 values, not 2' 'a row with too many values is refused'
like "$(row int '1),(2')" 'a row of 1 values, not 2' 'a row with too few is refused'
like "$(row int 'DEFAULT')" 'DEFAULT' 'so is DEFAULT'
like "$(row 'varchar(9)' "_klingon 'x'")" 'unknown character set klingon' 'and an unknown character set'
like "$(row int '1) ON DUPLICATE KEY UPDATE v=(2')" ', or ; was expected' 'and what stands behind a row'
is "$(row 'int AS (k * 2)' DEFAULT)" '' 'DEFAULT of a generated column is left out'

# Time zones
like "$(row timestamp "'2026-01-02 03:04:05'")" '--time-zone' 'TIMESTAMPs of an unknown time zone are refused'
is "$(row timestamp "'2026-01-02 03:04:05'" --time-zone +02:00)" '"2026-01-02T01:04:05Z"' '--time-zone says it'
is "$(row timestamp "'2026-01-01 00:00:05'" --time-zone -05:30)" '"2026-01-01T05:30:05Z"' 'west of it too'
is "$(row datetime "'2026-01-02 03:04:05'")" '"2026-01-02T03:04:05"' 'DATETIME has none'
is "$(row 'int unsigned' 1 --numbers=safe)$(row bigint 1 --numbers=safe)$(row 'decimal(4,1)' 1.5 --numbers=safe)" '1"1""1.5"' \
	'--numbers=safe quotes BIGINT and DECIMAL'
is "$(row date "'2026-00-01'" --zero-dates=keep)" '"2026-00-01"' '--zero-dates=keep'

# text SQL [OPTION...]: reads it; rows in $tmp/out, messages in $tmp/err
text() {
	printf '%s\n' "$1" >"$tmp/text.sql"
	shift
	run dump-reader --database d "$@" "$tmp/text.sql"
}
rows() { sed -n 's/.*"op":"snapshot".*"row":\(.*\)}$/\1/p' "$tmp/out" | tr '\n' ' '; }
create='CREATE TABLE `t` (`k` int NOT NULL, `v` varchar(20), `z` timestamp NULL, PRIMARY KEY (`k`));'

text "/*!40103 SET TIME_ZONE='+00:00' */;
$create
INSERT INTO t VALUES (1,'a','2026-01-02 03:04:05');
/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */;
INSERT INTO t VALUES (2,'a','2026-01-02 03:04:05');"
is "$(rows)" '{"k":1,"v":"a","z":"2026-01-02T03:04:05Z"} ' 'SET TIME_ZONE counts until it is taken back'

# Statements
text "/*M!999999\\- enable the sandbox mode */
/*!40103 SET TIME_ZONE='+00:00' */;
-- a comment; with 'a quote
# another \`one
/* and ; this '*/
$create INSERT LOW_PRIORITY IGNORE INTO \`d\`.\`t\` (v, k , \`z\`) VALUES ('x;',1,NULL) , ( 'y' , 2 , null );
DELIMITER ;;
CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO t VALUES (9,9,9); END;;
DELIMITER ;
/*!50001 CREATE TABLE \`view\` (\`a\` tinyint NOT NULL) ENGINE=MyISAM */;
LOCK TABLES \`t\` WRITE; /*!40000 ALTER TABLE \`t\` DISABLE KEYS */; UNLOCK TABLES;
REPLACE t VALUE (3,'z',NULL)"
is "$rc" 1 'a last statement without its delimiter is cut'
printf ';' >>"$tmp/text.sql"
run dump-reader --database d "$tmp/text.sql"
is "$(rows)" '{"k":1,"v":"x;","z":null} {"k":2,"v":"y","z":null} {"k":3,"v":"z","z":null} ' \
	'comments, delimiters, triggers, columns in another order'
for bad in 'UPDATE t SET v = 1' 'DELETE FROM t' 'TRUNCATE t' 'LOAD DATA INFILE "x" INTO TABLE t' 'CALL p()' 'RENAME TABLE t TO u' \
	'HANDLER t OPEN' '<?xml version="1.0"?>' 'ALTER TABLE t ADD PRIMARY KEY (v)' 'INSERT INTO t SELECT * FROM u' \
	'INSERT INTO t SET k = 1' 'INSERT INTO u VALUES (1)' 'INSERT INTO t (k,nosuch) VALUES (1,2)' 'INSERT INTO t (k,v) VALUES (1,2)' \
	'INSERT INTO t (k,k,z) VALUES (1,2,3)' \
	'SET NAMES gbk' 'CREATE TABLE x (a klingon)' "INSERT INTO t VALUES (1,'open"; do
	text "SET TIME_ZONE='+00:00'; $create
INSERT INTO t VALUES (7,'seven',NULL);
$bad;"
	is "$rc $(rows)" '1 {"k":7,"v":"seven","z":null} ' "refused, and what was before is out: $bad"
	like "$(cat "$tmp/err")" 'text.sql: byte (1[4-9]|2)[0-9]+: .' "  by file and byte"
	is "$(grep -c '"done"' "$tmp/out")" 0 '  and nothing is done'
done
text "CREATE TABLE \`t\` (\`k\` int);" --table other.t
is "$rc" 0 'a table that is not asked for is not looked at'
text "INSERT INTO junk VALUES (everything(goes,'here;'), 1);" --table other.t
is "$rc" 0 'nor its rows'

# Positions
text "-- CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000007', MASTER_LOG_POS=4711;
CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1);" --pos 2/mysql-bin.000009:4
like "$(cat "$tmp/out")" '"pos":"2/mysql-bin.000007:4711"' 'a position in a comment; its own outranks --pos'
text "CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1);" --pos 2/mysql-bin.000009:4
like "$(cat "$tmp/out")" 'done.*"pos":"2/mysql-bin.000009:4"' '--pos where there is none'
text "CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1);"
unlike "$(cat "$tmp/out")" '"pos"' 'none at all: none in the lines'
like "$(cat "$tmp/err")" 'WARN.*no position' 'which is said'
text "CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1);
CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000007', MASTER_LOG_POS=4711;"
is "$rc" 1 'a position behind the first rows is refused'

# Character sets of dumps
text "/*!40101 SET NAMES latin1 */;
CREATE TABLE t (k int PRIMARY KEY, v varchar(9), b varbinary(9)); INSERT INTO t VALUES (1,'$(printf '\374\200')','$(printf '\374')');"
is "$(rows)" '{"k":1,"v":"ü€","b":"/A=="} ' 'text of a latin1 dump is converted, binary is not'
text "/*!40101 SET NAMES binary */;
CREATE TABLE t (k int PRIMARY KEY, v varchar(9) CHARACTER SET koi8r, u varchar(9) CHARACTER SET utf8mb4, s set('я') CHARACTER SET koi8r);
INSERT INTO t VALUES (1,'$(printf '\321')','я','$(printf '\321')');"
is "$(rows)" '{"k":1,"v":"я","u":"я","s":["я"]} ' 'of a binary one it is in the columns'"'"' own'
text "CREATE TABLE t (k int PRIMARY KEY, v varchar(9)); INSERT INTO t VALUES (1,'$(printf 'a\377')');"
is "$(rows)" '{"k":1,"v":"a�"} ' 'an invalid byte becomes U+FFFD'
like "$(cat "$tmp/err")" 'U\+FFFD count=1' 'and is counted'

# Usage
rc_is 2 'an unknown option' dump-reader --nosuch
rc_is 2 'two files' dump-reader a b
rc_is 2 'a token that is none' dump-reader --resume 12 /dev/null
rc_is 2 'a position that is none' dump-reader --pos here /dev/null
rc_is 2 'a table that is none' dump-reader --table nodot /dev/null
rc_is 2 'a time zone that is none' dump-reader --time-zone Europe/Helsinki /dev/null
rc_is 1 'a file that is not there' dump-reader "$tmp/nosuch"
rc_is 1 'an empty dump is none' dump-reader /dev/null
rc_is 0 '--help' dump-reader --help
is "$(grep -o -e '--[a-z-]*' "$tmp/out" | sort -u | tr '\n' ' ')" \
	"$(grep '^\.It' "$root/man/dump-reader.1" | grep -o 'Fl -[a-z-]*' | sed 's/Fl /-/' | sort -u | tr '\n' ' ')" '--help and the manual name the same options'

# 40 MB in one INSERT: progress lines, resuming at each, one row after another wherever the window ends
{
	echo "-- MySQL dump 10.13"
	echo "-- CHANGE MASTER TO MASTER_LOG_FILE='b.000001', MASTER_LOG_POS=4;"
	echo 'CREATE TABLE `first` (`k` int NOT NULL, PRIMARY KEY (`k`));'
	echo 'LOCK TABLES `first` WRITE; INSERT INTO `first` VALUES (1); UNLOCK TABLES;'
	echo 'CREATE TABLE `t` (`k` int NOT NULL, `v` longtext, PRIMARY KEY (`k`));'
	printf 'INSERT INTO `t` VALUES '
	awk -v unit="ab''\\\\\\\\c" 'BEGIN { for (s = unit; length(s) < 6 * 700; s = s unit);
		for (i = 1; i <= 40000; i++) printf "%s(%d,\047%s\047)", i == 1 ? "" : ",", i, substr(s, 1, length(unit) * (i * 7919 % 400)) }'
	echo ';'
	echo '-- Dump completed'
} >"$tmp/big.sql"
dump-reader -q --database d --source s "$tmp/big.sql" >"$tmp/big.ndjson" || fail 'a large INSERT'
is "$(tail -n 1 "$tmp/big.ndjson")" '{"op":"done","db":"d","table":"t","rows":40000,"pos":"b.000001:4"}' 'a large INSERT'
grep -n '"progress"' "$tmp/big.ndjson" >"$tmp/progress"
size=$(stat -c %s "$tmp/big.sql")
ok 'a progress line at least every 8 MiB and a row' test "$(wc -l <"$tmp/progress")" -ge $((size / (8 << 20) - 1))
while IFS=: read -r line json; do
	token=$(printf '%s\n' "$json" | jq -r .resume)
	dump-reader -q --database d --source s --resume "$token" <"$tmp/big.sql" >"$tmp/resumed.ndjson"
	{ sed -n '1p; /"schema".*"table":"t"/p' "$tmp/big.ndjson"; tail -n +$((line + 1)) "$tmp/big.ndjson"; } |
		grep -v '"progress"' >"$tmp/want"
	grep -v '"progress"' "$tmp/resumed.ndjson" >"$tmp/rest"
	same "$tmp/rest" "$tmp/want" "resumed at $token: every row from there on, and only those"
done <"$tmp/progress"
sed 's/^(1,/(9,/; s/VALUES (1,/VALUES (7,/' "$tmp/big.sql" | sed '1s/$/ different/' >"$tmp/other.sql"
rc_is 4 'another dump is not resumed' dump-reader --database d --resume "$token" "$tmp/other.sql"
head -c 9000000 "$tmp/big.sql" >"$tmp/short.sql"
rc_is 1 'nor what is cut before the place' dump-reader --database d --resume "$token" "$tmp/short.sql"
printf '%s' 'CREATE TABLE t (k int PRIMARY KEY);' >"$tmp/short.sql"
rc_is 4 'nor what ends before it' dump-reader --database d --resume "$token" "$tmp/short.sql"

# So many MB in one INSERT, plain, compressed and in folders: memory follows the row. MEMORY_MB=1074 is a GiB.
case $bin in
*asan*) skip 'memory: the sanitizers hold some of their own' ;;
*)
	create='CREATE TABLE `t` (`k` int PRIMARY KEY, `v` text);'
	rows() {
		yes "(1,'$(head -c 700 /dev/zero | tr '\0' 'm')')," | head -n $((${MEMORY_MB:-200} * 1000000 / 707))
		printf "(2,'last');\n"
	}
	# grows NAME INPUT FILE: INPUT is a pipe's text
	grows() {
		name=$1
		grown=$(eval "$2" | "$root/tests/growth.py" dump-reader -q --database d "$3" 2>"$tmp/err")
		diag "memory: $name: $grown KiB more at the end than at the first output"
		ok "memory, $name: ${MEMORY_MB:-200} MB grow it by less than 8 MiB" test "$grown" -lt 8192
	}
	statement() { printf '%s INSERT INTO t VALUES\n' "$create"; rows; }
	grows 'a pipe' statement -
	grows gzip 'statement | gzip -1' -
	grows zstd 'statement | zstd -q' -
	mkdir "$tmp/folder" "$tmp/tab"
	echo "$create" | tee "$tmp/tab/t.sql" >"$tmp/folder/d.t-schema.sql"
	{ printf 'INSERT INTO `t` VALUES\n'; rows; } | zstd -q >"$tmp/folder/d.t.sql.zst"
	grows 'a folder of mydumper' : "$tmp/folder"
	rows | sed "s/[(']//g; s/)[,;]$//; s/,/\\t/" | gzip -1 >"$tmp/tab/t.txt.gz"
	grows 'a folder of --tab' : "$tmp/tab"
	{
		printf '%s INSERT INTO t VALUES (3,"' "$create"
		head -c 5000000 /dev/zero | tr '\0' r
		echo '");'
	} | dump-reader -q --database d >"$tmp/out" 2>/dev/null
	is "$(tail -n 2 "$tmp/out" | wc -c)" 5000116 'and it takes a row of 5 MB as well'
	;;
esac

# A pipe in which nothing comes for long: what was written is told, and can be gone on with
mkfifo "$tmp/input"
spawn stalled dump-reader -q --database d --source s "$tmp/input"
exec 7>"$tmp/input"
printf 'CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1),(2),(3)' >&7
ok 'an input that stands still: progress is told' wait_until 20 grep -q '"progress"' "$tmp/stalled.out"
token=$(jq -r 'select(.op == "progress") | .resume' "$tmp/stalled.out")
printf ',(4);\n' >&7
exec 7>&-
finish 20 "$spawned"
is "$rc $(jq -r 'if .row then .key[0] else .op end' "$tmp/stalled.out" | paste -sd' ')" '0 source schema 1 2 3 progress 4 done' '  once'
echo 'CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1),(2),(3),(4);' |
	dump-reader -q --database d --source s --resume "$token" >"$tmp/out" 2>/dev/null
is "$(jq -r 'select(.row) | .key[0]' "$tmp/out" | paste -sd' ')" '3 4' '  its token goes on with the last row'

# Ends
spawn term dump-reader --database d "$tmp/input"
exec 7>"$tmp/input"
printf 'CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1),(2' >&7
wait_until 10 grep -q '"k":1' "$tmp/term.out"
stop "$spawned"
exec 7>&-
is "$rc $(tail -c 1 "$tmp/term.out" | od -An -tx1)" '75  0a' 'SIGTERM ends it behind a whole line, status 75'
mkfifo "$tmp/parent"
spawn orphan sh -c 'exec dump-reader --database d --parent-fd 8 - 8<"$0" <"$1"' "$tmp/parent" "$tmp/input"
exec 8>"$tmp/parent" 7>"$tmp/input"
printf 'CREATE TABLE t (k int PRIMARY KEY); INSERT INTO t VALUES (1),(2' >&7
wait_until 10 grep -q '"k":1' "$tmp/orphan.out"
exec 8>&-
finish 10 "$spawned"
exec 7>&-
is "$rc" 75 'and so does the death of the supervisor'
# while nobody takes what it writes: a pipe's 64 KiB, and no more
mkfifo "$tmp/stuck"
exec 9<>"$tmp/stuck"
for how in signal supervisor; do
	spawn stuck sh -c 'exec dump-reader -q --database d --parent-fd 8 "$1" 8<"$0" >"$2" 9>&-' \
		"$tmp/parent" "$tmp/big.sql" "$tmp/stuck"
	exec 8>"$tmp/parent"
	ok "$how: its output fills" wait_until 10 pipe_is_full
	if [ $how = signal ]; then kill "$spawned"; else exec 8>&-; fi
	finish 10 "$spawned"
	is "$rc" 75 "$how: an output that nobody takes does not keep it"
	exec 8>&- 9<&- 9<>"$tmp/stuck"
done
exec 9<&-
{ dump-reader -q --database d "$tmp/big.sql"; echo $? >"$tmp/epipe"; } | head -n 1 >/dev/null
is "$(cat "$tmp/epipe")" 75 'a reader that goes away: 75'

# A full disk, an output that fails: whole lines or nothing, and status 1
case ${B:-build} in
/*) fault=$B/tests/fault.so ;;
*) fault=$root/${B:-build}/tests/fault.so ;;
esac
case $bin in
*asan*) skip 'the sanitizers come before what is preloaded' ;;
*)
	for n in 1 2 9; do
		LD_PRELOAD=$fault FAULT=write:$n:ENOSPC dump-reader -q --database d "$tmp/big.sql" >"$tmp/full.ndjson" 2>"$tmp/err"
		is "$? $(tail -c 1 "$tmp/full.ndjson" | od -An -tx1 | tr -d ' ')" "1 $([ "$n" = 1 ] || echo 0a)" "the $n. write fails: status 1"
		like "$(cat "$tmp/err")" 'No space left' '  and why'
	done
	;;
esac

done_testing
