#!/usr/bin/env python3
"""killed.py ROWS SECONDS COMMAND...: a load of a table with the keys 1 to ROWS that is killed with SIGKILL every so many
seconds, and goes on by --resume with the last progress line's token, until it is done. Each row must come, under one
position. Prints a line of figures, among them the highest peak of memory beyond a run's start."""
import json
import re
import subprocess
import sys
import time

rows, seconds, command = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
seen, positions, token, done = bytearray(rows + 1), set(), None, False
runs = lines = grown = 0
began = time.monotonic()


def peak(p):
    found = re.search(r"VmHWM:\s*(\d+)", open(f"/proc/{p.pid}/status").read())
    return int(found[1]) if found else 0


while not done and runs < 1000:
    runs += 1
    p = subprocess.Popen(command + (["--resume", token] if token else []), stdout=subprocess.PIPE)
    until, first = time.monotonic() + seconds, None
    for n, line in enumerate(p.stdout):
        if n % 1024 == 0:
            first, now = first or peak(p), peak(p)
            grown = max(grown, now - first) if now else grown
            if time.monotonic() >= until:
                p.kill()
        if not line.endswith(b"\n"):
            break
        if line.startswith(b'{"op":"snapshot"'):
            seen[int(re.search(rb'"key":\["(\d+)"\]', line)[1])] = 1
            lines += 1
            if n % 1024 == 0:
                positions.add(json.loads(line)["pos"])
        elif line.startswith(b'{"op":"progress"'):
            token = json.loads(line)["resume"]
        elif line.startswith(b'{"op":"done"'):
            done = True
    status = p.wait()
    if status not in (0, -9):
        sys.exit(f"killed.py: status {status}")
took = time.monotonic() - began
print(f"{sum(seen[1:])} of {rows} rows in {runs} runs, {lines} lines, {len(positions)} position, {took:.0f} s, "
      f"{grown} KiB beyond the start at most")
sys.exit(sum(seen[1:]) != rows or len(positions) != 1 or not done)
