#!/usr/bin/env python3
"""ddl.py DB POSITION-STATEMENT BINLOG-TAIL-OPTION...: are harmless statements harmless, and all others told of?

Each statement works on tables of its own, {t}, and perhaps {x} and {y}. One that the manual calls harmless must leave
every value as SELECT shows it, new columns NULL, and no stale line; each of the others must make its tables stale. What a
server cannot do is left out. Prints what is wrong, then how many statements ran. Environment: DB_SOCKET, STATE (a folder)."""
import json
import os
import re
import subprocess
import sys

PARTS = "ALTER TABLE {t} DROP INDEX ub; ALTER TABLE {t} PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (2), PARTITION p1 VALUES LESS THAN (5000))"
CHECK = "ALTER TABLE {t} ADD CONSTRAINT ck{t} CHECK (a < 1000)"
SPACE = "ALTER TABLE {t} ADD g POINT; UPDATE {t} SET g = POINT(1, 2); ALTER TABLE {t} MODIFY g POINT NOT NULL"

# (statement, what prepares its tables, columns that are new)
HARMLESS = [(s + " # #").split("#")[:3] for s in f"""
CREATE TABLE IF NOT EXISTS {{t}} (x INT)
CREATE TABLE {{y}} LIKE {{t}}
CREATE INDEX i ON {{t}} (a)
CREATE FULLTEXT INDEX i ON {{t}} (b)
CREATE SPATIAL INDEX i ON {{t}} (g) # {SPACE}
DROP INDEX ka ON {{t}}
CREATE UNIQUE INDEX i ON {{t}} (a)
ALTER TABLE {{t}} ADD INDEX (a)
ALTER TABLE {{t}} ADD KEY k2 (a, b)
ALTER TABLE {{t}} ADD FULLTEXT (b)
ALTER TABLE {{t}} ADD SPATIAL INDEX (g) # {SPACE}
ALTER TABLE {{t}} ADD UNIQUE (a)
ALTER TABLE {{t}} ADD UNIQUE KEY u2 (a, b)
ALTER TABLE {{t}} RENAME INDEX ka TO kz
ALTER TABLE {{t}} RENAME KEY ka TO kz
ALTER TABLE {{t}} ALTER INDEX ka INVISIBLE
ALTER TABLE {{t}} ALTER KEY ka IGNORED
ALTER TABLE {{t}} DROP INDEX ka
ALTER TABLE {{t}} DROP KEY ub
ALTER TABLE {{t}} DROP CONSTRAINT ck{{t}} # {CHECK}
ALTER TABLE {{t}} DROP CHECK ck{{t}} # {CHECK}
ALTER TABLE {{t}} ALTER CHECK ck{{t}} NOT ENFORCED # {CHECK}
ALTER TABLE {{t}} DROP FOREIGN KEY fk{{t}} # ALTER TABLE {{t}} ADD CONSTRAINT fk{{t}} FOREIGN KEY (a) REFERENCES parent (id)
ALTER TABLE {{t}} ADD n INT # # n
ALTER TABLE {{t}} ADD COLUMN n INT UNSIGNED NULL # # n
ALTER TABLE {{t}} ADD COLUMN n VARCHAR(20) CHARACTER SET latin1 COMMENT 'x' FIRST # # n
ALTER TABLE {{t}} ADD COLUMN n DECIMAL(10,2) AFTER a, ADD m ENUM('a', 'b') # # n, m
ALTER TABLE {{t}} ADD (n DATETIME, m TEXT) # # n, m
ALTER TABLE {{t}} ADD COLUMN IF NOT EXISTS n INT # # n
ALTER TABLE {{t}} ADD n JSON # # n
ALTER TABLE {{t}} ADD n VECTOR(3) # # n
ALTER TABLE {{t}} ADD n UUID # # n
ALTER TABLE {{t}} ADD n INT INVISIBLE # # n
ALTER TABLE {{t}} ADD n INT /*!80023 INVISIBLE */ # # n
ALTER TABLE {{t}} ADD n BLOB, ALGORITHM = INPLACE # # n
ALTER TABLE {{t}} ADD n INT, ALGORITHM = INSTANT # # n
ALTER TABLE {{t}} ALTER a SET DEFAULT 5
ALTER TABLE {{t}} ALTER COLUMN a DROP DEFAULT
ALTER TABLE {{t}} ALTER a SET INVISIBLE
ALTER TABLE {{t}} ALTER a SET VISIBLE
ALTER TABLE {{t}} COMMENT = 'x', ADD INDEX (b)
ALTER TABLE {{t}} AUTO_INCREMENT = 1000
ALTER TABLE {{t}} ROW_FORMAT = COMPACT
ALTER TABLE {{t}} ROW_FORMAT = DYNAMIC MAX_ROWS = 100
ALTER TABLE {{t}} KEY_BLOCK_SIZE = 8
ALTER TABLE {{t}} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 1, STATS_SAMPLE_PAGES = 5
ALTER TABLE {{t}} AVG_ROW_LENGTH = 10, MIN_ROWS = 1, PACK_KEYS = 1, CHECKSUM = 1, DELAY_KEY_WRITE = 1
ALTER TABLE {{t}} PAGE_CHECKSUM = 1
ALTER TABLE {{t}} DEFAULT CHARACTER SET latin1
ALTER TABLE {{t}} CHARSET = latin1
ALTER TABLE {{t}} CHARACTER SET latin1
ALTER TABLE {{t}} DEFAULT CHARSET latin1 COLLATE latin1_bin
ALTER TABLE {{t}} COLLATE = utf8mb4_bin
ALTER TABLE {{t}} DEFAULT COLLATE utf8mb4_bin
ALTER TABLE {{t}} ENGINE = InnoDB
ALTER TABLE {{t}} FORCE, ALGORITHM = INPLACE, LOCK = NONE
ALTER TABLE {{t}} WAIT 5 ADD INDEX (a)
ALTER TABLE {{t}} NOWAIT ADD INDEX (a)
ALTER TABLE {{t}} ENABLE KEYS
ALTER TABLE {{t}} DISABLE KEYS
ANALYZE TABLE {{t}}
OPTIMIZE TABLE {{t}}
CHECK TABLE {{t}}
REPAIR TABLE {{t}}
""".strip().split("\n")]

# (statement, what prepares its tables, other tables that it makes stale)
STALE = [(s + " # #").split("#")[:3] for s in f"""
ALTER TABLE {{t}} MODIFY a BIGINT
ALTER TABLE {{t}} MODIFY b VARCHAR(1)
ALTER TABLE {{t}} CHANGE a a2 INT
ALTER TABLE {{t}} RENAME COLUMN a TO a2
ALTER TABLE {{t}} DROP a
ALTER TABLE {{t}} DROP COLUMN b
ALTER TABLE {{t}} ADD n INT DEFAULT 7
ALTER TABLE {{t}} ADD n INT NOT NULL
ALTER TABLE {{t}} ADD COLUMN (m INT, n INT NOT NULL)
ALTER TABLE {{t}} ADD n TIMESTAMP
ALTER TABLE {{t}} ADD n DATETIME DEFAULT CURRENT_TIMESTAMP
ALTER TABLE {{t}} ADD n INT AUTO_INCREMENT, ADD UNIQUE (n)
ALTER TABLE {{t}} ADD n SERIAL
ALTER TABLE {{t}} ADD n INT AS (a + 1)
ALTER TABLE {{t}} ADD n INT GENERATED ALWAYS AS (a + 1) STORED
ALTER TABLE {{t}} ADD INDEX (a), MODIFY a BIGINT
ALTER TABLE {{t}} ADD n INT /*!50000 DEFAULT 7 */
ALTER TABLE {{t}} CONVERT TO CHARACTER SET latin1
ALTER TABLE {{t}} DROP PRIMARY KEY
ALTER TABLE {{t}} DROP PRIMARY KEY, ADD PRIMARY KEY (a)
ALTER TABLE {{t}} ADD PRIMARY KEY (id) # ALTER TABLE {{t}} DROP PRIMARY KEY
ALTER TABLE {{t}} ORDER BY a
ALTER TABLE {{t}} ENGINE = BLACKHOLE
ALTER TABLE {{t}} ENGINE = MyISAM
ALTER TABLE {{t}} ADD CONSTRAINT fk{{t}} FOREIGN KEY (a) REFERENCES parent (id) ON DELETE CASCADE
ALTER TABLE {{t}} ADD SYSTEM VERSIONING
ALTER TABLE {{t}} PARTITION BY HASH (id) PARTITIONS 2 # ALTER TABLE {{t}} DROP INDEX ub
ALTER TABLE {{t}} REMOVE PARTITIONING # {PARTS}
ALTER TABLE {{t}} TRUNCATE PARTITION p0 # {PARTS}
ALTER TABLE {{t}} DROP PARTITION p0 # {PARTS}
ALTER TABLE {{t}} ADD PARTITION (PARTITION p2 VALUES LESS THAN (9000)) # {PARTS}
ALTER TABLE {{t}} REORGANIZE PARTITION p0, p1 INTO (PARTITION p9 VALUES LESS THAN (9999)) # {PARTS}
ALTER TABLE {{t}} EXCHANGE PARTITION p0 WITH TABLE {{x}} # ALTER TABLE {{x}} DROP INDEX ub; DELETE FROM {{x}} WHERE id > 1; {PARTS} # {{x}}
ALTER TABLE {{t}} EXCHANGE PARTITION p0 WITH TABLE {{x}} WITHOUT VALIDATION # ALTER TABLE {{x}} DROP INDEX ub; {PARTS} # {{x}}
ALTER TABLE {{t}} CONVERT PARTITION p0 TO TABLE {{y}} # {PARTS} # {{y}}
ALTER TABLE {{t}} CONVERT TABLE {{x}} TO PARTITION p2 VALUES LESS THAN (9000) # ALTER TABLE {{x}} DROP INDEX ub; DELETE FROM {{x}}; {PARTS} # {{x}}
ALTER TABLE {{t}} RENAME TO {{y}} # # {{y}}
ALTER TABLE {{t}} RENAME {{y}}, ADD INDEX (a) # # {{y}}
RENAME TABLE {{t}} TO {{y}}, {{x}} TO {{t}} # # {{x}} {{y}}
CREATE OR REPLACE TABLE {{t}} (id INT PRIMARY KEY)
CREATE OR REPLACE TABLE {{t}} LIKE {{x}}
DROP TABLE {{t}}
DROP TABLE IF EXISTS {{t}}, {{x}} # # {{x}}
""".strip().split("\n")]

db, position_statement, options = sys.argv[1], sys.argv[2], sys.argv[3:]
socket, state = os.environ["DB_SOCKET"], os.environ["STATE"]
COLUMNS = "id, a, b, c, d"


def sql(lines):
    """Runs a statement a line, all of them. What they print; the numbers of those that fail, from 0."""
    client = ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-u", "root", "-S", socket, "-N", "-B", "--force", db]
    done = subprocess.run(client, input="\n".join(lines) + "\n", capture_output=True, text=True)
    failed = {int(n) - 1 for n in re.findall(r"^ERROR \d+ \(\w+\) at line (\d+)", done.stderr, re.M)}
    return [line.split("\t") for line in done.stdout.splitlines()], failed


def position():
    return ":".join(sql([position_statement])[0][0][:2])


def stream(*more):
    done = subprocess.run(["binlog-tail", *options, "--table", db + ".*", "--exclude-columns", "*.*.g", *more], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


class Case:
    def __init__(self, n, harmless, parts):
        self.harmless, self.ran = harmless, True
        self.names = {c: f"{c}{n}" for c in "txy"}
        self.statement, prepare, self.last = [self.fill(p).strip() for p in parts]
        self.prepare = [f"CREATE TABLE {self.names[c]} LIKE template" for c in "tx"] + \
            [f"INSERT INTO {self.names[c]} ({COLUMNS}) SELECT {COLUMNS} FROM template" for c in "tx"] + \
            [s.strip() for s in prepare.split(";") if s.strip()]

    def insert(self, n):
        g = any("POINT" in s for s in self.prepare)
        return f"INSERT INTO {self.names['t']} (id, a, b{', g' * g}) VALUES ({n}, {n}, '{n}'{', POINT(1, 2)' * g})"

    def fill(self, text):
        for c, name in self.names.items():
            text = text.replace("{%s}" % c, name)
        return text


def run_all(cases, statements_of):
    """Cases whose statements fail are left out from here on."""
    lines, of = ["SET sql_mode = 'NO_ENGINE_SUBSTITUTION'"], [None]
    for case in cases:
        for statement in statements_of(case):
            lines.append(statement.replace("\n", " ") + ";")
            of.append(case)
    for n in sql([lines[0] + ";"] + lines[1:])[1]:
        of[n].ran = False


def contents(cases):
    found = {}
    for row in sql([f"SELECT '{c.names['t']}', {COLUMNS} FROM {c.names['t']} ORDER BY id;" for c in cases])[0]:
        found.setdefault(row[0], []).append(row[1:])
    return found


cases = [Case(n, n < len(HARMLESS), parts) for n, parts in enumerate(HARMLESS + STALE)]
sql(["CREATE TABLE parent (id INT PRIMARY KEY) ENGINE = InnoDB;", "INSERT INTO parent VALUES (1), (2), (3), (100), (101);",
     "CREATE TABLE template (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b VARCHAR(20), c DATETIME(3), d VARBINARY(20), KEY ka (a),"
     " UNIQUE KEY ub (b)) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4;",
     "INSERT INTO template VALUES (1, 1, 'ü', '2026-01-02 03:04:05.678', 'ab'), (2, 3, '', NULL, NULL), (3, 2, NULL, '2026-01-02', '');"])
run_all(cases, lambda c: c.prepare)
cases = [c for c in cases if c.ran]

# what the schema history knows before the statements
start = position()
run_all(cases, lambda c: [c.insert(100)])
with open(state + "/schema.ndjson", "w") as f:
    for event in stream("--from", start, "--until", "now"):
        if event["op"] in ("schema", "ddl"):
            f.write(json.dumps(event) + "\n")
for c in cases:
    c.ran = True  # (some tables take no such row)

before, start = contents(cases), position()
run_all(cases, lambda c: [c.statement])
cases = [c for c in cases if c.ran]
after = contents([c for c in cases if c.harmless])
new = sql([f"SELECT '{c.names['t']}', COUNT(*) FROM {c.names['t']} WHERE COALESCE({', '.join(f'HEX({n})' for n in c.last.split(', '))}) IS NOT NULL;"
           for c in cases if c.harmless and c.last])[0]
kept, end = [c for c in cases if c.harmless], position()
sql([c.insert(101) + ";" for c in kept])

wrong, stale = 0, {}
for event in stream("--state", state, "--from", start, "--until", "now"):
    if event["op"] == "stale":
        stale.setdefault(event["table"], event["why"])
for c in cases:
    t = c.names["t"]
    if not c.harmless:
        quiet = [name for name in [t] + c.last.split() if name not in stale]
        problem = quiet and f"makes {quiet} stale, of which nothing is said"
    elif after.get(t) != before.get(t) or not before.get(t):
        problem = f"changes rows: {before.get(t)} {after.get(t)}"
    elif [t, "0"] not in new and c.last:
        problem = f"gives new columns a value: {[r for r in new if r[0] == t]}"
    else:
        problem = [f"{name}: {stale[name]}" for name in c.names.values() if name in stale]
    if problem:
        wrong += 1
        print(f"{c.statement}: {problem}")
print(wrong, "wrong")
print(len(kept), "harmless,", len(cases) - len(kept), "not, of", len(HARMLESS), "and", len(STALE), file=sys.stderr)
sys.exit(0 if len(kept) > 40 and len(cases) - len(kept) > 30 else 1)
