# A search engine for tests that keeps documents as the real ones do (versions,
# tombstones, aliases, _meta) and fails as they do, by a plan drawn from a seed.
# As a program: faulty.py PORT-FILE [SEED [FAULT=PROBABILITY...]], until stdin ends.
import calendar
import gzip
import hashlib
import hmac
import json
import os
import random
import re
import socket
import ssl
import sys
import threading
import time
import urllib.parse


class Drop(Exception):
    """The connection ends here, without an answer."""


def error(status, kind, reason, **more):
    e = dict(type=kind, reason=reason, **more)
    return status, {"error": dict(e, root_cause=[e]), "status": status}


class Index:
    def __init__(self, mapping, aliases):
        self.mapping, self.aliases = mapping, set(aliases)
        self.docs = {}      # id: (version, source text or None for a tombstone)
        self.visible = {}   # as of the last refresh
        self.blocked = self.closed = False


class Engine:
    # Probability of each fault, of a whole request or of one item.
    FAULTS = dict(unavailable=0, rejected=0, drop_before=0, drop_after=0, garbage=0, half=0,
                  short=0, slow=0, too_large=0, twin=0, item=0)

    def __init__(self, seed=0, **faults):
        self.lock = threading.RLock()
        self.indices, self.scrolls, self.twins = {}, {}, []
        self.random = random.Random(seed)
        self.faults = dict(self.FAULTS, **faults)
        self.calm = False           # True: no more faults
        self.max_body = 1 << 30
        self.requests = self.items = 0
        self.told = []              # what was done to whom, for people
        self.page = None            # ids in a page of a list, whatever was asked for
        self.points = True          # has points in time; else scrolls only
        self.lose_page = 0          # N: the Nth page of a scroll from now on is lost on its way
        self.need_login = None      # an Authorization header
        self.need_aws = None        # id, secret, region, service, token: an AWS signature
        self.need_proxy = None      # a Proxy-Authorization header
        self.no_types, self.no_params, self.no_settings = [], [], []    # field types, their parameters, settings that it lacks
        self.version = {"number": "8.0.0"}
        self.settings = {}          # of the index made last
        self.packed = self.proxied = 0      # bodies by gzip, requests as a proxy gets them
        self.no_bulk = False
        self.slow_left = 5          # each costs the test a time-out

    # -- documents

    def find(self, name):
        if name in self.indices:
            return name
        hits = [n for n, i in self.indices.items() if name in i.aliases]
        return hits[0] if hits else None

    def write(self, op, name, doc, version, source, alias_only):
        """One item: status, rest of the answer."""
        real = self.find(name)
        if op == "index" and alias_only and (real is None or real == name):
            return 404, {"error": dict(type="index_not_found_exception", index=name,
                         reason=f"no such index [{name}] and [require_alias] request flag is [true] and [{name}] is not an alias")}
        if real is None:            # as the real ones do, even for a delete
            self.indices[name] = Index({}, [])
            real = name
        index = self.indices[real]
        if index.closed:
            return 400, {"error": dict(type="index_closed_exception", reason="closed")}
        if index.blocked:
            return 403, {"error": dict(type="cluster_block_exception", reason=f"index [{real}] blocked by: [FORBIDDEN/8/index write (api)];")}
        if source is not None and b'"poison":' in source:
            return 400, {"error": dict(type="document_parsing_exception",
                         reason=f"[1:1] failed to parse field [poison] of type [integer] in document with id '{doc}'")}
        had = index.docs.get(doc)
        if had is not None and had[0] > version:
            return 409, {"error": dict(type="version_conflict_engine_exception",
                         reason=f"[{doc}]: version conflict, current version [{had[0]}] is higher than the one provided [{version}]")}
        index.docs[doc] = (version, source)
        there = had is not None and had[1] is not None
        if op == "delete":
            return (200, {"result": "deleted"}) if there else (404, {"result": "not_found", "_index": real})
        return (200, {"result": "updated"}) if there else (201, {"result": "created"})

    def parse_bulk(self, body):
        lines, items = body.split(b"\n"), []
        if lines.pop() != b"":
            raise ValueError("The bulk request must be terminated by a newline [\\n]")
        lines.reverse()
        while lines:
            (op, meta), = json.loads(lines.pop()).items()
            assert op in ("index", "delete") and meta["version_type"] == "external_gte", meta
            assert meta["version"] >= 1 and len(meta["_id"].encode()) <= 512 and meta["_id"] != "", meta
            items.append((op, meta["_index"], meta["_id"], meta["version"], lines.pop() if op == "index" else None))
        return items

    def bulk(self, body, query):
        try:
            items = self.parse_bulk(body)
            for i in items:
                if i[4] is not None:
                    json.loads(i[4])
        except (ValueError, IndexError, KeyError, AssertionError) as e:
            self.told.append(f"bad bulk: {e}")
            return error(400, "illegal_argument_exception", f"Malformed action/metadata line: {e}")
        if any(b'"whole":' in (i[4] or b"") for i in items):   # one document for which the whole request is refused
            return error(400, "x_content_parse_exception", "[1:1] Numeric value out of range")
        if "twin" in self.plan:
            # taken, but done only later, when its sender has long given up
            self.twins.append((self.requests + self.random.randint(1, 6), items))
            raise Drop
        answers = []
        for op, name, doc, version, source in items:
            self.items += 1
            if not self.calm and self.random.random() < self.faults["item"]:
                status = self.random.choice([429, 429, 503])
                rest = {"error": dict(type="es_rejected_execution_exception", reason=f"rejected execution {self.items}")}
            else:
                status, rest = self.write(op, name, doc, version, source, query.get("require_alias") == "true")
            answers.append({op: dict(status=status, **rest)})
        if "short" in self.plan and answers:
            answers.pop(self.random.randrange(len(answers)))
        return 200, {"items": answers}

    # -- everything else

    def handle(self, method, path, query, body):
        part = [urllib.parse.unquote(p) for p in path.strip("/").split("/")]
        if path == "/_test":        # {"faults":{…}, "max_body":N, …}: how it is to behave; answers with what it counted
            for k, v in json.loads(body or b"{}").items():
                setattr(self, k, v)
            return 200, {"requests": self.requests, "items": self.items, "told": self.told, "packed": self.packed, "proxied": self.proxied,
                         "settings": self.settings}
        if path == "/":
            return 200, {"version": self.version, "tagline": "You Know, for Tests"}
        if part[-1] == "_bulk" and self.no_bulk:
            return error(503, "unavailable_shards_exception", "not now")
        if part[-1] == "_bulk":
            return self.bulk(body, query)
        if path == "/_search/scroll":
            return self.scroll(method, json.loads(body))
        if path == "/_search":
            return self.search_point(json.loads(body))
        if path == "/_pit":
            self.scrolls.pop(json.loads(body)["id"], None)
            return 200, {"succeeded": True}
        if path == "/_cluster/health":
            return 200, {"status": "green"}
        if part[0].startswith("_"):
            return 404, {}
        name, what = part[0], "/".join(part[1:2])
        real = self.find(name)
        if method == "PUT" and what == "":
            if name in self.indices:
                return error(400, "resource_already_exists_exception", f"index [{name}] already exists")
            asked = json.loads(body)
            for name_of in asked.get("settings", {}):
                if name_of in self.no_settings:
                    return error(400, "illegal_argument_exception", f"unknown setting [{name_of}] please check that any required plugins are installed")
            for field, m in asked.get("mappings", {}).get("properties", {}).items():
                if m["type"] in self.no_types:
                    return error(400, "mapper_parsing_exception", f"No handler for type [{m['type']}] declared on field [{field}]")
                wrong = "".join(f" [{k} : {v}]" for k, v in m.items() if k in self.no_params)
                if wrong:
                    return error(400, "mapper_parsing_exception", f"Mapping definition for [{field}] has unsupported parameters: {wrong}")
            self.settings = asked.get("settings", {})
            self.indices[name] = Index(asked.get("mappings", {}), asked.get("aliases", {}))
            return 200, {"acknowledged": True}
        if real is None:
            return error(404, "index_not_found_exception", f"no such index [{name}]")
        index = self.indices[real]
        if what == "_mapping" and method == "GET":
            return 200, {n: {"mappings": i.mapping} for n, i in self.indices.items() if n == name or name in i.aliases}
        if what == "_mapping":
            asked = json.loads(body)
            if "_meta" in asked:
                index.mapping["_meta"] = asked["_meta"]
            index.mapping.setdefault("properties", {}).update(asked.get("properties", {}))
            return 200, {"acknowledged": True}
        if what == "_settings":
            return 200, {"acknowledged": True}
        if what == "_refresh":
            index.visible = {k: v for k, v in index.docs.items() if v[1] is not None}
            return 200, {"_shards": {"failed": 0}}
        if what == "_count":
            return 200, {"count": len(index.visible)}
        if what == "_doc" and method == "DELETE":
            status, rest = self.write("delete", real, part[2], int(query["version"]), None, False)
            return status, dict(rest, _id=part[2])
        if what == "_doc":
            had = index.docs.get(part[2])
            if had is None or had[1] is None:
                return 404, {"_index": real, "_id": part[2], "found": False}
            return 200, {"_index": real, "_id": part[2], "_version": had[0], "found": True, "_source": json.loads(had[1])}
        if what == "_pit":
            if not self.points:
                return 400, {"error": f"no handler found for uri [{path}] and method [POST]"}
            self.scrolls["p%d" % self.requests] = list(index.visible.items())
            return 200, {"id": "p%d" % self.requests}
        if what == "_search" and len(part) > 2:
            return 400, {"error": f"no handler found for uri [{path}] and method [POST]"}
        if what == "_search":
            self.scrolls["s%d" % self.requests] = iter(list(index.visible.items()))
            return self.scroll("POST", {"scroll_id": "s%d" % self.requests, "size": json.loads(body)["size"]})
        if method == "DELETE" and what == "":
            if real != name:
                return error(400, "illegal_argument_exception", "an alias")
            del self.indices[name]
            return 200, {"acknowledged": True}
        return error(400, "illegal_argument_exception", f"no handler for {method} {path}")

    def search_point(self, asked):
        docs = self.scrolls.get(asked["pit"]["id"])
        if docs is None:
            return error(404, "search_context_missing_exception", "No search context found")
        first = asked.get("search_after", [-1])[0] + 1
        page = docs[first:first + (self.page or asked["size"])]
        hits = [{"_id": k, "_version": v[0], "sort": [first + i]} for i, (k, v) in enumerate(page)]
        return 200, dict({"pit_id": asked["pit"]["id"], "_shards": {"failed": 0}}, **({"hits": {"hits": hits}} if hits else {}))

    def scroll(self, method, asked):
        if method == "DELETE":
            self.scrolls.pop(asked["scroll_id"], None)
            return 200, {"succeeded": True}
        it = self.scrolls.get(asked["scroll_id"])
        if it is None:
            return error(404, "search_context_missing_exception", "No search context found")
        hits = []
        for _ in range(self.page or asked.get("size", 2000)):
            try:
                k, v = next(it)
            except StopIteration:
                break
            hits.append({"_id": k, "_version": v[0]})
        self.lose_page -= 1
        if self.lose_page == 0:
            self.told.append("a page is lost")
            raise Drop
        return 200, {"_scroll_id": asked["scroll_id"], "_shards": {"failed": 0}, "hits": {"hits": hits}}

    def request(self, method, target, headers, sent):
        """status, answer or text, headers. Raises Drop."""
        if target.startswith("http://"):
            self.proxied += 1
            target = "/" + target.split("/", 3)[3]
        path, _, q = target.partition("?")
        query = dict(urllib.parse.parse_qsl(q, keep_blank_values=True))
        body = sent
        if headers.get("content-encoding") == "gzip":
            self.packed += 1
            body = gzip.decompress(sent)
        with self.lock:
            self.requests += 1
            for due, items in [t for t in self.twins if t[0] <= self.requests]:
                for op, name, doc, version, source in items:
                    self.write(op, name, doc, version, source, True)
            self.twins = [t for t in self.twins if t[0] > self.requests]
            if path == "/_test":
                self.plan = set()
                return (*self.handle(method, path, query, body), {})
            if self.need_login is not None and headers.get("authorization") != self.need_login:
                return (*error(401, "security_exception", "missing authentication credentials"), {})
            if self.need_proxy is not None and headers.get("proxy-authorization") != self.need_proxy:
                return 407, "", {}
            if self.need_aws is not None:
                wrong = aws_wrong(self.need_aws, method, target, headers, sent)
                if wrong:
                    self.told.append(wrong)
                    return 403, {"message": wrong}, {}
            self.plan = set() if self.calm else {f for f, p in self.faults.items() if f != "item" and self.random.random() < p}
            plan = self.plan
            if "slow" in plan:
                self.slow_left -= 1
                if self.slow_left < 0:
                    plan.discard("slow")
            if plan:
                self.told.append(f"{self.requests} {method} {path}: {' '.join(sorted(plan))}")
            if "drop_before" in plan:
                raise Drop
            if "unavailable" in plan:
                return self.random.choice([503, 502, 504]), "<html>Bad Gateway</html>", {}
            if "rejected" in plan:
                more = {"Retry-After": "0"} if self.random.random() < 0.5 else {}
                return (*error(429, "es_rejected_execution_exception", f"rejected execution {self.requests}"), more)
            if "too_large" in plan and body.count(b'{"index":{"_index":') > 1 or len(body) > self.max_body:
                return 413, "", {}
            status, answer = self.handle(method, path, query, body)
        if "slow" in plan:
            time.sleep(1.3)
        if "drop_after" in plan:
            raise Drop
        if "garbage" in plan:
            return 200, "it works!" if self.random.random() < 0.5 else json.dumps(answer)[:-3], {}
        return status, answer, {}


def aws_wrong(need, method, target, headers, body):
    """Why the request's signature (AWS Signature Version 4) is not right; empty: it is."""
    path, _, query = target.partition("?")
    credential, names, signature = re.fullmatch(
        "AWS4-HMAC-SHA256 Credential=(.*), SignedHeaders=(.*), Signature=([0-9a-f]{64})", headers.get("authorization", "")).groups()
    date = headers["x-amz-date"]
    scope = f"{date[:8]}/{need['region']}/{need['service']}/aws4_request"
    if credential != f"{need['id']}/{scope}" or need.get("token") != headers.get("x-amz-security-token"):
        return f"credential {credential}"
    if abs(time.time() - calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))) > 900:
        return f"date {date}"
    if hashlib.sha256(body).hexdigest() != headers["x-amz-content-sha256"]:
        return "body"
    pairs = sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join([method, urllib.parse.quote(path, safe="/"),
                           "&".join(f"{urllib.parse.quote(k, safe='')}={urllib.parse.quote(v, safe='')}" for k, v in pairs),
                           *(f"{n}:{headers[n]}" for n in names.split(";")), "", names, headers["x-amz-content-sha256"]])
    if "host" not in names.split(";"):
        return "host is not signed"
    key = ("AWS4" + need["secret"]).encode()
    for step in scope.split("/"):
        key = hmac.new(key, step.encode(), "sha256").digest()
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return "" if hmac.new(key, text.encode(), "sha256").hexdigest() == signature else f"signature of {canonical!r}"


class Server:
    """TLS where the environment has FAULTY_CERT and FAULTY_KEY; FAULTY_CA: whose certificates clients must have."""

    def __init__(self, engine):
        self.engine = engine
        self.tls = None
        if os.environ.get("FAULTY_CERT"):
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(os.environ["FAULTY_CERT"], os.environ["FAULTY_KEY"])
            if os.environ.get("FAULTY_CA"):
                self.tls.load_verify_locations(os.environ["FAULTY_CA"])
                self.tls.verify_mode = ssl.CERT_REQUIRED
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(64)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                c, _ = self.socket.accept()
            except OSError:
                return
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(c,), daemon=True).start()

    def serve(self, c):
        if self.tls is not None:
            try:
                c = self.tls.wrap_socket(c, server_side=True)
            except OSError:
                c.close()
                return
        f = c.makefile("rb")
        try:
            while self.one(c, f):
                pass
        except (Drop, OSError, ValueError):
            pass
        finally:
            f.close()
            c.close()

    def one(self, c, f):
        line = f.readline().decode().split()
        if len(line) != 3:
            return False
        headers = {}
        while (h := f.readline().decode().strip()) != "":
            k, v = h.split(":", 1)
            headers[k.lower()] = v.strip()
        n = int(headers.get("content-length", 0))
        body = f.read(n)
        if len(body) < n:
            return False
        engine = self.engine
        status, answer, more = engine.request(line[0], line[1], headers, body)
        text = answer if isinstance(answer, str) else json.dumps(answer)
        data = text.encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in more.items()) + "\r\n"
        if "half" in engine.__dict__.get("plan", ()) and len(data) > 20:
            c.sendall(head.encode() + data[:len(data) // 2])
            return False
        c.sendall(head.encode() + data)
        return True

    def close(self):
        self.socket.close()


def main():
    faults = {}
    for a in sys.argv[3:]:
        k, _, v = a.partition("=")
        faults[k] = float(v)
    engine = Engine(int(sys.argv[2]) if len(sys.argv) > 2 else 0, **faults)
    server = Server(engine)
    with open(sys.argv[1] + ".new", "w") as f:
        f.write(f"{server.port}\n")
    os.rename(sys.argv[1] + ".new", sys.argv[1])
    sys.stdin.read()


if __name__ == "__main__":
    main()
