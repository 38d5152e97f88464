"""Two daemons on one stream: one owns, one stands by; the owner is killed again and again and the other takes over."""
import random
import sys
import time
import unittest

from audit import audit
from harness import BASE, UNHURRIED, World, wait_for
from test_kill import Hris

ROUNDS, SEED = 6, 20261121
LEASE, LEASE_MS = BASE + ":lease", 2000


class TwoDaemons(unittest.TestCase):
    def outlives_its_lease(self, world):
        """The owner is the same for longer than a lease lasts: renewals are what keeps it."""
        token = world.redis.client.get(LEASE)
        left_ms = world.redis.client.pttl(LEASE)
        self.assertTrue(0 < left_ms <= LEASE_MS, left_ms)
        end = time.monotonic() + 1.5 * left_ms / 1000
        while time.monotonic() < end:
            self.assertEqual(world.redis.client.get(LEASE), token, "the lease was lost while its owner lived")
            time.sleep(0.02)

    def test_the_other_takes_over(self):
        with World(rules=UNHURRIED, grace=None) as world:
            hris = Hris(world, random.Random(SEED), haste=0.006)
            hris.start()
            owner = world.daemon().wait_owner()
            for _ in range(ROUNDS):
                standby = world.daemon()
                wait_for("it stands by", lambda: "standing by" in standby.log())
                self.outlives_its_lease(world)
                self.assertNotIn("ready at", standby.log(), "the second daemon must stand by")
                owner.kill()
                standby.wait_owner()
                owner = standby
            hris.finish()
            wait_for("everything has ended", world.drained, 60)
            print(audit(world, hris.opened), flush=True)
            self.assertEqual(owner.stop(), 0)

    def test_a_clean_stop_hands_over_at_once(self):
        with World(settings="") as world:
            owner = world.daemon().wait_owner()
            standby = world.daemon()
            wait_for("it stands by", lambda: "standing by" in standby.log())
            began = time.monotonic()
            self.assertEqual(owner.stop(), 0)
            standby.wait_owner(10)
            self.assertLess(time.monotonic() - began, 5)
            standby.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
