#!/bin/sh
# Values as real servers print them in SELECT: what lib/ makes of them, and of the definitions of their tables.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
# shellcheck source=tests/servers.sh
. "${0%/*}/servers.sh"
rows() { "${bin%/bin}/tests/rows" "$db_socket" "$db" "$1"; }

# Numbers of any size, and their keys: the text of each column beside what lib/ wrote.
numbers() {
	sql "CREATE TABLE numbers (id INT NOT NULL, d DOUBLE, n DECIMAL(30,10) NOT NULL, b BIGINT NOT NULL, u BIGINT UNSIGNED NOT NULL,
		t TIME(6) NOT NULL, m DATETIME(3) NOT NULL, y YEAR NOT NULL, x BIT(33) NOT NULL, h VARBINARY(8) NOT NULL,
		e ENUM('a','b|','c\"') NOT NULL, s SET('x','y','z') NOT NULL, PRIMARY KEY (id, n, b, u, t, m, y, x, h, e, s));
		INSERT INTO numbers SELECT a.i * 256 + b.i, IF(a.i % 2, (RAND(a.i) - 0.5) * POW(10, b.i % 600 - 300), ROUND(RAND(b.i) * 1e6, b.i % 8)),
		(RAND(1) - 0.5) * POW(10, a.i % 20), (RAND(2) - 0.5) * POW(2, a.i % 63), RAND(3) * POW(2, b.i % 64),
		SEC_TO_TIME((RAND(4) - 0.5) * 6000000), FROM_UNIXTIME(RAND(5) * 2000000000), 1901 + a.i % 255, RAND(6) * POW(2, 33),
		UNHEX(LPAD(HEX(a.i * 65536 + b.i), 8, '0')), 1 + a.i % 3, b.i % 8 FROM n a, n b WHERE b.i % 16 = 0" "$db"
	rows numbers | sed 1d >"$tmp/ours"
	sql "SET time_zone = '+00:00'; SELECT id, d, n, b, u, t, m, y, x + 0, LOWER(HEX(h)), e, s FROM numbers" "$db" >"$tmp/theirs"
	python3 - "$tmp/ours" "$tmp/theirs" <<-'END'
		import json, sys
		wrong = 0
		for line, cells in zip(open(sys.argv[1]), open(sys.argv[2])):
		    line, cells = json.loads(line), cells.rstrip("\n").replace("\\\\", "\\").split("\t")
		    row, key = line["row"], line["key"]
		    want = [cells[0]] + cells[2:]
		    if key != want or row["d"] != float(cells[1]) or str(row["u"]) != cells[4] or row["m"] != cells[6].replace(" ", "T") \
		            or row["s"] != [m for m in cells[11].split(",") if m]:
		        wrong += 1
		        print(key, want, row["d"], cells[1])
		print(wrong, "wrong of", sum(1 for _ in open(sys.argv[2])), sum(1 for _ in open(sys.argv[1])))
	END
}

server_says() {
	new_database
	sql "CREATE TABLE n (i INT PRIMARY KEY); INSERT INTO n VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9), (10), (11),
		(12), (13), (14), (15); INSERT INTO n SELECT a.i + 16 * b.i FROM n a, n b WHERE b.i > 0" "$db"
	is "$(numbers)" '0 wrong of 4096 4096' "$db_kind: numbers, times, and their keys"

	sql_client "$db" <"$root/tests/types.sql"
	rows types >"$tmp/types.ndjson"
	is "$(DB_SOCKET=$db_socket DB_KIND=$db_kind PYTHONPATH=$root/tests python3 - "$db" "$tmp/types.ndjson" <<-'END'
		import json, sys
		import compare
		columns = compare.columns_of(sys.argv[1], "types")
		lines = [json.loads(l, parse_int=compare.Number, parse_float=compare.Number) for l in open(sys.argv[2])][1:]
		rows = compare.query(f"SELECT {','.join(compare.expression(n, k) for n, k, _, _ in columns)} FROM `{sys.argv[1]}`.types ORDER BY id")
		wrong = 0
		for line, row in zip(lines, rows):
		    for (name, kind, full, _), cell in zip(columns, row):
		        want = compare.expected(cell, kind, full)
		        # a FLOAT's text has the digits that the server prints
		        if kind != "float" and not compare.same(line["row"][name], want):
		            wrong += 1
		            print(name, line["row"][name], want)
		print(wrong, "wrong", len(lines))
	END
	)" '0 wrong 7' "$db_kind: every type"
}

for kind in $databases; do
	need_database "$kind"
	server_says
	sql "DROP DATABASE $db"
done
done_testing
