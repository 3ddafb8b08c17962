#!/bin/sh
# Dumps that others' programs wrote, against what a server had after it loaded them; those kept here, and, where they are,
# those of a larger collection (M2E_CORPORA).
. "${0%/*}/tap.sh"

command -v xz >/dev/null || skip_all 'no xz'
tar -C "$tmp" -xf "$root/tests/dumps/dumps.tar.xz" || bail 'dumps.tar.xz'
# A column that is invisible to mydumper's SELECT is in no dump: its table is refused, and left out here.
hidden='feat.mspec'

# compare TRUTH DUMP [OPTION...]
compare() {
	truth=$1 dump=$2
	shift 2
	run dump-reader -q --database t_load --time-zone +00:00 --exclude "$hidden" "$@" "$dump"
	[ "$rc" = 0 ] || diag "$(cat "$tmp/err")"
	cp "$tmp/out" "$tmp/got.ndjson"
	grep -v "\"table\": \"$hidden\"" "$truth" >"$tmp/truth"
	ok "${dump##*/}: status $rc, the rows are those that a server got" "$root/tests/dumps.py" "$tmp/truth" "$tmp/got.ndjson"
}

for truth in "$tmp"/*.truth; do
	compare "$truth" "${truth%.truth}"
	is "$rc" 0 '  and it ends well'
done
rc_is 1 'a table whose invisible column is not in the dump' dump-reader -q --table "$hidden" "$tmp/own-mydumper0.10.1-rows"
like "$(cat "$tmp/err")" 'feat.mspec: no value for column inv' '  is refused'

# The same tables by another road are the same lines.
lines() { grep '"op":"snapshot"' "$1" | sed 's/,"pos":"[^"]*"//' | grep -E "\"table\":\"($2)\"" | LC_ALL=C sort; }
dump-reader -q "$tmp/own-mysqldump9.7-all-options.sql" >"$tmp/all.ndjson" 2>/dev/null
lines "$tmp/all.ndjson" 'comp|decs|temps' >"$tmp/want"
is "$(wc -l <"$tmp/want")" 16 'three tables'
dump-reader -q --fields-terminated-by=, --fields-enclosed-by='"' --lines-terminated-by='\r\n' --exclude '*.strs' \
	"$tmp/own-mysqldump9.7-tab-csv" >"$tmp/out" 2>/dev/null
lines "$tmp/out" 'comp|decs|temps' >"$tmp/got"
same "$tmp/got" "$tmp/want" 'as CSV'
dump-reader -q --require-pos --database feat --schema "$tmp/own-mysqldump9.7-all-options.sql" \
	"$tmp/own-mysqldump9.7-sourcedata1-nocreate.sql" >"$tmp/out" 2>/dev/null
lines "$tmp/out" '.*' >"$tmp/got"
lines "$tmp/all.ndjson" '.*' | grep '"db":"feat"' >"$tmp/want"
same "$tmp/got" "$tmp/want" 'without definitions, with --schema'
like "$(grep -m 1 '"op":"done"' "$tmp/out")" '"pos":"binlog.000060:228474","gtids":"[0-9a-f-]+:1-932:tag_one:1-10:' '  with its position and GTIDs'

corpora=${M2E_CORPORA:-$root/../shared/data}/public
if [ -d "$corpora/truth/dumps" ]; then
	for packed in "$corpora"/truth/dumps/*.rows.jsonl.gz; do
		name=${packed##*/} name=${name%.rows.jsonl.gz}
		[ -e "$corpora/dumps/$name" ] || continue
		zcat "$packed" >"$tmp/unpacked"
		case $name in
		dumpling-*) continue ;;             # folders of test cases, none that a program wrote
		dolt-big-spatial.sql) want=1 ;;     # SQL of people: functions
		mysqldump-php-test014.sql) want=1 ;;        # cut by those who made it
		*) want=0 ;;
		esac
		if [ "$name" = employees-small ]; then # its script reads the files beside it; the last one is not there
			sed '/show_elapsed/d' "$corpora/dumps/$name/employee.sql" >"$tmp/employee.sql"
			cp "$corpora/dumps/$name"/load_* "$tmp/"
			compare "$tmp/unpacked" "$tmp/employee.sql"
		elif [ "$want" = 0 ]; then
			compare "$tmp/unpacked" "$corpora/dumps/$name"
		else
			run dump-reader -q --database t_load --time-zone +00:00 "$corpora/dumps/$name"
		fi
		is "$rc" "$want" "  $name ends with status $want"
	done
else
	skip 'no larger collection of dumps'
fi

done_testing
