#!/bin/sh
# A table's life: later tables join, lost positions lead to a new load, dead letters are replayed.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

own_database mariadb
need_opensearch
db=life_$$
at_exit "es DELETE '/$db.*' >/dev/null 2>&1"
sql "CREATE DATABASE $db; USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(50), d date); CREATE TABLE b (id int PRIMARY KEY, v varchar(50));
	INSERT INTO a SELECT seq, 'a', NULL FROM seq_1_to_2000; INSERT INTO b SELECT seq, 'b' FROM seq_1_to_2000;"

### one table, then another

m2e_config "$db.a"
m2e_start
ok 'the first table is in step' wait_until 60 all_syncing "$db.a" || m2e_log
is "$(es GET "/_alias/$db.a" | jq -r 'keys[]' | sed 's/@[0-9]*$/@/')" "$db.a@" 'its index stands behind an alias'
m2e_stop
m2e_config "$db.a" "$db.b"
sql "UPDATE $db.a SET v = 'while away' WHERE id < 10; UPDATE $db.b SET v = 'before its load' WHERE id < 10"
m2e_start
sql "INSERT INTO $db.a VALUES (5000, 'meanwhile', NULL); INSERT INTO $db.b VALUES (5000, 'meanwhile')"
ok 'a table that is added joins the running set' wait_until 60 all_syncing "$db.a" "$db.b" || m2e_log
sql "UPDATE $db.b SET v = 'after' WHERE id BETWEEN 100 AND 200; DELETE FROM $db.b WHERE id > 1900"
ok 'both go on' wait_caught_up 30
ok 'and hold what the tables hold' index_equals "$db.a" "$db.b" || m2e_log
m2e -c "$tmp/m2e.json" status >"$tmp/status" 2>&1
like "$(cat "$tmp/status")" "$db.b +syncing" 'm2e status shows it'
like "$(cat "$tmp/status")" '^retention: the stored position .* is ' 'and how long the position is kept'
m2e -c "$tmp/m2e.json" check >"$tmp/told" 2>&1
like "$(cat "$tmp/told")" '^ok +position +the stored position' 'as m2e check does'
M2E_DATABASE_PORT=1 m2e -c "$tmp/m2e.json" status >"$tmp/told" 2>&1
is "$? $(grep -c -e '^retention' -e ERROR "$tmp/told") $(grep -c "$db.b .*syncing" "$tmp/told")" '0 0 1' 'also with the database away'
is "$(m2e -c "$tmp/m2e.json" status --json | jq -c '[.running, (.tables | length)]')" '[true,2]' 'also as JSON'
ok 'm2e check is content' m2e -c "$tmp/m2e.json" check
like "$(cat "$tmp/out")" '^ok +binlog_format' 'and names the settings'

### one leaves, and comes back

m2e_stop
m2e_config "$db.a"
m2e_start
sql "UPDATE $db.b SET v = 'unfollowed' WHERE id = 300; INSERT INTO $db.a VALUES (5005, 'followed', NULL)"
ok 'without the other table' wait_caught_up 30
is "$(es GET "/$db.b/_doc/300" | jq -r ._source.v)" b 'which is not followed'
m2e_stop
m2e_config "$db.a" "$db.b"
m2e_start
ok 'it joins again' wait_until 30 sh -c "m2e-state --state '$tmp/state' get covered | grep -q $db.b" || m2e_log
ok 'and catches up' wait_caught_up 30
ok 'with all that it missed' index_equals "$db.a" "$db.b" || m2e_log

### ALTER TABLE while it streams

sql "ALTER TABLE $db.a ADD COLUMN later int; UPDATE $db.a SET later = 7 WHERE id = 1; INSERT INTO $db.a VALUES (5001, 'new', NULL, 8)"
ok 'a new column is followed' wait_caught_up 30
ok 'under its name' index_equals "$db.a" || m2e_log
is "$(es GET "/$db.a/_mapping" | jq -r '.[].mappings.properties.later.type')" integer 'its mapping came before its first row'
is "$(table_status "$db.a")" syncing 'a nullable column without default leaves the table in step'
sql "ALTER TABLE $db.b MODIFY v varchar(60) NOT NULL DEFAULT 'x'"
ok 'another change makes it stale' wait_until 30 sh -c "[ \"\$(m2e-state --state '$tmp/state' get table $db.b status)\" = stale ]"

### poison

sql "SET sql_mode = 'ALLOW_INVALID_DATES'; INSERT INTO $db.a VALUES (6000, 'poison', '2026-02-31', 1), (6001, 'gone later', '2026-02-31', 1), (6002, 'good', '2026-02-28', 1);
	UPDATE $db.a SET v = 'beside it' WHERE id = 2; DELETE FROM $db.a WHERE id = 6001;"
ok 'a refused document holds nothing up' wait_caught_up 30
# an insert that waited together with its delete is not sent
like "$(jq -r '.event.key[0]' "$tmp/state/dead.ndjson" | sort | paste -sd ' ')" '^6000( 6001)?$' 'it is in the dead-letter file'
like "$(jq -c .error "$tmp/state/dead.ndjson")" 'document_parsing_exception|mapper_parsing_exception' 'with the reason'
is "$(es GET "/$db.a/_doc/6002" | jq -r ._source.v)" good 'the rest flows on'
is "$(m2e -c "$tmp/m2e.json" status --json | jq .dead)" "$(grep -c '' "$tmp/state/dead.ndjson")" 'm2e status counts it'
es PUT "/$db.a/_mapping" '{"properties":{"d":{"type":"date","format":"strict_date_optional_time","ignore_malformed":true}}}' >"$tmp/put" ||
	diag "$(cat "$tmp/put") $(es GET "/$db.a/_mapping")"
sql "UPDATE $db.a SET v = 'newer' WHERE id = 6000"
mv "$tmp/state/dead.ndjson" "$tmp/replay.ndjson"
ok 'replayed by key' sh -c "dump-reader --config '$tmp/m2e.json' --keys '$tmp/replay.ndjson' | es-bulk --config '$tmp/m2e.json' --dead-letter '$tmp/state/dead.ndjson'"
ok 'the stream goes on' wait_caught_up 30
ok 'the index is complete, and nothing deleted came back' index_equals "$db.a" || m2e_log
m2e_stop
is "$rc" 0 'it stops cleanly'

### a position that is gone

sql "RESET MASTER; DELETE FROM $db.a WHERE id BETWEEN 300 AND 400; UPDATE $db.b SET v = 'unseen' WHERE id = 50;"
m2e_start
finish 60 "$m2e_pid"
is "$rc" 4 'a lost position ends the run'
like "$(cat "$tmp/m2e.err")" 'm2e load --all' 'and the log says what to do'
ok 'm2e load --all' m2e -c "$tmp/m2e.json" load --all
m2e_start
ok 'everything is loaded again' wait_until 60 all_syncing "$db.a" "$db.b" || m2e_log
sql "INSERT INTO $db.a VALUES (7000, 'in the new epoch', NULL, 2)"
ok 'it streams' wait_caught_up 30
ok 'no ghosts are left' index_equals "$db.a" "$db.b" || m2e_log
is "$(m2e-state --state "$tmp/state" get position epoch)" 1 'positions are in a new epoch'
es DELETE "/$db.b/_doc/60" >/dev/null
ok 'a document that was lost is repaired in it' m2e -q -c "$tmp/m2e.json" verify --repair
is "$(es GET "/$db.b/_doc/60" | jq .found)" true '... and is there'
m2e_stop

sed -i 's/"state_dir"/"on_purged":"resync","state_dir"/' "$tmp/m2e.json"
sql "RESET MASTER; DELETE FROM $db.a WHERE id BETWEEN 500 AND 600; UPDATE $db.b SET v = 'unseen, too' WHERE id = 50;"
m2e_start
ok 'or they are loaded again without a person' wait_until 60 grep -q 'in step table=.*\.b' "$tmp/m2e.err" || m2e_log
sql "INSERT INTO $db.a VALUES (7001, 'in the next epoch', NULL, 2)"
ok 'it streams on' wait_caught_up 30
ok 'and all is there' index_equals "$db.a" "$db.b" || m2e_log
is "$(m2e-state --state "$tmp/state" get position epoch)" 2 'in the next epoch'
before=$(es GET "/_alias/$db.b" | jq -r 'keys[]')
ok 'm2e pause' m2e -c "$tmp/m2e.json" pause "$db.a"
ok 'm2e load --all' m2e -c "$tmp/m2e.json" load --all
is "$(table_status "$db.a")" paused 'leaves out what is paused'
ok 'm2e resume' m2e -c "$tmp/m2e.json" resume "$db.a"
ok 'the others are loaded again' wait_until 60 all_syncing "$db.a" "$db.b" || m2e_log
ok 'a rebuild in a later epoch' m2e -c "$tmp/m2e.json" resync "$db.b"
rebuilt() { [ "$(es GET "/_alias/$db.b" | jq -r 'keys[]')" != "$before" ]; }
ok 'is compared, and swapped' wait_until 60 rebuilt || m2e_log
m2e_stop
is "$rc" 0 'it goes on until it is stopped'

### definitions that nobody knows any more: rows between two statements that changed their table while it was away

sql "USE $db; ALTER TABLE b ADD x int NOT NULL DEFAULT 1; INSERT INTO b (id, v) VALUES (8000, 'between'); DELETE FROM b WHERE id < 20;
	ALTER TABLE b CHANGE x y int NOT NULL DEFAULT 1; ALTER TABLE a ADD x int NOT NULL DEFAULT 1; INSERT INTO a (id) VALUES (8000); DROP TABLE a"
m2e_start
finish 60 "$m2e_pid"
is "$rc" 1 'rows that cannot be named end the run'
like "$(cat "$tmp/m2e.err")" "$db.b: the names of its columns are not known" '... which is told'
before=$(es GET "/_alias/$db.b" | jq -r 'keys[]')
sed -i 's/"state_dir"/"on_schema_change":"resync","state_dir"/' "$tmp/m2e.json"
m2e_start
ok 'or their table is rebuilt' wait_until 60 rebuilt || m2e_log
ok 'and in step again' wait_until 60 all_syncing "$db.b" || m2e_log
sql "INSERT INTO $db.b VALUES (8001, 'after', 3)"
ok 'it streams on, also behind such rows of a table that is gone' wait_caught_up 30 || m2e_log
ok 'with all that the table holds' index_equals "$db.b" || m2e_log
m2e_stop
is "$rc" 0 'until it is stopped'
done_testing
