"""One story, played by `cuibanctl test`, by `cuibanctl backtest` and by the daemon on a fast clock: the same people hear the
same things at the same times. What waits for quiet hours, for a gap, for a person's own hours, and what is withdrawn, too."""
import datetime
import json
import os
import re
import subprocess
import sys
import time
import unittest

from harness import CUIBANCTL, PLUGINS, STREAM, World, wait_for

SPEED = 3600  # an hour a second
LATE = datetime.timedelta(hours=2)  # two seconds on a busy machine; what is misjudged is further off
BEGIN, END = "2026-11-16 09:00", "2026-11-19 12:00"
ZONE = datetime.timezone(datetime.timedelta(hours=8))
READY = re.compile(r"ready at (\S+) speed")

SETTINGS = """
redis = "unix:{redis}"; streams = [ "{stream}" ]; start = "begin"; plugins = "{plugins}";
rules = "rules.d"; calendars = "calendars.d"; directory = "directory.d"; templates = "templates";
zone = "Asia/Shanghai"; calendar = "office"; language = "en"; channel = "mail"; quiet = "20:00-08:30"; catch_all = "person:boss";
channels = {{ mail = {{ plugin = "log"; path = "{log}"; rate = "1000/s"; }}; }};
"""

CALENDAR = 'office: { zone = "Asia/Shanghai"; week = [ "Mon-Fri 09:00-12:00,13:00-18:00" ]; };\n'

PEOPLE = """
people = ( { id = "ann"; department = "d"; email = "ann@example.com"; quiet = "09:00-10:30"; },
  { id = "ben"; department = "d"; email = "ben@example.com"; },
  { id = "eve"; department = "d"; email = "eve@example.com"; delegate = "ben"; away = "2026-11-17..2026-11-18"; },
  { id = "hr";  department = "d"; email = "hr@example.com"; },
  { id = "boss"; department = "d"; email = "boss@example.com"; } );
departments = ( { id = "d"; head = "boss"; hrbp = "hr"; } );
roles = {};
"""

RULES = """
feedback:
{
  open   = { on = "case.opened"; };
  key    = [ "case" ];
  owner  = "each of owners";
  meet   = { on = "case.met"; owner = "by"; };
  cancel = { on = "case.dropped"; };
  reopen = { on = "case.returned"; owner = "by"; due = "4wh"; };
  due    = "24h";
  ladder = ( { at = "open"; to = [ "owner" ]; }, { at = "due-4h"; to = [ "owner" ]; }, { at = "due"; to = [ "owner", "hr" ]; },
             { at = "due+2h"; to = [ "head" ]; }, { at = "closed"; to = [ "told" ]; } );
};
report:
{
  open   = { after = "feedback"; };
  key    = [ "case" ];
  owner  = "hrbp of department";
  department = "unit";
  meet   = { on = "report.sent"; };
  due    = "4wh";
  ladder = ( { at = "due"; to = [ "owner" ]; } );
};
signed:
{
  open   = { on = "paper.sent"; };
  key    = [ "case" ];
  owner  = "person";
  meet   = { all = [ "paper.read", "paper.signed" ]; };
  pause  = { on = "paper.held"; };
  resume = { on = "paper.freed"; };
  due    = "6wh";
  ladder = ( { at = "50%"; to = [ "owner" ]; }, { at = "due"; to = [ "owner" ]; }, { at = "due+1wh"; to = [ "head" ]; every = "4wh"; times = 2; } );
};
"""

STORY = (
    ("2026-11-16 10:00", "case.opened", {"case": "a", "owners": ["ann", "ben"], "unit": "d"}),
    ("2026-11-16 11:00", "case.opened", {"case": "b", "owners": ["eve"], "unit": "d"}),
    ("2026-11-16 14:00", "paper.sent", {"case": "p", "person": "ben"}),
    ("2026-11-16 15:30", "case.opened", {"case": "c", "owners": ["ann"], "unit": "d"}),
    ("2026-11-16 15:40", "paper.held", {"case": "p"}),
    ("2026-11-16 16:00", "paper.read", {"case": "p"}),
    ("2026-11-16 22:00", "case.opened", {"case": "n", "owners": ["ben"], "unit": "d"}),
    ("2026-11-17 07:00", "case.dropped", {"case": "n"}),
    ("2026-11-17 09:00", "case.met", {"case": "a", "by": "ben"}),
    ("2026-11-17 10:00", "paper.freed", {"case": "p"}),
    ("2026-11-17 16:30", "case.met", {"case": "a", "by": "ann"}),
    ("2026-11-17 17:00", "case.returned", {"case": "a", "by": "ben"}),
    ("2026-11-18 12:30", "case.met", {"case": "c", "by": "ann"}),
    ("2026-11-18 15:45", "case.met", {"case": "a", "by": "ben"}),
    ("2026-11-18 16:30", "paper.signed", {"case": "p"}),
)


def moment(text):
    return datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=ZONE)


def value(field):
    return json.dumps(field) if isinstance(field, list) else field


class Agreement(unittest.TestCase):
    def prepare(self, world):
        log = world.path("mail.jsonl")
        world.put(SETTINGS.format(redis=world.redis.path, stream=STREAM, plugins=PLUGINS, log=log), "cuiban.cfg")
        world.put(CALENDAR, "calendars.d", "always.cfg")
        world.put(PEOPLE, "directory.d", "people.cfg")
        return log

    def ask(self, world, *words):
        done = subprocess.run([CUIBANCTL, "-c", world.path("cuiban.cfg"), "--json", *words], capture_output=True, text=True,
                              check=False, timeout=60)
        self.assertLess(done.returncode, 2, done.stderr)
        return json.loads(done.stdout)

    def rehearsed(self, world):
        """What `test` says: everything is a surprise to it."""
        events = ",\n".join('{ at = "%s"; event = "%s"; %s }' % (
            at, type_, " ".join(f"{name} = {json.dumps(field)};" for name, field in fields.items()))
            for at, type_, fields in STORY)
        world.put(f'tests: {{ story: {{ from = "{BEGIN}"; until = "{END}"; events = (\n{events}\n); expect = [ ]; }}; }};\n',
                  "tests.d", "story.cfg")
        rows = self.ask(world, "test", world.path("tests.d", "story.cfg"))["tests"][0]["messages"]
        return sorted((datetime.datetime.fromisoformat(row["at"]), row["message"]) for row in rows)

    def replayed(self, world):
        """What `backtest` says when no rule is left: every message is dropped."""
        lines = [json.dumps({"type": type_, "id": str(i), "time": moment(at).isoformat(), **fields})
                 for i, (at, type_, fields) in enumerate(STORY)]
        world.put("\n".join(lines) + "\n", "story.jsonl")
        os.mkdir(world.path("none"))
        rows = []
        for rule in ("feedback", "report", "signed"):
            said = self.ask(world, "backtest", "--rules", world.path("none"), "--events", world.path("story.jsonl"), "--until", END,
                            "--show", rule)
            rows += said["messages"]
        return sorted((datetime.datetime.fromisoformat(row["then"]), row["to"], row["copy"]) for row in rows)

    def told(self, world, log):
        """What really left."""
        daemon = world.daemon("--speed", str(SPEED), "--at", moment(BEGIN).isoformat()).wait_owner()
        start = datetime.datetime.fromisoformat(READY.search(daemon.log())[1])
        anchor = time.monotonic()

        def reach(at):
            time.sleep(max(0.0, (at - start).total_seconds() / SPEED - (time.monotonic() - anchor)))

        for i, (at, type_, fields) in enumerate(STORY):
            reach(moment(at))
            world.add(type_, id=str(i), time=moment(at).isoformat(), **{name: value(field) for name, field in fields.items()})
        reach(moment(END))
        wait_for("the last event was read", lambda: int(world.head().get("read", 0)) == len(STORY))
        self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
        with open(log, encoding="utf-8") as file:
            messages = [json.loads(line) for line in file]
        return sorted((datetime.datetime.fromtimestamp(message["time_ms"] / 1000, ZONE), f'{message["title"].split()[0]} {to}')
                      for message in messages for to in message["to"])

    def test_a_story(self):
        with World(RULES) as world:
            log = self.prepare(world)
            rehearsed = self.rehearsed(world)
            self.assertGreater(len(rehearsed), 15)
            self.assertEqual(sorted((at, what.split()[1], " copy" in what) for at, what in rehearsed), self.replayed(world))
            expected = sorted((" ".join(what.split()[:2]), at) for at, what in rehearsed)
            came = sorted((what, at) for at, what in self.told(world, log))
            self.assertEqual([what for what, _ in expected], [what for what, _ in came])
            for (what, due), (_, at) in zip(expected, came):
                self.assertLess(at - due, LATE, what)
                self.assertGreaterEqual(at, due, what)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
