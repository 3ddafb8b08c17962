#!/bin/sh
# One row gives the same bytes by every road, on a newer MariaDB and an older MySQL.
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"
. "${0%/*}/same-bytes.sh"

need_database mariadb-11
on_server
need_database mysql-5.6
on_server
done_testing
