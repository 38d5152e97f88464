"""Other files while the daemon runs: taken, refused, cut off in the middle."""
import datetime
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import unittest
import urllib.request

from harness import BASE, CUIBANCTL, RULES, STREAM, World, wait_for

WEB = 'web = { listen = "127.0.0.1:0"; };'
TASK = """
task:
{{
  summary = "task"; open = {{ on = "task.asked"; }}; key = [ "task" ]; owner = "person"; meet = {{ on = "task.done"; }};
  calendar = "office"; gap = "none"; {more}
  due = "{due}"; ladder = ( {{ at = "due-1wh"; to = [ "owner" ]; via = [ "robot" ]; }}, {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }} );
}};
"""
HOUR_MS = 3600 * 1000


def task(due, more=""):
    return TASK.format(due=due, more=more)


class Office(World):
    """A working week without weekends, so that working hours and hours differ; people work around the clock."""

    def __init__(self, rules, **options):
        super().__init__(rules=rules, settings=WEB, **options)
        self.put('always: { zone = "Asia/Shanghai"; week = [ "Mon-Sun 00:00-24:00" ]; };\n'
                 'office: { zone = "Asia/Shanghai"; week = [ "Mon-Sun 00:00-12:00" ]; };\n', "calendars.d", "always.cfg")

    def status(self, daemon):
        address = re.search(r"on (http://[0-9.:]+/)", daemon.log()).group(1)
        return json.load(urllib.request.urlopen(address + "status"))

    def metric(self, daemon, name):
        address = re.search(r"on (http://[0-9.:]+/)", daemon.log()).group(1)
        text = urllib.request.urlopen(address + "metrics").read().decode()
        return int(re.search(rf"^{name} (\d+)$", text, re.M).group(1))

    def ask(self, *tasks):
        for name in tasks:
            self.add("task.asked", task=name, person="ann")
        wait_for("all are open", lambda: len(self.table("deadlines")) >= len(tasks))

    def reload(self, daemon):
        before = self.status(daemon)["reload"]
        daemon.process.send_signal(signal.SIGHUP)
        wait_for("the reload has an end", lambda: self.ended(before, self.status(daemon)["reload"]))
        return self.status(daemon)["reload"]

    @staticmethod
    def ended(before, now):
        return now["state"] == "idle" and (now["taken"], now["refused"]) != (before["taken"], before["refused"])

    def records(self, *names):
        return [record for record in self.journal() if record["e"] in names]


class Taken(unittest.TestCase):
    def test_24h_becomes_8wh(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a", "b")
            old, was = world.head()["rules"], {i: d for i, d in world.table("deadlines").items()}
            world.put(task("8wh"), "rules.d", "rules.cfg")
            self.assertEqual(world.reload(daemon)["taken"], 1)
            new = world.head()["rules"]
            self.assertNotEqual(old, new)
            records = world.records("reload", "recomputed", "reloaded")
            commits = {record.pop("seq") for record in world.records("reload", "recomputed")}
            self.assertEqual(len(commits), 2, "the record of the reload is a commit of its own")
            self.assertEqual({k: v for k, v in records[0].items() if k != "seq"},
                             {"e": "reload", "was": old, "rules": new, "new": 0, "changed": 1, "gone": 0})
            self.assertEqual(sorted(record["d"] for record in records[1:3]), sorted(was))
            for record in records[1:3]:
                now = world.table("deadlines")[record["d"]]
                self.assertEqual({k: v for k, v in record.items() if k != "seq"},
                                 {"e": "recomputed", "d": record["d"], "r": "task", "v": now["v"], "old": was[record["d"]]["v"],
                                  "due": now["due"], "was": was[record["d"]]["due"], "why": "the rule has changed"})
                self.assertEqual(was[record["d"]]["due"] - was[record["d"]]["opened"], 24 * HOUR_MS)
                self.assertEqual(now["due"], office_hours(now["opened"], 8))
            self.assertEqual({k: v for k, v in records[3].items() if k != "seq"},
                             {"e": "reloaded", "rules": new, "recomputed": 2, "kept": 0, "recounted": 0})
            self.assertEqual(daemon.stop(), 0, daemon.log())
            self.assertEqual(daemon.log().count("owned;"), 1, "the stream was never let go")

    def test_undone(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a")
            before = world.table("deadlines")
            for due in ("8wh", "24h"):
                world.put(task(due), "rules.d", "rules.cfg")
                world.reload(daemon)
            self.assertEqual(world.table("deadlines"), before)
            self.assertEqual(world.robot.texts(), [])

    def test_kept(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a")
            before = world.table("deadlines")
            world.put(task("8wh", 'on_change = "keep";'), "rules.d", "rules.cfg")
            world.reload(daemon)
            self.assertEqual(world.table("deadlines"), before)
            self.assertEqual(daemon.stop(), 0)
            daemon = world.daemon().wait_owner()  # which finds the text in Redis
            world.add("task.done", task="a")
            wait_for("it is met", lambda: world.records("met"))

    def test_missed_rungs_are_one_message(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a", "b", "c")
            world.put(task("1s"), "rules.d", "rules.cfg")
            time.sleep(1.1)  # so that both rungs have passed by the new rule
            world.reload(daemon)
            wait_for("one message each", lambda: len(world.robot.texts()) == 3)
            self.assertEqual([text.split()[0].strip("*") for text in world.robot.texts()], ["overdue"] * 3)
            self.assertEqual(daemon.stop(), 0)
            self.assertEqual(len(world.robot.texts()), 3)

    def test_a_retired_rule(self):
        with Office(task("2s")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a")
            world.put(task("2s", "retired = true;"), "rules.d", "rules.cfg")
            world.reload(daemon)
            world.add("task.asked", task="b", person="ann")
            wait_for("what is open escalates", lambda: len(world.robot.texts()) >= 1)
            self.assertEqual(len(world.table("deadlines")), 1)

    def test_what_waits_for_quiet_hours_is_freed(self):
        now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
        hours = "-".join((now + datetime.timedelta(hours=shift)).strftime("%H:%M") for shift in (-3, 3))
        with Office(task("1s")) as world:
            settings = world.get("cuiban.cfg")
            world.put(f'{settings} quiet = "{hours}";', "cuiban.cfg")
            daemon = world.daemon().wait_owner()
            world.ask("a")
            note = wait_for("it waits for the end of the quiet hours", lambda: world.table("outbox"))
            note = next(iter(note.values()))
            self.assertGreater(note["not_before"], note["from"] + HOUR_MS)
            self.assertIn("quiet until then", self.explain(world, note["d"]))
            world.put(f'{settings} quiet = "none";', "cuiban.cfg")
            self.assertEqual(world.reload(daemon)["taken"], 1)
            wait_for("it leaves", lambda: world.robot.texts())
            self.assertEqual([record["was"] for record in world.records("moved")], [note["not_before"]])
            self.assertNotIn("quiet", self.explain(world, note["d"]))

    @staticmethod
    def explain(world, deadline):
        return subprocess.run([CUIBANCTL, "-c", world.path("cuiban.cfg"), "explain", deadline], capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C"}, check=True).stdout

    def test_other_channels_replace_the_service(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a")
            world.put(world.get("cuiban.cfg").replace("concurrency = 16", "concurrency = 3"), "cuiban.cfg")
            self.assertEqual(world.reload(daemon)["taken"], 1)
            self.assertIn("the files have other settings (channels)", daemon.log())
            wait_for("owned again", lambda: daemon.log().count("owned;") == 2)


def office_hours(opened, hours):
    """Midnight to noon in Shanghai, every day."""
    day = 24 * HOUR_MS
    at, left = opened, hours * HOUR_MS
    while True:
        midnight = (at + 8 * HOUR_MS) // day * day - 8 * HOUR_MS
        end = midnight + 12 * HOUR_MS
        if at < end and at + left <= end:
            return at + left
        left -= max(0, end - at)
        at = midnight + day


class Refused(unittest.TestCase):
    def refused(self, world, daemon, why):
        before, texts = world.head(), world.table("deadlines")
        answer = world.reload(daemon)
        self.assertEqual(answer["refused"], 1)
        self.assertIn(why, answer["failure"]["why"])
        self.assertRegex(answer["failure"]["at"], r"^20\d\d-\d\d-\d\dT")
        self.assertEqual(world.metric(daemon, "cuiban_reload_failures_total"), 1)
        self.assertEqual(world.metric(daemon, "cuiban_reload_failed"), 1)
        self.assertEqual(world.head()["rules"], before["rules"])
        self.assertEqual(world.table("deadlines"), texts)
        self.assertIn(why, daemon.log())
        self.assertIn("reload refused", daemon.log())
        record = wait_for("it is on record", lambda: world.records("reload_failed"))[0]
        self.assertIn(why, record["why"])
        status = self.cuibanctl(world)
        self.assertIn("reload", " ".join(status["warnings"]))
        self.assertIn(why, status["reload_failed"]["why"])

    @staticmethod
    def cuibanctl(world):
        done = subprocess.run([CUIBANCTL, "-c", world.path("cuiban.cfg"), "--json", "status"], capture_output=True, text=True,
                              env={**os.environ, "LC_ALL": "C"}, check=False)
        return json.loads(done.stdout)[0] if done.stdout else {"warnings": [done.stderr], "reload_failed": {"why": done.stderr}}

    def test_a_vanished_rule(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a", "b", "c")
            world.put(RULES, "rules.d", "rules.cfg")
            self.refused(world, daemon, 'rule "task" has 3 open deadlines in hr:events and cannot vanish')
            world.put(RULES + task("24h", "retired = true;"), "rules.d", "rules.cfg")
            answer = world.reload(daemon)
            self.assertEqual(answer["taken"], 1)
            self.assertNotIn("failure", answer)
            self.assertEqual(world.metric(daemon, "cuiban_reload_failed"), 0)
            self.assertNotIn("reload_failed", self.cuibanctl(world))

    def test_a_bad_file(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            world.ask("a")
            good = world.get("rules.d", "rules.cfg")
            world.put(good.replace("due = ", "dew = "), "rules.d", "rules.cfg")
            before = world.head()["rules"]
            answer = world.reload(daemon)
            self.assertIn("rules.cfg:", answer["failure"]["why"])
            self.assertGreaterEqual(answer["failure"]["errors"], 1)
            self.assertEqual(world.head()["rules"], before)
            self.assertNotIn("rules_on_disk", world.status(daemon))
            self.assertGreaterEqual(world.status(daemon)["on_disk"]["errors"], 1)
            self.assertEqual(world.metric(daemon, "cuiban_rules_on_disk_differ"), 1)
            world.ask("a", "b")  # it goes on
            self.assertEqual(daemon.stop(), 0)
            world.put(good, "rules.d", "rules.cfg")
            world.daemon().wait_owner()
            self.assertEqual(world.head()["reload_failed"], "", "a start with good files ends it")


    def test_a_refusal_stays_on_record(self):
        """Until a reload is taken: through a lost connection, and when Redis was away as it was refused."""
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            good = world.get("rules.d", "rules.cfg")
            world.put(good.replace("due = ", "dew = "), "rules.d", "rules.cfg")
            world.redis.stop()
            self.assertEqual(world.reload(daemon)["refused"], 1)
            world.redis.start()
            wait_for("the head says so", lambda: "rules.cfg:" in world.head().get("reload_failed", ""))
            world.redis.client.delete(BASE + ":lease")  # which makes the daemon load again
            world.ask("a")
            self.assertIn("loaded again", daemon.log())
            self.assertIn("rules.cfg:", world.head()["reload_failed"])
            world.put(good, "rules.d", "rules.cfg")
            self.assertEqual(world.reload(daemon)["taken"], 1)
            self.assertEqual(world.head()["reload_failed"], "")


class CutOff(unittest.TestCase):
    """kill -9 while the deadlines come over: the next daemon does the rest, and all is as if nothing had been."""

    MANY = 3000

    def fill(self, world):
        pipe = world.redis.client.pipeline(transaction=False)
        for i in range(self.MANY):
            pipe.xadd(STREAM, {"type": "task.asked", "task": f"t{i}", "person": "ann"})
        pipe.execute()
        wait_for("all are open", lambda: len(world.table("deadlines")) == self.MANY, 60)

    def test_killed(self):
        with Office(task("24h")) as world:
            daemon = world.daemon().wait_owner()
            self.fill(world)
            was = {d["due"] for d in world.table("deadlines").values()}
            world.put(task("8wh"), "rules.d", "rules.cfg")
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("some have come over", lambda: len(world.records("recomputed")) > 0, poll_s=0.001)
            daemon.kill()
            done = len(world.records("recomputed"))
            self.assertLess(done, self.MANY, "it was too fast to be cut off")
            self.assertEqual(len(world.records("reload")), 1)
            world.daemon().wait_owner()
            wait_for("the rest comes over", lambda: world.records("reloaded"), 60)
            self.assertEqual(len(world.records("recomputed")), self.MANY, "each exactly once")
            deadlines = world.table("deadlines").values()
            self.assertEqual({d["due"] for d in deadlines}, {office_hours(d["opened"], 8) for d in deadlines})
            self.assertNotEqual({d["due"] for d in deadlines}, was)
            wait_for("nobody needs the old text", lambda: world.redis.client.hlen("cuiban:{hr:events}:rules") == 1)


class Gate:
    """A robot that answers once it may, however slow the machine is."""

    def __init__(self):
        self.open = threading.Event()

    def answer(self, _text):
        self.open.wait(60)
        return 200, {"errcode": 0, "errmsg": "ok"}


class Signals(unittest.TestCase):
    """While a reload waits for an answer, because the channels are replaced."""

    def reload_that_waits(self, world, gate):
        world.robot.answer = gate.answer
        patient = world.get("cuiban.cfg").replace('attempt = "1s"', 'attempt = "20s"').replace('lease = "2s"', 'lease = "60s"')
        world.put(patient, "cuiban.cfg")
        daemon = world.daemon().wait_owner()
        world.add("case.opened", case="a", person="ann")
        wait_for("a message is on its way", lambda: world.robot.texts())
        world.put(world.get("cuiban.cfg").replace("concurrency = 16", "concurrency = 3"), "cuiban.cfg")
        daemon.process.send_signal(signal.SIGHUP)
        wait_for("the service is being replaced", lambda: "other settings (channels)" in daemon.log())
        self.assertNotIn("reloaded", daemon.log())
        return daemon

    def test_a_second_reload_is_not_forgotten(self):
        with World() as world:
            gate = Gate()
            daemon = self.reload_that_waits(world, gate)
            daemon.process.send_signal(signal.SIGHUP)
            gate.open.set()
            wait_for("both were done", lambda: daemon.log().count("reloaded: rules") == 2)
            self.assertEqual(daemon.stop(), 0)

    def test_a_stop_ends_the_reload(self):
        with World() as world:
            gate = Gate()
            daemon = self.reload_that_waits(world, gate)
            daemon.process.terminate()
            wait_for("it stops", lambda: "signal 15: stopping" in daemon.log())
            gate.open.set()
            self.assertEqual(daemon.process.wait(20), 0, daemon.log())
            self.assertNotIn("reloaded", daemon.log())
            self.assertEqual(len(world.robot.texts()), 1)
            self.assertIn('"delivered"', str(world.journal()).replace("'", '"'))

    def test_a_stop_while_files_are_read(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            daemon.process.send_signal(signal.SIGHUP)
            self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
