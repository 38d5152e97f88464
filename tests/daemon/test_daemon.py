#!/usr/bin/env python3
"""The daemon as a whole in a few seconds: what it tells systemd, what it logs and how, one deadline from the stream to the
robot, files that are taken over and files that are refused, older rules of open deadlines, and how it ends."""
import json
import os
import re
import signal
import socket
import subprocess
import urllib.request

from harness import CUIBAND, World, wait_for

CALM = """
calm:
{
  summary = "%s";
  open    = { on = "calm.opened"; };
  key     = [ "case" ];
  owner   = "person";
  meet    = { on = "calm.met"; };
  due     = "1h";
  gap     = "none";
  on_change = "keep";
  ladder  = ( { at = "%s"; to = [ "owner" ]; via = [ "robot" ]; }, { at = "due"; to = [ "owner", "head" ]; via = [ "robot" ]; } );
};
"""


class Manager:
    """Plays systemd: the socket that NOTIFY_SOCKET names, and what came there."""

    def __init__(self, world):
        self.path = world.path("notify.sock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.heard = []

    def said(self):
        while True:
            try:
                self.heard += self.socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return self.heard

    def wait_for(self, word):
        wait_for(f"{word} told to systemd", lambda: any(line.startswith(word) for line in self.said()))


def get(daemon, path):
    address = wait_for("the web address", lambda: re.search(r"status on (http://\S+)/", daemon.log())).group(1)
    with urllib.request.urlopen(address + path, timeout=5) as answer:
        return answer.read().decode()


def systemd_is_told():
    with World(settings='web = { listen = "127.0.0.1:0"; };') as world:
        manager = Manager(world)
        daemon = world.daemon(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="400000")
        daemon.wait_owner()
        manager.wait_for("READY=1")
        manager.wait_for("WATCHDOG=1")
        manager.heard.clear()
        daemon.process.send_signal(signal.SIGHUP)
        manager.wait_for("RELOADING=1")
        manager.wait_for("READY=1")
        manager.heard.clear()
        assert daemon.stop() == 0, daemon.log()
        assert "STOPPING=1" in manager.said(), manager.heard
        assert "READY=1" not in manager.heard


def an_abstract_socket_is_one_too():
    with World() as world, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as abstract:
        name = f"cuiban-test-{os.getpid()}"
        abstract.bind("\0" + name)
        abstract.settimeout(20)
        daemon = world.daemon(NOTIFY_SOCKET="@" + name)
        assert abstract.recv(4096).decode().startswith("READY=1"), daemon.log()


def a_deadline_slips():
    """Default grace, so that the clock's patience is played as well."""
    with World(grace=None) as world:
        daemon = world.daemon().wait_owner()
        world.add("case.opened", id="1", case="c1", person="ann")
        wait_for("the head hears", lambda: any("escalation" in text for text in world.robot.texts()))
        # A host that is late may have passed over the first ones, and an attempt may have been made twice; none is forgotten.
        steps = [r["s"] for r in world.journal() if r["e"] in ("step", "superseded", "skipped") and "n" not in r]
        assert list(dict.fromkeys(steps)) == ["due-1s", "due", "due+1s"], world.journal()
        overdue = next(record for record in world.journal() if record["e"] == "overdue")
        fired = [entry for entry in world.redis.client.xrange("cuiban:{hr:events}:journal") if '"overdue"' in entry[1]["records"]]
        assert int(fired[0][1]["now"]) - overdue["due"] >= 2000, (fired, overdue)   # grace: two seconds
        world.add("case.met", id="2", case="c1")
        wait_for("it is closed", world.drained)
        assert daemon.stop() == 0, daemon.log()


def files_are_taken_or_refused():
    with World(rules=CALM % ("First", "open"), settings='web = { listen = "127.0.0.1:0"; };') as world:
        daemon = world.daemon().wait_owner()
        world.add("calm.opened", id="1", case="c1", person="ann")
        wait_for("the first word", lambda: world.robot.texts())
        world.put(CALM % ("Second", "open") + "oops", "rules.d", "rules.cfg")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for("the refusal", lambda: json.loads(get(daemon, "/status"))["reload"].get("failure"))
        assert "rules.cfg" in daemon.log(), daemon.log()
        world.put(CALM % ("Second", "open"), "rules.d", "rules.cfg")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for("the new files", lambda: json.loads(get(daemon, "/status"))["reload"]["taken"] == 1)
        world.add("calm.opened", id="2", case="c2", person="ann")
        wait_for("its first word", lambda: any("Second" in text and "c2" in text for text in world.robot.texts()))
        # The open one keeps its rule as it was, also through a restart that knows only its text.
        assert daemon.stop() == 0, daemon.log()
        again = world.daemon().wait_owner()
        versions = {row["v"] for row in world.table("deadlines").values()}
        assert len(versions) == 2, world.table("deadlines")
        assert "cannot be read" not in again.log(), again.log()


def what_is_logged():
    with World() as world:
        quiet = world.get("cuiban.cfg").replace('log = "debug"', 'log = "warning"')
        world.put(quiet, "cuiban.cfg")
        daemon = world.daemon(JOURNAL_STREAM="8:1").wait_owner()
        assert daemon.stop() == 0
        lines = [line for line in daemon.log().split("\n") if line and not line.startswith("cuiband: ready")]
        assert all(re.match(r"<[0-4]>", line) for line in lines), lines
        world.put(quiet.replace('log = "warning"', 'log = "info"'), "cuiban.cfg")
        daemon = world.daemon().wait_owner()
        assert daemon.stop() == 0
        stamped = [line for line in daemon.log().split("\n") if re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d{4} ", line)]
        assert any("signal 15: stopping" in line for line in stamped), daemon.log()


def arguments_are_judged():
    def run(*words):
        done = subprocess.run([CUIBAND, *words], capture_output=True, text=True, timeout=20, check=False)
        return done.returncode, done.stdout + done.stderr

    assert run("--version")[0] == 0 and run("--help")[0] == 0
    for words, said in ((("-c",), "requires an argument"), ((), "-c FILE is missing"), (("-c", "x", "y"), "y: unexpected"),
                        (("-c", "x", "--speed", "0", "--at", "2026-01-01T00:00:00Z"), "whole number"),
                        (("-c", "x", "--speed", "5"), "go together"), (("-c", "x", "--at", "noon"), "RFC 3339"),
                        (("-c", "/nonexistent/cuiban.cfg"), "/nonexistent/cuiban.cfg")):
        status, told = run(*words)
        assert status == 2 and said in told, (words, status, told)


for test in (systemd_is_told, an_abstract_socket_is_one_too, a_deadline_slips, files_are_taken_or_refused, what_is_logged,
             arguments_are_judged):
    test()
    print("ok", test.__name__, flush=True)
