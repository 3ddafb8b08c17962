#!/bin/sh
# make install puts down what works by itself: programs, manuals, nothing that looks back into the build folder.
. "${0%/*}/tap.sh"

ok 'make install' make -s -C "$root" B="${B:-build}" PREFIX=/usr DESTDIR="$tmp/dest" install
for program in binlog-tail dump-reader es-bulk m2e-state m2e; do
	is "$(PATH=/usr/bin:/bin "$tmp/dest/usr/bin/$program" --version 2>"$tmp/err" | cut -d ' ' -f 1)" "$program" "$program runs from there" || diag "$(cat "$tmp/err")"
	rc_is 2 "$program refuses an option that it does not know" "$tmp/dest/usr/bin/$program" --nonsense
	ok "$program has its manual" test -s "$tmp/dest/usr/share/man/man1/$program.1"
done
for page in man5/m2e-events.5 man5/m2e-config.5 man7/m2e.7; do
	ok "${page#*/} is there" test -s "$tmp/dest/usr/share/man/$page"
done
is "$(cd "$root" && git ls-files 2>/dev/null | grep -v / | sort | tr '\n' ' ')" '.editorconfig .gitignore LICENSE Makefile README.md ' 'nothing else at the top level' ||
	diag 'see git ls-files'
done_testing
