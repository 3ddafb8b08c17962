# What a person asks of a running m2e: one file a request in requests/, carried out with the main stream at rest, one
# after another, and answered. Without a run the command carries it out itself, by the same functions.

requested() {
	set +f
	set -- "$dir"/requests/*.ask
	set -f
	[ -e "$1" ]
}

# ask VERB ARGUMENT…: and waits for the answer, whose log and status are the command's
ask() {
	mkdir -p "$dir/requests" || exit 1
	request=$dir/requests/$(date +%s%N).$$
	printf '%s\n' "$@" >"$request.new" && mv "$request.new" "$request.ask" || exit 1
	until [ -e "$request.answer" ]; do
		if flock -n 9; then
			serve_requests
		else
			kill -USR1 "$(cat "$dir/pid" 2>/dev/null)" 2>/dev/null
			sleep 0.2
		fi
	done 9>>"$dir/lock"
	rc=$(head -n 1 "$request.answer")
	sed 1d "$request.answer" >&2
	rm -f "$request.answer"
	exit "$rc"
}

# Does one of the requests stand in the way of the load that runs?
concerns_load() {
	loading=$(cat "$dir/run/loading" 2>/dev/null) || return 1
	set +f
	grep -qxF -e "$loading" -e --all "$dir"/requests/*.ask
	rc=$?
	set -f
	return $rc
}

# A request that fails for a passing reason is answered, too: the person sees it, and may ask again.
serve_requests() {
	for ask in $(find "$dir/requests" -name '*.ask' | sort); do
		# shellcheck disable=SC2046
		set -- $(cat "$ask")
		log INFO "request $(echo "$*" | tr '\n' ' ')"
		carry_out "$@" 2>"$ask.log"
		rc=$?
		[ -z "${in_force:-}" ] || cat "$ask.log" >&2	# else it is told with the answer
		{ echo $rc; cat "$ask.log"; } >"$ask.new"
		mv "$ask.new" "${ask%.ask}.answer"
		rm -f "$ask.log" "$ask"
		load_wanted=1
	done
}

carry_out() { # VERB ARGUMENT…
	verb=$1
	shift
	case $verb in
	add) add_tables "$@" ;;
	remove) each remove_table "$@" ;;
	remove-index) each remove_with_index "$@" ;;
	pause) each pause_table "$@" ;;
	resume) each resume_table "$@" ;;
	resync) each resync_table "$@" ;;
	cancel) each cancel_resync "$@" ;;
	load) load_again "$@" ;;
	reload) reload "$@" ;;
	*) log ERROR "not a request that is known: $verb"; return 2 ;;
	esac
}

# each FUNCTION TABLE…: all of them, even after one has failed; the worst status
each() {
	do_to=$1 each_rc=0
	shift
	for each_table; do
		"$do_to" "$each_table" || each_rc=$(verdict $? "$each_rc")
	done
	return "$each_rc"
}

is_rebuilt() { rebuild_state get table "$1" >/dev/null 2>&1; }
# Nothing where it is not known; what cannot be read is 75.
status_of() { state get table "$1" status 2>/dev/null || [ $? = 1 ] || return 75; }

not_known() { log ERROR "not a table that is known here (m2e status lists them): $1"; return 1; }

add_tables() { # DB.TABLE or a glob…
	for pattern; do
		# shellcheck disable=SC2086
		found=$(binlog-tail $options --tables --table "$pattern" 7>&-) || return
		[ -n "$found" ] || { log ERROR "the database has no such table: $pattern"; return 1; }
		for t in $found; do
			add_table "$t" || return
		done
	done
}

add_table() { # TABLE
	now=$(status_of "$1") || return
	case $now in
	'' | removed) state set table "$1" status=created added=true && log INFO "to be loaded table=$1" ;;
	paused) resume_table "$1" ;;
	*) log INFO "it is there already table=$1 status=$(status_of "$1")" ;;
	esac
}

remove_table() { # TABLE
	[ -n "$(status_of "$1")" ] || { not_known "$1"; return; }
	cancel_resync "$1" && state leave "$1" && state set table "$1" status=removed added= || return
	rm -f "$(dump_file "$1")"
	log INFO "removed table=$1"
}

remove_with_index() { # TABLE
	remove_table "$1" || return
	# shellcheck disable=SC2086
	es-bulk $options --drop-indices "$1" >/dev/null 7>&- && log INFO "its index is dropped table=$1"
}

pause_table() { # TABLE
	case $(status_of "$1") in
	'' | removed) not_known "$1" ;;
	*) state leave "$1" && state set table "$1" status=paused && log INFO "paused table=$1" ;;
	esac
}

# It goes on from where it left.
resume_table() { # TABLE
	case $(status_of "$1") in
	'' | removed) not_known "$1"; return ;;
	paused) ;;
	*) log INFO "it is not paused table=$1 status=$(status_of "$1")"; return 0 ;;
	esac
	was=$(state get table "$1" was) || was=
	case $was in
	created | dumping) was=created ;;
	dumped | moving) ;;
	*) was=moved ;;
	esac
	state get table "$1" since >/dev/null || state set table "$1" why= || return
	state set table "$1" "status=$was" && log INFO "resumed table=$1 status=$was"
}

resync_table() { # TABLE
	case $(status_of "$1") in
	syncing | stale) ;;
	'' | removed) not_known "$1"; return ;;
	paused) log ERROR "it is paused, resume it first table=$1"; return 1 ;;
	*) log INFO "it is being loaded table=$1"; return 0 ;;
	esac
	if is_rebuilt "$1"; then
		log INFO "it is being rebuilt already table=$1"
	else
		rebuild_state set table "$1" status=created && log INFO "to be rebuilt table=$1"
	fi
}

cancel_resync() { # TABLE
	is_rebuilt "$1" || return 0
	drop_rebuild "$1" && log INFO "its rebuild is cancelled table=$1"
}

# Marks tables to be loaded again, into the index that they have.
load_again() { # TABLE… | --all
	if [ "$1" = --all ]; then
		# shellcheck disable=SC2016 # awk's
		all=$(listed table_state '$2 !~ /^(paused|removed)$/') || return
		# shellcheck disable=SC2086
		set -- $all
	fi
	for t; do
		state leave "$t" && cancel_resync "$t" && state set table "$t" status=created || return
	done
}

# The configuration as it is now, whole or not at all. A run works with a copy, so that what is edited meanwhile, or is
# wrong, never reaches half of the programs.
reload() {
	[ -n "${in_force:-}" ] || return 0	# no run: the next one reads it anyhow
	[ -n "$config" ] || { log ERROR "there is no configuration file to be read again"; return 2; }
	cp "$config" "$in_force.new" || return 1
	m2e-state --config "$config" config check 7>&- || { log ERROR "the configuration stays as it was"; return 2; }
	[ "$(m2e-state --config "$in_force.new" config get state_dir)" = "$dir" ] ||
		{ log ERROR "state_dir cannot be changed by a reload: the configuration stays as it was"; return 2; }
	m2e-state --config "$in_force" config >"$in_force.old"
	m2e-state --config "$in_force.new" config | diff "$in_force.old" - | sed -n 's/^</was:/p; s/^>/now:/p' >"$in_force.diff"
	mv "$in_force" "$in_force.old" && mv "$in_force.new" "$in_force" || return 1
	if [ "$(binlog-tail --config "$in_force" --identify 7>&-)" = "$server" ] && choose_tables; then
		while read -r line; do
			log INFO "configuration $line"
		done <"$in_force.diff"
		dumps=$(setting load.dump_dir) || dumps=$dir/dump
		return 0
	fi
	mv "$in_force.old" "$in_force"
	log ERROR "its database is another, or does not answer: the configuration stays as it was"
	return 1
}
