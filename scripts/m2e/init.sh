# m2e init: a first configuration, tried on both ends.

# question NAME TEXT DEFAULT: sets the variable NAME, unless an option has; on a terminal it is asked for
question() {
	eval "value=\${$1:-}"
	[ -z "$value" ] || return 0
	if [ -t 0 ]; then
		printf '%s%s: ' "$2" "${3:+ [$3]}" >&2
		read -r value || exit 1
	fi
	eval "$1=\${value:-\$3}"
}

# need NAME TEXT DEFAULT OPTION
need() {
	question "$1" "$2" "$3"
	eval "[ -n \"\$$1\" ]" || die 2 "$4 is needed where nobody can be asked"
}

# A password goes from the terminal into a file of its own, which the configuration names.
ask_password() { # NAME QUESTION FILE
	eval "value=\${$1:-}"
	if [ -n "$value" ] || [ ! -t 0 ]; then return 0; fi
	printf '%s: ' "$2" >&2
	trap 'stty echo; exit 1' INT TERM
	stty -echo
	read -r secret
	stty echo
	trap - INT TERM
	echo >&2
	[ -n "$secret" ] || return 0
	printf '%s\n' "$secret" >"$3" || exit 1
	eval "$1=\$3"
}

absolute() { # FILE
	case $1 in
	'' | /*) echo "$1" ;;
	*) echo "$PWD/$1" ;;
	esac
}

quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/.*/"&"/'; }

# member INDENT NAME VALUE: a line, if there is a value
member() { [ -z "$3" ] || printf '%s"%s": %s,\n' "$1" "$2" "$(quoted "$3")"; }

# Lines that end with commas, made into an object's or a list's.
last_without_comma() { sed '$s/,$//'; }

configuration() {
	echo '{'
	printf '\t"database": {\n'
	{
		member "$tab$tab" host "$host"
		printf '\t\t"port": %s,\n' "$port"
		member "$tab$tab" username "$username"
		member "$tab$tab" password_file "$(absolute "$password_file")"
		printf '\t\t"tables": [\n'
		for t in $(echo "$tables" | tr -s ', ' '[\n*]' | grep .); do
			printf '\t\t\t%s,\n' "$(quoted "$t")"
		done | last_without_comma
		printf '\t\t]\n\t},\n\t"elastic": {\n'
	}
	{
		member "$tab$tab" address "$elastic_url"
		member "$tab$tab" username "$elastic_username"
		member "$tab$tab" password_file "$(absolute "$elastic_password_file")"
		member "$tab$tab" ca_file "$(absolute "$elastic_ca_file")"
	} | last_without_comma
	printf '\t},\n\t"state_dir": %s\n}\n' "$(quoted "$(absolute "$state_dir")")"
}

# Both ends, through the programs that hold the credentials. An end that cannot be asked at all is not the one that is meant.
try() { # FILE
	options=$verbosity_options$nl--config$nl$1
	facts=$1.facts worst=0
	for program in binlog-tail dump-reader es-bulk; do
		check_end "$program"
		rc=$?
		if [ ! -s "$facts" ] || grep -q '"check":"elastic","level":"failure"' "$facts"; then
			[ $rc != 0 ] || rc=1
			die $rc "nothing is written: $program could not ask its end"
		fi
		[ $rc -le $worst ] || worst=$rc
		sed -n '/"level":"ok"/d; s/\\"/"/g; s/.*"advice":"\(.*\)"}$/\1/p' "$facts" >>"$1.advice"
	done
	[ ! -s "$1.advice" ] || {
		echo 'Missing:'
		awk '!seen[$0]++ { print "  " $0 }' "$1.advice"
	}
}

init_option() { # OPTION VALUE
	[ $# = 2 ] || die 2 "$1 needs a value"
	case $1 in
	-o) file=$2 ;;
	--host) host=$2 ;;
	--port) port=$2 ;;
	--username) username=$2 ;;
	--password-file) password_file=$2 ;;
	--tables) tables=$2 ;;
	--elastic-url) elastic_url=$2 ;;
	--elastic-username) elastic_username=$2 ;;
	--elastic-password-file) elastic_password_file=$2 ;;
	--elastic-ca-file) elastic_ca_file=$2 ;;
	--state-dir) state_dir=$2 ;;
	*) usage >&2; exit 2 ;;
	esac
}

init_options() {
	while [ $# -gt 0 ]; do
		case $1 in
		--force) force=1; shift; continue ;;
		-*) init_option "$1" ${2+"$2"} ;;
		*) usage >&2; exit 2 ;;
		esac
		shift 2
	done
}

init() {
	file=${config:-m2e.json} force='' host='' port='' username='' password_file='' tables='' state_dir=''
	elastic_url='' elastic_username='' elastic_password_file='' elastic_ca_file=''
	init_options "$@"
	umask 077
	file=$(absolute "$file")
	[ -n "$force" ] || [ ! -e "$file" ] || die 1 "it is there already, --force replaces it: $file"
	need host 'Database server' 127.0.0.1 --host
	need port 'Its port' 3306 --port
	need username 'Account' m2e --username
	ask_password password_file 'Its password' "${file%.json}.database-password"
	need tables 'Tables (DB.TABLE, with * and ?, separated by commas)' '' --tables
	need elastic_url 'Search engine' http://127.0.0.1:9200 --elastic-url
	question elastic_username 'Account there' ''
	[ -z "$elastic_username" ] ||
		ask_password elastic_password_file 'Its password' "${file%.json}.elastic-password"
	need state_dir 'State directory' /var/lib/m2e --state-dir
	work=$(mktemp -d "$file.XXXXXX") || exit 1
	trap 'rm -rf "$work"' EXIT
	configuration >"$work/new" && m2e-state config "$work/new" check || exit
	try "$work/new"
	mv "$work/new" "$file" || exit 1
	log INFO "written file=$file"
	[ "$worst" = 0 ] || log WARN "what is missing stands above; then: m2e -c $file check"
	exit "$worst"
}
