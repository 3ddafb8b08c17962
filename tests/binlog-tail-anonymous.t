#!/bin/sh
# --anonymous: what nothing names has numbers, and its values are what is stored.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# types FILE: of the table t, name and type of each column
types() { jq -r 'select(.op == "schema" and .table == "t") | [.columns[] | .name + " " + .type] | join(", ")' "$1"; }

anonymous() { # NAME ROWS TYPES: MySQL's events tell signs and character sets, MariaDB's do not
	new_database
	t="--table=$db.*"
	from=$(position)
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, u tinyint unsigned, v varchar(5), e enum('a','b'), s set('x','y','z'), b blob,
			d decimal(6,2), w datetime(3), y year)
		DEFAULT CHARSET=utf8mb4;
		INSERT INTO t VALUES (-1, 200, 'ü', 'b', 'x,z', x'00ff', -1.75, '2026-01-02 03:04:05.678', 2000);
		UPDATE t SET id = 7"
	file=$(position)
	file=${db_socket%/*}/data/${file%:*}

	rc_is 1 "$1: nothing names the columns" binlog-tail --from "$from" "$t" "$file"
	rc_is 0 "$1: --anonymous" binlog-tail --anonymous --from "$from" "$t" "$file"
	cp "$tmp/out" "$tmp/offline"
	is "$(jq -c 'select(.row) | [.op, .key, .old, .row]' "$tmp/offline" | paste -sd' ')" "$2" "$1: rows have numbers and no key"
	is "$(types "$tmp/offline")" "$3" "$1: types are what is stored"
	is "$(jq -r 'select(.op == "schema") | .from, .key' "$tmp/offline" | paste -sd' ')" 'anonymous null' "$1: the schema line says so"

	# live: the server is asked first, and the table may have changed since or be gone
	tail_run --anonymous --from "$from" --until now "$t"
	is "$(jq -r 'select(.row) | .row.id' "$tmp/out" | paste -sd' ')" '-1 7' "$1: what the server names has its names"
	sql "USE $db; DROP TABLE t; CREATE TABLE t (a int PRIMARY KEY, b int); INSERT INTO t VALUES (1, 2); ALTER TABLE t DROP b"
	tail_run --from "$from" --until now "$t"
	is "$rc" 1 "$1: a table that is another one since"
	tail_run --anonymous --from "$from" --until now "$t"
	is "$rc" 0 "$1: with --anonymous it goes on"
	is "$(jq -c 'select(.row) | .row' "$tmp/out" | paste -sd' ')" \
		"$(jq -c 'select(.row) | .row' "$tmp/offline" | paste -sd' ') {\"@1\":1,\"@2\":2}" "$1: each shape under its numbers"

	# such a schema line names nothing later
	mkdir -p "$tmp/state"
	grep '"op":"schema"' "$tmp/offline" >"$tmp/state/schema.ndjson"
	rc_is 1 "$1: nor does a history of it" binlog-tail --state "$tmp/state" --from "$from" "$t" "$file"
	sql "DROP DATABASE $db"
}

need_mariadb
anonymous MariaDB \
	'["insert",null,null,{"@1":-1,"@2":-56,"@3":"w7w=","@4":2,"@5":5,"@6":"AP8=","@7":-1.75,"@8":"2026-01-02T03:04:05.678","@9":2000}] ["update",null,{"@1":-1},{"@1":7,"@2":-56,"@3":"w7w=","@4":2,"@5":5,"@6":"AP8=","@7":-1.75,"@8":"2026-01-02T03:04:05.678","@9":2000}]' \
	'@1 int, @2 tinyint, @3 varbinary(20), @4 tinyint unsigned, @5 tinyint unsigned, @6 blob, @7 decimal(6,2), @8 datetime(3), @9 year'
need_mysql
anonymous MySQL \
	'["insert",null,null,{"@1":-1,"@2":200,"@3":"ü","@4":2,"@5":5,"@6":"AP8=","@7":-1.75,"@8":"2026-01-02T03:04:05.678","@9":2000}] ["update",null,{"@1":-1},{"@1":7,"@2":200,"@3":"ü","@4":2,"@5":5,"@6":"AP8=","@7":-1.75,"@8":"2026-01-02T03:04:05.678","@9":2000}]' \
	'@1 int, @2 tinyint unsigned, @3 varchar(5), @4 tinyint unsigned, @5 tinyint unsigned, @6 blob, @7 decimal(6,2), @8 datetime(3), @9 year'
done_testing
