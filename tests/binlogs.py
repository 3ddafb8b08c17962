#!/usr/bin/env python3
"""binlogs.py TRUTH STREAM: are the stream's rows those that another decoder (go-mysql) got from the same log?

TRUTH has a JSON object a row: table, kind, the columns' type codes, before and after. Compared are the rows in their order, value
by value. The other decoder knows no signs, character sets and members: integers are compared by their bits, text by its bytes,
members by their numbers. What it does not decode (geometries, parts of documents) is passed over."""
import decimal
import json
import re
import struct
import sys

FLOAT, DOUBLE, BIT, JSON, NEWDECIMAL, ENUM, SET, STRING, GEOMETRY = 4, 5, 16, 245, 246, 247, 248, 254, 255
INTEGERS = {1: 8, 2: 16, 9: 24, 3: 32, 8: 64}
TIMES = {7, 10, 11, 12, 17, 18, 19}


def members(text):
    return [m.replace("''", "'").replace("\\\\", "\\") for m in re.findall(r"'((?:[^'\\]|''|\\.)*)'", text)]


def number_of(value, column):
    """ENUM's index, SET's bits."""
    if isinstance(value, int):
        return value
    names = members(column["type"])
    if isinstance(value, list):
        return sum(1 << names.index(m) for m in value)
    return names.index(value) + 1 if value in names else 0


def bytes_of(value, column):
    if isinstance(value, dict):
        return value["b"].encode() if "b" in value else bytes.fromhex(value["hex"])
    if not column.get("charset") and re.fullmatch(r"(?:[0-9a-f]{2})*", value):
        return bytes.fromhex(value)
    return value.encode()


def text_of(raw, charset):
    names = {"latin1": "cp1252", "ucs2": "utf-16-be", "utf16": "utf-16-be", "utf16le": "utf-16-le", "utf32": "utf-32-be"}
    try:
        return raw.decode(names.get(charset, "utf-8" if charset in ("utf8mb4", "utf8mb3", "utf8", "ascii") else charset))
    except (UnicodeDecodeError, LookupError):
        return None


def clock(text):
    text = text.replace("T", " ").rstrip("Z")
    return re.sub(r"\.(\d*?)0*$", lambda m: "." + m.group(1) if m.group(1) else "", text)


def same_json(ours, theirs):
    """Doubles are the same when they read as the same."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same_json(v, theirs[k]) for k, v in ours.items())
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same_json, ours, theirs))
    return ours == theirs or isinstance(ours, decimal.Decimal) and float(ours) == float(theirs)


def equal(code, ours, theirs, column):
    if isinstance(theirs, dict) and "jsondiff" in theirs:
        return True
    if code == JSON and theirs is not None:
        text = theirs if isinstance(theirs, str) else bytes_of(theirs, {}).decode()
        return same_json(ours, json.loads(text, parse_float=decimal.Decimal))
    if ours is None or theirs is None:
        return ours is theirs
    if code == GEOMETRY or isinstance(ours, (list, dict)) and code not in (JSON, SET, STRING):
        return True
    if code in INTEGERS:
        return (int(ours) - int(theirs)) % (1 << INTEGERS[code]) == 0
    if code == BIT:
        return (int(ours) - int(theirs)) % (1 << 64) == 0
    if code in (FLOAT, DOUBLE):
        form = "<f" if code == FLOAT else "<d"
        value = theirs.get("f32", theirs.get("f64")) if isinstance(theirs, dict) else theirs
        return struct.pack(form, float(ours)) == struct.pack(form, float(value))
    if code == NEWDECIMAL:
        return decimal.Decimal(str(ours)) == decimal.Decimal(theirs if isinstance(theirs, str) else str(theirs))
    if code in TIMES:
        return clock(ours) == clock(theirs)
    if code in (ENUM, SET) or isinstance(theirs, int):
        return number_of(ours, column) == theirs
    raw = theirs.encode() if isinstance(theirs, str) else bytes_of(theirs, column)
    if column.get("charset"):
        return text_of(raw, column["charset"]) in (ours, None)
    got = bytes_of(ours, column)
    return got.rstrip(b"\0") == raw.rstrip(b"\0") or ours.encode() == raw


def compare_image(ours, theirs, row, columns, place):
    for i, value in enumerate(theirs):
        if isinstance(value, dict) and "absent" in value:
            continue
        column = columns[i]
        if column["name"] not in ours:
            return f"{place}: column {column['name']} is missing"
        if not equal(row["types"][i], ours[column["name"]], value, column):
            return f"{place}: column {column['name']} (type {row['types'][i]}): {ours[column['name']]!r}, they have {value!r}"
    return None


def compare(truth, stream):
    schemas, at = {}, 0
    for event in stream:
        name = f"{event.get('db')}.{event.get('table')}"
        if event["op"] == "schema":
            schemas[name] = event["columns"]
        if "row" not in event:
            continue
        place = f"row {at + 1} ({name}, {event['op']})"
        if at == len(truth):
            return f"{place}: they have no more"
        row = truth[at]
        at += 1
        if (row["table"], row["kind"]) != (name, event["op"]):
            return f"{place}: they have {row['table']}, {row['kind']}"
        image = row["before"] if row["kind"] == "delete" else row["after"]
        wrong = compare_image(event["row"], image, row, schemas[name], place)
        if wrong:
            return wrong
        old = event.get("old", {})
        for i, column in enumerate(schemas[name]):
            if column["name"] in old and not equal(row["types"][i], old[column["name"]], row["before"][i], column):
                return f"{place}: old {column['name']}: {old[column['name']]!r}, they have {row['before'][i]!r}"
    return None if at == len(truth) else f"{at} rows, they have {len(truth)}"


def lines(path, **options):
    with open(path, encoding="utf-8") as f:
        return [json.loads(line, **options) for line in f]


# the stream has nothing of the server's own, nor of sequences
theirs = [row for row in lines(sys.argv[1])
          if row["table"].split(".")[0] not in ("mysql", "sys") and row["table"] not in ("feat.sq", "test.s1")]
different = compare(theirs, lines(sys.argv[2], parse_float=decimal.Decimal))
if different:
    sys.exit(different)
