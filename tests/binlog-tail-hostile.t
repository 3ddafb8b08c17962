#!/bin/sh
# Logs that are cut short, or have a byte changed, give what comes before that and no line more. HOSTILE_RUNS=10000 for all.
. "${0%/*}/tap.sh"

hostile=${bin%/bin}/tests/hostile
tar -xJf "$root/tests/recorded/sets.tar.xz" -C "$tmp"
for set in mysql-5.6-cascade mysql-9-cascade mysql-5.6-checksum-none mysql-5.6-minimal-row-image mysql-9-compressed \
	mysql-9-partial-json mariadb-11-compressed mariadb-11-full-metadata; do
	schema=$tmp/$set/schema.sql
	case $set in
	mysql-5.6-cascade) ;;
	mysql-5.6-*) schema='' ;; # that of the end does not fit what was altered
	esac
	for file in "$tmp/$set"/binlog.00000[123]; do
		[ -e "$file" ] || continue
		ok "$set, ${file##*/}" "$hostile" "${HOSTILE_RUNS:-40}" "$schema" "$file"
	done
done
done_testing
