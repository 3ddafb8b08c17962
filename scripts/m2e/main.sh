# Options, and which command.

here=$(cd "$(dirname "$0")" && pwd)
[ ! -x "$here/m2e-state" ] || PATH=$here:$PATH
config=${M2E_CONFIG:-} verbosity=0 verbosity_options=
while [ $# -gt 0 ]; do
	case $1 in
	-c | --config) config=${2:?-c needs a file}; shift ;;
	-v | --verbose) verbosity=$((verbosity + 1)) verbosity_options=$verbosity_options$nl-v ;;
	-q | --quiet) verbosity=$((verbosity - 1)) verbosity_options=$verbosity_options$nl-q ;;
	--help) usage; exit 0 ;;
	--version) echo "m2e $(m2e-state --version | cut -d ' ' -f 2)"; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
command=${1:-}
[ $# -eq 0 ] || shift
case $command in
run | status | stop | check | add | remove | pause | resume | resync | load | reload) ;;
verify | dead | rewind | backup | restore | init) ;;
*) usage >&2; exit 2 ;;
esac

set -f	# $options is split at line ends, nothing in it is a pattern
[ "$command" != init ] || init "$@"
options=$verbosity_options${config:+$nl--config$nl$config}
# shellcheck disable=SC2086
m2e-state $options config check || exit 2
dir=$(setting state_dir) || die 2 "state_dir is not set"
dumps=$(setting load.dump_dir) || dumps=$dir/dump
umask 077
case $command in
run) run "$@" ;;
status) status "$@" ;;
stop) stop ;;
add | pause | resume | load)
	[ $# -gt 0 ] || { usage >&2; exit 2; }
	ask "$command" "$@"
	;;
remove | resync)
	case $command${1:-} in
	remove--drop-index) command=remove-index; shift ;;
	resync--cancel) command=cancel; shift ;;
	esac
	case ${1:--} in
	-*) usage >&2; exit 2 ;;
	esac
	ask "$command" "$@"
	;;
reload) ask reload ;;
verify) verify "$@" ;;
dead) dead "$@" ;;
rewind) rewind "$@" ;;
backup) backup "$@" ;;
restore) restore "$@" ;;
check)
	facts=$(mktemp) || exit 1
	trap 'rm -f "$facts"' EXIT
	check
	exit
	;;
esac
