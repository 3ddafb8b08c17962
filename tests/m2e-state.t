#!/bin/sh
# shellcheck disable=SC2016,SC2317,SC2329 # scripts of their own, functions that are called by name
# The state directory: what save takes and stores, tables and their statuses, joining, locks, damage.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"

# Lines as es-bulk acknowledges them.
source_line() { printf '{"op":"source","server":"%s","epoch":%s,"version":"10.11.19","created":%s}\n' "${1:-1}" "${2:-0}" "${3:-1795000000}"; }
commit() { printf '{"op":"commit","pos":"%s","gtid":"0-1-7","gtids":"%s","ts":%s,"rows":1}\n' "$1" "${2:-0-1-7}" "${3:-1795000001}"; }
heartbeat() { printf '{"op":"heartbeat","pos":"%s","ts":1795000002}\n' "$1"; }
schema() { printf '{"op":"schema","db":"world","table":"%s","key":["ID"],"columns":[{"name":"%s","type":"int"}],"from":"server","pos":"%s"}\n' "$1" "$2" "$3"; }
ddl() { printf '{"op":"ddl","db":"world","sql":"ALTER TABLE x ADD y INT"%s,"pos":"%s","ts":1795000001}\n' "${2:+,\"tables\":[$2]}" "$1"; }
stale() { printf '{"op":"stale","db":"world","table":"%s","why":"ADD COLUMN with a DEFAULT","pos":"%s"}\n' "$1" "$2"; }
progress() { printf '{"op":"progress","db":"world","table":"%s","rows":%s,"resume":"%s"}\n' "$1" "$2" "$3"; }
loaded() { printf '{"op":"done","db":"world","table":"%s","rows":%s,"pos":"%s"}\n' "$1" "$2" "$3"; }

n=0
fresh() { n=$((n + 1)) dir=$tmp/state$n; }
m() { m2e-state --state "$dir" "$@"; }
# save ARGUMENT... <LINES
save() { m save "$@"; }
got() { run m get "$@"; cat "$tmp/out"; }
# saved NAME WANTED-STATUS LINES [ARGUMENT...]
saved() {
	saved_name=$1 saved_rc=$2
	printf '%s\n' "$3" >"$tmp/in"
	shift 3
	rc_is "$saved_rc" "$saved_name" m save "$@" <"$tmp/in"
}
whole() { jq -e . "$1" >/dev/null 2>&1; }
lines() { grep -c '' "$1"; }
err() { cat "$tmp/err"; }

### the command line

rc_is 0 'help' m2e-state --help
like "$(cat "$tmp/out")" '^usage: m2e-state' 'it is on standard output'
rc_is 0 'version' m2e-state --version
for args in '' 'nonsense' 'get' 'get nonsense' 'set position' 'join' 'save extra' 'show --table a.b' 'get position --json' \
	'save --every x' 'dead' 'dead nonsense' 'dead count 0' 'dead count x' 'dead settle x' '--nonsense' 'get position pos more'; do
	# shellcheck disable=SC2086
	rc_is 2 "wrong use: '$args'" m2e-state --state "$tmp/none" $args
done
rc_is 2 'no state directory is named' m2e-state get position
like "$(err)" 'state_dir' 'which is said'
M2E_STATE_DIR=$tmp/none rc_is 1 'a variable names it' m2e-state get position
printf '{"state_dir":"%s"}' "$tmp/none" >"$tmp/config.json"
rc_is 1 'the configuration names it' m2e-state --config "$tmp/config.json" get position

### nothing there yet

fresh
rc_is 1 'no position yet' m get position
is "$(cat "$tmp/out" "$tmp/err")" '' 'nothing is printed'
rc_is 1 'with -v' m -v get position
like "$(err)" 'no position' 'the reason is'
rc_is 0 'no tables' m get tables
rc_is 0 'nothing is covered' m get covered
rc_is 0 'show of nothing' m show
[ ! -e "$dir" ]
is $? 0 'reading makes no directory'

### positions

saved 'source, commits' 0 "$(source_line; commit binlog.000001:700; commit binlog.000001:900 0-1-8 1795000003.25)"
is "$(got position)" binlog.000001:900 'the newest is stored'
is "$(got position server),$(got position epoch),$(got position created),$(got position gtids),$(got position ts)" \
	'1,0,1795000000,0-1-8,1795000003.25' 'with what belongs to it'
is "$(jq -c . "$dir/position.json")" \
	'{"epoch":0,"server":"1","pos":"binlog.000001:900","created":1795000000,"gtids":"0-1-8","ts":1795000003.25,"tables":{}}' \
	'position.json'
rc_is 2 'no such member' m get position colour
saved 'a heartbeat' 0 "$(source_line; heartbeat binlog.000001:1000)"
is "$(got position)" binlog.000001:1000 'moves it'
rc_is 1 'what is not known of the new place' m get position gtids
saved 'the same again' 0 "$(source_line; commit binlog.000001:1000)"
saved 'a later file' 0 "$(source_line 1 0 1795000000; source_line 1 0 1795000500; commit binlog.000002:4)"
is "$(got position created)" 1795000500 'has its own time of creation'
saved 'by number, not by name' 0 "$(source_line; commit binlog.999999:4; commit binlog.1000000:4)"
is "$(got position)" binlog.1000000:4 'is the order'

saved 'an earlier place' 1 "$(source_line; commit binlog.1000000:100; commit binlog.1000000:50)"
like "$(err)" 'line 3: position binlog.1000000:50 is before the stored binlog.1000000:100' 'is refused, by line'
is "$(got position)" binlog.1000000:100 'what came before it is stored'
saved 'another server in the same epoch' 1 "$(source_line 2; commit binlog.1000000:200)"
like "$(err)" 'of server 2' 'is refused'
saved 'another log in the same epoch' 1 "$(source_line; commit other.1000000:200)"
saved 'the same file made at another time' 1 "$(source_line 1 0 1795009999; commit binlog.1000000:200)"
like "$(err)" 'another log' 'is refused'
is "$(got position)" binlog.1000000:100 'and the position is as it was'
saved 'a position that is not of its source line' 1 "$(source_line; commit 1/binlog.000001:4)"
saved 'the next epoch' 0 "$(source_line 2 1 1795009999; commit 1/other.000001:4)"
is "$(got position),$(got position epoch),$(got position server)" '1/other.000001:4,1,2' 'begins anywhere'
saved 'back to the epoch before' 1 "$(source_line; commit binlog.2000000:4)"

fresh
saved 'a position before any source line' 1 "$(commit binlog.000001:700)"
rc_is 1 'is not stored' m get position
printf '%s\n{"op":"commit","pos":"binlog.000001:800","x":' "$(source_line; commit binlog.000001:700)" >"$tmp/in"
rc_is 75 'a last line without its end' m save <"$tmp/in"
is "$(got position)" binlog.000001:700 'is discarded, what came before is stored'
saved 'members that are not known' 0 "$(source_line; echo '{"new":{"a":[1]},"pos":"binlog.000001:750","op":"commit","rows":1}')"
is "$(got position)" binlog.000001:750 'are passed over, in any order'
saved 'ops that es-bulk has acted on' 0 "$(source_line
	printf '{"op":"%s","db":"world","table":"city","pos":"binlog.000001:760","ts":1}\n' truncate drop rename)"
for line in '{"op":"weather","pos":"binlog.000001:900"}' '{"pos":"binlog.000001:900"}' '[]' '' 'null' '{"op":7}' \
	'{"op":"commit","pos":"binlog.000001:900",}' '{"op":"commit"}' '{"op":"commit","pos":900}' '{"op":"commit","pos":"900"}' \
	'{"op":"commit","pos":"binlog.000001:900","ts":"now"}' '{"op":"commit","pos":"binlog.000001:900","gtids":5}' \
	'{"op":"source","epoch":"1"}' '{"op":"source","epoch":0,"server":1}' '{"op":"stale","db":"world","pos":"binlog.000001:900"}' \
	'{"op":"insert","db":"world","table":"city","key":["1"],"pos":"binlog.000001:900","row":{"ID":1}}' \
	'{"op":"schema","db":"world","table":null,"key":[],"columns":[],"pos":"binlog.000001:900"}' '{"op":"ddl","tables":[[null,null]],"pos":"binlog.000001:900"}' \
	'{"op":"schema","pos":"binlog.000001:900"}' '{"op":"ddl","tables":[["world"]],"pos":"binlog.000001:900"}' \
	'{"op":"schema","db":"world","table":"city","columns":[],"pos":"128/binlog.000001:900"}' \
	'{"op":"progress","db":"world","table":"city","rows":-1}' '{"op":"progress","table":"city","rows":1}'; do
	at=$((${at:-800} + 1))
	saved "not taken: $line" 1 "$(source_line; commit binlog.000001:$at; echo "$line"; commit binlog.000001:950)"
	like "$(err)" 'line 3: ' 'by its number'
	is "$(got position)" binlog.000001:$at 'what came before it is stored, nothing after'
done

### set position

rc_is 0 'set position' m set position binlog.000001:4
like "$(err)" "position set back from=binlog.000001:$at to=binlog.000001:4" 'goes back, and says so'
is "$(got position),$(got position server),$(got position created)" 'binlog.000001:4,1,1795000000' 'server and file are the same'
rc_is 1 'the GTIDs are not known there' m get position gtids
rc_is 0 'to another file' m set position binlog.000002:4 gtids=0-1-9
rc_is 1 'its time of creation is not known' m get position created
is "$(got position gtids)" 0-1-9 'a member given is'
rc_is 0 'to another epoch' m set position 3/other.000001:4 server=9 created=1795000777
is "$(got position epoch),$(got position server)" 3,9 'with its server'
for args in nowhere 128/binlog.000001:4 'binlog.000001:4 pos=x' 'binlog.000001:4 colour=red' 'binlog.000001:4 created=today' 'binlog.000001:4 nothing'; do
	# shellcheck disable=SC2086
	run m set position $args
	isnt "$rc" 0 "set position $args: refused"
done
is "$(got position)" 3/other.000001:4 'and nothing was changed'

### tables

fresh
rc_is 1 'a table that is not known' m get table world.city
rc_is 0 'is made' m set table world.city status=created
is "$(got table world.city)" created 'and has a status'
is "$(got tables)" "$(printf 'world.city\tcreated')" 'the list'
# from to: every pair, the legal ones named
legal=' created>dumping created>moving dumping>dumped dumped>moving moving>moved moved>syncing
	syncing>stale stale>syncing syncing>moved stale>moved paused>dumped paused>moving paused>moved paused>syncing '
all='created dumping dumped moving moved syncing paused stale removed'
reach() { # STATUS: from nothing, by legal steps
	m set table t.t status=created
	case $1 in
	dumping) m set table t.t status=dumping ;;
	dumped) reach dumping && m set table t.t status=dumped ;;
	moving) m set table t.t status=moving ;;
	moved) reach moving && m set table t.t status=moved ;;
	syncing) reach moved && m set table t.t status=syncing ;;
	paused | stale) reach syncing && m set table t.t status="$1" ;;
	removed) m set table t.t status=removed ;;
	esac
}
for from in $all; do
	right=''
	for to in $all; do
		run reach "$from"
		run m set table t.t status="$to"
		want=1
		case "$to$legal" in
		created* | paused* | removed* | "$from "* | *[!a-z]"$from>$to"[!a-z]*) want=0 ;;
		esac
		[ "$to" != "$from" ] || want=0
		[ "$rc" = "$want" ] || right="$right $to:$rc"
		[ "$want" = 0 ] && now=$to || now=$from
		[ "$(m get table t.t)" = "$now" ] || right="$right $to:$(m get table t.t)"
	done
	is "$right" '' "from $from: the legal ways and no other"
done
reach created
rc_is 1 'an illegal step' m set table t.t status=moved
like "$(err)" 't\.t is created: it cannot become moved' 'says so'
rc_is 2 'a status that is none' m set table t.t status=ready
rc_is 2 'a member that is none' m set table t.t colour=red
rc_is 2 'rows that are no number' m set table t.t rows=many
rc_is 2 'its name stays' m set table t.t table=u
rc_is 2 'no table' m set table nodot status=created
rc_is 1 'a name with a line feed' m set table "a.b
c" status=created
rc_is 0 'several at once' m set table t.t dump=/tmp/x.sql status=moving rows=7 resume=here
rc_is 0 'loading again' m set table t.t dump=/tmp/y.sql status=created
is "$(jq -c . "$dir/tables/t.t.json")" '{"db":"t","table":"t","status":"created","dump":"/tmp/y.sql"}' \
	'forgets what the last load left, but not what comes with it'
rc_is 0 'an empty value' m set table t.t dump=
rc_is 1 'takes the member away' m get table t.t dump

rc_is 0 'a name with everything in it' m set table 'my db.städte/../x y"$-' status=created
ok 'its file is in the folder' test -f "$dir/tables/my%20db.st%C3%A4dte%2F%2E%2E%2Fx%20y%22\$-.json"
is "$(got table 'my db.städte/../x y"$-')" created 'and it is found again'
long=$(printf 'д%.0s' $(seq 64))
rc_is 0 'names of 64 characters of two bytes' m set table "$long.$long" status=created
rc_is 0 'and one that differs at its end' m set table "$long.${long%д}е" status=moving
is "$(got table "$long.$long"),$(got table "$long.${long%д}е")" created,moving 'are kept apart'
is "$(got tables | wc -l)" 5 'all are listed'

### what save does with tables

fresh
saved 'progress of a load' 0 "$(source_line 1 0; schema city ID binlog.000001:500; progress city 1000 tok1; progress city 2000 tok2)" \
	--table world.city
is "$(got table world.city rows),$(got table world.city resume)" 2000,tok2 'rows and where to go on'
saved 'done' 0 "$(source_line 1 2; loaded city 4079 2/binlog.000001:500)" --table world.city
is "$(jq -c . "$dir/tables/world.city.json")" \
	'{"db":"world","table":"city","status":"created","rows":4079,"s0":"2/binlog.000001:500","pos":"2/binlog.000001:500","server":"1","epoch":2,"created":1795000000}' \
	'S0, position and source; no token'
saved 'its catching up' 0 "$(source_line 1 2; commit 2/binlog.000001:900)" --table world.city
is "$(got table world.city s0),$(got table world.city pos)" 2/binlog.000001:500,2/binlog.000001:900 'moves pos, not S0'
rc_is 1 'and not the main position' m get position
saved 'it does not go back either' 1 "$(source_line 1 2; commit 2/binlog.000001:600)" --table world.city
saved 'a line of another table in its pipe' 1 "$(source_line 1 2; progress country 1 x)" --table world.city
like "$(err)" 'world.country' 'is refused'
rc_is 2 'a table that is none' m save --table nodot </dev/null

for status in moving moved syncing; do m set table world.city status=$status; done
saved 'a stale line' 0 "$(source_line 1 2; stale city 2/binlog.000001:950; commit 2/binlog.000001:999)"
is "$(got table world.city),$(got table world.city why),$(got table world.city since)" \
	'stale,ADD COLUMN with a DEFAULT,2/binlog.000001:950' 'marks a table that is in step'
saved 'another one' 0 "$(source_line 1 2; stale city 2/binlog.000001:1950)"
is "$(got table world.city since)" 2/binlog.000001:950 'it is stale since the first'
m set table world.city status=syncing
rc_is 1 'accepted by a person, the reason is gone' m get table world.city why
saved 'a stale line from before the load' 0 "$(source_line 1 2; stale city 2/binlog.000001:500)"
is "$(got table world.city)" syncing 'means nothing'
m set table world.city status=paused
saved 'while paused' 0 "$(source_line 1 2; stale city 2/binlog.000001:2000)"
is "$(got table world.city),$(got table world.city since)" paused,2/binlog.000001:2000 'the reason is noted'
m set table world.city status=syncing
is "$(got table world.city)" stale 'and it cannot become syncing as if nothing had been'
m set table world.city status=created
m set table world.city status=moving
saved 'noted while loading, before the S0 to come' 0 "$(source_line 1 2; stale city 2/binlog.000001:3000)"
is "$(got table world.city)" moving 'no change of status'
saved 'the load ends' 0 "$(source_line 1 2; loaded city 4080 2/binlog.000001:3000)" --table world.city
rc_is 1 'its S0 is not before that: the reason is gone' m get table world.city why
saved 'a table that nobody told us of' 0 "$(source_line 1 2; stale country 2/binlog.000001:3100)"
is "$(got table world.country)" stale 'is marked all the same'
saved 'progress by hand, in the main pipe' 0 "$(source_line 1 2; progress language 10 x; loaded language 20 2/binlog.000001:77)"
is "$(got table world.language rows),$(got table world.language s0)" 20,2/binlog.000001:77 'goes to its table'
saved 'a dump without a position' 0 '{"op":"source","epoch":0}
{"op":"done","db":"world","table":"old","rows":20}' --table world.old
for status in moving moved; do m set table world.old status=$status; done
rc_is 1 'such a table' m join world.old
like "$(err)" 'no position' 'cannot join'

### the schema history

fresh
saved 'definitions' 0 "$(source_line; schema city a binlog.000001:100; schema land b binlog.000001:110; commit binlog.000001:200)"
is "$(lines "$dir/schema.ndjson")" 2 'are kept'
saved 'the same ones, later' 0 "$(source_line; schema city a binlog.000001:300; schema land b binlog.000001:310)"
is "$(lines "$dir/schema.ndjson")" 2 'are not stored again'
saved 'ddl of one of them' 0 "$(source_line; ddl binlog.000001:400 '["world","city"]'; schema city a binlog.000001:500; schema land b binlog.000001:510)"
is "$(lines "$dir/schema.ndjson")" 4 'ends what held for it, even if it is the same after it'
saved 'replayed' 0 "$(source_line; ddl binlog.000001:400 '["world","city"]'; schema city a binlog.000001:500; schema city a binlog.000001:450)"
is "$(lines "$dir/schema.ndjson")" 5 'once each; one between ddl and the next line counts'
saved 'ddl of all tables' 0 "$(source_line; ddl binlog.000001:600; schema city a binlog.000001:700; schema land b binlog.000001:710)"
is "$(lines "$dir/schema.ndjson")" 8 'ends what held for each'
saved 'ddl of a whole database' 0 "$(source_line; ddl binlog.000001:720 '["worl",null],["x","land"]'; ddl binlog.000001:730 '["world",null]'
	schema land b binlog.000001:725; schema land b binlog.000001:740)"
is "$(lines "$dir/schema.ndjson")" 10 'ends what held for each table in it, and in no other'
saved 'a changed definition' 0 "$(source_line; schema city c binlog.000001:800; schema city a binlog.000001:750; schema city a binlog.000001:810)"
is "$(lines "$dir/schema.ndjson")" 13 'by position, not by order of arrival'
saved 'of an older place' 0 "$(source_line; schema city a binlog.000001:50)"
is "$(lines "$dir/schema.ndjson")" 14 'is new'
saved 'in another epoch' 0 "$(source_line 2 1; schema city a 1/binlog.000001:820)"
is "$(lines "$dir/schema.ndjson")" 15 'nothing holds yet'
saved 'names that contain one another' 0 "$(source_line 2 1; ddl 1/binlog.000001:900 '["world","citybank"],["x","world"],["my\"world","city"]'; schema city a 1/binlog.000001:910)"
is "$(lines "$dir/schema.ndjson")" 15 'are not the same name: a statement on tables that nothing is known of is not kept'
saved 'the same name in capitals' 0 "$(source_line 2 1; ddl 1/binlog.000001:915 '["World","CITY"]')"
is "$(lines "$dir/schema.ndjson")" 16 'may be the same table'
touch -d '2020-01-01' "$dir/schema.ndjson"
saved 'another one' 0 "$(source_line 2 1; ddl 1/binlog.000001:920 '["other","t"]')"
is "$(lines "$dir/schema.ndjson"),$(find "$dir/schema.ndjson" -newermt 2021-01-01 | wc -l)" 16,1 'but tells by the time of the file that there may be new tables'
saved 'one before all that is known' 0 "$(source_line 2 1; ddl 1/binlog.000001:10 '["world","city"]')"
is "$(lines "$dir/schema.ndjson")" 16 'ends nothing either'
saved 'a definition without a position' 0 "$(source_line 2 1; echo '{"op":"schema","db":"world","table":"city","key":[],"columns":[]}')"
is "$(lines "$dir/schema.ndjson")" 16 'names no rows, and is not kept'
head -n 1 "$dir/schema.ndjson" >"$tmp/want"
schema city a binlog.000001:100 >"$tmp/line"
same "$tmp/want" "$tmp/line" 'lines are kept as they were'

printf '{"op":"schema","db":"wor' >>"$dir/schema.ndjson"
saved 'half a line at its end' 0 "$(source_line 2 1; schema city d 1/binlog.000001:2000)"
like "$(err)" 'half a line' 'is told of'
is "$(lines "$dir/schema.ndjson"),$(tail -n 1 "$dir/schema.ndjson" | jq -r .pos)" 17,1/binlog.000001:2000 'and gone'
ok 'each line is whole' whole "$dir/schema.ndjson"
echo 'not JSON' >>"$dir/schema.ndjson"
saved 'a line that is none' 1 "$(source_line 2 1; commit 1/binlog.000001:2100; schema city e 1/binlog.000001:2200; commit 1/binlog.000001:2300)"
like "$(err)" 'schema.ndjson: byte [0-9]+ of the file: not JSON' 'stops it, by its place'
is "$(got position)" 1/binlog.000001:2100 'before the position that would cover it'

fresh
mkdir -p "$dir"
save_many() { { source_line; for i in $(seq 400); do schema "$1$i" a binlog.000001:$((i + 100)); done; } | m save ${2:+--table "$2"}; }
save_many a & one=$!
save_many b world.b & two=$!
save_many c world.c
wait $one $two
is "$(lines "$dir/schema.ndjson"),$(jq -r .table "$dir/schema.ndjson" | sort -u | wc -l)" 1200,1200 \
	'three pipes append at once: all there, none torn'

### joining and leaving

# moved TABLE POS: loaded and caught up to there
moved() {
	m set table "$1" status=created && m set table "$1" status=moving
	{ source_line "${3:-1}" "${4:-0}"; loaded "${1#*.}" 5 "$2"; } | m save --table "$1"
	m set table "$1" status=moved
}
fresh
moved world.city binlog.000001:700
moved world.land binlog.000001:500
rc_is 0 'the first to join' m join world.city world.land
is "$(got position),$(got position server),$(got position created)" binlog.000001:500,1,1795000000 'the stream begins at the earliest'
is "$(got covered)" "$(printf 'world.city\tbinlog.000001:700\nworld.land\tbinlog.000001:500')" 'each table counts from its own place'
is "$(got tables)" "$(printf 'world.city\tsyncing\nworld.land\tsyncing')" 'both are in step'
saved 'the stream goes on' 0 "$(source_line; commit binlog.000001:1000)"
is "$(got covered | wc -l)" 2 'and save keeps what is covered'
rc_is 0 'joining again' m join world.city
is "$(got covered | head -n 1)" "$(printf 'world.city\tbinlog.000001:700')" 'changes nothing'
moved world.late binlog.000001:900
rc_is 1 'one that has not caught up' m join world.late
like "$(err)" 'world.late has caught up to binlog.000001:900, the main stream is at binlog.000001:1000' 'is told where'
is "$(got table world.late),$(got covered | wc -l)" moved,2 'and stays out'
rc_is 1 'together with one that could' m join world.city world.late
{ source_line; commit binlog.000001:1200; } | m save --table world.late
rc_is 0 'caught up, even further' m join world.late
is "$(got covered | tail -n 1),$(got position)" "$(printf 'world.late\tbinlog.000001:1200,binlog.000001:1000')" 'it counts from there'
rc_is 1 'not known' m join world.none
m set table world.raw status=created
rc_is 1 'not loaded' m join world.raw
like "$(err)" 'world.raw is not loaded: it is created' 'says its status'
moved world.far binlog.000009:900 2
rc_is 1 'of another server' m join world.far
moved world.far 1/binlog.000009:900 1 1
rc_is 1 'of another epoch' m join world.far
moved world.noted binlog.000001:1100
{ source_line; stale noted binlog.000001:1150; commit binlog.000001:1160; } | m save --table world.noted
rc_is 0 'what became stale while catching up' m join world.noted
is "$(got table world.noted)" stale 'is stale, not in step'
is "$(got covered | grep -c noted)" 1 'but streamed'

# a crash between the two renames of a join
m set table world.late status=created
m set table world.late status=moving
m set table world.late status=moved s0=binlog.000001:900 pos=binlog.000001:900
rc_is 0 'a table that is covered, its status not yet' m join world.late
is "$(got table world.late)" syncing 'the same call mends it'

saved 'further' 0 "$(source_line; commit binlog.000002:300)"
rc_is 0 'leaving' m leave world.city world.none
is "$(got covered | cut -f 1 | paste -sd,)" world.land,world.late,world.noted 'it is not covered'
is "$(got table world.city pos)" binlog.000002:300 'and its own file says up to where it was'
saved 'the stream goes on without it' 0 "$(source_line; commit binlog.000002:400)"
rc_is 1 'it has to catch up' m join world.city
rc_is 0 'all leave' m leave world.land world.late world.noted
for t in city land; do moved world.$t 1/binlog.000001:50 7 1; done
rc_is 0 'all loaded again from another server, in the next epoch' m join world.city world.land
is "$(got position),$(got position server)" 1/binlog.000001:50,7 'the stream begins anew'


### going back

fresh
moved world.city binlog.000001:700
m join world.city
{ source_line; commit binlog.000001:1000; } | m save
moved world.land binlog.000001:600
m set table world.land pos=binlog.000001:1000
m join world.land
from() { m get covered | sed "s/^world\\.$1	binlog.000001://p; d"; }
is "$(from city) $(from land)" '700 1000' 'one has joined from where it had caught up'
rc_is 0 'back to between' m rewind binlog.000001:800 created=7
is "$(got position) $(got position created) $(from city) $(from land)" 'binlog.000001:800 7 700 800' 'it counts from there on again'
rc_is 0 'back behind its load' m rewind binlog.000001:500
is "$(got position) $(from city) $(from land)" 'binlog.000001:500 700 600' 'both count from their loads on'
rc_is 2 'not forwards' m rewind binlog.000001:501
rc_is 2 'not to another epoch' m rewind 1/binlog.000001:4
is "$(got position)" binlog.000001:500 'it stays where it is'

### rebuilding beside the stream

fresh
moved world.city binlog.000001:700
m join world.city
m set table world.city added=true
saved 'a stale table' 0 "$(source_line; stale city binlog.000001:800; commit binlog.000001:1000)"
r() { m --rebuild "$@"; }
r set table world.city status=created
r set table world.city status=moving
{ source_line; loaded city 9 binlog.000001:900; } | r save --table world.city
r set table world.city status=moved
is "$(got table world.city),$(got table world.city s0)" stale,binlog.000001:700 'is loaded anew with a file of its own'
rc_is 1 'it is behind the stream' m adopt check world.city
{ source_line; commit binlog.000001:1100; } | r save --table world.city
rc_is 0 'it could take its place, past the stream' m adopt check world.city
is "$(got table world.city s0),$(m get covered)" "binlog.000001:700,world.city	binlog.000001:700" 'that changes nothing'
is "$(got table world.city)" stale 'that was a look only'
rc_is 0 'it takes its place' m adopt world.city
is "$(got table world.city),$(got table world.city s0),$(got table world.city rows),$(got table world.city added)" \
	syncing,binlog.000001:900,9,true 'in step, and what was said of the table stays'
is "$(m get covered)" 'world.city	binlog.000001:1100' 'the stream skips what it has'
is "$(r get tables)" '' 'there is no rebuild any more'
rc_is 1 'nor a second time' m adopt world.city
r set table world.city status=created
rc_is 0 'one that is given up' m --rebuild forget world.city
is "$(r get tables)$(got table world.city)" syncing 'leaves the table as it is'
rc_is 0 'forgotten again' m --rebuild forget world.city

### locks

fresh
source_line >"$tmp/in"
m save <"$tmp/in"
mkfifo "$tmp/fifo"
spawn holder sh -c 'exec m2e-state --state "$0" save <"$1"' "$dir" "$tmp/fifo"
holder=$spawned
exec 8>"$tmp/fifo"
{ source_line; commit binlog.000001:700; } >&8
wait_until 10 m get position
for command in 'save' 'set position binlog.000001:4' 'join world.city' 'leave world.city'; do
	# shellcheck disable=SC2086
	rc_is 75 "while a save runs: $command" m $command </dev/null
	like "$(err)" "position.json.lock: held by pid $holder\$" 'names who holds it'
done
rc_is 0 'a table has a lock of its own' m set table world.city status=created
rc_is 0 'reading needs none' m get position
i=0
while [ $i -lt 200 ]; do i=$((i + 1)); commit binlog.000001:$((700 + i)) >&8; done
wait_until 10 sh -c '[ "$(m2e-state --state "$0" get position)" = binlog.000001:900 ]' "$dir"
ok 'on a quiet stream the newest is stored before the input ends' test "$(got position)" = binlog.000001:900
kill -TERM "$holder"
commit binlog.000001:950 >&8
kill -INT "$holder"
commit binlog.000001:960 >&8
exec 8>&-
finish 10 "$holder"
is "$rc,$(got position)" 0,binlog.000001:960 'SIGTERM ends nothing: it goes on to the end of its input'
rc_is 0 'then the lock is free' m set position binlog.000001:4

spawn loader sh -c 'exec m2e-state --state "$0" save --table world.city <"$1"' "$dir" "$tmp/fifo"
loader=$spawned
exec 8>"$tmp/fifo"
wait_until 10 sh -c '! flock -n "$0/tables/world.city.json.lock" true' "$dir"
rc_is 75 'while a load runs: its table' m set table world.city rows=1
like "$(err)" "held by pid $loader\$" 'names who holds it'
saved 'a stale line for it in the main stream' 0 "$(source_line; stale city binlog.000001:970; commit binlog.000001:980)"
like "$(err)" "left to the table's own pipe" 'is left to its own pipe, which sees the same change'
exec 8>&-
finish 10 "$loader"
is "$rc" 0 'the load ends'

### damage

fresh
mkdir -p "$dir/tables"
for text in '' '{' '{"epoch":0,"pos":"binlog.000001:4"' 'null' '[]' '{}' '"binlog.000001:4"' '{"epoch":0}' '{"pos":"binlog.000001:4"}' \
	'{"epoch":1,"pos":"binlog.000001:4"}' '{"epoch":0,"pos":"binlog"}' '{"epoch":0,"pos":4}' '{"epoch":"0","pos":"binlog.000001:4"}' \
	'{"epoch":0,"pos":"binlog.000001:4","colour":"red"}' '{"epoch":0,"pos":"binlog.000001:4","pos":"binlog.000001:5"}' \
	'{"epoch":0,"pos":"binlog.000001:4","tables":[]}' '{"epoch":0,"pos":"binlog.000001:4","tables":{"a.b":4}}' \
	'{"epoch":0,"pos":"binlog.000001:4"} {"epoch":0,"pos":"binlog.000001:4"}' '{"epoch":0,"pos":"binlog.000001:4","created":"then"}'; do
	printf '%s' "$text" >"$dir/position.json"
	rc_is 1 "position.json: $text" m get position
	like "$(cat "$tmp/out" "$tmp/err")" "^ERROR m2e-state: $dir/position.json: " 'an error that names it, and no position'
	for command in 'show' 'get covered' 'set position binlog.000001:4' 'join a.b' 'leave a.b'; do
		# shellcheck disable=SC2086
		run m $command
		[ "$rc" = 1 ] || fail "$command with such a file: $rc"
	done
	saved 'nor is it written over' 1 "$(source_line; commit binlog.000001:700)"
	is "$(cat "$dir/position.json")" "$text" 'the file is as it was'
done
rm "$dir/position.json"
mkdir "$dir/position.json"
rc_is 1 'a folder in its place' m get position
like "$(err)" 'position.json: ' 'named'
rmdir "$dir/position.json"
for text in '' '{"db":"world"' '{"db":"world","table":"city"}' '{"db":"world","table":"city","status":"fine"}' \
	'{"db":"world","table":"land","status":"syncing"}' '{"db":"world","table":"city","status":"syncing","rows":"4"}' \
	'{"db":"world","table":"city","status":"syncing","s0":"nowhere"}' '{"db":"world","table":"city","status":"syncing","x":1}'; do
	printf '%s' "$text" >"$dir/tables/world.city.json"
	for command in 'get table world.city' 'get tables' 'show' 'set table world.city rows=1' 'save --table world.city' 'join world.city'; do
		# shellcheck disable=SC2086
		run m $command </dev/null
		case $rc,$(err) in
		1,*"$dir/tables/world.city.json: "*) ;;
		*) fail "$command: $rc, $(err)" ;;
		esac
	done
	is "$(cat "$dir/tables/world.city.json")" "$text" "a table's file: $text"
done
rm "$dir/tables/world.city.json"
: >"$dir/tables/world.city.json.tmp"
printf '{"half' >"$dir/position.json.tmp"
rc_is 0 'what a crash left half written' m show
rc_is 0 'is in nobody'"'"'s way' m set position binlog.000001:4
ok 'and replaced' test ! -e "$dir/position.json.tmp"

echo x >"$tmp/file"
rc_is 1 'a file in the place of the directory' m2e-state --state "$tmp/file" set position binlog.000001:4
like "$(err)" "$tmp/file: Not a directory" 'says so'
rc_is 1 'a parent that is not there' m2e-state --state "$tmp/no/such/state" set position binlog.000001:4
like "$(err)" "$tmp/no/such/state: No such file" 'says so'
mkdir -m 755 "$tmp/readonly" "$tmp/readonly/tables"
cp "$bin/m2e-state" "$tmp/m2e-state" && chmod 755 "$tmp/m2e-state"
if [ "$(id -u)" != 0 ]; then
	chmod 555 "$tmp/readonly"
	nobody() { "$tmp/m2e-state" "$@"; }
else
	nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$tmp/m2e-state" "$@"; }
fi
source_line >"$tmp/in"
rc_is 1 'a folder that it may not write to' nobody --state "$tmp/readonly" save <"$tmp/in"
like "$(err)" "$tmp/readonly/position.json.lock: open: Permission denied" 'says so'
printf '{"epoch":0,"pos":"binlog.000001:4"}' >"$tmp/readonly/position.json"
chmod 000 "$tmp/readonly/position.json"
rc_is 1 'a file that it may not read' nobody --state "$tmp/readonly" get position
like "$(err)" "$tmp/readonly/position.json: open: Permission denied" 'says so'
rc_is 1 'standard output is full' sh -c 'm2e-state --state "$0" get position >/dev/full' "$dir"

### show and dead

fresh
rc_is 0 'dead letters of no file' m dead count
is "$(cat "$tmp/out")" 0 'are none'
moved world.city binlog.000001:700
m set table 'world.städte' status=created
m join world.city
{ source_line; commit binlog.000001:800 0-1-9 "$(date +%s)"; stale city binlog.000001:790; } | m save 2>/dev/null
printf '{"error":{},"event":{}}\n{"error":{},"event":{}}\n{"err' >"$dir/dead.ndjson"
is "$(m dead count)" 2 'whole lines are counted'
mkdir -p "$tmp/odd/dead.ndjson"
rc_is 1 'a file that is a folder' m2e-state --state "$tmp/odd" dead count
rc_is 0 'show' m show
sed 's/lag: [0-9.]* s/lag: N s/' "$tmp/out" >"$tmp/shown"
cat >"$tmp/want" <<-'END'
	position: binlog.000001:800 of server 1, GTIDs 0-1-9
	lag: N s
	dead letters: 2

	TABLE         STATUS   ROWS  S0                 CAUGHT UP TO       WHY
	world.city    stale       5  binlog.000001:700  binlog.000001:800  ADD COLUMN with a DEFAULT
	world.städte  created     -  -                  -                  -
END
same "$tmp/shown" "$tmp/want" 'for people: a table in the stream is where the stream is'
rc_is 0 'show --json' m show --json
is "$(jq -c '.lag |= (. < 60) | del(.tables[0].since)' "$tmp/out")" '{"position":{"epoch":0,"server":"1","pos":"binlog.000001:800","created":1795000000,"gtids":"0-1-9","ts":'"$(got position ts)"',"tables":{"world.city":"binlog.000001:700"}},"tables":[{"db":"world","table":"city","status":"stale","rows":5,"s0":"binlog.000001:700","pos":"binlog.000001:700","server":"1","epoch":0,"created":1795000000,"why":"ADD COLUMN with a DEFAULT"},{"db":"world","table":"städte","status":"created"}],"rebuilds":[],"dead":2,"lag":true}' 'for programs'
m set table world.city why="$(printf 'red\033[31m')"
m show >"$tmp/out"
unlike "$(cat "$tmp/out")" "$(printf '\033')" 'what would move the cursor is not printed to people'

done_testing
