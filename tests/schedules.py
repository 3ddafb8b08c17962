# es-bulk against an engine that fails on purpose, in schedules drawn from seeds.
# schedules.py ES-BULK FIRST-SEED COUNT: after each schedule the engine's documents
# must be the model's, no acknowledgement may have come before what it covers, and
# memory must have stayed bounded. Prints TAP.
import concurrent.futures
import functools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faulty  # noqa: E402

AT_ONCE = 3
LIMIT_S = 300               # many items that are refused wait 20 ms each
ROOM_KIB = 24 * 1024


class Stream:
    """Random transactions over a few hot keys, and what the documents must be after each."""

    def __init__(self, rnd, positions, poison):
        self.rnd, self.positions, self.poison = rnd, positions, poison
        self.offset, self.lines, self.model = 4, [], {}
        self.rows = []              # (document, version) in order; version of the newest at that time
        self.tables = ["t", "U"]
        self.dead = 0
        self.poisoned = {}          # document: its refused changes, version and line
        self.loose = set()          # documents whose last change is refused: what was folded into it is not written either
        self.keys = rnd.choice([5, 50, 1000] if positions else [5, 50])
        self.pad = rnd.choice([10, 10, 300, 3000])
        self.step()
        self.put(op="source", server="s1", epoch=2)
        self.schema()
        self.loaded = (self.pos(), self.version())
        self.loading = set(self.tables) if positions and rnd.random() < 0.5 else set()
        for _ in range(rnd.choice([0, 100, 2000])):
            self.snapshot()

    def step(self):
        self.offset += self.rnd.randint(1, 300)

    def pos(self):
        return f"2/bin.000007:{self.offset}"

    def version(self):
        return (2 << 56 | 7 << 36 | self.offset) if self.positions else 1

    def put(self, **members):
        self.lines.append((json.dumps(members, separators=(",", ":")), len(self.rows)))

    def schema(self):
        for t in self.tables:
            self.put(op="schema", db="d", table=t, key=["id"], columns=[{"name": "id", "type": "int"}, {"name": "v", "type": "text"}], pos=self.pos())

    def snapshot(self):
        """A row of a load at self.loaded, which comes in no order to the changes since."""
        t, k = self.rnd.choice(self.tables), str(self.rnd.randrange(self.keys))
        if t not in self.loading:
            return
        name, row = ("d." + t.lower(), k), {"id": int(k), "v": "loaded"}
        self.put(op="snapshot", db="d", table=t, key=[k], pos=self.loaded[0], row=row)
        if name not in self.loose:
            self.model.setdefault(name, row)
        self.rows.append((name, self.loaded[1]))

    def row(self):
        t, k = self.rnd.choice(self.tables), str(self.rnd.randrange(self.keys))
        self.step()
        at = {"pos": self.pos()} if self.positions else {}
        name, row = ("d." + t.lower(), k), {"id": int(k), "v": f"{self.offset}" + "x" * self.rnd.randrange(self.pad)}
        there = self.model.get(name) is not None
        x = self.rnd.random()
        if self.poison and x < 0.02:
            row[self.rnd.choice(["poison", "whole"])] = "x"
            self.put(op="insert", db="d", table=t, key=[k], **at, row=row)
            self.dead += 1
            self.poisoned.setdefault(name, []).append((self.version(), self.lines[-1][0]))
            self.loose.add(name)
            self.rows.append((name, None, self.version(), self.lines[-1][0]))
            return
        self.loose.discard(name)
        if there and x < 0.25:
            self.put(op="delete", db="d", table=t, key=[k], **at, row=row)
            self.model[name] = None
        elif there and x < 0.35:
            to = str(self.rnd.randrange(self.keys))
            if to == k:
                return
            row["id"] = int(to)
            self.put(op="update", db="d", table=t, key=[to], old_key=[k], **at, row=row)
            self.model[name] = None
            self.model[("d." + t.lower(), to)] = row
            self.loose.discard(("d." + t.lower(), to))
            self.rows.append((name, self.version(), ("d." + t.lower(), to)))
            return
        else:
            op = "update" if there else "insert"
            if not self.positions:      # nor does a snapshot without one tell which is newer
                op = self.rnd.choice([op, "snapshot"])
            self.put(op=op, db="d", table=t, key=[k], **at, row=row)
            self.model[name] = row
        self.rows.append((name, self.version()))

    def transaction(self):
        for _ in range(self.rnd.choice([1, 1, 2, 5, 40, 400])):
            n = len(self.rows)
            self.row()
            if len(self.rows) == n:
                continue
            if self.positions and self.rnd.random() < 0.001:
                self.truncate()
            if self.rnd.random() < 0.2:
                self.snapshot()
        self.step()
        self.put(op="commit", pos=self.pos())
        if self.rnd.random() < 0.1:
            self.put(op="heartbeat", pos=self.pos())
        if self.rnd.random() < 0.02:
            self.schema()

    def truncate(self):
        t = self.rnd.choice(self.tables)
        self.loading.discard(t)
        self.step()
        self.put(op="truncate", db="d", table=t, pos=self.pos())
        for name in self.model:
            if name[0] == "d." + t.lower():
                self.model[name] = None


class Failure(Exception):
    pass


def dead_letters(file):
    """The events in it, as their lines were."""
    lines = open(file).read().split("\n")[:-1] if os.path.exists(file) else []
    return {json.dumps(json.loads(x)["event"], separators=(",", ":")) for x in lines}


def check_acks(out, stream, engine, acks, dead_file):
    """Reads acknowledgements; each must come when all before it is in the engine or in the dead-letter file."""
    order = {}
    for i, (text, rows) in enumerate(stream.lines):
        order.setdefault(text, []).append((i, rows))
    done, last = 0, -1
    for raw in out:
        text = raw.decode().rstrip("\n")
        places = [p for p in order.get(text, []) if p[0] > last]
        if not places:
            acks.append(f"not a control line that comes here: {text[:200]}")
            return
        last, rows = places[0]
        with engine.lock:
            dead = dead_letters(dead_file)
            for r in stream.rows[done:rows]:
                version, places = (r[2], [r[0]]) if r[1] is None else (r[1], [r[0]] + list(r[2:]))
                for alias, key in places:
                    index = engine.find(alias)
                    had = engine.indices[index].docs.get(key) if index else None
                    # done: written, or a later one is, or a dead letter that it was folded into, or is, is there
                    if (had is None or had[0] < version + (stream.positions and r[1] is None)) and not any(
                            v >= version and line in dead for v, line in stream.poisoned.get((alias, key), [])):
                        acks.append(f"{text[:100]}: {alias} {key} is {had and had[0]}, must be {version}")
                        return
            done = rows
    acks.append(None)


def feed(process, stream, rnd, slow):
    lines = [text.encode() + b"\n" for text, _ in stream.lines]
    try:
        if not slow:                # large batches
            process.stdin.write(b"".join(lines))
        else:
            for line in lines:
                process.stdin.write(line)
                if rnd.random() < 0.01:
                    process.stdin.flush()
                    time.sleep(rnd.random() * 0.01)
        process.stdin.close()
    except (BrokenPipeError, ValueError):
        pass


def peak(pid):
    try:
        with open(f"/proc/{pid}/status") as f:
            return int([x for x in f if x.startswith("VmHWM")][0].split()[1])
    except (OSError, IndexError):
        return 0


def schedule(program, seed, folder):
    rnd = random.Random(seed)
    positions = seed % 3 != 0
    poison = rnd.random() < 0.4
    stream = Stream(rnd, positions, poison)
    for _ in range(rnd.choice([3, 10, 30])):
        stream.transaction()
    level = rnd.choice([0.02, 0.1, 0.3])
    faults = {f: level * rnd.random() for f in faulty.Engine.FAULTS if f not in ("twin", "slow") and rnd.random() < 0.6}
    # with waits that double, more than half would take for ever
    sum_of = sum(faults.values())
    faults = {f: p * min(1, 0.4 / sum_of) for f, p in faults.items()}
    faults["item"] = faults.get("item", 0) * rnd.choice([0.01, 0.3, 1])
    if not positions:               # here order alone decides
        faults["item"] = max(faults["item"], 0.3)
    if rnd.random() < 0.15:
        faults["slow"] = 0.03       # longer than the time-out
    if positions and rnd.random() < 0.3:
        faults["twin"] = 0.1
    engine = faulty.Engine(seed, **faults)
    engine.page = rnd.choice([None, 7])
    engine.points = level > 0.02    # a scroll that loses a page begins again: not to be had at a high level,
    if not engine.points and engine.page:
        engine.page = 100           # nor with many pages
    server = faulty.Server(engine)
    dead_file = os.path.join(folder, f"dead.{seed}")
    args = [program, "-q", "-q", "--url", f"http://127.0.0.1:{server.port}", "--jobs", str(rnd.choice([1, 2, 3, 8])),
            "--batch-bytes", str(rnd.choice([1024, 20000, 2 << 20])), "--batch-count", str(rnd.choice([10, 5000, 5000, 1] if positions else [10, 5000])),
            "--request-timeout", "1", "--max-wait", "1", "--dead-letter", dead_file, "--max-dead", "100000"]
    killed = 0
    begun = time.time()
    while True:
        # now and then it is killed, and all of it is sent once more
        kill = positions and not poison and killed < 2 and rnd.random() < 0.3
        p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        acks, errors = [], []
        reader = threading.Thread(target=check_acks, args=(p.stdout, stream, engine, acks, dead_file), daemon=True)
        writer = threading.Thread(target=feed, args=(p, stream, rnd, rnd.random() < 0.3), daemon=True)
        talk = threading.Thread(target=lambda: errors.append(p.stderr.read().decode()), daemon=True)
        for t in (reader, writer, talk):
            t.start()
        most = 0
        until = time.time() + (rnd.random() * 0.5 if kill else LIMIT_S)
        while p.poll() is None and time.time() < until:
            most = max(most, peak(p.pid))
            time.sleep(0.005)
        if p.poll() is None:
            p.kill()
            p.wait()
            if not kill:
                raise Failure(f"not done in {LIMIT_S} s")
            killed += 1
            reader.join(10)
            if acks and acks[0]:
                raise Failure(acks[0])
            continue
        for t in (reader, writer, talk):
            t.join(10)
        break
    rc = p.returncode
    server.close()
    with engine.lock:   # late twins come at last
        for _, items in engine.twins:
            for op, name, doc, version, source in items:
                engine.write(op, name, doc, version, source, True)
    dead = dead_letters(dead_file)
    if rc not in ((0, 3) if stream.dead else (0,)) or (rc == 3 and not dead):
        raise Failure(f"status {rc}: {''.join(errors)[-300:]}")
    if acks != [None]:
        raise Failure(acks[0] if acks else "no end of acknowledgements")
    want = {n: r for n, r in stream.model.items() if r is not None and n not in stream.loose}
    got = {}
    for i in engine.indices.values():
        for k, (v, s) in i.docs.items():
            if s is not None:
                for a in i.aliases:
                    if (a, k) not in stream.loose:
                        got[(a, k)] = json.loads(s)
    if want != got:
        bad = [n for n in set(want) | set(got) if want.get(n) != got.get(n)]
        n = bad[0]
        raise Failure(f"{len(bad)} documents differ: {n} is {str(got.get(n))[:80]}, must be {str(want.get(n))[:80]}")
    refused = {line for changes in stream.poisoned.values() for _, line in changes}
    if not dead <= refused:
        raise Failure("a dead letter that is no refused event of the stream")
    for name in stream.loose:
        if stream.poisoned[name][-1][1] not in dead:
            raise Failure(f"{name}: its last change is refused, and no dead letter")
    if most > ROOM_KIB + 16 * 1024 and "asan" not in program:
        raise Failure(f"peak {most} KiB")
    return f"{len(stream.rows)} rows{'' if positions else ' without position'}, {engine.requests} requests, {len(engine.told)} faults, {killed} kills, {time.time() - begun:.1f} s"


def outcome(program, folder, seed):
    try:
        return "ok", schedule(program, seed, folder)
    except Failure as e:
        return "not ok", e


def main():
    program, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    failed = 0
    # most of the time each waits for what fails on purpose
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ProcessPoolExecutor(AT_ONCE) as pool:
        seeds = range(first, first + count)
        for seed, (verdict, said) in zip(seeds, pool.map(functools.partial(outcome, program, folder), seeds)):
            failed += verdict != "ok"
            print(f"{verdict} {seed - first + 1} - seed {seed}: {said}", flush=True)
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
