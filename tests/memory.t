#!/bin/sh
# On one transaction of 100,000 rows no program's peak is more than 24 MiB above what it starts with.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

limit_kib=$((24 * 1024))
case $bin in
*asan*) skip_all 'the sanitizers hold memory of their own' ;;
esac
need_mariadb
need_opensearch
new_database
sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, v varchar(2000))"
m2e_config "$db.t"

peak() { awk '$1 == "VmHWM:" { print $2 }' "/proc/$1/status"; }
m2e_start
ok 'it streams' wait_until 60 all_syncing "$db.t"
wait_until 20 saved_past "$(server_position)"
for program in binlog-tail es-bulk m2e-state; do
	wait_until 20 pgrep -f "^$program .*$tmp" || bail "$program does not run"
	eval "pid_$(echo $program | tr - _)=\$(pgrep -f \"^$program .*$tmp\")"
done
# the first change has passed: connections are open, buffers as an idle stream has them
sql "INSERT INTO $db.t VALUES (-1, 'one')"
wait_caught_up 20
for program in binlog-tail es-bulk m2e-state; do
	name=$(echo $program | tr - _)
	eval "before_$name=\$(peak \$pid_$name)"
done
sql "USE $db; INSERT INTO t SELECT seq, REPEAT('x', 300) FROM seq_1_to_100000"
ok 'the transaction arrives' wait_caught_up 60
is "$(es POST "/$db.t/_refresh" >/dev/null; es GET "/$db.t/_count" | jq .count)" 100001 'whole'
for program in binlog-tail es-bulk m2e-state; do
	name=$(echo $program | tr - _)
	eval "grown=\$((\$(peak \$pid_$name) - before_$name)) from=\$before_$name"
	diag "$program: $from KiB before, $grown KiB more"
	ok "$program stays within the limit" test "$grown" -le $limit_kib
done
m2e_stop

mariadb-dump --no-defaults -u root -S "$db_socket" --single-transaction --master-data=2 --net-buffer-length=16M "$db" t >"$tmp/dump.sql"
reader_growth() { "$root/tests/growth.py" "$bin/dump-reader" -q "$@" 2>/dev/null; } # ARGUMENT...
grown=$(reader_growth --source 1 "$tmp/dump.sql")
diag "dump-reader: $grown KiB more"
ok 'dump-reader stays within its limit' test "$grown" -le $((8 * 1024))
# read live: a connection holds one page, whatever the table's size
for jobs in 1 2; do
	grown=$(reader_growth --live --config "$tmp/m2e.json" --table "$db.t" --jobs $jobs)
	diag "dump-reader --live, jobs $jobs: $grown KiB more"
	ok "dump-reader --live --jobs $jobs stays within the limit" test "$grown" -le $((8 * 1024 * jobs))
done
done_testing
