# The main stream, and how tables enter it.

start_main() {
	[ -z "$main" ] && due $main_at && main_covers_some || return 0
	[ -z "$until_now" ] || { [ -z "$load" ] && loads=$(to_load) && [ -z "$loads" ]; } || return 0
	set --
	while IFS=$tab read -r covered_table from; do
		set -- "$@" --table "$covered_table@$from"
	done <<-END
		$(covered)
	END
	from_pos=$(state get position pos)
	log INFO "streaming from=$from_pos tables=$(($# / 2))${until_now:+ until=now}"
	[ -z "$until_now" ] || set -- "$@" --until now
	(
		trap - CHLD
		exec 7>&-
		# shellcheck disable=SC2086
		pipe main '' binlog-tail $options $life --state "$dir" "$@"
	) &
	main=$! main_since=$(now_ms) main_pos=$from_pos
}

start_load() {
	[ -z "$load" ] && [ -n "$load_wanted" ] && due $load_at || return 0
	loads=$(to_load) || return 0	# looked at again
	load_wanted=
	[ -n "$loads" ] || return 0
	rm -f "$dir/run/yield"
	(
		trap - CHLD
		exec 7>&-
		load_waiting
	) &
	load=$!
}

# With the main stream ended at X: what has been loaded is brought up to X and joins it.
join_moved() {
	moved=$(with_status state moved) && streamed=$(covered) || return 75
	for t in $moved; do
		[ -n "$streamed" ] || break
		catch_up "$t" "$(state get position pos)"
		rc=$?
		[ $rc = 0 ] || [ $rc = 3 ] || return $rc
	done
	# shellcheck disable=SC2086
	[ -z "$moved" ] || state join $moved || return
	for t in $(with_status state syncing); do
		[ -n "${announced##* "$t" *}" ] || continue
		announced="$announced$t "
		log INFO "in step table=$t"
	done
}
