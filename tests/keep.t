#!/bin/sh
# The state directory is backed up while it is in use, and restored; the stream goes back to an earlier place.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

need_mariadb
need_opensearch
new_database
m2e_do() { m2e -c "$tmp/m2e.json" "$@"; }
get() { m2e-state --state "$tmp/state" get "$@"; }
err() { cat "$tmp/err"; }
value() { es GET "/$db.a/_doc/$1" | jq -r ._source.v; }
# spoil ID...: the documents have other values, and the versions that they had
spoil() {
	for id; do
		es PUT "/$db.a/_doc/$id?version_type=external_gte&version=$(es GET "/$db.a/_doc/$id" | jq ._version)" "{\"id\":$id,\"v\":\"spoilt\"}" >/dev/null ||
			bail "the engine refuses"
	done
}

sql "USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(50)); CREATE TABLE b LIKE a; INSERT INTO a VALUES (1, 'loaded'); INSERT INTO b VALUES (1, 'b')"
m2e_config "$db.a"
rc_is 1 'no state to back up' m2e_do backup "$tmp/tar"
m2e_start
ok 'one table is in step' wait_until 60 all_syncing "$db.a" || m2e_log
sql "INSERT INTO $db.a VALUES (2, 'first')"
ok 'it streams' wait_caught_up 30

### backup, restore

ok 'backed up while m2e runs' m2e_do backup "$tmp/tar"
is "$(tar -tf "$tmp/tar" | grep -v '/$' | sort | paste -sd' ')" "./dead.ndjson ./position.json ./schema.ndjson ./tables/$db.a.json" 'the state, and nothing else'
is "$(stat -c %a "$tmp/tar")" 600 'for its owner alone'
rc_is 75 'no restore while m2e runs' m2e_do restore --force "$tmp/tar"
rc_is 75 'nor a rewind' m2e_do rewind 1
sql "INSERT INTO $db.a VALUES (3, 'second'); UPDATE $db.a SET v = 'changed' WHERE id = 2; DELETE FROM $db.a WHERE id = 1; ALTER TABLE $db.a ADD w int; UPDATE $db.a SET w = 7"
ok 'the stream goes on' wait_caught_up 30
m2e_stop
at=$(get position)
rc_is 1 'a state is not written over' m2e_do restore "$tmp/tar"
is "$(get position)" "$at" '... and stays'
mkdir "$tmp/damaged"
for damage in position.json "tables/$db.a.json" schema.ndjson; do
	tar -xf "$tmp/tar" -C "$tmp/damaged"
	printf '{"half":' >"$tmp/damaged/$damage"
	[ "$damage" != schema.ndjson ] || echo '1}' >>"$tmp/damaged/$damage"
	tar -cf "$tmp/tar.damaged" -C "$tmp/damaged" .
	rc_is 1 "a damaged $damage is not restored" m2e_do restore --force "$tmp/tar.damaged"
	is "$(get position)" "$at" '... the state stays'
done
ln -s /etc/passwd "$tmp/damaged/link"
tar -cf "$tmp/tar.damaged" -C "$tmp/damaged" .
rc_is 1 'nor what is no file' m2e_do restore --force "$tmp/tar.damaged"
rc_is 1 'nor what is no backup' m2e_do restore --force "$tmp/m2e.json"
# a restore that is cut off in between leaves nothing that could be run
mkdir "$tmp/bin"
ln -s "$bin"/* "$tmp/bin"
rm "$tmp/bin/m2e"
cp "$bin/m2e" "$tmp/bin"
# shellcheck disable=SC2016
printf '#!/bin/sh\nkill -9 $PPID\n' >"$tmp/bin/sync"
chmod +x "$tmp/bin/sync"
"$tmp/bin/m2e" -c "$tmp/m2e.json" restore --force "$tmp/tar" 2>"$tmp/err"
is "$?" 137 'a restore is killed'
rc_is 1 'what it leaves is not run' timeout 60 m2e -c "$tmp/m2e.json" run
ok 'it is repeated' m2e_do restore --force "$tmp/tar"
isnt "$(get position)" "$at" 'the position is the older one'
m2e_config "$db.?"
m2e_start
ok 'it goes on from there, and a table comes in' wait_until 60 all_syncing "$db.a" "$db.b" || m2e_log
ok '... to now' wait_caught_up 30
ok '... and all is as it is' index_equals "$db.a" "$db.b" || m2e_log
is "$(grep -c '"name":"w"' "$tmp/state/schema.ndjson")" 1 'the schema history holds each definition once'

### rewind

sql "INSERT INTO $db.a VALUES (4, 'x', 1); INSERT INTO $db.b VALUES (4, 'b')"
wait_until 10 sh -c "[ \$(date +%s) -gt $(date +%s) ]"
between=$(server_position)
time=$(date +%s)
wait_until 10 sh -c "[ \$(date +%s) -gt $time ]"
after=$(server_position)
sql "INSERT INTO $db.a VALUES (5, 'y', 1)"
wait_caught_up 30
m2e_stop
b_from=$(get covered | sed -n "s/^$db.b	//p")
b_s0=$(get table "$db.b" s0)
spoil 4 5
run m2e_do rewind
like "$(cat "$tmp/out")" '^oldest: +[a-z.]+[0-9]+:4 20' 'the range that is possible'
at=$(get position)
for where in mysql-bin.999999:4 1 2000-01-01 "7/$at" "${at%:*}:99999999999"; do
	rc_is 4 "out of it: $where" m2e_do rewind "$where"
done
for where in 2999-01-01 'next tuesday' nonsense; do
	rc_is 2 "not there yet, or no time: $where" m2e_do rewind "$where"
done
is "$(get position)" "$at" 'the position stays'
ok 'to a time' m2e_do -v rewind "$(date -u -d "@$time" +%Y-%m-%dT%H:%M:%SZ)"
like "$(get position)" "^${between%:*}:" 'it is in the log'
found=$(get position | sed 's/.*://')
ok 'where what was logged by then ends' sh -c "[ $found -ge ${between#*:} ] && [ $found -le ${after#*:} ]"
m2e_start
ok 'what changed since is sent again' wait_until 30 sh -c "[ \"\$(curl -sS -K '$tmp/curlrc' '$es_url/$db.a/_doc/5' | jq -r ._source.v)\" = y ]" || m2e_log
wait_caught_up 30
m2e_stop
spoil 5
ok 'to a position within a transaction' m2e_do rewind "${between%:*}:$((${between#*:} + 20))"
is "$(get position)" "$between" 'is to its beginning'
ok 'to the beginning' m2e_do rewind "$(m2e_do rewind | sed -n 's/oldest: *\([^ ]*\).*/\1/p')"
is "$(get table "$db.b" s0) $(get covered | sed -n "s/^$db.b	//p")" "$b_s0 $b_s0" 'a table that was loaded later counts from there' || diag "$b_from"
rc_is 2 'not forwards' m2e_do rewind "$at"
done_testing
