#!/bin/sh
# What an index lacks, has otherwise or has too many is found and mended, on both engines; what is in step is called so.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

tamper() { # METHOD PATH [BODY]: behind es-bulk's back
	es "$@" >/dev/null || bail "the engine refuses: $*"
}
# found: what es-bulk or m2e printed, in short
# (A position of others' decides whether what was changed behind our back counts as newer or as stale.)
found() {
	jq -c '[(.error.type | sub("newer|stale|different"; "otherwise")), .event.key, .error.fields]' "$tmp/out" | sort | paste -sd' '
}

repairs() { # ENGINE
	# repaired under a writer: neither the stream nor the repair undoes the other
	tamper POST "/$db.t/_update/11%7Ck%5C%7C11?refresh=true" '{"doc":{"n":7}}'
	tamper DELETE "/$db.t/_doc/12%7Ck%5C%7C12?refresh=true"
	tamper PUT "/$db.t/_doc/9001%7Cx?refresh=true" '{"a":9001}'
	: >"$tmp/writing"
	(
		n=20
		while [ -e "$tmp/writing" ]; do
			n=$((n + 1))
			sql "USE $db; UPDATE t SET d = d + 1 WHERE a = $n; INSERT INTO t (a, b) VALUES ($n + 10000, ''); DELETE FROM t WHERE a = $n + 10000"
			sleep 0.1
		done
	) &
	writer=$!
	run m2e -c "$tmp/m2e.json" verify --repair "$db.t"
	rm "$tmp/writing"
	wait "$writer"
	like "$(cat "$tmp/err")" 'repaired table=.* documents=3$' "$1: three documents are repaired" || diag "$(cat "$tmp/err")"
	is "$rc" 0 "$1: ... and equal then"
	ok "$1: the stream went on" wait_caught_up 30
	rc_is 0 "$1: ... and nothing differs" m2e -q -c "$tmp/m2e.json" verify
}

verifies() { # ENGINE
	"need_$1"
	new_database
	sql "USE $db; CREATE TABLE t (a int, b varchar(20), n decimal(20,4), d double, j json, v varbinary(8), PRIMARY KEY (a, b));
		INSERT INTO t SELECT seq, CONCAT('k|', seq), seq / 3, seq / 7, JSON_OBJECT('x', seq, 'a', JSON_ARRAY(seq, NULL)), CHAR(seq)
			FROM seq_1_to_3000;
		INSERT INTO t VALUES (0, '', 1, 1e30, NULL, NULL), (0, '\\\\', 1.5, -0.0, '{}', '')"
	m2e_config "$db.t"
	es_options="--config $tmp/m2e.json -q"
	m2e_start
	wait_until 60 all_syncing "$db.t" || m2e_log
	run m2e -c "$tmp/m2e.json" verify
	is "$rc" 0 "$1: a table in step is equal" || diag "$(cat "$tmp/err")"
	is "$(cat "$tmp/out")" '' "$1: nothing is printed"
	like "$(cat "$tmp/err")" 'rows=3002 documents=3002 differences=0' "$1: the counts are told"
	sql "USE $db; ALTER TABLE t ADD COLUMN later int; UPDATE t SET later = 4 WHERE a = 4"
	wait_caught_up 30 || m2e_log
	ok "$1: documents that lack a column which is null since are equal" m2e -c "$tmp/m2e.json" verify

	[ "$1" = elasticsearch ] || repairs "$1"

	id1=1%7Ck%5C%7C1 id2=2%7Ck%5C%7C2 id3=3%7Ck%5C%7C3
	tamper POST "/$db.t/_update/$id1?refresh=true" '{"doc":{"n":7}}'
	tamper DELETE "/$db.t/_doc/$id2?refresh=true"
	tamper PUT "/$db.t/_doc/9000%7Cx?refresh=true" '{"a":9000}'
	tamper PUT "/$db.t/_doc/$id3?version=1099511627776000000&version_type=external&refresh=true" '{"a":3,"b":"k|3"}'
	run m2e -c "$tmp/m2e.json" verify "$db.t"
	is "$rc" 1 "$1: what differs is status 1"
	is "$(found)" '["extra",["9000","x"],null] ["missing",["2","k|2"],null] ["otherwise",["1","k|1"],["n"]] ["otherwise",["3","k|3"],["n","d","j","v"]]' \
		"$1: what is too much, lacking, and otherwise without that the table changed" || diag "$(cat "$tmp/err")"

	# read by key, rows have the position of now, which goes before what the engine counted up
	sql "USE $db; UPDATE t SET n = n + 1 WHERE a = 6"
	cp "$tmp/out" "$tmp/differences"
	# shellcheck disable=SC2086
	ok "$1: the printed lines mend it" sh -c "dump-reader --config '$tmp/m2e.json' -q --keys '$tmp/differences' | es-bulk $es_options >/dev/null"
	run m2e -c "$tmp/m2e.json" verify "$db.t"
	is "$(found)" '["otherwise",["3","k|3"],["n","d","j","v"]]' "$1: the rest stands"
	is "$(jq -r .error.type "$tmp/out")" newer "$1: as what the table does not know of"
	m2e_stop

	# a stream that is not written at all
	sql "USE $db; UPDATE t SET n = n + 1 WHERE a = 5"
	run sh -c "dump-reader --config '$tmp/m2e.json' -q --live --table '$db.t' | es-bulk $es_options --verify"
	is "$rc" 1 "$1: without the supervisor"
	is "$(found)" '["otherwise",["3","k|3"],["n","d","j","v"]] ["otherwise",["5","k|5"],["n"]]' "$1: what lags is found"
	is "$(jq -r 'select(.event.key[0] == "5").error.type' "$tmp/out")" stale "$1: as stale"
	is "$(es GET "/$db.t/_count" | jq .count)" 3002 "$1: nothing was written"
	rm -rf "$tmp/state"
}
ends() {
	sql "DROP DATABASE $db"
	es DELETE "/$db.*" >/dev/null
}

need_mariadb
verifies opensearch
ends
verifies elasticsearch

### ids, back to keys

# shellcheck disable=SC2086
es-bulk $es_options --list "$db.t" >"$tmp/ids"
is "$(jq -c .key "$tmp/ids" | sort -u | grep -c '')" 3002 'every document has a key of its own'
is "$(jq -c 'select(.key[0] == "0") | .key' "$tmp/ids" | sort | paste -sd' ')" '["0",""] ["0","\\"]' 'as odd as it may be'
long=$(head -c 600 /dev/zero | tr '\0' x)
es PUT "/$db.t/_doc/sha256:$(printf %s "$long" | sha256sum | cut -d' ' -f1)?refresh=true" '{}' >/dev/null
# shellcheck disable=SC2086
rc_is 1 'an id that is a hash is told' es-bulk $es_options --list "$db.t"
like "$(cat "$tmp/err")" 'no key can be told: 1' '... and counted'
is "$(grep -c '' "$tmp/out")" 3002 '... beside all others'

done_testing
