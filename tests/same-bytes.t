#!/bin/sh
# One row gives the same bytes by every road: binary log, dump, dump in hex, SELECT by key, tables read live; of every type and
# every kind of key. (A FLOAT in a dump has only the digits that its server printed: the one exception.)
. "${0%/*}/tap.sh"
. "${0%/*}/servers.sh"
. "${0%/*}/tail.sh"
. "${0%/*}/same-bytes.sh"

need_mariadb
on_server
need_mysql
on_server
done_testing
