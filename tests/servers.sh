# shellcheck shell=sh disable=SC2034
# Real servers for a test; sourced after tap.sh. scripts/check starts one of each
# for all tests and says where in M2E_TEST_...; without that a test starts its own,
# and is skipped where that cannot be.
: "${root:?} ${tmp:?}"

# What a need_ function sets:
{
	db_kind='' db_family='' db_dump='' db_host=127.0.0.1 db_port='' db_socket='' db_user=m2e db_password=m2e
	es_kind='' es_url='' es_user='' es_password='' es_ca=''
	server='' server_port='' own_n=0
}

# own KIND [OPTION...]: a server of the test's own; its data folder in $server,
# its port in $server_port. scripts/server's start, stop and kill take these.
own() {
	own_kind=$1
	shift
	own_n=$((own_n + 1))
	server=$tmp/$own_kind.$own_n
	server_port=$("$root/scripts/server" port)
	at_exit "'$root/scripts/server' kill '$server'"
	"$root/scripts/server" start "$own_kind" "$server" "$server_port" "$@" 2>"$tmp/own.err"
}

own_or_skip() {
	own "$@" || skip_all "no $1: $(tail -n 1 "$tmp/own.err")"
}

# own_database KIND [OPTION...], own_engine KIND [SETTING...]: likewise, and what
# follows talks to it
own_database() {
	own_or_skip "$@"
	at_database "$1" "$server/sock" "$server_port"
}
own_engine() {
	es_user='' es_password='' es_ca=''
	if [ "$1" = elasticsearch ]; then
		"$root/scripts/server" cert "$tmp/cert.es"
		es_user=elastic es_password=secret es_ca=$tmp/cert.es/cert.pem
		export ELASTIC_PASSWORD="$es_password"
		export TLS_CERT="$es_ca" TLS_KEY="$tmp/cert.es/key.pem"
	fi
	own_or_skip "$@"
	unset ELASTIC_PASSWORD TLS_CERT TLS_KEY
	es_kind=$1 es_url=http${es_ca:+s}://127.0.0.1:$server_port
	es_auth
}

# at_database KIND SOCKET PORT: KIND (scripts/server's) is in $db_kind; $db_family is
# mariadb or mysql; $db_dump the dump program that suits, none for mysql-5.6: it comes
# without, MySQL 9's lacks its authentication, MariaDB's asks for columns that it lacks
at_database() {
	db_kind=$1 db_family=${1%%-*} db_socket=$2 db_port=$3 db_dump=''
	case $db_kind in
	mariadb) db_dump=mariadb-dump ;;
	mariadb-11) db_dump=$("$root/scripts/server" fetch mariadb-11)/bin/mariadb-dump ;;
	mysql)
		mysql_bin=$("$root/scripts/server" fetch mysql)/bin
		db_dump=$mysql_bin/mysqldump
		;;
	esac
}

# need_database KIND: and what follows talks to it
databases='mariadb mariadb-11 mysql mysql-5.6'
need_database() {
	case $1 in
	mariadb) set -- "$1" "${M2E_TEST_MARIADB_SOCKET:-}" "${M2E_TEST_MARIADB_PORT:-}" ;;
	mariadb-11) set -- "$1" "${M2E_TEST_MARIADB11_SOCKET:-}" "${M2E_TEST_MARIADB11_PORT:-}" ;;
	mysql) set -- "$1" "${M2E_TEST_MYSQL_SOCKET:-}" "${M2E_TEST_MYSQL_PORT:-}" ;;
	mysql-5.6) set -- "$1" "${M2E_TEST_MYSQL56_SOCKET:-}" "${M2E_TEST_MYSQL56_PORT:-}" ;;
	esac
	if [ -n "$2" ]; then
		at_database "$@"
	else
		own_database "$1"
	fi
}
need_mariadb() { need_database mariadb; }
# need_mysql: and its programs are in $mysql_bin
need_mysql() { need_database mysql; }

need_opensearch() {
	if [ -n "${M2E_TEST_OPENSEARCH_URL:-}" ]; then
		es_kind=opensearch es_url=$M2E_TEST_OPENSEARCH_URL es_user='' es_password='' es_ca=''
		es_auth
	else
		own_engine opensearch
	fi
}

# need_elasticsearch: with security and https
need_elasticsearch() {
	if [ -n "${M2E_TEST_ELASTICSEARCH_URL:-}" ]; then
		es_kind=elasticsearch es_url=$M2E_TEST_ELASTICSEARCH_URL
		es_user=elastic es_password=$M2E_TEST_ELASTICSEARCH_PASSWORD
		es_ca=$M2E_TEST_ELASTICSEARCH_CA
		es_auth
	else
		own_engine elasticsearch
	fi
}

es_auth() {
	(
		umask 077
		: >"$tmp/curlrc"
		[ -z "$es_user" ] || echo "user = \"$es_user:$es_password\"" >>"$tmp/curlrc"
		[ -z "$es_ca" ] || echo "cacert = \"$es_ca\"" >>"$tmp/curlrc"
	)
}

# sql [STATEMENTS [OPTION...]]: as root; rows are lines, values set apart by tabs;
# without STATEMENTS they are read from standard input
sql() {
	if [ $# -gt 0 ]; then
		sql_text=$1
		shift
		printf '%s\n' "$sql_text" | sql_client "$@"
	else
		sql_client
	fi
}
sql_client() {
	mariadb --no-defaults --default-character-set=utf8mb4 -N -B -u root -S "$db_socket" "$@"
}

# new_database: one of the test's own name in $db, dropped at the end with its indices
new_database() {
	db=${0##*/}
	db=t_$(printf %s "${db%.t}" | tr -c 'a-z0-9' _)_$$
	sql "CREATE DATABASE $db CHARACTER SET utf8mb4" || bail "cannot create database $db"
	at_exit "db_socket='$db_socket'; sql 'DROP DATABASE IF EXISTS $db'"
	[ -z "$es_url" ] || at_exit "es DELETE '/$db.*' >/dev/null 2>&1"
}

# es METHOD PATH [BODY]: prints the answer (BODY may be @FILE); its status is 0 below 400
es() {
	if [ $# -gt 2 ]; then
		curl -sS -m 120 --fail-with-body -K "$tmp/curlrc" -X "$1" \
			-H 'Content-Type: application/json' --data-binary "$3" "$es_url$2"
	elif [ "$1" = HEAD ]; then
		curl -sS -m 120 --fail -K "$tmp/curlrc" -I "$es_url$2"
	else
		curl -sS -m 120 --fail-with-body -K "$tmp/curlrc" -X "$1" "$es_url$2"
	fi
}

# config TABLE...: prints a configuration for these servers; state in $tmp/state
config() {
	( # not emptied before they are written: a program that runs may read them just now
		umask 077
		printf '%s\n' "$db_password" >"$tmp/db.password.new" && mv "$tmp/db.password.new" "$tmp/db.password"
		[ -z "$es_password" ] ||
			{ printf '%s\n' "$es_password" >"$tmp/es.password.new" && mv "$tmp/es.password.new" "$tmp/es.password"; }
	)
	config_dump=$db_dump
	[ "$db_kind" != mariadb ] || config_dump= # found
	jq -n --arg host "$db_host" --argjson port "$db_port" --arg user "$db_user" --arg tmp "$tmp" \
		--arg url "$es_url" --arg esuser "$es_user" --arg ca "$es_ca" --arg dump "$config_dump" '{
		database: {
			driver: "mysql", host: $host, port: $port, username: $user,
			password_file: ($tmp + "/db.password"), tables: $ARGS.positional
		},
		elastic: ({}
			+ if $url != "" then {address: $url} else {} end
			+ if $esuser != "" then {username: $esuser, password_file: ($tmp + "/es.password")} else {} end
			+ if $ca != "" then {ca_file: $ca} else {} end),
		state_dir: ($tmp + "/state")
	} + if $dump != "" then {mysqldump_path: $dump} else {} end' --args "$@"
}
