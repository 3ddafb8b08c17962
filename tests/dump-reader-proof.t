#!/bin/sh
# dump-reader proves its position, by key and in tables read live: beside 16 writers, and while a commit hangs in
# semi-sync replication, what it reads holds every change up to the position that it names (DESIGN: a position read first proves nothing).
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

rounds_seconds=6 writers=16

status() { if [ "$db_kind" = mysql ]; then echo SHOW BINARY LOG STATUS; else echo SHOW MASTER STATUS; fi; }
prepare() {
	db=proof
	sql "CREATE DATABASE $db; CREATE TABLE $db.t (id int PRIMARY KEY, n int NOT NULL); CREATE TABLE $db.halt (id int PRIMARY KEY)"
	sql_client "$db" <<-'SQL'
		DELIMITER ;;
		CREATE PROCEDURE hammer(w int) BEGIN
			WHILE (SELECT COUNT(*) FROM halt) = 0 DO UPDATE t SET n = n + 1 WHERE id = w; END WHILE;
		END;;
		DELIMITER ;
	SQL
	config "$db.t" >"$tmp/config.json"
	: >"$tmp/keys"
	for w in $(seq "$writers"); do
		sql "INSERT INTO $db.t VALUES ($w, 0)"
		echo '{"op":"insert","db":"'"$db"'","table":"t","key":["'"$w"'"],"row":{}}' >>"$tmp/keys"
	done
	start=$(sql "$(status)" | awk '{ print $1 ":" $2 }')
}

# The log tells what each row's counter was at each position; a snapshot that shows less than at its own is stale.
cat >"$tmp/stale.py" <<'END'
import bisect, json, sys
commits, counts, rows = [], {}, {}
for line in open(sys.argv[1]):
    e = json.loads(line)
    if e["op"] == "update":
        rows[e["key"][0]] = e["row"]["n"]
    elif e["op"] == "commit":
        file, offset = e["pos"].split(":")
        at = (int(file.rsplit(".")[-1]), int(offset))
        for k, n in rows.items():
            counts.setdefault(k, ([], []))
            counts[k][0].append(at)
            counts[k][1].append(n)
        rows = {}
reads = stale = 0
for line in open(sys.argv[2]):
    pos, k, n = line.split()
    file, offset = pos.split(":")
    at, ns = counts.get(k, ([], []))
    i = bisect.bisect_right(at, (int(file.rsplit(".")[-1]), int(offset)))
    reads += 1
    stale += i > 0 and int(n) < ns[i - 1]
print(reads, stale)
END
# stale FILE: how many reads in $reads, how many of them older than their position in $old
stale() {
	read -r reads old <<-END
		$(python3 "$tmp/stale.py" "$tmp/log.ndjson" "$1")
	END
}

beside_writers() {
	workers=''
	for w in $(seq "$writers"); do
		spawn "w$w" mariadb --no-defaults -u root -S "$db_socket" -e "CALL $db.hammer($w)"
		workers="$workers $spawned"
	done
	: >"$tmp/reads"
	: >"$tmp/live"
	: >"$tmp/naive"
	end=$(($(date +%s) + rounds_seconds)) failed=0
	# at least so long, and until there are enough of them
	while [ "$(date +%s)" -lt "$end" ] || { [ "$(wc -l <"$tmp/reads")" -le 60 ] && [ "$(date +%s)" -lt $((end + 60)) ]; }; do
		dump-reader -q --config "$tmp/config.json" --keys "$tmp/keys" >"$tmp/read.ndjson" 2>>"$tmp/read.err" || failed=$((failed + 1))
		jq -r 'select(.op == "snapshot") | .pos + " " + .key[0] + " \(.row.n)"' "$tmp/read.ndjson" >>"$tmp/reads"
		# two connections, pages of few rows: each page holds it, whoever reads it, and when
		dump-reader -q --live --config "$tmp/config.json" --page-rows 4 --jobs 2 >"$tmp/read.ndjson" 2>>"$tmp/read.err" || failed=$((failed + 1))
		jq -r 'select(.op == "snapshot") | .pos + " " + .key[0] + " \(.row.n)"' "$tmp/read.ndjson" >>"$tmp/live"
		# what would happen without a proof
		sql "$(status); SELECT id, n FROM $db.t" | awk 'NR == 1 { pos = $1 ":" $2; next } { print pos, $1, $2 }' >>"$tmp/naive"
	done
	sql "INSERT INTO $db.halt VALUES (1)"
	for w in $workers; do
		finish 20 "$w"
	done
	is "$failed" 0 "$db_kind: every read succeeds" || tail -n 5 "$tmp/read.err" | sed 's/^/# /'
	ok "$db_kind: the log of it" sh -c "binlog-tail -q --config '$tmp/config.json' --from '$start' --until now --table '$db.t' >'$tmp/log.ndjson'"
	stale "$tmp/reads"
	ok "$db_kind: rows were read while they changed" test "$reads" -gt 60
	is "$old" 0 "$db_kind: none of $reads reads beside $writers writers is older than its position"
	stale "$tmp/live"
	ok "$db_kind: tables were read live meanwhile" test "$reads" -gt 60
	is "$old" 0 "$db_kind: none of $reads rows read live is older than its position"
	stale "$tmp/naive"
	diag "$db_kind: without a proof $old of $reads reads would have been"
}

# A commit that is in the log and waits for a replica that does not answer
semi_sync() {
	if [ "$db_kind" = mysql ]; then
		sql "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
			SET GLOBAL rpl_semi_sync_source_enabled = 1, GLOBAL rpl_semi_sync_source_timeout = 4000"
	else
		sql "SET GLOBAL rpl_semi_sync_master_wait_point = 'AFTER_SYNC';
			SET GLOBAL rpl_semi_sync_master_timeout = 4000; SET GLOBAL rpl_semi_sync_master_enabled = 1"
	fi
	echo '{"op":"insert","db":"'"$db"'","table":"t","key":["100"],"row":{}}' >"$tmp/key"
	before=$(sql "$(status)" | cut -f 2)
	spawn insert mariadb --no-defaults -u root -S "$db_socket" -e "INSERT INTO $db.t VALUES (100, 1)"
	moved() { [ "$(sql "$(status)" | cut -f 2)" -gt "$before" ]; }
	ok "$db_kind: the position moves" wait_until 3 moved
	is "$(sql "SELECT COUNT(*) FROM $db.t WHERE id = 100")" 0 "$db_kind: before the row can be seen"
	run dump-reader --config "$tmp/config.json" --keys "$tmp/key"
	is "$rc" 0 "$db_kind: it is read by key meanwhile"
	pos=$(jq -r 'select(.row) | .pos' "$tmp/out")
	if [ "$(jq -r 'select(.row) | .op' "$tmp/out")" = delete ]; then
		ok "$db_kind: not seen yet, and the position is before it" test "${pos#*:}" -le "$before"
	else
		ok "$db_kind: seen, and the position is behind it" test "${pos#*:}" -gt "$before"
	fi
	finish 20 "$spawned"

	before=$(sql "$(status)" | cut -f 2)
	spawn insert mariadb --no-defaults -u root -S "$db_socket" -e "INSERT INTO $db.t VALUES (101, 1)"
	ok "$db_kind: once more the position moves" wait_until 3 moved
	run dump-reader -q --live --config "$tmp/config.json" --jobs 2
	is "$rc" 0 "$db_kind: the table is read live meanwhile"
	pos=$(jq -r 'select(.op == "done") | .pos' "$tmp/out")
	if [ -z "$(jq -r 'select(.row) | select(.key[0] == "101") | .op' "$tmp/out")" ]; then
		ok "$db_kind: the row is not there yet, and S0 is before it" test "${pos#*:}" -le "$before"
	else
		ok "$db_kind: the row is there, and S0 may be behind it" test "${pos#*:}" -ge "$before"
	fi
	finish 20 "$spawned"
}

# One that is prepared: its rows are logged, and nobody sees them yet.
told() { grep -q 'XA transaction is prepared: waiting' "$tmp/$1.err"; }
prepared() {
	echo '{"op":"insert","db":"'"$db"'","table":"t","key":["200"],"row":{}}' >"$tmp/key"
	sql "XA START 'x'; INSERT INTO $db.t VALUES (200, 1); XA END 'x'; XA PREPARE 'x'"
	before=$(sql "$(status)" | awk '{ print $1 ":" $2 }')
	spawn live dump-reader --live --config "$tmp/config.json"
	live=$spawned
	spawn keys dump-reader --config "$tmp/config.json" --keys "$tmp/key"
	keys=$spawned
	ok "$db_kind: while an XA transaction is prepared tables read live wait" wait_until 9 told live
	ok "$db_kind: and so do keys" wait_until 9 told keys
	# who comes and goes meanwhile is not waited for
	sql "XA START 'y'; INSERT INTO $db.t VALUES (201, 1); XA END 'y'; XA PREPARE 'y'"
	sql "XA COMMIT 'x'"
	ok "$db_kind: until it is finished" finish 20 "$live"
	is "$(jq -r 'select(.op == "done") | .pos' "$tmp/live.out") $(jq -r 'select(.row) | .key[0]' "$tmp/live.out" | tail -n 1)" \
		"$before 200" "$db_kind: its row is there, though S0 is before it"
	ok "$db_kind: keys, too" finish 20 "$keys"
	isnt "$(jq -r 'select(.row) | .op' "$tmp/keys.out")" '' "$db_kind: and tell what S0 shows"

	if [ "$db_kind" = mariadb ]; then # it takes 10 seconds
		spawn live dump-reader --live --config "$tmp/config.json"
		live=$spawned
		spawn keys dump-reader --config "$tmp/config.json" --keys "$tmp/key"
		keys=$spawned
		run dump-reader --config "$tmp/config.json" --take-dump "$tmp/xa.sql" --table "$db.t"
		is "$rc" 1 "$db_kind: no dump is taken while it stays prepared"
		like "$(cat "$tmp/err")" 'XA' "$db_kind: which is said"
		for one in live keys; do
			eval "finish 30 \$$one"
			is "$rc" 1 "$db_kind: $one gives up"
			like "$(cat "$tmp/$one.err")" 'ERROR.*XA RECOVER' '  and says what to do'
		done
	fi
	sql "XA ROLLBACK 'y'; DELETE FROM $db.t WHERE id = 200"

	# A dump's own snapshot may fall between PREPARE and COMMIT: it is taken again
	cat >"$tmp/between" <<-END
		#!/bin/sh
		trap '' TERM # 'z' is to be committed
		if [ "\$1" != --version ] && [ ! -e "$tmp/came" ]; then
			: >"$tmp/came"
			mariadb --no-defaults -u root -S "$db_socket" -e "XA START 'z'; INSERT INTO $db.t VALUES (202, 1); XA END 'z'; XA PREPARE 'z'"
			$db_dump "\$@" || exit
			mariadb --no-defaults -u root -S "$db_socket" -e "XA COMMIT 'z'"
			exit
		fi
		exec $db_dump "\$@"
	END
	chmod +x "$tmp/between"
	rm -f "$tmp/came"
	jq --arg program "$tmp/between" '.mysqldump_path = $program' "$tmp/config.json" >"$tmp/between.json"
	run dump-reader --config "$tmp/between.json" --take-dump "$tmp/xa.sql" --table "$db.t"
	is "$rc $(dump-reader -q "$tmp/xa.sql" | jq -r 'select(.row) | .key[0]' | tail -n 1)" '0 202' \
		"$db_kind: a dump beside which one was prepared is taken again"
	sql "DELETE FROM $db.t WHERE id = 202"
}

for kind in mariadb mysql; do
	own_database "$kind" --sync-binlog=1 --innodb-flush-log-at-trx-commit=1
	prepare
	beside_writers
	semi_sync
	if [ "$kind" = mysql ]; then
		# without GTIDs
		for mode in ON_PERMISSIVE OFF_PERMISSIVE OFF; do
			sql "SET GLOBAL gtid_mode = $mode"
		done
		sql "SET GLOBAL rpl_semi_sync_source_enabled = 0; DELETE FROM $db.halt; REVOKE BACKUP_ADMIN ON *.* FROM m2e@'%'"
		start=$(sql "$(status)" | awk '{ print $1 ":" $2 }')
		run dump-reader --config "$tmp/config.json" --keys "$tmp/keys"
		is "$rc" 1 'mysql without GTIDs: what the account may not ask is no proof'
		like "$(cat "$tmp/err")" 'log_status' '  and what it lacks is said'
		ok 'mysql without GTIDs: tables read live are locked for an instant' \
			dump-reader -q --live --config "$tmp/config.json"
		is "$(jq -r 'select(.op == "done") | .pos' "$tmp/out")" "$(sql "$(status)" | awk '{ print $1 ":" $2 }')" '  for their position'
		sql "REVOKE LOCK TABLES ON *.* FROM m2e@'%'"
		run dump-reader -q --live --config "$tmp/config.json"
		is "$rc" 1 '  and without that privilege refused'
		like "$(dump-reader -q --check --config "$tmp/config.json")" '"level":"warning".*GRANT BACKUP_ADMIN ON' '  with a GRANT that helps'
		sql "GRANT LOCK TABLES ON *.* TO m2e@'%'"
		sql "GRANT BACKUP_ADMIN ON *.* TO m2e@'%'"
		rounds_seconds=3
		beside_writers
	else
		sql 'SET GLOBAL rpl_semi_sync_master_enabled = 0'
	fi
	prepared # last: where XA is in use each read waits for a second
	"$root/scripts/server" stop "$server" >/dev/null 2>&1
done

done_testing
