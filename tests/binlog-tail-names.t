#!/bin/sh
# Column names are never guessed: a row whose definition is not certain stops the stream.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"

# stored FILE: a state directory whose schema history is what FILE's stream was, up to here
stored() {
	rm -rf "$tmp/state"
	mkdir "$tmp/state"
	grep -e '"op":"schema"' -e '"op":"ddl"' "$1" >"$tmp/state/schema.ndjson"
	:
}

names() {
	new_database
	t="--table=$db.*"

	# nothing changed since: the server's definition holds for rows logged before it was asked
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, a int, b int)"
	from=$(position)
	sql "USE $db; INSERT INTO t VALUES (1, 10, 20); CREATE TABLE other (id int PRIMARY KEY)"
	tail_run --from "$from" --until now "$t"
	is "$rc" 0 "$1: a lagging reader, no change since"
	is "$(rows_of t "$tmp/out")" '["insert",["1"],{"id":1,"a":10,"b":20}]' "$1: the row is named"
	cp "$tmp/out" "$tmp/first"

	# C6: the same number of columns of the same types, other names
	sql "USE $db; ALTER TABLE t DROP a, ADD a2 int"
	later=$(position)
	sql "USE $db; INSERT INTO t VALUES (2, 30, 40)"
	tail_run --from "$from" --until now "$t"
	is "$rc" 1 "$1: a lagging reader, columns swapped since"
	is "$(rows_of t "$tmp/out")" '' "$1: no row is named wrongly"
	like "$(cat "$tmp/err")" "$db.t.*binlog_row_metadata=FULL" "$1: the message says what helps"
	like "$(cat "$tmp/err")" "set table $db.t status=created" "$1: and how to go on"
	M2E_ON_SCHEMA_CHANGE=resync tail_run --from "$from" --until now "$t"
	is "$rc $(jq -c 'select(.row or .op == "stale" or .op == "commit") | [.op, .table, (.why // "")[:9]]' "$tmp/out" | paste -sd' ')" \
		'0 ["stale","t","rows whos"] ["commit",null,""] ["commit",null,""] ["stale","t","ALTER TAB"] ["commit",null,""] ["insert","t",""] ["commit",null,""]' \
		"$1: who rebuilds stale tables gets them told, and the rows that have names"
	like "$(cat "$tmp/err")" "WARN binlog-tail: rows are left out.* table=$db.t " "$1: and the operator is told"
	tail_run --from "$later" --until now "$t"
	is "$rc" 0 "$1: behind the change"
	is "$(rows_of t "$tmp/out")" '["insert",["2"],{"id":2,"b":30,"a2":40}]' "$1: the new names hold"

	# with the history of a stream that saw the first row in time, all of it can be read
	stored "$tmp/first"
	tail_run --state "$tmp/state" --from "$from" --until now "$t"
	is "$rc" 0 "$1: with the schema history"
	cp "$tmp/out" "$tmp/second"
	is "$(rows_of t "$tmp/out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":10,"b":20}] ["insert",["2"],{"id":2,"b":30,"a2":40}]' "$1: each row has its own names"
	like "$(grep '"op":"schema"' "$tmp/out" | sed -n 1p)" '"from":"history"' "$1: the first from the history"
	like "$(grep '"op":"schema"' "$tmp/out" | sed -n 2p)" '"from":"server"' "$1: the second from the server"
	is "$(jq -r 'select(.op == "stale") | .table' "$tmp/out")" t "$1: the change makes the table stale"

	# a history whose last line stands before a change holds no longer: neither after it in the stream, nor in the file
	sql "USE $db; ALTER TABLE t DROP b, ADD b2 int; INSERT INTO t VALUES (3, 50, 60)"
	stored "$tmp/second"
	tail_run --state "$tmp/state" --from "$later" --until now "$t"
	is "$rc" 0 "$1: a change beyond the history"
	is "$(rows_of t "$tmp/out" | tail -n 1)" '["insert",["3"],{"id":3,"a2":50,"b2":60}]' "$1: its rows have the new names"
	sql "USE $db; ALTER TABLE t DROP a2, ADD a3 int"
	tail_run --state "$tmp/state" --from "$later" --until now "$t"
	is "$rc" 1 "$1: two changes beyond the history"
	is "$(rows_of t "$tmp/out" | tail -n 1)" '["insert",["2"],{"id":2,"b":30,"a2":40}]' "$1: stops between them"

	# a definition that does not fit what the table map says
	sed 's/"name":"b","type":"int"/"name":"b","type":"bigint"/' "$tmp/second" >"$tmp/wrong"
	stored "$tmp/wrong"
	tail_run --state "$tmp/state" --from "$later" --until "$(jq -r 'select(.op == "commit").pos' "$tmp/second" | tail -n 1)" "$t"
	is "$rc" 1 "$1: a definition that does not fit"
	like "$(cat "$tmp/err")" "$db.t, column 2: .* says b bigint, the table map INT" "$1: says which column"
	is "$(rows_of t "$tmp/out")" '' "$1: no row of it"

	# the end of another database is nothing to the tables of this one, neither in the stream nor in the history
	sql "CREATE DATABASE ${db}_x; USE $db; CREATE TABLE d (id int PRIMARY KEY, a int)"
	from=$(position)
	sql "INSERT INTO $db.d VALUES (1, 10)"
	tail_run --from "$from" --until now --table "$db.d"
	stored "$tmp/out"
	sql "DROP DATABASE ${db}_x; INSERT INTO $db.d VALUES (2, 20)"
	later=$(position)
	sql "USE $db; INSERT INTO d VALUES (3, 30); ALTER TABLE d DROP a, ADD a2 int"
	tail_run --state "$tmp/state" --from "$from" --until now --table "$db.d"
	is "$rc $(rows_of d "$tmp/out" | paste -sd' ')" '0 ["insert",["1"],{"id":1,"a":10}] ["insert",["2"],{"id":2,"a":20}] ["insert",["3"],{"id":3,"a":30}]' \
		"$1: DROP DATABASE of another database"
	grep -e '"op":"ddl","db":".*DROP DATABASE' "$tmp/out" >>"$tmp/state/schema.ndjson"
	tail_run --state "$tmp/state" --from "$later" --until now --table "$db.d"
	is "$rc $(rows_of d "$tmp/out")" '0 ["insert",["3"],{"id":3,"a":30}]' "$1: likewise in the history"
	sed "s/${db}_x\",null/$db\",null/" "$tmp/state/schema.ndjson" >"$tmp/changed"
	mv "$tmp/changed" "$tmp/state/schema.ndjson"
	tail_run --state "$tmp/state" --from "$later" --until now --table "$db.d"
	is "$rc $(rows_of d "$tmp/out")" '1 ' "$1: that of its own database ends a definition in the history"

	# two tables' ids and definitions do not mix
	sql "USE $db; CREATE TABLE u (id int PRIMARY KEY, x int)"
	from=$(position)
	sql "USE $db; START TRANSACTION; INSERT INTO u VALUES (1, 1); INSERT INTO other VALUES (5); INSERT INTO u VALUES (2, 2); COMMIT"
	tail_run --from "$from" --until now "$t"
	is "$(jq -c 'select(.row) | [.table, .row]' "$tmp/out" | paste -sd' ')" \
		'["u",{"id":1,"x":1}] ["other",{"id":5}] ["u",{"id":2,"x":2}]' "$1: tables in turn"

	# a live reader has asked in time
	tail_spawn live --from now "$t"
	sql "USE $db; CREATE TABLE v (id int PRIMARY KEY, a int, b int); INSERT INTO v VALUES (1, 1, 2)"
	ok "$1: live" wait_until 20 seen "$tmp/live.out"
	sql "USE $db; ALTER TABLE v CHANGE a c int, CHANGE b a int"
	ok "$1: live, renamed" wait_until 20 seen "$tmp/live.out"
	sql "USE $db; INSERT INTO v VALUES (2, 3, 4)"
	ok "$1: live, after it" wait_until 20 seen "$tmp/live.out"
	is "$(rows_of v "$tmp/live.out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":1,"b":2}] ["insert",["2"],{"id":2,"c":3,"a":4}]' "$1: live, each row has its own names"
	stop "$spawned"
	is "$rc" 0 "$1: SIGTERM"

	# the table is gone
	from=$(position)
	sql "USE $db; INSERT INTO v VALUES (3, 3, 3); DROP TABLE v"
	tail_run --from "$from" --until now "$t"
	is "$rc" 1 "$1: a table that is gone"
	like "$(cat "$tmp/err")" "$db.v" "$1: is named"
	tail_run --from "$from" --until now --table "$db.u"
	is "$rc" 0 "$1: it is no matter where it was not asked for"

	# a key that an index statement takes away or gives
	sql "USE $db; CREATE TABLE k (a int NOT NULL, b int NOT NULL, UNIQUE KEY ka (a), UNIQUE KEY kb (b)); CREATE TABLE p (id int PRIMARY KEY, c int, UNIQUE KEY kc (c))"
	tail_spawn live --from now "$t"
	sql "USE $db; INSERT INTO k VALUES (1, 2); INSERT INTO p VALUES (1, 2)"
	ok "$1: keys" wait_until 20 seen "$tmp/live.out"
	sql "USE $db; ALTER TABLE k DROP INDEX ka; ALTER TABLE p DROP INDEX kc; ALTER TABLE p ADD INDEX (c)"
	ok "$1: keys, dropped" wait_until 20 seen "$tmp/live.out"
	sql "USE $db; INSERT INTO k VALUES (3, 4); INSERT INTO p VALUES (3, 4)"
	ok "$1: keys, after it" wait_until 20 seen "$tmp/live.out"
	is "$(rows_of k "$tmp/live.out" | jq -c '.[1]' | paste -sd' ')" '["1"] ["4"]' "$1: the key is another one"
	is "$(jq -r 'select(.op == "stale") | .table' "$tmp/live.out")" k "$1: and that table alone is stale"
	stop "$spawned"
}

# tables that take another one's place
replaced() {
	t="--table=$db.t" u="--table=$db.u"
	sql "USE $db; DROP TABLE IF EXISTS t, u; CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE TABLE u (id int PRIMARY KEY, a int)"
	start=$(position)
	tail_spawn live --from now "$t" "$u"
	sql "USE $db; INSERT INTO t VALUES (1, 10, 20); INSERT INTO u VALUES (1, 10)"
	ok "$1, replaced: live" wait_until 20 seen "$tmp/live.out"

	# gh-ost: a copy that is changed and filled takes the table's place, the old one a name that was kept free
	sql "USE $db; CREATE TABLE _t_ghc (id bigint auto_increment PRIMARY KEY, hint varchar(64) NOT NULL, value varchar(255) NOT NULL);
		CREATE TABLE _t_gho LIKE t; ALTER TABLE _t_gho DROP a, ADD c int; INSERT IGNORE INTO _t_gho (id, b) SELECT id, b FROM t LOCK IN SHARE MODE;
		INSERT INTO _t_ghc VALUES (NULL, 'state', 'GhostTableMigrated'); REPLACE INTO _t_gho VALUES (1, 20, NULL);
		CREATE TABLE _t_del (id int auto_increment PRIMARY KEY) COMMENT = 'ghost-cut-over-sentry'; DROP TABLE IF EXISTS _t_del;
		RENAME TABLE t TO _t_del, _t_gho TO t; DROP TABLE IF EXISTS _t_ghc, _t_del"
	# pt-online-schema-change: triggers keep the copy in step
	sql "USE $db; CREATE TABLE _u_new (id int PRIMARY KEY, a int); ALTER TABLE _u_new CHANGE a a2 bigint;
		CREATE TRIGGER pt_osc_d AFTER DELETE ON u FOR EACH ROW DELETE IGNORE FROM _u_new WHERE _u_new.id <=> OLD.id;
		CREATE TRIGGER pt_osc_i AFTER INSERT ON u FOR EACH ROW REPLACE INTO _u_new (id, a2) VALUES (NEW.id, NEW.a);
		INSERT LOW_PRIORITY IGNORE INTO _u_new (id, a2) SELECT id, a FROM u LOCK IN SHARE MODE; INSERT INTO u VALUES (2, 20);
		RENAME TABLE $db.u TO $db._u_old, $db._u_new TO $db.u; DROP TABLE IF EXISTS _u_old; DROP TRIGGER IF EXISTS pt_osc_d"
	ok "$1, replaced: live, by gh-ost and pt-online-schema-change" wait_until 20 seen "$tmp/live.out"
	sql "USE $db; INSERT INTO t VALUES (2, 30, 40); INSERT INTO u VALUES (3, 5000000000)"
	ok "$1, replaced: live, after it" wait_until 20 seen "$tmp/live.out"

	# dropped, and made again with another shape
	sql "USE $db; DROP TABLE t; CREATE TABLE t (x varchar(9) PRIMARY KEY, y int, z int); INSERT INTO t VALUES ('k', 1, 2)"
	ok "$1, replaced: live, made again" wait_until 20 seen "$tmp/live.out"
	stop "$spawned"
	is "$rc" 0 "$1, replaced: nothing stops the stream" || diag "$(cat "$tmp/live.err")"
	is "$(rows_of t "$tmp/live.out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":10,"b":20}] ["insert",["2"],{"id":2,"b":30,"c":40}] ["insert",["k"],{"x":"k","y":1,"z":2}]' "$1, gh-ost, DROP and CREATE: each row has its own names"
	is "$(rows_of u "$tmp/live.out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":10}] ["insert",["2"],{"id":2,"a":20}] ["insert",["3"],{"id":3,"a2":5000000000}]' "$1, pt-online-schema-change: each row has its own names"
	is "$(jq -r 'select(.op == "stale" or .op == "rename" or .op == "drop") | .op + " " + .table' "$tmp/live.out" | uniq | paste -sd,)" \
		'rename t,stale t,rename u,stale u,drop t,stale t' "$1, replaced: it is said of each"

	# a reader that lags behind all of it: nothing that the server has now is put on what was logged before
	tail_run --from "$start" --until now "$t" "$u"
	is "$rc $(jq -c 'select(.row)' "$tmp/out")" '1 ' "$1, replaced: a lagging reader does not guess"
	M2E_ON_SCHEMA_CHANGE=resync tail_run --from "$start" --until now "$t" "$u"
	is "$rc $(jq -r 'select(.op == "stale" and (.why | test("left out"))).table' "$tmp/out" | sort | uniq -c | awk '{ print $2 $1 }' | paste -sd' ')" \
		'0 t2 u1' "$1, replaced: unless stale tables are rebuilt: it leaves out what has no names"
	is "$(rows_of t "$tmp/out" | tail -n 1)" '["insert",["k"],{"x":"k","y":1,"z":2}]' "$1, replaced: ... and goes on with what has"
	stored "$tmp/live.out"
	tail_run --state "$tmp/state" --from "$start" --until now "$t" "$u"
	is "$rc" 0 "$1, replaced: with the schema history" || diag "$(cat "$tmp/err")"
	is "$(jq -c 'select(.row)' "$tmp/out" | md5sum)" "$(jq -c 'select(.row)' "$tmp/live.out" | md5sum)" "$1, replaced: the same rows"
}

full_metadata() {
	sql "DROP DATABASE $db"
	new_database
	sql 'SET GLOBAL binlog_row_metadata = FULL'
	sql "USE $db; CREATE TABLE t (id int PRIMARY KEY, a int unsigned, b enum('x', 'ü'))"
	from=$(position)
	sql "USE $db; INSERT INTO t VALUES (1, 4000000000, 'ü'); ALTER TABLE t DROP a, ADD a2 int unsigned FIRST; INSERT INTO t VALUES (7, 2, 'x');
		ALTER TABLE t MODIFY b varchar(9) CHARACTER SET latin1, ADD p point, ADD z tinytext CHARACTER SET latin1;
		INSERT INTO t (id, b, z) VALUES (3, 'ü', 'ß'); DROP TABLE t"
	tail_run --from "$from" --until now --table "$db.*"
	is "$rc" 0 "$1, FULL metadata: a reader that lags behind all changes"
	is "$(rows_of t "$tmp/out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":4000000000,"b":"ü"}] ["insert",["2"],{"a2":7,"id":2,"b":"x"}] ["insert",["3"],{"a2":null,"id":3,"b":"ü","p":null,"z":"ß"}]' \
		"$1, FULL metadata: each row has its own names"
	is "$(jq -r 'select(.op == "schema").from' "$tmp/out" | uniq)" event "$1, FULL metadata: they come from the event"

	# which key identifies rows
	from=$(position)
	sql "USE $db; CREATE TABLE u (a int NOT NULL, b int NOT NULL, UNIQUE KEY kb (b), UNIQUE KEY ka (a)); INSERT INTO u VALUES (1, 2);
		CREATE TABLE n (a varchar(9) NOT NULL, b int, UNIQUE KEY (a(3)), UNIQUE KEY (b)); INSERT INTO n VALUES ('x', 1);
		CREATE TABLE f (a float NOT NULL, b int NOT NULL, UNIQUE KEY (a), UNIQUE KEY (b)); INSERT INTO f VALUES (1, 2)"
	tail_run --from "$from" --until now --table "$db.*"
	is "$(jq -c 'select(.op == "schema") | [.table, .key, .from]' "$tmp/out" | paste -sd' ')" \
		'["u",["b"],"event"] ["n",null,"event"] ["f",["b"],"server"]' "$1, FULL metadata: keys"
	[ "$db_family" = mysql ] || full_mariadb "$1"
	sql 'SET GLOBAL binlog_row_metadata = DEFAULT'
}

# what events do not tell although they name the columns
full_mariadb() {
	sql "USE $db; CREATE TABLE j (id int PRIMARY KEY, j json); CREATE TABLE l (id int PRIMARY KEY, l longtext CHARACTER SET latin1, b binary(8));
		CREATE TABLE v (id int PRIMARY KEY, v int) WITH SYSTEM VERSIONING"
	from=$(position)
	sql "USE $db; INSERT INTO j VALUES (1, '[1]'); INSERT INTO l VALUES (1, 'ü', 'b'); INSERT INTO v VALUES (1, 2); CREATE SEQUENCE q"
	made=$(position)
	sql "SELECT NEXTVAL($db.q)" >/dev/null
	tail_run -v --from "$from" --until now --table "$db.*"
	is "$(jq -c 'select(.op == "schema") | [.table, .key, .from]' "$tmp/out" | paste -sd' ')" \
		'["j",["id"],"server"] ["l",["id"],"event"] ["v",["id"],"server"]' "$1, FULL metadata: what events do not tell is asked for"
	is "$(jq -c 'select(.row).row' "$tmp/out" | paste -sd' ')" '{"id":1,"j":[1]} {"id":1,"l":"ü","b":"YgAAAAAAAAA="} {"id":1,"v":2}' \
		"$1, FULL metadata: as they are"
	is "$(jq -c 'select(.op == "schema") | [.table, (.period // [] | map([.name, .version, .at]))]' "$tmp/out" | tail -n 1)" \
		'["v",[["row_start","start",2],["row_end","end",3]]]' "$1: when rows count, which rows leave out"
	is "$(grep -c 'sequence.*name=' "$tmp/err")" 1 "$1: a sequence is left out, which is said"
	cp "$tmp/out" "$tmp/full"
	sql "USE $db; ALTER TABLE j ADD n int; SET system_versioning_alter_history = KEEP; ALTER TABLE v ADD n int"
	tail_run --from "$from" --until now --table "$db.j"
	is "$rc $(rows_of j "$tmp/out")" '1 ' "$1, FULL metadata: unless a statement may have changed it meanwhile"
	like "$(cat "$tmp/err")" 'column j may be JSON' "$1, FULL metadata: which is said"
	stored "$tmp/full"
	tail_run --state "$tmp/state" --from "$from" --until "$(jq -r 'select(.op == "commit").pos' "$tmp/full" | tail -n 1)" --table "$db.*"
	is "$rc $(jq -r 'select(.op == "schema").from' "$tmp/out" | paste -sd' ')" '0 history event history' "$1, FULL metadata: or the schema history knows it"
	# offline nobody can be asked: the log itself tells of a sequence, or the file that defines tables
	file=$server/data/$(position | sed 's/:.*//')
	run binlog-tail --from "$from" --table "$db.q" "$file"
	is "$rc $(grep -c 'sequence.*name=' "$tmp/err")" '0 1' "$1: a sequence that the log tells of"
	printf 'USE %s; CREATE SEQUENCE q start with 1 minvalue 1;' "$db" >"$tmp/schema.sql"
	run binlog-tail --from "$made" --table "$db.q" "$file"
	is "$rc" 1 "$1: a sequence that nothing tells of"
	like "$(cat "$tmp/err")" 'it may be a sequence' "$1: which is said"
	run binlog-tail --from "$made" --table "$db.q" --schema "$tmp/schema.sql" "$file"
	is "$rc $(grep -c 'sequence.*name=' "$tmp/err")" '0 1' "$1: a sequence that a file tells of"
}
# names of any case in statements, in lower case everywhere else
lower_case() {
	sql 'CREATE DATABASE Shop; CREATE TABLE Shop.Items (id int PRIMARY KEY, a int, b int)'
	t='--table=shop.items'
	tail_spawn live --from now "$t"
	sql 'INSERT INTO SHOP.ITEMS VALUES (1, 2, 3)'
	ok "$1, any case: live" wait_until 20 seen "$tmp/live.out"
	from=$(position)
	sql 'ALTER TABLE sHOP.iTEMS CHANGE a c int, CHANGE b a int'
	ok "$1, any case: renamed" wait_until 20 seen "$tmp/live.out"
	sql 'INSERT INTO Shop.Items VALUES (2, 3, 4); TRUNCATE SHOP.ITEMS; DROP DATABASE ShOp'
	ok "$1, any case: dropped" wait_until 20 seen "$tmp/live.out"
	stop "$spawned"
	is "$(rows_of items "$tmp/live.out" | paste -sd' ')" \
		'["insert",["1"],{"id":1,"a":2,"b":3}] ["insert",["2"],{"id":2,"c":3,"a":4}]' "$1, any case: each row has its own names"
	is "$(jq -r 'select(.op == "stale" or .op == "truncate" or .op == "drop") | .op + " " + .db + "." + .table' "$tmp/live.out" | paste -sd' ')" \
		'stale shop.items truncate shop.items drop shop.items stale shop.items' "$1, any case: each statement is about the table"
}

for kind in $databases; do
	own_database "$kind" # others must not see our statements
	names "$kind"
	replaced "$kind"
	[ "$kind" = mysql-5.6 ] || full_metadata "$kind"
	sql "DROP DATABASE $db"
done
own_database mariadb --lower-case-table-names=1
lower_case MariaDB
done_testing
