# shellcheck shell=sh
# TAP for tests in POSIX sh, run by prove. A test begins with
#	. "${0%/*}/tap.sh"
# and ends with done_testing. It finds in
#	root	the project's folder
#	bin	the programs, and first in PATH (M2E_BIN, or build/bin)
#	tmp	a folder of its own, gone at the end (M2E_KEEP=1 keeps it)
# What it spawns is stopped at the end, what at_exit was told is done.
set -u

# shellcheck disable=SC2034 # for the tests
{
	root=$(cd "$(dirname "$0")/.." && pwd)
	bin=${M2E_BIN:-$root/${B:-build}/bin}
	PATH=$bin:$PATH
	tmp=$(mktemp -d "${TMPDIR:-/tmp}/m2e.XXXXXX") || exit 1
	chmod 755 "$tmp" # servers that do not run as root have folders there
	tap_n=0 tap_failed=0 tap_pids='' tap_exit='' tap_status=0 rc=0 spawned=''
}

pass() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $*"; }
fail() {
	tap_n=$((tap_n + 1)) tap_failed=$((tap_failed + 1))
	echo "not ok $tap_n - $*"
	return 1
}
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n # SKIP $*"; }
skip_all() { echo "1..0 # SKIP $*"; exit 0; }
bail() { echo "Bail out! $*"; exit 255; }
diag() { printf '%s\n' "$*" | sed 's/^/# /' >&2; }
done_testing() {
	echo "1..$tap_n"
	[ "$tap_failed" = 0 ] || exit 1
	exit 0
}

# run COMMAND...: its standard output in $tmp/out, its errors in $tmp/err, its
# status in $rc
run() {
	rc=0
	"$@" >"$tmp/out" 2>"$tmp/err" || rc=$?
}

# ok NAME COMMAND...: it succeeds. On failure what it printed is shown.
ok() {
	tap_name=$1
	shift
	run "$@"
	if [ "$rc" = 0 ]; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "status $rc of: $*"
		tail -n 20 "$tmp/out" "$tmp/err" | sed 's/^/# /' >&2
		return 1
	fi
}

# rc_is STATUS NAME COMMAND...: it ends with STATUS
rc_is() {
	tap_want=$1 tap_name=$2
	shift 2
	run "$@"
	if [ "$rc" = "$tap_want" ]; then
		pass "$tap_name"
	else
		fail "$tap_name"
		diag "status $rc, not $tap_want, of: $*"
		tail -n 20 "$tmp/out" "$tmp/err" | sed 's/^/# /' >&2
		return 1
	fi
}

# is GOT WANT NAME
is() {
	if [ "$1" = "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got:  $1"
		diag "want: $2"
		return 1
	fi
}

# isnt GOT UNWANTED NAME
isnt() {
	if [ "$1" != "$2" ]; then
		pass "$3"
	else
		fail "$3"
		diag "got what it must not be: $1"
		return 1
	fi
}

# like GOT REGEX NAME: an extended regular expression, line by line
like() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		pass "$3"
	else
		fail "$3"
		diag "got:  $1"
		diag "want: /$2/"
		return 1
	fi
}

# unlike GOT REGEX NAME
unlike() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		fail "$3"
		diag "got:     $1"
		diag "matches: /$2/"
		return 1
	else
		pass "$3"
	fi
}

# same FILE WANTED-FILE NAME
same() {
	if cmp -s "$1" "$2"; then
		pass "$3"
	else
		fail "$3"
		diff -u "$2" "$1" 2>&1 | head -n 30 | sed 's/^/# /' >&2
		return 1
	fi
}

# wait_until SECONDS COMMAND...: until it succeeds; fails after SECONDS
wait_until() {
	tap_end=$(($(date +%s%N) + $1 * 1000000000))
	shift
	while tap_from=$(date +%s%N); ! "$@" >/dev/null 2>&1; do
		tap_now=$(date +%s%N)
		[ "$tap_now" -le "$tap_end" ] || return 1
		tap_ms=$(((tap_now - tap_from) / 1000000)) # half of the time at most, so that what is waited for can run
		[ "$tap_ms" -ge 50 ] || tap_ms=50
		[ "$tap_ms" -lt 999 ] || tap_ms=999
		sleep "0.$(printf %03d "$tap_ms")"
	done
}

# spawn NAME COMMAND...: in the background, its output in $tmp/NAME.out and
# $tmp/NAME.err, its process id in $spawned. COMMAND is a program, no function.
spawn() {
	tap_name=$1
	shift
	# emptied before it starts, or who waits for a line may find it in what an earlier one of that name has left
	: >"$tmp/$tap_name.out"
	: >"$tmp/$tap_name.err"
	"$@" >"$tmp/$tap_name.out" 2>"$tmp/$tap_name.err" </dev/null &
	spawned=$!
	tap_pids="$tap_pids $spawned"
}

alive() { kill -0 "$1" 2>/dev/null && ! grep -qs '^State:[[:space:]]*Z' "/proc/$1/status"; }
gone() { ! alive "$1"; }

# finish SECONDS PID: waits for what was spawned, its status in $rc (it is killed,
# and $rc is "late", after SECONDS)
finish() {
	if wait_until "$1" gone "$2"; then
		rc=0
		wait "$2" 2>/dev/null || rc=$?
	else
		kill -9 "$2" 2>/dev/null
		wait "$2" 2>/dev/null
		rc=late
	fi
	tap_pids=$(printf ' %s ' "$tap_pids" | sed "s/ $2 / /")
	[ "$rc" = 0 ]
}

# pipe_is_full: the one that is descriptor 9, which nobody reads
pipe_is_full() { # by what poll says: short writes leave pages half empty, so bytes do not tell
	python3 -c 'import select, sys
sys.exit(len(select.select([], [9], [], 0)[1]))'
}

# stop PID [SIGNAL]: signal and finish
stop() {
	kill -s "${2:-TERM}" "$1" 2>/dev/null
	finish 30 "$1"
}

# at_exit COMMAND: a line of shell for the end of the test, the last one first
at_exit() { tap_exit="$1
$tap_exit"; }

tap_cleanup() {
	trap '' INT TERM HUP
	for tap_pid in $tap_pids; do
		kill "$tap_pid" 2>/dev/null
	done
	for tap_pid in $tap_pids; do
		wait_until 5 gone "$tap_pid" || kill -9 "$tap_pid" 2>/dev/null
	done
	eval "$tap_exit"
	if [ -n "${M2E_KEEP:-}" ]; then
		diag "kept: $tmp"
	else
		rm -rf "$tmp"
	fi
}
trap 'tap_status=$?; tap_cleanup; exit $tap_status' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
