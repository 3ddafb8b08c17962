#!/bin/sh
# What the configuration says of tables (m2e-config.5, TABLES): which index, id and routing a row's document has, whether
# there is one, and what stands in it.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

name=et$$	# database of this test's tables
source='{"op":"source","server":"s1","epoch":0}'
schema() { # TABLE KEY POSITION
	echo "{\"op\":\"schema\",\"db\":\"$name\",\"table\":\"$1\",\"key\":$2,\"columns\":[{\"name\":\"id\",\"type\":\"int\"},{\"name\":\"day\",\"type\":\"date\"},{\"name\":\"status\",\"type\":\"varchar(9)\"},{\"name\":\"total\",\"type\":\"decimal(20,2)\"},{\"name\":\"cust\",\"type\":\"int\"},{\"name\":\"paid\",\"type\":\"tinyint\"},{\"name\":\"note\",\"type\":\"text\"}],\"pos\":\"b.000001:$3\"}"
}
row() { # OP TABLE KEY POSITION ROW [OLD]
	echo "{\"op\":\"$1\",\"db\":\"$name\",\"table\":\"$2\",\"key\":$3,\"pos\":\"b.000001:$4\"${6:+,\"old\":$6},\"row\":$5}"
}
# rules JSON: of the table t
rules() { printf '{"elastic":{"tables":{"%s.t":%s}}}\n' "$name" "$1" >"$tmp/rules.json"; }
# would OPTION...: standard input as es-bulk would send it, less what is always so; its status in $tmp/rc
would() {
	rc=0
	es-bulk -q --config "$tmp/rules.json" --dry-run "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	echo "$rc" >"$tmp/rc"
	sed "s/$name/D/; s/,\"version\":[0-9]*,\"version_type\":\"external_gte\"//" "$tmp/out"
}

### indices

rules '{"index": "o-{row.day:%Y.%m}"}'
is "$(row insert t '["1"]' 10 '{"id":1,"day":"2026-01-31"}' | would)" '{"index":{"_index":"o-2026.01","_id":"1"}}
{"id":1,"day":"2026-01-31"}' "a date names the index"
is "$(row update t '["1"]' 10 '{"id":1,"day":"2026-02-01"}' '{"day":"2026-01-31"}' | would)" '{"delete":{"_index":"o-2026.01","_id":"1"}}
{"index":{"_index":"o-2026.02","_id":"1"}}
{"id":1,"day":"2026-02-01"}' '... one that changes moves the document'
is "$(row update t '["1"]' 10 '{"id":1,"day":"2026-02-01"}' '{"id":1}' | would | wc -l)" 2 '... one that does not, does not'
row update t '["1"]' 10 '{"id":1,"day":"2026-02-01"}' | would >"$tmp/told"
is "$(cat "$tmp/rc")" 1 '... an update that does not say what it was'
like "$(cat "$tmp/err")" 'line 1: .*depends on column day, .*must say in old' '... stops, and is told'
is "$(row delete t '["1"]' 10 '{"id":1,"day":"2026-02-01"}' | would)" '{"delete":{"_index":"o-2026.02","_id":"1"}}' '... a delete finds it'
row delete t '["1"]' 10 '{"id":1}' | would >"$tmp/told"
is "$(cat "$tmp/rc")" 1 '... or stops, where it does not say'
is "$(row insert t '["1"]' 10 '{"day":null}' | would | head -n 1)" '{"index":{"_index":"o-null","_id":"1"}}' '... null is a name, too'
rm -f "$tmp/dead"
{ row insert t '["1"]' 10 '{"day":"not yet"}'; row insert t '["2"]' 20 '{"day":"2026-01-01"}'; } | would --dead-letter "$tmp/dead" >"$tmp/got"
is "$(cat "$tmp/rc"),$(wc -l <"$tmp/got")" 3,2 '... what is no date is a dead letter, the rest flows on'
is "$(jq -r '.error.type + .error.reason' "$tmp/dead")" 'placecolumn day, which is to name the index, holds no date: not yet' '... with the reason'
rules '{"index": "x-{row.status}-{db}-{table}"}'
is "$(row insert t '["1"]' 10 '{"status":"ÄPFEL"}' | would | head -n 1)" '{"index":{"_index":"x-äpfel-D-t","_id":"1"}}' 'a value, in lower case'
rm -f "$tmp/dead"
row insert t '["1"]' 10 '{"status":"a/b"}' | would --dead-letter "$tmp/dead" >"$tmp/got"
like "$(jq -r '.error.reason' "$tmp/dead")" 'no index can have this name: x-a/b-' '... that no index can be called is a dead letter'
is "$({ schema t '["id"]' 5; row update t '["2"]' 10 '{"id":2}' | sed 's/"key"/"old_key":["1"],"key"/'; } | es-bulk -q --dry-run --index 'k{row.id}' | sed 's/,"version.*//')" \
	'{"delete":{"_index":"k1","_id":"1"
{"index":{"_index":"k2","_id":"2"
{"id":2}' '--index; a key column needs no old'
for wrong in 'a{' 'a}' '{x}' '{row.}' '{row.a' 'a{{db}}'; do
	rc_is 2 "--index $wrong" es-bulk --dry-run --index "$wrong"
done
rules '{"index": "{nope}"}'
rc_is 2 'a wrong template in the configuration' es-bulk --config "$tmp/rules.json" --dry-run
like "$(cat "$tmp/err")" "elastic.tables: .*$name.t: index: .*{nope} is none of" '... is told with its table'

### ids, routing, pipelines

rules '{"id": ["cust", "note"], "routing": ["cust"], "pipeline": "clean"}'
is "$(row insert t '["1"]' 10 '{"cust":7,"note":"a|b"}' | would | head -n 1)" '{"index":{"_index":"D.t","pipeline":"clean","_id":"7|a\\|b","routing":"7"}}' 'id and routing by columns, a pipeline'
is "$(row update t '["1"]' 10 '{"cust":8,"note":"x"}' '{"cust":7}' | would | head -n 2)" '{"delete":{"_index":"D.t","_id":"7|x","routing":"7"}}
{"index":{"_index":"D.t","pipeline":"clean","_id":"8|x","routing":"8"}}' '... that change: a delete where it was, an index where it is'
rm -f "$tmp/dead"
row insert t '["1"]' 10 '{"cust":7,"note":null}' | would --dead-letter "$tmp/dead" >"$tmp/got"
is "$(jq -r .error.reason "$tmp/dead")" 'a column of the id is null' 'an id of null is a dead letter'

### what stands in a document

rules '{"include": ["id", "paid", "note"], "exclude": ["note"], "rename": {"id": "number"}, "booleans": ["paid"]}'
is "$(row insert t '["1"]' 10 '{"id":1,"day":"2026-01-31","paid":1,"note":"x"}' | would | tail -n 1)" '{"number":1,"paid":true}' 'columns left out, renamed, made true and false'
is "$(for v in 0 '"0"' 2 null true; do row insert t '["1"]' 10 "{\"paid\":$v}" | would | tail -n 1; done | tr -d '\n')" '{"paid":false}{"paid":false}{"paid":true}{"paid":null}{"paid":true}' '... 0 is false, other numbers are true, null is null'
is "$(schema t '["id"]' 5 | es-bulk -q --config "$tmp/rules.json" --print-mapping | jq -c '.[].mappings.properties | map_values(.type)')" '{"number":"integer","paid":"boolean"}' '... and so is the mapping'
rules '{"soft_delete": "gone"}'
is "$({ row insert t '["1"]' 10 '{"id":1}'; row delete t '["1"]' 20 '{"id":1}'; } | would | tr -d '\n')" '{"index":{"_index":"D.t","_id":"1"}}{"id":1,"gone":false}{"index":{"_index":"D.t","_id":"1"}}{"id":1,"gone":true}' 'a soft delete marks'
is "$(row update t '["2"]' 10 '{"id":2}' | sed 's/"key"/"old_key":["1"],"key"/' | would | head -n 1)" '{"delete":{"_index":"D.t","_id":"1"}}' '... but a document that moves is not left behind'
for wrong in '{"exclude": ["nota"]}' '{"types": {"nota": "keyword"}}' '{"routing": ["nota"]}' '{"when": {"nota": 1}}' '{"index": "{row.nota}"}'; do
	rules "$wrong"
	schema t '["id"]' 5 | would >"$tmp/told"
	is "$(cat "$tmp/rc")/$(cat "$tmp/err")" "2/ERROR es-bulk: $name.t: table $name.t has no column nota, which its settings name" "$wrong: no such column"
done
rules '{"rename": {"note": "total"}}'
schema t '["id"]' 5 | would >"$tmp/told"
like "$(cat "$tmp/rc")/$(cat "$tmp/err")" "2/.*two fields of table $name.t would be called total" 'two fields of one name'
jq -n --arg t "$name.*" '{elastic: {tables: {($t): {exclude: ["note", "other"]}}}}' >"$tmp/rules.json"
is "$({ schema t '["id"]' 5; row insert t '["1"]' 10 '{"id":1,"note":"x"}'; } | would | tail -n 1)" '{"id":1}' 'a pattern need not fit each of its tables'

### filters

# holds WHEN ROW: yes or no
holds() {
	rules "{\"when\": $1}"
	case $(row update t '["1"]' 10 "$2" | would | head -n 1) in '{"index"'*) echo yes ;; '{"delete"'*) echo no ;; *) cat "$tmp/err" ;; esac
}
while IFS='	' read -r when row want; do
	is "$(holds "$when" "$row")" "$want" "when $when: $row"
done <<'END'
{"status":"paid"}	{"status":"paid"}	yes
{"status":"paid"}	{"status":"draft"}	no
{"status":"é\"x"}	{"status":"\u00e9\"x"}	yes
{"status":["paid","sent"]}	{"status":"sent"}	yes
{"status":["paid","sent"]}	{"status":null}	no
{"status":{"not":["paid",null]}}	{"status":null}	no
{"status":{"not":["paid",null]}}	{"status":"x"}	yes
{"total":{"gte":10,"lt":20}}	{"total":10.00}	yes
{"total":{"gte":10,"lt":20}}	{"total":20.00}	no
{"total":{"gt":-1}}	{"total":-0.99}	yes
{"total":{"gt":9007199254740992.5}}	{"total":9007199254740992.51}	yes
{"total":{"lte":9007199254740992.50}}	{"total":9007199254740992.5}	yes
{"total":9007199254740993}	{"total":9007199254740992}	no
{"total":9007199254740993}	{"total":"9007199254740993"}	yes
{"total":{"gt":1}}	{"total":1e3}	yes
{"total":{"gt":1}}	{"total":null}	no
{"total":{"gt":1}}	{"total":"x"}	no
{"day":{"gte":"2026-01-01"}}	{"day":"2026-01-02"}	yes
{"paid":true}	{"paid":1}	yes
{"paid":false,"status":"x"}	{"paid":0,"status":"y"}	no
END
rules '{"when": {"status": "paid"}}'
is "$(row insert t '["1"]' 10 '{"status":"draft"}' | would)" '' 'an insert that does not pass is nothing'
is "$(row delete t '["1"]' 10 '{"status":"draft"}' | would)" '{"delete":{"_index":"D.t","_id":"1"}}' '... a delete is one always'
is "$(row snapshot t '["1"]' 10 '{"status":"draft"}' | would)" '{"delete":{"_index":"D.t","_id":"1"}}' '... a row read again, too'
is "$(row update t '["2"]' 10 '{"status":"draft"}' | sed 's/"key"/"old_key":["1"],"key"/' | would)" '{"delete":{"_index":"D.t","_id":"1"}}' '... an update deletes where it was'
row update t '["1"]' 10 '{"id":1}' | would >"$tmp/told"
is "$(cat "$tmp/rc")" 1 '... a row without the column stops'
is "$(row update t '["1"]' 10 '{"id":1}' | es-bulk -q --dry-run --when "$name.*={\"id\":2}" | sed 's/,"version.*//')" '{"delete":{"_index":"'"$name"'.t","_id":"1"' '--when'
for wrong in x "$name.t=x" "$name.t=[]" "$name.t={\"a\":{\"like\":1}}" "$name.t={\"a\":{\"gt\":[1]}}" 't={}'; do
	rc_is 2 "--when $wrong" es-bulk --dry-run --when "$wrong"
done

### in an engine: rows in many indices, each with its fields; all of them are swept, counted, dropped

need_opensearch
at_exit "es DELETE '/$name*' >/dev/null"
jq -n --arg u "$es_url" --arg t "$name.t" --arg n "$name" '{elastic: {address: $u, tables: {($t): {index: ($n + "-{row.day:%Y.%m}"), routing: ["cust"], when: {status: {not: "draft"}}}}}}' >"$tmp/rules.json"
feed() { # NAME STATUS [OPTION...]
	feed_name=$1 feed_rc=$2
	shift 2
	rc=0
	es-bulk --config "$tmp/rules.json" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc" "$feed_rc" "$feed_name" || diag "$(cat "$tmp/err")"
}
documents() { es POST "/$name*/_refresh" >"$tmp/told"; es GET "/$name*/_search?size=100" | jq -c '[.hits.hits[] | [(._index | sub("@.*"; "") | sub(".*-"; "")), ._id, ._routing]] | sort'; }
{
	echo "$source"
	schema t '["id"]' 5
	for i in 1 2 3 4; do row snapshot t "[\"$i\"]" 5 "{\"id\":$i,\"day\":\"2026-0$i-01\",\"status\":\"new\",\"cust\":$((i + 10))}"; done
	row snapshot t '["9"]' 5 '{"id":9,"day":"2026-01-01","status":"draft","cust":1}'
	echo "{\"op\":\"done\",\"db\":\"$name\",\"table\":\"t\",\"rows\":5,\"pos\":\"b.000001:5\"}"
} >"$tmp/load"
feed 'a load into an index a month' 0 <"$tmp/load"
is "$(documents)" '[["2026.01","1","11"],["2026.02","2","12"],["2026.03","3","13"],["2026.04","4","14"]]' '... each row in its own'
is "$(es GET "/$name-2026.03/_mapping" | jq -c '.[].mappings | [.properties.day.type, ._meta.m2e.s0, ._meta.m2e.load]')" '["date","b.000001:5",null]' '... with fields and the position of the load'
{
	echo "$source"
	row update t '["1"]' 10 '{"id":1,"day":"2026-04-30","status":"new","cust":11}' '{"day":"2026-01-01"}'
	row update t '["2"]' 20 '{"id":2,"day":"2026-02-01","status":"new","cust":99}' '{"cust":12}'
	row update t '["3"]' 30 '{"id":3,"day":"2026-03-01","status":"draft","cust":13}' '{"status":"new"}'
	row delete t '["4"]' 40 '{"id":4,"day":"2026-04-01","status":"new","cust":14}'
	echo '{"op":"commit","pos":"b.000001:50"}'
} >"$tmp/changes"
feed 'changes' 0 <"$tmp/changes"
feed '... and once more, as after a crash' 0 <"$tmp/changes"
is "$(documents)" '[["2026.02","2","99"],["2026.04","1","11"]]' '... move, leave the filter, delete'
is "$(es-bulk --config "$tmp/rules.json" --count "$name.t" 2>"$tmp/err")" "{\"table\":\"$name.t\",\"docs\":2}" '--count counts them all'
is "$(es-bulk --config "$tmp/rules.json" --check "$name.t" 2>"$tmp/err" | jq -r 'select(.text | test("index")) | .level' | sort | uniq -c | tr -s ' ')" ' 4 ok' '--check looks at them all'
# in an index of one shard another routing is the same document: its delete must not come behind the new one
{
	echo "$source"
	i=100
	while [ $i -lt 160 ]; do
		row insert t "[\"$i\"]" "$i" "{\"id\":$i,\"day\":\"2026-02-01\",\"status\":\"new\",\"cust\":1}"
		row update t "[\"$i\"]" "$((i + 100))" "{\"id\":$i,\"day\":\"2026-02-01\",\"status\":\"new\",\"cust\":$i}" '{"cust":1}'
		i=$((i + 1))
	done
	echo '{"op":"commit","pos":"b.000001:400"}'
} >"$tmp/routed"
feed 'many that change their routing' 0 --jobs 8 --batch-count 1 <"$tmp/routed"
is "$(es-bulk --config "$tmp/rules.json" --count "$name.t" 2>"$tmp/err" | jq .docs)" 62 '... none is lost'
# a truncate by a process that has seen none of them
{ echo "$source"; echo "{\"op\":\"truncate\",\"db\":\"$name\",\"table\":\"t\",\"pos\":\"b.000001:600\"}"; row insert t '["5"]' 700 '{"id":5,"day":"2026-02-01","status":"new","cust":1}'; } >"$tmp/truncate"
feed 'truncate' 0 <"$tmp/truncate"
is "$(documents)" '[["2026.02","5","1"]]' '... sweeps them all, whatever their routing'
sed 's/:5"/:650"/' "$tmp/load" >"$tmp/load2"
feed 'a load again' 0 <"$tmp/load2"
is "$(documents)" '[["2026.01","1","11"],["2026.02","2","12"],["2026.02","5","1"],["2026.03","3","13"],["2026.04","4","14"]]' '... leaves what is newer'
{ echo "$source"; echo "{\"op\":\"drop\",\"db\":\"$name\",\"table\":\"t\",\"pos\":\"b.000001:800\"}"; } >"$tmp/drop"
feed 'drop' 0 --drop apply <"$tmp/drop"
is "$(documents)" '[]' '... drops them all'

done_testing
