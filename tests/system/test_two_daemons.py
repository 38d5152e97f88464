"""Two daemons on one stream: one owns, one stands by; the owner is killed again and again and the other takes over."""
import random
import sys
import time
import unittest

from audit import audit
from harness import World, wait_for
from test_kill import Hris

ROUNDS, SEED = 6, 20261121


class TwoDaemons(unittest.TestCase):
    def test_the_other_takes_over(self):
        with World() as world:
            hris = Hris(world, random.Random(SEED))
            hris.start()
            owner = world.daemon().wait_owner()
            for _ in range(ROUNDS):
                standby = world.daemon()
                time.sleep(0.5)
                self.assertNotIn("ready at", standby.log(), "the second daemon must stand by")
                owner.kill()
                standby.wait_owner()
                owner = standby
            hris.finish()
            wait_for("everything has ended", world.drained, 60)
            print(audit(world, hris.opened, hris.met, hris.cancelled), flush=True)
            self.assertEqual(owner.stop(), 0)

    def test_a_clean_stop_hands_over_at_once(self):
        with World(settings="") as world:
            owner = world.daemon().wait_owner()
            standby = world.daemon()
            time.sleep(0.3)
            began = time.monotonic()
            self.assertEqual(owner.stop(), 0)
            standby.wait_owner(10)
            self.assertLess(time.monotonic() - began, 5)
            standby.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
