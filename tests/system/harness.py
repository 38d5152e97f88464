"""What the system tests share: a private redis-server, a robot that records what it is sent, and the built daemon.

Everything lives in a temporary folder and on loopback, and ends with the test."""
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

import redis

BUILD = os.environ["CUIBAN_BUILD"]
CUIBAND = os.path.join(BUILD, "daemon", "cuiband")
CUIBANCTL = os.path.join(BUILD, "daemon", "cli", "cuibanctl")
PLUGINS = os.path.join(BUILD, "plugins")
STREAM = "hr:events"
BASE = "cuiban:{hr:events}"


def wait_for(what, condition, limit_s=20.0, poll_s=0.02):
    """Waits until the condition is true and returns its value; fails with what was waited for."""
    end = time.monotonic() + limit_s
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {limit_s} s: {what}")
        time.sleep(poll_s)


class Redis:
    def __init__(self, folder, *options, environment=None):
        self.folder, self.options = folder, options
        self.environment = environment and {**os.environ, **environment}
        self.path = os.path.join(folder, "redis.sock")
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.path, "--dir", self.folder, "--appendonly", "yes",
             "--appendfsync", "always", "--save", "", "--logfile", os.path.join(self.folder, "redis.log"), *self.options],
            stdout=subprocess.DEVNULL, env=self.environment)
        self.client = redis.Redis(unix_socket_path=self.path, decode_responses=True)
        wait_for("redis answers", self.answers)

    def answers(self):
        try:
            return self.client.ping()
        except (redis.exceptions.RedisError, OSError):
            return False

    def stop(self, how=signal.SIGTERM):
        if self.process:
            self.process.send_signal(how)
            self.process.wait()
            self.process = None

    def restart(self, how=signal.SIGTERM):
        self.stop(how)
        self.start()


class Robot:
    """A WeCom group robot on a free port. Records (monotonic time, path, text); `answer` decides what it says."""

    def __init__(self):
        self.messages, self.lock = [], threading.Lock()
        self.answer = lambda text: (200, {"errcode": 0, "errmsg": "ok"})
        robot = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                message = json.loads(body)
                text = message[message["msgtype"]]["content"]
                with robot.lock:
                    robot.messages.append((time.monotonic(), self.path, text))
                status, answer = robot.answer(text)
                if status is None:  # the connection breaks after the request was read
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                data = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *connection: None  # a client that is killed breaks its connections
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def texts(self):
        with self.lock:
            return [text for _, _, text in self.messages]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


TEMPLATE = "{phase} {{{{summary}}}}\n[{{{{number}}}}] {{{{case}}}} {{{{recipient.id}}}}\n"

def quick_rules(due="2s", before="1s", after="1s"):
    """One rule: its owner hears before due and at due, the head after it, if the case is not met or cancelled meanwhile."""
    return f"""
quick:
{{
  summary = "quick";
  open    = {{ on = "case.opened"; }};
  key     = [ "case" ];
  owner   = "person";
  meet    = {{ on = "case.met"; }};
  cancel  = {{ on = "case.cancelled"; key = [ "case" ]; }};
  due     = "{due}";
  gap     = "none";
  ladder  = ( {{ at = "due-{before}"; to = [ "owner" ]; via = [ "robot" ]; }}, {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }},
              {{ at = "due+{after}"; to = [ "head" ]; via = [ "robot" ]; }} );
}};
"""


RULES = quick_rules()
UNHURRIED = quick_rules(due="8s", before="5s", after="2s")  # leaves room for the default grace of 2 s


class World:
    """A folder with settings, rules and people; one Redis; one robot; any number of daemons. `grace` None: the default."""

    def __init__(self, rules=None, settings="", redis_url=None, redis_options=(), robot_options="", grace="0s",
                 robot_limits='rate = "100000/s"; concurrency = 16;', redis_environment=None):
        self.folder_object = tempfile.TemporaryDirectory(prefix="cuiban-test-")
        self.folder = self.folder_object.name
        self.redis = Redis(self.folder, *redis_options, environment=redis_environment)
        self.robot = Robot()
        self.daemons = []
        settings += f'\ngrace = "{grace}";' if grace else ""
        self.robot_options = f"{robot_limits} {robot_options}"
        self.write(rules or RULES, settings, redis_url or f"unix:{self.redis.path}")

    def path(self, *parts):
        path = os.path.join(self.folder, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def get(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def put(self, text, *parts):
        with open(self.path(*parts), "w", encoding="utf-8") as file:
            file.write(text)

    def write(self, rules, settings, redis_url):
        self.put(f"""
redis = "{redis_url}"; streams = [ "{STREAM}" ]; start = "begin"; plugins = "{PLUGINS}";
rules = "rules.d"; calendars = "calendars.d"; directory = "directory.d"; templates = "templates";
zone = "Asia/Shanghai"; calendar = "always"; language = "en"; log = "debug";
lease = "2s"; attempt = "1s"; retry = {{ base = "200ms"; cap = "1s"; }};
channels = {{ robot = {{ plugin = "wecom"; key = "k"; url = "{self.robot.url}"; {self.robot_options} }}; }};
{settings}
""", "cuiban.cfg")
        self.put('always: { zone = "Asia/Shanghai"; week = [ "Mon-Sun 00:00-24:00" ]; };\n', "calendars.d", "always.cfg")
        self.put("""
people = ( { id = "ann"; department = "d"; wecom = "Ann"; }, { id = "boss"; department = "d"; wecom = "Boss"; } );
departments = ( { id = "d"; head = "boss"; } );
roles = {};
""", "directory.d", "people.cfg")
        for phase in ("asked", "reminder", "overdue", "escalation", "closed"):
            self.put(TEMPLATE.format(phase=phase), "templates", "en", f"{phase}.md")
        self.put(rules, "rules.d", "rules.cfg")

    def daemon(self, *arguments, **environment):
        daemon = Daemon(self, arguments, environment)
        self.daemons.append(daemon)
        return daemon

    def add(self, type_, **fields):
        return self.redis.client.xadd(STREAM, {"type": type_, **fields})

    def journal(self):
        """All records of the journal in order, each with the commit's number."""
        records = []
        for _, entry in self.redis.client.xrange(BASE + ":journal"):
            for record in json.loads(entry["records"]):
                records.append({**record, "seq": int(entry["seq"])})
        return records

    def table(self, name):
        return {k: json.loads(v) for k, v in self.redis.client.hgetall(f"{BASE}:{name}").items()}

    def head(self):
        return self.redis.client.hgetall(BASE + ":head")

    def dead(self):
        return [json.loads(entry["entry"]) for _, entry in self.redis.client.xrange(BASE + ":dead")]

    def nothing_more(self):
        """With a grace of 0: whatever was due when this was called has been decided, and what was decided has left. Two entries that
        concern nobody are read, one after the other: the read that brings the second began after the call."""
        for _ in range(2):
            last = self.add("nobody.waits")
            wait_for("it is read", lambda: self.head().get("cursor") == last)
        wait_for("what was decided has left", lambda: not self.table("outbox"))

    def drained(self):
        """Everything that was sent has been read, and nothing is open or on its way."""
        last = self.redis.client.xrevrange(STREAM, count=1)
        return (not last or self.head().get("cursor") == last[0][0]) and not self.table("deadlines") and not self.table("outbox")

    def close(self):
        for daemon in self.daemons:
            daemon.kill()
        self.redis.stop()
        self.robot.close()
        self.folder_object.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()


class Daemon:
    def __init__(self, world, arguments, environment):
        self.world = world
        self.log_path = os.path.join(world.folder, f"daemon-{len(world.daemons)}.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([CUIBAND, "-c", world.path("cuiban.cfg"), *arguments], stdout=log, stderr=log,
                                            env={**os.environ, **environment})

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def wait_owner(self, limit_s=20):
        wait_for("the daemon owns the stream\n" + self.log_path, lambda: "ready at" in self.log() or self.ended(), limit_s)
        assert not self.ended(), self.log()
        return self

    def ended(self):
        return self.process.poll() is not None

    def cpu_s(self):
        """Processor time that it has used so far."""
        with open(f"/proc/{self.process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, path, limit_s=1.0):
        """The answer of its web side, whatever the status."""
        address = wait_for("it serves the web", lambda: re.search(r"status on (http://[^/]+)/", self.log())).group(1)
        try:
            with urllib.request.urlopen(address + path, timeout=limit_s) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def kill(self):
        if not self.ended():
            self.process.kill()
        self.process.wait()

    def stop(self, limit_s=20):
        """A clean stop; returns the exit status."""
        self.process.terminate()
        return self.process.wait(limit_s)
