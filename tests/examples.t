#!/bin/sh
# The pipelines that README and m2e.1 show, as they stand there, but for the paths.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/m2e.sh"

need_mariadb
need_opensearch
new_database
sql "USE $db; CREATE TABLE orders (id bigint PRIMARY KEY, status varchar(20), total decimal(20,2));
	INSERT INTO orders VALUES (1, 'paid', 1.50), (9007199254740993, 'paid', 9007199254740993.25);"
m2e_config "$db.orders"
cd "$tmp" || bail 'no folder'
mkdir state

# example FILE FIRST [LAST]: the lines of the example, its paths changed to this test's
example() {
	sed -n "/$2/${3:+,/$3/}p" "$root/$1" | sed -e 's|^    ||' -e 's|^\*/5 \* \* \* \*||' -e "s|/var/lib/m2e|$tmp/state|g" -e "s|/etc/m2e.json|$tmp/m2e.json|g" \
		-e "s|shop\\.|$db.|g"
}
document() { es GET "/$db.orders/_doc/$1" | jq -c "._source$2"; }
position() { m2e-state --state state get position pos; }
document_is() { [ "$(document "$1" "$2")" = "$3" ]; }

# Loaded once by m2e run, which the cron example asks for.
m2e_start
ok 'm2e run loads' wait_until 60 all_syncing "$db.orders"
m2e_stop

### cron

example README.md '^    \*\/5.*save$' '' >cron
like "$(cat cron)" 'until now' 'README has a cron line'
sql "INSERT INTO $db.orders VALUES (2, 'paid', 2.00)"
want=$(server_position)
ok 'the cron line brings in what has changed' timeout 60 sh -c "$(cat cron)"
ok 'and saves the position' saved_past "$want"
is "$(document 2 .status)" '"paid"' 'the document is there'
ok 'again, with nothing new' timeout 60 sh -c "$(cat cron)"

# script PATTERN: the script of m2e.1 that has it
script() {
	awk -v want="$1" '/^#!\/bin\/sh/ { text = ""; inside = 1 } /^\.Ed/ { if (inside && text ~ want) printf "%s", text; inside = 0 }
		inside { text = text $0 "\n" }' "$root/man/m2e.1" |
		sed -e "s|/var/lib/m2e|$tmp/state|g" -e "s|/etc/m2e.json|$tmp/m2e.json|g" -e "s|/backup|$tmp|g" -e "s|shop\\.|$db.|g"
}
script 'binlog-tail' >cron.m2e
like "$(cat cron.m2e)" 'flock' 'm2e.1 has a script for it'
sql "INSERT INTO $db.orders VALUES (3, 'paid', 3.00)"
ok 'it works' timeout 60 sh -c "$(cat cron.m2e)"
is "$(document 3 .status)" '"paid"' 'the document is there'
sql "INSERT INTO $db.orders VALUES (5, 'paid', 5.00)"
script 'dump-reader.*--live' >cron.live
ok 'its script for a live load works' timeout 60 sh -c "$(cat cron.live)"
is "$(document 5 .status)" '"paid"' 'the document is there'
sql "UPDATE $db.orders SET status = 'sent' WHERE id = 5"
ok 'a dump' dump-reader --config m2e.json --take-dump "$tmp/$db.sql" --table "$db.orders"
gzip "$tmp/$db.sql"
script 'sql.gz' >cron.dump
ok 'its script for a dump works' timeout 60 sh -c "$(cat cron.dump)"
is "$(document 5 .status)" '"sent"' 'the document is that of the dump'

### a filter in the middle

# m2e's own tables are what --state follows
example README.md '--numbers=safe |' 'save$' >middle
like "$(cat middle)" 'tee' 'README has a filter'
sh -c "$(cat middle)" 2>middle.err &
pid=$!
at_exit "pkill -P $pid binlog-tail"
sql "INSERT INTO $db.orders VALUES (4, 'draft', 4.00), (9007199254740995, 'paid', 9007199254740995.25)"
want=$(server_position)
ok 'what passes the filter arrives, its digits unharmed by jq' wait_until 20 document_is 9007199254740995 .total '"9007199254740995.25"'
ok 'the position goes on' wait_until 20 saved_past "$want"
is "$(es GET "/$db.orders/_doc/4" | jq .found)" false 'what does not, does not'
pkill -TERM -P $pid binlog-tail
finish 20 $pid
is "$rc" 0 'it ends cleanly'

### a stored stream

like "$(cat changes.ndjson)" '"op":"insert"' 'tee kept the stream'
es DELETE "/$db.orders@*" >/dev/null
ok 'a stored stream fills an index' es-bulk --config m2e.json <changes.ndjson
es POST "/$db.orders/_refresh" >/dev/null
is "$(document 9007199254740995 .id)" '"9007199254740995"' 'with the same documents'
done_testing
