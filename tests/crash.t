#!/bin/sh
# Under steady writes something is killed, over and over; at the end nothing is missing, extra or stale.
# ROUNDS and SEED may be set.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

rounds=${ROUNDS:-50}
seed=${SEED:-$(date +%s)}
diag "seed $seed"
random() { # N: 0 to N-1, in $random (in a subshell the seed would stay as it was)
	seed=$(((seed * 1103515245 + 12345) % 2147483648))
	random=$((seed / 65536 % $1))
}

own_engine opensearch
engine=$server engine_port=$server_port
own_database mariadb --innodb-flush-log-at-trx-commit=1 --sync-binlog=1
base=$server base_port=$server_port
sql "CREATE DATABASE crash; USE crash; CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, n int, t text);
	CREATE TABLE b (k varchar(20) PRIMARY KEY, n int) CHARACTER SET utf8mb4;
	INSERT INTO a (n, t) SELECT seq, REPEAT('before ', 20) FROM seq_1_to_30000; INSERT INTO b SELECT CONCAT('k', seq), seq FROM seq_1_to_5000;" ||
	bail 'no tables'

# The writer: small transactions of every kind, for as long as its file is there; an absent server is waited for.
writer() {
	w=0
	while [ -e "$tmp/write" ]; do
		w=$((w + 1))
		# the moments in which nothing is written are the server's own
		sql "USE crash; SET @r = $w; START TRANSACTION;
			INSERT INTO a (n, t) VALUES (@r, 'one'), (@r, 'two'), (@r, 'three');
			UPDATE a SET n = n + 1, t = CONCAT('w', @r) WHERE id % 997 = @r % 997;
			UPDATE a SET id = id + 10000000 WHERE id = @r; COMMIT;
			DELETE FROM a WHERE id % 1009 = @r % 1009 LIMIT 5;
			UPDATE b SET k = CONCAT(k, '~') WHERE n = @r % 5000 AND LENGTH(k) < 18;
			REPLACE INTO b VALUES (CONCAT('k', @r % 3000), @r); DELETE FROM b WHERE k = CONCAT('k', @r % 2999);" \
			2>/dev/null || wait_until 20 sql 'SELECT 1'
		[ $((w % 40)) != 0 ] || sql 'FLUSH BINARY LOGS' 2>/dev/null
	done
}

# The processes of the pipe: those whose parent chain leads to the supervisor.
victims() {
	ps -eo pid=,args= | awk -v dir="$tmp" '$2 ~ /(binlog-tail|dump-reader|es-bulk|m2e-state)$/ && index($0, dir) { print $1 }
		index($0, "m2e -c " dir) && !/awk/ && / run$/ { print $1 }'
}
kill_one() {
	# shellcheck disable=SC2046
	set -- $(victims)
	[ $# -gt 0 ] || return 0
	random $#
	shift "$random"
	kill -9 "$1" 2>/dev/null && kills=$((kills + 1))
	wait_until 10 gone "$1" # one that dies still seems alive for a moment
}
# again: the supervisor runs, whatever became of it
again() {
	alive "$m2e_pid" || m2e_start
}
restart_database() {
	"$root/scripts/server" "$1" "$base"
	"$root/scripts/server" start mariadb "$base" "$base_port" --innodb-flush-log-at-trx-commit=1 --sync-binlog=1 2>"$tmp/restart.err" ||
		{ cat "$tmp/restart.err" >&2; bail 'MariaDB does not come back'; }
}
restart_engine() {
	"$root/scripts/server" "$1" "$engine"
	"$root/scripts/server" start opensearch "$engine" "$engine_port" 2>"$tmp/restart.err" ||
		{ cat "$tmp/restart.err" >&2; bail 'OpenSearch does not come back'; }
}

m2e_config crash.a crash.b
: >"$tmp/write"
writer &
writer_pid=$!
at_exit "rm -f '$tmp/write'; kill $writer_pid 2>/dev/null"
m2e_start
round=0 kills=0 acts=,
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	# a round lasts from nothing to a second and a half, so that kills fall into every state
	random 1500
	sleep "$((random / 1000)).$(printf %03d $((random % 1000)))"
	random 25
	case $random in
	0) restart_database kill ;;
	1) restart_database stop ;;
	2) restart_engine kill ;;
	3) restart_engine stop ;;
	*) kill_one ;;
	esac
	acts=$acts$random,
	again
done
isnt "$(printf %s "$acts" | tr , '\n' | sort -u | wc -l)" 1 'no two rounds need be alike'
ok 'all tables come into step' wait_until 120 all_syncing crash.a crash.b || m2e_log
rm -f "$tmp/write"
wait $writer_pid
again
ok 'the stream catches up' wait_caught_up 90 || m2e_log
diag "rounds $rounds, kills $kills, writes $(sql 'SELECT COUNT(*) FROM crash.a'), position $(m2e-state --state "$tmp/state" get position pos)"
ok 'nothing is missing, extra or stale' index_equals crash.a crash.b || m2e_log
m2e_stop
is "$rc" 0 'it stops cleanly'
is "$(cat "$tmp/state/dead.ndjson" 2>/dev/null)" '' 'no dead letters'
done_testing
