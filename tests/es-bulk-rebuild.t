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
}

need_opensearch
on_engine
clean
need_elasticsearch
on_engine
done_testing
