#!/bin/sh
# Online migrations as pt-online-schema-change and gh-ost do them, under a steady writer: what bears the table's name after the
# swap is rebuilt (on_schema_change is resync), or stays stale until that is asked for; their helper tables are not followed.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

writer() {
	w=0
	while [ -e "$tmp/write" ]; do
		w=$((w + 1))
		sql "USE $db; INSERT INTO pt (n) VALUES ($w), (NULL); UPDATE pt SET n = $w, v = 'w' WHERE id % 89 = $w % 89; DELETE FROM pt WHERE id % 97 = $w % 97 LIMIT 3;
			INSERT INTO gh (n) VALUES ($w), (NULL); UPDATE gh SET n = $w, v = 'ü' WHERE id % 89 = $w % 89; DELETE FROM gh WHERE id % 97 = $w % 97 LIMIT 3" ||
			{ touch "$tmp/broken"; return; }
	done
}
at_exit "rm -f '$tmp/write'"

# Triggers keep the new table up to date while rows are copied in chunks.
pt_osc() {
	sql "USE $db; CREATE TABLE _pt_new LIKE pt; ALTER TABLE _pt_new MODIFY n bigint, ADD COLUMN more int NOT NULL DEFAULT 5;
		CREATE TRIGGER pt_del AFTER DELETE ON pt FOR EACH ROW DELETE IGNORE FROM _pt_new WHERE _pt_new.id <=> OLD.id;
		CREATE TRIGGER pt_upd AFTER UPDATE ON pt FOR EACH ROW REPLACE INTO _pt_new (id, n, v) VALUES (NEW.id, NEW.n, NEW.v);
		CREATE TRIGGER pt_ins AFTER INSERT ON pt FOR EACH ROW REPLACE INTO _pt_new (id, n, v) VALUES (NEW.id, NEW.n, NEW.v)" || return
	for from in 1 501 1001 1501; do
		sql "USE $db; INSERT LOW_PRIORITY IGNORE INTO _pt_new (id, n, v) SELECT id, n, v FROM pt FORCE INDEX (PRIMARY) WHERE id BETWEEN $from AND $from + 499 LOCK IN SHARE MODE"
	done
	sql "USE $db; RENAME TABLE pt TO _pt_old, _pt_new TO pt; DROP TABLE _pt_old"
	sql "USE $db; DROP TRIGGER IF EXISTS pt_del; DROP TRIGGER IF EXISTS pt_upd; DROP TRIGGER IF EXISTS pt_ins"
}

# Rows are copied in chunks; what has changed since is brought in under a lock, behind which the rename waits.
gh_ost() {
	sql "USE $db; CREATE TABLE _gh_ghc (id bigint AUTO_INCREMENT PRIMARY KEY, hint varchar(64), value varchar(4096));
		CREATE TABLE _gh_gho LIKE gh; ALTER TABLE _gh_gho MODIFY n bigint, DROP COLUMN w; INSERT INTO _gh_ghc (hint, value) VALUES ('state', 'copying')" || return
	for from in 1 501 1001 1501; do
		sql "USE $db; INSERT IGNORE INTO _gh_gho (id, n, v) SELECT id, n, v FROM gh WHERE id BETWEEN $from AND $from + 499 LOCK IN SHARE MODE"
	done
	sql "USE $db; LOCK TABLES gh WRITE, gh AS o READ, _gh_gho WRITE, _gh_gho AS g WRITE; REPLACE INTO _gh_gho (id, n, v) SELECT id, n, v FROM gh AS o;
		DELETE g FROM _gh_gho AS g LEFT JOIN gh AS o ON o.id = g.id WHERE o.id IS NULL; SELECT SLEEP(1); UNLOCK TABLES" >"$tmp/lock" &
	lock=$!
	wait_until 10 sh -c "[ \"\$(mariadb --no-defaults -N -u root -S '$db_socket' -e \"SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%SLEEP(1)%' AND info NOT LIKE '%processlist%'\")\" -gt 0 ]"
	sql "USE $db; RENAME TABLE gh TO _gh_del, _gh_gho TO gh" || return
	wait "$lock" && sql "USE $db; DROP TABLE _gh_del, _gh_ghc"
}

rebuilt() { grep -q "INFO m2e: rebuilt table=$1 " "$tmp/m2e.err"; }
index_has() { es GET "/$1/_mapping" | jq -e "[.[].mappings.properties | has(\"$2\")] == [$3]"; }

migrates() { # KIND
	need_database "$1"
	new_database
	sql "USE $db; CREATE TABLE pt (id int AUTO_INCREMENT PRIMARY KEY, n int, v varchar(50)); CREATE TABLE gh (id int AUTO_INCREMENT PRIMARY KEY, n int, v varchar(50), w int);
		INSERT INTO pt (n, v) VALUES (1, 'a'), (2, 'b'), (3, NULL), (4, 'd')"
	for n in 4 8 16 32 64 128 256 512 1024; do
		echo "INSERT INTO pt (n, v) SELECT n, v FROM pt LIMIT $n;"
	done | sql_client "$db"
	sql "USE $db; INSERT INTO gh (n, v) SELECT n, v FROM pt"
	m2e_config "$db.*"
	jq --arg on "$2" '. + {on_schema_change: $on}' "$tmp/m2e.json" >"$tmp/m2e.new" && mv "$tmp/m2e.new" "$tmp/m2e.json"
	m2e_start
	ok "$1: the tables are in step" wait_until 60 all_syncing "$db.pt" "$db.gh" || m2e_log
	: >"$tmp/write"
	writer 2>"$tmp/writer.err" &
	writer=$!
	ok "$1: as pt-online-schema-change does it" pt_osc
	ok "$1: as gh-ost does it" gh_ost
	if [ "$2" = continue ]; then
		ok "$1: the tables are stale" wait_until 60 sh -c "[ \"\$(m2e-state --state '$tmp/state' get tables | grep -c stale)\" = 2 ]" || m2e_log
		ok "$1: m2e resync" m2e -c "$tmp/m2e.json" resync "$db.pt" "$db.gh"
	fi
	ok "$1: one is rebuilt under writes" wait_until 90 rebuilt "$db.pt" || m2e_log
	ok "$1: so is the other" wait_until 90 rebuilt "$db.gh" || m2e_log
	rm "$tmp/write"
	wait $writer
	ok "$1: the writer never stopped" test ! -e "$tmp/broken" || diag "$(cat "$tmp/writer.err")"
	wait_until 90 all_syncing "$db.pt" "$db.gh"
	ok "$1: they catch up" wait_caught_up 60 || m2e_log
	ok "$1: m2e verify" m2e -c "$tmp/m2e.json" verify
	ok "$1: every document equals its row" index_equals "$db.pt" "$db.gh" || m2e_log
	ok "$1: a new column is in the mapping" index_has "$db.pt" more true
	ok "$1: one that went is not" index_has "$db.gh" w false
	is "$(es GET "/_cat/indices/$db.*?h=index" | sed 's/@.*//' | sort -u | paste -sd' ')" "$db.gh $db.pt" "$1: no helper has an index"
	m2e_stop
	is "$rc" 0 "$1: it stops cleanly"
	rm -rf "$tmp/state" "$tmp/m2e.err"
	sql "DROP DATABASE $db"
	es DELETE "/$db.*" >/dev/null
}

need_opensearch
migrates mariadb resync
migrates mysql continue
done_testing
