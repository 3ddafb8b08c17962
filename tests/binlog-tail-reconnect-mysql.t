#!/bin/sh
# Lost connections, signals, slow and absent readers, on MySQL.
# shellcheck disable=SC2034 # for the other one
reconnect_on=mysql
. "${0%/*}/binlog-tail-reconnect.t"
