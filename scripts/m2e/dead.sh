# m2e dead: documents that the engine refused.

dead() {
	what=${1:-count}
	[ $# -eq 0 ] || shift
	case $what in
	count | replay | drop) "dead_$what" "$@" ;;
	show) dead_show "$@" ;;
	*)
		usage >&2
		exit 2
		;;
	esac
}

dead_count() { state dead count "$@"; }

# A line each, for people; one that is asked for by its number, or with -v, whole.
dead_show() {
	case ${1:-} in
	-v | --verbose)
		shift
		state dead print "$@"
		;;
	[0-9]*) state dead print "$@" ;;
	*) state dead list "$@" | awk -F '\t' '{ printf "%5s  %-24s  %-12s  %s\n", $1, $2, $3, $4 }' ;;
	esac
}

# One at a time: what is taken out is what was seen.
lock_dead() {
	[ -d "$dir" ] || die 1 "nothing has run yet: no $dir"
	exec 8>>"$dir/dead.ndjson.lock"
	flock -n 8 || die 75 "dead letters are being replayed or dropped"
}

dead_drop() {
	yes=
	[ "${1:-}" != --yes ] || { yes=1; shift; }
	lock_dead
	n=$(state dead count "$@") || exit
	[ "$n" != 0 ] || { log INFO "no dead letters"; return; }
	if [ -z "$yes" ]; then
		[ -t 0 ] || die 2 "drop needs --yes where nobody can be asked"
		printf 'Drop %s dead letters? ' "$n" >&2
		read -r answer && case $answer in y* | Y*) true ;; *) false ;; esac || exit 1
	fi
	state dead drop "$@" || exit
	log INFO "dead letters dropped count=$n"
}

# Each letter's row as it is now goes to the engine; only when it is there, or refused again, the letter goes.
replay_table() { # TABLE
	! is_loading "$1" || return 75
	state dead print "$1" >"$letters/taken" || return
	n=$(wc -l <"$letters/taken")
	: >"$letters/again"
	# an update that changed the key names two documents
	write_keys "$letters" "$letters/taken" --dead-letter "$letters/again" --max-dead $((n * 2))
	rc=$?
	[ "$rc" = 0 ] || [ "$rc" = 3 ] || return "$rc"
	state dead settle "$letters/taken" "$letters/again" || return
	log INFO "replayed table=$1 letters=$n refused=$(wc -l <"$letters/again")"
	return "$rc"
}

dead_replay() {
	for t; do
		case $t in
		*.*) ;;
		*) die 2 "not a table: $t" ;;
		esac
	done
	lock_dead
	letters=$dir/replay
	trap 'rm -rf "$letters"' EXIT
	rm -rf "$letters" && mkdir "$letters" || exit 1	# of one that was killed
	state dead list "$@" >"$letters/list" || exit
	worst=0
	tables=$(cut -f 2 "$letters/list" | sort -u)
	for t in $tables; do
		if [ "$t" = - ]; then
			log ERROR "lines that are no dead letters: see m2e dead show"
			worst=$(verdict 1 "$worst")
			continue
		fi
		replay_table "$t" || worst=$(verdict $? "$worst")
	done
	exit "$worst"
}
