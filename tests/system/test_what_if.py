"""What an event would bring about, played from the state of a running shard, which stays as it is."""
import os
import subprocess
import sys
import unittest

from harness import BASE, BUILD, World, wait_for

CTL = os.path.join(BUILD, "daemon", "cli", "cuibanctl")
RULES = """
slow:
{
  open    = { on = "case.opened"; };
  key     = [ "case" ];
  owner   = "person";
  meet    = { on = "case.met"; };
  due     = "24h";
  gap     = "none";
  ladder  = ( { at = "open"; to = [ "owner" ]; via = [ "robot" ]; }, { at = "due"; to = [ "owner" ]; via = [ "robot" ]; },
              { at = "due+1h"; to = [ "head" ]; via = [ "robot" ]; }, { at = "closed"; to = [ "told" ]; via = [ "robot" ]; } );
};
"""


class WhatIf(unittest.TestCase):
    def ask(self, world, *words):
        done = subprocess.run([CTL, "-c", world.path("cuiban.cfg"), "--lang", "en", "what-if", *words], capture_output=True,
                              text=True, check=False, timeout=30)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def test_from_a_daemon_state(self):
        with World(RULES) as world:
            world.daemon().wait_owner()
            for case in ("a", "b"):
                world.add("case.opened", case=case, person="ann")
            wait_for("both were asked", lambda: len(world.robot.texts()) == 2 and not world.table("outbox"))
            before = {key: world.redis.client.dump(key) for key in world.redis.client.keys(BASE + ":[!lh]*")}
            told = self.ask(world, "case.met", "case=a")
            self.assertIn("slow|a: met in time", told)
            self.assertNotIn("slow|b", told)
            self.assertIn("0 messages until", told)
            told = self.ask(world, "case.opened", "case=c", "person=boss")
            self.assertIn("slow|c: opened boss", told)
            self.assertIn("-> overdue boss via robot   slow|c, step due", told)
            told = self.ask(world, "case.opened", "case=a", "person=ann")
            self.assertIn("slow: opens nothing (this key is open already)", told)
            self.assertEqual(before, {key: world.redis.client.dump(key) for key in world.redis.client.keys(BASE + ":[!lh]*")})
            self.assertEqual(len(world.robot.texts()), 2)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
