#!/usr/bin/env python3
"""measure.py [-n RUNS] [-r ROWS] [-b BYTES] [-p PID] NAME COMMAND: runs a shell command and prints one line of figures.

Wall and CPU seconds (user and system, of all its processes) are those of the run with the median wall time.
ROWS and BYTES give rates; PID, a server's, what it takes meanwhile, and the command's CPU as a share of that. (memory.t measures memory: what wait(2) says of it begins with this program's own.)"""
import argparse
import os
import subprocess
import sys
import time

a = argparse.ArgumentParser()
a.add_argument("-n", type=int, default=3)
a.add_argument("-r", type=float, default=0)
a.add_argument("-b", type=float, default=0)
a.add_argument("-p", type=int, default=0)
a.add_argument("name")
a.add_argument("command")
o = a.parse_args()



def server_cpu():
    if not o.p:
        return 0
    with open(f"/proc/{o.p}/stat") as f:
        return sum(map(int, f.read().rpartition(")")[2].split()[11:13])) / os.sysconf("SC_CLK_TCK")


runs = []
for _ in range(o.n):
    began, server = time.monotonic(), server_cpu()
    p = subprocess.Popen(["sh", "-c", o.command], stdin=subprocess.DEVNULL)
    _, status, use = os.wait4(p.pid, 0)
    if status != 0:
        sys.exit(f"measure: {o.name}: status {os.waitstatus_to_exitcode(status)}")
    runs.append((time.monotonic() - began, use.ru_utime + use.ru_stime, server_cpu() - server))
wall, cpu, server = sorted(runs)[len(runs) // 2]
line = f"{o.name:44} {wall:7.2f} s wall {cpu:7.2f} s CPU"
if o.b:
    line += f" {o.b / 1e6 / wall:8.1f} MB/s {o.b / 1e6 / max(cpu, 1e-9):8.1f} MB/CPU s"
if o.r:
    line += f" {o.r / wall:9.0f} rows/s {cpu / o.r * 1e6:6.2f} CPU s/million"
if o.p:
    line += f", server {server:.2f} s CPU, this {100 * cpu / max(server, 1e-9):.1f} % of it"
print(line, flush=True)
