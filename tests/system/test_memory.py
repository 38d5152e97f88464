"""A daemon that may not have any more memory says so and ends with 1, to be started again; the next one goes on."""
import re
import resource
import unittest

from harness import STREAM, World, wait_for

EVENTS = 4000


class Short(unittest.TestCase):
    def test_it_ends_and_the_next_goes_on(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            with open(f"/proc/{daemon.process.pid}/status", encoding="utf-8") as file:
                size = int(re.search(r"^VmSize:\s*(\d+) kB$", file.read(), re.M).group(1)) * 1024
            resource.prlimit(daemon.process.pid, resource.RLIMIT_AS, (size + (1 << 20), size + (1 << 20)))
            pipe = world.redis.client.pipeline(transaction=False)
            for i in range(EVENTS):  # nothing meets them: they stay open
                pipe.xadd(STREAM, {"type": "case.opened", "case": f"c{i}", "person": "ann", "text": "x" * 3000})
            pipe.execute()
            wait_for("it ends", daemon.ended, 60)
            self.assertEqual(daemon.process.returncode, 1, daemon.log())
            self.assertIn("this daemon is out of memory: ", daemon.log())
            self.assertIn("ends for want of memory", daemon.log())
            self.assertNotIn("Redis refuses commits", daemon.log())
            world.daemon().wait_owner()
            for i in range(EVENTS):
                pipe.xadd(STREAM, {"type": "case.met", "case": f"c{i}"})
            pipe.execute()
            wait_for("all of it is done", world.drained, 120)


if __name__ == "__main__":
    unittest.main()
