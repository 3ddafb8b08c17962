# m2e verify: rows beside documents.

# beside PROGRAM ARGUMENT…: PROGRAM's rows beside their documents; what differs goes to $diff. That alone, or nothing,
# is found by a comparison that came to its end: all else is the status.
beside() {
	{
		"$@"
		echo $? >"$diff.1"
	} | {
		# shellcheck disable=SC2086
		es-bulk $options $side --verify 2>"$diff.log" >"$diff.new"
		echo $? >"$diff.2"
	}
	cat "$diff.new" >>"$diff" || return 75	# a full disk finds nothing, too
	grep -v 'es-bulk: \(rows and documents differ\|finished \)' "$diff.log" >&2
	first=$(cat "$diff.1") rc=$(cat "$diff.2")
	if [ "$rc" = 1 ] && tail -n 1 "$diff.log" | grep -q '^ERROR es-bulk: rows and documents differ '; then
		rc=0
	fi
	rc=$(verdict "${first:-75}" "${rc:-75}")
	return "$rc"
}

# The keys of all documents, each looked up in the table: those that it lacks are deletes.
look_up_documents() { # TABLE
	# shellcheck disable=SC2086
	es-bulk $options $side --list "$1" >"$diff.ids" || return
	# shellcheck disable=SC2086
	dump-reader $options $life --epoch "$epoch" --keys "$diff.ids"
}

# Rows beside their documents, then documents beside their rows.
compare() { # TABLE
	: >"$diff"
	# shellcheck disable=SC2086
	beside dump-reader $options $life --epoch "$epoch" --live --table "$1" || return
	rows=$(sed -n 's/.*es-bulk: .* rows=\([0-9]*\).*/\1/p' "$diff.log" | tail -n 1)
	beside look_up_documents "$1"
}

# What differed, as it is now
compare_again() {
	mv "$diff" "$diff.before"
	: >"$diff"
	# shellcheck disable=SC2086
	beside dump-reader $options $life --epoch "$epoch" --keys "$diff.before"
}

# What differed is looked at again: it may have changed between the two looks, or be on its way.
look_again() {
	for wait_s in 1 3; do
		[ -s "$diff" ] || return 0
		sleep $wait_s
		compare_again || return
	done
}

# Rows as they are now, with the position of now: what the stream brings later goes before them, what it brings late does not.
repair() { # TABLE
	before=$(wc -l <"$diff")
	write_keys "$folder" "$diff" --dead-letter "$dir/dead.ndjson"
	rc=$?
	[ $rc = 0 ] || [ $rc = 3 ] || return $rc
	look_again || return
	log INFO "repaired table=$1 documents=$((before - $(wc -l <"$diff")))"
}

verify_table() { # TABLE
	[ -z "$repair" ] || ! is_loading "$1" || return 75
	compare "$1" && look_again || return
	[ -z "$repair" ] || [ ! -s "$diff" ] || repair "$1" || return
	cat "$diff"
	# shellcheck disable=SC2086
	docs=$(es-bulk $options $side --count "$1" | sed 's/.*"docs":\([0-9a-z]*\).*/\1/') || return
	n=$(wc -l <"$diff")
	log INFO "verified table=$1 rows=$rows documents=$docs differences=$n"
	[ "$n" = 0 ]
}

# Rows beside documents: what differs is printed, with its key, as dump-reader --keys reads it.
verify() {
	repair=
	case ${1:-} in
	--repair) repair=1; shift ;;
	-*) usage >&2; exit 2 ;;
	esac
	epoch=$(state get position epoch) || epoch=0
	folder=$(mktemp -d "${TMPDIR:-/tmp}/m2e-verify.XXXXXX") || exit 1
	trap 'rm -rf "$folder"' EXIT
	diff=$folder/differences worst=0
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(covered | cut -f 1)
	[ $# -gt 0 ] || die 1 "no table is in step yet"
	for t; do
		verify_table "$t" || worst=$(verdict $? "$worst")
	done
	exit "$worst"
}
