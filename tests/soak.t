#!/bin/sh
# Under a steady writer m2e is disturbed at random (soak.py, which make soak runs for longer): nothing is missing, extra or stale.
# SOAK_SECONDS, SEED and what else soak.py reads may be set.
. "${0%/*}/tap.sh"

export M2E_BIN="$bin" TMPDIR="$tmp" SOAK_SECONDS="${SOAK_SECONDS:-30}"
rc=0
"$root/tests/soak.py" >"$tmp/out" 2>&1 || rc=$?
[ "$rc" != 77 ] || skip_all "no servers: $(grep -v '^#' "$tmp"/m2e-soak.*/servers.log | tail -n 1)"
diag "$(head -n 1 "$tmp/out")"
is "$rc" 0 'every document equals its row' || cat "$tmp/out" >&2
done_testing
