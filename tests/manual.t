#!/bin/sh
# The manuals against the programs: options in the getopt table, in --help and in the page are the same; what a page
# refers to is there.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
cd "$root" || bail 'no root'

# Long options of a program's own table, or of the script's case patterns.
in_source() {
	if [ -d "$1" ]; then
		{
			cat "$1"/*.c
			! grep -q DB_LONG_OPTIONS "$1"/*.c || cat lib/db.h
			! grep -q SHAPE_LONG_OPTIONS "$1"/*.c || cat lib/shape.h
		} | sed -n 's/.*{ "\([a-z-]*\)", [a-z]*_argument.*/\1/p'
	else
		cat "scripts/$1"/*.sh | grep -oE -e '--[a-z][a-z-]*( \||\)| \])' | sed 's/^--//; s/[] |)]*$//'
	fi | sort -u
}
# Long options by name, short ones as -x.
in_help() {
	run "$1" --help
	{
		grep -oE -e '--[a-z][a-z-]*' "$tmp/out" | sed 's/^--//'
		grep -oE -e '(^|[^-a-zA-Z])-[a-z]+' "$tmp/out" | sed 's/.*-//' | grep -o . | sed 's/^/-/'
	} | sort -u
}
# Options that the page describes, a line of the list each: "config -c"
in_page() {
	grep -E '^\.It .*Fl ' "$1" | sed 's/^\.It //' | awk '{
		line = ""
		for (i = 1; i < NF; i++)
			if ($i == "Fl")
				line = line " " ($(i + 1) ~ /^-/ ? substr($(i + 1), 2) : "-" $(i + 1))
		print line
	}'
}
# Long options that it names anywhere.
anywhere() { grep -oE 'Fl -[a-z][a-z-]*' "$1" | sed 's/^Fl -//' | sort -u; }
long() { tr ' ' '\n' | grep -E '^[a-z]' | sort -u; }

for program in binlog-tail dump-reader es-bulk m2e-state m2e; do
	page=man/$program.1
	if [ ! -e "$page" ]; then
		fail "$page is missing"
		continue
	fi
	in_source "$program" >"$tmp/source"
	rc_is 0 "$program --help" "$program" --help
	is "$(cat "$tmp/err")" '' "$program --help is no error"
	in_help "$program" >"$tmp/help"
	in_page "$page" >"$tmp/page"
	long <"$tmp/page" >"$tmp/page.long"
	ok "$program: there are options" test "$(grep -c '' "$tmp/source")" -ge 2
	anywhere "$page" >"$tmp/named"
	is "$(comm -23 "$tmp/source" "$tmp/named" | paste -sd' ')" '' "$program: every option is in the page"
	is "$(comm -13 "$tmp/source" "$tmp/page.long" | paste -sd' ')" '' "$program: the page has no option that does not exist"
	is "$(grep '^[a-z]' "$tmp/help" | comm -23 - "$tmp/source" | paste -sd' ')" '' "$program: nor has --help"
	# a long option may hide behind the short one that stands beside it in the page
	missing=''
	while read -r names; do
		beside=''
		for name in $names; do
			case $name in -*) ! grep -qx -e "$name" "$tmp/help" || beside=1 ;; esac
		done
		for name in $names; do
			[ -n "$beside" ] || grep -qx -e "$name" "$tmp/help" || missing="$missing $name"
		done
	done <"$tmp/page"
	is "$missing" '' "$program: --help has what the page has"
	rc_is 2 "$program: an option that does not exist" "$program" --no-such-option
	like "$(cat "$tmp/err")" 'usage: ' "$program: then it tells its usage"
	is "$(cat "$tmp/out")" '' "$program: not on standard output"
	rc_is 0 "$program --version" "$program" --version
	for section in NAME SYNOPSIS DESCRIPTION 'EXIT STATUS' EXAMPLES 'SEE ALSO'; do
		ok "$page: $section" grep -qx ".Sh $section" "$page"
	done
done

for page in m2e-events.5 m2e-config.5 m2e.7; do
	ok "man/$page is there" test -e "man/$page"
done

# References to pages of our own, to tests, to each other's sections.
for page in man/*.[157]; do
	wrong=''
	{
		sed -n 's/^\.Xr \([a-z0-9-]*\) \([157]\).*/man\/\1.\2/p' "$page" | grep -E '^man/(m2e|binlog-tail|dump-reader|es-bulk)'
		grep -oE 'tests/[a-z0-9_-]+\.(t|c)' "$page"
	} | sort -u >"$tmp/files"
	while read -r at; do
		[ -e "$at" ] || wrong="$wrong $at"
	done <"$tmp/files"
	for at in $(sed -n 's/^\.Sx \([A-Z ]*[A-Z]\).*/\1/p' "$page" | tr ' ' _ | sort -u); do
		grep -qx ".Sh $(echo "$at" | tr _ ' ')" "$page" || wrong="$wrong $at"
	done
	is "$wrong" '' "$page: what it refers to is there"
done

# Every line of the stream that the programs know is described, and none else.
if [ -e man/m2e-events.5 ]; then
	{
		sed -n '/^} ops\[\] = {/,/^};/s/^	{ "\([a-z]*\)".*/\1/p' m2e-state/save.c
		printf '%s\n' insert update delete snapshot
	} | sort -u >"$tmp/ops"
	sed -n 's/^\.It Cm \([a-z]*\) line$/\1/p' man/m2e-events.5 | sort -u >"$tmp/page"
	same "$tmp/page" "$tmp/ops" 'm2e-events.5: every op'
	# its examples are events, too
	sed -n '/^\.Bd -literal/,/^\.Ed/p' man/m2e-events.5 | grep '^{' >"$tmp/examples"
	if command -v jq >/dev/null; then
		ok 'm2e-events.5: the examples are JSON' jq -e .op "$tmp/examples"
		jq -r .op "$tmp/examples" | sort -u >"$tmp/page"
		same "$tmp/page" "$tmp/ops" 'm2e-events.5: an example of each'
		jq -c 'select(has("row") | not)' "$tmp/examples" >"$tmp/control"
		ok 'm2e-events.5: m2e-state takes the control lines' m2e-state --state "$tmp/state" save <"$tmp/control"
	else
		skip 'no jq'
	fi
fi

### examples that need no server

# example PAGE N: the N-th one under EXAMPLES
example() {
	sed '1,/^\.Sh EXAMPLES/d' "man/$1" | awk -v n="$2" '
		/^\.Ed/ { inside = 0 }
		inside { print }
		/^\.Bd -literal/ && ++seen == n { inside = 1 }' | sed 's/\\e/\\/g'
}
if [ -e man/m2e-events.5 ] && command -v jq >/dev/null; then
	cp "$tmp/examples" "$tmp/changes.ndjson"
	example m2e-events.5 1 >"$tmp/script"
	is "$(cd "$tmp" && sh script 2>&1 | head -n 1 | sed 's/^ *//')" '2 city 5000' 'm2e-events.5: what changes most'
	example m2e-events.5 2 >"$tmp/script"
	sed 's/"table":"city","key":\["1"\]/"table":"country","key":["1"]/' "$tmp/examples" >"$tmp/in"
	is "$(sh "$tmp/script" <"$tmp/in" | grep -c '')" $(($(grep -c '' "$tmp/in") - 1)) 'm2e-events.5: a filter'
	example m2e-events.5 3 >"$tmp/script"
	printf '%s\n' '{"op":"update","key":["2"],"old_key":["1"],"old":{"id":1},"row":{"id":2,"status":"draft"}}' \
		'{"op":"commit","rows":1}' '{"op":"insert","key":["3"],"row":{"status":"paid"}}' >"$tmp/in"
	is "$(sh "$tmp/script" <"$tmp/in" | jq -r '.op + (.key // [] | join("|")) + (.old_key // [] | join("|"))' | paste -sd' ')" \
		'delete2 delete1 commit insert3' 'm2e-events.5: a filter by value'
fi
mkdir -p "$tmp/m2e"
echo secret >"$tmp/m2e/db.password"
echo secret >"$tmp/m2e/es.password"
example m2e-config.5 1 | sed "s|/etc/m2e|$tmp/m2e|; s|/var/lib/m2e|$tmp/m2e|" >"$tmp/m2e.json"
ok 'm2e-config.5: the file' m2e-state config "$tmp/m2e.json" check
example m2e-config.5 2 >"$tmp/script"
like "$(cd "$tmp" && sh script)" '^database.host=db2.example$' 'm2e-config.5: another host'
example m2e-state.1 2 | sed "s|/var/lib/m2e|$tmp/m2e|" >"$tmp/script"
ok 'm2e-state.1: another position' sh "$tmp/script"
{
	echo '{"op":"source","server":"1","epoch":0}'
	echo "{\"op\":\"commit\",\"pos\":\"binlog.000003:99\",\"ts\":$(date +%s)}"
} | m2e-state --state "$tmp/m2e" save
if command -v jq >/dev/null; then
	example m2e-state.1 3 | sed "s|/var/lib/m2e|$tmp/m2e|" >"$tmp/script"
	like "$(sh "$tmp/script")" '^[0-9]+(\.[0-9]+)?$' 'm2e-state.1: how far behind'
fi

done_testing
