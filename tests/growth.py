#!/usr/bin/env python3
"""growth.py COMMAND...: how many KiB the peak of a program's memory grows from its first output to its last (standard input
is the program's). What wait(2) says of it would begin with what python held before it became that program."""
import re
import subprocess
import sys

p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE)
peaks = []
while p.stdout.read1(1 << 16):
    found = re.search(r"VmHWM:\s*(\d+)", open(f"/proc/{p.pid}/status").read())
    peaks += [int(found[1])] if found else []
print(peaks[-1] - peaks[0] if p.wait() == 0 and len(peaks) > 100 else f"status {p.wait()}, {len(peaks)} reads")
