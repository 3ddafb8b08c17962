#!/bin/sh
# Partial updates of JSON (binlog_row_value_options=PARTIAL_JSON): the log has what changed, the stream whole documents.
# After each update the row is copied to another table, whose inserts have the document as the server made it.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
need_mysql
new_database
config "$db.*" >"$tmp/config.json"

position() { sql 'SHOW BINARY LOG STATUS' | awk '{ print $1 ":" $2 }'; }
stream() { binlog-tail -q --config "$tmp/config.json" --from "$1" --until now --table "$db.*" >"$tmp/out.ndjson"; }
rows_of() { grep "\"table\":\"$1\"" "$tmp/out.ndjson" | sed -n 's/^.*"row":{"id":[0-9]*,"n":[0-9]*,//p'; }

# update EXPRESSION: of the document j, and the copy
update() { echo "UPDATE p SET n = n + 1, j = $1 WHERE id = 1; INSERT INTO copy SELECT 1000 + n, n, j, k FROM p WHERE id = 1;"; }
known_updates() {
	update "JSON_SET(j, '\$.a', 2)"
	update "JSON_SET(j, '\$.\"b c\"', 'new member')"
	update "JSON_SET(j, '\$.\"q\\\\\\\\\"uote\\\\\\\\\\\\\\\\\"', 1, '\$.\"new\\\\\\\\nline\"', 2, '\$.ü', 3, '\$.\"\"', 4)"
	update "JSON_REPLACE(j, '\$.ü', CAST('[1.50, -0.0]' AS JSON), '\$.\"\"', DATE '2024-02-29')"
	update "JSON_SET(j, '\$.list[0]', 'first', '\$.list[2]', NULL, '\$.list[9]', TRUE)"
	update "JSON_SET(j, '\$.list[last]', 'end', '\$.list[last-1].x', 1)"
	update "JSON_SET(j, '\$.a[0]', 'a wrapped scalar')"
	update "JSON_SET(j, '\$.a[0].b', 1, '\$.a[1]', 'makes an array')"
	update "JSON_REMOVE(j, '\$.list[1]', '\$.\"\"')"
	update "JSON_REMOVE(j, '\$.list[last]', '\$.list[0]', '\$.nothing')"
	update "JSON_SET(JSON_REMOVE(j, '\$.a'), '\$.a', CAST(12.340 AS DECIMAL(10, 3)), '\$.z', x'00ff')"
	update "JSON_SET(j, '\$.deep.er', JSON_OBJECT('and', JSON_ARRAY(JSON_OBJECT('deeper', 'still'))))"
	update "JSON_SET(j, '\$.deep', JSON_OBJECT('er', JSON_OBJECT('and', JSON_ARRAY(JSON_OBJECT('deeper', 'still')))))"
	update "JSON_SET(j, '\$.deep.er.and[0].deeper', REPEAT('long ', 20000))"
	update "JSON_REPLACE(j, '\$.deep.er.and[0].deeper', 'short', '\$.deep.er.and[0].\"not there\"', 1)"
	update "JSON_SET(j, '\$', JSON_ARRAY(1, 2, JSON_OBJECT()))"
	update "JSON_SET(j, '\$[2].m', 'member', '\$[0]', JSON_ARRAY())"
	update "JSON_REMOVE(JSON_REMOVE(JSON_REMOVE(j, '\$[0]'), '\$[0]'), '\$[0]')"
	update "JSON_SET(j, '\$[0]', 'one')"
	update 'j'
	update "JSON_OBJECT('a', 1, 'list', JSON_ARRAY(1, JSON_OBJECT('x', 1, 'yy', 2), 3), 'deep', JSON_OBJECT('er', JSON_OBJECT()))"
}
# The same ones each time, but nobody's choice.
random_updates() {
	awk 'BEGIN {
		srand(7)
		np = split("a b list list[0] list[1] list[3] list[1].x list[1].yy deep deep.er deep.er.k deep.k \"q\\\\\"\" list[last] list[0].x ü list[2][0]", path, " ")
		nv = split("1|-70000|\047text\047|NULL|JSON_ARRAY()|JSON_ARRAY(1, JSON_OBJECT(\"x\", 5))|JSON_OBJECT(\"k\", 1, \"er\", 2)|REPEAT(\047v\047, 300)|1.5e0|TRUE|TIME \04701:02:03\047", value, "|")
		for (i = 0; i < 400; i++) {
			p = "\047$." path[1 + int(rand() * np)] "\047"; v = value[1 + int(rand() * nv)]
			r = rand()
			if (r < 0.45) e = "JSON_SET(j, " p ", " v ")"
			else if (r < 0.6) e = "JSON_REPLACE(j, " p ", " v ")"
			else if (r < 0.85) e = "JSON_REMOVE(j, " p ")"
			else e = "JSON_SET(JSON_REMOVE(j, " p "), " p ", " v ")"
			print "UPDATE p SET n = n + 1, j = " e ", k = JSON_SET(k, \047$.n\047, n) WHERE id = 1; INSERT INTO copy SELECT 1000 + n, n, j, k FROM p WHERE id = 1;"
		}
	}'
}

from=$(position)
{
	cat <<-SQL
		USE $db; SET binlog_row_value_options = 'PARTIAL_JSON', sql_mode = '', time_zone = '+00:00';
		CREATE TABLE p (id int PRIMARY KEY, n int, j json, k json); CREATE TABLE copy LIKE p;
		INSERT INTO p VALUES (1, 0, '{"a": 1, "list": [1, "two", {"c": "d"}], "some": "more to make it worth a partial update"}', '{"n": 0}');
	SQL
	known_updates
	random_updates
} >"$tmp/updates.sql"
ok 'updates' sql_client <"$tmp/updates.sql"
stream "$from"
is "$?" 0 'the stream reads them'
rows_of p | sed 1d >"$tmp/ours"
rows_of copy >"$tmp/theirs"
is "$(wc -l <"$tmp/theirs")" 421 'as many as there were'
same "$tmp/ours" "$tmp/theirs" 'the documents are those that the server made'
is "$(sed -n 's/.*"op":"update".*"old":{\([^}]*\)},"row":{"id":1,"n":20,.*/\1/p' "$tmp/out.ndjson")" '"n":19' 'a document that stayed the same is no old value'
is "$(sed -n 's/.*"op":"update".*"old":{\(.*\)},"row":{"id":1,"n":19,.*/\1/p' "$tmp/out.ndjson")" '"n":18,"j":[]' 'one that changed is, as it was'
is "$(grep -c '"partial":true' "$tmp/out.ndjson")" 0 'no row is partial'

# Without the document before it there is nothing to apply the difference to.
from=$(position)
sql "USE $db; SET binlog_row_value_options = 'PARTIAL_JSON', binlog_row_image = 'MINIMAL';
	UPDATE p SET j = JSON_SET(j, '\$.a', 'unknown'), k = '[]' WHERE id = 1; UPDATE p SET j = JSON_SET(j, '\$.a', 3) WHERE id = 1;"
stream "$from"
is "$(jq -c 'select(.op == "update") | [.partial, .key, .old, .row]' "$tmp/out.ndjson")" '[true,["1"],null,{"id":1,"k":[]}]
[true,["1"],null,{"id":1}]' 'without it the row is partial'
is "$(jq -r 'select(.op == "stale") | .table + ": " + .why' "$tmp/out.ndjson")" \
	'p: a partial update of JSON without the document before it (binlog_row_image is not FULL)' 'and its table stale, said once'
done_testing
