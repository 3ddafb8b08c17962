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
due() { [ "$1" = 0 ] || [ "$(now_ms)" -ge "$1" ]; }

# No program is started for this, nor for whatever else is asked at each step: at rest a run takes next to nothing.
alive() { # PID
	read -r stat 2>/dev/null <"/proc/$1/stat" || return
	case ${stat##*) } in
	Z*) return 1 ;;
	esac
}

# What a verdict means for the supervisor; 0: start it again.
judge() { # WHAT STATUS
	case $2 in
	0 | 3 | 75) return 0 ;;
	4)
		[ "$(setting on_purged)" != resync ] || { load_all_again; return; }
		log ERROR "the position cannot be resumed; to load the tables again: m2e load --all"
		;;
	*) log ERROR "$1 stopped with status $2: see its message above" ;;
	esac
	final=$2 stopping=1
	return 1
}

# on_purged: the changes since the stored position are gone for ever, the tables are not.
load_all_again() {
	log WARN "the position cannot be resumed: all tables are loaded again (on_purged is resync)"
	load_again --all && identify || return 0
	load_wanted=1
}

# Is one of these statuses of SIGILL, SIGABRT, SIGBUS, SIGFPE or SIGSEGV?
own_fault() { case $1 in *13[24569]*) ;; *) return 1 ;; esac; }

# A program that fails by its own fault at the same place, again and again, would do so for ever.
crash_loop() {
	own_fault "$(cat "$dir/run/main.1" "$dir/run/main.2" "$dir/run/main.3" 2>/dev/null)" || { crashes=0; return 1; }
	at=$(state get position pos)
	[ "$at" = "$crash_pos" ] || crashes=0
	crash_pos=$at crashes=$((crashes + 1))
	[ $crashes -ge 5 ] || return
	log ERROR "crash loop: the stream dies by its own fault, five times at $at"
	final=1 stopping=1
}

main_ended() { # STATUS
	if [ "$1" = 0 ] || [ "$1" = 3 ]; then
		main_fails=0
		[ -z "$until_now" ] || [ -n "$resting" ] || stopping=1
		[ -z "$resting$stopping" ] || return
	fi
	[ -z "$stopping" ] && judge "the stream" "$1" || return
	! crash_loop || return
	# what was killed, or cut off, after it had come further, is not what fails again and again
	[ -z "$until_now" ] && [ "$(state get position pos)" != "$main_pos" ] && main_fails=0
	[ $(($(now_ms) - main_since)) -lt 60000 ] || main_fails=0
	again main "the stream ended with status $1"
}

load_ended() { # STATUS
	rm -f "$dir/run/loading"
	if [ "$1" = 0 ]; then
		load_fails=0 joining=1 load_wanted=1
		return
	fi
	load_wanted=1
	[ ! -e "$dir/run/yield" ] || return
	[ -z "$stopping" ] && judge "the load" "$1" || return
	again load "the load ended with status $1"
}

# again NAME WHY: its next try, in $NAME_at, waits for longer after each of $NAME_fails. A bounded run does not wait for ever.
again() {
	eval "fails=\$((${1}_fails + 1)) ${1}_fails=\$((${1}_fails + 1))"
	if [ -n "$until_now" ] && [ "$fails" -gt 5 ]; then
		log ERROR "$2: given up for now, after $fails tries"
		final=75 stopping=1
		return
	fi
	ms=$(backoff_ms "$fails")
	eval "${1}_at=\$(($(now_ms) + ms))"
	log WARN "$2, trying again in $ms ms"
}

# Ends what runs; the loop goes on until it has ended.
wind_up() {
	[ ! -e "$dir/run/stopping" ] || return 0
	: >"$dir/run/stopping"
	log INFO "stopping"
	[ -z "$load" ] || end_pipe load
	[ -z "$main" ] || end_pipe main
}

# Takes note of the tables that the configuration chooses now, or that were added.
choose_tables() {
	# shellcheck disable=SC2086
	chosen=$(binlog-tail $options --tables 7>&-) || return
	chosen=$(echo "$chosen" | grep -vE '\._.+_(gho|ghc|del|new|old)$')	# of online migrations
	known=$(state get tables) || return 75
	chosen=$(printf '%s\n' "$chosen" "$(echo "$known" | awk -F '\t' '$3 == "added" { print $1 }')" | sort -u | grep .) ||
		{ log ERROR "no table fits database.tables"; return 1; }
	streamed=$(covered) || return 75
	streamed=$(echo "$streamed" | cut -f 1)
	for t in $chosen; do
		case $(echo "$known" | awk -F '\t' -v t="$t" '$1 == t { print $2 }') in
		'') state set table "$t" status=created ;;
		syncing | stale)	# it was in the stream once: it catches up from where it left
			echo "$streamed" | grep -qxF -e "$t" || state set table "$t" status=moved
			;;
		esac || return
	done
	for t in $streamed; do
		echo "$chosen" | grep -qxF -e "$t" && continue
		log WARN "no longer chosen, its changes are not followed table=$t"
		state leave "$t" || return
	done
}

# Once a definition has changed there may be tables that a glob chooses; once a table's file has, stale ones, or some to
# be loaded. Files' times are coarse: what was looked at is looked at once more.
# shellcheck disable=SC3013 # -nt is POSIX since 2024, and older in every sh
look_around() {
	[ ! "$dir/schema.ndjson" -nt "$dir/run/looked" ] || look_schema=2
	[ ! "$dir/tables" -nt "$dir/run/looked" ] || look_tables=2
	[ $((look_schema + look_tables)) -gt 0 ] || return 0
	: >"$dir/run/looked"
	if [ $look_schema -gt 0 ]; then
		look_schema=$((look_schema - 1))
		choose_tables || log WARN "the tables are looked for again at the next change of a definition"
		act_on_stale	# one that was gone may be there again
	fi
	if [ $look_tables -gt 0 ]; then
		look_tables=$((look_tables - 1)) load_wanted=1
		act_on_stale
	fi
}

act_on_stale() {
	stale=$(with_status state stale)
	[ -n "$stale" ] || return 0
	case $(setting on_schema_change) in
	resync)
		for t in $stale; do
			is_rebuilt "$t" || is_given_up "$t" || is_gone "$t" || resync_table "$t"
		done
		;;
	stop)
		log ERROR "stale, and on_schema_change is stop; to rebuild: m2e resync TABLE, then m2e run table=$(echo "$stale" | tr "\n" " ")"
		final=1 stopping=1
		;;
	esac
}

# Which server this is, and in which epoch its positions stand: all tables loaded anew begin the next one.
identify() {
	# shellcheck disable=SC2086
	server=$(binlog-tail $options --identify 7>&-) || return
	epoch=$(state get position epoch) || epoch=0
	streamed=$(covered) || return 75
	if [ -z "$streamed" ] && state get position pos >/dev/null; then
		epoch=$((epoch + 1))
	fi
}

take_directory() {
	mkdir -p "$dir/run" "$dir/tables" "$dir/requests" || die 1 "cannot make the state directory: $dir"
	exec 9>>"$dir/lock"
	# what outlived a killed supervisor leaves by itself, in moments
	pid=$(cat "$dir/pid" 2>/dev/null)
	kill -0 "${pid:-none}" 2>/dev/null || flock -w 30 9
	flock -n 9 || die 75 "another run holds $dir (pid ${pid:-unknown})"
	rm -rf "$dir/run" && mkdir "$dir/run"
	find "$dir/requests" -name '*.answer' -mmin +10 -exec rm -f {} +
	echo $$ >"$dir/pid"
	# a pipe that only this process writes to, so that its end is seen by who reads it
	mkfifo "$dir/run/life" || die 1 "cannot make a fifo in $dir/run"
	state show >/dev/null || die 1 "the state directory cannot be read: $dir"
	# shellcheck disable=SC2094
	exec 7<>"$dir/run/life" 6<"$dir/run/life"
	life=--parent-fd${nl}6
	take_configuration
}

take_configuration() {
	[ -n "$config" ] || return 0
	in_force=$dir/run/config.json
	cp "$config" "$in_force" || die 1 "cannot copy the configuration into $dir"
	options=$verbosity_options$nl--config$nl$in_force
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

# What is to be done while the main stream stands still, and the load, if that is in the way: it may go on else.
step() {
	look_around
	! requested || resting=1
	[ -z "$joining" ] || resting=1
	if [ -n "$resting" ]; then
		come_to_rest && due $rest_at || return 0
		! requested || serve_requests
		[ -n "$load" ] || [ -z "$joining" ] || join || return
		resting=
	fi
	start_main
	start_load
	drop_old
}

# Until it is done the main stream stands still: a table may be half in its place.
join() {
	join_moved && swap_rebuilt && { joining='' rest_fails=0; return; }
	rc=$(verdict $?)
	judge "the join" "$rc" && again rest "the join ended with status $rc"
	return 1
}

come_to_rest() {
	if [ -n "$load" ] && requested && concerns_load; then
		[ -e "$dir/run/yield" ] || { : >"$dir/run/yield"; end_pipe load; }
		[ -n "$main" ] || return
	fi
	[ -n "$main" ] || return 0
	[ "$main" = "$ending" ] || { ending=$main; end_pipe main; }
	return 1
}

# Until a child ends, a signal comes, or what failed is due again; 5 s at most, as a child may end just before the wait.
nap() {
	ms=5000
	for at in $main_at $load_at $rest_at; do
		[ "$at" = 0 ] && continue
		now=$(now_ms)
		[ $((at - now)) -ge $ms ] || [ "$at" -le "$now" ] || ms=$((at - now))
	done
	if [ $ms = 5000 ]; then sleep=5; else sleep=$((ms / 1000)).$(printf %03d $((ms % 1000))); fi
	sleep "$sleep" 6<&- 7>&- 9>&- &
	sleeper=$!
	wait "$sleeper"
	kill "$sleeper" 2>/dev/null
}

# identify and choose_tables, as often as it takes
begin() {
	until identify && choose_tables; do
		rc=$?
		own_fault $rc || rc=$(verdict $rc)	# 75, too, if what asks was killed
		[ -z "$stopping" ] || exit 0
		[ "$rc" = 75 ] || die "$rc" "cannot start"
		again main "the database cannot be asked"
		[ "$final" = 0 ] || die "$final" "cannot start"
		until [ -n "$stopping" ] || [ "$(now_ms)" -ge $main_at ]; do
			nap
		done
	done
	main_at=0 main_fails=0
}

run() { # [--until now]
	until_now=
	case ${1:-} in
	--until) [ "$*" = "--until${nl}now" ] && until_now=1 ;;
	'') ;;
	*) false ;;
	esac || { usage >&2; exit 2; }
	# shellcheck disable=SC2034 # again() counts them
	main='' load='' main_at=0 load_at=0 rest_at=0 old_due=0 final=0 main_fails=0 load_fails=0 rest_fails=0 crashes=0 crash_pos='' announced=' '
	joining=1 resting='' stopping='' ending='' load_wanted=1 look_schema=0 look_tables=0 reload=''
	trap stopping=1 TERM INT
	trap : CHLD USR1	# so that the end of a child, or a request, ends a nap
	trap reload=1 HUP
	trap '' PIPE
	take_directory
	begin
	log INFO "running config=${config:-environment} state=$dir server=$server"
	ready
	: >"$dir/run/looked"
	look_tables=1
	while :; do
		look_after_pipes
		[ -z "$reload" ] || { reload=; echo reload >"$dir/requests/0.ask"; }
		[ -n "$stopping" ] || step
		[ -z "$stopping" ] || wind_up
		[ -z "$stopping" ] || [ -n "$main$load" ] || break
		nap
	done
	rm -f "$dir/pid"
	[ "$final" != 0 ] || [ ! -s "$dir/dead.ndjson" ] || final=3
	log INFO "stopped status=$final pos=$(state get position pos) tables=$(covered | wc -l) dead=$(state dead count)"
	exit "$final"
}
