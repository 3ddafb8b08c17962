#!/bin/sh
# Logs that servers of many versions and other projects wrote, where they are (M2E_CORPORA): each gives the rows that another
# decoder got from it, or ends for a reason that is known.
. "${0%/*}/tap.sh"

corpora=${M2E_CORPORA:-$root/../shared/data}/public
[ -d "$corpora/truth/binlogs" ] || skip_all "no $corpora/truth/binlogs"

# reason NAME: why the log is not read to its end; nothing: it must be
reason() {
	case $1 in
	MyFlash--binlog_output_base.flashback | MyFlash--q\(history\)* | mysqltest--duplicate_xid_ddl.000001 | \
		mysqltest--malformed_xid_xa_rollback.000001) echo 'its checksum is wrong' ;;   # tools and people changed it
	mariadbtest--binlog_before_20574.bin) echo 'all that follows is encrypted' ;;
	mariadbtest--binlog_old_version_4_1.000001 | mariadbtest--master-bin.000001 | webscalesql-5.6--blob~3) echo 'MySQL before 5.0' ;;
	mariadbtest--bug32407.001 | mariadbtest--ver_5_1-telco.001) echo 'rows of MySQL before 5.1.16' ;;
	mariadbtest--invalid_row_v2_tag.001) echo 'rows without a table map' ;;               # its table map is in its name's tag
	mariadbtest--mdev-4645-*) echo 'event headers of another length' ;;                   # another server's
	mysqltest--binlog_truncated_*.000001 | polardbx-cdc--mysql_bin.1) echo 'ends inside an event' ;;
	mysqltest--bug40482-bin.000001) echo 'the server lost events' ;;
	mysqltest--ver_5_1-wl2325_r.001) echo 'numbers its events in another way' ;;
	# binlog_format=STATEMENT, or MIXED
	binlog-parser--mysql-bin.05 | mariadbtest--mariadb-5.5-binlog.000001 | mariadbtest--mysql-*-stm-temporal-* | \
		mysqltest--binlog_56_gtid_reserved_word.000001 | mysqltest--binlog_savepoint.000001 | mysqltest--binlog_transaction.000001 | \
		mysqltest--bug16266.000001 | mysqltest--bug33029-slave-relay-bin.000001 | mysqltest--rpl_binlog_with_no_gipk_info.000001 | \
		mysqltest--ver_5_1_23.001 | mysqltest--ver_trunk_row_v2.001 | own-mysql9.7-statement.binlog | \
		percona-toolkit--relay-binlog001 | webscalesql-5.6--blob | ybinlogp--mysql-bin.default-path)
		echo 'a statement that changes rows was logged as such'
		;;
	esac
}

for log in "$corpora"/binlogs/*; do
	name=${log##*/} why=$(reason "${log##*/}")
	run sh -c 'exec binlog-tail -q --anonymous --binary=hex --zero-dates=keep --xa=hold --name binlog.000001 - <"$0"' "$log"
	cp "$tmp/out" "$tmp/stream"
	if [ -n "$why" ]; then
		like "$rc $(cat "$tmp/err")" "^1 .*$why" "$name: $why"
		continue
	fi
	is "$rc" 0 "$name" || diag "$(cat "$tmp/err")"
	truth=$corpora/truth/binlogs/$name.rows.jsonl.gz
	[ -e "$truth" ] || continue
	zcat "$truth" >"$tmp/truth"
	case $name in
	own-mysql9.7-*) sed -i '$d' "$tmp/truth" ;; # an XA transaction's, which was rolled back
	esac
	ok '  the rows are those of another decoder' "$root/tests/binlogs.py" "$tmp/truth" "$tmp/stream"
done
done_testing
