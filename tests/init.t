#!/bin/sh
# A first configuration: by options and by questions on a terminal, tried on both ends; what is missing is named.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

cd "$tmp" || bail 'no folder'
need_mariadb
need_opensearch
new_database
err() { cat "$tmp/err"; }
sql "USE $db; CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b LIKE a; INSERT INTO a VALUES (1)"
odd='quote " back \n '\''x'
at_exit "db_socket='$db_socket'; sql \"DROP USER IF EXISTS ${db}_u@'%'\""
printf %s "$odd" | sed "s/[\\\\']/\\\\&/g" >odd.sql
sql "CREATE USER ${db}_u@'%' IDENTIFIED BY '$(cat odd.sql)'; GRANT SELECT ON $db.* TO ${db}_u@'%'"
(umask 077; echo m2e >db.password; printf '%s\n' "$odd" >poor.password)
made() { # OPTION...
	m2e init --host 127.0.0.1 --port "$db_port" --tables "$db.*" --elastic-url "$es_url" --state-dir state "$@" </dev/null
}

rc_is 2 'where nobody can be asked, tables must be named' sh -c 'm2e init </dev/null'
rc_is 2 'an option without value' m2e init --host
rc_is 2 'no such option' m2e init --nonsense x
ok 'made by options' made --username m2e --password-file db.password -o one.json
unlike "$(cat out)" '^(failure|Missing)' 'nothing is missing' || diag "$(cat out)"
is "$(stat -c %a one.json)" 600 'for its owner alone'
is "$(jq -c 'del(.database.port)' one.json)" "{\"database\":{\"host\":\"127.0.0.1\",\"username\":\"m2e\",\"password_file\":\"$tmp/db.password\",\"tables\":[\"$db.*\"]},\"elastic\":{\"address\":\"$es_url\"},\"state_dir\":\"$tmp/state\"}" 'what was said'
before=$(cat one.json)
rc_is 1 'it is not written over' made --username m2e --password-file db.password -o one.json
ok '... unless that is asked for' made --username m2e --password-file db.password --tables "$db.a, $db.b" --force -o one.json
is "$(jq -c .database.tables one.json)" "[\"$db.a\",\"$db.b\"]" 'several tables'
isnt "$(cat one.json)" "$before" 'it is another one'
ok 'it works' timeout 60 m2e -c one.json -q run --until now
is "$(es GET "/$db.a/_doc/1" | jq .found)" true 'the table is there'

rc_is 1 'an account that may too little' made --username "${db}_u" --password-file poor.password -o poor.json
for grant in 'BINLOG MONITOR' 'REPLICATION SLAVE'; do
	like "$(sed '1,/^Missing/d' out)" "^  GRANT $grant ON \*\.\* TO '${db}_u'@'%'" "... is told: $grant"
done
ok '... and the file is there' test -s poor.json

before=$(cat one.json)
rc_is 1 'a wrong password' made --username m2e --password-file poor.password --force -o one.json
rc_is 75 'no server there' made --username m2e --password-file db.password --port 1 --force -o one.json
rc_is 1 'no engine there' made --username m2e --password-file db.password --elastic-url http://127.0.0.1:1 --force -o one.json
rc_is 2 'a value that cannot be' made --username m2e --password-file db.password --port x --force -o one.json
is "$(cat one.json)" "$before" '... changes nothing'

# on a terminal
cat >ask.py <<-'END'
	import os, pty, sys
	pid, fd = pty.fork()
	if pid == 0:
	    os.execvp(sys.argv[1], sys.argv[1:])
	seen = b''
	for line in sys.stdin:
	    prompt, answer = line.rstrip('\n').split('\t')
	    while prompt.encode() not in seen:
	        seen += os.read(fd, 4096)
	    seen = seen[seen.index(prompt.encode()) + len(prompt):]
	    sys.stdout.buffer.write(seen)
	    while b': ' not in seen:
	        seen += os.read(fd, 4096)
	    os.write(fd, answer.encode() + b'\n')
	try:
	    while True:
	        data = os.read(fd, 4096)
	        if not data:
	            break
	        sys.stdout.buffer.write(data)
	except OSError:
	    pass
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
printf '%s\t%s\n' 'Database server' '' 'Its port' "$db_port" 'Account' "${db}_u" 'Its password' "$odd" 'Tables' "$db.a" 'Search engine' "$es_url" \
	'Account there' '' 'State directory' "$tmp/state2" >answers
rc_is 1 'asked on a terminal' timeout 60 python3 ask.py m2e init -o two.json <answers
is "$(jq -c '[.database.host, .database.username, .database.tables[0], .state_dir]' two.json)" "[\"127.0.0.1\",\"${db}_u\",\"$db.a\",\"$tmp/state2\"]" 'what was answered' || diag "$(cat out)"
is "$(cat "$(jq -r .database.password_file two.json)")" "$odd" 'the password is in a file of its own, as it was typed'
is "$(stat -c %a "$(jq -r .database.password_file two.json)")" 600 'for its owner alone'
unlike "$(cat out two.json)" 'quote' '... and shown nowhere'
like "$(cat out)" "GRANT BINLOG MONITOR" 'it was the right one'
done_testing
