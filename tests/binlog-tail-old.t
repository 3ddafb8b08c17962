#!/bin/sh
# old holds what changed, no less and no more: also where the log has other bytes for the same value.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# updates_of STATEMENTS: op and old of each row's update, when table t is t
updates_of() {
	from=$(position)
	sql "USE $db; $1"
	binlog-tail -q --config "$tmp/config.json" --from "$from" --until now | jq -c 'select(.op == "update") | .old'
}

need_mariadb
new_database
config "$db.*" >"$tmp/config.json"
is "$(updates_of "CREATE TABLE t (id int PRIMARY KEY, v varchar(400) COMPRESSED, b blob COMPRESSED, g point);
	SET column_compression_zlib_level = 0; INSERT INTO t VALUES (1, REPEAT('abc', 100), REPEAT('x', 300), ST_GeomFromText('POINT(1 2)'));
	SET column_compression_zlib_level = 9; UPDATE t SET v = REPEAT('abc', 100), b = REPEAT('x', 300), g = ST_GeomFromText('POINT(1 2)', 4326) WHERE id = 1;
	UPDATE t SET v = REPEAT('abd', 100), g = ST_GeomFromText('POINT(2 1)', 4326) WHERE id = 1;")" "null
{\"v\":\"$(printf 'abc%.0s' $(seq 100))\",\"g\":{\"type\":\"Point\",\"coordinates\":[1,2]}}" \
	'MariaDB: compressed anew, another SRID: nothing changed'
need_mysql
new_database
config "$db.*" >"$tmp/config.json"
# in place, a shorter string leaves a hole; a document written anew has none
is "$(updates_of "CREATE TABLE t (id int PRIMARY KEY, n int, j json); INSERT INTO t VALUES (1, 0, JSON_OBJECT('a', 'a longer string', 'b', 2));
	UPDATE t SET j = JSON_SET(j, '\$.a', 'short'); UPDATE t SET n = 1, j = CAST(CAST(j AS CHAR) AS JSON); UPDATE t SET j = NULL; UPDATE t SET j = 'null'")" \
	'{"j":{"a":"a longer string","b":2}}
{"n":0}
{"j":{"a":"short","b":2}}
{"j":null}' 'MySQL: a document that is stored in another way is the same'
done_testing
