#!/bin/sh
# es-bulk: documents of several tables in one index, children beside their parents.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/es-bulk.sh"

shop=$name.shop
# event OP TABLE KEY OFFSET ROW [OLD]
event() {
	echo "{\"op\":\"$1\",\"db\":\"$name\",\"table\":\"$2\",\"key\":[\"$3\"],\"pos\":\"b.000001:$4\"${6:+,\"old\":$6},\"row\":$5}"
}
schema() { # TABLE OFFSET [COLUMN]
	echo "{\"op\":\"schema\",\"db\":\"$name\",\"table\":\"$1\",\"key\":[\"id\"],\"columns\":[{\"name\":\"id\",\"type\":\"int\"}${3:+,{\"name\":\"$3\",\"type\":\"int\"\}}],\"pos\":\"b.000001:$2\"}"
}
# rules ITEM: orders and their items, whose rule is as JQ's expression makes it
rules() {
	jq --arg o "$name.orders" --arg i "$name.item" --arg x "$shop" '.elastic.tables = {($o): {index: $x, join: {field: "kind", name: "order"}},
		($i): ({index: $x, join: {field: "kind", name: "item", of: "order", parent: ["order_id"]}} | '"$1"')}' "$tmp/es.json" >"$tmp/rules.json"
}
found() { es POST "/$shop/_search" "$1" | jq -c '[.hits.hits[]._id] | sort'; }
refresh() { es POST "/$shop/_refresh" >"$tmp/told"; }
all='{"query":{"match_all":{}}}'
join() { # NAME STATUS FILE [OPTION...]
	join_name=$1 join_rc=$2 join_file=$3
	shift 3
	feed "$join_file" "$join_name" "$join_rc" --config "$tmp/rules.json" "$@"
	refresh
}

on_engine() {
	configure
	rules .
	{ echo "$source"; schema item 10 order_id; event insert item 1 20 '{"id":1,"order_id":7}'; event insert item 7 30 '{"id":7,"order_id":7}'
		schema orders 35; event insert orders 7 40 '{"id":7}'; event insert orders 8 50 '{"id":8}'; commit 60; } >"$tmp/first"
	if ! es PUT "/$name.probe" '{"mappings":{"properties":{"j":{"type":"join","relations":{"a":"b"}}}}}' >"$tmp/told" 2>&1; then
		skip "$es_kind: has no module for joins"
		join '... which is told' 1 first
		like "$(cat "$tmp/err")" 'mapper_parsing_exception.*join' "$es_kind: ... in its own words"
		return
	fi
	join 'children before their parents' 0 first
	is "$(es GET "/$shop/_mapping" | jq -c '.[].mappings.properties.kind | [.type, .relations.order]' | sed 's/\["item"\]/"item"/')" '["join","item"]' "$es_kind: ... in one index, with the relation"
	is "$(es GET "/$shop/_mapping" | jq -c '.[].mappings._meta | [.[].table] | sort')" "[\"$name.item\",\"$name.orders\"]" "$es_kind: ... that says whose documents it has"
	is "$(found "$all")" '["item|1","item|7","order|7","order|8"]' "$es_kind: ... none in another's place"
	is "$(es GET "/$shop/_doc/item%7C1?routing=order%7C7" | jq -c '[._routing, ._source]')" '["order|7",{"id":1,"order_id":7,"kind":{"name":"item","parent":"order|7"}}]' "$es_kind: ... a child by its parent's id"
	is "$(found '{"query":{"has_parent":{"parent_type":"order","query":{"term":{"id":7}}}}}')" '["item|1","item|7"]' "$es_kind: a parent's children are found"
	is "$(found '{"query":{"has_child":{"type":"item","query":{"term":{"id":7}}}}}')" '["order|7"]' "$es_kind: a child's parent is found"

	### another parent: a delete at the old routing, an index at the new
	{ echo "$source"; event update item 1 70 '{"id":1,"order_id":8}' '{"order_id":7}'; event delete item 7 80 '{"id":7,"order_id":7}'; commit 90; } >"$tmp/moved"
	es-bulk --config "$tmp/rules.json" --dry-run <"$tmp/moved" 2>"$tmp/err" | jq -c 'select(.index or .delete) | .[] | [._id, .routing]' >"$tmp/out"
	is "$(paste -sd' ' "$tmp/out")" '["item|1","order|7"] ["item|1","order|8"] ["item|7","order|7"]' "$es_kind: another parent is another place"
	join 'a child whose parent changes' 0 moved
	is "$(found '{"query":{"has_parent":{"parent_type":"order","query":{"term":{"id":8}}}}}')$(found "$all")" '["item|1"]["item|1","order|7","order|8"]' "$es_kind: ... is the new one's, and once only"
	{ echo "$source"; event update item 1 95 '{"id":1,"order_id":7}'; } >"$tmp/noold"
	join 'an update that does not say what was' 1 noold
	{ echo "$source"; event insert item 2 100 '{"id":2,"order_id":null}'; commit 110; } >"$tmp/orphan"
	join 'a child without parent' 3 orphan --dead-letter "$tmp/dead.$es_kind"
	like "$(jq -r .error.reason "$tmp/dead.$es_kind")" "parent's key is null" "$es_kind: ... is a dead letter"

	### what is asked of a table is asked of its documents alone
	is "$(es-bulk --config "$tmp/rules.json" --count "$name.orders" "$name.item" 2>&1 | jq -c .docs | paste -sd' ')" '2 1' "$es_kind: --count"
	is "$(es-bulk --config "$tmp/rules.json" --list "$name.orders" 2>&1 | jq -c .key | sort | paste -sd' ')" '["7"] ["8"]' "$es_kind: --list gives keys"
	{ event insert item 1 70 '{"id":1,"order_id":8}'; event insert orders 8 50 '{"id":9}'; } >"$tmp/verify"
	join '--verify' 1 verify --verify
	is "$(jq -c '[.event.table, .error.fields]' "$tmp/out")" '["orders",["id"]]' "$es_kind: ... finds what differs"
	{ echo "$source"; schema orders 120; event snapshot orders 9 120 '{"id":9}'; echo "{\"op\":\"done\",\"db\":\"$name\",\"table\":\"orders\",\"rows\":1,\"pos\":\"b.000001:120\"}"
		echo "{\"op\":\"truncate\",\"db\":\"$name\",\"table\":\"item\",\"pos\":\"b.000001:130\"}"; event insert item 3 140 '{"id":3,"order_id":9}'; commit 150; } >"$tmp/load"
	join 'a load of one table, a truncate of the other' 0 load
	is "$(found "$all")" '["item|3","order|9"]' "$es_kind: ... each leaves the other's documents"
	{ echo "$source"; echo "{\"op\":\"drop\",\"db\":\"$name\",\"table\":\"orders\",\"pos\":\"b.000001:160\"}"; commit 170; } >"$tmp/drop"
	join 'a table that is dropped' 0 drop --drop=apply
	is "$(found "$all")" '["item|3"]' "$es_kind: ... leaves the index, and the other's documents"

	### who may not be there
	join 'a rebuild' 1 load --rebuild
	like "$(cat "$tmp/err")" "other tables' documents are in its index" "$es_kind: ... of half an index is refused"
	rules 'del(.join)'
	{ echo "$source"; event insert item 4 180 '{"id":4,"order_id":9}'; } >"$tmp/stranger"
	join 'a join without children' 2 stranger
	feed stranger 'a table that is not joined' 1 --index "$shop"
	like "$(cat "$tmp/err")" 'holds joined tables' "$es_kind: ... may not be there"
}

need_opensearch
on_engine
clean
need_elasticsearch
on_engine

### rules that do not fit each other
for wrong in '.join.of = "nobody"' '.join.name = "order"' '.index = "another"' '.index = "x{table}"' '.routing = ["id"]' 'del(.join.parent)' 'del(.join.field)' '.join.parent = []' '.join.more = "x"'; do
	rules "$wrong"
	rc_is 2 "$wrong" es-bulk --config "$tmp/rules.json" --dry-run </dev/null
done
done_testing
