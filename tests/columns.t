#!/bin/sh
# How values are written and which columns at all: the same options, the same bytes, by every road; and what is excluded
# never leaves, neither in a line nor in a message.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# rows_in FILE: the rows of inserts and snapshots
rows_in() { jq -c 'select(.op == "insert" or .op == "snapshot") | [.key, .partial, .row]' "$1"; }
# roads NAME OPTION...: stream, dump and keys with these options; their rows are the same, in $tmp/rows
roads() {
	roads_name=$1
	shift
	tail_run --from "$from" --until now --table "$db.t" "$@"
	is "$rc" 0 "$roads_name: binlog-tail" || diag "$(cat "$tmp/err")"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	cp "$tmp/out" "$tmp/stream"
	rows_in "$tmp/stream" >"$tmp/rows"
	run dump-reader -q --table "$db.t" "$@" "$tmp/dump.sql"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	cp "$tmp/out" "$tmp/loaded"
	rows_in "$tmp/loaded" >"$tmp/got"
	same "$tmp/got" "$tmp/rows" "$roads_name: a dump gives the same"
	# shellcheck disable=SC2086
	run dump-reader -q $to_server --keys "$tmp/keys" "$@"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	rows_in "$tmp/out" | sort >"$tmp/got"
	sort "$tmp/rows" >"$tmp/want"
	same "$tmp/got" "$tmp/want" "$roads_name: and so do keys"
	# shellcheck disable=SC2086
	run dump-reader -q $to_server --table "$db.t" "$@"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	rows_in "$tmp/out" | sort >"$tmp/got"
	same "$tmp/got" "$tmp/want" "$roads_name: and the live table"
}
schema_of() { jq -c 'select(.op == "schema") | [.columns[] | select(.excluded).name]' "$1"; }

columns() {
	new_database
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, name varchar(20), secret varchar(50), bin varbinary(5), b blob, j json, w date)"
	from=$(position)
	sql "SET sql_mode = ''; USE $db; INSERT INTO t VALUES (1, 'one', 'HUSH-1', x'0aff', 'HUSH-2', '{\"a\":\"HUSH-3\"}', '2026-00-00'), (2, 'two', NULL, x'', NULL, NULL, NULL)"
	if [ "$db_kind" = mysql ]; then
		"$mysql_bin/mysqldump" --no-defaults -u root -S "$db_socket" --source-data=2 --set-gtid-purged=OFF --no-tablespaces "$db" t
	else
		mariadb-dump --no-defaults -u root -S "$db_socket" --master-data=2 "$db" t
	fi >"$tmp/dump.sql" 2>"$tmp/dump.err" || diag "$(cat "$tmp/dump.err")"
	for id in 1 2; do
		echo "{\"op\":\"delete\",\"db\":\"$db\",\"table\":\"t\",\"key\":[\"$id\"],\"row\":{}}"
	done >"$tmp/keys"
	tail_options

	roads "$1: as they are"
	like "$(cat "$tmp/all")" HUSH "$1: there is something to hide"
	: >"$tmp/all"
	roads "$1: --binary=hex" --binary hex --exclude-columns '*.*.secret' --exclude-columns '*.*.b' --exclude-columns '*.*.j'
	like "$(sed -n 1p "$tmp/rows")" '^\[\["1"\],null,\{"id":1,"name":"one","bin":"0aff","w":null\}\]$' "$1: hex, and no more than that"
	is "$(schema_of "$tmp/stream") $(schema_of "$tmp/loaded")" '["secret","b","j"] ["secret","b","j"]' \
		"$1: schema lines have the columns, and say that they are excluded"
	roads "$1: --columns" --columns "$db.t.id" --columns "$db.t.W*" --columns '*.other.*' --zero-dates keep
	is "$(sed -n 1p "$tmp/rows")" '[["1"],null,{"id":1,"w":"2026-00-00"}]' "$1: these and no others, whatever their case"

	# changes of what is hidden
	sql "USE $db; UPDATE t SET secret = 'HUSH-4' WHERE id = 2; UPDATE t SET name = 'zwei', secret = NULL WHERE id = 2; DELETE FROM t WHERE id = 2"
	[ "$db_kind" = mariadb ] ||
		sql "SET SESSION binlog_row_value_options = PARTIAL_JSON; USE $db; UPDATE t SET j = JSON_SET(j, '\$.a', 'HUSH-6') WHERE id = 1"
	M2E_EXCLUDE_COLUMNS="$db.t.SECRET,$db.t.b $db.t.nothing"
	export M2E_EXCLUDE_COLUMNS
	tail_run --from "$from" --until now --table "$db.t" --exclude-columns "$db.t.j"
	unset M2E_EXCLUDE_COLUMNS
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	is "$(jq -c 'select(.row.id == 2) | [.op, .old, .row]' "$tmp/out" | paste -sd' ')" \
		'["insert",null,{"id":2,"name":"two","bin":"","w":null}] ["update",null,{"id":2,"name":"two","bin":"","w":null}] ["update",{"name":"two"},{"id":2,"name":"zwei","bin":"","w":null}] ["delete",null,{"id":2,"name":"zwei","bin":"","w":null}]' \
		"$1: the option adds to the configuration's"

	# what cannot be
	tail_run --from "$from" --until now --table "$db.t" --exclude-columns "$db.t.ID"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	is "$rc" 2 "$1: a key's column cannot be excluded"
	like "$(cat "$tmp/err")" "$db.t: column id is part of the key" "$1: and the message says so"
	rc_is 2 "$1: nor in a dump" dump-reader --exclude-columns '*.t.id' "$tmp/dump.sql"
	# shellcheck disable=SC2086
	rc_is 2 "$1: nor by key" dump-reader $to_server --keys "$tmp/keys" --columns "$db.t.name"

	# --check finds names that are not there
	tail_run --check --table "$db.t" --exclude-columns "$db.t.secret"
	is "$(jq -r 'select(.check == "columns")' "$tmp/out")" '' "$1: --check: a column that is there"
	tail_run --check --table "$db.t" --exclude-columns "$db.t.secert" --exclude-columns '*.*.password*' --exclude-columns '*.t.id'
	is "$(jq -r 'select(.check == "columns") | .level, .text' "$tmp/out" | paste -sd' ' -)" \
		"failure table $db.t: column id is part of the key, which all lines show: it cannot be left out failure $db.t.secert: no chosen table has such a column warning *.*.password*: no chosen table has such a column" \
		"$1: --check: columns that are not, and one that must be shown"

	# messages
	{ sed -n '/CREATE TABLE/,/;/p' "$tmp/dump.sql"; echo "INSERT INTO t VALUES (3,'x','HUSH-5 HUSH-6','','HUSH-7' 'HUSH-8',NULL,NULL);"; } >"$tmp/bad.sql"
	run dump-reader --database "$db" "$tmp/bad.sql"
	like "$(cat "$tmp/err")" HUSH-8 "$1: a dump that is not understood shows where"
	rc_is 1 "$1: with something to hide" dump-reader --database "$db" --exclude-columns '*.t.secret' "$tmp/bad.sql"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	{ sed -n '/CREATE TABLE/,/;/p' "$tmp/dump.sql"; echo "INSERT INTO t VALUES (3,'x','','','',NULL,'HUSH-9');"; } >"$tmp/bad.sql"
	rc_is 1 "$1: a value that is not of its type" dump-reader --database "$db" --exclude-columns '*.t.secret' "$tmp/bad.sql"
	cat "$tmp/out" "$tmp/err" >>"$tmp/all"
	is "$(grep -c HUSH "$tmp/all")" 0 "$1: nothing of it was ever written"
}

rc_is 2 'a pattern without a table' dump-reader --exclude-columns t.secret -
rc_is 2 'a pattern without a column' binlog-tail --columns db.t. --from now
rc_is 2 'no such form' binlog-tail --binary octal --from now
need_mariadb
columns MariaDB
need_mysql
columns MySQL

# a statement that is refused is not shown either; it would end the streams of others
own_database mariadb
new_database
sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, secret varchar(50)); INSERT INTO t VALUES (1, 'a')"
from=$(position)
sql "USE $db; SET SESSION binlog_format = STATEMENT; UPDATE t SET secret = 'HUSH'"
tail_run --from "$from" --until now --table "$db.t"
like "$(cat "$tmp/err")" HUSH 'a statement that is refused is shown'
tail_run --from "$from" --until now --table "$db.t" --exclude-columns "$db.t.secret"
is "$rc" 1 'with something to hide'
unlike "$(cat "$tmp/out" "$tmp/err")" HUSH 'it is not'
done_testing
