# The main stream, and how tables enter it.

start_main() {
	[ -z "$main" ] && [ "$(now_ms)" -ge $main_at ] && main_covers_some || return 0
	set --
	while IFS=$tab read -r covered_table from; do
		set -- "$@" --table "$covered_table@$from"
	done <<-END
		$(covered)
	END
	log INFO "streaming from=$(state get position pos) tables=$(($# / 2))"
	(
		trap - CHLD
		exec 7>&-
		# shellcheck disable=SC2086
		pipe main '' binlog-tail $options --parent-fd 6 --state "$dir" "$@"
	) &
	main=$! main_since=$(now_ms)
}

start_load() {
	[ -z "$load" ] && [ "$(now_ms)" -ge $load_at ] && [ -n "$(waiting)" ] || return 0
	(
		trap - CHLD
		exec 7>&-
		load_waiting
	) &
	load=$!
}

# With the main stream ended at X: what has been loaded is brought up to X and joins it.
join_moved() {
	for t in $(moved); do
		main_covers_some || break
		catch_up "$t" "$(state get position pos)"
		rc=$?
		[ $rc = 0 ] || [ $rc = 3 ] || return $rc
	done
	# shellcheck disable=SC2046
	[ -z "$(moved)" ] || state join $(moved) || return
	for t in $(state get tables | awk -F '\t' '$2 == "syncing" { print $1 }'); do
		[ -n "${announced##* "$t" *}" ] || continue
		announced="$announced$t "
		log INFO "in step table=$t"
	done
}
