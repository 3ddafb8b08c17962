#!/bin/sh
# m2e: loads tables into a search engine and keeps them in step. m2e(1).
# SPDX-License-Identifier: ISC
set -u
nl='
' tab=$(printf '\t')
IFS=$nl	# names of tables may hold spaces

usage() {
	cat <<-END
		usage: m2e init [-o FILE] [--force] [--host NAME] [--port N] [--username NAME] [--password-file FILE]
		           [--tables DB.TABLE,…] [--elastic-url URL] [--elastic-username NAME]
		           [--elastic-password-file FILE] [--elastic-ca-file FILE] [--state-dir DIR]
		       m2e [-c FILE] [-qv] run [--until now]
		       m2e [-c FILE] status [--json]
		       m2e [-c FILE] stop
		       m2e [-c FILE] check
		       m2e [-c FILE] add | pause | resume DB.TABLE…
		       m2e [-c FILE] remove [--drop-index] DB.TABLE…
		       m2e [-c FILE] resync [--cancel] DB.TABLE…
		       m2e [-c FILE] load DB.TABLE… | --all
		       m2e [-c FILE] reload
		       m2e [-c FILE] verify [--repair] [DB.TABLE…]
		       m2e [-c FILE] dead [count | show [-v] | drop [--yes]] [N | DB.TABLE…]
		       m2e [-c FILE] dead replay [DB.TABLE…]
		       m2e [-c FILE] rewind [POS | TIME]
		       m2e [-c FILE] backup FILE
		       m2e [-c FILE] restore [--force] FILE
		       m2e --help | --version
	END
}

log() { # LEVEL MESSAGE
	case $verbosity/$1 in
	-[1-9]/INFO | -[2-9]/WARN | [0-]*/DEBUG) ;;
	*) echo "$1 m2e: $2" >&2 ;;
	esac
}

die() { # STATUS MESSAGE
	log ERROR "$2"
	exit "$1"
}

# --rebuild in the load of a table anew, beside the index that it has: a word that es-bulk and m2e-state both know.
side=

# What ends a reader with the run that started it; nothing where a person did.
life=

# PROGRAM ARGUMENT…: its answer, which one that was killed has not given: no answer is not the answer that there is nothing.
answer_of() {
	for _ in 1 2 3 4 5; do
		answer=$("$@" 7>&-)
		answer_rc=$?
		[ $answer_rc -gt 128 ] || break
	done
	[ -z "$answer" ] || printf '%s\n' "$answer"
	return "$answer_rc"
}

of_state() { # ARGUMENT… of m2e-state
	case $nl$*$nl in
	*"${nl}get$nl"*) answer_of m2e-state --state "$dir" "$@" ;;
	*) m2e-state --state "$dir" "$@" 7>&- ;;
	esac
}
table_state() { of_state "$@"; }
rebuild_state() { of_state --rebuild "$@"; }
state() { if [ -z "$side" ]; then table_state "$@"; else rebuild_state "$@"; fi; }

# shellcheck disable=SC2086
setting() { answer_of m2e-state $options config get "$1"; }
