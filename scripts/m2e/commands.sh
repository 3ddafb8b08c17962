# m2e status, stop, load, check.

running() { [ -e "$dir/lock" ] && ! flock -n "$dir/lock" true; }

stop() {
	running || { log INFO "not running state=$dir"; exit 0; }
	pid=$(cat "$dir/pid" 2>/dev/null) && kill -TERM "$pid" 2>/dev/null
	flock -w 120 "$dir/lock" true || die 75 "still running after 120 s: pid ${pid:-unknown}"
}

status() {
	[ -d "$dir" ] || die 1 "nothing has run yet: no $dir"
	if running; then now=true; else now=false; fi
	case ${1:-} in
	--json) m2e-state --state "$dir" show --json | sed "s/^{/{\"running\":$now,/" ;;
	'')
		echo "running: $now"
		m2e-state --state "$dir" show
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

# What both ends say, one line a fact: m2e prints them for people.
check() {
	worst=0
	for program in binlog-tail dump-reader es-bulk; do
		# shellcheck disable=SC2086
		"$program" $options --check >"$facts"
		rc=$?
		sed -n 's/\\"/"/g
			s/^{"check":"\([^"]*\)","level":"\([^"]*\)","text":"\(.*\)","advice":"\(.*\)"}$/\2	\1	\3	\4/p
			t
			s/^{"check":"\([^"]*\)","level":"\([^"]*\)","text":"\(.*\)"}$/\2	\1	\3/p' "$facts" |
			awk -F '\t' '{ printf "%-8s %-28s %s\n", $1, $2, $3; if ($4 != "") printf "%38s%s\n", "→ ", $4 }'
		[ $rc -le $worst ] || worst=$rc
	done
	return $worst
}
