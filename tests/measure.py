#!/usr/bin/env python3
"""measure.py [-n RUNS] [-r ROWS] [-b BYTES] NAME COMMAND: runs a shell command and prints one line of figures.

Wall and CPU seconds (user and system, of all its processes) are those of the run with the median wall time.
ROWS and BYTES give rates. (memory.t measures memory: what wait(2) says of it begins with this program's own.)"""
import argparse
import os
import subprocess
import sys
import time

a = argparse.ArgumentParser()
a.add_argument("-n", type=int, default=3)
a.add_argument("-r", type=float, default=0)
a.add_argument("-b", type=float, default=0)
a.add_argument("name")
a.add_argument("command")
o = a.parse_args()

runs = []
for _ in range(o.n):
    began = time.monotonic()
    p = subprocess.Popen(["sh", "-c", o.command], stdin=subprocess.DEVNULL)
    _, status, use = os.wait4(p.pid, 0)
    if status != 0:
        sys.exit(f"measure: {o.name}: status {os.waitstatus_to_exitcode(status)}")
    runs.append((time.monotonic() - began, use.ru_utime + use.ru_stime))
wall, cpu = sorted(runs)[len(runs) // 2]
line = f"{o.name:44} {wall:7.2f} s wall {cpu:7.2f} s CPU"
if o.b:
    line += f" {o.b / 1e6 / wall:8.1f} MB/s {o.b / 1e6 / max(cpu, 1e-9):8.1f} MB/CPU s"
if o.r:
    line += f" {o.r / wall:9.0f} rows/s {cpu / o.r * 1e6:6.2f} CPU s/million"
print(line, flush=True)
