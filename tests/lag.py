#!/usr/bin/env python3
"""lag.py SECONDS RATE PIPE: how long from a commit to its acknowledgement.

Commits RATE rows a second to the table lag.t of the MariaDB at DB_SOCKET while the shell command PIPE runs, whose output
are the acknowledged control lines; prints the quantiles of the time from each commit to the first line that covers it."""
import json
import os
import subprocess
import sys
import threading
import time

seconds, rate, pipe = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
client = subprocess.Popen(["mariadb", "--no-defaults", "-u", "root", "-S", os.environ["DB_SOCKET"], "-N", "-B", "--unbuffered", "lag"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
process = subprocess.Popen(pipe, shell=True, stdout=subprocess.PIPE, text=True, bufsize=1, start_new_session=True)
commits, lags, ready, done = [], [], threading.Event(), threading.Event()


def position(text):
    file, _, offset = text.rpartition(":")
    return int(file.rpartition(".")[2]), int(offset)


def acknowledgements():
    waiting = 0
    for line in process.stdout:
        now = time.time()
        event = json.loads(line)
        ready.set()
        if event["op"] not in ("commit", "heartbeat"):
            continue
        at = position(event["pos"])
        while waiting < len(commits) and commits[waiting][0] <= at:
            lags.append(now - commits[waiting][1])
            waiting += 1
        if done.is_set() and waiting == len(commits):
            return


threading.Thread(target=acknowledgements, daemon=True).start()
ready.wait(30)
began = time.time()
for i in range(seconds * rate):
    time.sleep(max(0, began + i / rate - time.time()))
    client.stdin.write(f"INSERT INTO t (v) VALUES ('{i} some text that is long enough to be a row');\n")
    client.stdin.write("SHOW MASTER STATUS;\n")
    client.stdin.flush()
    file, offset = client.stdout.readline().split("\t")[:2]
    commits.append((position(f"{file}:{offset}"), time.time()))
done.set()
deadline = time.time() + 20
while len(lags) < len(commits) and time.time() < deadline:
    time.sleep(0.01)
os.killpg(process.pid, 15)
if len(lags) < len(commits):
    sys.exit(f"lag: {len(commits) - len(lags)} of {len(commits)} commits were never acknowledged")
lags.sort()
quantile = {q: lags[min(len(lags) - 1, int(len(lags) * q))] * 1000 for q in (0.5, 0.99)}
print(f"{len(lags)} commits at {rate}/s: p50 {quantile[0.5]:.1f} ms, p99 {quantile[0.99]:.1f} ms, longest {lags[-1] * 1000:.1f} ms")
