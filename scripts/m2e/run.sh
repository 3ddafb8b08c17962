# m2e run: the supervisor.

# Milliseconds to wait before the next start of what failed n times in a row.
backoff_ms() {
	case $1 in
	1) echo 200 ;;
	2) echo 1000 ;;
	3) echo 2000 ;;
	4) echo 5000 ;;
	5) echo 10000 ;;
	*) echo 30000 ;;
	esac
}

now_ms() { echo $(($(date +%s%N) / 1000000)); }

alive() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:.Z' "/proc/$1/status"; }

# What a verdict means for the supervisor; 0: start it again.
judge() { # WHAT STATUS
	case $2 in
	0 | 3 | 75) return 0 ;;
	4)
		log ERROR "the position cannot be resumed; to load the tables again: m2e stop; m2e load --all; m2e run"
		;;
	*) log ERROR "$1 stopped with status $2: see its message above" ;;
	esac
	final=$2 stopping=1
	return 1
}

main_ended() { # STATUS
	if [ -n "$joining" ] && { [ "$1" = 0 ] || [ "$1" = 3 ]; }; then
		main_fails=0
		return
	fi
	[ -z "$stopping" ] && judge "the stream" "$1" || return
	[ $(($(now_ms) - main_since)) -lt 60000 ] || main_fails=0
	main_fails=$((main_fails + 1))
	ms=$(backoff_ms $main_fails)
	main_at=$(($(now_ms) + ms))
	log WARN "the stream ended with status $1, starting it again in $ms ms"
}

load_ended() { # STATUS
	if [ "$1" = 0 ]; then
		load_fails=0 joining=1
		[ -z "$main" ] || end_pipe main
		return
	fi
	[ -z "$stopping" ] && judge "the load" "$1" || return
	load_fails=$((load_fails + 1))
	ms=$(backoff_ms $load_fails)
	load_at=$(($(now_ms) + ms))
	log WARN "the load ended with status $1, trying again in $ms ms"
}

# Ends what runs; the loop goes on until it has ended.
wind_up() {
	[ ! -e "$dir/run/stopping" ] || return 0
	: >"$dir/run/stopping"
	log INFO "stopping"
	[ -z "$load" ] || end_pipe load
	[ -z "$main" ] || end_pipe main
}

# Takes note of the tables that the configuration chooses now.
choose_tables() {
	# shellcheck disable=SC2086
	chosen=$(binlog-tail $options --tables 7>&-) || return
	[ -n "$chosen" ] || { log ERROR "no table fits database.tables"; return 1; }
	known=$(state get tables | cut -f 1)
	streamed=$(covered | cut -f 1)
	for t in $chosen; do
		if ! echo "$known" | grep -qxF -e "$t"; then
			state set table "$t" status=created || return
		elif ! echo "$streamed" | grep -qxF -e "$t"; then
			# it was in the stream once: it catches up from where it left
			case $(state get table "$t" status) in
			syncing | stale | paused) state set table "$t" status=moved || return ;;
			esac
		fi
	done
	for t in $streamed; do
		echo "$chosen" | grep -qxF -e "$t" && continue
		log WARN "no longer chosen, its changes are not followed table=$t"
		state leave "$t" || return
	done
}

# Which server this is, and in which epoch its positions stand: all tables loaded anew begin the next one.
identify() {
	# shellcheck disable=SC2086
	server=$(binlog-tail $options --identify 7>&-) || return
	epoch=$(state get position epoch) || epoch=0
	if state get position pos >/dev/null && ! main_covers_some; then
		epoch=$((epoch + 1))
	fi
}

take_directory() {
	mkdir -p "$dir/run" "$dir/tables" || die 1 "cannot make the state directory: $dir"
	exec 9>>"$dir/lock"
	# what outlived a killed supervisor leaves by itself, in moments
	pid=$(cat "$dir/pid" 2>/dev/null)
	kill -0 "${pid:-none}" 2>/dev/null || flock -w 30 9
	flock -n 9 || die 75 "another run holds $dir (pid ${pid:-unknown})"
	rm -rf "$dir/run" && mkdir "$dir/run"
	echo $$ >"$dir/pid"
	# a pipe that only this process writes to, so that its end is seen by who reads it
	mkfifo "$dir/run/life" || die 1 "cannot make a fifo in $dir/run"
	state show >/dev/null || die 1 "the state directory cannot be read: $dir"
	# shellcheck disable=SC2094
	exec 7<>"$dir/run/life" 6<"$dir/run/life"
}

# The pipes that have ended. One whose shell alone was killed goes on without it: it is ended, too.
look_after_pipes() {
	for name in main load; do
		eval "pid=\$$name"
		[ -n "$pid" ] || continue
		! alive "$pid" || continue
		wait "$pid"
		rc=$?
		end_pipe "$name"
		eval "$name="
		case $rc in
		12[89] | 1[3-9]? | 2??) rc=75 ;;
		esac
		"${name}_ended" "$rc"
	done
}

step() {
	if [ -n "$joining" ] && [ -z "$main" ]; then
		joining=
		join_moved || judge "the join" $? || return
	fi
	start_main
	[ -n "$joining" ] || start_load
}

# Until a child ends, a signal comes, or what failed is due again; 5 s at most, as a child may end just before the wait.
nap() {
	ms=5000 now=$(now_ms)
	for at in $main_at $load_at; do
		[ $((at - now)) -ge $ms ] || [ "$at" -le "$now" ] || ms=$((at - now))
	done
	sleep "$((ms / 1000)).$(printf %03d $((ms % 1000)))" 6<&- 7>&- 9>&- &
	sleeper=$!
	wait "$sleeper"
	kill "$sleeper" 2>/dev/null
}

run() {
	take_directory
	main='' load='' main_at=0 load_at=0 joining='' stopping='' final=0 main_fails=0 load_fails=0 announced=' '
	trap stopping=1 TERM INT
	trap : CHLD	# so that the end of a child ends a nap
	trap '' PIPE
	tries=0
	until identify && choose_tables; do
		rc=$?
		[ -z "$stopping" ] || exit 0
		[ $rc = 75 ] || die $rc "cannot start"
		tries=$((tries + 1)) main_at=$(($(now_ms) + $(backoff_ms $tries)))
		log WARN "the database does not answer, trying again in $(backoff_ms $tries) ms"
		until [ -n "$stopping" ] || [ "$(now_ms)" -ge $main_at ]; do
			nap
		done
	done
	log INFO "running config=${config:-environment} state=$dir server=$server"
	while :; do
		look_after_pipes
		[ -n "$stopping" ] || step
		[ -z "$stopping" ] || wind_up
		[ -z "$stopping" ] || [ -n "$main$load" ] || break
		nap
	done
	rm -f "$dir/pid"
	[ "$final" != 0 ] || [ ! -s "$dir/dead.ndjson" ] || final=3
	log INFO "stopped status=$final pos=$(state get position pos)"
	exit "$final"
}
