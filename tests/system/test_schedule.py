"""kill -9 again and again while schedules fire for 500 departments: every rule asks every department exactly once, and the
period that comes while nobody runs is opened when somebody does. usage: test_schedule.py [SEED]"""
import collections
import datetime
import random
import sys
import time
import unittest

from harness import BASE, World, wait_for

DEPARTMENTS = 500
RULE_NAMES = ("needs", "goals", "minutes", "forecast")
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
ZONE = datetime.timezone(datetime.timedelta(hours=8))
ROUNDS_MAX = 60

RULE = """
{name}:
{{
  summary = "{name}";
  open    = {{ every = "day {day}@{time}"; for_each = "department"; among = [ "kind == business" ]; }};
  owner   = "head of department";
  meet    = {{ on = "{name}.filed"; }};
  due     = "1y";
  ladder  = ( {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }} );
}};
"""


def next_minute():
    """The next full minute that leaves a daemon time to start before it."""
    at = datetime.datetime.now(ZONE) + datetime.timedelta(seconds=68)
    return at.replace(second=0, microsecond=0)


def people():
    lines = [f'  {{ id = "d{i}"; head = "boss"; kind = "{"business" if i < DEPARTMENTS else "support"}"; }}'
             for i in range(DEPARTMENTS + 5)]
    return ('people = ( { id = "boss"; department = "d0"; wecom = "Boss"; } );\n'
            "departments = (\n" + ",\n".join(lines) + "\n);\nroles = {};\n")


class Schedule(unittest.TestCase):
    def test_each_department_exactly_once(self):
        rng = random.Random(SEED)
        at = next_minute()
        rules = "".join(RULE.format(name=name, day=at.day, time=at.strftime("%H:%M")) for name in RULE_NAMES)
        expected = DEPARTMENTS * len(RULE_NAMES)
        kills = collections.Counter()
        print(f"seed {SEED}, fires at {at}", flush=True)
        with World(rules=rules) as world:
            world.put(people(), "directory.d", "people.cfg")
            redis = world.redis.client
            daemon = world.daemon().wait_owner()
            wait_for("the schedules are known", lambda: redis.hlen(BASE + ":schedules") == len(RULE_NAMES))
            self.assertEqual(redis.hlen(BASE + ":deadlines"), 0)
            daemon.kill()
            time.sleep(max(0.0, (at - datetime.datetime.now(ZONE)).total_seconds()) + 0.1)
            for _ in range(ROUNDS_MAX):
                before = redis.hlen(BASE + ":deadlines")
                if before == expected:
                    break
                daemon = world.daemon()
                wait_for("it goes on", lambda: redis.hlen(BASE + ":deadlines") > before, poll_s=0.0005)
                time.sleep(rng.uniform(0.0, 0.01))
                daemon.kill()
                kills["in the middle" if redis.hlen(BASE + ":deadlines") < expected else "after"] += 1
            self.assertEqual(redis.hlen(BASE + ":deadlines"), expected)
            self.assertGreater(kills["in the middle"], 0, "no kill came in the middle: nothing was tried")
            daemon = world.daemon().wait_owner()
            world.nothing_more()
            self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
            opened = collections.Counter(record["k"] for record in world.journal() if record["e"] == "opened")
            period = at.strftime("%Y-%m")
            self.assertEqual(set(opened), {f"{name}|d{i}|{period}" for name in RULE_NAMES for i in range(DEPARTMENTS)})
            self.assertEqual(max(opened.values()), 1, "a department was asked twice")
            self.assertEqual({entry["period"] for entry in world.table("schedules").values()}, {period})
            self.assertEqual(world.dead(), [])
            print(dict(kills), flush=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
