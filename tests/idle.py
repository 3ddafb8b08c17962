#!/usr/bin/env python3
"""idle.py PORT EVENTS COMMAND: what a single change through an idle es-bulk takes, and what memory many take.

COMMAND, es-bulk writing to the sink at PORT, gets one change at a time, and between two of them the same document is posted
without it: the medians of both, and what lies between, are printed. Then it gets the file EVENTS, and its peak (VmHWM) is
printed beside that of the start."""
import socket
import statistics
import subprocess
import sys
import time

port, events, command = sys.argv[1:]
p = subprocess.Popen(command, shell=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
ROW = '{"op":"insert","db":"bench","table":"sbtest","key":["%d"],"pos":"b.000001:%d","row":{"id":%d,"v":"some text"}}\n'
COMMIT = '{"op":"commit","pos":"b.000001:%d"}\n'


def send(text, until):
    began = time.perf_counter()
    p.stdin.write(text.encode())
    p.stdin.flush()
    while until not in p.stdout.readline():
        pass
    return time.perf_counter() - began


def post(connection, n):
    began = time.perf_counter()
    body = '{"index":{"_index":"bench.sbtest","_id":"%d"}}\n{"id":%d,"v":"some text"}\n' % (n, n)
    connection.sendall(("POST /_bulk HTTP/1.1\r\nHost: sink\r\nContent-Type: application/x-ndjson\r\n"
                        "Content-Length: %d\r\n\r\n%s" % (len(body), body)).encode())
    answer = b""
    while not answer.endswith(b"]}"):
        answer += connection.recv(65536)
    return time.perf_counter() - began


def peak():
    with open(f"/proc/{p.pid}/task/{p.pid}/children") as f:
        children = f.read().split()
    with open(f"/proc/{children[0] if children else p.pid}/status") as f:
        return next(int(x.split()[1]) for x in f if x.startswith("VmHWM"))


connection = socket.create_connection(("127.0.0.1", int(port)))
connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
send('{"op":"source","server":"1","epoch":0}\n' + ROW % (1, 10, 1) + COMMIT % 11, b"commit")
start = peak()
direct, ours = [], []
for n in range(1, 501):
    direct.append(post(connection, n))
    ours.append(send(ROW % (n, 100 * n, n) + COMMIT % (100 * n + 1), b"commit"))
    time.sleep(0.002)
a, b = (1000 * statistics.median(x) for x in (direct, ours))
print(f"a single change: posted {a:.2f} ms, through es-bulk {b:.2f} ms: {b - a:.2f} ms more (medians of {len(ours)})")
with open(events, "rb") as f:
    for piece in iter(lambda: f.read(1 << 16), b""):
        p.stdin.write(piece)
send('{"op":"commit","pos":"b.000001:9000000"}\n', b":9000000")
print(f"memory: peak {peak()} KiB, {peak() - start} KiB above the start's {start}")
p.stdin.close()
p.stdout.read()
sys.exit(p.wait())
