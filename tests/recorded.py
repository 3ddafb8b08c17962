#!/usr/bin/env python3
"""recorded.py FOLDER [TABLE,…] < events.ndjson: does a stream lead to the tables that the server had, at each step?

FOLDER is a set of tests/recorded (README there); the tables named are left out. Each row line is applied to a table in
memory. Where the stream passes a step of truth.jsonl, that table's rows are compared with the truth, value by value.
Values are worked out here from the manual's table (m2e-events.5), by none of m2e's own code. Also checked: positions
never go back, commits count their rows, old and old_key are what was there. Status 0: equal; 1: not."""
import base64
import hashlib
import json
import re
import struct
import sys

import compare
from compare import Number

CONTROL = {"commit", "heartbeat"}


class Table:
    def __init__(self):
        self.types, self.key, self.rows, self.serial = {}, [], {}, 0


class Lost:
    """A value that no event tells: what DDL made of a column, or a column that was not logged."""


def place(text):
    name, offset = text.rsplit(":", 1)
    return int(name.rsplit(".", 1)[1]), int(offset)


def geojson(b, at):
    """WKB, little-endian: the value, and where it ends."""
    def numbers(at):
        return list(struct.unpack_from("<dd", b, at)), at + 16

    def several(read, at):
        found, n = [], struct.unpack_from("<I", b, at)[0]
        at += 4
        while len(found) < n:
            one, at = read(at)
            found.append(one)
        return found, at

    kind, at = struct.unpack_from("<I", b, at + 1)[0], at + 5
    name = ["", "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"][kind]
    if kind < 4:
        read = [None, numbers, lambda at: several(numbers, at), lambda at: several(lambda at: several(numbers, at), at)][kind]
        inside, at = read(at)
    else:
        inside, at = several(lambda at: geojson(b, at), at)
    if kind == 7:
        return {"type": name, "geometries": inside}, at
    return {"type": name, "coordinates": [g["coordinates"] for g in inside] if kind > 3 else inside}, at


def server_text(v):
    """JSON as the servers print it."""
    if isinstance(v, dict):
        return "{" + ", ".join(json.dumps(k, ensure_ascii=False) + ": " + server_text(x) for k, x in v.items()) + "}"
    if isinstance(v, list):
        return "[" + ", ".join(map(server_text, v)) + "]"
    return v if isinstance(v, Number) else json.dumps(v, ensure_ascii=False)


def is_long(got, kind, truth):
    """Over 1 KB the truth has the length and the MD5 of the text or the bytes only."""
    if kind in compare.BINARY:
        texts = [base64.b64decode(got)]
    elif kind == "json":  # MySQL sorts members by length, then by bytes; MariaDB keeps their order
        def order(v):
            if isinstance(v, dict):
                return {k: order(v[k]) for k in sorted(v, key=lambda k: (len(k.encode()), k.encode()))}
            return list(map(order, v)) if isinstance(v, list) else v
        texts = [server_text(x).encode() for x in (got, order(got))]
    else:
        texts = [got.encode()]
    return any(len(t) == truth["len"] and hashlib.md5(t).hexdigest() == truth["md5"] for t in texts)


def right(got, column, truth, exact):
    full = column["type"]
    kind = re.match(r"\w+", full)[0]
    if truth is None or got is None:
        zero = isinstance(truth, str) and kind in ("date", "datetime", "timestamp") and compare.expected(truth, kind, full) is None
        return got is None and (truth is None or zero or (kind == "json" and truth == "null"))
    if isinstance(truth, dict) and "md5" in truth:
        return is_long(got, kind, truth)
    raw = bytes.fromhex(truth["hex"]) if isinstance(truth, dict) else None
    if kind == "vector":
        floats = struct.unpack(f"<{len(raw) // 4}f", raw)
        return len(got) == len(floats) and all(compare.same(g, compare.shortest_float(repr(f))) for g, f in zip(got, floats))
    if kind in ("point", "linestring", "polygon", "geometry") or kind.startswith(("multi", "geom")):
        want = geojson(raw, 4)[0]  # behind the SRID
    elif kind == "bit":
        want = compare.expected(str(int.from_bytes(raw, "big")), kind, full)
    elif kind in compare.BINARY:
        want = compare.expected(raw.hex(), kind, full)
    elif kind in compare.TEXT:
        want = compare.expected(truth.encode().hex(), kind, full)
    elif kind in ("uuid", "inet4", "inet6"):
        want = truth
    elif kind in ("float", "double"):
        want = compare.expected(exact or truth, kind, full)
    else:
        want = compare.expected(truth, kind, full)
    return compare.same(got, want)


class Replay:
    def __init__(self, folder, left_out):
        steps = map(json.loads, open(folder + "/truth.jsonl", encoding="utf-8"))
        self.todo = [((int(s["file"].rsplit(".", 1)[1]), s["pos"]), s) for s in steps if s["table"] not in left_out]
        self.db = re.search(r"(?m)^USE (\w+);", open(folder + "/script.sql", encoding="utf-8").read())[1]
        self.tables, self.last, self.rows = {}, (0, 0), 0
        self.compared = self.unknown = self.differences = 0

    def differ(self, *what):
        self.differences += 1
        if self.differences <= 20:
            print("#", *[str(w)[:200] for w in what])

    def line(self, event):
        op, row = event["op"], event.get("row")
        pos = place(event["pos"]) if "pos" in event else None
        if pos and op != "heartbeat":
            if pos < self.last:
                self.differ("position goes back", event)
            self.last = max(pos, self.last)
        # a commit's position is where the next transaction starts, a row's where it does itself
        if op not in CONTROL:
            self.pass_steps(pos, row is not None)
        name = (event.get("db"), event.get("table"))
        if row is not None:
            self.take_row(self.tables[name], event)
            self.rows += 1
        elif op == "schema":
            self.take_schema(self.tables.setdefault(name, Table()), event)
        elif op == "truncate":
            self.tables.setdefault(name, Table()).rows.clear()
        elif op == "drop":
            self.tables.pop(name, None)
        elif op == "rename":
            self.tables[event["to_db"], event["to_table"]] = self.tables.pop(name, Table())
        elif op == "commit":
            if int(event["rows"]) != self.rows:
                self.differ("rows counted:", self.rows, event)
            self.rows = 0
        if op in CONTROL:
            self.pass_steps(pos, True)

    def take_schema(self, t, event):
        types = {c["name"]: c for c in event["columns"]}
        whole = re.compile(r"(tiny|small|medium|big)?int")
        for row in t.rows.values():  # what an ALTER makes of the values that are there, no event tells
            for name in types:
                was, now = t.types.get(name), types[name]
                if was is None or (was["type"] != now["type"] and not (whole.match(was["type"]) and whole.match(now["type"]))):
                    row[name] = Lost
            for name in set(row) - set(types):
                del row[name]
        t.types, t.key = types, event.get("key", [])

    def take_row(self, t, event):
        op, row, old = event["op"], event["row"], event.get("old", {})
        key = tuple(event["key"]) if t.key else None
        if not event.get("partial") and list(row) != list(t.types):
            self.differ("columns are not the schema line's:", event)
        was = {}
        if op != "insert":
            before = {**row, **old}
            at = tuple(event.get("old_key", event["key"])) if t.key else next(
                (n for n, r in t.rows.items() if all(r[c] == v for c, v in before.items())), None)
            if at not in t.rows:
                self.differ("no such row:", event)
            was = t.rows.pop(at, {})
            for name, value in (row if op == "delete" else old).items():
                if was.get(name, Lost) not in (Lost, value):
                    self.differ("another value was there:", name, was[name], event)
        if op == "delete":
            return
        if key in t.rows:
            self.differ("there is such a row already:", event)
        if event.get("partial"):  # a generated column may have changed with another one
            row = {**{c: Lost if t.types[c].get("generated") else v for c, v in was.items()}, **row}
            row = {c: row.get(c, Lost) for c in t.types}
        t.serial += 1
        t.rows[key or t.serial] = row

    def pass_steps(self, pos, inclusive):
        while pos and self.todo and (self.todo[0][0] < pos or (inclusive and self.todo[0][0] == pos)):
            self.compare(self.todo.pop(0)[1])

    def compare(self, step):
        t, want = self.tables.get((self.db, step["table"])), step["rows"]
        about = f"step {step['step']} {step['name']}, {step['table']}:"
        if t is None or want is None:
            if want or t:
                self.differ(about, "is there" if t else "is not there")
            return
        left = dict(t.rows)
        for truth in want:
            names = [c for c in t.types if c in truth]
            def wrong(n, columns):
                return [c for c in columns if left[n].get(c, Lost) is not Lost and
                        not right(left[n][c], t.types[c], truth[c], truth.get(c + "+0"))]
            found = next((n for n in left if not wrong(n, t.key or names)), None)
            if found is None:
                self.differ(about, "there is no row", truth)
                continue
            for c in wrong(found, names):
                self.differ(about, found, c, "is", left[found][c], "and should be", truth[c])
            got = left.pop(found)
            self.unknown += sum(got.get(c, Lost) is Lost for c in names)
            self.compared += len(names)
        for n in left:
            self.differ(about, "there is a row too many:", left[n])

    def end(self):
        for _, step in self.todo:
            self.differ(f"step {step['step']} {step['name']}, {step['table']}: not reached")
        print(f"# {self.compared} values compared, {self.unknown} not told, {self.differences} differences")
        return 1 if self.differences else 0


replay = Replay(sys.argv[1], sys.argv[2].split(",") if len(sys.argv) > 2 else [])
for text in sys.stdin:
    replay.line(json.loads(text, parse_int=Number, parse_float=Number))
sys.exit(replay.end())
