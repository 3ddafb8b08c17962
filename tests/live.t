#!/bin/sh
# Tables are read live, by two connections, while writers change their rows and keys as fast as they can; once the
# load is over and they rest, the index equals the tables. On both servers.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

writers=2

tables() {
	new_database
	{ echo "USE $db;"; cat <<-'SQL'; } | sql
		CREATE TABLE digits (d int PRIMARY KEY);
		INSERT INTO digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
		CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, n int, t varchar(400));
		INSERT INTO a (n, t) SELECT b.d, REPEAT('before ', 40) FROM digits a, digits b, digits c, digits d WHERE a.d < 8;
		CREATE TABLE b (k varchar(40), part int, n int, PRIMARY KEY (k, part));
		INSERT INTO b SELECT CONCAT(CHAR(97 + a.d), b.d, c.d, d.d), e.d, 0 FROM digits a, digits b, digits c, digits d, digits e WHERE a.d < 5 AND b.d < 4 AND e.d < 2;
		CREATE TABLE halt (id int PRIMARY KEY);
	SQL
	sql_client "$db" <<-'SQL'
		DELIMITER ;;
		CREATE PROCEDURE hammer() BEGIN
			DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END; -- two of them meet
			WHILE (SELECT COUNT(*) FROM halt) = 0 DO
				SET @i = FLOOR(RAND() * 12000), @k = CONCAT(CHAR(97 + FLOOR(RAND() * 5)), FLOOR(RAND() * 10), FLOOR(RAND() * 10), FLOOR(RAND() * 10));
				INSERT INTO a (n, t) VALUES (@i, 'new');
				UPDATE a SET n = n + 1, t = CONCAT('changed ', n) WHERE id BETWEEN @i AND @i + 3;
				DELETE FROM a WHERE id = @i + 7;
				UPDATE a SET id = id + 50000 WHERE id = @i + 11;
				UPDATE a SET id = id - 49000 WHERE id = @i + 50011;
				UPDATE b SET k = CONCAT('f', k) WHERE k = @k AND part = 0;
				REPLACE INTO b VALUES (@k, 1, @i);
				DELETE FROM b WHERE k = CONCAT('f', @k);
			END WHILE;
		END;;
		DELIMITER ;
	SQL
}

both_loaded() {
	for t in a b; do
		case $(table_status "$db.$t") in
		moved | syncing) ;;
		*) return 1 ;;
		esac
	done
}
beside_writers() {
	tables
	m2e_config "$db.a" "$db.b"
	workers=''
	for w in $(seq $writers); do
		spawn "w$w" mariadb --no-defaults -u root -S "$db_socket" -e "CALL $db.hammer()"
		workers="$workers $spawned"
	done
	m2e_start
	ok "$db_kind: loaded beside $writers writers" wait_until 120 both_loaded || m2e_log
	sql "INSERT INTO $db.halt VALUES (1)"
	for w in $workers; do
		finish 30 "$w"
	done
	diag "$db_kind: rows loaded $(m2e-state --state "$tmp/state" get table "$db.a" rows), changes meanwhile $(sql "SELECT SUM(n) FROM $db.a")"
	ok "$db_kind: they come into step" wait_until 120 all_syncing "$db.a" "$db.b" || m2e_log
	unlike "$(cat "$tmp/m2e.err")" 'dumping' "$db_kind: no dump was taken"
	ok "$db_kind: the stream catches up" wait_caught_up 120 || m2e_log
	ok "$db_kind: the index equals the tables" index_equals "$db.a" "$db.b" || m2e_log
	m2e_stop
	is "$(cat "$tmp/state/dead.ndjson" 2>/dev/null)" '' "$db_kind: no dead letters"
	rm -rf "$tmp/state"
}

export M2E_LOAD_METHOD=live M2E_LOAD_JOBS=2
need_mariadb
need_opensearch
beside_writers
need_mysql
need_elasticsearch
beside_writers
done_testing
