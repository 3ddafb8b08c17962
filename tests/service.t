#!/bin/sh
# m2e as a service of systemd, whose readiness it tells, and as the first process of a container.
# shellcheck source=tests/tap.sh
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

### the unit, as make install puts it down

ok 'make install' make -s -C "$root" B="${B:-build}" PREFIX="$tmp/usr" install
unit=$tmp/usr/lib/systemd/system/m2e@.service
cp "$unit" "$tmp/m2e@shop.service"
if command -v systemd-analyze >/dev/null; then
	run systemd-analyze verify --man=no "$tmp/m2e@shop.service"
	is "$rc $(cat "$tmp/err")" '0 ' 'systemd finds nothing wrong with the unit'
	ok 'it is as confined as can be' systemd-analyze security --offline=yes --threshold=20 --no-pager "$tmp/m2e@shop.service"
else
	skip 'no systemd-analyze'
fi
like "$(cat "$unit")" "^ExecStart=$tmp/usr/bin/m2e " 'it starts what is installed'
# the files that it names are those that init writes
sed -n 's/^LoadCredential=[^:]*:\/etc\/m2e\/%i\.//p' "$unit" | sort >"$tmp/files"
printf '%s\n' database-password elastic-password json >"$tmp/want"
same "$tmp/files" "$tmp/want" 'configuration and passwords come as credentials'
for name in database-password elastic-password; do
	ok "init writes $name there" grep -q "{file%.json}.$name" "$root/scripts/m2e/init.sh"
done
exit_statuses() { sed -n 's/^\.It \([0-9][0-9]*\)$/\1/p' "$root/man/m2e.1" | sort -u; }
sed -n 's/^\(Restart[A-Z][A-Za-z]*\|Success\)ExitStatus=//p' "$unit" | tr ' ' '\n' | sort -u >"$tmp/files"
exit_statuses | grep -vx 0 >"$tmp/want"
same "$tmp/files" "$tmp/want" 'each exit status of m2e has its answer'

### the recipe of a container names what the programs need

sed -n '/^FROM debian:12-slim/,/^\.Ed/p' "$root/man/m2e.7" >"$tmp/recipe"
if command -v dpkg-query readelf >/dev/null; then
	for program in binlog-tail dump-reader es-bulk m2e-state; do
		readelf -d "$bin/$program"
	done | sed -n 's/.*NEEDED.*\[\(lib[^]]*\)\]/\1/p' | grep -v -e libasan -e libubsan | sort -u >"$tmp/libraries"
	missing=
	while read -r library; do
		package=$(dpkg-query -S "*/$library" 2>/dev/null | cut -d : -f 1 | head -n 1)
		case $package in libc6*) continue ;; esac
		grep -qwF -e "$package" "$tmp/recipe" || missing="$missing $library"
	done <"$tmp/libraries"
	is "$missing" '' "every library is in it ($(grep -c '' "$tmp/libraries"))"
else
	skip 'no dpkg-query, no readelf'
fi
sed -n '/^podman run/,/^\.Ed/p' "$root/man/m2e.7" | grep -oE 'M2E_[A-Z_]+' >"$tmp/variables"
while read -r name; do
	ok "$name is a variable of m2e" grep -q "^\.Ev $name" "$root/man/m2e-config.5"
done <"$tmp/variables"

### as it would be started there

need_mariadb
need_opensearch
new_database
sql "USE $db; CREATE TABLE a (id int PRIMARY KEY, v varchar(20)); INSERT INTO a VALUES (1, 'x')"
config "$db.a" >/dev/null # the password's file
# systemd MARK SOCKET: listens as systemd does, until a line begins with MARK
cat >"$tmp/systemd.py" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
	s.bind(sys.argv[2])
	s.settimeout(60)
	while True:
	    text = s.recv(4096).decode()
	    print(text, flush=True)
	    if any(line.startswith(sys.argv[1]) for line in text.split('\n')):
	        break
END
# nothing but the environment to configure it
cat >"$tmp/with-env" <<-END
	#!/bin/sh
	exec env -i PATH="$PATH" TMPDIR="$tmp" M2E_STATE_DIR="$tmp/state" M2E_DATABASE_HOST=127.0.0.1 M2E_DATABASE_PORT="$db_port" \
		M2E_DATABASE_USERNAME=m2e M2E_DATABASE_PASSWORD_FILE="$tmp/db.password" M2E_DATABASE_TABLES="$db.a" \
		M2E_ELASTIC_ADDRESS="$es_url" "\$@"
END
chmod +x "$tmp/with-env"
if command -v systemd-notify >/dev/null; then
	spawn systemd python3 "$tmp/systemd.py" READY=1 "$tmp/notify"
	systemd=$spawned
	wait_until 20 test -S "$tmp/notify"
	spawn m2e "$tmp/with-env" NOTIFY_SOCKET="$tmp/notify" m2e run
	m2e_pid=$spawned
	ok 'readiness is told' finish 60 "$systemd"
	like "$(cat "$tmp/m2e.err")" 'm2e: running' '... once the database has answered'
	wait_until 60 all_syncing "$db.a" || m2e_log
	kill "$(cat "$tmp/state/pid")"
	finish 60 "$m2e_pid"
	is "$rc" 0 'SIGTERM ends it'
else
	skip 'no systemd-notify'
fi

### the first process of a container

if ! unshare --fork --pid --mount-proc true 2>"$tmp/err"; then
	skip "no pid namespace: $(cat "$tmp/err")"
	done_testing
fi
sql "INSERT INTO $db.a VALUES (2, 'y')"
spawn m2e "$tmp/with-env" unshare --fork --pid --mount-proc --kill-child m2e run
m2e_pid=$spawned
first() { ps -o pid= --ppid "$m2e_pid" | tr -d ' '; }
wait_until 30 saved_past "$(server_position)" || m2e_log
is "$(cat "$tmp/state/pid") $(nsenter -t "$(first)" -p -m ps -o comm= -p 1)" '1 m2e' 'it is process 1'
is "$(es GET "/$db.a/_doc/2" | jq -r ._source.v)" y 'what changed while it was away is there'
inside() { nsenter -t "$(first)" -p -m ps -eo "$@"; }
# a program whose parent died is handed to process 1
victim=$(pgrep -x -P "$(first)" m2e | head -n 1)
kill -9 "$victim"
ok 'the shell of its pipe is killed' wait_until 30 grep -q 'the stream ended .*trying again' "$tmp/m2e.err" || m2e_log
zombies() { inside stat= | grep -c '^Z'; }
no_zombies() { [ "$(zombies)" = 0 ]; }
sql "INSERT INTO $db.a VALUES (3, 'z')"
ok '... and the pipe comes again' wait_caught_up 60 || m2e_log
ok 'there are no zombies' wait_until 20 no_zombies || diag "$(inside pid,ppid,stat,args)"
sql "USE $db; INSERT INTO a SELECT seq, 'many' FROM seq_1000_to_3000"
kill "$(first)"
finish 60 "$m2e_pid"
is "$rc" 0 'SIGTERM ends it' || m2e_log
like "$(cat "$tmp/m2e.err")" 'm2e: stopped status=0' '... drained'
ok 'nothing holds the state' flock -n "$tmp/state/lock" true
done_testing
