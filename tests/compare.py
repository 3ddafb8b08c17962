#!/usr/bin/env python3
"""compare.py DB.TABLE...: does each index hold exactly the table, document by document?

The table as SELECT shows it (by the mariadb client, socket in DB_SOCKET) against every document of the
alias DB.TABLE (ES_URL; ES_AUTH user:password, ES_CA). Values are worked out here from the manual's table
(m2e-events.5), by none of m2e's own code. With DUMPED set a FLOAT has the digits that a dump prints. Status 0: equal; 1: not, the first differences are shown."""
import base64
import json
import os
import ssl
import struct
import subprocess
import sys
import urllib.request
from decimal import Decimal

INTS = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}
BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"}
TEXT = {"char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json"}


class Number(str):
    """A JSON number as it was written."""


def query(sql):
    client = ["mariadb", "--no-defaults", "-u", "root", "-S", os.environ["DB_SOCKET"], "-N", "-B", "--quick",
              "--default-character-set=utf8mb4", "-e", "SET time_zone='+00:00', sql_mode=''; " + sql]
    with subprocess.Popen(client, stdout=subprocess.PIPE, text=True) as p:
        for line in p.stdout:
            yield line.rstrip("\n").split("\t")
    if p.returncode != 0:
        sys.exit(f"compare: the database: status {p.returncode}")


def request(method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    r = urllib.request.Request(os.environ["ES_URL"] + path, data, {"Content-Type": "application/json"}, method=method)
    if os.environ.get("ES_AUTH"):
        r.add_header("Authorization", "Basic " + base64.b64encode(os.environ["ES_AUTH"].encode()).decode())
    ca = os.environ.get("ES_CA")
    context = ssl.create_default_context(cafile=ca) if ca else None
    with urllib.request.urlopen(r, timeout=120, context=context) as answer:
        return json.loads(answer.read(), parse_int=Number, parse_float=Number)


def documents(alias):
    request("POST", f"/{alias}/_refresh")
    page = request("POST", f"/{alias}/_search?scroll=2m", {"size": 500, "query": {"match_all": {}}, "sort": ["_doc"]})
    while page["hits"]["hits"]:
        for hit in page["hits"]["hits"]:
            yield hit["_id"], hit["_source"]
        page = request("POST", "/_search/scroll", {"scroll": "2m", "scroll_id": page["_scroll_id"]})


def columns_of(db, table):
    rows = query(f"""SELECT column_name, data_type, column_type, IFNULL(datetime_precision, 0),
        (SELECT COUNT(*) FROM information_schema.check_constraints k WHERE k.constraint_schema = '{db}'
         AND k.table_name = '{table}' AND k.check_clause LIKE CONCAT('%json_valid(`', column_name, '`)%'))
        FROM information_schema.columns WHERE table_schema = '{db}' AND table_name = '{table}'
        ORDER BY ordinal_position""" if not os.environ.get("DB_KIND", "").startswith("mysql") else
                 f"""SELECT column_name, data_type, column_type, IFNULL(datetime_precision, 0), 0
        FROM information_schema.columns WHERE table_schema = '{db}' AND table_name = '{table}'
        ORDER BY ordinal_position""")
    return [(n, "json" if j != "0" else t, full, int(f)) for n, t, full, f, j in rows]


def expression(name, kind):
    name = f"`{name}`"
    if kind in BINARY:
        return f"HEX({name})"
    if kind in TEXT:
        return f"HEX(CONVERT({name} USING utf8mb4))"
    if kind == "bit":
        return f"{name}+0"
    if kind == "float":
        return f"{name}+0e0"  # as a double: every digit
    return name


def shortest_float(text):
    want = struct.unpack("f", struct.pack("f", float(text)))[0]
    if os.environ.get("DUMPED"):
        return float(f"{want:.6g}")
    for digits in range(1, 10):
        s = f"{want:.{digits}g}"
        if struct.unpack("f", struct.pack("f", float(s)))[0] == want:
            return float(s)
    return want


def expected(cell, kind, full):
    """A value that equals (after canon) what the document must hold."""
    if cell == "NULL":
        return None
    if kind in BINARY:
        return base64.b64encode(bytes.fromhex(cell)).decode()
    if kind in TEXT:
        text = bytes.fromhex(cell).decode()
        if kind == "set":
            return text.split(",") if text else []
        return json.loads(text, parse_int=Number, parse_float=Number) if kind == "json" else text
    if kind == "bit":
        return cell == "1" if full == "bit(1)" else Number(cell)
    if kind in INTS:
        return Number(int(cell))
    if kind == "decimal":
        return Number(cell)
    if kind == "float":
        return shortest_float(cell)
    if kind == "double":
        return float(cell)
    if kind == "time":
        return cell
    date, _, clock = cell.partition(" ")
    if "00" in (date[5:7], date[8:10]):
        return None
    return date + ("T" + clock if clock else "") + ("Z" if kind == "timestamp" else "")


def same(got, want):
    if isinstance(want, float):
        return isinstance(got, Number) and float(got) == want
    if isinstance(want, Number) or isinstance(got, Number):
        return isinstance(got, Number) and isinstance(want, Number) and (
            got == want or (Decimal(got) == Decimal(want) and "." not in want))
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(map(same, got, want))
    if isinstance(want, dict):
        return isinstance(got, dict) and got.keys() == want.keys() and all(same(got[k], want[k]) for k in want)
    return got == want and type(got) is type(want)


def key_text(cell, kind):
    if kind in BINARY:
        return cell.lower()
    return bytes.fromhex(cell).decode() if kind in TEXT else cell


def compare(table):
    db, name = table.split(".", 1)
    columns = columns_of(db, name)
    keys = [r[0] for r in query(f"""SELECT column_name FROM information_schema.key_column_usage WHERE table_schema='{db}'
        AND table_name='{name}' AND constraint_name='PRIMARY' ORDER BY ordinal_position""")]
    index = dict(documents(table.lower()))
    rows = differences = 0
    shown = []
    for row in query(f"SELECT {','.join(expression(n, k) for n, k, _, _ in columns)} FROM `{db}`.`{name}`"):
        rows += 1
        cells = {n: (c, k, full) for (n, k, full, _), c in zip(columns, row)}
        parts = [key_text(*cells[k][:2]).replace("\\", "\\\\").replace("|", "\\|") for k in keys]
        doc = index.pop("|".join(parts), None)
        if doc is None:
            differences += 1
            shown.append(f"missing: {parts}")
            continue
        for n, (cell, kind, full) in cells.items():
            want = expected(cell, kind, full)
            if not same(doc.get(n, "absent"), want) and not (want is None and n not in doc and not os.environ.get("STRICT")):
                differences += 1
                shown.append(f"{parts} {n}: document {str(doc.get(n, 'absent'))[:80]!r}, table {str(want)[:80]!r}")
    differences += len(index)
    shown += [f"extra: {k}" for k in list(index)[:20]]
    print(f"# {table}: {rows} rows, {differences} differences")
    for line in shown[:20]:
        print("#  ", line)
    return differences == 0


if __name__ == "__main__":
    sys.exit(0 if all([compare(t) for t in sys.argv[1:]]) else 1)
