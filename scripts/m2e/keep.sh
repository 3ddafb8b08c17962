# m2e backup, restore: the state directory as a tar.

# What a state is made of; locks, dumps and what runs are not.
put_aside() { # FOLDER
	rm -rf "$1" && mkdir "$1" "$1/tables" || return 1
	[ ! -e "$dir/position.json" ] || cp "$dir/position.json" "$1" || return 1
	find "$dir/tables" -maxdepth 1 -name '*.json' -exec cp {} "$1/tables" \; || return 1
	for name in schema.ndjson dead.ndjson; do
		[ -e "$dir/$name" ] || continue
		cp "$dir/$name" "$1" || return 1
		# half a line is being written, or its writer was killed: the position does not count on it
		[ -z "$(tail -c 1 "$1/$name")" ] || sed -i '$d' "$1/$name"
	done
}

# A position is copied before what must be at least as new. Only a table that joins, leaves or is loaded anew meanwhile would
# not fit to it: then all is copied again.
backup() { # FILE
	[ $# = 1 ] || { usage >&2; exit 2; }
	[ -d "$dir" ] || die 1 "nothing has run yet: no $dir"
	folder=$(mktemp -d "$1.XXXXXX") || exit 1
	trap 'rm -rf "$folder"' EXIT
	tries=0
	until before=$(covered) && put_aside "$folder/state" && [ "$before" = "$(covered)" ]; do
		tries=$((tries + 1))
		[ $tries -lt 20 ] || die 75 "tables join and leave all the time"
		sleep 0.5
	done
	m2e-state --state "$folder/state" show >/dev/null || exit
	tar -cf "$folder/tar" -C "$folder/state" . && sync "$folder/tar" && mv "$folder/tar" "$1" || exit 1
	log INFO "backed up to=$1 pos=$(m2e-state --state "$folder/state" get position pos)"
}

check_state() { # FOLDER
	[ -z "$(find "$1" ! -type f ! -type d)" ] || die 1 "not a backup of m2e: it holds more than files"
	m2e-state --state "$1" show >/dev/null || die 1 "not a backup of m2e, or a damaged one"
	[ -e "$1/position.json" ] || [ -n "$(m2e-state --state "$1" get tables)" ] || die 1 "not a backup of m2e: it has no table"
	# the last line is known there, so nothing is written; all before it are read
	[ ! -s "$1/schema.ndjson" ] || tail -n 1 "$1/schema.ndjson" | m2e-state --state "$1" save ||
		die 1 "not a backup of m2e, or a damaged one"
}

# The stream goes on from the older position: what it sends again changes nothing.
restore() { # [--force] FILE
	force=
	[ "${1:-}" != --force ] || { force=1; shift; }
	[ $# = 1 ] || { usage >&2; exit 2; }
	mkdir -p "$dir/tables" || exit 1
	exec 9>>"$dir/lock"
	flock -n 9 || die 75 "m2e runs: stop it first"
	lock_dead
	[ -n "$force" ] || { [ ! -e "$dir/position.json" ] && [ -z "$(state get tables)" ]; } ||
		die 1 "there is a state in $dir: --force puts the other one in its place"
	new=$dir/restore
	rm -rf "$new" && mkdir "$new" && tar -xf "$1" --no-same-owner -C "$new" || exit 1
	check_state "$new"
	# until all is there it is no state: run refuses it, and restore, with --force, can be repeated
	echo 'a restore was cut off: m2e restore --force' >"$new/cut-off" && mv "$new/cut-off" "$dir/position.json" || exit 1
	rm -rf "$dir/tables" "$dir/rebuild" "$dir/schema.ndjson" "$dir/dead.ndjson" && mv "$new/tables" "$dir" || exit 1
	for name in schema.ndjson dead.ndjson; do
		[ ! -e "$new/$name" ] || mv "$new/$name" "$dir" || exit 1
	done
	sync "$dir" "$dir/tables"
	if [ -e "$new/position.json" ]; then mv "$new/position.json" "$dir"; else rm "$dir/position.json"; fi || exit 1
	rm -rf "$new"
	log INFO "restored from=$1 pos=$(state get position pos)"
}
