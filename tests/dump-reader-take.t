#!/bin/sh
# dump-reader --take-dump: a dump with its position, whole or not at all, and nobody sees the password.
# shellcheck disable=SC2016 # for other shells
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"

secret='p "a\s#s'"'"'w;ürd' # everything that an option file gives a meaning
take() { # FILE OPTION...
	take_file=$1
	shift
	run dump-reader --config "$tmp/config.json" --take-dump "$take_file" "$@"
}
no_leftovers() { is "$(find "$tmp" -name '*.sql*' | sort | tr '\n' ' ')" "$1" "$2"; }

on_server() {
	new_database
	sql "CREATE TABLE $db.a (id int PRIMARY KEY, v varchar(10)); INSERT INTO $db.a VALUES (1, 'x'), (2, 'ü');
		CREATE TABLE $db.b (id int PRIMARY KEY); CREATE TABLE $db.\`-c d\` (id int PRIMARY KEY);
		CREATE USER take_$$@'%' IDENTIFIED BY '$(printf %s "$secret" | sed 's/\\/\\\\/g; s/'"'"'/&&/g')';
		GRANT SELECT, RELOAD, SHOW VIEW, TRIGGER, LOCK TABLES, REPLICATION CLIENT ON *.* TO take_$$@'%';"
	[ "$db_kind" = mariadb ] || sql "GRANT XA_RECOVER_ADMIN ON *.* TO take_$$@'%'"
	(umask 077 && printf '%s\n' "$secret" >"$tmp/secret")
	jq -n --arg dump "$1" --arg secret "$tmp/secret" --argjson port "$db_port" '{database: {host: "127.0.0.1", port: $port,
		username: "take_'$$'", password_file: $secret}} + if $dump == "" then {} else {mysqldump_path: $dump} end' \
		>"$tmp/config.json"

	take "$tmp/a.sql" --table "$db.a" --table "$db.-c d"
	is "$rc" 0 "$db_kind: a dump is taken, with a password full of marks"
	like "$(cat "$tmp/err")" 'INFO dump-reader: dump taken' "$db_kind: and told of" || diag "$(cat "$tmp/err")"
	is "$(stat -c %a "$tmp/a.sql")" 600 "$db_kind: nobody else may read it"
	dump-reader -q "$tmp/a.sql" >"$tmp/a.ndjson"
	is "$(jq -r 'select(.op == "done") | .db + "." + .table + " \(.rows)"' "$tmp/a.ndjson" | sort | tr '\n' ,)" \
		"$db.-c d 0,$db.a 2," "$db_kind: of these tables and their database"
	like "$(jq -r 'select(.op == "done") | .pos' "$tmp/a.ndjson" | head -n 1)" '^binlog.[0-9]+:[0-9]+$' "$db_kind: with its position"
	unlike "$(cat "$tmp/a.sql")" '^DROP TABLE' "$db_kind: it drops nothing where somebody feeds it to a server"

	# What is asked for while it runs, by a program that holds it up
	cat >"$tmp/slow" <<-END
		#!/bin/sh
		[ "\$1" != --version ] || exec "${1:-mariadb-dump}" --version
		tr '\0' '\n' </proc/\$\$/cmdline >"$tmp/slow.args"
		echo \$\$ >"$tmp/slow.pid"
		cat "\${1#--defaults-file=}" >"$tmp/slow.options"
		stat -L -c %a "\${1#--defaults-file=}" >"$tmp/slow.mode"
		echo '-- half a dump'
		exec sleep 600
	END
	chmod +x "$tmp/slow"
	jq --arg slow "$tmp/slow" '.mysqldump_path = $slow' "$tmp/config.json" >"$tmp/slow.json"
	slowly() {
		rm -f "$tmp/slow.pid"
		: >"$tmp/slow.mode"
		spawn take sh -c 'exec dump-reader --config "$0" --take-dump "$1" --table "$2" --parent-fd 8 8<"$3"' \
			"$tmp/slow.json" "$tmp/slow.sql" "$db.a" "$tmp/parent"
		exec 8>"$tmp/parent"
		wait_until 10 test -s "$tmp/slow.mode" && child=$(cat "$tmp/slow.pid")
	}
	rm -f "$tmp/parent"
	mkfifo "$tmp/parent"
	slowly
	unlike "$(cat "$tmp/slow.args"; tr '\0' '\n' <"/proc/$spawned/cmdline")" 'a.s#s' "$db_kind: the password is no argument"
	like "$(cat "$tmp/slow.options")" 'a\\\\s#s' "$db_kind: but in the option file"
	is "$(cat "$tmp/slow.mode")" 600 "$db_kind: which nobody else may read"
	stop "$spawned"
	is "$rc" 75 "$db_kind: SIGTERM ends it with 75"
	ok "$db_kind: and the dump program with it" wait_until 10 gone "$child"
	exec 8>&-
	slowly
	exec 8>&-
	finish 20 "$spawned"
	is "$rc" 75 "$db_kind: so does the death of the supervisor"
	ok "$db_kind: and the dump program with it" wait_until 10 gone "$child"
	no_leftovers "$tmp/a.sql " "$db_kind: nothing is left of either"
	slowly
	kill -9 "$spawned"
	finish 10 "$spawned"
	exec 8>&-
	ok "$db_kind: nor does the dump program outlive kill -9" wait_until 10 gone "$child"
	rm -f "$tmp/slow.sql.tmp"

	# What is not whole is not kept
	for says in '-- half a dump' '-- half a dump" >&2; exit 3; "'; do
		printf '#!/bin/sh\n[ "$1" != --version ] || exec "%s" --version\necho "%s"\n' "${1:-mariadb-dump}" "$says" >"$tmp/slow"
		run dump-reader --config "$tmp/slow.json" --take-dump "$tmp/slow.sql" --table "$db.a"
		is "$rc" 1 "$db_kind: a dump program that stops early: status 1"
		like "$(cat "$tmp/err")" 'ERROR.*(Dump completed|status 3: -- half a dump)' "$db_kind: and why"
	done
	printf '#!/bin/sh\n[ "$1" != --version ] || exec "%s" --version\nrm -f "%s"; kill -9 $$\n' "${1:-mariadb-dump}" x >"$tmp/slow"
	run dump-reader --config "$tmp/slow.json" --take-dump "$tmp/slow.sql" --table "$db.a"
	is "$rc" 75 "$db_kind: one that was killed: 75"
	printf '#!/bin/sh\n[ "$1" != --version ] || exec "%s" --version\necho "mysqldump: Error 2013: Lost connection to server during query when dumping table x at row: 7" >&2; exit 3\n' \
		"${1:-mariadb-dump}" >"$tmp/slow"
	run dump-reader --config "$tmp/slow.json" --take-dump "$tmp/slow.sql" --table "$db.a"
	is "$rc" 75 "$db_kind: one that lost its connection: 75"
	take "$tmp/none.sql" --table "$db.nosuch"
	is "$rc" 1 "$db_kind: a table that is not there: 1"
	no_leftovers "$tmp/a.sql " "$db_kind: nothing is left of all these"

	take "$tmp/a.sql" --table "$db.a"
	is "$rc" 0 "$db_kind: it is taken again, over the last one"
	rm -f "$tmp/a.sql" "$tmp/a.ndjson"
}

need_mysql
on_server "$mysql_bin/mysqldump"
sql "DROP DATABASE $db; DROP USER take_$$@'%'"
need_mariadb
on_server ''

# A disk that is full, a folder that cannot be written: no file, no leftovers
case ${B:-build} in
/*) fault=$B/tests/fault.so ;;
*) fault=$root/${B:-build}/tests/fault.so ;;
esac
case $bin in
*asan*) skip 'the sanitizers come before what is preloaded' ;;
*)
	for plan in fsync:1:EIO rename:1:EACCES fsync:1:ENOSPC; do
		LD_PRELOAD=$fault FAULT=$plan run dump-reader --config "$tmp/config.json" --take-dump "$tmp/full.sql" --table "$db.a"
		is "$rc" 1 "$plan: status 1"
		no_leftovers '' "$plan: nothing is left"
	done
	;;
esac

take "$tmp/x.sql"
is "$rc" 2 'no table: 2'
take "$tmp/x.sql" --table "$db.*"
is "$rc" 2 'a pattern: 2'
take "$tmp/x.sql" --table "$db.a" --table mysql.user
is "$rc" 2 'two databases: 2'
take "$tmp/nosuch/x.sql" --table "$db.a"
is "$rc" 1 'a folder that is not there: 1'
run dump-reader --config "$tmp/config.json" --take-dump "$tmp/x.sql" --table "$db.a" --user nobody_$$
is "$rc" 1 'an account that is not there: 1'
take "$tmp/x.sql" --table "$db.a" --port 1
is "$rc" 75 'a server that is not there: 75'
jq '.mysqldump_path = "/nosuch/dump"' "$tmp/config.json" >"$tmp/other.json"
rc_is 2 'a dump program that is not there: 2' dump-reader --config "$tmp/other.json" --take-dump "$tmp/x.sql" --table "$db.a"
jq --arg d "$mysql_bin/mysqldump" '.mysqldump_path = $d' "$tmp/config.json" >"$tmp/other.json"
rc_is 2 'of the other kind of server: 2' dump-reader --config "$tmp/other.json" --take-dump "$tmp/x.sql" --table "$db.a"
like "$(cat "$tmp/err")" 'mysqldump_path' 'and what to set'
sql "DROP USER take_$$@'%'"

done_testing
