# Loading a table, step by step, each safe to repeat.

dump_file() { echo "$dumps/$(echo "$1" | tr -c 'A-Za-z0-9_.\n-' '_').sql"; }

# Can the server prove what a SELECT sees? 75: it does not answer.
reads_live() {
	# shellcheck disable=SC2086
	facts=$(dump-reader $options $life --check 7>&-) || return 75
	case $facts in
	*'{"check":"live","level":"ok"'*) ;;
	*) return 1 ;;
	esac
}

# live, or dump: as it is configured, else live where the server proves what a SELECT sees
load_method() {
	method=$(setting load.method) || return
	[ "$method" = auto ] || return 0
	reads_live
	case $? in
	0) method=live ;;
	1) method=dump ;;
	*) return 75 ;;
	esac
	log INFO "tables are loaded by $method (load.method is auto)"
}

# The step that a table's load begins with: its dump, or its rows at once.
begin_load() { # TABLE
	[ -n "$method" ] || load_method || return
	[ "$method" = live ] || { take_dump "$1"; return; }
	state set table "$1" status=created && move_live "$1"	# also one whose dump was being taken
}

# created → moving → moved: rows go from the server to the index; what was interrupted goes on behind its last keys
move_live() { # TABLE
	state set table "$1" status=moving || return
	token=$(state get table "$1" resume) || token=
	log INFO "loading from the server table=$1${token:+ going on}"
	# shellcheck disable=SC2046,SC2086
	move "$1" --live --jobs $(setting load.jobs) ${token:+--resume$nl$token}
}

# created → dumping → dumped: a dump with its position inside
take_dump() { # TABLE
	state set table "$1" status=dumping || return
	log INFO "dumping table=$1 file=$(dump_file "$1")"
	mkdir -p "$dumps" && chmod 700 "$dumps" || return 1
	# shellcheck disable=SC2086
	sh -c 'echo $$ >"$0" || exit 75; exec "$@"' "$dir/run/load.pid" \
		dump-reader $options $life \
		--take-dump "$(dump_file "$1")" --table "$1" 7>&- || return
	state set table "$1" status=dumped "dump=$(dump_file "$1")" "server=$server" "epoch=$epoch"
}

# dumped → moving → moved: its rows go to the index; a load that was interrupted goes on where it was
move_dump() { # TABLE
	file=$(state get table "$1" dump) || file=
	if [ ! -s "$file" ]; then
		log WARN "the dump is gone, taking it again table=$1"
		state set table "$1" status=created
		return 75
	fi
	state set table "$1" status=moving || return
	token=$(state get table "$1" resume) || token=
	log INFO "loading table=$1 resume=${token:-start}"
	# shellcheck disable=SC2086 # the token, if there is one, and its option are two words
	move "$1" ${token:+--resume$nl$token} "$file" || return
	[ "$(setting load.keep_dump)" = true ] || rm -f "$file"
}

# A table that came from a dump has its file's name.
go_on_moving() { # TABLE
	if state get table "$1" dump >/dev/null; then move_dump "$1"; else move_live "$1"; fi
}

# moving → moved: what dump-reader gives by these arguments
move() { # TABLE ARGUMENT…
	table_to_move=$1
	shift
	# shellcheck disable=SC2086
	pipe load "$table_to_move" dump-reader $options $life --source "$server" \
		--epoch "$epoch" --table "$table_to_move" "$@"
	rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || return $rc
	state get table "$table_to_move" s0 >/dev/null || return 75	# stopped before its end
	state set table "$table_to_move" status=moved || return
	log INFO "loaded table=$table_to_move rows=$(state get table "$table_to_move" rows) s0=$(state get table "$table_to_move" s0)"
}

# moved: its changes since, up to POS, beside whatever else runs
catch_up() { # TABLE UNTIL
	from=$(state get table "$1" pos) || from=$(state get table "$1" s0) || return 1
	log INFO "catching up table=$1 from=$from until=$2"
	# shellcheck disable=SC2086
	pipe load "$1" binlog-tail $options $life --state "$dir" \
		--from "$from" --until "$2" --table "$1@$from"
}

# Until it is `moved`, and near the main stream if there is one.
load_table() { # TABLE
	while :; do
		interrupted && return 75
		case $(state get table "$1" status) in
		created | dumping) begin_load "$1" ;;
		dumped) move_dump "$1" ;;
		moving) go_on_moving "$1" ;;
		moved)
			main_covers_some || return 0
			catch_up "$1" now
			rc=$?
			[ $rc != 3 ] || rc=0
			return $rc
			;;
		*) return 0 ;;
		esac || return
	done
}

# A load that fails for a reason that a person must mend holds nobody else up, once others are streaming.
load_or_set_aside() { # TABLE
	load_table "$1"
	rc=$?
	case $rc in
	1 | 2) ;;
	4)
		log WARN "where its load was cannot be resumed, it begins again table=$1"
		state set table "$1" status=created
		return 75
		;;
	*) return $rc ;;
	esac
	! interrupted || return 75
	if is_gone "$1"; then
		log WARN "the database has it no more, its load is let go table=$1"
		state leave "$1" && state forget "$1"
	elif main_covers_some; then
		log ERROR "its load fails, so it is paused; mend what the messages above say, then: m2e resume table=$1"
		# what it began with may be what is wrong: it begins anew
		state set table "$1" status=created && state set table "$1" status=paused "why=its load failed with status $rc"
	else
		return $rc
	fi
}

is_gone() { # TABLE
	# shellcheck disable=SC2086
	found=$(binlog-tail $options --tables --table "$1" 7>&-) && [ -z "$found" ]
}

# The tables that wait for their load first, then those that have an index meanwhile.
load_waiting() {
	method=
	tables_to_load=$(waiting) || return
	for table_to_load in $tables_to_load; do
		echo "$table_to_load" >"$dir/run/loading"
		renew_source && begin_again "$table_to_load" && load_or_set_aside "$table_to_load" || return
	done
	side=--rebuild
	tables_to_load=$(waiting) || return
	for table_to_load in $tables_to_load; do
		is_streamed "$table_to_load" || continue
		echo "$table_to_load" >"$dir/run/loading"
		renew_source && begin_again "$table_to_load" && rebuild "$table_to_load" || return
	done
}

# Whatever there is to be loaded or rebuilt now
to_load() {
	waiting table_state && rebuilds=$(waiting rebuild_state) || return
	for t in $rebuilds; do
		! is_streamed "$t" || echo "$t"
	done
}

# Is it neither paused nor loaded anew?
is_streamed() { # TABLE
	case $(table_state get table "$1" status) in
	syncing | stale) ;;
	*) return 1 ;;
	esac
}

# The run stops, or something is to be done that the load stands in the way of.
interrupted() { orphaned || [ -e "$dir/run/stopping" ] || [ -e "$dir/run/yield" ]; }

# What cannot be read now is no empty list: 75.
listed() { # PROGRAM-OF-STATE AWK-CONDITION WANTED
	listed=$("$1" get tables) || return 75
	printf '%s\n' "$listed" | awk -F '\t' -v want="${3:-}" "$2 { print \$1 }"
}
# shellcheck disable=SC2016 # awk's
waiting() { listed "${1:-state}" '$2 ~ /^(created|dumping|dumped|moving|moved)$/'; }
# shellcheck disable=SC2016
with_status() { listed "$1" '$2 == want' "$2"; }
covered() { state get covered; }
main_covers_some() { [ -n "$(covered)" ]; }

# A load's positions are those of the server that it reads now, in the epoch in which the stream stands.
renew_source() {
	# shellcheck disable=SC2086
	server=$(binlog-tail $options --identify 7>&-) || return
	main_covers_some || return 0
	streamed=$(state get position server) || streamed=$server
	[ "$server" = "$streamed" ] || {
		log WARN "the database is server $server, the stream still follows $streamed: waiting for it"
		return 75
	}
	epoch=$(state get position epoch) || epoch=0
}

# What was begun at another server, or in an earlier epoch, has positions that mean nothing here.
begin_again() { # TABLE
	was=$(state get table "$1" server) || return 0
	at=$(state get table "$1" epoch) || at=0
	[ "$at/$was" = "$epoch/$server" ] || {
		log WARN "its load was of server $was, epoch $at: it begins again table=$1"
		state set table "$1" status=created
	}
}
