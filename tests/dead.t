#!/bin/sh
# Dead letters are counted, shown, dropped and replayed by key, while others are written; a replay that is killed loses none.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

dead() { m2e -q -c "$tmp/m2e.json" dead "$@"; }
err() { cat "$tmp/err"; }

### without servers

cat >"$tmp/m2e.json" <<-END
	{"state_dir":"$tmp/state"}
END
mkdir "$tmp/state"
letters=$tmp/state/dead.ndjson
letter() { # TABLE KEY
	printf '{"error":{"type":"parsing","reason":"failed [d]","caused_by":{"type":"x","reason":"no \\"date\\"\\n"}},"event":{"op":"insert","db":"d","table":"%s","key":["%s","b"],"row":{"x":"event"}}}\n' "$1" "$2"
}
is "$(dead)" 0 'none yet'
{ letter a 1; letter b 2; echo '[]'; letter a 3; printf '{"error'; } >"$letters"
is "$(dead count) $(dead count d.a) $(dead count 'd.*') $(dead count 2 3 d.b) $(dead count 5)" '4 2 3 2 0' 'counted'
run dead show
is "$(head -n 3 "$tmp/out" | tr -s ' ')" " 1 d.a 1|b parsing: failed [d]: no \"date\"?
 2 d.b 2|b parsing: failed [d]: no \"date\"?
 3 - - not a dead letter" 'shown'
is "$(dead show 2)" "$(letter b 2)" 'one of them whole'
is "$(dead show -v d.a)" "$(letter a 1; letter a 3)" '... or all'
rc_is 2 'dropped only when that is said' m2e -c "$tmp/m2e.json" dead drop
is "$(dead count)" 4 '... and not before'
ok 'by number' dead drop --yes 3
ok 'by table' dead drop --yes d.b
is "$(cat "$letters")" "$(letter a 1; letter a 3)" '... the others stay'
rc_is 2 'not a table' dead replay 1
# what was taken stands in the file no longer, or not where it was: nothing is guessed
{ letter b 9; letter a 1; } >"$tmp/taken"
letter c 7 >"$tmp/again"
ok 'somebody else took one' m2e-state --state "$tmp/state" dead settle "$tmp/taken" "$tmp/again"
is "$(cat "$letters")" "$(letter a 1; letter a 3; letter c 7)" '... the letters stay, new ones are added'
letter a 3 >"$tmp/taken"
: >"$tmp/again"
ok 'one is settled' m2e-state --state "$tmp/state" dead settle "$tmp/taken" "$tmp/again"
is "$(cat "$letters")" "$(letter a 1; letter c 7)" '... and no other'

### beside an es-bulk that runs

need_mariadb
need_opensearch
new_database
poison() { # KEY [DATE]
	printf '{"op":"insert","db":"%s","table":"p","key":["%s"],"pos":"b.000001:%s","row":{"id":%s,"d":"%s"}}\n' "$db" "$1" "$1" "$1" "${2:-none}"
	printf '{"op":"commit","pos":"b.000001:%s5"}\n' "$1"
}
acknowledged() { grep -q "b.000001:${1}5" "$tmp/acks"; }
keys() { jq -r '.event.key[0]' "$letters" | paste -sd' '; }
mkfifo "$tmp/fifo"
rm "$letters"
: >"$tmp/acks"
es-bulk --url "$es_url" --dead-letter "$letters" --max-dead 2 <"$tmp/fifo" >"$tmp/acks" 2>"$tmp/bulk.err" &
bulk=$!
tap_pids="$tap_pids $bulk"
exec 9>"$tmp/fifo"
printf '{"op":"source","server":"1","epoch":0}\n{"op":"schema","db":"%s","table":"p","key":["id"],"columns":[{"name":"id","type":"int"},{"name":"d","type":"date"}],"pos":"b.000001:4"}\n' "$db" >&9
{ poison 10; poison 11; } >&9
ok 'two are refused' wait_until 30 acknowledged 11 || diag "$(cat "$tmp/bulk.err")"
ok 'one of them is dropped meanwhile' dead drop --yes 1
poison 12 >&9
ok 'another one comes' wait_until 30 acknowledged 12 || diag "$(cat "$tmp/bulk.err")"
like "$(keys)" '^1[01] 12$' '... into the file that is there now, which has room again'
mv "$letters" "$tmp/moved"
poison 13 >&9
ok 'the file is moved away' wait_until 30 acknowledged 13
is "$(keys)" 13 '... and there is a new one'
printf '{"half' >>"$letters"
poison 14 >&9
ok 'half a line of another that was killed' wait_until 30 acknowledged 14
is "$(keys)" '13 14' '... is cut off'
poison 15 >&9
finish 30 "$bulk"
is "$rc" 1 'what others wrote counts for --max-dead'
exec 9>&-
es DELETE "/$db.*" >/dev/null
rm -rf "$tmp/state"

### replayed, beside a stream

sql "USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(50), d date); CREATE TABLE b LIKE a; INSERT INTO a VALUES (1, 'x', NULL)"
m2e_config "$db.?"
m2e_start
ok 'in step' wait_until 60 all_syncing "$db.a" "$db.b" || m2e_log
sql "SET sql_mode = 'ALLOW_INVALID_DATES'; USE $db; INSERT INTO a VALUES (2, 'old', '2026-02-31'), (3, 'goes', '2026-02-31'), (4, 'stays', '2026-02-31');
	INSERT INTO b VALUES (2, 'b', '2026-02-31'); DELETE FROM a WHERE id = 3; UPDATE a SET v = 'new', d = '2026-02-28' WHERE id = 2"
ok 'refused' wait_caught_up 30
letters=$tmp/state/dead.ndjson
like "$(keys | tr ' ' '\n' | sort | paste -sd' ')" '2 2( 3)? 4' '... are in the file'
n=$(dead count)
sorted() { sort "$letters" | sha256sum; }
before=$(sorted)

# m2e among programs of which one kills it, or what it waits for, instead of, or after, what it does
mkdir "$tmp/bin"
cp "$bin/m2e" "$tmp/bin/"
cat >"$tmp/bin/dump-reader" <<-END
	#!/bin/sh
	case "\$KILL_AT" in
	*after*) "$bin/\${0##*/}" "\$@"; rc=\$? ;;
	esac
	case "\${0##*/} \$* " in
	*" \${KILL_AT%% after} "* | "\${KILL_AT%% after} "*)
		kill -9 "\$(cat "$tmp/pid")"
		case "\$KILL_AT" in *after*) exit \$rc ;; *) kill -9 \$\$ ;; esac
		;;
	esac
	case "\$KILL_AT" in *after*) exit \$rc ;; esac
	exec "$bin/\${0##*/}" "\$@"
END
chmod +x "$tmp/bin/dump-reader"
ln -s dump-reader "$tmp/bin/es-bulk"
ln -s dump-reader "$tmp/bin/m2e-state"
for at in dump-reader 'dump-reader after' es-bulk 'es-bulk after' settle; do
	KILL_AT=$at sh -c 'echo $$ >"$0"; exec "$@"' "$tmp/pid" "$tmp/bin/m2e" -c "$tmp/m2e.json" dead replay "$db.a" >"$tmp/out" 2>"$tmp/err"
	is "$?" 137 "a replay is killed: $at"
	ok '... all its programs end' wait_until 30 flock -n "$tmp/state/dead.ndjson.lock" true
	is "$(dead count) $(sorted)" "$n $before" '... and every letter is there'
done
exec 9>"$tmp/state/dead.ndjson.lock"
flock 9
rc_is 75 'one at a time' dead replay
exec 9>&-
m2e -c "$tmp/m2e.json" dead replay "$db.a" 2>"$tmp/err"
is "$?" 3 'replayed' || diag "$(err)"
is "$(jq -r '[.event.table, .event.key[0], .event.op] | join(" ")' "$letters" | sort | paste -sd,)" 'a 4 snapshot,b 2 insert' '... one is refused again, the other table not touched'
is "$(es GET "/$db.a/_doc/2" | jq -r ._source.v)" new 'a row is there as it is now'
is "$(es GET "/$db.a/_doc/3" 2>/dev/null | jq .found)" false '... and what is gone stays so'
sql "USE $db; UPDATE a SET d = NULL WHERE id = 4; DELETE FROM b"
ok 'the stream goes on' wait_caught_up 30
rc_is 0 'all tables' dead replay
is "$(dead count)" 0 'none is left'
ok 'the tables are in step' m2e -q -c "$tmp/m2e.json" verify
sql "SET sql_mode = 'ALLOW_INVALID_DATES'; INSERT INTO $db.a VALUES (9, 'later', '2026-02-31')"
ok 'the stream that ran all along' wait_caught_up 30
is "$(keys)" 9 '... writes to the file that is there now'
ok 'nothing is left over' test ! -e "$tmp/state/replay"
m2e_stop
is "$rc" 3 'it stops, and says that there are letters'
done_testing
