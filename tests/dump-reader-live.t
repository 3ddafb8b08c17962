#!/bin/sh
# Tables read live: pages follow keys in the server's order, ranges are shared, a killed load goes on, and what happens
# to a table meanwhile is noticed.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

# cut.py LINES COMMAND...: runs it, and kills it with SIGKILL once so many lines have come; prints the whole lines.
cat >"$tmp/cut.py" <<'END'
import subprocess, sys
p = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE)
for n, line in enumerate(p.stdout, 1):
    if line.endswith(b"\n"):
        sys.stdout.buffer.write(line)
    if n == int(sys.argv[1]):
        p.kill()
END
live() {
	run dump-reader --live --config "$tmp/config.json" "$@"
	mv "$tmp/out" "$tmp/events"
}
rows_of() { jq -r "select(.row and .table == \"$1\") | .key | join(\"/\")" "$tmp/events"; }
members() { jq -r "select(.op == \"$1\") | $2" "$tmp/events"; }

tables() {
	new_database
	config "$db.*" >"$tmp/config.json"
	{ echo "USE $db;"; cat <<-'SQL'; } | sql
		CREATE TABLE numbers (n int PRIMARY KEY);
		INSERT INTO numbers WITH d AS (SELECT 0 AS d UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4 UNION SELECT 5
			UNION SELECT 6 UNION SELECT 7 UNION SELECT 8 UNION SELECT 9)
			SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d FROM d a, d b, d c, d e WHERE e.d < 6;
		CREATE TABLE big (id int AUTO_INCREMENT PRIMARY KEY, v varchar(4000));
		INSERT INTO big (v) SELECT REPEAT(SHA2(n, 256), 60) FROM numbers;
		CREATE TABLE words (k varchar(40) PRIMARY KEY, v int) CHARACTER SET utf8mb4;
		INSERT INTO words SELECT CONCAT(ELT(n % 7 + 1, 'a', 'B', 'ä', 'Z', 'ñ', '_', 'ß'), ELT(n % 3 + 1, 'x', 'Y', 'ü'), n), n FROM numbers WHERE n < 500;
		CREATE TABLE latin (k varchar(40) CHARACTER SET latin1 COLLATE latin1_german1_ci PRIMARY KEY, v int);
		INSERT INTO latin SELECT CONCAT(ELT(n % 5 + 1, 'a', 'ä', 'O', 'ö', 'z'), n), n FROM numbers WHERE n < 300;
		CREATE TABLE many (e enum('z', 'm', 'a'), a smallint, b decimal(6, 2), c varbinary(8), d datetime(3), PRIMARY KEY (a, e, b, d, c));
		INSERT INTO many SELECT 1 + n % 3, n % 5 - 2, n % 7 / 4 - 1, UNHEX(SUBSTR(SHA2(n DIV 100, 256), 1, 16)), '2026-01-01' + INTERVAL n % 11 * 1000 MICROSECOND
			FROM numbers WHERE n < 700 ON DUPLICATE KEY UPDATE e = many.e;
		CREATE TABLE falling (a int, b varchar(10), PRIMARY KEY (a DESC, b));
		INSERT INTO falling SELECT n % 20, CONCAT('b', n) FROM numbers WHERE n < 300;
		CREATE TABLE prefix (t text, PRIMARY KEY (t(12)));
		INSERT INTO prefix SELECT CONCAT(SHA2(n, 256), REPEAT('x', n)) FROM numbers WHERE n < 100;
		CREATE TABLE members (e enum('z', 'm', 'a'), n int, PRIMARY KEY (e, n));
		INSERT INTO members SELECT 1 + n % 3, n FROM numbers WHERE n < 100;
		CREATE TABLE keyless (f float NOT NULL UNIQUE);
		INSERT INTO keyless SELECT n / 10 FROM numbers WHERE n < 100;
		CREATE TABLE nothing (id int PRIMARY KEY);
	SQL
}

# in_order TABLE ORDER: pages of so many rows give the server's own order
in_order() {
	sql "SELECT CONCAT_WS('/', ${3:-$2}) FROM $db.$1 ORDER BY $2" | sed 's/ DESC//' >"$tmp/want"
	for in_order_rows in 1 7 100000; do
		live -q --table "$db.$1" --page-rows $in_order_rows
		rows_of "$1" >"$tmp/got"
		same "$tmp/got" "$tmp/want" "$db_kind: $1 in the server's order, $in_order_rows rows a page"
	done
}

orders() {
	in_order words k
	in_order latin k
	in_order many 'a, e, b, d, c' 'a, e, b, d, LOWER(HEX(c))'
	in_order falling 'a DESC, b' 'a, b'
	live --exclude "$db.big"
	is "$rc" 0 "$db_kind: all tables"
	is "$(members 'done' '"\(.table) \(.rows)"' | sort | paste -sd' ')" "$(for t in falling keyless latin many members nothing numbers prefix words; do
		echo "$t $(sql "SELECT COUNT(*) FROM $db.$t")"; done | paste -sd' ')" "$db_kind: each is done, with its rows"
	is "$(jq -r 'select(.pos) | .pos' "$tmp/events" | sort -u | wc -l)" 1 "$db_kind: all with one position"
	is "$(sed -n 's/.*one pass table=.*\.//p' "$tmp/err" | sort | paste -sd' ')" 'keyless members prefix' \
		"$db_kind: what pages cannot follow is read in one pass"
	live -q --table "$db.numbers" --where 'n % 1000 = 0 -- every thousandth'
	is "$rc $(rows_of numbers | wc -l) $(members 'done' .table)" '0 6 ' "$db_kind: a part of a table, which is not done"
}

# Bytes that their character set does not have, which servers let into those of a single byte
invalid() {
	sql "CREATE TABLE $db.invalid (k varchar(9) CHARACTER SET greek PRIMARY KEY);
		INSERT INTO $db.invalid VALUES (_greek x'61'), (_greek x'62d2'), ('z'), (_greek x'd2')"
	live --table "$db.invalid" --page-rows 1
	is "$rc $(rows_of invalid | sort -u | paste -sd' ') $(members 'done' .rows)" '0 62d2 a d2 z 4' "$db_kind: keys with invalid bytes: every row"
	like "$(cat "$tmp/err")" 'a key has invalid bytes: the table is read in one pass' '  in one pass, which is said'
	sql "DROP TABLE $db.invalid"
}

# An account that sees tables of which it may read some
unreadable() {
	sql "CREATE USER ${db}_u@'%' IDENTIFIED BY '$db_password'; GRANT SELECT ON $db.numbers TO ${db}_u@'%'; GRANT INSERT ON $db.nothing TO ${db}_u@'%'"
	at_exit "db_socket='$db_socket'; sql 'DROP USER IF EXISTS ${db}_u@\"%\"'"
	[ "$db_kind" = mariadb ] || sql "GRANT REPLICATION CLIENT, XA_RECOVER_ADMIN ON *.* TO ${db}_u@'%'"
	run dump-reader -q --check --config "$tmp/config.json" --user "${db}_u" --table "$db.n*"
	is "$rc $(jq -r '.level + " " + .advice' "$tmp/out")" "0 warning GRANT SELECT ON \`$db\`.\`nothing\` TO '${db}_u'@'%'" \
		"$db_kind: --check: a table that cannot be read is told, and nothing is well"
	run dump-reader -q --check --config "$tmp/config.json" --user "${db}_u" --table "$db.numbers"
	is "$rc $(jq -r .level "$tmp/out")" '0 ok' '  but without it'
	sql "DROP USER ${db}_u@'%'"
}

# Each row at least once, under one S0, however often it is killed.
killed() { # JOBS SEED
	: >"$tmp/all"
	token='' n=0 seed=$2
	while [ $n -lt 12 ]; do
		n=$((n + 1)) seed=$(((seed * 1103515245 + 12345) % 2147483648))
		# shellcheck disable=SC2086
		python3 "$tmp/cut.py" $((1700 + seed / 65536 % 1500)) "$bin/dump-reader" -q --live --config "$tmp/config.json" \
			--table "$db.big" --page-rows 200 --jobs "$1" ${token:+--resume "$token"} >"$tmp/events"
		cat "$tmp/events" >>"$tmp/all"
		[ -z "$(members 'done' .table)" ] || break
		token=$(members progress .resume | tail -n 1)
		[ -n "$token" ] || break
	done
	mv "$tmp/all" "$tmp/events"
	diag "$db_kind: $n runs, $(rows_of big | wc -l) rows"
	ok "$db_kind: a load with --jobs $1 is killed, more than once" test $n -gt 2
	is "$(rows_of big | sort -un | wc -l)" 6000 "$db_kind: each row comes"
	is "$(jq -r 'select(.row) | .pos' "$tmp/events" | sort -u | wc -l)" 1 "$db_kind: all with the first S0"
}

tokens() {
	live -q --table "$db.big" --resume nonsense
	is "$rc" 2 "$db_kind: what is no token is wrong use"
	other=$(printf '%s' "$token" | sed 's/"server":"[^"]*"/"server":"another"/')
	live -q --table "$db.big" --resume "$other"
	is "$rc" 4 "$db_kind: a token of another server is refused"
	later=$(printf '%s' "$token" | sed 's/"s0":"\([^:"]*\):[0-9]*"/"s0":"\1:99999999999"/g')
	live -q --table "$db.big" --resume "$later"
	is "$rc" 4 "$db_kind: and one of a position that the server has not reached"
	live -q --source another --table "$db.big"
	is "$rc" 4 "$db_kind: a server that is not the source is refused"
	live -q --table "$db.absent"
	is "$rc" 1 "$db_kind: a table that is not there is missed"
	echo >"$tmp/no.password"
	live -q --socket "$db_socket" --user root --password-file "$tmp/no.password" --max-lag 1 --table "$db.nothing"
	is "$rc" 2 "$db_kind: the delay of a server that is no replica"
	sql "ALTER TABLE $db.big ADD COLUMN since int"
	live --table "$db.big" --resume "$token"
	is "$rc $(rows_of big | sort -un | wc -l)" '0 6000' "$db_kind: altered while it stood still: all of it anew"
	like "$(cat "$tmp/err")" 'altered while it was read.*big' '  which is said'
	isnt "$(members 'done' .pos)" "$(jq -rn --argjson t "$token" '$t.s0')" '  with a position of its own'
}

# Something happens to one of two tables in the middle.
spawn_live() {
	rm -f "$tmp/live.out"
	spawn live dump-reader --live --config "$tmp/config.json" "$@"
}
some_rows() { [ "$(grep -c "\"table\":\"$1\".*\"row\"" "$tmp/live.out")" -gt 1000 ]; }
meanwhile() {
	sql "CREATE TABLE $db.other LIKE $db.big; INSERT INTO $db.other SELECT * FROM $db.big"
	spawn_live --table "$db.big" --table "$db.other" --rate 4000
	ok "$db_kind: rows come" wait_until 20 some_rows big
	sql "ALTER TABLE $db.big DROP COLUMN since, ADD COLUMN later int NOT NULL DEFAULT 7"
	ok "$db_kind: it ends well" finish 60 "$spawned"
	cp "$tmp/live.out" "$tmp/events"
	like "$(cat "$tmp/live.err")" 'altered while it was read.*big' "$db_kind: a table altered while it is read is told"
	is "$(jq -c 'select(.row.later == 7) | .key' "$tmp/events" | sort -u | wc -l)" 6000 "$db_kind: and is read again, as it is now"
	is "$(members schema 'select(.table == "big") | .pos' | tail -n 1)" "$(members 'done' 'select(.table == "big") | .pos')" \
		"$db_kind: its definition and its rows have a new position"
	is "$(members 'done' 'select(.table == "other") | .rows')" 6000 "$db_kind: the other one goes on"

	spawn_live --table "$db.big" --table "$db.other" --rate 4000
	ok "$db_kind: rows come" wait_until 20 some_rows big
	sql "DROP TABLE $db.big"
	finish 60 "$spawned"
	cp "$tmp/live.out" "$tmp/events"
	is "$rc" 1 "$db_kind: a table dropped while it is read is an error"
	like "$(cat "$tmp/live.err")" 'ERROR.*big is gone' '  which is told'
	is "$(members 'done' '"\(.table) \(.rows)"')" 'other 6000' '  and the other is complete'
}

for kind in mariadb mysql; do
	"need_$kind"
	tables
	orders
	invalid
	unreadable
	killed 1 $$
	killed 3 $$
	tokens
	meanwhile
	sql "DROP DATABASE $db"
done
done_testing
