#!/bin/sh
# Every character of every character set: does lib/charset.c read it as the servers do?
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
# shellcheck source=tests/servers.sh
. "${0%/*}/servers.sh"
need_mariadb

# ask CHARSET FROM: the strings of hex that FROM (SQL) selects, and what the server makes of each
ask() {
	sql "SELECT h, HEX(CONVERT(CONVERT(UNHEX(h) USING $1) USING utf8mb4)) FROM ($2) t WHERE h IS NOT NULL" "$db"
}

# compare CHARSET FROM: the lines in which server and program differ. What has no character is '?', empty, cut
# short, U+FFFD or half a surrogate pair from a server.
compare() {
	ask "$1" "$2" >"$tmp/theirs"
	"${bin%/bin}/tests/charset" "$1" <"$tmp/theirs" >"$tmp/ours" || return 1
	paste "$tmp/theirs" "$tmp/ours" | awk -F '\t' '
		$4 == "MANY" { next }
		$4 == "EFBFBD" { $4 = "BAD" }
		$2 == "" || $2 == "NULL" || $2 == "EFBFBD" || $2 ~ /^ED[AB]/ || ($2 ~ /^3F|3F$/ && $1 !~ /^(000000|00)?3F(00)?$/) { $2 = "BAD" }
		$2 != $4 { print $1 ": server " $2 ", program " $4 }
		END { print NR > "'"$tmp/count"'" }'
}

same_in() {
	compare "$1" "$2" >"$tmp/differences" || echo 'not known' >>"$tmp/differences"
	is "$(head -n 10 "$tmp/differences")" '' "$db_kind: $1, $3, $(cat "$tmp/count")"
}

server_says() {
	new_database
	sql "CREATE TABLE n (i INT PRIMARY KEY, x CHAR(2)); INSERT INTO n (i) VALUES (0), (1), (2), (3), (4), (5), (6),
		(7), (8), (9), (10), (11), (12), (13), (14), (15); INSERT INTO n (i) SELECT a.i + 16 * b.i FROM n a, n b
		WHERE b.i > 0; UPDATE n SET x = LPAD(HEX(i), 2, '0')" "$db"
	pairs='SELECT CONCAT(a.x, b.x) h FROM n a, n b WHERE a.i > 127 AND b.i > 47'
	sql 'SELECT character_set_name, maxlen FROM information_schema.character_sets ORDER BY 1' >"$tmp/charsets"
	while read -r charset bytes; do
		case $charset in
		utf8* | binary) ;;
		ascii) same_in "$charset" 'SELECT x h FROM n WHERE i < 128' bytes ;;
		utf32) same_in "$charset" "SELECT CONCAT('0000', a.x, b.x) h FROM n a, n b" 'the first plane' ;;
		ucs2 | utf16*) same_in "$charset" 'SELECT CONCAT(a.x, b.x) h FROM n a, n b' pairs ;;
		*)
			same_in "$charset" 'SELECT x h FROM n' bytes
			[ "$bytes" = 1 ] || same_in "$charset" "$pairs" pairs
			;;
		esac
		case $charset in
		ujis | eucjpms) same_in "$charset" "SELECT CONCAT('8F', a.x, b.x) h FROM n a, n b WHERE a.i > 160 AND b.i > 160" 'threes' ;;
		gb18030)
			same_in "$charset" "SELECT CONCAT(a.x, b.x, c.x, d.x) h FROM n a, n b, n c, n d WHERE a.i BETWEEN 129 AND 132
				AND b.i BETWEEN 48 AND 57 AND c.i BETWEEN 129 AND 254 AND d.i BETWEEN 48 AND 57" 'fours'
			same_in "$charset" "SELECT CONCAT(a.x, b.x, '8F34') h FROM n a, n b WHERE a.i > 132 AND b.i BETWEEN 48 AND 57" \
				'some of the higher planes'
			;;
		utf16) same_in "$charset" "SELECT CONCAT('D8', a.x, 'DC', b.x) h FROM n a, n b" 'surrogates' ;;
		utf32) same_in "$charset" "SELECT CONCAT('00', a.x, 'FE12') h FROM n a" 'the other planes' ;;
		esac
	done <"$tmp/charsets"
}

server_says
if [ -n "${M2E_TEST_MYSQL_SOCKET:-}" ]; then
	need_mysql
	server_says
fi
done_testing
