#!/usr/bin/env python3
"""added.py CONFIG URL TABLE FIRST LAST: how long `m2e add TABLE` takes, and what it costs another table's stream.

Starts m2e run with CONFIG, whose one table is bench.marker; writes rows there one after another, each once the last one is
found by its id at URL, and in the middle of that adds TABLE, whose first and last documents have the ids FIRST and LAST.
Prints the times from the command on, and the quantiles of the rows' lag before and meanwhile. Environment: DB_SOCKET."""
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse

BEFORE = 10	# seconds of lag without the load
LIMIT = 900	# seconds that it may take at most

config, url, table, first, last = sys.argv[1:6]
with open(config, encoding="utf-8") as f:
    state = json.load(f)["state_dir"]


class Engine:
    def __init__(self):
        self.connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=60)

    def has(self, alias, key):
        self.connection.request("GET", f"/{alias}/_doc/{key}?_source=false")
        answer = self.connection.getresponse()
        answer.read()
        return answer.status == 200


def wait_for(what, condition):
    until = time.monotonic() + LIMIT
    while not condition():
        if time.monotonic() > until:
            sys.exit(f"added: {what}: not within {LIMIT} s")
        time.sleep(0.02)
    return time.monotonic()


def in_step(name):
    said = subprocess.run(["m2e-state", "--state", state, "get", "table", name], capture_output=True, text=True, check=False)
    return said.stdout == "syncing\n"


class Marker(threading.Thread):
    """Rows of another table, and the lag of each: (when it was written, lag)"""

    def __init__(self):
        super().__init__(daemon=True)
        self.lags, self.over, self.engine = [], threading.Event(), Engine()
        self.client = subprocess.Popen(["mariadb", "--no-defaults", "-u", "root", "-S", os.environ["DB_SOCKET"], "-N", "-B", "--unbuffered", "bench"],
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def run(self):
        key = 0
        while not self.over.wait(0.02):
            key += 1
            self.client.stdin.write(f"INSERT INTO marker VALUES ({key}); SELECT 1;\n")
            self.client.stdout.readline()
            began = time.monotonic()
            while not self.engine.has("bench.marker", key):
                time.sleep(0.001)
            self.lags.append((began, time.monotonic() - began))

    def said(self, since, until):
        lags = sorted(lag for began, lag in self.lags if since <= began < until)
        p50, p99 = (1000 * lags[min(len(lags) - 1, int(len(lags) * q))] for q in (0.5, 0.99))
        return f"{len(lags)} rows, p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {1000 * lags[-1]:.0f} ms"


def add(marker):
    began = time.monotonic()
    time.sleep(BEFORE)
    asked, engine = time.monotonic(), Engine()
    command = subprocess.Popen(["m2e", "-q", "-c", config, "add", table])
    threading.Thread(target=command.wait, daemon=True).start()
    answered = wait_for("its answer", lambda: command.poll() is not None)
    if command.returncode != 0:
        sys.exit(f"added: m2e add: status {command.returncode}")
    seen = [wait_for(f"document {key}", lambda k=key: engine.has(table, k)) for key in (first, last)]
    joined = wait_for("in step", lambda: in_step(table))
    print(f"m2e add {table}: answered after {answered - asked:.2f} s, first document {seen[0] - asked:.2f} s, "
          f"last {seen[1] - asked:.1f} s, in step {joined - asked:.1f} s")
    print(f"lag of another table before: {marker.said(began, asked)}")
    print(f"lag of another table meanwhile: {marker.said(asked, joined)}")


run = subprocess.Popen(["m2e", "-q", "-c", config, "run"])
try:
    wait_for("bench.marker in step", lambda: in_step("bench.marker"))
    writer = Marker()
    writer.start()
    add(writer)
    writer.over.set()
    writer.join(10)
finally:
    subprocess.run(["m2e", "-q", "-c", config, "stop"], check=False)
    run.wait(120)
