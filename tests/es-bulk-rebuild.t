#!/bin/sh
# es-bulk: an index that is made beside the one in use, changes places with it, and goes.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/es-bulk.sh"

# ask NAME STATUS OUTPUT OPTION...: a command of es-bulk's, in the words of what it prints
ask() {
	ask_name=$1 ask_rc=$2 ask_out=$3
	shift 3
	rc=0
	es-bulk --config "$tmp/es.json" "$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc $(cat "$tmp/out")" "$ask_rc $ask_out" "$es_kind: $ask_name" || diag "$(cat "$tmp/err")"
}
# indices ALIAS: those that it stands for
indices() { es GET "/_alias/$1" 2>/dev/null | jq -r 'if has("error") then "none" else keys | join(" ") end'; }
exists() { es GET "/_cat/indices/$1?h=index" | grep -c "^$1"; }
# load TABLE S0 COLUMN KEY...
load() {
	table=$1 s0=$2 column=$3
	shift 3
	echo "$source"
	echo "{\"op\":\"schema\",\"db\":\"$name\",\"table\":\"$table\",\"key\":[\"id\"],\"columns\":[{\"name\":\"id\",\"type\":\"int\"},{\"name\":\"at\",\"type\":\"$column\"}],\"pos\":\"b.000001:$s0\"}"
	for key; do
		row "$table" "$key" "$s0" | sed 's/insert/snapshot/'
	done
	echo "{\"op\":\"done\",\"db\":\"$name\",\"table\":\"$table\",\"rows\":$#,\"pos\":\"b.000001:$s0\"}"
}

# said TABLE COLUMNS POSITION: a schema line
said() { echo "{\"op\":\"schema\",\"db\":\"$name\",\"table\":\"$1\",\"key\":${4:-[\"id\"]},\"columns\":[$2],\"pos\":\"b.000001:$3\"}"; }
stale() { echo "{\"op\":\"stale\",\"db\":\"$name\",\"table\":\"$1\",\"why\":\"ALTER TABLE\",\"pos\":\"b.000001:$2\"}"; }
# text TABLE KEY POSITION OP: a row that no index of numbers can take
text() { echo "{\"op\":\"$4\",\"db\":\"$name\",\"table\":\"$1\",\"key\":$2,\"pos\":\"b.000001:$3\",\"row\":{\"id\":7,\"at\":\"words\"}}"; }
meta() { es GET "/$name.$1/_mapping" | jq -c '.[].mappings._meta.m2e.stale'; }
letters() { wc -l <"$tmp/dead" | tr -d ' '; }
resyncing() { M2E_ON_SCHEMA_CHANGE=resync feed "$@" --dead-letter "$tmp/dead" --metrics-file "$tmp/metrics"; }

# A stale table's index leaves what it cannot take to the rebuild, where there is to be one.
leaves() {
	: >"$tmp/dead"
	id='{"name":"id","type":"int"}' at='{"name":"at","type":"varchar(20)"}'
	load town 100 int 1 2 >"$tmp/town"
	feed town 'a load' 0
	{ echo "$source"; stale town 150; said town "$id,$at" 160; text town '["7"]' 170 insert; text town '["8"]' 170 insert; row town 9 180; commit 200; } >"$tmp/changes"
	feed changes 'a stale table that nobody rebuilds: what is refused is a dead letter' 3 --dead-letter "$tmp/dead"
	is "$(letters) $(meta town)" '2 null' "$es_kind: ... each, and the index says nothing"
	: >"$tmp/dead"
	resyncing changes 'one that is rebuilt: it is left to that' 0
	is "$(letters) $(meta town)" '0 "b.000001:150"' "$es_kind: ... there is no letter, and the index says since when it is stale"
	is "$(grep -c 'left to its rebuild' "$tmp/err") $(grep -c "table=$name.town line=[45] error=\".*pars" "$tmp/err")" '1 1' "$es_kind: ... it is told once, with the reason"
	is "$(sed -n 's/^m2e_es_bulk_left_total //p' "$tmp/metrics") $(doc town 9 | jq .found)" '2 true' "$es_kind: ... it is counted, and all else is written"
	is "$(tail -n 1 "$tmp/out" | jq -r .pos)" b.000001:200 "$es_kind: ... and acknowledged"
	{ echo "$source"; said town "$id,$at" 160; text town '["7"]' 210 update; stale town 215
		echo "{\"op\":\"update\",\"db\":\"$name\",\"table\":\"town\",\"key\":[\"70\"],\"partial\":true,\"pos\":\"b.000001:220\",\"row\":{\"at\":1}}"; commit 220; } >"$tmp/changes"
	resyncing changes 'nor does the next process need to be told' 0
	is "$(letters) $(meta town)" '0 "b.000001:150"' "$es_kind: ... which leaves out the same, and partial rows without a document"
	{ echo "$source"; said town "$id,$at" 160; text town '["7"]' 220 snapshot; } >"$tmp/snapshot"
	resyncing snapshot 'a row of a load is no such row' 3
	resyncing changes '--on-error stop goes before that' 1 --on-error stop
	: >"$tmp/dead"

	### what its index cannot be made ready for
	{ echo "$source"; said town "$id,$at" 230 null; text town null 240 insert; row city 9 245; commit 250; } >"$tmp/keyless"
	feed keyless 'a table that has lost its key' 2
	resyncing keyless '... waits for its rebuild, too' 0
	like "$(cat "$tmp/err")" "left to its rebuild: line 2: table $name.town has no key" "$es_kind: ... which is told"
	is "$(letters) $(doc city 9 | jq .found)" '0 true' "$es_kind: ... and holds nobody else up"
	{ echo "$source"; said town "$id,$at" 230 null; text town null 240 snapshot; } >"$tmp/load"
	resyncing load '... but a load of it is refused' 2
	{ echo "$source"; said town "$id,$at" 230 null; echo "{\"op\":\"done\",\"db\":\"$name\",\"table\":\"town\",\"rows\":0,\"pos\":\"b.000001:250\"}"; } >"$tmp/load"
	resyncing load '... also one without rows' 2
	is "$(meta town) $(doc town 9 | jq .found)" '"b.000001:150" true' "$es_kind: ... nothing is swept"
	sed "s/town/fresh/" "$tmp/keyless" >"$tmp/fresh"
	resyncing fresh 'one that is not stale cannot be kept in step' 2
	jq --arg t "$name.town" '.elastic.tables = {($t): {rename: {at: "when"}}}' "$tmp/es.json" >"$tmp/rule.json" && cp "$tmp/es.json" "$tmp/plain.json" && cp "$tmp/rule.json" "$tmp/es.json"
	{ echo "$source"; said town "$id" 260; text town '["7"]' 270 insert; commit 280; said town "$id,$at" 285; row town 10 290; commit 290; } >"$tmp/lacks"
	feed lacks 'a column that the configuration names is gone' 2
	resyncing lacks '... waits for its rebuild, too' 0
	is "$(letters) $(doc town 7 | jq .found) $(doc town 10 | jq -c ._source)" '0 false {"id":10,"when":290}' "$es_kind: ... until it is there again"
	cp "$tmp/plain.json" "$tmp/es.json"

	### until a load
	load town 300 int 1 2 7 >"$tmp/again"
	resyncing again 'loaded again' 0
	is "$(meta town)" null "$es_kind: ... it is stale no more"
	{ echo "$source"; stale town 250; commit 250; } >"$tmp/older"
	resyncing older 'a stale line from before the load' 0
	is "$(meta town)" null "$es_kind: ... is no news"
	{ echo "$source"; said town "$id,$at" 310; text town '["7"]' 320 update; commit 330; } >"$tmp/changes"
	resyncing changes 'what is refused then' 3
	is "$(letters)" 1 "$es_kind: ... is a dead letter"
}

on_engine() {
	configure
	city=$name.city
	load city 100 int 1 2 3 >"$tmp/first"
	feed first 'a load' 0
	old=$(indices "$city")
	ask 'nothing to swap' 1 '' --swap "$city"
	like "$(cat "$tmp/err")" "no alias $city@rebuild" "$es_kind: ... says so"
	ask 'nothing to abandon' 0 '' --abandon "$city"

	### beside it, while readers and the stream go on
	load city 200 bigint 1 2 4 >"$tmp/second"
	sed '$d' "$tmp/second" >"$tmp/half"
	feed half 'half a rebuild' 0 --rebuild
	new=$(indices "$city@rebuild")
	ok "$es_kind: ... in an index of its own" test "$new" != "$old" -a "$new" != none
	like "$new" "^$city@20[0-9]{12}\$" "$es_kind: ... whose name is as any other's"
	is "$(indices "$city")" "$old" "$es_kind: ... readers have the old one"
	is "$(es GET "/$new/_mapping" | jq -c '.[].mappings | [.properties.at.type, ._meta.m2e.source, ._meta.m2e.epoch, ._meta.m2e.born]')" '["long","s1",0,"b.000001:200"]' "$es_kind: ... with today's mapping"
	ask 'half of it is not swapped in' 1 '' --swap "$city"
	like "$(cat "$tmp/err")" "$new is not complete" "$es_kind: ... says so"
	ask 'an index in use is not dropped' 1 '' --drop-index "$new"
	feed second 'the rebuild goes on' 0 --rebuild
	is "$(indices "$city@rebuild")" "$new" "$es_kind: ... in the same index"
	{ echo "$source"; row city 5 210; commit 220; } >"$tmp/stream"
	feed stream 'the stream goes on' 0
	is "$(doc city 5 | jq -c ._index)" "\"$old\"" "$es_kind: ... into the old index"
	ask '--count of the old index' 0 "{\"table\":\"$city\",\"docs\":4}" --count "$city"
	feed stream 'its changes since' 0 --rebuild
	ask '--count of the new index' 0 "{\"table\":\"$city\",\"docs\":4}" --rebuild --count "$city"
	rc=0
	es-bulk --config "$tmp/es.json" --rebuild --list "$city" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc $(jq -r '.key[0]' "$tmp/out" | sort | paste -sd' ')" '0 1 2 4 5' "$es_kind: --list of the new index"
	sed 1,2d "$tmp/second" >"$tmp/rows"
	feed rows '--verify of the new index' 0 --rebuild --verify
	feed rows '... while the old one differs' 1 --verify

	### they change places; once more is no harm
	swapped="{\"table\":\"$city\",\"old\":[\"$old\"],\"new\":\"$new\"}"
	ask '--swap' 0 "$swapped" --swap "$city"
	is "$(indices "$city") $(indices "$city@rebuild")" "$new none" "$es_kind: ... gives readers the new one"
	is "$(doc city 4 | jq -c ._index)" "\"$new\"" "$es_kind: ... with what it holds"
	ask '... again' 0 "$swapped" --swap "$city"
	like "$(es-bulk --config "$tmp/es.json" --swap "$city" 2>&1)" 'already swapped' "$es_kind: ... says so"
	{ echo "$source"; row city 6 230; commit 240; } >"$tmp/stream"
	feed stream 'the stream goes on' 0
	is "$(doc city 6 | jq -c ._index)" "\"$new\"" "$es_kind: ... into the new index"
	ask 'nor is the new one dropped' 1 '' --drop-index "$new"
	like "$(cat "$tmp/err")" "alias $city stands for it" "$es_kind: ... says why"
	ask 'nor what is an alias' 1 '' --drop-index "$city"
	ask 'nor a pattern' 1 '' --drop-index "$city@*"
	ask 'the old one is' 0 "{\"dropped\":\"$old\"}" --drop-index "$old"
	ask '... again' 0 '' --drop-index "$old"

	### killed between telling the new index and the swap: as if it had not begun
	load city 300 int 1 >"$tmp/third"
	feed third 'another rebuild' 0 --rebuild
	third=$(indices "$city@rebuild")
	es PUT "/$third/_mapping" "$(es GET "/$third/_mapping" | jq -c '{_meta: (.[].mappings._meta | .m2e.replaces = ["another"])}')" >"$tmp/told"
	ask 'a swap that was begun' 0 "{\"table\":\"$city\",\"old\":[\"$new\"],\"new\":\"$third\"}" --swap "$city"
	is "$(indices "$city")" "$third" "$es_kind: ... is done"

	### given up
	feed half 'a rebuild' 0 --rebuild
	half=$(indices "$city@rebuild")
	ask '... is abandoned' 0 "{\"dropped\":\"$half\"}" --abandon "$city"
	is "$(exists "$half") $(indices "$city@rebuild") $(indices "$city")" "0 none $third" "$es_kind: ... and nothing is left of it"
	ask '... again' 0 '' --abandon "$city"

	### what cannot be rebuilt, before anything is made
	es PUT "/$name.mine" >"$tmp/told"
	load mine 100 int 1 >"$tmp/mine"
	feed mine 'an index where the alias must stand' 1 --rebuild
	like "$(cat "$tmp/err")" "index $name.mine stands where an alias" "$es_kind: ... is told"
	feed first 'an index by rows' 1 --rebuild --index '{db}.{table}-{row.at}'
	like "$(cat "$tmp/err")" 'depends on its rows' "$es_kind: ... is told"
	is "$(indices "$name.mine@rebuild") $(indices "$city@rebuild")" 'none none' "$es_kind: ... and nothing was made"
	ask "nor is the user's index dropped" 1 '' --drop-index "$name.mine"
	ask "... with the table's" 1 '' --drop-indices "$name.mine"
	is "$(exists "$name.mine")" 1 "$es_kind: ... it is there"

	### a table that had no index
	load fresh 100 int 1 >"$tmp/fresh"
	feed fresh 'a rebuild of what is not there' 0 --rebuild
	fresh=$(indices "$name.fresh@rebuild")
	ask '... is swapped in' 0 "{\"table\":\"$name.fresh\",\"old\":[],\"new\":\"$fresh\"}" --swap "$name.fresh"
	ask '... again' 0 "{\"table\":\"$name.fresh\",\"old\":[],\"new\":\"$fresh\"}" --swap "$name.fresh"

	### all of a table's indices
	feed half 'and a rebuild' 0 --rebuild
	half=$(indices "$city@rebuild")
	es PUT "/$city@20000101000000" >"$tmp/told"
	es-bulk --config "$tmp/es.json" --drop-indices "$city" "$name.nothing" >"$tmp/out" 2>"$tmp/err"
	is "$? $(jq -r .dropped "$tmp/out" | sort | paste -sd' ')" "0 $(printf '%s\n' "$new" "$third" "$half" | sort | paste -sd' ')" "$es_kind: --drop-indices drops all of a table" || diag "$(cat "$tmp/err")"
	is "$(indices "$city") $(indices "$city@rebuild") $(indices "$name.fresh")" "none none $fresh" "$es_kind: ... no other's"
	is "$(exists "$city@20000101000000")" 1 "$es_kind: ... and none that only has such a name"
	feed first 'rows by which the index goes' 0 --index "$name.by-{row.id}"
	rc=0
	es-bulk --config "$tmp/es.json" --drop-indices --index "$name.by-{row.id}" "$city" >"$tmp/out" 2>"$tmp/err" || rc=$?
	is "$rc $(grep -c "$name.by-[123]@" "$tmp/out")" '0 3' "$es_kind: ... where there are many, too"
	ask 'a name without database' 2 '' --drop-indices city
	leaves
}

need_opensearch
on_engine
clean
need_elasticsearch
on_engine
done_testing
