# m2e check: what both ends say of themselves.

# check_end PROGRAM: its facts in the file $facts, a line each, are printed for people
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
	for program in binlog-tail dump-reader es-bulk; do
		check_end "$program"
		rc=$?
		[ $rc -le $worst ] || worst=$rc
	done
	return $worst
}
