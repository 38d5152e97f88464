"""The daemon dies while messages are under way: by a plugin that crashes on one of them, and by kill -9 again and again. What kills
it is found and given up, alone; nothing of a healthy channel is lost, and no innocent message becomes a dead letter.
usage: test_crash.py [SEED]"""
import collections
import os
import random
import shutil
import sys
import time
import unittest

import harness
from harness import World, wait_for

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
HEALTHY, KILLS = 20, 4
RULE = """
%s:
{
  summary = "%s";
  open    = { on = "%s.opened"; };
  key     = [ "case" ];
  owner   = "person";
  meet    = { on = "%s.met"; };
  due     = "1s";
  ladder  = ( { at = "due"; to = [ "owner" ]; via = [ "%s" ]; } );
};
"""


class CrashWorld(World):
    """A healthy robot that takes its time, and a channel whose plugin dies of one message."""

    def __init__(self):
        super().__init__(rules=RULE % ("healthy", "healthy", "healthy", "healthy", "robot")
                         + RULE % ("deadly", "DEADLY", "deadly", "deadly", "killer"))
        self.robot.answer = self.slowly
        shutil.copy(os.path.join(harness.PLUGINS, "wecom.so"), self.path("plugins", "wecom.so"))
        shutil.copy(os.environ["FAKE_PLUGIN"], self.path("plugins", "killer.so"))
        settings = self.get("cuiban.cfg").replace(harness.PLUGINS, os.path.dirname(self.path("plugins", "killer.so")))
        self.put(settings.replace("channels = {", f'channels = {{ killer = {{ plugin = "killer"; url = "{self.robot.url}"; }};'),
                 "cuiban.cfg")
        self.put('people = ( { id = "ann"; department = "d"; wecom = "Ann"; email = "ann@example.com"; } );\n'
                 'departments = ( { id = "d"; head = "ann"; } );\nroles = {};\n', "directory.d", "people.cfg")

    def slowly(self, _text):
        time.sleep(0.4)
        return 200, {"errcode": 0, "errmsg": "ok"}

    def wait(self, deadly):
        """Everything is in the outbox before anybody sends it."""
        for i in range(HEALTHY):
            self.add("healthy.opened", case=f"h{i}", person="ann")
        for i in range(deadly):
            self.add("deadly.opened", case=f"k{i}", person="ann")

    def ends(self, verb):
        return [record for record in self.journal() if record["e"] == verb and "n" in record]

    def lives_claimed(self):
        """The daemons, counted from 1, that made the claims which are open."""
        return {note["life"] for note in self.table("outbox").values() if note["state"] == "claimed"}

    def copies(self):
        """Of each message of the healthy channel, by its number."""
        return collections.Counter(text.split("[")[1].split("]")[0] for text in self.robot.texts() if "healthy" in text)


def live_until(world, condition):
    """A supervisor: whenever the daemon has died, another begins."""
    while not condition():
        daemon = world.daemon()
        wait_for("it dies or all is done", lambda: daemon.ended() or condition(), 60)
        if daemon.ended():
            assert daemon.process.returncode < 0, daemon.log()
    return daemon


class Crash(unittest.TestCase):
    def check_healthy(self, world):
        copies = world.copies()
        uncertain = collections.Counter(record["n"] for record in world.ends("uncertain"))
        self.assertEqual(len(copies), HEALTHY, "a message of the healthy channel was lost")
        self.assertFalse([n for n, count in copies.items() if count > 1 + uncertain[n]], "a duplicate that nobody wrote down")

    def test_a_plugin_that_dies_of_one_message(self):
        with CrashWorld() as world:
            world.wait(deadly=1)
            daemon = live_until(world, lambda: len(world.ends("delivered")) == HEALTHY and world.dead())
            self.check_healthy(world)
            (letter,) = world.dead()
            self.assertEqual((letter["via"], letter["plugin"], letter["r"]), ("killer", "fake", "deadly"))
            self.assertIn("died three times", letter["why"])
            logs = "".join(daemon.log() for daemon in world.daemons)
            self.assertIn(f"channel=killer plugin=fake notification={letter['n']}: whoever owned the stream before ended", logs)
            self.assertIn("the channel is cut out for a while", logs)
            self.assertEqual(daemon.stop(), 0)

    def test_kills_in_a_row_give_nothing_up(self):
        rng = random.Random(SEED)
        print(f"seed {SEED}", flush=True)
        with CrashWorld() as world:
            world.wait(deadly=0)
            for life in range(1, KILLS + 1):
                daemon = world.daemon().wait_owner()
                wait_for("what was found has ended, and more is under way", lambda: world.lives_claimed() == {life}, 60)
                time.sleep(rng.uniform(0.0, 0.3))
                daemon.kill()
            for _ in range(KILLS):  # and some before what was found has ended
                daemon = world.daemon().wait_owner()
                time.sleep(rng.uniform(0.2, 1.5))
                daemon.kill()
            daemon = world.daemon().wait_owner()
            wait_for("all arrive", lambda: len(world.ends("delivered")) == HEALTHY, 240)   # a host that is busy with other work takes its time
            self.assertEqual(world.dead(), [])
            self.check_healthy(world)
            self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
