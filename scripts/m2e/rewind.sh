# m2e rewind: the stream begins again at an earlier place.

# part JSON NAME: one member of what binlog-tail --find prints
part() { echo "$1" | sed "s/.*\"$2\":\"*\([^\",}]*\).*/\1/"; }

utc() { date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ; }

# shellcheck disable=SC2086
find_place() { binlog-tail $options --find "$1"; }

print_range() {
	oldest=$(find_place start) && now=$(find_place now) || exit
	echo "oldest: $(part "$oldest" pos) $(utc "$(part "$oldest" ts)")"
	echo "stored: ${stored#*/}"
	echo "now:    $(part "$now" pos)"
}

# What --find takes: a position as it stands, a time in Unix seconds.
place_or_time() { # POS|TIME
	if echo "$1" | grep -Eqx '([0-9]+/)?[^/ ]+\.[0-9]+:[0-9]+'; then
		echo "$1"
	elif echo "$1" | grep -Eqx '[0-9]+(\.[0-9]+)?'; then
		echo "@${1%.*}"
	else
		seconds=$(date -u -d "$1" +%s 2>/dev/null) && echo "@$seconds"
	fi
}

rewind() { # [POS|TIME]
	[ $# -le 1 ] || { usage >&2; exit 2; }
	stored=$(state get position pos) || die 1 "no position is stored in $dir"
	[ $# = 1 ] || { print_range; exit; }
	exec 9>>"$dir/lock"
	flock -n 9 || die 75 "m2e runs: stop it first"
	where=$(place_or_time "$1") || die 2 "neither a position nor a time: $1"
	epoch=$(state get position epoch)
	case $where in
	"$epoch"/*) where=${where#*/} ;;
	*/*) die 4 "of another epoch than the stored $stored: $where" ;;
	esac
	found=$(find_place "$where") || exit
	server=$(state get position server) || server=$(part "$found" server)
	[ "$server" = "$(part "$found" server)" ] ||
		die 4 "this server is $(part "$found" server), the stored position is of $server"
	log INFO "going back to=$(part "$found" pos) time=$(utc "$(part "$found" ts)")"
	state rewind "$epoch/$(part "$found" pos)" "server=$server" "created=$(part "$found" created)"
}
