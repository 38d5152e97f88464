"""The yearly notice arrives while deadlines are open: their dues are provisional before, counted again by a reload, and
a restart counts nothing twice."""
import datetime
import json
import signal
import subprocess
import sys
import unittest

from harness import CUIBANCTL, World, wait_for

ZONE = datetime.timezone(datetime.timedelta(hours=8))
RULES = """
plan:
{
  summary = "plan";
  open    = { on = "plan.asked"; };
  key     = [ "plan" ];
  owner   = "person";
  meet    = { on = "plan.filed"; };
  due     = "3wd@18:00";
  ladder  = ( { at = "due"; to = [ "owner" ]; via = [ "robot" ]; } );
};
"""


class Notice(unittest.TestCase):
    def ctl(self, world, *words):
        run = subprocess.run([CUIBANCTL, "-c", world.path("cuiban.cfg"), *words], capture_output=True, text=True)
        return run.stdout + run.stderr

    def calendar(self, world, years, off=()):
        days = ", ".join(f'"{day.isoformat()} notice"' for day in off)
        world.put(f'always: {{ zone = "Asia/Shanghai"; covers = "{years}"; week = [ "Mon-Sun 00:00-24:00" ]; off = [ {days} ]; }};\n',
                  "calendars.d", "always.cfg")

    def due(self, world):
        return next(iter(world.table("deadlines").values()))["due"]

    def recounted(self, world):
        return [record for record in world.journal() if record["e"] == "recounted"]

    def test_the_notice_arrives(self):
        with World(rules=RULES) as world:
            today = datetime.datetime.now(ZONE).date()
            self.calendar(world, f"{today.year - 1}")
            daemon = world.daemon().wait_owner()
            world.add("plan.asked", id="p", plan="p", person="ann")
            wait_for("it is open", lambda: world.table("deadlines"))
            was = self.due(world)
            wait_for("it is warned of", lambda: next(iter(world.table("deadlines").values())).get("warned"))
            self.assertTrue(next(iter(world.table("deadlines").values()))["provisional"])
            self.assertIn("provisional", self.ctl(world, "list"))
            self.assertIn("暂定", self.ctl(world, "--lang", "zh", "list", "provisional=yes"))
            self.assertIn("does not cover", self.ctl(world, "show", "plan", "plan=p"))
            self.assertIn("counted again when it does", self.ctl(world, "explain", "plan", "plan=p"))
            status = json.loads(self.ctl(world, "--json", "status"))[0]
            self.assertEqual((status["provisional"], status["provisional_near"]), (1, 1))
            self.assertIn("no calendar covers yet", self.ctl(world, "status"))

            self.calendar(world, f"{today.year - 1}..{today.year + 1}", [today + datetime.timedelta(days=2)])
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("it is counted again", lambda: self.recounted(world))
            self.assertEqual(self.due(world), was + 24 * 3600 * 1000)
            record = self.recounted(world)[0]
            self.assertEqual((record["was"], record["due"]), (was, was + 24 * 3600 * 1000))
            self.assertIn("counted again", self.ctl(world, "explain", "plan", "plan=p"))
            self.assertNotIn("provisional", next(iter(world.table("deadlines").values())))
            self.assertEqual(daemon.stop(), 0)

            print_of_head = world.head()["calendars"]
            daemon = world.daemon().wait_owner()
            world.add("plan.asked", id="q", plan="q", person="ann")
            wait_for("the next one is open", lambda: len(world.table("deadlines")) == 2)
            self.assertEqual(world.head()["calendars"], print_of_head)
            self.assertEqual(len(self.recounted(world)), 1)
            self.assertEqual(daemon.stop(), 0)

    def test_the_log_warns_at_once_after_a_start(self):
        with World(rules=RULES) as world:
            self.calendar(world, "2001")
            daemon = world.daemon().wait_owner()
            world.add("plan.asked", id="p", plan="p", person="ann")
            wait_for("it is warned of", lambda: next(iter(world.table("deadlines").values()), {}).get("warned"))
            daemon.stop()
            daemon = world.daemon().wait_owner()
            wait_for("the log says so", lambda: "depend on days that no calendar covers yet" in daemon.log())
            self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
