#!/bin/sh
# Tables come, go, pause and are rebuilt while m2e runs, and somebody writes all the time.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

need_database "${DATABASE:-mariadb}"
need_"${ENGINE:-opensearch}"
new_database
sql "USE $db; CREATE TABLE a (id int PRIMARY KEY AUTO_INCREMENT, v varchar(50), n int); CREATE TABLE b LIKE a; CREATE TABLE c LIKE a;
	INSERT INTO a (v, n) VALUES ('first', 0), ('second', 0), ('third', 0), ('fourth', 0);
	INSERT INTO a (v, n) SELECT x.v, y.id FROM a x, a y, a z, a w; INSERT INTO a (v, n) SELECT x.v, x.id FROM a x, a y LIMIT 5000;
	INSERT INTO b SELECT * FROM a; INSERT INTO c SELECT * FROM a LIMIT 100;"

cat >"$tmp/writer" <<'SH'
n=0
while [ -e "$1/writing" ]; do
	n=$((n + 1))
	for t in a b c; do
		echo "INSERT INTO $t (v, n) VALUES ('w', $n); UPDATE $t SET n = $n WHERE id % 97 = $n % 97; DELETE FROM $t WHERE id % 2111 = $n % 2111;"
	done
	sleep 0.05
done
SH
writing() {
	: >"$tmp/writing"
	spawn writer sh -c "sh '$tmp/writer' '$tmp' | mariadb --no-defaults --force -u root -S '$db_socket' $db"
	writer=$spawned
}
quiet() {
	rm "$tmp/writing"
	finish 20 "$writer"
	cat "$tmp/writer.err" >&2
}
m2e_does() { m2e -c "$tmp/m2e.json" "$@"; }
in_step() { # NAME TABLE...: what they hold, without the writer
	in_step_name=$1
	shift
	quiet
	ok "$in_step_name: caught up" wait_caught_up 30 || m2e_log
	ok "$in_step_name: documents equal rows" index_equals "$@" || m2e_log
	writing
}
index_of() { es GET "/_alias/$1" | jq -r 'keys | join(" ")'; }
no_rebuild() { [ -z "$(m2e-state --state "$tmp/state" --rebuild get tables)" ]; }
rebuilt_from() { no_rebuild && [ "$(index_of "$1")" != "$2" ]; }
is_stale() { [ "$(table_status "$1")" = stale ]; }

m2e_config "$db.a"
writing
m2e_start
ok 'the first table is in step' wait_until 60 all_syncing "$db.a" || m2e_log

### add

ok 'm2e add' m2e_does add "$db.b"
ok 'it joins' wait_until 60 all_syncing "$db.b" || m2e_log
rc_is 1 'a table that is not there' m2e_does add "$db.nothing"
like "$(cat "$tmp/err")" "no such table: $db.nothing" 'is named'
in_step 'add' "$db.a" "$db.b"

### pause, resume

ok 'm2e pause' m2e_does pause "$db.b"
is "$(table_status "$db.b")" paused 'when the command ends it is paused'
sql "INSERT INTO $db.b (id, v) VALUES (100000, 'while it is paused'); INSERT INTO $db.a (id, v) VALUES (100000, 'of another')"
ok 'the others go on' wait_caught_up 30
is "$(es GET "/$db.a/_doc/100000" | jq -r ._source.v)" 'of another' 'with their changes'
is "$(es GET "/$db.b/_doc/100000" | jq -r .found)" false 'it does not'
m2e_stop
m2e_start
ok 'also over a restart' wait_caught_up 30
is "$(table_status "$db.b")" paused 'it is still paused'
ok 'm2e resume' m2e_does resume "$db.b"
ok 'it joins again' wait_until 60 all_syncing "$db.b" || m2e_log
in_step 'resume' "$db.a" "$db.b"

### rebuild

before=$(index_of "$db.b")
sql "ALTER TABLE $db.b ADD COLUMN filled int NOT NULL DEFAULT 7"
ok 'a column that fills rows makes it stale' wait_until 30 is_stale "$db.b"
ok 'm2e resync' m2e_does resync "$db.b"
fewer=0 looks=0
until rebuilt_from "$db.b" "$before" || [ $looks = 600 ]; do
	looks=$((looks + 1))
	[ "$(es GET "/$db.b/_count" | jq .count)" -gt 200 ] 2>/dev/null || fewer=$((fewer + 1))
	sleep 0.1
done
ok 'it is rebuilt' rebuilt_from "$db.b" "$before" || m2e_log
is "$fewer" 0 'readers never find less'
is "$(table_status "$db.b")" syncing 'it is in step'
is "$(es GET "/$db.b/_doc/100000" | jq ._source.filled)" 7 'rows that nobody has touched have the column'
ok 'the old index is kept' es GET "/$before/_count"
in_step 'resync' "$db.a" "$db.b"

# killed at any moment
seed=${SEED:-$(date +%s)}
echo "# SEED=$seed"
for round in $(seq "${KILLS:-3}"); do
	before=$(index_of "$db.b")
	m2e_does -q resync "$db.b" 2>/dev/null
	sleep "$(awk -v seed="$seed$round" 'BEGIN { srand(seed); print rand() * 2.5 }')"
	kill -9 "$m2e_pid"
	finish 5 "$m2e_pid"
	m2e_start
	wait_until 60 rebuilt_from "$db.b" "$before" || { fail "killed in a rebuild, round $round"; m2e_log; }
	wait_until 60 all_syncing "$db.a" "$db.b" || { fail "killed in a rebuild, round $round: in step again"; m2e_log; }
done
in_step 'killed in a rebuild' "$db.a" "$db.b"
aliases() { es GET "/_cat/aliases/$db.b*?h=alias" | tr -d ' ' | sort -u | paste -sd' '; }
is "$(aliases)" "$db.b" 'no other alias is left'

ok 'm2e resync again' m2e_does resync "$db.b"
ok 'm2e resync --cancel' m2e_does resync --cancel "$db.b"
ok 'leaves nothing' no_rebuild
is "$(aliases)" "$db.b" 'nor an alias'

### reload

cp "$tmp/m2e.json" "$tmp/right.json"
echo '{"database":{"tables":"oops"' >"$tmp/m2e.json"
kill -HUP "$m2e_pid"
ok 'SIGHUP with a broken configuration' wait_until 20 grep -q 'configuration stays as it was' "$tmp/m2e.err"
sed 's/"state_dir"/"on_schema_change":"never","state_dir"/' "$tmp/right.json" >"$tmp/m2e.json"
rc_is 2 'm2e reload with a wrong value' m2e_does reload
like "$(cat "$tmp/err")" 'on_schema_change' 'names the key'
m2e_config "$db.*"
sed -i 's/"state_dir"/"on_schema_change":"resync","load":{"keep_old":0},"state_dir"/' "$tmp/m2e.json"
ok 'm2e reload' m2e_does reload
like "$(cat "$tmp/err")" 'configuration now: *on_schema_change=resync' 'tells what changed'
ok 'a table that is chosen now is loaded' wait_until 60 all_syncing "$db.a" "$db.b" "$db.c" || m2e_log
in_step 'reload' "$db.a" "$db.b" "$db.c"

### a glob, and on_schema_change

sql "CREATE TABLE $db.d (id int PRIMARY KEY, v int); INSERT INTO $db.d VALUES (1, 1), (2, 2)"
ok 'a table that is made later' wait_until 60 all_syncing "$db.d" || m2e_log
before=$(index_of "$db.d")
sql "ALTER TABLE $db.d ADD COLUMN filled int NOT NULL DEFAULT 7"
ok 'a stale one is rebuilt without being asked for' wait_until 60 rebuilt_from "$db.d" "$before" || m2e_log
is "$(es GET "/$db.d/_doc/2" | jq ._source.filled)" 7 'with its new column'
no_index() { [ -z "$(es GET "/_cat/indices/$1?h=index")" ]; }
ok 'the old index goes when it was kept long enough' wait_until 20 no_index "$before*"
sql "CREATE TABLE $db.f (v int); INSERT INTO $db.f VALUES (1); INSERT INTO $db.d VALUES (3, 3, 3)"
is_paused() { [ "$(table_status "$1")" = paused ]; }
ok 'a table that cannot be kept in step is set aside' wait_until 60 is_paused "$db.f" || m2e_log
ok 'the others go on' wait_caught_up 30
ok 'with their changes' index_equals "$db.d"

# an index that loses a document: a dead letter of that row excuses it, none of another table's
cat >"$tmp/loser" <<-'SH'
	while [ -e "$1/losing" ]; do
		curl -sS -K "$1/curlrc" -X DELETE "$2@rebuild/_doc/2"
		sleep 0.03
	done
SH
loses() { # LETTER-OF-TABLE LOG
	: >"$tmp/losing"
	spawn loser sh "$tmp/loser" "$tmp" "$es_url/$db.d"
	loser=$spawned
	echo "{\"error\":{\"type\":\"t\",\"reason\":\"r\"},\"event\":{\"op\":\"insert\",\"db\":\"$db\",\"table\":\"$1\",\"key\":[\"2\"],\"pos\":\"binlog.000001:4\",\"row\":{\"id\":2}}}" >"$tmp/state/dead.ndjson"
	told=$(($(wc -l <"$tmp/m2e.err") + 1))
	m2e_does -q resync "$db.d"
	wait_until 60 sh -c "tail -n +$told '$tmp/m2e.err' | grep -Eq 'm2e: (the rebuild is given up|rebuilt table).*$db.d'"
	rm "$tmp/losing"
	finish 10 "$loser"
	rm "$tmp/state/dead.ndjson"
	like "$(tail -n +$told "$tmp/m2e.err")" "$2" "an index that loses a document, and a dead letter of $1"
}
loses a "the rebuilt index is not what the table is table=$db.d"
loses d "m2e: rebuilt table=$db.d"
sql "ALTER TABLE $db.f ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY"
ok 'mended and resumed' m2e_does resume "$db.f"
ok 'it joins them' wait_until 60 all_syncing "$db.f" || m2e_log

### remove

ok 'm2e remove --drop-index' m2e_does remove --drop-index "$db.c"
is "$(table_status "$db.c")" removed 'is done when the command ends'
is "$(es GET "/_cat/indices/$db.c*?h=index" | tr -d ' \n')" '' 'with its index'
ok 'm2e remove' m2e_does remove "$db.d"
ok 'keeps the index' es GET "/$db.d/_count"
ok 'm2e reload does not bring them back' m2e_does reload
sql "CREATE TABLE $db.e (id int PRIMARY KEY); INSERT INTO $db.e VALUES (1)"
ok 'nor does a new table' wait_until 60 all_syncing "$db.e"
is "$(table_status "$db.c") $(table_status "$db.d")" 'removed removed' 'they stay removed'
in_step 'remove' "$db.a" "$db.b" "$db.e"
sql "DROP TABLE $db.e"
ok 'a table that is dropped' wait_until 30 is_stale "$db.e"
before=$(index_of "$db.e")
sql "CREATE TABLE $db.e (id int PRIMARY KEY, v int); INSERT INTO $db.e VALUES (5, 5)"
ok 'until it is there again' wait_until 60 rebuilt_from "$db.e" "$before" || m2e_log
is "$(es GET "/$db.e/_search" | jq -c '[.hits.hits[]._id]')" '["5"]' 'without what it had before'
m2e_stop
is "$rc" 0 'it stops cleanly'

### without a run, and a bounded one

ok 'add without a run' m2e_does add "$db.c"
is "$(table_status "$db.c")" created 'is noted'
quiet
rc_is 0 'm2e run --until now' m2e_does run --until now
is "$(table_status "$db.c")" syncing 'loads what is missing'
ok 'and catches up' index_equals "$db.a" "$db.b" "$db.c" "$db.e"
sql "UPDATE $db.c SET v = 'later'; CREATE TABLE $db.g (id int PRIMARY KEY)"
ok 'one that is dropped before its load' m2e_does add "$db.g"
sql "DROP TABLE $db.g"
rc_is 0 'once more' m2e_does run --until now
ok 'and it holds the changes since' index_equals "$db.c"
is "$(table_status "$db.g")" '' 'what is gone is let go'
exec 8>>"$tmp/state/lock"
flock 8
echo $$ >"$tmp/state/pid"
rc_is 75 'while another one runs' m2e_does run --until now
exec 8>&-
done_testing
