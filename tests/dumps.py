#!/usr/bin/env python3
# usage: dumps.py TRUTH.jsonl EVENTS.ndjson [DB]
# Compares the rows that dump-reader gave with those that a server had after it loaded the same dump: one a line,
# {"table": "db.table", "row": {column: MySQL's text, {"hex": bytes} or null}}. DB: what EVENTS call the truth's database.
# Prints what differs; status 1 then.
import base64, json, struct, sys


def server_text(value, column):
    """A value of an event as the server prints it, or bytes."""
    kind = column["type"].split("(")[0].split(" ")[0]
    if value is None or isinstance(value, str) and kind in ("char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "time"):
        return value
    if kind in ("binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"):
        return base64.b64decode(value)
    if kind in ("date", "datetime", "timestamp"):
        return value.replace("T", " ").rstrip("Z")
    if kind == "set":
        return ",".join(value)
    if kind == "bit":
        bits = int(column["type"].split("(")[1].rstrip(")")) if "(" in column["type"] else 1
        return int(value).to_bytes((bits + 7) // 8, "big")
    if kind == "year":
        return "%04d" % int(value)
    return value


def same(ours, truth, column):
    kind = column["type"].split("(")[0].split(" ")[0]
    if isinstance(truth, dict):
        truth = bytes.fromhex(truth["hex"])
    if kind in ("geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
                "geomcollection", "geometrycollection"):
        return (ours is None) == (truth is None)
    ours = server_text(ours, column)
    if kind in ("float", "double") and ours is not None and truth is not None:
        return float(ours) == float(truth)
    if kind == "vector" and ours is not None:
        return struct.pack("<%df" % len(ours), *map(float, ours)) == truth
    if kind == "json" and truth is not None:
        return json_same(ours, json.loads(truth, parse_float=str, parse_int=str))
    if isinstance(ours, bool):
        ours = bytes([ours])
    if kind in ("date", "datetime", "timestamp") and ours is None and isinstance(truth, str):
        return "00" in truth[:10].replace("-", " ").split() or truth.startswith("0000")    # zero dates are null
    if isinstance(truth, bytes) and isinstance(ours, str):
        ours = ours.encode()
    return ours == truth


def json_same(ours, truth):
    """Numbers that the server made doubles of as it loaded the dump have more digits in the dump."""
    if isinstance(ours, dict) and isinstance(truth, dict):
        return ours.keys() == truth.keys() and all(json_same(ours[k], truth[k]) for k in ours)
    if isinstance(ours, list) and isinstance(truth, list):
        return len(ours) == len(truth) and all(map(json_same, ours, truth))
    if isinstance(ours, str) and isinstance(truth, str) and ours != truth:
        try:
            return float(ours) == float(truth)
        except ValueError:
            return False
    return ours == truth


def main():
    tables, failed = {}, 0
    for line in open(sys.argv[2], encoding="utf-8"):
        event = json.loads(line, parse_float=str, parse_int=str)
        if event["op"] not in ("schema", "snapshot"):
            continue
        name = event["db"] + "." + event["table"]
        if event["op"] == "schema":
            tables[name] = ({c["name"].lower(): c for c in event["columns"]}, [])
        else:
            tables[name][1].append({k.lower(): v for k, v in event["row"].items()})
    truth = {}
    for line in open(sys.argv[1], encoding="utf-8"):
        row = json.loads(line)
        db, table = row["table"].split(".", 1)
        name = (sys.argv[3] if len(sys.argv) > 3 and db == "t_load" else db) + "." + table
        truth.setdefault(name, []).append(row["row"])
    for name, rows in truth.items():
        columns, got = tables.get(name, ({}, []))
        want_count = len(rows)
        if len(got) < want_count or want_count < 3000 and len(got) != want_count:
            print(name, "rows", len(got), "not", want_count)
            failed = 1
            continue
        # each of its rows is there once; those that could be it are found by a column whose text is the same everywhere
        by = next((k for k in (k.lower() for k in rows[0]) if k in columns and not columns[k].get("generated") and
                   columns[k]["type"].split("(")[0].split(" ")[0] in ("int", "smallint", "bigint", "tinyint", "varchar", "char")), None)
        left = {}
        for row in got:
            left.setdefault(row.get(by), []).append(row)
        for row in rows:
            row = {k.lower(): v for k, v in row.items() if k.lower() in columns and not columns[k.lower()].get("generated")}
            candidates = left.get(row.get(by) if not isinstance(row.get(by), dict) else None, [])
            for i, candidate in enumerate(candidates):
                if all(k in candidate and same(candidate[k], v, columns[k]) for k, v in row.items()):
                    del candidates[i]
                    break
            else:
                print(name, "has no row like", json.dumps(row, ensure_ascii=False)[:300])
                failed = 1
                break
    return failed


sys.exit(main())
