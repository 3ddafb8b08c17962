# m2e status, stop.

running() { [ -e "$dir/lock" ] && ! flock -n "$dir/lock" true; }

stop() {
	running || { log INFO "not running state=$dir"; exit 0; }
	# one that was killed may be followed by one that still waits for its pipes: who it is may change
	tries=120
	until [ $tries = 0 ]; do
		tries=$((tries - 1))
		pid=$(cat "$dir/pid" 2>/dev/null) && kill -TERM "$pid" 2>/dev/null
		! flock -w 1 "$dir/lock" true || return 0
	done
	die 75 "still running after 120 s: pid ${pid:-unknown}"
}

status() {
	[ -d "$dir" ] || die 1 "nothing has run yet: no $dir"
	if running; then now=true; else now=false; fi
	case ${1:-} in
	--json) m2e-state --state "$dir" show --json | sed "s/^{/{\"running\":$now,/" ;;
	'')
		echo "running: $now"
		print_outlook
		m2e-state --state "$dir" show
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
}
