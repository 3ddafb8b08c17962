#!/usr/bin/env python3
"""soak.py: m2e under a steady writer and a random schedule of disturbances; at the end every document equals its row.

Starts servers of its own. SOAK_SECONDS: how long it disturbs (1800). SEED: the same seed gives the same schedule; it is
printed. DATABASE: mariadb or mysql. KINDS: only disturbances whose names have one of these
words, with commas between. M2E_KEEP=1 keeps the folder with all logs, which a failure keeps anyway.
Prints each step, and the times from the end of each kind of disturbance until a fresh row is found by its id. Status 77: there
are no servers."""
import http.client
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from writer import Client, Table, Writer, ask, stored  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.environ.get("M2E_BIN", ROOT + "/build/bin")
SERVER = ROOT + "/scripts/server"
PROGRAMS = ("binlog-tail", "dump-reader", "es-bulk", "m2e-state")
DB = "soak"
PATIENCE = 150	# seconds in which everything must be well again


def say(text):
    print(f"# {time.time() - BEGAN:7.1f} {text}", flush=True)


class Failure(Exception):
    pass


def wait_until(what, seconds, condition, step=0.1):
    end = time.time() + seconds
    while not condition():
        if time.time() > end:
            raise Failure(f"not within {seconds} s: {what}")
        time.sleep(step)


class Proxy:
    """tests/proxy.py, told what to do"""

    def __init__(self, tmp, name, target):
        file = f"{tmp}/{name}.port"
        self.process = subprocess.Popen([ROOT + "/tests/proxy.py", file, str(target), "told=1"], stdin=subprocess.PIPE, text=True)
        wait_until("a proxy", 20, lambda: os.path.exists(file))
        with open(file, encoding="utf-8") as f:
            self.port = int(f.read())

    def tell(self, order):
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()


class Server:
    """A server of scripts/server, which can be stopped, killed, frozen."""

    def __init__(self, tmp, kind, *options):
        self.kind, self.folder, self.options = kind, f"{tmp}/{kind}", options
        self.port = subprocess.check_output([SERVER, "port"], text=True).strip()
        self.log = open(f"{tmp}/servers.log", "a", encoding="utf-8")

    def call(self, *args):
        subprocess.run([SERVER, *args], check=True, stderr=self.log, stdout=self.log)

    def start(self):
        self.call("start", self.kind, self.folder, self.port, *self.options)

    def end(self, how):
        self.call(how, self.folder)

    def signal(self, number):
        with open(self.folder + "/pid", encoding="utf-8") as f:
            os.kill(int(f.read()), number)


class Supervisor:
    """m2e run, started again whenever it was killed; its log is one file"""

    def __init__(self, tmp, config):
        self.tmp, self.config, self.process, self.expected, self.restarts = tmp, config, None, (), 0
        self.environment = dict(os.environ, PATH=BIN + ":" + os.environ["PATH"], M2E_SOAK=tmp)
        read_end, self.log = os.pipe()
        threading.Thread(target=self.keep_log, args=(read_end,), daemon=True).start()

    def keep_log(self, read_end):
        """Each line with its time, as say() has it"""
        with open(read_end, encoding="utf-8", errors="replace") as lines, open(self.tmp + "/m2e.log", "w", encoding="utf-8", buffering=1) as log:
            for line in lines:
                log.write(f"{time.time() - BEGAN:7.1f} {line}")

    def start(self):
        self.process = subprocess.Popen([BIN + "/m2e", "-c", self.config, "-v", "run"], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL, env=self.environment)

    def call(self, *args, status=(0,)):
        done = subprocess.run([BIN + "/m2e", "-c", self.config, *args], env=dict(self.environment, M2E_SOAK="no"), check=False,
                              capture_output=True, text=True, timeout=600)
        if done.returncode not in status:
            raise Failure(f"m2e {' '.join(args)}: status {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def look(self):
        """It must be there, unless something has happened by which it may end; then it is started again."""
        if self.process.poll() is None:
            return
        if self.process.returncode not in self.expected:
            raise Failure(f"m2e ended with status {self.process.returncode}")
        say(f"m2e ended with status {self.process.returncode}, as it may; it is started again")
        self.restarts += 1
        self.start()

    def family(self):
        """Its processes, by what they are: [(pid, name)]; also those that have outlived it"""
        mark, found = f"M2E_SOAK={self.tmp}".encode(), []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f:
                    if mark not in f.read().split(b"\0"):
                        continue
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().decode(errors="replace").split("\0")
                name = next((os.path.basename(w) for w in words[:2] if os.path.basename(w) in PROGRAMS), "shell")
                if os.path.basename(words[0]) != "sleep":
                    found.append((int(pid), "m2e" if int(pid) == self.process.pid else name))
            except OSError:
                pass
        return sorted(found)

    def stop(self):
        self.call("-q", "stop")
        status = self.process.wait(30)
        if status != 0:
            raise Failure(f"m2e stop: run ended with status {status}")
        if left := self.family():
            raise Failure(f"processes are left: {left}")


class Soak:
    def __init__(self, tmp):
        self.tmp, self.state, self.kind = tmp, tmp + "/state", os.environ.get("DATABASE", "mariadb")
        self.proxies, self.m2e, self.mounted = {}, None, False
        self.marks, self.times, self.new_tables, self.serial, self.columns = 0, {}, 0, 0, 0
        self.engine, self.base = Server(tmp, "opensearch"), Server(tmp, self.kind)
        self.socket = self.base.folder + "/sock"

    def servers(self):
        try:
            self.engine.start()
            self.base.start()
        except subprocess.CalledProcessError:
            return False
        self.proxies = {"database": Proxy(self.tmp, "database", self.base.port), "engine": Proxy(self.tmp, "engine", self.engine.port)}
        return True

    def prepare(self, seed, scale):
        self.random = random.Random(seed)
        self.writer = Writer(self.socket, DB, seed, scale)
        self.writer.create()
        os.mkdir(self.state)
        mount = ["mount", "-t", "tmpfs", "-o", "size=64m,mode=700", "m2e-soak", self.state]
        self.mounted = os.getuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0
        self.m2e = Supervisor(self.tmp, self.configure())

    def configure(self):
        config = {"database": {"host": "127.0.0.1", "port": self.proxies["database"].port, "username": "m2e", "password": "m2e",
                               "tables": [DB + ".t_*", DB + ".marker"]},
                  "elastic": {"address": f"http://127.0.0.1:{self.proxies['engine'].port}"}, "load": {"keep_old": 5},
                  "on_schema_change": "resync", "state_dir": self.state}
        if self.kind == "mysql":
            program = subprocess.check_output([SERVER, "fetch", "mysql"], text=True).strip() + "/bin/mysqldump"
            config["mysqldump_path"] = program
        with open(self.tmp + "/m2e.json", "w", encoding="utf-8") as f:
            json.dump(config, f)
        os.chmod(self.tmp + "/m2e.json", 0o600)
        return self.tmp + "/m2e.json"

    # What is known

    def found(self, table, key):
        try:
            c = http.client.HTTPConnection("127.0.0.1", int(self.engine.port), timeout=10)
            c.request("GET", f"/{DB}.{table}/_doc/{key}?_source=false")
            status = c.getresponse().status
            c.close()
            return status == 200
        except (OSError, http.client.HTTPException):
            return False

    def tables(self):
        out = self.m2e_state("get", "tables")
        return dict(line.split("\t")[:2] for line in out.splitlines())

    def m2e_state(self, *args):
        return subprocess.run([BIN + "/m2e-state", "--state", self.state, *args], check=False, capture_output=True, text=True).stdout

    def recovered(self, kind, since, count=True):
        """Waits for a new row; how long it took is noted, if it counts."""
        self.marks += 1
        ask(self.socket, f"REPLACE INTO {DB}.marker VALUES ({self.marks}, 0)")

        def there():
            self.m2e.look()
            return self.found("marker", self.marks)
        wait_until(f"a row after {kind}", PATIENCE, there, 0.02)
        if count:
            self.times.setdefault(kind, []).append(time.time() - since)
        say(f"well again after {time.time() - since:.2f} s")

    # Disturbances: each returns when it is over, with the time since which all should become well

    def kill(self, name):
        family = [f for f in self.m2e.family() if name in (f[1], "any")]
        if not family:
            return None
        pid, which = family[int(self.random.random() * len(family))]
        say(f"kill {which} {pid}")
        if which == "m2e":
            self.m2e.process.kill()
            self.m2e.process.wait()
            self.m2e.start()
        else:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                return None
        return time.time()

    def stop_m2e(self):
        self.m2e.look()
        self.m2e.stop()
        time.sleep(self.random.random() * 2)
        self.m2e.start()
        return time.time()

    def restart(self, server, how):
        server.end(how)
        time.sleep(self.random.random() * 3)
        server.start()
        return time.time()

    def freeze(self, server):
        server.signal(signal.SIGSTOP)
        time.sleep(1 + self.random.random() * 6)
        server.signal(signal.SIGCONT)
        return time.time()

    def network(self, side, how):
        self.proxies[side].tell(how)
        time.sleep(self.random.random() * 6)
        self.proxies[side].tell("pass")
        return time.time()

    def silence_then_cut(self, side):
        self.proxies[side].tell("silence")
        time.sleep(self.random.random() * 6)
        self.proxies[side].tell("cut")
        return time.time()

    def fill_disk(self):
        if not self.mounted:
            return None
        self.m2e.expected = (1, 0)	# a full disk is a reason to end
        try:
            with open(self.state + "/ballast", "wb", buffering=0) as f:
                while f.write(bytes(65536)) == 65536:
                    pass
        except OSError:
            pass
        time.sleep(1 + self.random.random() * 6)
        os.unlink(self.state + "/ballast")
        return time.time()

    def some_table(self):
        return self.random.choice(["t_item", "t_name", "t_pair", "t_wide"])

    def alter(self, clause):
        self.columns += 1
        ask(self.socket, f"ALTER TABLE {DB}.{self.some_table()} " + clause.format(self.columns))
        return time.time()

    def truncate(self):
        table = self.writer.tables[f"{DB}.{self.some_table()}"]
        with self.writer.quiet:
            ask(self.socket, f"TRUNCATE {table.name}")
            table.rows.clear()
        return time.time()

    def drop_and_create(self):
        table = self.writer.tables[DB + ".t_swap"]
        with self.writer.quiet:
            ask(self.socket, f"DROP TABLE {table.name}; {table.create()}")
            table.rows.clear()
        return time.time()

    def swap(self):
        table = self.writer.tables[DB + ".t_swap"]
        with self.writer.quiet:
            ask(self.socket, f"USE {DB}; CREATE TABLE _new LIKE t_swap; INSERT INTO _new SELECT * FROM t_swap WHERE n IS NOT NULL;"
                             "RENAME TABLE t_swap TO _old, _new TO t_swap; DROP TABLE _old")
            table.rows = {k: v for k, v in table.rows.items() if v[0] != "NULL"}
        return time.time()

    def new_table(self):
        """One that the glob fits"""
        self.new_tables += 1
        self.serial += 1
        table = Table(f"{DB}.t_new{self.serial}", {"id": "id int NOT NULL"}, lambda r, i: (i,), 300, 1000)
        with self.writer.quiet:
            rows = self.writer.new_rows(table, 300)
            ask(self.socket, f"{table.create()}; {self.writer.insert(table, rows)}")
            table.rows = {k: stored(*v) for k, v in rows.items()}
            self.writer.tables[table.name] = table
        return time.time()

    def flush(self):
        ask(self.socket, "FLUSH BINARY LOGS")
        return time.time()

    def command(self, *args):
        """One of m2e's that can be told at any time"""
        self.m2e.call(*args)
        return time.time()

    def remove(self, *how):
        if self.tables().get(DB + ".by_name", "removed") == "removed":
            return None
        return self.command("remove", *how, DB + ".by_name")

    def pause(self):
        table = f"{DB}.{self.some_table()}"
        self.m2e.call("pause", table)
        time.sleep(self.random.random() * 5)
        self.m2e.call("resume", table)
        return time.time()

    def drop_for_good(self):
        if not self.new_tables:
            return None
        self.new_tables -= 1
        with self.writer.quiet:
            table = self.writer.tables.pop([t for t in self.writer.tables if ".t_new" in t][-1])
            ask(self.socket, f"DROP TABLE {table.name}")
        return time.time()

    def schedule(self):
        """(weight, name, what)"""
        base, engine = self.base, self.engine
        return [(8, f"kill {p}", lambda p=p: self.kill(p)) for p in ("binlog-tail", "es-bulk", "m2e-state", "shell")] + [
            (8, "kill m2e", lambda: self.kill("m2e")), (8, "kill any", lambda: self.kill("any")),
            (4, "kill dump-reader", lambda: self.kill("dump-reader")), (4, "m2e stop", self.stop_m2e),
            (2, "database stop", lambda: self.restart(base, "stop")), (2, "database kill", lambda: self.restart(base, "kill")),
            (2, "database freeze", lambda: self.freeze(base)), (1, "engine stop", lambda: self.restart(engine, "stop")),
            (1, "engine kill", lambda: self.restart(engine, "kill")), (2, "engine freeze", lambda: self.freeze(engine)),
            *[(2, f"network {side} {how}", lambda side=side, how=how: self.network(side, how))
              for side in ("database", "engine") for how in ("refuse", "cut", "silence")],
            (1, "network database silence, cut", lambda: self.silence_then_cut("database")),
            (1, "network engine silence, cut", lambda: self.silence_then_cut("engine")),
            (2, "disk", self.fill_disk), (2, "flush", self.flush),
            (3, "alter harmless", lambda: self.alter("ADD COLUMN c{} int NULL")),
            (2, "alter stale", lambda: self.alter("ADD COLUMN c{} int NOT NULL DEFAULT 7")),
            (1, "truncate", self.truncate), (1, "drop", self.drop_and_create), (1, "swap", self.swap),
            (2, "new table", self.new_table), (1, "drop for good", self.drop_for_good), (2, "m2e reload", lambda: self.command("reload")), (2, "m2e pause", self.pause),
            (2, "m2e resync", lambda: self.command("resync", f"{DB}.{self.some_table()}")),
            (2, "m2e load", lambda: self.command("load", f"{DB}.{self.some_table()}")),
            (2, "m2e add", lambda: self.command("add", f"{DB}.by_name")),
            (2, "m2e remove", lambda: self.remove(*self.random.choice([["--drop-index"], []])))]

    # The whole

    def disturb(self, seconds):
        words = os.environ.get("KINDS", "").split(",")
        acts = [a for a in self.schedule() if any(w in a[1] for w in words)]
        end, well = time.time() + seconds, True	# well: the last disturbance is over, so that the next one's time is its own
        while time.time() < end:
            _, name, act = self.random.choices(acts, [a[0] for a in acts])[0]
            say(name)
            calm = self.in_step()
            since = act()
            if self.writer.failure is not None:
                raise self.writer.failure
            if self.random.random() < 0.7 and since is not None and calm:
                self.recovered(name, since, well)
                well = True
            else:
                well = well and since is None
            self.m2e.look()
            self.m2e.expected = ()
            time.sleep(self.random.random() ** 2 * 3)

    def in_step(self):
        """All that are to be followed are, and none is being rebuilt; these are in self.chosen."""
        self.m2e.look()
        now = self.tables()
        self.chosen = [t for t in [*self.writer.tables, DB + ".marker"] if ".by_name" not in t or now.get(t, "removed") != "removed"]
        return all(now.get(t) == "syncing" for t in self.chosen) and not self.m2e_state("--rebuild", "get", "tables")

    def settle(self):
        self.recovered("the end", time.time())
        wait_until("all tables in step", PATIENCE, self.in_step)
        self.recovered("all tables are in step", time.time())

    def prove(self):
        if lost := self.writer.lost_commits():
            raise Failure(f"the database itself lost something: {lost}")
        self.m2e.call("verify", *self.chosen)
        compare = subprocess.run([ROOT + "/tests/compare.py", *self.chosen], check=False, capture_output=True, text=True, env=dict(
            os.environ, DB_SOCKET=self.socket, DB_KIND=self.kind, ES_URL=f"http://127.0.0.1:{self.engine.port}", ES_AUTH="", ES_CA=""))
        print(compare.stdout, end="")
        if compare.returncode != 0:
            raise Failure("documents differ from rows" + compare.stderr)
        self.m2e.stop()
        if os.path.exists(self.state + "/dead.ndjson") and os.path.getsize(self.state + "/dead.ndjson"):
            raise Failure("dead letters")

    def figures(self):
        for kind, times in sorted(self.times.items()):
            times.sort()
            p50, p99 = (times[min(len(times) - 1, int(len(times) * q))] for q in (0.5, 0.99))
            print(f"# {kind:32} {len(times):4} times, well again after p50 {p50:6.2f} s, p99 {p99:6.2f} s")

    def run(self, seed, seconds):
        self.prepare(seed, 1 if seconds > 300 else 5)
        self.m2e.start()
        self.writer.start()
        wait_until("the first load", PATIENCE, lambda: self.found("marker", 0))
        say("loaded")
        self.disturb(seconds)
        self.writer.end()
        say(f"the writer ends: {self.writer.transactions} transactions, {self.writer.unknown} of which it did not know at first")
        self.settle()
        self.prove()
        self.figures()

    def clean(self):
        if self.m2e is not None and self.m2e.process is not None:
            for pid, _ in self.m2e.family():
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.m2e.process.wait()
        for proxy in self.proxies.values():
            proxy.process.kill()
        if self.mounted:
            shutil.copytree(self.state, self.tmp + "/state.kept", ignore=lambda _, names: [n for n in names if n == "life"])
            subprocess.run(["umount", self.state], check=False)
        for server in (self.base, self.engine):
            server.end("kill")


def main():
    seed = int(os.environ.get("SEED") or time.time())
    seconds = int(os.environ.get("SOAK_SECONDS") or 1800)
    print(f"# SEED={seed} SOAK_SECONDS={seconds}", flush=True)
    tmp = tempfile.mkdtemp(prefix="m2e-soak.")
    os.chmod(tmp, 0o755)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    soak, status = Soak(tmp), 1
    try:
        if soak.servers():
            soak.run(seed, seconds)
            status = 0
        else:
            status = 77
    except Exception as e:  # pylint: disable=broad-except
        say(f"FAILED with SEED={seed}: {e!r}" if not isinstance(e, Failure) else f"FAILED with SEED={seed}: {e}")
        with open(tmp + "/m2e.log", encoding="utf-8") as f:
            print("".join("#   " + line for line in f.readlines()[-25:]), end="")
        print(f"# everything is kept in {tmp}", flush=True)
    finally:
        soak.clean()
        if status != 1 and not os.environ.get("M2E_KEEP"):
            shutil.rmtree(tmp)
    sys.exit(status)


BEGAN = time.time()
if __name__ == "__main__":
    main()
