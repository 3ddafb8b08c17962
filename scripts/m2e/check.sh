# m2e check: what both ends say of themselves.

# check_end PROGRAM OPTION…: its facts in the file $facts, a line each, are printed for people
check_end() {
	# shellcheck disable=SC2086
	"$@" $options --check >"$facts"
	rc=$?
	sed -n 's/\\"/"/g
		s/^{"check":"\([^"]*\)","level":"\([^"]*\)","text":"\(.*\)","advice":"\(.*\)"}$/\2	\1	\3	\4/p
		t
		s/^{"check":"\([^"]*\)","level":"\([^"]*\)","text":"\(.*\)"}$/\2	\1	\3/p' "$facts" |
		awk -F '\t' '{ printf "%-8s %-28s %s\n", $1, $2, $3; if ($4 != "") printf "%38s%s\n", "→ ", $4 }'
	return $rc
}

check() {
	worst=0
	for program in "binlog-tail$nl--state$nl$dir" dump-reader es-bulk; do
		# shellcheck disable=SC2086
		check_end $program
		rc=$?
		[ $rc -le $worst ] || worst=$rc
	done
	return $worst
}

# How long the stored position can be resumed from, and the server's own lag; nothing where the database cannot be asked.
# A table that is not there is asked for, so that no table is looked at.
print_outlook() {
	# shellcheck disable=SC2086
	timeout 5 binlog-tail $options -q -q --state "$dir" --table m2e.none --check 2>/dev/null |
		sed -n 's/^{"check":"position","level":"[a-z]*","text":"\([^"]*\)".*/retention: \1/p
			s/^{"check":"replica","level":"[a-z]*","text":"\([^"]*\)".*/replica: \1/p'
}
