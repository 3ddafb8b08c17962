#!/usr/bin/env python3
"""proxy.py PORT_FILE TARGET_PORT [port=N] [cut=N,N,...] [flip=N] [mute=N] [rate=BYTES] [told=1]

A TCP proxy on a free port of 127.0.0.1, or on N (written to PORT_FILE). Of what the server sends on the connections, in the order
in which they begin: cut: the first is closed after N bytes, the next after the second N, and so on (0: not at all); flip:
one bit of byte N is another, on each connection; mute: after N bytes nothing more comes, on the first connection that
has so many; rate: bytes a second; told: lines of standard input say what happens from then on: pass; cut: all connections
end, new ones are fine; refuse: they end, and new ones at once; silence: all stay, and nothing passes either way."""
import os
import socket
import sys
import threading
import time

settings = dict(a.split("=") for a in sys.argv[3:])
cuts = [int(n) for n in settings.get("cut", "").split(",") if n]
flip, mute, rate = int(settings.get("flip", 0)), int(settings.get("mute", 0)), int(settings.get("rate", 0))
muted, refusing, open_sockets = False, False, set()
passing = threading.Event()
passing.set()


def end(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def forward(source, target, cut, from_server):
    global muted
    passed = 0
    try:
        while data := source.recv(rate // 20 if rate and from_server else 65536):
            passing.wait()
            if from_server:
                if cut and passed + len(data) >= cut:
                    target.sendall(data[: cut - passed])
                    break
                if flip and passed < flip <= passed + len(data):
                    at = flip - passed - 1
                    data = data[:at] + bytes([data[at] ^ 4]) + data[at + 1:]
                if mute and not muted and passed + len(data) >= mute:
                    muted = True
                    time.sleep(3600)
                if rate:
                    time.sleep(len(data) / rate)
            passed += len(data)
            target.sendall(data)
    except OSError:
        pass
    for s in (source, target):
        end(s)
        open_sockets.discard(s)


def listen_to_orders():
    global refusing
    for order in map(str.strip, sys.stdin):
        refusing = order == "refuse"
        if order in ("cut", "refuse"):
            for s in list(open_sockets):
                end(s)
        if order == "silence":
            passing.clear()
        else:
            passing.set()
    os._exit(0)


listener = socket.create_server(("127.0.0.1", int(settings.get("port", 0))))
with open(sys.argv[1] + ".new", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(sys.argv[1] + ".new", sys.argv[1])
if settings.get("told"):
    threading.Thread(target=listen_to_orders, daemon=True).start()
while True:
    client, _ = listener.accept()
    if refusing:
        client.close()
        continue
    try:
        server = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    except OSError:
        client.close()
        continue
    open_sockets.update((client, server))
    cut = cuts.pop(0) if cuts else 0
    threading.Thread(target=forward, args=(client, server, 0, False), daemon=True).start()
    threading.Thread(target=forward, args=(server, client, cut, True), daemon=True).start()
