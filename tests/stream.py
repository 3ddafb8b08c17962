#!/usr/bin/env python3
"""stream.py FILE DB.TABLE...: does a stream of rows, from an empty index on, leave exactly the table?

As compare.py, with the last row of each key in FILE (event lines) in the place of an index's documents."""
import json
import sys

import compare


def documents(alias):
    last = {}
    for line in open(sys.argv[1], encoding="utf-8"):
        event = json.loads(line, parse_int=compare.Number, parse_float=compare.Number)
        if "row" not in event or f"{event['db']}.{event['table']}".lower() != alias:
            continue
        assert list(event)[0] == "op" and list(event)[-1] == "row", line[:200]
        for key in ("old_key", "key"):
            if key in event:
                last.pop("|".join(v.replace("\\", "\\\\").replace("|", "\\|") for v in event[key]), None)
        if event["op"] != "delete":
            assert "partial" not in event, line[:200]
            last["|".join(v.replace("\\", "\\\\").replace("|", "\\|") for v in event["key"])] = event["row"]
    return last.items()


compare.documents = documents
sys.exit(0 if all([compare.compare(t) for t in sys.argv[2:]]) else 1)
