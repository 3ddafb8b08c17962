# One pipe: a reader, es-bulk, m2e-state save; and what its end means.

# The status of a whole pipe: 2, then 1, then 4 from any program, then what passes by itself, then 3, then 0.
verdict() {
	for want in 2 1 4; do
		for rc; do
			[ "$rc" != "$want" ] || { echo "$want"; return; }
		done
	done
	for rc; do
		case $rc in
		0 | 3) ;;
		75 | 12[89] | 1[3-9]? | 2??) echo 75; return ;;
		*) echo 1; return ;;
		esac
	done
	for rc; do
		[ "$rc" != 3 ] || { echo 3; return; }
	done
	echo 0
}

# pipe NAME TABLE PROGRAM ARGUMENT…: PROGRAM | es-bulk | m2e-state save, to its end; its verdict is the status.
# TABLE: whose file the positions go to; empty: the main stream's. Each program writes its status to a file, since
# sh tells only the last one's; none there: it was killed together with its shell, or the disk is full.
pipe() {
	name=$1 table=$2
	shift 2
	rm -f "$dir/run/$name.pid" "$dir/run/$name.1" "$dir/run/$name.2" "$dir/run/$name.3"
	{
		sh -c 'echo $$ >"$0" || exit 75; exec "$@"' "$dir/run/$name.pid" "$@"
		echo $? >"$dir/run/$name.1"
	} 7>&- | {
		# shellcheck disable=SC2086
		es-bulk $options $side --require-acks --rename=ignore \
			--dead-letter "$dir/dead.ndjson"
		echo $? >"$dir/run/$name.2"
	} 6<&- 7>&- | {
		# shellcheck disable=SC2086
		m2e-state $options $side --state "$dir" save ${table:+--table$nl$table}
		echo $? >"$dir/run/$name.3"
	} 6<&- 7>&-
	rm -f "$dir/run/$name.pid"
	statuses=
	for i in 1 2 3; do
		rc=$(cat "$dir/run/$name.$i" 2>/dev/null)
		statuses="$statuses$nl${rc:-75}"
	done
	# shellcheck disable=SC2086
	rc=$(verdict $statuses)
	log DEBUG "a pipe ended name=$name statuses=$(echo "$statuses" | tr "\n" " ") verdict=$rc"
	return "$rc"
}

# Ends a pipe cleanly: SIGTERM to its first program, the rest drain.
end_pipe() { # NAME
	pid=$(cat "$dir/run/$1.pid" 2>/dev/null) && [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null
}

# The supervisor is gone: whoever still runs in its name must not begin anything new.
orphaned() { ! kill -0 $$ 2>/dev/null; }
