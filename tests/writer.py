"""A steady seeded writer over several tables, and a model of what they should be; imported by soak.py and scenario tests."""
import random
import subprocess
import threading
import time

AWAY = (1053, 1077, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2002, 2003, 2006, 2013, 2026, 3169, 4031)


class Lost(Exception):
    """The server went away: what was sent may have been done, or not."""


class Client:
    """One mariadb client, as root by the socket."""

    def __init__(self, socket, database=""):
        command = ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "-N", "-B", "--unbuffered", "-u", "root", "-S", socket]
        self.process = subprocess.Popen(command + [database] * bool(database), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True, encoding="utf-8")

    def query(self, sql):
        """Rows as lists of text; Lost, or RuntimeError with the server's message."""
        rows = []
        try:
            self.process.stdin.write(sql + ";\nSELECT '=done=';\n")
            self.process.stdin.flush()
            for line in self.process.stdout:
                if line == "=done=\n":
                    return rows
                rows.append(line.rstrip("\n").split("\t"))
        except OSError:
            pass
        why = self.process.stderr.read()
        self.close()
        code = why.partition("ERROR ")[2].partition(" ")[0]
        if not code.isdigit() or int(code) in AWAY:
            raise Lost(why)
        raise RuntimeError(f"{why.strip()}: {sql[:200]}")

    def close(self):
        self.process.kill()
        self.process.wait()
        for f in (self.process.stdin, self.process.stdout, self.process.stderr):
            try:
                f.close()
            except OSError:
                pass


def ask(socket, sql, patience=60):
    """The same by a client of its own, again and again until the server is there: for what may be done twice."""
    end = time.time() + patience
    while True:
        client = Client(socket)
        try:
            return client.query(sql)
        except Lost:
            if time.time() > end:
                raise
            time.sleep(0.1)
        finally:
            client.close()


WORDS = ["Müller", "李雷", "Иван", "😀", "O''Brien", "Zoë", "Nguyễn", "a\\\\b", "plain", "x" * 300, "", " "]


def literal(value):
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'"


class Table:
    """A table with its key columns beside n and t, and its rows as they should be: key → (n, HEX of t)."""

    def __init__(self, name, keys, make_key, start_rows, cap):
        self.name, self.keys, self.make_key, self.start_rows, self.cap = name, keys, make_key, start_rows, cap
        self.rows = {}

    def create(self, name=None):
        columns = ", ".join(self.keys.values())
        return (f"CREATE TABLE {name or self.name} ({columns}, n int, t text, PRIMARY KEY ({', '.join(self.keys)})) "
                "CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")

    def where(self, key):
        return " AND ".join(f"{k} = {literal(v)}" for k, v in zip(self.keys, key))

    def actual(self, socket):
        rows = ask(socket, f"SELECT {', '.join(self.keys)}, n, HEX(t) FROM {self.name}")
        kinds = [int if " int" in " " + c or "bigint" in c else str for c in self.keys.values()]
        return {tuple(k(v) for k, v in zip(kinds, r)): (r[-2], r[-1]) for r in rows}


def stored(n, t):
    """As SELECT n, HEX(t) shows them."""
    text = None if t is None else t.replace("''", "'").replace("\\\\", "\\").encode().hex().upper()
    return ("NULL" if n is None else str(n), "NULL" if text is None else text)


def tables(db, scale):
    return {t.name: t for t in [
        Table(f"{db}.t_item", {"id": "id int NOT NULL"}, lambda r, i: (i,), 20000 // scale, 30000 // scale),
        Table(f"{db}.t_name", {"k": "k varchar(40) NOT NULL"}, lambda r, i: (f"{r.choice(['é', 'k', '|', 'Ж'])}{i}",), 3000 // scale, 4000 // scale),
        Table(f"{db}.t_pair", {"a": "a int NOT NULL", "b": "b varchar(20) NOT NULL"},
              lambda r, i: (r.randrange(50), f"b{i}"), 3000 // scale, 4000 // scale),
        Table(f"{db}.by_name", {"id": "id int NOT NULL"}, lambda r, i: (i,), 3000 // scale, 4000 // scale),
        Table(f"{db}.t_wide", {"id": "id bigint NOT NULL"}, lambda r, i: (i * 1000003,), 2000 // scale, 12000 // scale),
        Table(f"{db}.t_swap", {"id": "id int NOT NULL"}, lambda r, i: (i,), 1000 // scale, 2000 // scale)]}


class Writer(threading.Thread):
    """Transactions until it is told to end; each is in the model once the server has it. Marker row 0 tells which was the last."""

    def __init__(self, socket, db, seed, scale=1, pause=0.03):
        super().__init__(daemon=True)
        self.socket, self.db, self.random, self.pause = socket, db, random.Random(seed), pause
        self.tables, self.serial, self.transactions, self.unknown = tables(db, scale), 0, 0, 0
        self.quiet, self.ending, self.failure = threading.RLock(), False, None

    def create(self):
        sql = [f"CREATE DATABASE {self.db}", f"CREATE TABLE {self.db}.marker (id int PRIMARY KEY, n bigint)",
               f"INSERT INTO {self.db}.marker VALUES (0, 0)"]
        for t in self.tables.values():
            sql.append(t.create())
            for first in range(0, t.start_rows, 1000):
                rows = self.new_rows(t, min(1000, t.start_rows - first))
                sql.append(self.insert(t, rows))
                t.rows.update({k: stored(*v) for k, v in rows.items()})
        client = Client(self.socket)
        for statement in sql:
            client.query(statement)
        client.close()

    def value(self):
        r = self.random
        return (None if r.random() < 0.1 else r.randrange(-1000, 1000),
                None if r.random() < 0.1 else " ".join(r.choice(WORDS) for _ in range(r.randrange(4))))

    def new_rows(self, t, n):
        rows = {}
        for _ in range(n):
            self.serial += 1
            rows[t.make_key(self.random, self.serial)] = self.value()
        return rows

    @staticmethod
    def insert(t, rows):
        values = ", ".join("(" + ", ".join(map(literal, k + v)) + ")" for k, v in rows.items())
        return f"INSERT INTO {t.name} ({', '.join(t.keys)}, n, t) VALUES {values}"

    def change(self):
        """One statement, and what it does to a table's rows: {key: (n, t) or None}."""
        r = self.random
        t = r.choice(list(self.tables.values()))
        present = [k for k in t.rows if (t.name, k) not in self.touched]
        draw = r.random()
        big = 2000 if r.random() < 0.003 else 0
        if len(present) < 50 or (draw < 0.35 and len(t.rows) < t.cap):
            rows = self.new_rows(t, big or r.choice([1, 1, 1, 2, 10, 40]))
            done = {k: stored(*v) for k, v in rows.items()}
            sql = self.insert(t, rows)
        else:
            keys = r.sample(present, min(len(present), big or r.choice([1, 1, 1, 2, 5, 20])))
            which = " OR ".join(f"({t.where(k)})" for k in keys)
            if draw < 0.7:
                value = self.value()
                done = {k: stored(*value) for k in keys}
                sql = f"UPDATE {t.name} SET n = {literal(value[0])}, t = {literal(value[1])} WHERE {which}"
            elif draw < 0.8:
                self.serial += 1
                new = t.make_key(r, self.serial)
                done = {keys[0]: None, new: t.rows[keys[0]]}
                changes = ", ".join(f"{c} = {literal(v)}" for c, v in zip(t.keys, new))
                sql = f"UPDATE {t.name} SET {changes} WHERE {t.where(keys[0])}"
            else:
                done = {k: None for k in keys}
                sql = f"DELETE FROM {t.name} WHERE {which}"
        self.touched.update((t.name, k) for k in done)
        return sql, t, done

    def run(self):
        try:
            self.client = Client(self.socket)
            while not self.ending:
                with self.quiet:
                    self.transaction()
                time.sleep(self.random.random() * 2 * self.pause)
        except Exception as e:  # pylint: disable=broad-except
            self.failure = e

    def transaction(self):
        self.touched = set()
        changes = [self.change() for _ in range(self.random.choice([1, 1, 2, 4]))]
        self.transactions += 1
        sql = [c[0] for c in changes] + [f"UPDATE {self.db}.marker SET n = {self.transactions} WHERE id = 0"]
        try:
            self.client.query("BEGIN;\n" + ";\n".join(sql) + ";\nCOMMIT")
            done = True
        except Lost:
            self.unknown += 1
            last = ask(self.socket, f"SELECT n FROM {self.db}.marker WHERE id = 0", 120)
            done = last == [[str(self.transactions)]]
            self.client = Client(self.socket)
        if done:
            for _, t, rows in changes:
                for key, value in rows.items():
                    if value is None:
                        t.rows.pop(key)
                    else:
                        t.rows[key] = value

    def end(self):
        self.ending = True
        self.join(180)
        if self.failure is not None:
            raise self.failure

    def lost_commits(self):
        """Tables whose rows are not what was committed."""
        return [t.name for t in self.tables.values() if t.actual(self.socket) != t.rows]
