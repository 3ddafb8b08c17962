#!/bin/sh
# A replica's relay logs, one after the other: the source's positions, and what the source's own log gives.
. "${0%/*}/tap.sh"

command -v python3 >/dev/null || skip_all 'no python3'
tar -xJf "$root/tests/recorded/sets.tar.xz" -C "$tmp" mysql-5.6-cascade
schema=$tmp/mysql-5.6-cascade/schema.sql
lines() { sed -e '/^{"op":"\(source\|schema\|heartbeat\)"/d' "$1"; }

# The log in two relay logs, each with the replica's own format event, the one that tells the source's file, and, but for the
# last, one that tells of the next relay log; also as servers before 5.6 did, which do not mark their own events.
python3 - "$tmp/mysql-5.6-cascade/binlog.000001" "$tmp/relay.00000" <<'END'
import struct, sys, zlib

log = open(sys.argv[1], "rb").read()
events, at = [], 4
while at < len(log):
    size = struct.unpack_from("<I", log, at + 9)[0]
    events.append(log[at:at + size])
    at += size


def event(kind, flags, body, end):
    raw = log[4:8] + struct.pack("<BIIIH", kind, 7, 23 + len(body), end, flags) + body
    return raw + struct.pack("<I", zlib.crc32(raw))


def relay(name, part, start, own, last):
    out = b"\xfebin" + event(15, 0x40 if own else 0, events[0][19:-4], 4 + len(events[0]))
    if start:
        out += event(4, 0x20, struct.pack("<Q", start) + b"binlog.000001", 0)
    out += event(15, 0, events[0][19:-4], 0) if start != 4 else b""
    out += b"".join(part)
    if not last:
        out += event(4, 0x40, struct.pack("<Q", 4) + b"relay.000002", len(out) + 43)
    elif not own:
        out += event(3, 0, b"", len(out) + 23)
    open(name, "wb").write(out)


commits = [i for i, e in enumerate(events) if e[4] == 16]
half = commits[len(commits) // 2] + 1
offset = 4 + sum(map(len, events[:half]))
body = events[:-1] if events[-1][4] in (3, 4) else events
relay(sys.argv[2] + "1", body[:half], 4, True, False)
relay(sys.argv[2] + "2", body[half:], offset, True, True)
relay(sys.argv[2] + "0", body, 4, False, True)
relay(sys.argv[2] + "3", body[:half], 4, True, True)
relay(sys.argv[2] + "4", body[half:], 0, True, True)
END
binlog-tail -q --schema "$schema" "$tmp/mysql-5.6-cascade/binlog.000001" >"$tmp/whole"
lines "$tmp/whole" >"$tmp/want"
rc_is 0 'two relay logs' binlog-tail -q --schema "$schema" "$tmp/relay.000001" "$tmp/relay.000002"
lines "$tmp/out" >"$tmp/got"
same "$tmp/got" "$tmp/want" '  give what the log gives'
like "$(tail -n 1 "$tmp/out")" '"heartbeat","pos":"binlog.000001:' '  the position is the source'"'"'s'
rc_is 0 'one of an old server, which ends with an event of its own' binlog-tail -q --schema "$schema" "$tmp/relay.000000"
lines "$tmp/out" >"$tmp/got"
same "$tmp/got" "$tmp/want" '  gives the same'
is "$(jq -r 'select(.op == "heartbeat").pos' "$tmp/out")" "$(tail -n 1 "$tmp/want" | jq -r .pos)" '  its position is that of the last commit'
mv "$tmp/relay.000003" "$tmp/relay.000002"
rc_is 4 'relay logs that lead back' binlog-tail -q --schema "$schema" "$tmp/relay.000001" "$tmp/relay.000002"
rc_is 1 'one that does not say which of its source'"'"'s files it is of' binlog-tail -q --schema "$schema" "$tmp/relay.000004"
like "$(cat "$tmp/err")" 'a relay log that does not tell' '  is refused'

### relay logs that real replicas began for the size of the last one

tar -xJf "$root/tests/recorded/relay.tar.xz" -C "$tmp"
plain() { lines "$1" | sed 's/"gtids":"[^"]*",//'; } # which a relay log does not know
for set in mariadb-10.11-relay mysql-9-relay; do
	dir=$tmp/$set
	binlog-tail -q --schema "$dir/schema.sql" "$dir"/binlog.* >"$tmp/whole"
	plain "$tmp/whole" >"$tmp/want"
	is "$(grep -c '"op":"insert"' "$tmp/want")" 80 "$set: the source's log"
	rc_is 0 "$set: its relay logs" binlog-tail -q --schema "$dir/schema.sql" "$dir"/relay.*
	plain "$tmp/out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" '  give the same'
	rc_is 1 "$set: without the first ones" binlog-tail -q --schema "$dir/schema.sql" "$dir"/relay.00000[45]
	like "$(cat "$tmp/err")" 'a relay log that does not tell' '  no place is known'
	rc_is 1 "$set: without one between them" binlog-tail -q --schema "$dir/schema.sql" "$dir"/relay.00000[1235]
	like "$(cat "$tmp/err")" 'relay.000004 is missing' '  is told'
	# one after the other
	mkdir "$dir/grows"
	cp "$dir"/relay.00000[12] "$dir/grows"
	spawn follow binlog-tail -q --follow --schema "$dir/schema.sql" "$dir/grows/relay.000001"
	for file in "$dir"/relay.00000[3-9] "$dir"/relay.00001*; do
		head -c 300 "$file" >"$dir/grows/${file##*/}"
		wait_until 20 grep -q "$(jq -r .pos "$tmp/want" | head -n 5 | tail -n 1)" "$tmp/follow.out"
		tail -c +301 "$file" >>"$dir/grows/${file##*/}"
	done
	ok "$set: --follow" wait_until 30 grep -q "$(tail -n 1 "$tmp/want" | jq -r .pos)" "$tmp/follow.out"
	stop "$spawned"
	plain "$tmp/follow.out" >"$tmp/got"
	same "$tmp/got" "$tmp/want" '  gives the same'
done
done_testing
