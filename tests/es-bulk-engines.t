#!/bin/sh
# es-bulk on real engines: what their own answers are taken for, on OpenSearch and on Elasticsearch (with TLS and a login).
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/es-bulk.sh"

# while_running COMMAND...: a row is written, COMMAND done, FILE's lines sent; status in $rc
while_running() {
	rm -f "$tmp/in"
	mkfifo "$tmp/in"
	es-bulk --config "$tmp/es.json" --dead-letter "$tmp/dead.outage" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
	running=$!
	tap_pids="$tap_pids $running"
	exec 7>"$tmp/in"
	{ echo "$source"; row outage 1 100; commit 101; } >&7
	wait_until 20 grep -q 000001:101 "$tmp/out" || diag "$(cat "$tmp/err")"
	"$@" >"$tmp/told" 2>&1 || diag "$(cat "$tmp/told")"
	{ row outage 2 110; commit 111; } >&7
	exec 7>&-
	finish 20 "$running"
}
outage_index() { es GET "/$name.outage/_mapping" | jq -r 'keys[0]'; }
block() { es PUT "/$(outage_index)/_settings" "{\"index.blocks.write\":$1}"; }
close_index() { es POST "/$(outage_index)/_close"; }
unalias() { es DELETE "/$(outage_index)/_alias/$name.outage"; }
outage() { # NAME REGEX
	is "$rc" 1 "$es_kind: $1 stops the stream"
	like "$(cat "$tmp/err")" "$2" "$es_kind: ... with the engine's words"
	unlike "$(cat "$tmp/out")" 000001:111 "$es_kind: ... nothing is acknowledged"
	is "$(cat "$tmp/dead.outage" 2>/dev/null)" '' "$es_kind: ... and is no dead letter"
	rm -f "$tmp/dead.outage"
}

on_engine() {
	configure
	# parts that are not in every node: a plugin of OpenSearch, a module of Elasticsearch
	unsigned_long=unsigned_long scaled=scaled_float shape=geo_shape vector='(knn_vector|float)' flat=flat_object
	[ "$es_kind" = opensearch ] || unsigned_long='(unsigned_long|keyword)' scaled='(scaled_float|double)' \
		shape='(geo_shape|object)' vector=dense_vector flat=flattened

	### an index from a schema line
	cat >"$tmp/types" <<-END
		$source
		{"op":"schema","db":"$name","table":"Types","key":["id"],"columns":[{"name":"id","type":"int"},{"name":"tiny","type":"tinyint unsigned"},{"name":"big","type":"bigint unsigned"},{"name":"dec","type":"decimal(20,2)"},{"name":"whole","type":"decimal(18,0)"},{"name":"flag","type":"bit(1)"},{"name":"bits","type":"bit(9)"},{"name":"y","type":"year"},{"name":"day","type":"date"},{"name":"moment","type":"datetime(6)"},{"name":"stamp","type":"timestamp"},{"name":"t","type":"time(3)"},{"name":"s","type":"varchar(20)"},{"name":"e","type":"enum('a','b')"},{"name":"bin","type":"varbinary(10)"},{"name":"j","type":"json"},{"name":"g","type":"point"},{"name":"v","type":"vector(2)"},{"name":"f","type":"float"},{"name":"price","type":"decimal(12,2)"},{"name":"exact","type":"timestamp(6)"},{"name":"host","type":"inet6"}],"pos":"b.000001:10"}
		{"op":"insert","db":"$name","table":"Types","key":["1"],"pos":"b.000001:20","row":{"id":1,"tiny":255,"big":18446744073709551615,"dec":123456789012345678.90,"whole":999999999999999999,"flag":true,"bits":511,"y":2155,"day":"9999-12-31","moment":"2026-01-02T03:04:05.123456","stamp":"2026-01-02T03:04:05Z","t":"-838:59:59.000","s":"Zürich","e":"a","bin":"AAEC","j":{"any":[1,{"x":null}]},"g":{"type":"Point","coordinates":[1,2]},"v":[0.5,1],"f":1.5,"price":9999999999.99,"exact":"2026-01-02T03:04:05.123456Z","host":"::1"}}
		{"op":"insert","db":"$name","table":"Types","key":["2"],"pos":"b.000001:30","row":{"id":2,"tiny":null,"big":"18446744073709551615","dec":"1.00","whole":"1","j":[1,2],"g":{"type":"Point","coordinates":[500,-500]},"moment":"9999-12-31T23:59:59.999999","v":null}}
		{"op":"insert","db":"$name","table":"Types","key":["3"],"pos":"b.000001:40","row":{"id":3,"j":"text","day":null}}
		{"op":"commit","pos":"b.000001:50"}
	END
	feed types 'every type has its field' 0
	is "$(es GET "/$name.types/_mapping" | jq -c '.[].mappings.properties | [.id.type, .tiny.type, .dec.type, .whole.type, .flag.type, .bits.type, .y.type, .day.type, .moment.type, .stamp.type, .exact.type, .t.type, .s.type, .s.fields.keyword.type, .e.type, .bin.type, .j.enabled, .host.type]')" \
		'["integer","short","double","long","boolean","long","short","date","date_nanos","date","date_nanos","keyword","text","keyword","keyword","binary",false,"ip"]' "$es_kind: ... as the manual has it"
	like "$(es GET "/$name.types/_mapping" | jq -r '.[].mappings.properties | [.price.type, .g.type, .v.type] | join(" ")')" "^$scaled $shape $vector\$" "$es_kind: ... as far as the engine has the types"
	like "$(es GET "/$name.types/_mapping" | jq -r '.[].mappings.properties.big.type')" "^$unsigned_long\$" "$es_kind: ... unsigned_long where there is one"
	like "$(es GET "/$name.types/_mapping" | jq -r 'keys[0]')" "^$name\\.types@20[0-9]{12}\$" "$es_kind: ... in an index behind the alias"
	is "$(es GET "/$name.types/_settings" | jq -r '.[].settings.index.gc_deletes')" 1h "$es_kind: ... that keeps deletes for an hour"
	is "$(doc types 1 | jq -S -c ._source)" "$(sed -n 3p "$tmp/types" | jq -S -c .row)" "$es_kind: documents are the rows"
	es POST "/$name.types/_refresh" >"$tmp/told"
	is "$(es POST "/$name.types/_search" '{"query":{"range":{"moment":{"gte":"2026-01-02T03:04:05.000","lt":"2026-01-02T03:04:06.000"}}}}' | jq -r '.hits.hits[]._id')" 1 "$es_kind: dates are dates"
	like "$(es POST "/$name.types/_search" '{"query":{"term":{"host":"::0/64"}}}' | jq -r '.hits.hits[]._id')" '^1$' "$es_kind: addresses are addresses"
	[ "$es_kind" != opensearch ] || is "$(es POST "/$name.types/_search" '{"query":{"geo_bounding_box":{"g":{"top_left":[0,3],"bottom_right":[2,0]}}}}' | jq -r '.hits.hits[]._id')" 1 "$es_kind: geometries are geometries, and one off the globe does no harm"
	{ echo "$source"; sed -n 2p "$tmp/types"; echo "{\"op\":\"update\",\"db\":\"$name\",\"table\":\"Types\",\"key\":[\"1\"],\"pos\":\"b.000001:45\",\"partial\":true,\"row\":{\"id\":1,\"y\":1999}}"; commit 50; } >"$tmp/vector"
	feed vector 'a partial row beside a vector' 0
	is "$(doc types 1 | jq -c '[._source.y, ._source.v]')" '[1999,[0.5,1]]' "$es_kind: ... loses nothing of it"
	feed types 'once more: nothing changes' 0
	unlike "$(cat "$tmp/err")" 'another type' "$es_kind: ... and nothing is told"
	is "$(es POST "/$name.types/_refresh" >"$tmp/told"; es-bulk --config "$tmp/es.json" --count "$name.Types")" "{\"table\":\"$name.Types\",\"docs\":3}" "$es_kind: --count"

	### a definition that changes
	sed -e 's/"varchar(20)"},/"varchar(20)"},{"name":"added","type":"int"},/' -e 's/:10"}/:60"}/' -e 's/"int"},{"name":"tiny","type":"tinyint unsigned"/"int"},{"name":"tiny","type":"varchar(9)"/' "$tmp/types" | sed -n 1,2p >"$tmp/altered"
	row Types 4 70 ',"added":7,"tiny":"x"' >>"$tmp/altered"
	commit 80 >>"$tmp/altered"
	feed altered 'a new column, and a type that changes' 3 --dead-letter "$tmp/dead.$es_kind"
	is "$(es GET "/$name.types/_mapping" | jq -r '.[].mappings.properties.added.type')" integer "$es_kind: the new column has its field"
	like "$(cat "$tmp/err")" 'WARN .*another type than its column asks for.*field=tiny has=short wants=text' "$es_kind: the changed one is told"
	like "$(jq -r .error.type "$tmp/dead.$es_kind")" '^(mapper|document)_parsing_exception$' "$es_kind: and what does not fit is a dead letter"

	### what the configuration says of a table, and --mapping-file
	jq --arg t "$name.ruled" '.elastic.tables = {($t): {types: {attrs: "flattened", s: {type: "text", analyzer: "ours"}}, load: {number_of_replicas: 0, refresh_interval: "30s"},
		settings: {analysis: {analyzer: {ours: {tokenizer: "standard"}}}, number_of_replicas: 2, "index.mapping.total_fields.limit": 50}, mappings: {dynamic: false, properties: {extra: {type: "keyword"}}}}}' "$tmp/es.json" >"$tmp/ruled.json"
	cat >"$tmp/ruled" <<-END
		$source
		{"op":"schema","db":"$name","table":"ruled","key":["id"],"columns":[{"name":"id","type":"int"},{"name":"attrs","type":"json"},{"name":"s","type":"varchar(20)"}],"pos":"b.000001:10"}
		{"op":"snapshot","db":"$name","table":"ruled","key":["1"],"pos":"b.000001:10","row":{"id":1,"attrs":{"a":"b"},"s":"so was"}}
		{"op":"commit","pos":"b.000001:10"}
		{"op":"done","db":"$name","table":"ruled","rows":1,"pos":"b.000001:10"}
	END
	feed ruled 'rules for a table' 0 --config "$tmp/ruled.json"
	is "$(es GET "/$name.ruled/_mapping" | jq -c '.[].mappings | [.dynamic, .properties.attrs.type, .properties.s.analyzer, .properties.extra.type]')" "[\"false\",\"$flat\",\"ours\",\"keyword\"]" "$es_kind: ... types, mappings"
	ruled_settings() { es GET "/$name.ruled/_settings" | jq -c '.[].settings.index | [.number_of_replicas, .refresh_interval, .mapping.total_fields.limit, .gc_deletes]'; }
	is "$(ruled_settings)" '["2",null,"50","1h"]' "$es_kind: ... settings, and after the load they are as before it"
	unlike "$(cat "$tmp/err")" 'another setting' "$es_kind: ... and none is told"
	jq --arg t "$name.ruled" '.elastic.tables[$t].settings |= (.number_of_replicas = 1 | .analysis.analyzer.ours.tokenizer = "keyword")' "$tmp/ruled.json" >"$tmp/reset.json"
	feed ruled 'settings that change' 0 --config "$tmp/reset.json"
	is "$(sed -n 's/.*another setting.* m2e resync \([^ ]*\) index=[^ ]*@[0-9]* \(setting=.*\)/\1 \2/p' "$tmp/err" | sort -u | paste -sd' ')" \
		"$name.ruled setting=index.analysis.analyzer.ours.tokenizer has=standard wants=keyword $name.ruled setting=index.number_of_replicas has=2 wants=1" "$es_kind: ... are told"
	es-bulk --config "$tmp/ruled.json" --print-mapping <"$tmp/ruled" >"$tmp/mapping.json" 2>"$tmp/err"
	jq --arg t "$name.ruled" '.[$t].mappings.properties.s.analyzer = "whitespace"' "$tmp/mapping.json" >"$tmp/mapping2.json"
	es DELETE "/$(es GET "/$name.ruled/_mapping" | jq -r 'keys[0]')" >"$tmp/told"
	# killed within the load
	rm -f "$tmp/in"
	mkfifo "$tmp/in"
	es-bulk --config "$tmp/ruled.json" --mapping-file "$tmp/mapping2.json" <"$tmp/in" >"$tmp/out" 2>"$tmp/err" &
	loader=$!
	tap_pids="$tap_pids $loader"
	exec 7>"$tmp/in"
	sed '$d' "$tmp/ruled" >&7
	ok "$es_kind: a load begins" wait_until 20 grep -q commit "$tmp/out"
	is "$(ruled_settings)" '["0","30s","50","1h"]' "$es_kind: ... with its settings"
	is "$(es GET "/$name.ruled/_mapping" | jq -S -c '.[].mappings._meta.m2e.load')" '{"index.number_of_replicas":"2","index.refresh_interval":null}' "$es_kind: ... the others are remembered"
	kill -9 "$loader"
	finish 20 "$loader"
	exec 7>&-
	is "$(es GET "/$name.ruled/_mapping" | jq -c '.[].mappings | [.properties.s.analyzer, .properties.attrs.type]')" "[\"whitespace\",\"$flat\"]" "$es_kind: --mapping-file reads what --print-mapping printed"
	feed ruled 'the load again' 0 --config "$tmp/ruled.json"
	is "$(ruled_settings)" '["2",null,"50","1h"]' "$es_kind: ... puts back what a killed one had changed"
	is "$(es GET "/$name.ruled/_mapping" | jq -c '.[].mappings._meta.m2e | [.load, .s0]')" '[null,"b.000001:10"]' "$es_kind: ... and forgets it"

	### poison among others
	{ echo "$source"; sed -n 2p "$tmp/types" | sed 's/"Types"/"poison"/'; row poison 1 100; row poison 2 110 ',"day":"no day"'; row poison 3 120 ',"":1'; row poison 4 130 ',"s":{"a":1}'
		row poison 5 140 ',"id":5'; row poison 6 150 ",\"e\":\"$(printf '%040000d' 0)\""; row poison 7 160; commit 170; } >"$tmp/poison"
	feed poison 'documents that the engine refuses' 3 --dead-letter "$tmp/dead2.$es_kind"
	is "$(jq -c '.event.key[0]' "$tmp/dead2.$es_kind" | sort | tr -d '\n')" '"2""3""4""5""6"' "$es_kind: ... are dead letters: a date, an empty name, an object for a text, a name twice, a term too long"
	is "$(doc poison 1 | jq .found)$(doc poison 7 | jq .found)" truetrue "$es_kind: ... and the others are written"
	is "$(tail -n 1 "$tmp/out")" "$(commit 170)" "$es_kind: ... and all is acknowledged"

	### an outage is not a document (C7)
	while_running block true
	outage 'a write block' 'status 403: cluster_block_exception'
	block false >"$tmp/told"
	while_running close_index
	outage 'a closed index' 'index_closed_exception'
	es POST "/$(outage_index)/_open" >"$tmp/told"
	while_running unalias
	outage 'an alias that is gone' 'require_alias'
	{ echo "$source"; row fields 1 10; python3 -c 'import json; print(json.dumps({"op": "insert", "db": "'"$name"'", "table": "fields", "key": ["2"], "pos": "b.000001:20", "row": {"f%d" % i: i for i in range(1100)}}, separators=(",", ":")))'; commit 30; } >"$tmp/fields"
	feed fields 'the limit of fields stops the stream' 1 --dead-letter "$tmp/dead.fields"
	like "$(cat "$tmp/err")" 'Limit of total fields' "$es_kind: ... with the engine's words"
	is "$(cat "$tmp/dead.fields")" '' "$es_kind: ... and is no dead letter"
	es PUT "/$name.plain" >"$tmp/told"
	{ echo "$source"; row plain 1 10; } >"$tmp/plain"
	feed plain 'an index where the alias must stand' 1
	es PUT "/$name.two@1" "{\"aliases\":{\"$name.two\":{}}}" >"$tmp/told"
	{ echo "$source"; row two 1 10; commit 20; } >"$tmp/two"
	feed two 'an index of the user is taken over' 0
	is "$(es GET "/$name.two@1/_mapping" | jq -c '.[].mappings._meta.m2e | [.table, .source]')" "[\"$name.two\",\"s1\"]" "$es_kind: ... and says so"
	es PUT "/$name.two@2" "{\"aliases\":{\"$name.two\":{}}}" >"$tmp/told"
	feed two 'an alias over two indices' 1
	es-bulk --config "$tmp/es.json" --check "$name.two" "$name.plain" "$name.none" "$name.poison" >"$tmp/out" 2>"$tmp/err"
	is "$?/$(jq -r 'select(.text | test("'"$name"'")) | .level' "$tmp/out" | tr '\n' ' ')" '1/failure failure ok ok ' "$es_kind: --check tells the same"

	### truncate, replayed (C3), with documents that no refresh has shown
	{ echo "$source"; for i in $(seq 2500); do row c3 "$i" "$((100 + i))"; done
		echo "{\"op\":\"truncate\",\"db\":\"$name\",\"table\":\"c3\",\"pos\":\"b.000001:5000\"}"; row c3 7 5100; row c3 9000 5200; commit 5300; } >"$tmp/c3"
	feed c3 'truncate' 0
	feed c3 '... replayed' 0
	es POST "/$name.c3/_refresh" >"$tmp/told"
	is "$(es GET "/$name.c3/_search?q=*" | jq -c '[.hits.hits[] | [._id, ._source.at]] | sort')" '[["7",5100],["9000",5200]]' "$es_kind: ... leaves what came after it, and only that"

	### partial rows, replayed behind a whole one (C4)
	{ echo "$source"; row c4 1 100 ',"a":"a1","b":"b1"'; echo "{\"op\":\"update\",\"db\":\"$name\",\"table\":\"c4\",\"key\":[\"1\"],\"pos\":\"b.000001:200\",\"partial\":true,\"row\":{\"id\":1,\"b\":\"b2\"}}"; commit 210; } >"$tmp/c4"
	feed c4 'a partial row' 0
	is "$(doc c4 1 | jq -c '[._source.a, ._source.b, ._version]')" "[\"a1\",\"b2\",$(((1 << 36) + 200))]" "$es_kind: ... is merged, with its own version"
	{ cat "$tmp/c4"; row c4 1 300 ',"a":"a3"'; commit 310; } >"$tmp/c4b"
	feed c4b '... replayed' 0
	is "$(doc c4 1 | jq -c ._source)" '{"id":1,"at":300,"a":"a3"}' "$es_kind: ... changes nothing newer"

	### a late twin of an equal version never comes: each row of an event has a version of its own (H14); a delete leaves
	### a tombstone that refuses what is older
	{ echo "$source"; row h14 1 100; echo "{\"op\":\"delete\",\"db\":\"$name\",\"table\":\"h14\",\"key\":[\"1\"],\"pos\":\"b.000001:200\"}"; commit 210; } >"$tmp/h14"
	{ echo "$source"; row h14 1 150; commit 160; } >"$tmp/h14b"
	feed h14 'a delete' 0
	feed h14b '... and an older row' 0
	is "$(doc h14 1 | jq .found)" false "$es_kind: ... which it beats"
	like "$(cat "$tmp/err")" 'stale=1' "$es_kind: ... counted as stale"
}

need_opensearch
on_engine
clean
need_elasticsearch
on_engine

### TLS and login, on Elasticsearch
sed 's/"ca_file": *"[^"]*",\{0,1\}//; s/,\([^"]*}\)/\1/' "$tmp/es.json" | jq 'del(.elastic.ca_file)' >"$tmp/noca.json" 2>/dev/null || jq 'del(.elastic.ca_file)' "$tmp/es.json" >"$tmp/noca.json"
{ echo "$source"; row tls 1 10; commit 20; } >"$tmp/tls"
es-bulk --config "$tmp/noca.json" <"$tmp/tls" >"$tmp/out" 2>"$tmp/err"
is "$?" 1 'a certificate that nobody vouches for'
like "$(cat "$tmp/err")" 'certificate' '... is told, not tried again'
es-bulk --config "$tmp/noca.json" --insecure <"$tmp/tls" >"$tmp/out" 2>"$tmp/err"
is "$?" 0 '--insecure'
echo wrong >"$tmp/es.password"
es-bulk --config "$tmp/es.json" <"$tmp/tls" >"$tmp/out" 2>"$tmp/err"
is "$?" 1 'a wrong password'
like "$(cat "$tmp/err")" 'HTTP 401: security_exception' "... the engine's own words"
echo "$es_password" >"$tmp/es.password"
done_testing
