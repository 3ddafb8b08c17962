#!/bin/sh
# es-bulk's lines in and out, against an engine of the tests' own (tests/faulty.py).
. "${0%/*}/tap.sh"

# engine NAME [SEED [FAULT=P...]]: starts one; its address in $url
engine() {
	mkfifo "$tmp/$1.stop"
	sleep 3600 >"$tmp/$1.stop" &
	tap_pids="$tap_pids $!"
	engine_name=$1
	shift
	python3 "$root/tests/faulty.py" "$tmp/$engine_name.port" "$@" <"$tmp/$engine_name.stop" 2>"$tmp/$engine_name.err" &
	tap_pids="$tap_pids $!"
	wait_until 10 test -s "$tmp/$engine_name.port" || bail "no engine: $(cat "$tmp/$engine_name.err")"
	url=http://127.0.0.1:$(cat "$tmp/$engine_name.port")
}
behave() { curl -sS -d "$1" "$url/_test"; }
get() { curl -sS "$url$1"; }
write() { es-bulk --url "$url" "$@"; }
# lines FILE: standard input as $tmp/FILE
lines() { cat >"$tmp/$1"; }
# feed FILE NAME STATUS [OPTION...]: es-bulk reads it
feed() {
	feed_file=$1 feed_name=$2 feed_rc=$3
	shift 3
	rc=0
	timeout 60 es-bulk --url "$url" "$@" <"$tmp/$feed_file" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc" "$feed_rc" "$feed_name" || diag "$(cat "$tmp/err")"
}
source='{"op":"source","server":"s1","epoch":0}'
row() { # KEY OFFSET [DB.TABLE]
	echo "{\"op\":\"insert\",\"db\":\"d\",\"table\":\"${3:-t}\",\"key\":[\"$1\"],\"pos\":\"b.000001:$2\",\"row\":{\"id\":$1,\"at\":$2}}"
}
commit() { echo "{\"op\":\"commit\",\"pos\":\"b.000001:$1\"}"; }

engine main

### usage

# shellcheck disable=SC2046
{
	missing=''
	# shellcheck disable=SC2013 # names without spaces
	for name in $(sed -n '/^static const struct option longopts/,/^};/s/.*{ "\([^"]*\)".*/\1/p' "$root/es-bulk/main.c"); do
		case $name in verbose | quiet) continue ;; esac
		es-bulk --help | grep -q -e "--$name" || missing="$missing $name"
		grep -qE "Fl -$name" "$root/man/es-bulk.1" || missing="$missing man:$name"
	done
	is "$missing" '' 'options, --help and the manual agree'
}
rc_is 2 'an unknown option' es-bulk --nonsense
rc_is 2 'a batch of no bytes' es-bulk --batch-bytes 0
rc_is 2 'rename is never applied' es-bulk --rename=apply
rc_is 2 'an operand that is none' es-bulk events.ndjson
rc_is 2 'no URL' es-bulk --url 'ftp://x'
rc_is 2 'a password in the URL' es-bulk --url 'http://u:p@127.0.0.1:1'
like "$(cat "$tmp/err")" 'holds a user name' '... is told'
unlike "$(cat "$tmp/err")" 'u:p' '... without showing it'

### acknowledgement

{ echo "$source"; row 1 10; row 2 20; commit 30; commit 40; echo '{"op":"heartbeat","pos":"b.000001:40"}'; row 3 50; commit 60; } | lines plain
feed plain 'a plain stream' 0
is "$(cat "$tmp/out")" "$source
{\"op\":\"heartbeat\",\"pos\":\"b.000001:40\"}
$(commit 60)" 'control lines come out in order, of a run of commits and heartbeats the newest'
is "$(get /d.t/_doc/3 | jq -c ._source)" '{"id":3,"at":50}' 'documents are the rows'
is "$(get /d.t/_doc/3 | jq ._version)" $(((1 << 36) + 50)) '... with their position as version'

# H13
{ row 4 70; commit 80; printf '{"op":"insert","db":"d","table":"t","key":["5"],"po'; } | lines cut
{ echo "$source"; cat "$tmp/cut"; } >"$tmp/cut2"
feed cut2 'an unterminated last line' 75
is "$(tail -n 1 "$tmp/out")" "$(commit 80)" '... all before it is done and acknowledged'
is "$(get /d.t/_doc/4 | jq .found)" true '... and written'
like "$(cat "$tmp/err")" 'ends within a line' '... and told'

### lines that are none

bad() { # LINE NAME STATUS REGEX
	{ echo "$source"; row 1 100; commit 110; printf '%b\n' "$1"; commit 120; } >"$tmp/bad"
	shift
	feed bad "$1" "$2"
	like "$(cat "$tmp/err")" "$3" "... $1: what and where"
	unlike "$(cat "$tmp/out")" '"b.000001:120"' "... $1: nothing behind it is acknowledged"
}
bad 'hello' 'no JSON' 1 'line 4, byte 1: expected an event'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"row":{"a":01}}' 'no number' 1 'line 4, byte 6[01]: expected a JSON value'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"row":{"a":"\0377"}}' 'no UTF-8' 1 'line 4, byte 61: expected a JSON value'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"row":{"a":1,}}' 'a comma too many' 1 'line 4'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"row":{"a":1}} x' 'something behind it' 1 "expected the line's end"
bad '{"op":"insert","db":"d","table":n"t","key":["1"],"row":{}}' 'half a null' 1 'byte 33: expected a string'
bad '{"op":"insert","op":"delete","db":"d","table":"t","key":["1"],"row":{}}' 'a member twice' 1 'twice'
bad '{"op":"insert","db":"d","table":"t","key":[1],"row":{}}' 'a number in the key' 1 'byte 44: expected a string'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"row":[]}' 'a row that is no object' 1 'expected an object'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"pos":"x","row":{}}' 'no position' 1 'line 4: not a position'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"pos":"b.000001:99999999999999","row":{}}' 'a position that does not fold' 1 'does not fold'
bad '{"op":"insert","db":"d","table":"t","key":["1"],"pos":"binlog:4","row":{}}' 'a file without number' 1 'does not fold'
bad '{"op":"upsert","db":"d","table":"t","key":["1"],"row":{}}' 'an unknown op' 1 'byte 7: expected an op'
bad '{"db":"d","table":"t","key":["1"],"row":{}}' 'no op' 1 'has no op'
bad '{"op":"insert","db":"d","table":"t","row":{}}' 'a row without key' 2 'd.t has no key'
bad '{"op":"schema","db":"d","table":"nokey","columns":[]}' 'a table without key' 2 'd.nokey has no key'
bad "$(python3 -c 'print("{\"op\":\"insert\",\"db\":\"d\",\"table\":\"t\",\"key\":[\"1\"],\"row\":{\"a\":" + "[" * 300 + "]" * 300 + "}}")')" 'nested too deep' 1 'line 4'
python3 -c 'print("{\"op\":\"insert\",\"x\":\"" + "y" * 3000 + "\"}")' >"$tmp/long"
feed long 'a line over --max-line' 1 --max-line 2000
like "$(cat "$tmp/err")" 'line 1: longer than 2000 bytes' '... is told (33)'
bad '{"op":"insert","db":"d","table":"a b","key":["1"],"row":{}}' 'a table that no index can be named after' 1 'no index can have this name'

### documents

docs() { es-bulk -q --dry-run; }
is "$(printf '%s\n' '{"row":{"b":1},"table":"t","new":{"x":[1]},"key":["1"],"db":"d","op":"snapshot","pos":null,"old":null}' | docs)" \
	'{"index":{"_index":"d.t","_id":"1","version":1,"version_type":"external_gte"}}
{"b":1}' 'members in any order, unknown ones, null for none'
is "$(printf '%s\n' ' { "op" : "delete" , "db" : "d" , "table" : "T" , "key" : [ "1" , "2" ] , "pos" : "2/b.000001:7" } ' | docs)" \
	'{"delete":{"_index":"d.t","_id":"1|2","version":144115256795332615,"version_type":"external_gte"}}' 'white space, an epoch, a table in upper case'
id() { printf '{"op":"delete","db":"d","table":"t","key":%s}\n' "$1" | docs | sed 's/.*"_id":\(.*\),"version":.*/\1/'; }
is "$(id '["a|b","c\\d"]')" '"a\\|b|c\\\\d"' '| and \ inside a value are escaped'
is "$(id '["a","b|c"]')/$(id '["a|b","c"]')" '"a|b\\|c"/"a\\|b|c"' 'so that keys never fall together'
is "$(id '[""]')/$(id '["",""]')/$(id '["\\"]')" '"\\"/"|"/"\\\\"' 'empty values'
is "$(id '["\u00e9\u0022"]')" '"é\""' 'one spelling for each text'
long=$(printf '%0512d' 0)
is "$(id "[\"$long\"]")" "\"$long\"" '512 bytes are an id'
is "$(id "[\"${long}0\"]")" "\"sha256:$(printf %s "${long}0" | sha256sum | cut -d' ' -f1)\"" 'more are its hash'
is "$(printf '%s\n' '{"op":"update","db":"d","table":"t","key":["2"],"old_key":["1"],"pos":"b.000001:9","row":{"id":2}}' | docs)" \
	'{"delete":{"_index":"d.t","_id":"1","version":68719476745,"version_type":"external_gte"}}
{"index":{"_index":"d.t","_id":"2","version":68719476745,"version_type":"external_gte"}}
{"id":2}' 'a changed key is a delete and an index'
is "$(printf '%s\n' '{"op":"update","db":"d","table":"t","key":["1"],"old_key":["1"],"row":{"id":2}}' | docs | wc -l)" 2 '... unless the id is the same'

### jq in the middle

{ echo "$source"; row 21 200; row 22 210 other; commit 220; } | jq -c --unbuffered 'select(.row == null or .table == "t") | if .row then .row.at = "jq" else . end' >"$tmp/jq"
feed jq 'a stream that jq has changed' 0
is "$(get /d.t/_doc/21 | jq -r ._source.at)$(get /d.other/_doc/22 | jq -r '.status')" jq404 '... is written as jq left it'

### refusals

{ echo "$source"; row 31 300; row 32 310 | sed 's/"at"/"poison"/'; row 33 320 | sed 's/"at"/"whole"/'; row 34 330; commit 340; } | lines poison
feed poison 'without a dead-letter file a refused document is the end' 1
like "$(cat "$tmp/err")" 'line (3|4): the engine refuses the document \(status 400: (document_parsing|x_content_parse)' '... with its line and the reason'
unlike "$(cat "$tmp/out")" '"commit"' '... not acknowledged'
feed poison 'with one the rest flows on' 3 --dead-letter "$tmp/dead"
is "$(tail -n 1 "$tmp/out")" "$(commit 340)" '... and is acknowledged'
is "$(jq -c '[.error.type, .event.row.id]' "$tmp/dead" | sort | tr '\n' ' ')" '["document_parsing_exception",32] ["x_content_parse_exception",33] ' '... each with its reason and its event'
is "$(jq -c .event "$tmp/dead" | sort)" "$(sed -n '3,4p' "$tmp/poison" | sort)" '... as it was read'
is "$(get /d.t/_doc/31 | jq .found)$(get /d.t/_doc/34 | jq .found)" truetrue '... and the others are written'
is "$(stat -c %a "$tmp/dead")" 600 '... for the owner alone'
printf '{"error":{"cut' >>"$tmp/dead"
feed poison '--max-dead counts what the file holds' 1 --dead-letter "$tmp/dead" --max-dead 3
like "$(cat "$tmp/err")" 'holds 3 already' '... and says so'
is "$(jq -c . "$tmp/dead" | wc -l)" 3 '... a line that was cut off is taken away'
rc_is 2 'a dead-letter file that is none' es-bulk --url "$url" --dead-letter /dev/full
if [ -e "${B:-$root/build}/tests/fault.so" ]; then
	case $bin in *asan*) preload=$(cc -print-file-name=libasan.so): ;; *) preload='' ;; esac
	LD_PRELOAD="$preload${B:-$root/build}/tests/fault.so" FAULT=fsync:2:ENOSPC es-bulk --url "$url" --dead-letter "$tmp/dead.full" <"$tmp/poison" >"$tmp/out" 2>"$tmp/err"
	is "$?" 75 'dead letters that cannot be written stop the stream'
	like "$(cat "$tmp/err")" 'dead-letter file .*No space left' '... with the reason'
	unlike "$(cat "$tmp/out")" '"commit"' '... nothing is acknowledged'
else
	skip 'no fault.so'
fi

### a whole request refused for its size, down to one document

behave '{"max_body":6000}' >"$tmp/told"
{ echo "$source"; for i in $(seq 100 199); do row "$i" "$i"00; done; row 200 30000 | sed "s/\"at\"/\"pad\":\"$(printf '%07000d' 0)\",\"at\"/"; row 201 30010; commit 30100; } | lines big
feed big '413: what is too large alone goes to the dead letters' 3 --dead-letter "$tmp/dead.big" --batch-bytes 100000
is "$(jq .event.row.id "$tmp/dead.big")" 200 '... only that'
is "$(for i in 100 150 199 201; do get /d.t/_doc/$i | jq .found; done | sort -u)" true '... its neighbours are written'
behave '{"max_body":1073741824}' >"$tmp/told"

### who may write: source and epoch (C5)

{ echo '{"op":"source","server":"s2","epoch":0}'; row 41 400; commit 410; } | lines other
feed other 'another server is refused' 1
like "$(cat "$tmp/err")" 'holds changes of server s1, not of s2' '... and told'
{ echo '{"op":"source","server":"s1","epoch":1}'; row 42 420; commit 430; } | sed 's/"b\.0/"1\/b.0/' | lines higher
feed higher 'a higher epoch is taken over' 0
is "$(get /d.t/_mapping | jq -c '.[].mappings._meta.m2e | [.table, .source, .epoch]')" '["d.t","s1",1]' '... and kept in the index'
feed plain 'a lower epoch is refused' 1
like "$(cat "$tmp/err")" 'epoch 1, this stream is of epoch 0' '... and told'
{ echo '{"op":"source"}'; row 43 10; commit 20; } | lines unnamed
feed unnamed 'a source without server is refused where the index names one' 1
sed 's/"t"/"new"/' "$tmp/unnamed" >"$tmp/unnamed2"
feed unnamed2 '... taken into an index that names none' 0
{ echo "$source"; row 44 100 new; commit 110; } | lines named
feed named '... which is filled in by the first that has one' 0
is "$(get /d.new/_mapping | jq -r '.[].mappings._meta.m2e.source')" s1 '... and kept'
{ echo "$source"; row 1 10 New; commit 20; } | lines upper
feed upper 'two tables that differ in case only' 1
like "$(cat "$tmp/err")" 'holds table d.new, not d.New' '... are not mixed up'

### rows without a position (H15)

{ echo "$source"; row 51 500 h15; echo '{"op":"update","db":"d","table":"h15","key":["51"],"row":{"id":51,"at":"old"}}'; commit 510; } | lines h15
feed h15 'a row without position' 0
is "$(get /d.h15/_doc/51 | jq ._source.at)" 500 '... never beats one that has one'

### truncate (C3), load and its ghosts

{ echo "$source"; row 61 600 c3; row 62 610 c3; echo '{"op":"truncate","db":"d","table":"c3","pos":"b.000001:620"}'; row 61 630 c3; commit 640; } | lines c3
feed c3 'truncate' 0
feed c3 '... and once more, as after a crash' 0
is "$(get /d.c3/_doc/61 | jq ._source.at)$(get /d.c3/_doc/62 | jq .found)" 630false '... leaves what came after it'
feed c3 '... ignored if so told' 0 --truncate=ignore
feed c3 '... a reason to stop if so told' 1 --truncate=stop
{ echo "$source"; sed 's/insert/snapshot/' <<END; } | lines ghosts
{"op":"schema","db":"d","table":"c3","key":["id"],"columns":[{"name":"id","type":"int"}],"pos":"b.000001:625"}
{"op":"insert","db":"d","table":"c3","key":["63"],"pos":"b.000001:625","row":{"id":63}}
{"op":"done","db":"d","table":"c3","rows":1,"pos":"b.000001:625"}
END
row 64 100 c3 >>"$tmp/ghosts"	# a ghost of before, written late
{ sed -n 1,2p "$tmp/ghosts"; row 64 100 c3; sed -n 3,4p "$tmp/ghosts"; } >"$tmp/ghosts2"
feed ghosts2 'a load into an index that has documents' 0
is "$(for i in 61 63 64; do get /d.c3/_doc/$i | jq .found; done | tr '\n' ' ')" 'true true false ' '... sweeps what is older, not what is newer'
is "$(get /d.c3/_mapping | jq -r '.[].mappings._meta.m2e.s0')" b.000001:625 '... and keeps its position'
is "$(behave '{}' | jq -c '.told | length')" 0 'every bulk request was well formed'

### drop, rename

{ echo "$source"; row 71 700 gone; echo '{"op":"drop","db":"d","table":"gone","pos":"b.000001:710"}'; commit 720; } | lines drop
feed drop 'drop is ignored' 0
like "$(cat "$tmp/err")" 'drop of a table is ignored' '... and told'
is "$(get /d.gone/_doc/71 | jq .found)" true '... its documents stay'
feed drop '... applied if so told' 0 --drop=apply
is "$(get /d.gone/_mapping | jq .status)" 404 '... its index goes'
{ echo "$source"; echo '{"op":"rename","db":"d","table":"t","to_db":"d","to_table":"u","pos":"b.000001:710"}'; commit 720; } | sed 's/"epoch":0/"epoch":1/' | lines rename
feed rename 'rename stops' 1
feed rename '... unless told to go on' 0 --rename=ignore

### partial rows (C4)

{ echo "$source"; echo '{"op":"insert","db":"d","table":"p","key":["1"],"pos":"b.000001:100","row":{"id":1,"a":"old","b":"keep"}}'
	echo '{"op":"update","db":"d","table":"p","key":["1"],"pos":"b.000001:200","partial":true,"row":{"id":1,"a":"new","c":3}}'
	echo '{"op":"update","db":"d","table":"p","key":["2"],"old_key":["1"],"pos":"b.000001:250","partial":true,"row":{"id":2}}'
	commit 260; } | lines partial
feed partial 'partial rows' 0
is "$(get /d.p/_doc/2 | jq -c ._source)" '{"id":2,"a":"new","b":"keep","c":3}' '... are merged into the document'
is "$(get /d.p/_doc/1 | jq .found)" false '... also when the key changes'
is "$(get /d.p/_doc/2 | jq ._version)" $(((1 << 36) + 250)) "... with the row's version"
{ cat "$tmp/partial"; echo '{"op":"update","db":"d","table":"p","key":["2"],"pos":"b.000001:300","row":{"id":2,"a":"whole"}}'; commit 310; } >"$tmp/partial2"
feed partial2 '... and once more, with a whole row behind them' 0
feed partial2 '... and once more' 0
is "$(get /d.p/_doc/2 | jq -c ._source)" '{"id":2,"a":"whole"}' '... change nothing newer'
{ echo "$source"; echo '{"op":"update","db":"d","table":"p","key":["9"],"pos":"b.000001:400","partial":true,"row":{"id":9}}'; commit 410; } | lines partial3
feed partial3 '... with no document to merge into' 3 --dead-letter "$tmp/dead.partial"
is "$(jq -r .error.type "$tmp/dead.partial")" no_document '... are dead letters'
feed partial3 '... a reason to stop if so told' 1 --partial=stop
{ echo "$source"; echo '{"op":"delete","db":"d","table":"p","key":["2"],"pos":"b.000001:420","partial":true,"row":{"id":2}}'; commit 430; } | lines partial4
feed partial4 '... a delete needs no columns' 0
is "$(get /d.p/_doc/2 | jq .found)" false '... and deletes'

### an engine that is away, and comes back (23: memory, log)

behave '{"faults":{"unavailable":1}}' >"$tmp/told"
mkfifo "$tmp/in"
es-bulk --url "$url" --max-wait 1 <"$tmp/in" >"$tmp/away.out" 2>"$tmp/away.err" &
away=$!
tap_pids="$tap_pids $away"
exec 7>"$tmp/in"
{ echo '{"op":"source","server":"s1","epoch":0}'; row 81 800 away; commit 810; } >&7
wait_until 10 grep -q 'trying again' "$tmp/away.err"
n=0
while [ $n -lt 20 ]; do
	echo '{"op":"heartbeat","pos":"b.000001:810"}' >&7
	sleep 0.1
	n=$((n + 1))
done
is "$(grep -c 'trying again' "$tmp/away.err")" 1 'an engine that is away is told once'
behave '{"faults":{"item":0}}' >"$tmp/told"
ok '... all is written when it comes back' wait_until 10 grep -q heartbeat "$tmp/away.out"
ok '... which is told too' grep -q 'takes it again' "$tmp/away.err"

# SIGTERM
row 82 820 away >&7
commit 830 >&7
wait_until 10 grep -q 830 "$tmp/away.out"
kill "$away"
finish 15 "$away"
is "$rc" 75 'SIGTERM'
exec 7>&-

### alone among its errors: an outage is not a document (C7)

engine outage
{ echo "$source"; row 1 10; commit 20; } | lines first
feed first 'an index is made' 0
{ echo "$source"; echo '{"op":"delete","db":"d","table":"t","key":["1"],"pos":"b.000001:30"}'; commit 40; } | lines delete
# the alias goes while es-bulk runs: a delete would make an index of its name
mkfifo "$tmp/in2"
es-bulk --url "$url" --dead-letter "$tmp/dead.outage" <"$tmp/in2" >"$tmp/gone.out" 2>"$tmp/gone.err" &
gone=$!
tap_pids="$tap_pids $gone"
exec 7>"$tmp/in2"
{ echo "$source"; row 2 22; commit 23; } >&7
wait_until 10 grep -q 000001:23 "$tmp/gone.out"
curl -sS -X DELETE "$url/$(get /d.t/_mapping | jq -r 'keys[0]')" >"$tmp/told"
tail -n 2 "$tmp/delete" >&7
exec 7>&-
finish 15 "$gone"
is "$rc" 1 'a delete past the alias stops the stream'
like "$(cat "$tmp/gone.err")" 'not_an_alias' '... and is told'
unlike "$(cat "$tmp/gone.out")" '000001:40' '... not acknowledged'
feed first 'an index where the alias must stand' 1
like "$(cat "$tmp/err")" 'index d.t stands where an alias' '... is told'

engine login
behave "{\"need_login\":\"Basic $(printf 'es:pass word' | base64)\"}" >"$tmp/told"
feed first 'no password' 1
like "$(cat "$tmp/err")" 'HTTP 401: security_exception: missing authentication' "... the engine's own words"
echo 'pass word' >"$tmp/password"
feed first 'a password from a file' 0 --user es --password-file "$tmp/password"
M2E_ELASTIC_PASSWORD='pass word' M2E_ELASTIC_USERNAME=es
export M2E_ELASTIC_PASSWORD M2E_ELASTIC_USERNAME
feed first 'a password from the environment' 0
unset M2E_ELASTIC_PASSWORD M2E_ELASTIC_USERNAME
printf '{"elastic":{"address":"%s","username":"es","password_file":"%s"}}' "$url" "$tmp/password" >"$tmp/config.json"
feed first 'a password by the configuration' 0 --config "$tmp/config.json"
unlike "$(cat "$tmp/err")" 'pass word' 'never in the log'

### a page of a scroll whose answer is lost: the engine has moved on, and libcurl alone would ask for the next one

engine scroll
{ echo "$source"; for i in $(seq 100 199); do row "$i" "$i"; done; commit 200; } | lines hundred
{ echo "$source"; echo '{"op":"truncate","db":"d","table":"t","pos":"b.000001:300"}'; commit 310; } | lines truncate
feed hundred 'a hundred documents' 0
behave '{"points":false,"page":10,"lose_page":4}' >"$tmp/told"
feed truncate 'a truncate' 0
behave '{}' >"$tmp/told"
is "$(jq -c .told "$tmp/told")" '["a page is lost"]' '... whose list loses a page'
is "$(write --count d.t)" '{"table":"d.t","docs":0}' '... leaves nothing'

### giving up, lingering, folding, counters

engine limits
{ echo "$source"; row 1 10; commit 20; } | lines one
feed one 'an engine that is well' 0
behave '{"faults":{"unavailable":1}}' >"$tmp/told"
{ echo "$source"; row 2 30; commit 40; } | lines two
feed two 'so many tries, and no more' 75 --max-retries 3
like "$(cat "$tmp/err")" 'given up after 4 tries' '... is told'
unlike "$(cat "$tmp/out")" '"b.000001:40"' '... what was not written is not acknowledged'
feed two 'so long, and no longer' 75 --retry-for 1
like "$(cat "$tmp/err")" 'given up after 1 s' '... is told, too'
behave '{"faults":{"item":0}}' >"$tmp/told"
{ echo "$source"; echo '{"op":"insert","db":"d","table":"t","key":["9"],"pos":"b.000001:50","row":{"poison":1}}'; } | lines poison
feed poison 'a refused document is a dead letter' 3 --dead-letter "$tmp/dead.limits"
feed poison '... unless it is to stop' 1 --dead-letter "$tmp/dead.limits" --on-error stop
is "$(grep -c '' "$tmp/dead.limits")" 1 '... and then not put there'
rc_is 2 'no such way' es-bulk --on-error=ignore
behave '{"faults":{"item":0}}' >"$tmp/told"
before=$(jq .requests "$tmp/told")
mkfifo "$tmp/slow"
timeout 60 es-bulk --url "$url" --jobs 1 --linger 60000 <"$tmp/slow" >"$tmp/out" 2>"$tmp/err" &
lingers=$!
exec 3>"$tmp/slow"
{ echo "$source"; row 20 100; } >&3
looked() { [ "$(behave '{}' | jq .requests)" -gt "$before" ]; }
wait_until 20 looked # the table's first row is taken
{ row 21 110; row 22 120; commit 130; } >&3
exec 3>&-
wait $lingers
is "$(tail -n 1 "$tmp/out")" "$(commit 130)" 'what lingers is sent at the end of input'
behave '{}' >"$tmp/told"
is "$(get /d.t/_doc/21 | jq .found)" true '... all of it'
like "$(cat "$tmp/err")" 'written=3 .* requests=1 ' '... as one request'
before=$(jq .items "$tmp/told")
{ echo "$source"; for i in 1 2 3 4 5 6 7 8 9; do row 30 "20$i"; row 31 "21$i"; done; commit 300; } | lines often
feed often 'documents that change often' 0 --jobs 1 --metrics-file "$tmp/metrics"
is "$(get /d.t/_doc/30 | jq ._source.at)/$(get /d.t/_doc/31 | jq ._source.at)" 209/219 '... have their last row'
behave '{}' >"$tmp/told"
is "$(($(jq .items "$tmp/told") - before))" 2 '... and are written once a request'
is "$(sed -n 's/^m2e_es_bulk_\(rows\|documents\|folded\|acknowledged\)_total //p' "$tmp/metrics" | paste -sd' ')" '18 2 16 2' 'counters are in the file'
is "$(grep -c '^# TYPE m2e_es_bulk_[a-z_]* \(counter\|gauge\)$' "$tmp/metrics")" "$(grep -c '^m2e_es_bulk_[a-z_]* [0-9]*$' "$tmp/metrics")" '... each with its type'
feed one 'a file that cannot be written ends nothing' 0 --metrics-file "$tmp/none/metrics"
like "$(cat "$tmp/err")" 'no metrics from now on' '... and is told'

done_testing
