#!/bin/sh
# es-bulk against an engine that fails on purpose, in random schedules: nothing lost, order kept, no
# acknowledgement ahead of what it covers, memory bounded. SCHEDULES=1000 for many, SEED=N for one of them.
. "${0%/*}/tap.sh"

exec python3 "$root/tests/schedules.py" "$bin/es-bulk" "${SEED:-1}" "${SCHEDULES:-25}"
