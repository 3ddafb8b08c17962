# A table loaded anew beside the index that it has: loaded, caught up, compared, then put in its place while the main
# stream stands still. Whatever goes wrong gives the rebuild up, and leaves what is there as it was.

rebuild() { # TABLE
	load_table "$1" && { is_outdated "$1" || compare_rebuilt "$1"; }
	rc=$?
	[ $rc != 75 ] || return 75
	! is_outdated "$1" || { begin_rebuild_again "$1"; return; }
	[ $rc != 0 ] || return 0
	interrupted && return 75
	give_up_rebuild "$1" "see the message above"
}

# Has a statement changed the table's rows since the new index was loaded? It would be stale at once, or cannot catch up.
is_outdated() { rebuild_state get table "$1" since >/dev/null; }

begin_rebuild_again() { # TABLE
	log WARN "a statement has changed the table meanwhile, its rebuild begins again table=$1: $(rebuild_state get table "$1" why)"
	drop_rebuild "$1" && rebuild_state set table "$1" status=created
}

give_up_rebuild() { # TABLE WHY
	! is_outdated "$1" || { begin_rebuild_again "$1"; return; }
	log ERROR "the rebuild is given up, the table's index stays as it is table=$1: $2"
	echo "$1$tab$(last_statement "$1")" >>"$dir/run/given-up"
	drop_rebuild "$1"
}

# What was given up is tried again after the next statement on the table, which may have mended it.
is_given_up() { grep -qsxF -e "$1$tab$(last_statement "$1")" "$dir/run/given-up"; }

last_statement() { # TABLE
	named=$(printf %s "$1" | sed 's/[\\"]/\\&/g; s/\./","/; s/.*/["&"]/')
	grep -s '^{"op":"ddl"' "$dir/schema.ndjson" | grep -F -e "$named" | tail -n 1 | cksum
}

drop_rebuild() { # TABLE
	# shellcheck disable=SC2086
	es-bulk $options --abandon "$1" >/dev/null 7>&- || return
	rebuild_state forget "$1"
}

# Without what changes from one look to the next although the row does not: positions and reasons.
settled() { sed 's/"pos":"[^"]*",\{0,1\}//g; s/"ts":[0-9.]*,\{0,1\}//g; s/"reason":"[^"]*",\{0,1\}//g' "$1" | sort; }

# What differs although both were looked at before, and the changes between were brought in. Rows that have changed
# again since do not count, nor do dead letters of the same row.
still_different() {
	settled "$diff" >"$diff.now"
	letters=$dir/dead.ndjson
	[ -e "$letters" ] || letters=/dev/null
	settled "$diff.before" | comm -12 - "$diff.now" | awk '
		{
			found = match($0, /"db":"([^"\\]|\\.)*","table":"([^"\\]|\\.)*","key":\[("([^"\\]|\\.)*",?)*\]/)
			row = found ? substr($0, RSTART, RLENGTH) : $0
		}
		of_letter { dead[row]; next }
		!(row in dead)' of_letter=1 "$letters" of_letter=0 - >"$diff.still"
	[ -s "$diff.still" ]
}

compare_rebuilt() { # TABLE
	reads_live
	case $? in
	0) ;;
	1) log WARN "not compared, as the server cannot prove what a SELECT sees (m2e check) table=$1"; return 0 ;;
	*) return 75 ;;
	esac
	diff=$dir/run/differences
	log INFO "comparing the rebuilt index table=$1"
	compare "$1" || return
	rounds=3
	until [ $rounds = 0 ]; do
		rounds=$((rounds - 1))
		[ -s "$diff" ] || return 0
		catch_up "$1" now || [ $? = 3 ] || return
		compare_again || return
	done
	! still_different || {
		log ERROR "the rebuilt index is not what the table is table=$1 differences=$(wc -l <"$diff.still")"
		head -n 3 "$diff.still" >&2
		return 1
	}
}

# With the main stream ended at X.
swap_rebuilt() {
	moved=$(with_status rebuild_state moved) || return
	for t in $moved; do
		is_streamed "$t" || continue
		side=--rebuild
		catch_up "$t" "$(state get position pos)"
		rc=$?
		side=
		case $rc in
		0 | 3) ! is_outdated "$t" || { begin_rebuild_again "$t" && load_wanted=1 && continue || return; } ;;
		75) return 75 ;;
		*) give_up_rebuild "$t" "it cannot catch up" && load_wanted=1; continue ;;
		esac
		table_state adopt check "$t"
		case $? in
		0) rebuild_state set table "$t" status=syncing || return ;;
		1) give_up_rebuild "$t" "it did not come to where the stream is" ;;
		*) return 75 ;;
		esac
	done
	swapping=$(with_status rebuild_state syncing && with_status rebuild_state stale) || return
	for t in $swapping; do
		swap "$t" || return
	done
}

# From here on a crash leaves the status syncing behind: the swap is then done again before anything else.
swap() { # TABLE
	table_state adopt check "$1"
	case $? in
	0) ;;
	1) give_up_rebuild "$1" "the stream has gone on without it"; return 0 ;;
	*) return 75 ;;
	esac
	# shellcheck disable=SC2086
	swapped=$(es-bulk $options --swap "$1" 7>&-)
	rc=$?
	case $rc in
	0) ;;
	1 | 2) give_up_rebuild "$1" "its index cannot be put in place"; return 0 ;;
	*) return 75 ;;
	esac
	table_state adopt "$1" || return
	log INFO "rebuilt table=$1 $swapped"
	keep_s=$(setting load.keep_old)
	echo "$swapped" | sed -n 's/.*"old":\[\([^]]*\)\].*/\1/p' | tr ',' '\n' | sed 's/^"//; s/"$//' |
		while read -r old; do
			echo "$(($(date +%s) + keep_s))$tab$old"
		done >>"$dir/old"
	old_due=0
}

# Deletes the indices that were replaced, once they were kept long enough.
drop_old() {
	[ -s "$dir/old" ] && due $old_due || return 0
	now=$(date +%s)
	# shellcheck disable=SC2086
	while IFS=$tab read -r at index; do
		if [ "$at" -gt "$now" ]; then
			echo "$at$tab$index"
		elif es-bulk $options --drop-index "$index" >/dev/null 7>&-; then
			log INFO "dropped what was replaced index=$index"
		else
			case $? in
			1) log WARN "what was replaced is not dropped: see the message above index=$index" ;;
			*) echo "$at$tab$index" ;;
			esac
		fi
	done <"$dir/old" >"$dir/old.new"
	mv "$dir/old.new" "$dir/old"
	old_due=$(($(now_ms) + 60000))
}
